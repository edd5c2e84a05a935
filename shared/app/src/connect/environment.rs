//! What connecting a store needs: state, secrets, queue, Brevo, Shopify, the clock. Built once per process.

use aws_sdk_secretsmanager::Client as SecretsClient;
use tajo_state::{Secrets, Table};

use crate::config::{ConfigError, endpoint, required};
use crate::shopify::Shopify;
use crate::{Clock, Queue};

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
    /// Where Brevo is. From `BREVO_API_URL`.
    pub brevo_api_url: String,
    /// Where Shopify is played locally, for every shop. From `SHOPIFY_API_URL`; empty: each shop's own address.
    pub shopify_api_url: Option<String>,
    /// Where this deployment is reached, without a path and a last slash. From `PUBLIC_URL`.
    pub public_url: String,
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
            brevo_api_url: required("BREVO_API_URL", &lookup)?,
            shopify_api_url: lookup("SHOPIFY_API_URL").filter(|value| !value.is_empty()),
            public_url: required("PUBLIC_URL", &lookup)?.trim_end_matches('/').to_owned(),
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
    /// The time.
    pub clock: Clock,
}

impl ConnectEnv {
    /// Clients for this configuration.
    pub async fn new(config: &ConnectConfig) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let aws = tajo_state::sdk_config(config.endpoint.as_deref()).await?;
        let keyrings = SecretsClient::new(&aws);
        Ok(Self {
            table: Table::new(aws_sdk_dynamodb::Client::new(&aws), &config.table),
            secrets: Secrets::new(keyrings.clone(), &config.store_secrets_prefix),
            keyrings,
            keyring: config.keyring.clone(),
            brevo: tajo_brevo::Client::new(&config.brevo_api_url)?,
            shopify: Shopify::new(config.shopify_api_url.as_deref())?,
            queue: Queue::new(aws_sdk_sqs::Client::new(&aws), &config.live_queue_url),
            public_url: config.public_url.clone(),
            clock: Clock::default(),
        })
    }
}
