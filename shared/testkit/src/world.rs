//! Everything a worker talks to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tajo_app::config::{SweeperConfig, SyncConfig};
use tajo_app::connect::{ConnectConfig, ConnectEnv};
use tajo_app::manage::{Manage, ManageConfig};
use tajo_app::sweep::Sweeper;
use tajo_app::{Clock, Env};
use tajo_domain::StoreId;
use tajo_sandbox::{AccountSettings, Sandbox, ShopSettings};
use tajo_state::{Attributes, Key, Pepper, StoreRecord, StoreStatus, Table};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::front::Front;
use crate::meter::Meter;

/// The store of the tests.
pub const STORE: &str = "demo-shop";
/// Its address.
pub const SHOP: &str = "demo-shop.myshopify.com";
/// Opens its Admin API.
pub const SHOPIFY_TOKEN: &str = "shpat_sandbox";
/// Its Brevo key.
pub const BREVO_KEY: &str = "xkeysib-sandbox";

/// The Brevo account of every store here, as store records name it.
pub const ACCOUNT: &str = "account";

/// Where the played deployment is reached.
pub const PUBLIC_URL: &str = "https://tajo.example";

const TABLE: &str = "state";

/// The keyring secret.
pub const KEYRING: &str = "test/keyring";

/// The secret with the pepper.
pub const PEPPER: &str = "test/pepper";

/// One message on the played queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// `live` or `gather`.
    pub queue: String,
    /// Its text.
    pub body: String,
    /// Its delay, in seconds.
    pub delay: u64,
}

/// DynamoDB, a queue, secrets and Brevo. Every request to Brevo must fit Brevo's own document, where
/// that lies beside the project: one that does not is refused.
pub struct World {
    /// Brevo.
    pub sandbox: Sandbox,
    /// The time of every worker made here.
    pub clock: Clock,
    pub(crate) dynamo: String,
    pub(crate) queue: Mutex<Vec<Message>>,
    pub(crate) secrets: Mutex<HashMap<String, String>>,
    pub(crate) kms_keys: Mutex<HashMap<String, String>>,
    pub(crate) meter: Mutex<Meter>,
    pub(crate) http: reqwest::Client,
    /// Requests to the table that a function's role does not allow.
    pub(crate) denied: Mutex<Vec<String>>,
    database: JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.database.abort();
        let denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::thread::panicking() {
            assert!(denied.is_empty(), "template.yaml does not allow what its functions do: {denied:#?}");
        }
    }
}

impl World {
    /// A world with one connected store (`STORE`), connected long ago, with these settings. Its shop answers queries
    /// and knows nobody yet. Brevo knows every
    /// attribute of the mapping, has eCommerce on, three lists (ids as in `lists:` of the settings, if used) and no
    /// rate limits: tests that are about limits switch them on.
    pub async fn new(settings: &str) -> Arc<Self> {
        Self::connected_at(settings, "2020-01-01T00:00:00Z".parse().unwrap()).await
    }

