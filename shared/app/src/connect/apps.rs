//! The Shopify app: its client id and secret, and its configuration.

use secrecy::SecretString;
use tajo_api::{AppCredentials, Purge, Purged};
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::shopify::api::VERSION;
use tajo_platforms::shopify::oauth::{Wants, requested};
use tajo_state::{AppKeys, Key, StoreRecord};

use super::{ConnectEnv, ConnectError, keyrings};
use crate::shopify::wants;

/// Stores an app's client id and secret, for stores that name no app. The secret before stays good as the second, here and
/// for the stores of this app: Shopify signs with the oldest one until it is revoked.
pub async fn set_app(env: &ConnectEnv, app: &AppCredentials) -> Result<(), ConnectError> {
    let id = app.client_id.trim();
    let secret: SecretString = app.client_secret.trim().to_owned().into();
    if id.is_empty() || app.client_secret.trim().is_empty() {
        return Err(ConnectError::HalfAnApp("one of the two", "the app's client id and its secret"));
    }
    let (keys, stores) = keyrings::change(env, |keyring| {
        let keys = keyrings::put_app(keyring, id, &secret);
        keyring["default_app"] = id.into();
        let of_app = keyrings::stores(keyring).filter(|(_, entry)| entry["app"] == id);
        let stores: Vec<_> = of_app.map(|(store, _)| store).collect();
        Ok((keys, stores))
    })
    .await?;
    give_to_stores(env, &keys, &stores).await
}

/// Lets earlier secrets sign nothing any more: of an app (the one that stores use that name none, unless another is named) and
/// of the stores that use it, or of one store.
pub async fn purge(env: &ConnectEnv, asked: &Purge) -> Result<Purged, ConnectError> {
    let (gone, stores) = match &asked.store {
        Some(name) => {
            let store = StoreId::parse(name).map_err(|_| ConnectError::StoreName(name.clone()))?;
            let purged = |keyring: &mut _| Ok(keyrings::purge_store(keyring, &store));
            let purged = keyrings::change(env, purged).await?;
            let (left, gone) = purged.ok_or_else(|| ConnectError::NoSuchStore(store.clone()))?;
            env.change_secret(&store, |secret| {
                let app = secret.app.as_mut().filter(|_| !left.is_empty());
                Ok(app.map(|app| app.client_secrets.clone_from(&left)))
            })
            .await?;
            (gone, vec![store])
        }
        None => {
            let (keys, gone, stores) = keyrings::change(env, |keyring| {
                let id = match &asked.client_id {
                    Some(id) => id.trim().to_owned(),
                    None => keyrings::default_app(keyring).ok_or(ConnectError::NoApp)?.client_id,
                };
                keyrings::purge_app(keyring, &id).ok_or(ConnectError::NoSuchApp(id))
            })
            .await?;
            give_to_stores(env, &keys, &stores).await?;
            (gone, stores)
        }
    };
    Ok(Purged {
        secrets_removed: u32::try_from(gone).unwrap_or(u32::MAX),
        stores: stores.iter().map(ToString::to_string).collect(),
    })
}

/// Gives an app's secrets to the stores that use it: their tokens are got with them.
async fn give_to_stores(env: &ConnectEnv, keys: &AppKeys, stores: &[StoreId]) -> Result<(), ConnectError> {
    for store in stores {
        env.change_secret(store, |secret| {
            let app = secret.app.as_mut().filter(|app| app.client_id == keys.client_id);
            Ok(app.map(|app| app.client_secrets.clone_from(&keys.client_secrets)))
        })
        .await?;
    }
    Ok(())
}

/// `shopify.app.toml` for this deployment: what only the app's own configuration can say. The rights are those of the
/// stores that are connected, or of the default settings.
pub async fn app_config(env: &ConnectEnv) -> Result<String, ConnectError> {
    let keyring = keyrings::read(env).await?;
    let client_id = keyring["default_app"].as_str().unwrap_or("the client id of your app").to_owned();
    let mut all: Option<Wants> = None;
    for (store, _) in keyrings::stores(&keyring) {
        let record = env.table.get::<StoreRecord>(&Key::store(&store)).await?.record;
        let settings = record.and_then(|record| Settings::from_stored(&record.settings).ok());
        if let Some(settings) = settings {
            let one = wants(&settings);
            all = Some(all.map_or_else(|| one.clone(), |all| all.and(&one)));
        }
    }
    let all = all.unwrap_or_else(|| wants(&Settings::default()));
    Ok(toml(&client_id, &env.public_url, &requested(&all)))
}

/// The document. Pure.
fn toml(client_id: &str, public_url: &str, scopes: &[&str]) -> String {
    // Of a basic string of TOML.
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (client_id, url, scopes) = (quoted(client_id), quoted(public_url), scopes.join(","));
    format!(
        r#"# The app of this deployment, for `shopify app deploy` (Shopify CLI).
client_id = "{client_id}"
name = "Tajo"
application_url = "{url}/oauth/shopify/install"
# Not inside the admin: a cookie that belongs to one browser works only in a window of its own.
embedded = false

[access_scopes]
scopes = "{scopes}"
# The app asks for its rights itself, as its stores' settings need them.
use_legacy_install_flow = true

[auth]
redirect_urls = ["{url}/oauth/shopify/callback"]

[webhooks]
api_version = "{VERSION}"

# The other webhooks are made in each shop, as its settings need them.
[[webhooks.subscriptions]]
topics = ["app/uninstalled", "app/scopes_update"]
uri = "{url}/webhooks/shopify"

[[webhooks.subscriptions]]
compliance_topics = ["customers/data_request", "customers/redact", "shop/redact"]
uri = "{url}/webhooks/shopify"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_says_what_only_it_can_say() {
        let text = toml("id\"x", "https://x.example", &["read_orders", "read_products"]);
        for line in [
            "client_id = \"id\\\"x\"",
            "application_url = \"https://x.example/oauth/shopify/install\"",
            "embedded = false",
            "use_legacy_install_flow = true",
            "scopes = \"read_orders,read_products\"",
            "redirect_urls = [\"https://x.example/oauth/shopify/callback\"]",
            "api_version = \"2026-10\"",
            "compliance_topics = [\"customers/data_request\", \"customers/redact\", \"shop/redact\"]",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }
}
