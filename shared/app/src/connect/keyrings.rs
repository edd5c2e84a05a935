//! The keyring secret: who signs for which shop. Read and written as a whole, by one function at a time.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_domain::StoreId;
use tajo_state::{AppKeys, get_secret, put_secret};

use super::{ConnectEnv, ConnectError};

/// The name of its lease.
const LEASE: &str = "keyring";

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

/// Puts an app's keys in; the secret before stays as the second. Answers the keys as they are then.
pub(super) fn put_app(keyring: &mut Value, client_id: &str, secret: &SecretString) -> AppKeys {
    let before = secrets(&keyring["apps"][client_id]);
    let keys = AppKeys::with(client_id, secret, &before);
    keyring["apps"][client_id] = json!({ "secrets": shown(&keys.client_secrets) });
    keys
}

/// Lets a store's webhooks in. An app without a client id signs for this store alone. What signed before is still good:
/// Shopify signs with the oldest secret until it is revoked.
pub(super) fn put_store(keyring: &mut Value, store: &StoreId, shop: &str, app: &AppKeys) {
    let before = secrets(&keyring["stores"][store.as_str()]);
    let entry = if app.client_id.is_empty() {
        let current = app.client_secrets.first().cloned().unwrap_or_default();
        let keys = AppKeys::with("", &current, &before);
        json!({ "platform": "shopify", "shop": shop, "secrets": shown(&keys.client_secrets) })
    } else {
        if let Some(secret) = app.client_secrets.first() {
            put_app(keyring, &app.client_id, secret);
        }
        let last = before.first().map(ExposeSecret::expose_secret);
        json!({ "platform": "shopify", "shop": shop, "app": app.client_id, "secrets": Vec::from_iter(last) })
    };
    keyring["stores"][store.as_str()] = entry;
}

/// Lets a store's webhooks in no longer. The app's secrets stay: what the law asks still comes, signed by them.
pub(super) fn drop_store(keyring: &mut Value, store: &StoreId) {
    if let Some(stores) = keyring["stores"].as_object_mut() {
        stores.remove(store.as_str());
    }
}

fn secrets(entry: &Value) -> Vec<SecretString> {
    let secrets = entry["secrets"].as_array().into_iter().flatten().filter_map(Value::as_str);
    secrets.filter(|secret| !secret.is_empty()).map(|secret| secret.to_owned().into()).collect()
}

fn shown(secrets: &[SecretString]) -> Vec<&str> {
    secrets.iter().map(ExposeSecret::expose_secret).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Keyring;

    #[test]
    fn what_signed_before_is_still_good_and_what_is_written_is_read_by_the_door() {
        let store = StoreId::parse("demo").unwrap();
        let shop = "demo-shop.myshopify.com";
        let mut keyring = json!({ "v": 1, "stores": {}, "apps": {}, "brevo": {} });
        let old_custom = AppKeys::with("", &"first".into(), &[]);
        put_store(&mut keyring, &store, shop, &old_custom);
        put_store(&mut keyring, &store, shop, &AppKeys::with("id", &"second".into(), &[]));
        put_app(&mut keyring, "id", &"third".into());
        let read = Keyring::parse(&[keyring.to_string().into()]).unwrap();
        let secrets = &read.store(&store).unwrap().secrets;
        let secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["first", "third", "second"]);
        assert_eq!(store_of(&keyring, shop), Some(store.clone()));
        drop_store(&mut keyring, &store);
        let read = Keyring::parse(&[keyring.to_string().into()]).unwrap();
        assert!(read.store(&store).is_none());
        assert_eq!(read.app_secrets().len(), 2, "what the law asks still comes");
    }
}
