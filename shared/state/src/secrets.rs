//! Secrets Manager: what a store needs to reach Brevo. Cached for five minutes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tajo_domain::StoreId;
use tokio::sync::Mutex;

/// How long a secret is believed.
const CACHED_FOR: Duration = Duration::from_secs(300);

/// A secret could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is none of this name.
    #[error("there is no secret for the store")]
    Missing,
    /// Secrets Manager did not answer, or refused.
    #[error("Secrets Manager {operation} failed: {reason}")]
    Aws {
        /// What was tried.
        operation: &'static str,
        /// Its error code, or what went wrong on the way.
        reason: String,
    },
    /// The secret is not what this version writes.
    #[error("the secret cannot be read: it is not the JSON this version writes")]
    Unreadable,
}

/// What one store's secret holds.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct StoreSecret {
    /// Brevo's API key.
    pub brevo_api_key: SecretString,
    /// Opens Shopify's Admin API of the store; absent in a store that was connected without it.
    #[serde(default)]
    pub shopify_access_token: Option<SecretString>,
    /// Opens Brevo's tracker; absent while marketing automation is off in the account.
    #[serde(default)]
    pub brevo_tracker_key: Option<SecretString>,
}

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    brevo_api_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shopify_access_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brevo_tracker_key: Option<&'a str>,
}

/// The per-store secrets under one prefix.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    prefix: String,
    cache: Mutex<HashMap<StoreId, (Instant, StoreSecret)>>,
}

impl Secrets {
    /// Secrets named `{prefix}{store}`.
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into(), cache: Mutex::default() }
    }

    /// A store's secret, at most five minutes old.
    pub async fn store(&self, store: &StoreId) -> Result<StoreSecret, SecretError> {
        if let Some((read_at, secret)) = self.cache.lock().await.get(store)
            && read_at.elapsed() < CACHED_FOR
        {
            return Ok(secret.clone());
        }
        let text = get_secret(&self.client, &self.name(store)).await?;
        let secret: StoreSecret =
            serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::Unreadable)?;
        self.cache.lock().await.insert(store.clone(), (Instant::now(), secret.clone()));
        Ok(secret)
    }

    /// Forgets what was cached: the next read is fresh.
    pub async fn forget(&self, store: &StoreId) {
        self.cache.lock().await.remove(store);
    }

    /// Writes a store's secret, new or again. Without a new token the one that is there stays.
    pub async fn put_store(
        &self,
        store: &StoreId,
        brevo_api_key: &SecretString,
        shopify_access_token: Option<&SecretString>,
        brevo_tracker_key: Option<&SecretString>,
    ) -> Result<(), SecretError> {
        let before = match shopify_access_token {
            Some(_) => None,
            None => match get_secret(&self.client, &self.name(store)).await {
                Ok(text) => serde_json::from_str::<StoreSecret>(text.expose_secret()).ok(),
                Err(SecretError::Missing) => None,
                Err(error) => return Err(error),
            },
        };
        let before = before.as_ref().and_then(|secret| secret.shopify_access_token.as_ref());
        let token = shopify_access_token.or(before).map(ExposeSecret::expose_secret);
        let written = Written {
            v: 1,
            brevo_api_key: brevo_api_key.expose_secret(),
            shopify_access_token: token,
            brevo_tracker_key: brevo_tracker_key.map(ExposeSecret::expose_secret),
        };
        let text = serde_json::to_string(&written).map_err(|_| SecretError::Unreadable)?;
        put_secret(&self.client, &self.name(store), &text.into()).await
    }

    fn name(&self, store: &StoreId) -> String {
        format!("{}{store}", self.prefix)
    }
}

/// One secret's text.
pub async fn get_secret(client: &Client, name: &str) -> Result<SecretString, SecretError> {
    let answer = client.get_secret_value().secret_id(name).send().await;
    let answer = answer.map_err(|error| aws_error("GetSecretValue", error))?;
    answer.secret_string.map(SecretString::from).ok_or(SecretError::Unreadable)
}

/// Writes one secret's text, making the secret if there is none.
pub async fn put_secret(client: &Client, name: &str, text: &SecretString) -> Result<(), SecretError> {
    let put = client.put_secret_value().secret_id(name).secret_string(text.expose_secret()).send().await;
    match put.map_err(|error| aws_error("PutSecretValue", error)) {
        Err(SecretError::Missing) => {
            let create = client.create_secret().name(name).secret_string(text.expose_secret()).send().await;
            create.map(|_| ()).map_err(|error| aws_error("CreateSecret", error))
        }
        other => other.map(|_| ()),
    }
}

fn aws_error<E: ProvideErrorMetadata, R>(operation: &'static str, error: SdkError<E, R>) -> SecretError {
    let reason = match &error {
        SdkError::ServiceError(service) => match service.err().code() {
            Some("ResourceNotFoundException") => return SecretError::Missing,
            code => code.unwrap_or("an unknown error").to_owned(),
        },
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        _ => "a broken answer".to_owned(),
    };
    SecretError::Aws { operation, reason }
}
