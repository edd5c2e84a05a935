//! What the stories need: state, queue, secrets, Brevo, the clock. Built once per process.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tajo_domain::StoreId;
use tajo_mapping::{Settings, StoreFacts, StoreKind};
use tajo_platforms::{Context, Platform};
use tajo_state::{
    Attributes, Key, Pepper, SecretError, Secrets, StoreRecord, StoreSecret, StoreStatus, Table, get_secret,
};
use tokio::sync::Mutex;

use crate::category::Categories;
use crate::config::SyncConfig;
use crate::shopify::{Shop, Shopify};
use crate::stop::Stop;
use crate::{Budgets, Clock, Queue, lifecycle};

/// How long a store's settings are believed.
pub(crate) const CACHED_FOR: SignedDuration = SignedDuration::from_mins(3);

/// Everything brevo-sync works with.
pub struct Env {
    /// State.
    pub table: Table,
    /// Keys of stores.
    pub secrets: Secrets,
    /// Brevo.
    pub brevo: tajo_brevo::Client,
    /// The platform, for what its notices leave out.
    pub(crate) shopify: Shopify,
    /// Where this deployment is reached: webhooks are to come there.
    pub public_url: String,
    /// The live queue, for work that is put off.
    pub queue: Queue,
    /// The queue of work that waits for a rate limit, or for company.
    pub gather: Queue,
    /// Its event source.
    pub gather_arn: String,
    /// Event source of the dead-letter queue.
    pub dead_letters_arn: String,
    /// What is left of the rate limits, as this process knows it.
    pub budgets: Budgets,
    /// Types and tags that Brevo has, as this process knows.
    pub categories: Categories,
    /// How calls leave.
    pub delivery: Delivery,
    /// How long a claimed effect is held.
    pub claim: SignedDuration,
    /// The time.
    pub clock: Clock,
    stores: Mutex<HashMap<StoreId, (Timestamp, Arc<Store>)>>,
    /// Stores whose Brevo account is known to be compared every night.
    pub(crate) armed: Mutex<HashSet<StoreId>>,
}

/// How calls to Brevo leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// As few as the limits ask for, and never more than they allow.
    #[default]
    Planned,
    /// One for each thing there is to say, at once: what a connector without a plan does. For comparisons only.
    OneByOne,
}

/// A connected store with all that its work needs.
pub struct Store {
    /// What is known of it.
    pub record: StoreRecord,
    /// What the mapping must know of it.
    pub facts: StoreFacts,
    /// Brevo's API key.
    pub key: SecretString,
    /// Opens Brevo's tracker, if the account has one.
    pub tracker_key: Option<SecretString>,
    /// Whether there is a token for Shopify's Admin API.
    pub has_shopify_token: bool,
}

impl Store {
    /// The shop to ask for what its webhooks leave out. `None`: nobody gave us a token.
    pub(crate) fn shop(&self) -> Option<Shop<'_>> {
        let shop = Shop { store: &self.facts.store, address: &self.record.shop };
        self.has_shopify_token.then_some(shop)
    }

    /// The metafields of a customer that the store maps, as `namespace.key`.
    pub(crate) fn metafields(&self) -> Vec<String> {
        let mapped = self.facts.settings.field_mapping.metafields();
        mapped.map(|(namespace, key)| format!("{namespace}.{key}")).collect()
    }

    /// What the reading of a body must know of the store.
    pub(crate) fn context(&self, time: Timestamp, received_at: Timestamp) -> Context {
        Context {
            shop_domain: self.record.shop.clone(),
            shop_country: self.record.country.clone(),
            live: self.record.live && !self.facts.settings.orders.include_test_orders,
            time,
            received_at,
        }
    }
}

