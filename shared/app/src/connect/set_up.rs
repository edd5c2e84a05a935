//! What follows a connection, in brevo-sync: the shop says who it is, its Brevo account is made ready, and only then its
//! webhooks come. Everything is looked up before it is made: whatever a crash leaves behind is found by the next try.

use jiff::Timestamp;
use tajo_mapping::Settings;
use tajo_platforms::shopify::api::{self, ShopFacts};
use tajo_platforms::shopify::oauth::{lacking, needed};
use tajo_state::{Asked, Scopes, StoreRecord, StoreStatus, WebhookCheck};
use tracing::{info, warn};

use super::account::Account;
use super::plan::plan;
use super::webhooks::{Done, Door};
use super::{ConnectError, SetUp, brevo_webhook};
use crate::lifecycle;
use crate::manage::runs;
use crate::reconcile;
use crate::shopify::wants;
use crate::stop::Stop;
use crate::worker::{LEAST_TIME, Step, Worker};

/// Why a set-up stopped, said in this way everywhere: the store's status is recognised by it.
pub(crate) const NOT_SET_UP: &str = "The set-up is not done: ";

/// How long until the webhooks are looked through again: Shopify removes those whose deliveries fail.
pub(crate) const CHECK_EVERY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Makes everything ready that a store needs, new or again.
pub(crate) async fn set_up(worker: &Worker<'_>) -> Result<Step, Stop> {
    let store = worker.store.as_ref();
    if let Some(reason) = not_now(&store.record) {
        return Ok(Step::skip("set-up", reason));
    }
    match prepare(worker).await {
        Ok((facts, set_up, done)) => {
            settle(worker, &facts, &set_up, &done).await?;
            check_again(worker).await?;
            reconcile::arm(worker.env, store).await;
            let id = &store.facts.store;
            info!(store.id = %id, webhooks = done.right + done.changed as usize, "the set-up of store `{id}` is done");
            Ok(Step { applied: true, asked_platform: true, ..Step::default() })
        }
        Err(error) if error.passes() => Err(Stop::Later { after: None, reason: error.to_string() }),
        Err(ConnectError::Table(error)) => Err(error.into()),
        Err(ConnectError::Secret(error)) => Err(error.into()),
        Err(error) => {
            let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            let reason = format!("{NOT_SET_UP}{error}{hint}");
            worker.env.set_attention(&store.facts.store, Some(&reason)).await?;
            // Tomorrow it is tried again: somebody may have put it right and said nothing.
            check_again(worker).await?;
            Ok(Step::skip("set-up", reason))
        }
    }
}

/// Looks the webhooks of a store through, or does the whole set-up where that was not done.
pub(crate) async fn check_webhooks(worker: &Worker<'_>) -> Result<Step, Stop> {
    let record = &worker.store.record;
    let is_set_up = record.status != StoreStatus::Connecting
        && !record.attention.as_deref().is_some_and(|reason| reason.starts_with(NOT_SET_UP));
    if !is_set_up {
        return set_up(worker).await;
    }
    if let Some(reason) = not_now(record) {
        return Ok(Step::skip("webhooks", reason));
    }
    let done = match put_right(worker, None).await {
        Ok(done) => done,
        Err(error) => return crate::shopify::unanswered("webhooks", &error, worker.attempts),
    };
    check_again(worker).await?;
    let mut step = Step { applied: done.changed > 0, asked_platform: true, ..Step::default() };
    if let Some(reason) = refused(&done) {
        step.skipped.push(tajo_domain::Skipped::new("webhooks", reason));
    }
    Ok(step)
}

/// Why nothing is to be done.
fn not_now(record: &StoreRecord) -> Option<&'static str> {
    match record.status {
        StoreStatus::Uninstalled | StoreStatus::Erased => Some("the app was removed from this shop"),
        StoreStatus::Connecting if record.installed_at.is_none() => {
            Some("its link was not opened yet: the shop has not let the app in")
        }
        _ => None,
    }
}

async fn prepare(worker: &Worker<'_>) -> Result<(ShopFacts, SetUp, Done), ConnectError> {
    let env = worker.env;
    let record = &worker.store.record;
    let settings = Settings::from_stored(&record.settings)?;
    let facts = ask_shop(worker).await.map_err(ConnectError::Shopify)?;
    if let Some(domain) = facts.domain.as_ref().filter(|domain| **domain != record.shop) {
        return Err(ConnectError::CustomDomain { given: record.shop.clone(), shop: domain.clone() });
    }
    let currency = record.currency.clone().or_else(|| facts.currency.clone());
    let account = Account { brevo: &env.brevo, key: &worker.store.key };
    let found = account.look(&settings).await?;
    if found.account != record.account {
        return Err(ConnectError::OtherAccount);
    }
    let plan = plan(&found, &settings, currency.as_deref())?;
    let set_up = account.carry_out(&found, plan, &settings, currency.as_deref()).await?;
    // As it is now: a token from before a rotation would end a day after it.
    if let Some(token) = &env.secrets.store_now(&worker.store.facts.store).await?.brevo_webhook_token {
        let address = brevo_webhook::address(&env.public_url, &record.account)?;
        brevo_webhook::register(&address, &account, &record.account, token).await?;
    }
    // Last: what a webhook tells must find everything in place.
    let done = put_right(worker, Some(&facts)).await.map_err(ConnectError::Shopify)?;
    Ok((facts, set_up, done))
}

