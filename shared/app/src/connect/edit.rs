//! New credentials for a store that is connected. Nothing of its history is lost.

use secrecy::{ExposeSecret, SecretString};
use tajo_api::Credentials;
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::notice::{CHECK_WEBHOOKS, SET_UP};
use tajo_platforms::shopify::oauth::{Denied, GrantKind, TokenRequest};
use tajo_state::{AppKeys, Key, StoreRecord, StoreStatus};

use super::account::Account;
use super::begin::{given, try_token};
use super::finish::{Granted, ask, finish};
use super::{Authority, ConnectEnv, ConnectError, TrackerKey, is_of_another, keyrings};

/// Gives a store new credentials. Answers what a person should know. Each is tried before it is stored.
pub async fn edit(
    env: &ConnectEnv,
    authority: Authority,
    store: &StoreId,
    news: &Credentials,
) -> Result<Vec<String>, ConnectError> {
    let record = known(env, store).await?;
    let mut warnings = Vec::new();
    let key = given(news.brevo_api_key.as_deref());
    let tracker_key = match &key {
        Some(key) => tracker_of(env, &record, key).await?,
        None => None,
    };
    let stored = env.secret(store).await?;
    let speaks = stored.pending_app.or_else(|| stored.app.clone());
    let before = stored.app.unwrap_or_default();
    let secret = given(news.api_secret.as_deref());
    let app = match (given(news.api_key.as_deref()).as_ref().map(ExposeSecret::expose_secret), &secret) {
        (None, None) => None,
        (Some(id), None) if *id == before.client_id => None,
        (Some(_), None) => return Err(ConnectError::HalfAnApp("an app's client id", "its client secret")),
        (id, Some(secret)) => {
            Some(GivenApp::read(env, authority, id.unwrap_or(&before.client_id), secret, &before).await?)
        }
    };
    let granted = grant(env, &record, news, app.as_ref(), speaks, &mut warnings).await?;
    env.change_secret(store, |secret| {
        if let Some(key) = key {
            secret.brevo_api_key = key;
            secret.brevo_tracker_key = tracker_key;
        }
        match &app {
            // Its tokens go on: they are got anew with whichever secret Shopify takes.
            Some(app) if app.is_same => secret.app = Some(app.keys.clone()),
            Some(app) => secret.pending_app = Some(app.keys.clone()),
            None => {}
        }
        Ok(Some(()))
    })
    .await?;
    if let Some(app) = app.as_ref().filter(|app| app.is_same) {
        keyrings::change(env, |keyring| {
            keyrings::put_store(keyring, store, &record.shop, &app.keys, app.vouched.as_ref());
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

/// Tries a Brevo key. Answers the tracker's key of its account.
async fn tracker_of(
    env: &ConnectEnv,
    record: &StoreRecord,
    key: &SecretString,
) -> Result<Option<SecretString>, ConnectError> {
    let account = Account { brevo: &env.brevo, key };
    let found = account.look(&Settings::from_stored(&record.settings)?).await?;
    if is_of_another(record, &found.account) {
        return Err(ConnectError::OtherAccount);
    }
    Ok(found.tracker_key.as_ref().map(TrackerKey::secret))
}

/// An app that is given with its secret.
struct GivenApp {
    /// The secret alone: what Shopify takes is proven by it and nothing else.
    alone: AppKeys,
    /// What the store keeps.
    keys: AppKeys,
    /// The secret, where whoever gave it may vouch for it.
    vouched: Option<SecretString>,
    /// The store has this app already.
    is_same: bool,
}

impl GivenApp {
    async fn read(
        env: &ConnectEnv,
        authority: Authority,
        id: &str,
        secret: &SecretString,
        before: &AppKeys,
    ) -> Result<Self, ConnectError> {
        let is_same = id == before.client_id;
        let known = if is_same { before.client_secrets.as_slice() } else { &[] };
        let mut keys = AppKeys::with(id, secret, known);
        if authority == Authority::Stores && is_same {
            // What is known to be good is tried first, and goes with no number of others that are given.
            let of_app = keyrings::app(&keyrings::read(env).await?, id);
            let good = of_app.map(|app| app.client_secrets).unwrap_or_default();
            if !good.is_empty() {
                let is_new = good.iter().all(|good| good.expose_secret() != secret.expose_secret());
                keys.client_secrets = good.into_iter().chain(is_new.then(|| secret.clone())).collect();
            }
        }
        let vouched = (authority == Authority::Deployment).then(|| secret.clone());
        Ok(Self { alone: AppKeys::with(id, secret, &[]), keys, vouched, is_same })
    }
}

/// A token for the store: one that is given, or what Shopify gives for the app. `speaks`: the app that the store has, or waits
/// for.
async fn grant(
    env: &ConnectEnv,
    record: &StoreRecord,
    news: &Credentials,
    app: Option<&GivenApp>,
    speaks: Option<AppKeys>,
    warnings: &mut Vec<String>,
) -> Result<Option<Granted>, ConnectError> {
    let asked_at = env.clock.now();
    let shop = record.shop.as_str();
    if let Some(token) = given(news.access_token.as_deref()) {
        let grant = try_token(env, shop, &token).await?;
        // A token says nothing of the app's secret.
        let (app, vouched) = match app {
            Some(app) => (app.keys.clone(), app.vouched.clone()),
            None => (speaks.ok_or(ConnectError::NoApp)?, None),
        };
        return Ok(Some(Granted { kind: GrantKind::Token, grant, app, vouched, asked_at }));
    }
    let Some(app) = app.filter(|app| !app.alone.client_id.is_empty()) else { return Ok(None) };
    let kind = GrantKind::ClientCredentials;
    match env.shopify.grant(shop, &app.alone, &TokenRequest::ClientCredentials).await {
        Ok(exchanged) => Ok(Some(Granted::exchanged(kind, &app.keys, exchanged, asked_at))),
        Err(Denied::Unclear(what)) => Err(ConnectError::Token(what)),
        Err(Denied::AppRefused | Denied::GrantEnded) => {
            if !app.is_same {
                warnings.push(
                    "the shop has not let this app in: connect the store again and open the link".to_owned(),
                );
            } else if app.vouched.is_none() {
                warnings.push(
                    "Shopify did not confirm this secret: it signs for this store alone, until a key that is bound to no \
                     store stores it for the app (`tajo shopify app set`)"
                        .to_owned(),
                );
            }
            Ok(None)
        }
    }
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