    /// The same, connected at this time.
    pub async fn connected_at(settings: &str, connected_at: Timestamp) -> Arc<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dynamo = format!("http://{}", listener.local_addr().unwrap());
        let database = dynoxide::Database::memory().unwrap();
        let secret =
            format!(r#"{{"v":1,"brevo_api_key":"{BREVO_KEY}","shopify_access_token":"{SHOPIFY_TOKEN}"}}"#);
        let world = Arc::new(Self {
            sandbox: Sandbox::new(),
            clock: Clock::default(),
            dynamo,
            queue: Mutex::default(),
            secrets: Mutex::new(HashMap::from([
                (format!("test/store/{STORE}"), secret),
                (KEYRING.to_owned(), r#"{"stores":{}}"#.to_owned()),
                (PEPPER.to_owned(), "pepper-of-the-tests".to_owned()),
            ])),
            kms_keys: Mutex::default(),
            meter: Mutex::default(),
            denied: Mutex::default(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            database: tokio::spawn(dynoxide::server::serve_on(listener, database)),
        });
        world.set_up_brevo();
        world.set_up_shop(serde_json::json!({ "access_token": SHOPIFY_TOKEN, "rate_limits": false }));
        let front = world.front().await;
        create_table(&front.url).await;
        world.put_store(&front, STORE, SHOP, settings, connected_at).await;
        world.meter.lock().unwrap().clear();
        world
    }

    /// A worker's way to the world, without anything in the way.
    pub async fn front(self: &Arc<Self>) -> Front {
        Front::open(self.clone(), None).await
    }

    /// What brevo-sync works with, through this front.
    pub async fn env(&self, front: &Front) -> Env {
        let mut env = Env::new(&sync_config(front)).await.unwrap();
        env.clock = self.clock.clone();
        env
    }

    /// The same, with a table that waits for as long as the test holds its calls, and asks once.
    pub async fn patient_env(&self, front: &Front) -> Env {
        self.env_with(front, RetryConfig::disabled()).await
    }

    /// The same, with a table that asks three times as the deployed one does, but at once.
    pub async fn insistent_env(&self, front: &Front) -> Env {
        let at_once = RetryConfig::standard().with_initial_backoff(Duration::from_millis(2));
        self.env_with(front, at_once.with_max_attempts(3)).await
    }

    async fn env_with(&self, front: &Front, retries: RetryConfig) -> Env {
        let mut env = self.env(front).await;
        let aws = tajo_state::sdk_config(Some(&front.of("brevo-sync"))).await.unwrap();
        let patient = aws_sdk_dynamodb::config::Builder::from(&aws)
            .timeout_config(TimeoutConfig::disabled())
            .retry_config(retries)
            .build();
        env.table = Table::new(aws_sdk_dynamodb::Client::from_conf(patient), TABLE).with_pepper(pepper());
        env
    }

    /// What management connects stores with, through this front.
    pub async fn connect_env(&self, front: &Front) -> ConnectEnv {
        let mut env = ConnectEnv::new(&self.connect_config(front)).await.unwrap();
        env.clock = self.clock.clone();
        env
    }

    /// What oauth-callback works with, through this front.
    pub async fn callback_env(&self, front: &Front) -> ConnectEnv {
        let endpoint = Some(front.of("oauth-callback"));
        let config = ConnectConfig { endpoint, ..self.connect_config(front) };
        let mut env = ConnectEnv::new(&config).await.unwrap();
        env.clock = self.clock.clone();
        env
    }

    /// The configuration of management's part that connects stores.
    pub fn connect_config(&self, front: &Front) -> ConnectConfig {
        let config = sync_config(front);
        ConnectConfig {
            table: config.table,
            live_queue_url: config.live_queue_url,
            keyring: KEYRING.to_owned(),
            store_secrets_prefix: config.store_secrets_prefix,
            kms_key: None,
            brevo_api_url: config.brevo_api_url,
            shopify_api_url: config.shopify_api_url,
            public_url: config.public_url,
            fixed_egress: false,
            endpoint: Some(front.of("management")),
        }
    }

    /// What cart-sweeper works with, through this front.
    pub async fn sweeper(&self, front: &Front) -> Sweeper {
        let config = SweeperConfig {
            table: TABLE.to_owned(),
            live_queue_url: format!("{}/queue/live", front.url),
            endpoint: Some(front.of("cart-sweeper")),
        };
        let mut sweeper = Sweeper::new(&config).await.unwrap();
        sweeper.clock = self.clock.clone();
        sweeper
    }

    /// What management works with, through this front. Keys may be used as often as a test likes.
    pub async fn manage(&self, front: &Front) -> Manage {
        let connect = self.connect_config(front);
        let pepper_secret = PEPPER.to_owned();
        let config = ManageConfig { connect, pepper_secret, requests_per_minute: 1_000_000 };
        let mut manage = Manage::new(&config).await.unwrap();
        manage.connect.clock = self.clock.clone();
        manage
    }

    /// The state table, through this front.
    pub async fn table(&self, front: &Front) -> Table {
        self.table_of_before(front).await.with_pepper(pepper())
    }

    /// The same as versions before knew it: people are stored under plain hashes.
    pub async fn table_of_before(&self, front: &Front) -> Table {
        let aws = tajo_state::sdk_config(Some(&front.url)).await.unwrap();
        Table::new(aws_sdk_dynamodb::Client::new(&aws), TABLE)
    }

    /// Takes everything off the queue, delays ignored.
    pub fn take_messages(&self) -> Vec<Message> {
        std::mem::take(&mut self.queue.lock().unwrap())
    }

    /// Counts since the last time.
    pub fn take_meter(&self) -> Meter {
        std::mem::take(&mut self.meter.lock().unwrap())
    }

    /// What Brevo knows.
    pub fn brevo(&self) -> Value {
        serde_json::to_value(self.sandbox.state()).unwrap()
    }

    /// Moves the time of every worker.
    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// Changes the shop that the sandbox plays: fields as for `POST /_sandbox/shopify/shops`.
    pub fn set_up_shop(&self, mut settings: Value) {
        settings["shop"] = SHOP.into();
        self.sandbox.configure_shop(&serde_json::from_value::<ShopSettings>(settings).unwrap());
    }

    /// Switches Brevo's rate limits on or off.
    pub fn limit_rates(&self, limits: bool, fast_batches: bool) {
        let settings =
            serde_json::json!({ "api_key": BREVO_KEY, "rate_limits": limits, "fast_batches": fast_batches });
        self.sandbox.configure(&serde_json::from_value::<AccountSettings>(settings).unwrap());
    }

    /// The KMS key that a secret was made with, if one was named.
    pub fn kms_key(&self, secret: &str) -> Option<String> {
        self.kms_keys.lock().unwrap().get(secret).cloned()
    }

    /// A secret's text.
    pub fn secret(&self, name: &str) -> Option<String> {
        self.secrets.lock().unwrap().get(name).cloned()
    }

    /// Writes a secret.
    pub fn put_secret(&self, name: &str, text: &str) {
        self.secrets.lock().unwrap().insert(name.to_owned(), text.to_owned());
    }

    /// Takes the shop's token away from the connector.
    pub fn without_shopify_token(&self) {
        let secret = format!(r#"{{"v":1,"brevo_api_key":"{BREVO_KEY}"}}"#);
        self.secrets.lock().unwrap().insert(format!("test/store/{STORE}"), secret);
    }

    fn set_up_brevo(&self) {
        let attributes: Vec<Value> = tajo_app::connect::every_attribute()
            .into_iter()
            .map(|(name, kind)| serde_json::json!({ "name": name, "type": kind, "category": "normal" }))
            .collect();
        let settings = serde_json::json!({
            "api_key": BREVO_KEY, "ecommerce_active": true, "rate_limits": false, "attributes": attributes,
        });
        let settings: AccountSettings = serde_json::from_value(settings).unwrap();
        self.sandbox.configure(&settings);
        for name in ["all_customers", "buyers", "abandoned_cart"] {
            let request = tajo_sandbox::Request::new("POST", "/v3/contacts/folders").key(BREVO_KEY);
            let folder = self.sandbox.call(request.json(&serde_json::json!({ "name": name })));
            let list = serde_json::json!({ "name": name, "folderId": folder.json()["id"] });
            self.sandbox
                .call(tajo_sandbox::Request::new("POST", "/v3/contacts/lists").key(BREVO_KEY).json(&list));
        }
    }

    /// Connects another store to the same Brevo account.
    pub async fn add_store(&self, front: &Front, store: &str, shop: &str, settings: &str) {
        let secret =
            format!(r#"{{"v":1,"brevo_api_key":"{BREVO_KEY}","shopify_access_token":"{SHOPIFY_TOKEN}"}}"#);
        self.secrets.lock().unwrap().insert(format!("test/store/{store}"), secret);
        let set_up = serde_json::json!({ "shop": shop, "access_token": SHOPIFY_TOKEN, "rate_limits": false });
        self.sandbox.configure_shop(&serde_json::from_value::<ShopSettings>(set_up).unwrap());
        self.put_store(front, store, shop, settings, "2020-01-01T00:00:00Z".parse().unwrap()).await;
    }

    async fn put_store(
        &self,
        front: &Front,
        store: &str,
        shop: &str,
        settings: &str,
        connected_at: Timestamp,
    ) {
        let record = StoreRecord {
            platform: "shopify".to_owned(),
            shop: shop.to_owned(),
            country: Some("DE".to_owned()),
            live: false,
            account: ACCOUNT.to_owned(),
            connected_at,
            settings: settings.to_owned(),
            status: StoreStatus::Active,
            attention: None,
            installed_at: None,
            uninstalled_at: None,
            shop_id: None,
            scopes: None,
            currency: None,
            set_up: tajo_state::BrevoSetUp::default(),
            asked: tajo_state::Asked::default(),
        };
        let key = Key::store(&StoreId::parse(store).unwrap());
        self.table(front).await.put(&key, 0, &record, &Attributes::default()).await.unwrap();
    }
}

fn pepper() -> Option<Pepper> {
    Pepper::new("pepper-of-the-tests".to_owned().into())
}

/// The configuration of brevo-sync for a front; also what a killed process is started with.
pub(crate) fn sync_config(front: &Front) -> SyncConfig {
    SyncConfig {
        table: TABLE.to_owned(),
        live_queue_url: format!("{}/queue/live", front.url),
        gather_queue_url: format!("{}/queue/gather", front.url),
        gather_arn: "arn:aws:sqs:us-east-1:000000000000:gather".to_owned(),
        dead_letters_arn: "arn:aws:sqs:us-east-1:000000000000:dead-letters".to_owned(),
        store_secrets_prefix: "test/store/".to_owned(),
        pepper_secret: PEPPER.to_owned(),
        brevo_api_url: format!("{}/v3", front.url),
        brevo_tracker_url: format!("{}/api/v2", front.url),
        shopify_api_url: Some(front.url.clone()),
        public_url: PUBLIC_URL.to_owned(),
        claim: SignedDuration::from_secs(120),
        endpoint: Some(front.of("brevo-sync")),
    }
}

async fn create_table(url: &str) {
    let aws = tajo_state::sdk_config(Some(url)).await.unwrap();
    let client = aws_sdk_dynamodb::Client::new(&aws);
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("due_shard", KeyType::Hash))
        .key_schema(key("due_at", KeyType::Range))
        .projection(keys_only)
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("sk", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_shard", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(due)
        .send()
        .await
        .unwrap();
}
