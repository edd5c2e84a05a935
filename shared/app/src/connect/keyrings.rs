//! The keyring secret: who signs for which shop. Read and written as a whole, by one function at a time.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_domain::StoreId;
use tajo_state::{AppKeys, get_secret, put_secret};

use super::{ConnectEnv, ConnectError};
use crate::keyring::Keyring;

/// The name of its lease.
const LEASE: &str = "keyring";

/// Secrets that a store has for itself: the present one and the one before.
const OWN_SECRETS: usize = 2;

/// The keyring as it is now.
pub(super) async fn read(env: &ConnectEnv) -> Result<Value, ConnectError> {
    let text = get_secret(&env.keyrings, &env.keyring).await?;
    let mut keyring: Value = serde_json::from_str(text.expose_secret()).map_err(|_| ConnectError::Keyring)?;
    let parts = keyring.as_object_mut().ok_or(ConnectError::Keyring)?;
    parts.entry("v").or_insert(json!(1));
    for part in ["stores", "apps", "brevo"] {
        parts.entry(part).or_insert(json!({}));
    }
    if parts.values().skip(1).any(|part| part.is_array()) {
        return Err(ConnectError::Keyring);
    }
    Ok(keyring)
}

/// The secrets that sign for a store, as the public function reads them, and how many signatures a refusal computes. Read each
/// time: a secret that was purged signs nothing from then on.
pub(crate) async fn signers(
    env: &ConnectEnv,
    store: &StoreId,
) -> Result<(Vec<SecretString>, usize), ConnectError> {
    let text = get_secret(&env.keyrings, &env.keyring).await?;
    let keyring = Keyring::parse(&[text]).map_err(|_| ConnectError::Keyring)?;
    let secrets = keyring.store(store).map(|keys| keys.secrets.clone()).unwrap_or_default();
    Ok((secrets, keyring.rounds(false)))
}

/// Changes it, under its lease, and writes it if it is another then.
pub(super) async fn change<R>(
    env: &ConnectEnv,
    edit: impl FnOnce(&mut Value) -> Result<R, ConnectError>,
) -> Result<R, ConnectError> {
    let lease = env.lease(LEASE).await?;
    let changed = async {
        let before = read(env).await?;
        let mut keyring = before.clone();
        let result = edit(&mut keyring)?;
        if keyring != before {
            put_secret(&env.keyrings, &env.keyring, &keyring.to_string().into(), None).await?;
        }
        Ok(result)
    };
    let result = changed.await;
    env.release(lease).await;
    result
}

/// The stores it knows.
pub(super) fn stores(keyring: &Value) -> impl Iterator<Item = (StoreId, &Value)> {
    let stores = keyring["stores"].as_object().into_iter().flatten();
    stores.filter_map(|(name, entry)| Some((StoreId::parse(name).ok()?, entry)))
}

/// The store of a shop, if one is connected.
pub(super) fn store_of(keyring: &Value, shop: &str) -> Option<StoreId> {
    stores(keyring).find(|(_, entry)| entry["shop"] == shop).map(|(store, _)| store)
}

/// An app's keys.
pub(super) fn app(keyring: &Value, client_id: &str) -> Option<AppKeys> {
    let client_secrets = secrets(&keyring["apps"][client_id]);
    (!client_secrets.is_empty()).then(|| AppKeys { client_id: client_id.to_owned(), client_secrets })
}

/// The app that stores use that name none.
pub(super) fn default_app(keyring: &Value) -> Option<AppKeys> {
    app(keyring, keyring["default_app"].as_str()?)
}

/// Every app's keys.
pub(super) fn apps(keyring: &Value) -> Vec<AppKeys> {
    let apps = keyring["apps"].as_object().into_iter().flatten();
    apps.filter_map(|(id, _)| app(keyring, id)).collect()
}

/// Puts a secret into an app's entry, where it signs for every store of the app: only one that an admin key without a bound
/// gave, or that Shopify took in an exchange for this very app. The secret before stays as the second. Answers the keys as
/// they are then.
pub(super) fn put_app(keyring: &mut Value, client_id: &str, secret: &SecretString) -> AppKeys {
    let before = secrets(&keyring["apps"][client_id]);
    let keys = AppKeys::with(client_id, secret, &before);
    keyring["apps"][client_id] = json!({ "secrets": shown(&keys.client_secrets) });
    keys
}

