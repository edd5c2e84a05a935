//! The token of a shop: read, and got anew before it dies, once for all functions together.
//!
//! Whoever gets a new one holds the store's lease; everybody else goes on with the old one while it lives, or waits for the
//! new one to appear in the secret. A holder that dies between Shopify's answer and the secret loses nothing: the refresh
//! token it used stays good until the new one is used (shopify.dev, changelog of 28 August 2026).

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tajo_platforms::shopify::api::Error;
use tajo_platforms::shopify::oauth::{Denied, Grant, GrantKind, TokenRequest};
use tajo_state::{AppKeys, Lease, SecretError, Secrets, StoreSecret, Table, TableError, TokenGrant};
use tracing::{info, warn};

use super::Shop;
use super::client::Client;
use crate::{Clock, random};

/// A token that would die within this time is followed by the next one.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// A token that dies within this time is not used any more.
const LAST_MOMENT: SignedDuration = SignedDuration::from_secs(30);

/// Longer than a holder can take: three calls (one for each secret of the app) of ten seconds, and the writing.
const LEASE: SignedDuration = SignedDuration::from_secs(45);

/// How long somebody without a living token waits for the holder, and how often they look. Less than what is left of a
/// deadline when a call may still begin.
const PATIENCE: Duration = Duration::from_secs(12);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Where tokens are.
pub(crate) struct Tokens {
    table: Table,
    secrets: Secrets,
}

/// The name of the lease that whoever writes a store's secret holds.
pub(crate) fn lease_of(store: &tajo_domain::StoreId) -> String {
    format!("secret#{store}")
}

impl Tokens {
    pub(super) fn new(table: Table, secrets: Secrets) -> Self {
        Self { table, secrets }
    }

    /// A token that lives. Calls Shopify if it is time for the next one.
    pub(super) async fn current(
        &self,
        client: &Client,
        shop: Shop<'_>,
        clock: &Clock,
    ) -> Result<SecretString, Error> {
        let mut secret = self.secrets.store(shop.store).await.map_err(unreadable)?;
        if secret.shopify_access_token.is_none() {
            // What this process remembers may be from before another function got the token.
            secret = self.secrets.store_now(shop.store).await.map_err(unreadable)?;
        }
        let lives = |secret: &StoreSecret| lives_longer_than(secret, AHEAD, clock.now());
        match &secret.shopify_access_token {
            None => Err(Error::TokenRefused),
            Some(token) if lives(&secret) => Ok(token.clone()),
            Some(_) => self.next(client, shop, clock, lives, true).await,
        }
    }

    /// The token that follows one that Shopify refused.
    pub(super) async fn after(
        &self,
        refused: &SecretString,
        client: &Client,
        shop: Shop<'_>,
        clock: &Clock,
    ) -> Result<SecretString, Error> {
        let is_another = |secret: &StoreSecret| {
            secret.shopify_access_token.as_ref().is_some_and(|token| differs(token, refused))
        };
        self.next(client, shop, clock, is_another, false).await
    }

