//! Secrets Manager: what a store needs to reach Brevo and its shop. Cached for five minutes.

mod store;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use secrecy::{ExposeSecret, SecretString};
use tajo_domain::StoreId;
use tokio::sync::Mutex;

pub use store::{AppKeys, StoreSecret, TokenGrant};

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

/// The per-store secrets under one prefix. Clones share one cache.
#[derive(Clone, Debug)]
pub struct Secrets {
    client: Client,
    prefix: String,
    /// Encrypts secrets that are made; `None`: the account's own key for Secrets Manager.
    kms_key: Option<String>,
    cache: Arc<Mutex<HashMap<StoreId, (Instant, StoreSecret)>>>,
}

impl Secrets {
    /// Secrets named `{prefix}{store}`.
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into(), kms_key: None, cache: Arc::default() }
    }

    /// The same, with secrets that are made encrypted with this KMS key (its ARN). Those that are there keep theirs.
    #[must_use]
    pub fn with_kms_key(self, key: Option<String>) -> Self {
        Self { kms_key: key, ..self }
    }

    /// A store's secret, at most five minutes old.
    pub async fn store(&self, store: &StoreId) -> Result<StoreSecret, SecretError> {
        if let Some((read_at, secret)) = self.cache.lock().await.get(store)
            && read_at.elapsed() < CACHED_FOR
        {
            return Ok(secret.clone());
        }
        self.store_now(store).await
    }

    /// A store's secret as it is now.
    pub async fn store_now(&self, store: &StoreId) -> Result<StoreSecret, SecretError> {
        let text = get_secret(&self.client, &self.name(store)).await?;
        let secret = StoreSecret::from_json(&text)?;
        self.cache.lock().await.insert(store.clone(), (Instant::now(), secret.clone()));
        Ok(secret)
    }

    /// Forgets what was cached: the next read is fresh.
    pub async fn forget(&self, store: &StoreId) {
        self.cache.lock().await.remove(store);
    }

    /// Writes a store's secret as a whole, new or again. Whoever changes a part of it holds the store's lease, and has read
    /// it since.
    pub async fn put(&self, store: &StoreId, secret: &StoreSecret) -> Result<(), SecretError> {
        put_secret(&self.client, &self.name(store), &secret.to_json()?, self.kms_key.as_deref()).await?;
        self.cache.lock().await.insert(store.clone(), (Instant::now(), secret.clone()));
        Ok(())
    }

    /// Deletes a store's secret at once. One that is not there is deleted.
    pub async fn delete(&self, store: &StoreId) -> Result<(), SecretError> {
        self.forget(store).await;
        let name = self.name(store);
        let delete = self.client.delete_secret().secret_id(name).force_delete_without_recovery(true);
        match delete.send().await.map_err(|error| aws_error("DeleteSecret", error)) {
            Ok(_) | Err(SecretError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The name of a store's secret.
    pub fn name(&self, store: &StoreId) -> String {
        format!("{}{store}", self.prefix)
    }
}

/// One secret's text.
pub async fn get_secret(client: &Client, name: &str) -> Result<SecretString, SecretError> {
    let answer = client.get_secret_value().secret_id(name).send().await;
    let answer = answer.map_err(|error| aws_error("GetSecretValue", error))?;
    answer.secret_string.map(SecretString::from).ok_or(SecretError::Unreadable)
}

/// Writes one secret's text, making the secret if there is none: encrypted with this KMS key, if one is named.
pub async fn put_secret(
    client: &Client,
    name: &str,
    text: &SecretString,
    kms_key: Option<&str>,
) -> Result<(), SecretError> {
    let put = client.put_secret_value().secret_id(name).secret_string(text.expose_secret()).send().await;
    match put.map_err(|error| aws_error("PutSecretValue", error)) {
        Err(SecretError::Missing) => {
            let create = client.create_secret().name(name).secret_string(text.expose_secret());
            let create = create.set_kms_key_id(kms_key.map(str::to_owned)).send().await;
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
