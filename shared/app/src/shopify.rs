//! Asking Shopify for what its webhooks leave out: within each shop's budget of points, and in one query for all
//! customers (or products) that are asked for at the same time.

mod budget;
mod client;
mod tokens;
mod unanswered;
mod wants;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;
use tajo_domain::StoreId;
use tajo_platforms::shopify::api::{self, Answer, Error, NextStep, Query};
use tajo_platforms::shopify::oauth::{self, Denied, TokenRequest};
use tajo_state::{AppKeys, Secrets, Table};
use tokio::sync::OnceCell;
use url::Url;

use crate::Clock;
use budget::Budget;
use client::Client;
pub use client::ClientError;
use tokens::Tokens;
pub(crate) use tokens::{Exchanged, keep, lease_of};
pub(crate) use unanswered::{unanswered, without};
pub(crate) use wants::wants;

/// Why Shopify is not asked, said in this way everywhere: the store's status is recognised by it.
pub(crate) const CANNOT_BE_ASKED: &str = "Shopify cannot be asked: ";

/// Why Shopify is not told of an opt-out. Another beginning: that it answers questions does not end this, and the other
/// way round.
pub(crate) const CANNOT_BE_TOLD: &str = "Shopify cannot be told of opt-outs: ";

/// What to do about a store without a token.
pub(crate) const NO_TOKEN: &str = "no access token is stored (connect the store again)";

/// How long others may join a query. Groups of notices run side by side and read their state first, so
/// they come a few milliseconds apart.
const JOINING: Duration = Duration::from_millis(10);

/// A refusal that only the merchant can lift is believed for this long, without another call.
const REFUSED_FOR: SignedDuration = SignedDuration::from_secs(60);

/// A shop to ask. The key to it is in the store's secret.
#[derive(Clone, Copy)]
pub(crate) struct Shop<'a> {
    pub store: &'a StoreId,
    pub address: &'a str,
}

/// What may be asked about many things in one query.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Ask {
    /// What a customer's webhooks leave out, with these metafields (`namespace.key`).
    Customers(Vec<String>),
    /// Which collections a product is in.
    Collections,
}

impl Ask {
    /// Things in one query.
    fn most(&self) -> usize {
        match self {
            Self::Customers(metafields) => api::customers_per_query(metafields),
            Self::Collections => api::PRODUCTS_PER_QUERY,
        }
    }

    fn query(&self, ids: &[String]) -> Query {
        match self {
            Self::Customers(metafields) => api::customers(ids, metafields),
            Self::Collections => api::collections(ids),
        }
    }
}

/// Shopify, for every store of this process.
pub(crate) struct Shopify {
    client: Client,
    tokens: Tokens,
    shops: Mutex<HashMap<StoreId, Known>>,
}

/// What is known of one shop's door.
#[derive(Default)]
struct Known {
    budget: Budget,
    refused: Option<(Timestamp, Error)>,
    joining: HashMap<Ask, Arc<Batch>>,
}

/// Things that are asked for together.
#[derive(Default)]
struct Batch {
    ids: Mutex<Vec<String>>,
    found: OnceCell<Result<HashMap<String, Value>, Error>>,
}

impl Shopify {
    /// `local`: where Shopify is played for every shop (`SHOPIFY_API_URL`).
    pub(crate) fn new(local: Option<&str>, table: Table, secrets: Secrets) -> Result<Self, ClientError> {
        let tokens = Tokens::new(table, secrets);
        Ok(Self { client: Client::new(local)?, tokens, shops: Mutex::default() })
    }

    /// Asks a shop one query with a token that is not stored: to find out whether it is good.
    pub(crate) async fn try_token(
        &self,
        address: &str,
        token: &SecretString,
        query: &Query,
    ) -> Result<Answer, Error> {
        self.client.send(address, token, query).await
    }

    /// A token for a shop that is not connected yet, or anew.
    pub(crate) async fn grant(
        &self,
        address: &str,
        app: &AppKeys,
        request: &TokenRequest<'_>,
    ) -> Result<Exchanged, Denied> {
        self.client.grant(address, app, request).await
    }