    /// The next token that `is_good`, got by one of all who ask.
    async fn next(
        &self,
        client: &Client,
        shop: Shop<'_>,
        clock: &Clock,
        is_good: impl Fn(&StoreSecret) -> bool,
        may_use_old: bool,
    ) -> Result<SecretString, Error> {
        let me = random::word().map_err(|error| Error::Unclear(error.to_string()))?;
        let me = random::hash(&me);
        let begun = Instant::now();
        loop {
            let secret = self.secrets.store_now(shop.store).await.map_err(unreadable)?;
            if is_good(&secret) {
                return secret.shopify_access_token.ok_or(Error::TokenRefused);
            }
            if request(&secret).is_none() {
                // Nothing gives a next one: what there is, is used until it is refused.
                let token = secret.shopify_access_token.filter(|_| may_use_old);
                return token.ok_or(Error::TokenRefused);
            }
            let lease = Lease::take(&self.table, &lease_of(shop.store), &me, clock.now(), LEASE).await;
            if let Some(lease) = lease.map_err(unreachable)? {
                let got = self.get(client, shop, clock, &is_good).await;
                // It ends by itself, too.
                let _ = lease.release(&self.table).await;
                return match got {
                    Err(error) if may_use_old => old(secret, clock).ok_or(error),
                    got => got,
                };
            }
            if let Some(token) = old(secret, clock).filter(|_| may_use_old) {
                return Ok(token);
            }
            if PATIENCE < begun.elapsed() {
                return Err(Error::Unclear("the access token is being renewed elsewhere".to_owned()));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Gets the next token, under the lease: calls Shopify, and writes the pair as a whole.
    async fn get(
        &self,
        client: &Client,
        shop: Shop<'_>,
        clock: &Clock,
        is_good: &impl Fn(&StoreSecret) -> bool,
    ) -> Result<SecretString, Error> {
        // Whoever held the lease before may have got it.
        let mut secret = self.secrets.store_now(shop.store).await.map_err(unreadable)?;
        if is_good(&secret) {
            return secret.shopify_access_token.ok_or(Error::TokenRefused);
        }
        let app = secret.app.clone().ok_or(Error::TokenRefused)?;
        let (kind, request) = request(&secret).ok_or(Error::TokenRefused)?;
        let asked_at = clock.now();
        let is_over = secret.grant.refresh_expires_at.is_some_and(|at| at <= asked_at);
        if kind == GrantKind::Code && is_over {
            return Err(Error::GrantEnded);
        }
        let mut grant = match client.grant(shop.address, &app, &request).await {
            Ok(Exchanged { grant, .. }) => grant,
            Err(denied) => {
                let store = shop.store;
                warn!(store.id = %store, %denied, "the access token of store `{store}` could not be renewed");
                return Err(error_of(denied));
            }
        };
        if kind == GrantKind::Code && grant.refresh_token.is_none() {
            keep_refresh_token(&mut grant, &secret, asked_at);
        }
        let token = keep(&mut secret, kind, &grant, asked_at);
        self.secrets.put(shop.store, &secret).await.map_err(unreadable)?;
        info!(store.id = %shop.store, "the access token of store `{}` was renewed", shop.store);
        Ok(token)
    }
}

/// Takes what Shopify granted into a store's secret.
pub(crate) fn keep(
    secret: &mut StoreSecret,
    kind: GrantKind,
    grant: &Grant,
    asked_at: Timestamp,
) -> SecretString {
    let after = |seconds: Option<i64>| asked_at.saturating_add(SignedDuration::from_secs(seconds?)).ok();
    let token = SecretString::from(grant.access_token.clone());
    secret.shopify_access_token = Some(token.clone());
    secret.grant = TokenGrant {
        kind: word_of(kind).to_owned(),
        expires_at: after(grant.lives(kind)),
        refresh_token: grant.refresh_token.clone().map(SecretString::from),
        refresh_expires_at: after(grant.refresh_token_expires_in),
    };
    token
}

/// An answer to a refresh that brings no other refresh token leaves the one that was used: without any, nobody but the
/// merchant could get the next token.
fn keep_refresh_token(grant: &mut Grant, secret: &StoreSecret, asked_at: Timestamp) {
    grant.refresh_token = secret.grant.refresh_token.as_ref().map(|token| token.expose_secret().to_owned());
    let left = |at: Timestamp| at.duration_since(asked_at).as_secs();
    grant.refresh_token_expires_in = secret.grant.refresh_expires_at.map(left);
}

/// A grant's kind as it stands in a secret.
fn word_of(kind: GrantKind) -> &'static str {
    match kind {
        GrantKind::Code => "code",
        GrantKind::ClientCredentials => "client_credentials",
        GrantKind::Token => "token",
    }
}

/// What is posted for the next token; `None`: only a person can get one.
fn request(secret: &StoreSecret) -> Option<(GrantKind, TokenRequest<'_>)> {
    let app = secret.app.as_ref()?;
    if app.client_id.is_empty() || app.client_secrets.is_empty() {
        return None;
    }
    if secret.grant.kind == word_of(GrantKind::ClientCredentials) {
        return Some((GrantKind::ClientCredentials, TokenRequest::ClientCredentials));
    }
    let refresh = secret.grant.refresh_token.as_ref()?;
    Some((GrantKind::Code, TokenRequest::Refresh(refresh.expose_secret())))
}

fn lives_longer_than(secret: &StoreSecret, time: SignedDuration, now: Timestamp) -> bool {
    secret.grant.expires_at.is_none_or(|at| time < at.duration_since(now))
}

/// The token that is there, while it lives.
fn old(secret: StoreSecret, clock: &Clock) -> Option<SecretString> {
    let lives = lives_longer_than(&secret, LAST_MOMENT, clock.now());
    secret.shopify_access_token.filter(|_| lives)
}

fn differs(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() != other.expose_secret()
}

fn error_of(denied: Denied) -> Error {
    match denied {
        Denied::GrantEnded => Error::GrantEnded,
        Denied::AppRefused => Error::AppRefused,
        Denied::Unclear(what) => Error::Unclear(what),
    }
}

fn unreadable(error: SecretError) -> Error {
    match error {
        // A shop whose keys are gone is like one that took them back.
        SecretError::Missing => Error::TokenRefused,
        SecretError::Aws { .. } | SecretError::Unreadable => Error::Unclear(error.to_string()),
    }
}

fn unreachable(error: TableError) -> Error {
    Error::Unclear(error.to_string())
}

/// What Shopify gave, and the app's secret that it took for it: a proof that it is the app's.
pub(crate) struct Exchanged {
    pub grant: Grant,
    pub secret: SecretString,
}

/// Tries each secret of an app, the present one first: which of two Shopify takes while one is rotated, it does not say.
impl Client {
    pub(crate) async fn grant(
        &self,
        shop: &str,
        app: &AppKeys,
        request: &TokenRequest<'_>,
    ) -> Result<Exchanged, Denied> {
        let mut last = Denied::AppRefused;
        for secret in &app.client_secrets {
            match self.token(shop, &request.body(&app.client_id, secret.expose_secret())).await {
                Err(Denied::AppRefused) => last = Denied::AppRefused,
                answer => return answer.map(|grant| Exchanged { grant, secret: secret.clone() }),
            }
        }
        Err(last)
    }
}
