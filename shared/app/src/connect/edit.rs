//! New credentials for a store that is connected. Nothing of its history is lost.

use tajo_api::Credentials;
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::notice::{CHECK_WEBHOOKS, SET_UP};
use tajo_platforms::shopify::oauth::{Denied, GrantKind, TokenRequest};
use tajo_state::{AppKeys, Key, StoreRecord, StoreStatus};

use super::account::Account;
use super::begin::{given, try_token};
use super::finish::{Granted, ask, finish};
use super::{ConnectEnv, ConnectError, is_of_another, keyrings};

/// Gives a store new credentials. Answers what a person should know. Each is tried before it is stored.
pub async fn edit(
    env: &ConnectEnv,
    store: &StoreId,
    news: &Credentials,
) -> Result<Vec<String>, ConnectError> {
    let record = known(env, store).await?;
    let mut warnings = Vec::new();
    let key = given(news.brevo_api_key.as_deref());
    if let Some(key) = &key {
        let account = Account { brevo: &env.brevo, key };
        let found = account.look(&Settings::from_stored(&record.settings)?).await?;
        if is_of_another(&record, &found.account) {
            return Err(ConnectError::OtherAccount);
        }
    }
    let before = env.secret(store).await?.app.unwrap_or_default();
    let app = match (&news.api_key, given(news.api_secret.as_deref())) {
        (None, None) => None,
        (Some(id), None) if *id == before.client_id => None,
        (Some(_), None) => return Err(ConnectError::HalfAnApp("an app's client id", "its client secret")),
        (id, Some(secret)) => {
            let id = id.clone().unwrap_or_else(|| before.client_id.clone());
            let known = if id == before.client_id { before.client_secrets.clone() } else { Vec::new() };
            Some(AppKeys::with(&id, &secret, &known))
        }
    };
    let asked_at = env.clock.now();
    let granted = match (given(news.access_token.as_deref()), &app) {
        (Some(token), _) => Some(Granted {
            kind: GrantKind::Token,
            grant: try_token(env, &record.shop, &token).await?,
            asked_at,
        }),
        (None, Some(app)) if !app.client_id.is_empty() => {
            match env.shopify.grant(&record.shop, app, &TokenRequest::ClientCredentials).await {
                Ok(grant) => Some(Granted { kind: GrantKind::ClientCredentials, grant, asked_at }),
                Err(Denied::Unclear(what)) => return Err(ConnectError::Token(what)),
                Err(Denied::AppRefused | Denied::GrantEnded) => {
                    if app.client_id != before.client_id {
                        warnings.push(
                            "the shop has not let this app in: connect the store again and open the link"
                                .to_owned(),
                        );
                    }
                    None
                }
            }
        }
        _ => None,
    };
    let is_same_app = app.as_ref().is_some_and(|app| app.client_id == before.client_id);
    env.change_secret(store, |secret| {
        if let Some(key) = key {
            secret.brevo_api_key = key;
        }
        match &app {
            // Its tokens go on: they are got anew with whichever secret Shopify takes.
            Some(app) if is_same_app => secret.app = Some(app.clone()),
            Some(app) => secret.pending_app = Some(app.clone()),
            None => {}
        }
        Ok(Some(()))
    })
    .await?;
    if let Some(app) = app.as_ref().filter(|_| is_same_app) {
        keyrings::change(env, |keyring| {
            keyrings::put_store(keyring, store, &record.shop, app);
            Ok(())
        })
        .await?;
    }
    match granted {
        Some(granted) => {
            finish(env, store, granted).await?;
        }
        // What a person put right is tried at once.
        None if record.status != StoreStatus::Connecting => ask(env, SET_UP, store, &record.shop).await?,
        None => {}
    }
    Ok(warnings)
}

/// Has the webhooks of a store looked through soon: to be called when its settings changed. Where its set-up is not done,
/// that is tried again.
pub async fn ask_webhook_check(env: &ConnectEnv, store: &StoreId) -> Result<(), ConnectError> {
    let record = known(env, store).await?;
    ask(env, CHECK_WEBHOOKS, store, &record.shop).await
}

/// A store that there is.
pub(super) async fn known(env: &ConnectEnv, store: &StoreId) -> Result<StoreRecord, ConnectError> {
    let record = env.table.get_newest::<StoreRecord>(&Key::store(store)).await?.record;
    record.ok_or_else(|| ConnectError::NoSuchStore(store.clone()))
}