impl Env {
    /// Clients for this configuration.
    pub async fn new(config: &SyncConfig) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let aws = tajo_state::sdk_config(config.endpoint.as_deref()).await?;
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let pepper = Pepper::new(get_secret(&secrets, &config.pepper_secret).await?);
        let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), &config.table).with_pepper(pepper);
        let secrets = Secrets::new(secrets, &config.store_secrets_prefix);
        Ok(Self {
            shopify: Shopify::new(config.shopify_api_url.as_deref(), table.clone(), secrets.clone())?,
            table,
            secrets,
            brevo: tajo_brevo::Client::new(&config.brevo_api_url)?.with_tracker(&config.brevo_tracker_url)?,
            public_url: config.public_url.clone(),
            queue: Queue::new(aws_sdk_sqs::Client::new(&aws), &config.live_queue_url),
            gather: Queue::new(aws_sdk_sqs::Client::new(&aws), &config.gather_queue_url),
            gather_arn: config.gather_arn.clone(),
            dead_letters_arn: config.dead_letters_arn.clone(),
            budgets: Budgets::default(),
            categories: Categories::default(),
            delivery: Delivery::default(),
            claim: config.claim,
            clock: Clock::default(),
            stores: Mutex::default(),
            armed: Mutex::default(),
        })
    }

    /// A connected store, at most three minutes old. `None`: there is no such store.
    pub(crate) async fn store(&self, id: &StoreId) -> Result<Option<Arc<Store>>, Stop> {
        let now = self.clock.now();
        if let Some((read_at, store)) = self.stores.lock().await.get(id)
            && now.duration_since(*read_at) < CACHED_FOR
            // A shop that comes back is not kept waiting.
            // One that is being set up neither.
            && !store.record.status.has_left()
            // Nor is one that is resumed: what would be held then waits for another look.
            && store.record.status != StoreStatus::Paused
            && store.record.status != StoreStatus::Connecting
        {
            return Ok(Some(store.clone()));
        }
        // As it was a moment ago is good enough for what is believed for minutes; that there is none, is not.
        let key = Key::store(id);
        let record = match self.table.get::<StoreRecord>(&key).await?.record {
            Some(record) if record.status != StoreStatus::Connecting => Some(record),
            _ => self.table.get_newest::<StoreRecord>(&key).await?.record,
        };
        let Some(record) = record else { return Ok(None) };
        let secret = match self.secrets.store(id).await {
            Ok(secret) => secret,
            // A shop that has left may have taken its keys along, and what the law asks is still done.
            Err(SecretError::Missing) if record.status.has_left() => StoreSecret::default(),
            Err(error) => return Err(error.into()),
        };
        let facts = facts(id, &record)?;
        let store = Arc::new(Store {
            facts: StoreFacts { connected_at: fresh_since(&record, &facts, now), ..facts },
            record,
            key: secret.brevo_api_key,
            has_shopify_token: secret.shopify_access_token.is_some(),
            tracker_key: secret.brevo_tracker_key,
        });
        self.stores.lock().await.insert(id.clone(), (now, store.clone()));
        Ok(Some(store))
    }

    /// A connected store as it is now.
    pub(crate) async fn store_now(&self, id: &StoreId) -> Result<Option<Arc<Store>>, Stop> {
        self.secrets.forget(id).await;
        self.stores.lock().await.remove(id);
        self.store(id).await
    }

    /// Writes down, for its status, that only the merchant can help this store and why; `None`: its work goes on
    /// again. What was cached of the store is read anew.
    pub(crate) async fn set_attention(&self, id: &StoreId, reason: Option<&str>) -> Result<(), Stop> {
        if reason.is_none() {
            self.shopify.forget(id);
        }
        let decide = |stored: Option<&StoreRecord>| {
            // A shop that has left stays gone, whatever its last notices run into.
            let stored = stored.filter(|record| !record.status.has_left());
            let news = stored.filter(|record| record.attention.as_deref() != reason);
            let status = match reason {
                // Whoever paused it resumes it.
                _ if stored.is_some_and(|record| record.status == StoreStatus::Paused) => StoreStatus::Paused,
                Some(_) => StoreStatus::NeedsAttention,
                None => StoreStatus::Active,
            };
            // A missing scope is still missing when the work goes on.
            let missing = || stored.and_then(|record| lifecycle::warning_of(record.scopes.as_ref()?));
            let attention = reason.map(str::to_owned).or_else(missing);
            news.map(|record| StoreRecord { status, attention: attention.clone(), ..record.clone() })
        };
        self.change_store(id, decide).await
    }

    /// Changes what is known of a store. What was cached of it is read anew.
    pub(crate) async fn change_store(
        &self,
        id: &StoreId,
        decide: impl Fn(Option<&StoreRecord>) -> Option<StoreRecord>,
    ) -> Result<(), Stop> {
        self.secrets.forget(id).await;
        let changed =
            self.table.change(&Key::store(id), Attributes::none, |stored| (decide(stored), ())).await;
        self.stores.lock().await.remove(id);
        changed.map(|_| ()).map_err(Stop::from)
    }
}

/// Facts older than this fire no event: what was before the store was connected, and what happened so long ago that the order
/// whose events were sent may be forgotten.
fn fresh_since(record: &StoreRecord, facts: &StoreFacts, now: Timestamp) -> Timestamp {
    let kept_since = now.saturating_sub(facts.settings.orders_kept).unwrap_or(record.connected_at);
    record.connected_at.max(kept_since)
}

/// A store as the mapping sees it.
pub(crate) fn facts(id: &StoreId, record: &StoreRecord) -> Result<StoreFacts, Stop> {
    let mut settings =
        Settings::from_stored(&record.settings).map_err(|error| Stop::park(error.to_string()))?;
    settings.resolve(&record.set_up.lists, &record.set_up.attributes);
    let platform = Platform::parse(&record.platform)
        .ok_or_else(|| Stop::park(format!("the store's platform `{}` is not known here", record.platform)))?;
    Ok(StoreFacts {
        store: id.clone(),
        platform: platform.as_str(),
        shop: record.shop.clone(),
        connected_at: record.connected_at,
        kind: if record.live { StoreKind::Live } else { StoreKind::Development },
        settings,
    })
}