async fn ask_shop(worker: &Worker<'_>) -> Result<ShopFacts, api::Error> {
    let door = door(worker).ok_or(api::Error::TokenRefused)?;
    Ok(api::shop_facts(&door.ask(&api::shop()).await?))
}

async fn put_right(worker: &Worker<'_>, facts: Option<&ShopFacts>) -> Result<Done, api::Error> {
    let door = door(worker).ok_or(api::Error::TokenRefused)?;
    let granted = match facts {
        Some(facts) => facts.scopes.clone(),
        None => match &worker.store.record.scopes {
            Some(scopes) => scopes.granted.clone(),
            None => api::shop_facts(&door.ask(&api::shop()).await?).scopes,
        },
    };
    let until = worker.deadline.saturating_sub(LEAST_TIME).unwrap_or(worker.deadline);
    let done = door.put_right(&wants(&worker.store.facts.settings), &granted, until).await?;
    if let Some(reason) = refused(&done) {
        warn!(store.id = %worker.store.facts.store, reason, "Shopify does not want all webhooks of the store");
    }
    Ok(done)
}

fn door<'a>(worker: &'a Worker<'_>) -> Option<Door<'a>> {
    let env = worker.env;
    let shop = worker.store.shop()?;
    Some(Door { shopify: &env.shopify, shop, clock: &env.clock, public_url: &env.public_url })
}

fn refused(done: &Done) -> Option<String> {
    (!done.refused.is_empty()).then(|| format!("Shopify does not want {}", done.refused.join("; ")))
}

/// Writes down what came of it, unless the shop has left or let the app in again meanwhile: then the next notice does.
async fn settle(worker: &Worker<'_>, facts: &ShopFacts, set_up: &SetUp, done: &Done) -> Result<(), Stop> {
    let began = &worker.store.record;
    let now = worker.now();
    let missing = lacking(&needed(&wants(&worker.store.facts.settings)), &facts.scopes);
    let decide = |stored: Option<&StoreRecord>| {
        let stored = stored.filter(|stored| !stored.status.has_left());
        let stored = stored.filter(|stored| stored.installed_at == began.installed_at)?;
        let scopes = Scopes {
            at: now,
            granted: facts.scopes.clone(),
            missing: missing.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let is_ours = |status| matches!(status, StoreStatus::Connecting | StoreStatus::NeedsAttention);
        Some(StoreRecord {
            status: if is_ours(stored.status) { StoreStatus::Active } else { stored.status },
            attention: lifecycle::warning_of(&scopes).or_else(|| refused(done)),
            country: stored.country.clone().or_else(|| facts.country.clone()),
            currency: stored.currency.clone().or_else(|| facts.currency.clone()),
            live: if stored.asked.live_is_said { stored.live } else { !facts.is_development },
            shop_id: facts.id.clone().or_else(|| stored.shop_id.clone()),
            scopes: Some(scopes),
            set_up: set_up.found.clone(),
            // What is asked for meanwhile is for the next set-up.
            asked: Asked {
                first_sync: stored.asked.first_sync && !began.asked.first_sync,
                ..stored.asked.clone()
            },
            ..stored.clone()
        })
    };
    let facts_of_store = &worker.store.facts;
    if let (true, Some(installed_at)) = (began.asked.first_sync, began.installed_at) {
        // Before it is forgotten that it was asked for.
        runs::ask_first(
            &worker.env.table,
            &facts_of_store.store,
            &facts_of_store.settings,
            installed_at,
            now,
        )
        .await?;
    }
    worker.env.shopify.forget(&facts_of_store.store);
    worker.env.change_store(&facts_of_store.store, decide).await
}

/// The sweeper asks again a day later.
async fn check_again(worker: &Worker<'_>) -> Result<(), Stop> {
    let store = &worker.store.facts.store;
    let at = worker.now().saturating_add(CHECK_EVERY).unwrap_or(Timestamp::MAX);
    let decide = |_: Option<&WebhookCheck>| (Some(WebhookCheck::at(at)), ());
    let key = tajo_state::Key::webhook_check(store);
    worker.env.table.change(&key, WebhookCheck::attributes, decide).await?;
    Ok(())
}
