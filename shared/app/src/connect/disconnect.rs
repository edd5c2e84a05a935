//! Letting a store go: its webhooks, its keys, its secret. What is held about its people is kept or erased.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use tajo_api::{DataFate, Disconnected};
use tajo_domain::StoreId;
use tajo_platforms::shopify::Topic;
use tajo_platforms::{Notice, Platform};
use tajo_state::{Attributes, Key, ShopOwner, StoreRecord, StoreSecret, StoreStatus, WebhookCheck};

use super::account::Account;
use super::edit::known;
use super::webhooks::Door;
use super::{ConnectEnv, ConnectError, brevo_webhook, keyrings};
use crate::env::CACHED_FOR;
use crate::shopify::Shop;

/// Lets a store go. Safe to repeat: what could not be removed is said, and tried again the next time; once everything of it
/// is erased, so is its Brevo key.
pub async fn disconnect(
    env: &ConnectEnv,
    store: &StoreId,
    data: DataFate,
) -> Result<Disconnected, ConnectError> {
    let record = known(env, store).await?;
    let mut warnings = Vec::new();
    let webhooks_removed = match remove_webhooks(env, store, &record).await {
        Ok(removed) => removed,
        Err(reason) => {
            warnings.push(format!("its webhooks could not be removed in the shop: {reason}"));
            0
        }
    };
    // From here on nothing of it is let in.
    let account_is_left = keyrings::change(env, |keyring| {
        keyrings::drop_store(keyring, store);
        Ok(keyrings::stores(keyring).map(|(other, _)| other).collect::<Vec<_>>())
    });
    let others = account_is_left.await?;
    if let Err(reason) = leave_brevo(env, store, &record, &others).await {
        warnings.push(format!("Brevo still sends what people say there: {reason}"));
    }
    leave(env, store, data).await?;
    env.table.take::<WebhookCheck>(&Key::webhook_check(store)).await?;
    match (data, record.status) {
        (DataFate::Erase, status) if status != StoreStatus::Erased => {
            // Brevo's key is needed to erase there what came from this store; the shop's token goes.
            keep_brevo_key_alone(env, store).await?;
            erase(env, store, &record).await?;
            warnings.push(
                "its data is being erased, in Brevo too; disconnect it once more when that is done (its state is `erased` \
                 then): its Brevo key goes last"
                    .to_owned(),
            );
        }
        _ => {
            env.secrets.delete(store).await?;
            env.table.take::<ShopOwner>(&Key::shop(&record.shop)).await?;
        }
    }
    if webhooks_removed > 0 {
        warnings.push("the app itself stays in the shop until somebody removes it there".to_owned());
    }
    Ok(Disconnected { store: store.to_string(), webhooks_removed, warnings })
}

async fn remove_webhooks(env: &ConnectEnv, store: &StoreId, record: &StoreRecord) -> Result<u32, String> {
    if record.status.has_left() || record.installed_at.is_none() {
        // They went with the app, or never were.
        return Ok(0);
    }
    let shop = Shop { store, address: &record.shop };
    let (shopify, clock, public_url) = (&env.shopify, &env.clock, env.public_url.as_str());
    Door { shopify, shop, clock, public_url }.remove().await.map_err(|error| error.to_string())
}

/// Brevo's webhook goes with the account's last store.
async fn leave_brevo(
    env: &ConnectEnv,
    store: &StoreId,
    record: &StoreRecord,
    others: &[StoreId],
) -> Result<(), String> {
    for other in others.iter().filter(|other| *other != store) {
        let other = env.table.get_newest::<StoreRecord>(&Key::store(other)).await;
        let other = other.map_err(|error| error.to_string())?.record;
        if other.is_some_and(|other| other.account == record.account && !other.status.has_left()) {
            return Ok(());
        }
    }
    let secret = env.secret(store).await.map_err(|error| error.to_string())?;
    if secret.brevo_api_key.expose_secret().is_empty() {
        return Ok(());
    }
    let account = Account { brevo: &env.brevo, key: &secret.brevo_api_key };
    brevo_webhook::remove(&env.public_url, &account, &record.account).await.map_err(|error| error.to_string())
}

/// The store has left: its notices are skipped from now on, and no cart is reminded of.
async fn leave(env: &ConnectEnv, store: &StoreId, data: DataFate) -> Result<(), ConnectError> {
    let now = env.clock.now();
    let decide = |stored: Option<&StoreRecord>| {
        let left = stored.filter(|stored| !stored.status.has_left()).map(|stored| StoreRecord {
            status: StoreStatus::Uninstalled,
            uninstalled_at: Some(now),
            attention: (data == DataFate::Erase).then(|| "its data is being erased".to_owned()),
            scopes: None,
            ..stored.clone()
        });
        (left, ())
    };
    Ok(env.table.change(&Key::store(store), Attributes::none, decide).await.map(|_| ())?)
}

async fn keep_brevo_key_alone(env: &ConnectEnv, store: &StoreId) -> Result<(), ConnectError> {
    let emptied = env.change_secret(store, |secret| {
        let brevo_api_key = std::mem::take(&mut secret.brevo_api_key);
        *secret = StoreSecret::default();
        secret.brevo_api_key = brevo_api_key;
        Ok(Some(()))
    });
    emptied.await.map(|_| ())
}

/// As if the shop had asked for it: one road erases.
async fn erase(env: &ConnectEnv, store: &StoreId, record: &StoreRecord) -> Result<(), ConnectError> {
    let now = env.clock.now();
    let delivery = format!("disconnect:{}", now.as_millisecond());
    let mut notice = Notice::new(Platform::Shopify, &record.shop, Topic::ShopRedact.as_str(), delivery, now);
    notice.store = Some(store.clone());
    notice.triggered_at = Some(now);
    // A person says so: it does not wait as a shop's own demand does.
    notice.confirmed = true;
    let id = record.shop_id.as_deref().and_then(|id| id.parse::<u64>().ok());
    let body = json!({ "shop_id": id, "shop_domain": record.shop });
    // Longer than a worker believes what it read of the store.
    let delay = CACHED_FOR.unsigned_abs() + Duration::from_secs(30);
    Ok(env.queue.send(&notice.wrap(body.to_string().as_bytes()), delay).await?)
}