/// Lets a store's webhooks in. What signed before is still good: Shopify signs with the oldest secret until it is revoked.
///
/// `vouched`: the secret of the app that may sign for all its stores. Every other secret of `app` signs for this store alone.
/// A store is of an app that vouches for it: one that it was of before, or whose secret is among those given.
pub(super) fn put_store(
    keyring: &mut Value,
    store: &StoreId,
    shop: &str,
    app: &AppKeys,
    vouched: Option<&SecretString>,
) {
    let id = app.client_id.as_str();
    if let Some(secret) = vouched.filter(|_| !id.is_empty()) {
        put_app(keyring, id, secret);
    }
    let of_app = if id.is_empty() { Vec::new() } else { secrets(&keyring["apps"][id]) };
    let entry = &keyring["stores"][store.as_str()];
    let is_of_app =
        !id.is_empty() && (entry["app"] == id || app.client_secrets.iter().any(|given| has(&of_app, given)));
    let mut own: Vec<SecretString> = Vec::new();
    for secret in app.client_secrets.iter().chain(&secrets(entry)) {
        if own.len() < OWN_SECRETS && !has(&own, secret) && !(is_of_app && has(&of_app, secret)) {
            own.push(secret.clone());
        }
    }
    let mut entry = json!({ "platform": "shopify", "shop": shop, "secrets": shown(&own) });
    if is_of_app {
        entry["app"] = id.into();
    }
    keyring["stores"][store.as_str()] = entry;
}

/// Takes out every secret of an app but the present one, and every own secret of its stores. Answers how many went, and the
/// stores of the app. `None`: the keyring has no such app.
pub(super) fn purge_app(keyring: &mut Value, client_id: &str) -> Option<(AppKeys, usize, Vec<StoreId>)> {
    let keys = app(keyring, client_id)?;
    let mut gone = keys.client_secrets.len() - 1;
    let keys = AppKeys { client_secrets: keys.client_secrets.into_iter().take(1).collect(), ..keys };
    keyring["apps"][client_id] = json!({ "secrets": shown(&keys.client_secrets) });
    let of_app = stores(keyring).filter(|(_, entry)| entry["app"] == client_id);
    let of_app: Vec<StoreId> = of_app.map(|(store, _)| store).collect();
    for store in &of_app {
        let entry = &mut keyring["stores"][store.as_str()];
        gone += secrets(entry).len();
        entry["secrets"] = json!([]);
    }
    Some((keys, gone, of_app))
}

/// Takes out what a store's own secrets were before: of a store with an app of the keyring all of them, of any other all but
/// the present one. Answers the secrets that sign for it from then on, and how many went. `None`: there is no such store.
pub(super) fn purge_store(keyring: &mut Value, store: &StoreId) -> Option<(Vec<SecretString>, usize)> {
    let entry = keyring["stores"].get(store.as_str())?;
    let of_app = entry["app"].as_str().map(|id| secrets(&keyring["apps"][id])).unwrap_or_default();
    let before = secrets(entry);
    let kept: Vec<SecretString> = before.iter().take(usize::from(of_app.is_empty())).cloned().collect();
    let gone = before.len() - kept.len();
    keyring["stores"][store.as_str()]["secrets"] = json!(shown(&kept));
    Some((kept.into_iter().chain(of_app).collect(), gone))
}

/// Lets a store's webhooks in no longer. The app's secrets stay: what the law asks still comes, signed by them.
pub(super) fn drop_store(keyring: &mut Value, store: &StoreId) {
    if let Some(stores) = keyring["stores"].as_object_mut() {
        stores.remove(store.as_str());
    }
}

fn has(all: &[SecretString], secret: &SecretString) -> bool {
    all.iter().any(|known| known.expose_secret() == secret.expose_secret())
}

fn secrets(entry: &Value) -> Vec<SecretString> {
    let secrets = entry["secrets"].as_array().into_iter().flatten().filter_map(Value::as_str);
    secrets.filter(|secret| !secret.is_empty()).map(|secret| secret.to_owned().into()).collect()
}

fn shown(secrets: &[SecretString]) -> Vec<&str> {
    secrets.iter().map(ExposeSecret::expose_secret).collect()
}

#[cfg(test)]
#[path = "keyrings_tests.rs"]
mod tests;
