//! The token is there: the store is written down, its webhooks are let in, and the rest is put on the queue. One road for
//! every grant.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::notice::SET_UP;
use tajo_platforms::shopify::oauth::{Grant, GrantKind, lacking, needed, requested};
use tajo_platforms::{Notice, Platform};
use tajo_state::{AppKeys, Attributes, InstallLink, Key, Scopes, StoreRecord, StoreStatus, WebhookCheck};

use super::{ConnectEnv, ConnectError, brevo_webhook, keyrings};
use crate::shopify::{Exchanged, keep, wants};

/// When the sweeper asks for the set-up again, should its notice never have been sent.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// What Shopify granted.
#[derive(Debug)]
pub(super) struct Granted {
    pub kind: GrantKind,
    pub grant: Grant,
    /// The app that it was granted to. Whatever else was asked for meanwhile is about another one.
    pub app: AppKeys,
    /// The app's secret that may sign for all stores of the app.
    pub vouched: Option<SecretString>,
    /// When it was asked for: its life counts from there.
    pub asked_at: Timestamp,
}

impl Granted {
    /// What an exchange gave to `app`: the secret that Shopify took for it is proven, and is tried first from then on.
    pub fn exchanged(kind: GrantKind, app: &AppKeys, exchanged: Exchanged, asked_at: Timestamp) -> Self {
        let Exchanged { grant, secret } = exchanged;
        let app = AppKeys::with(&app.client_id, &secret, &app.client_secrets);
        Self { kind, grant, app, vouched: Some(secret), asked_at }
    }
}

/// Connects a store that was saved before. Answers the rights it should have and was not granted.
///
/// Each step may be repeated, and what a crash leaves undone the next connection or the sweeper does.
pub(super) async fn finish(
    env: &ConnectEnv,
    store: &StoreId,
    granted: Granted,
) -> Result<Vec<&'static str>, ConnectError> {
    let no_store = || ConnectError::NoSuchStore(store.clone());
    let record = env.table.get_newest::<StoreRecord>(&Key::store(store)).await?.record;
    let record = record.ok_or_else(no_store)?;
    // First of all: Brevo may use it at once.
    let account = &record.account;
    let token = keyrings::change(env, |keyring| brevo_webhook::token_in(keyring, account)).await?;
    let app = &granted.app;
    let changed = env.change_secret(store, |secret| {
        // One that somebody began with meanwhile goes on waiting for its merchant.
        secret.pending_app.take_if(|pending| pending.client_id == app.client_id);
        secret.app = Some(app.clone());
        keep(secret, granted.kind, &granted.grant, granted.asked_at);
        secret.brevo_webhook_token = Some(token);
        Ok(Some(()))
    });
    changed.await?;
    let now = env.clock.now();
    let scopes = granted.grant.scopes();
    let settings = Settings::from_stored(&record.settings)?;
    let wants = wants(&settings);
    let lacks = lacking(&needed(&wants), &scopes);
    let decide =
        |stored: Option<&StoreRecord>| (stored.map(|stored| installed(stored, now, &scopes, &lacks)), ());
    env.table.change(&Key::store(store), Attributes::none, decide).await?;
    let again = WebhookCheck::at(now.saturating_add(ASK_AGAIN).unwrap_or(now));
    let decide = |_: Option<&WebhookCheck>| (Some(again.clone()), ());
    env.table.change(&Key::webhook_check(store), WebhookCheck::attributes, decide).await?;
    // Last: webhooks are answered only when all else is in place.
    keyrings::change(env, |keyring| {
        keyrings::put_store(keyring, store, &record.shop, app, granted.vouched.as_ref());
        Ok(())
    })
    .await?;
    ask(env, SET_UP, store, &record.shop).await?;
    Ok(lacking(&requested(&wants), &scopes))
}

/// A store as its shop let it in just now.
fn installed(
    stored: &StoreRecord,
    now: Timestamp,
    scopes: &[String],
    missing: &[&'static str],
) -> StoreRecord {
    let has_left = stored.status.has_left();
    let is_new = has_left || (stored.status == StoreStatus::Connecting && stored.installed_at.is_none());
    StoreRecord {
        // A store that works goes on working while it is looked through again.
        status: match stored.status {
            StoreStatus::Uninstalled | StoreStatus::Erased => StoreStatus::Connecting,
            status => status,
        },
        attention: if has_left { None } else { stored.attention.clone() },
        // A shop that had left begins anew: what happened while it was away was not ours to know.
        connected_at: if is_new { now } else { stored.connected_at },
        installed_at: Some(now),
        uninstalled_at: None,
        scopes: Some(Scopes {
            at: now,
            granted: scopes.to_vec(),
            missing: missing.iter().map(|scope| (*scope).to_owned()).collect(),
        }),
        ..stored.clone()
    }
}

/// Puts work of our own for a store on the queue.
pub(super) async fn ask(
    env: &ConnectEnv,
    topic: &str,
    store: &StoreId,
    shop: &str,
) -> Result<(), ConnectError> {
    let notice = Notice::of_ours(topic, store, Platform::Shopify, shop, env.clock.now());
    Ok(env.queue.send(&notice, std::time::Duration::ZERO).await?)
}

/// A link that was opened and led to its end is used up.
pub(super) async fn use_up_link(env: &ConnectEnv, hash: &str) -> Result<(), ConnectError> {
    env.table.take::<InstallLink>(&Key::install_link(hash)).await?;
    Ok(())
}
