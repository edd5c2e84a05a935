//! What connecting a store needs: state, secrets, queue, Brevo, Shopify, the clock. Built once per process.

use std::time::Duration;

use aws_sdk_secretsmanager::Client as SecretsClient;
use jiff::SignedDuration;
use tajo_domain::StoreId;
use tajo_state::{Lease, SecretError, Secrets, StoreSecret, Table};

use super::ConnectError;
use crate::config::{ConfigError, endpoint, required};
use crate::shopify::{Shopify, lease_of};
use crate::{Clock, Queue, random};

/// How long a lease of ours is held at most: some calls of AWS.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// How often and how long it is waited for somebody else's: ten seconds together.
const LEASE_TRIES: u32 = 100;
const LEASE_WAIT: Duration = Duration::from_millis(100);

/// What oauth-callback and management read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectConfig {
    /// The state table. From `STATE_TABLE`.
    pub table: String,
    /// The live queue. From `LIVE_QUEUE_URL`.
    pub live_queue_url: String,
    /// The keyring secret that new stores are written to. From `KEYRING_SECRET`.
    pub keyring: String,
    /// Names of store secrets begin like this. From `STORE_SECRETS_PREFIX`.
    pub store_secrets_prefix: String,
    /// Your own KMS key for the secrets of stores. From `KMS_KEY_ARN`; empty: the account's own for Secrets Manager.
    pub kms_key: Option<String>,
    /// Where Brevo is. From `BREVO_API_URL`.
    pub brevo_api_url: String,
    /// Where Shopify is played locally, for every shop. From `SHOPIFY_API_URL`; empty: each shop's own address.
    pub shopify_api_url: Option<String>,
    /// Where this deployment is reached, without a path and a last slash. From `PUBLIC_URL`.
    pub public_url: String,
    /// Whether brevo-sync calls Brevo from one fixed address. From `FIXED_EGRESS`: `nat`, or anything else for no.
    pub fixed_egress: bool,
    /// Where AWS is played locally. From `AWS_ENDPOINT_OVERRIDE`; empty: AWS itself.
    pub endpoint: Option<String>,
}

impl ConnectConfig {
    /// Reads every variable through `lookup`.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            table: required("STATE_TABLE", &lookup)?,
            live_queue_url: required("LIVE_QUEUE_URL", &lookup)?,
            keyring: required("KEYRING_SECRET", &lookup)?,
            store_secrets_prefix: required("STORE_SECRETS_PREFIX", &lookup)?,
            kms_key: lookup("KMS_KEY_ARN").filter(|value| !value.is_empty()),
            brevo_api_url: required("BREVO_API_URL", &lookup)?,
            shopify_api_url: lookup("SHOPIFY_API_URL").filter(|value| !value.is_empty()),
            public_url: required("PUBLIC_URL", &lookup)?.trim_end_matches('/').to_owned(),
            fixed_egress: lookup("FIXED_EGRESS").as_deref() == Some("nat"),
            endpoint: endpoint(&lookup),
        })
    }
}

/// Everything that connecting works with.
pub struct ConnectEnv {
    /// State.
    pub table: Table,
    /// Tokens and keys of stores.
    pub secrets: Secrets,
    /// The keyring's way: it is no store's secret.
    pub(crate) keyrings: SecretsClient,
    /// Which keyring secret new stores are written to.
    pub(crate) keyring: String,
    /// Brevo.
    pub brevo: tajo_brevo::Client,
    /// Shopify.
    pub(crate) shopify: Shopify,
    /// The live queue: what takes long is done behind it.
    pub queue: Queue,
    /// Where this deployment is reached.
    pub public_url: String,
    /// Whether brevo-sync calls Brevo from one fixed address.
    pub(crate) fixed_egress: bool,
    /// The time.
    pub clock: Clock,
}

impl ConnectEnv {
    /// Clients for this configuration.
    pub async fn new(config: &ConnectConfig) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let aws = tajo_state::sdk_config(config.endpoint.as_deref()).await?;
        let keyrings = SecretsClient::new(&aws);
        let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), &config.table);
        let secrets = Secrets::new(keyrings.clone(), &config.store_secrets_prefix);
        let secrets = secrets.with_kms_key(config.kms_key.clone());
        Ok(Self {
            shopify: Shopify::new(config.shopify_api_url.as_deref(), table.clone(), secrets.clone())?,
            table,
            secrets,
            keyrings,
            keyring: config.keyring.clone(),
            brevo: tajo_brevo::Client::new(&config.brevo_api_url)?,
            queue: Queue::new(aws_sdk_sqs::Client::new(&aws), &config.live_queue_url),
            public_url: config.public_url.clone(),
            fixed_egress: config.fixed_egress,
            clock: Clock::default(),
        })
    }

    /// Waits for a lease. Whoever holds one longer than this makes it fail.
    pub(super) async fn lease(&self, name: &str) -> Result<Lease, ConnectError> {
        let me = random::hash(&random::word()?);
        for _ in 0..LEASE_TRIES {
            if let Some(lease) = Lease::take(&self.table, name, &me, self.clock.now(), LEASE).await? {
                return Ok(lease);
            }
            tokio::time::sleep(LEASE_WAIT).await;
        }
        Err(ConnectError::Busy)
    }

    /// Gives a lease back. It ends by itself, too.
    pub(super) async fn release(&self, lease: Lease) {
        let _ = lease.release(&self.table).await;
    }

    /// Changes a store's secret as a whole, under its lease: nobody writes it at the same time, and no token that is got
    /// anew meanwhile is lost. `None`: it stays as it is.
    pub(super) async fn change_secret<R>(
        &self,
        store: &StoreId,
        edit: impl FnOnce(&mut StoreSecret) -> Result<Option<R>, ConnectError>,
    ) -> Result<Option<R>, ConnectError> {
        let lease = self.lease(&lease_of(store)).await?;
        let changed = async {
            let mut secret = self.secret(store).await?;
            let result = edit(&mut secret)?;
            if result.is_some() {
                self.secrets.put(store, &secret).await?;
            }
            Ok(result)
        };
        let result = changed.await;
        self.release(lease).await;
        result
    }

    /// A store's secret as it is now. One that is not there, or that nobody can read, is empty.
    pub(super) async fn secret(&self, store: &StoreId) -> Result<StoreSecret, ConnectError> {
        match self.secrets.store_now(store).await {
            Ok(secret) => Ok(secret),
            Err(SecretError::Missing | SecretError::Unreadable) => Ok(StoreSecret::default()),
            Err(error) => Err(error.into()),
        }
    }
}