    /// The page where the merchant agrees. `None`: that is no shop.
    pub(crate) fn authorize_page(&self, address: &str, query: &str) -> Option<Url> {
        self.client.page(address, oauth::AUTHORIZE_PATH, query)
    }

    /// Asks one query, unless the shop's budget is too low for it or the shop refused us a moment ago.
    pub(crate) async fn ask(&self, shop: Shop<'_>, query: &Query, clock: &Clock) -> Result<Answer, Error> {
        {
            let now = clock.now();
            let mut shops = lock(&self.shops);
            let known = shops.entry(shop.store.clone()).or_default();
            if let Some((at, error)) = &known.refused
                && now.duration_since(*at) < REFUSED_FOR
            {
                return Err(error.clone());
            }
            known.budget.take(query.points, now)?;
        }
        let answer = self.send(shop, query, clock).await;
        let now = clock.now();
        let mut shops = lock(&self.shops);
        let known = shops.entry(shop.store.clone()).or_default();
        known.refused = None;
        match &answer {
            Ok(answer) => known.budget.learn(answer.cost, now),
            Err(Error::Throttled { after }) => known.budget.wait(*after, now),
            // A right to write that is missing says nothing about reading.
            Err(Error::AccessDenied { .. }) if query.is_mutation() => {}
            Err(error) if matches!(error.next_step(), NextStep::AskMerchant { .. }) => {
                known.refused = Some((now, error.clone()));
            }
            Err(_) => {}
        }
        answer
    }

    /// One query, with the token as it is now; once more with the next one if Shopify does not know this one any more.
    async fn send(&self, shop: Shop<'_>, query: &Query, clock: &Clock) -> Result<Answer, Error> {
        let token = self.tokens.current(&self.client, shop, clock).await?;
        match self.client.send(shop.address, &token, query).await {
            Err(Error::TokenRefused) => {
                let token = self.tokens.after(&token, &self.client, shop, clock).await?;
                self.client.send(shop.address, &token, query).await
            }
            other => other,
        }
    }

    /// The node of a customer or product; `None`: the shop has none of this id. Whoever asks the same within the same
    /// few milliseconds is answered by the same query.
    pub(crate) async fn node(
        &self,
        shop: Shop<'_>,
        ask: &Ask,
        id: &str,
        clock: &Clock,
    ) -> Result<Option<Value>, Error> {
        let batch = self.join(shop.store, ask, id);
        // The first to get here asks for all; if it is dropped on the way, the next one does.
        let found = batch.found.get_or_init(|| async {
            tokio::time::sleep(JOINING).await;
            let ids = self.close(shop.store, ask, &batch);
            let answer = self.ask(shop, &ask.query(&ids), clock).await?;
            let nodes = answer.data["nodes"].as_array().cloned().unwrap_or_default();
            let with_id = |node: Value| Some((api::id_in(node["id"].as_str()?)?.to_string(), node));
            Ok(nodes.into_iter().filter_map(with_id).collect())
        });
        found.await.clone().map(|found| found.get(id).cloned())
    }

    fn join(&self, store: &StoreId, ask: &Ask, id: &str) -> Arc<Batch> {
        let mut shops = lock(&self.shops);
        let known = shops.entry(store.clone()).or_default();
        let batch = known.joining.entry(ask.clone()).or_default().clone();
        let mut ids = lock(&batch.ids);
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
        if ids.len() >= ask.most() {
            known.joining.remove(ask);
        }
        drop(ids);
        batch
    }

    /// Nobody joins from here on.
    fn close(&self, store: &StoreId, ask: &Ask, batch: &Arc<Batch>) -> Vec<String> {
        let mut shops = lock(&self.shops);
        let known = shops.entry(store.clone()).or_default();
        if known.joining.get(ask).is_some_and(|joining| Arc::ptr_eq(joining, batch)) {
            known.joining.remove(ask);
        }
        lock(&batch.ids).clone()
    }

    /// A new token may be good where the old one was not.
    pub(crate) fn forget(&self, store: &StoreId) {
        if let Some(known) = lock(&self.shops).get_mut(store) {
            known.refused = None;
        }
    }
}

// A panic while a lock was held left nothing half done: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
