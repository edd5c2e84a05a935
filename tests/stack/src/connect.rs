//! Connects the demo store to a stack that has just been deployed, as a merchant would: through the installation.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tajo_app::connect::{ConnectConfig, ConnectEnv, NewStore, SetUp, Target, begin, set_up_brevo, write};
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::Platform;
use tajo_sandbox::DEFAULT_KEY;
use tajo_state::{Key, StoreRecord, StoreStatus};

use crate::browser::Browser;
use crate::{DemoStore, Error, Progress, Result, Stack};

const STORE: &str = "demo-shop";

/// Its app.
const CLIENT_ID: &str = "demo-client-id";

/// Signs its webhooks, and those of `events/sam`. Worth nothing: the stack is made up and listens on loopback only.
const CLIENT_SECRET: &str = "demo-client-secret";

/// Opens the shop that the sandbox plays, where nobody walks through the installation.
const ACCESS_TOKEN: &str = "shpat_demo";

/// Quiet that makes a cart abandoned in the demo store: the product's half hour is too long to watch.
const QUIET: &str = "20s";

/// Connects one store of the sandbox, so that `stack.json` has a shop to sign webhooks for.
///
/// With another Brevo than the sandbox (`BREVO_API_URL`) its key comes from `BREVO_API_KEY`, and a Brevo that does
/// not take the set-up is only warned of: it may play less than the whole.
pub async fn connect_demo_store(stack: &Stack, progress: &Progress) -> Result<Option<DemoStore>> {
    let is_sandbox = stack.brevo_api_url == format!("{}/v3", stack.sandbox_url);
    let key = std::env::var("BREVO_API_KEY").ok().filter(|_| !is_sandbox);
    let key = SecretString::from(key.unwrap_or_else(|| DEFAULT_KEY.to_owned()));
    open_shop(stack).await?;
    let lists = if is_sandbox { make_lists(&stack.brevo_api_url).await? } else { String::new() };
    let yaml =
        format!("connectors:\n  shopify:\n    sync:\n      carts: {{abandoned_after: {QUIET}}}\n{lists}");
    let demo = DemoStore {
        store: STORE.to_owned(),
        shop_domain: format!("{STORE}.myshopify.com"),
        client_secret: CLIENT_SECRET.to_owned(),
    };
    if is_sandbox {
        install(stack, key, yaml, progress).await?;
    } else {
        write_down(stack, key, yaml, progress).await?;
    }
    progress.say(&format!("store `{STORE}` is connected (a cart counts as abandoned after {QUIET})"));
    Ok(Some(demo))
}

/// The road of every merchant: asked for, agreed to in a browser, set up behind the queue.
async fn install(stack: &Stack, key: SecretString, settings: String, progress: &Progress) -> Result<()> {
    let failed =
        |error: &dyn std::fmt::Display| Error::new(format!("the demo store could not be connected: {error}"));
    let config = ConnectConfig {
        table: stack.table.clone(),
        live_queue_url: stack.queues.live.clone(),
        keyring: stack.keyring_secret.clone(),
        store_secrets_prefix: stack.store_secrets_prefix.clone(),
        kms_key: None,
        brevo_api_url: stack.brevo_api_url.clone(),
        shopify_api_url: Some(stack.sandbox_url.clone()),
        public_url: stack.public_url.clone(),
        fixed_egress: false,
        endpoint: Some(stack.aws_endpoint_url.clone()),
    };
    let env = ConnectEnv::new(&config).await.map_err(|error| failed(&error))?;
    let asked = json!({
        "platform": "shopify", "shop_url": format!("{STORE}.myshopify.com"), "api_key": CLIENT_ID,
        "api_secret": CLIENT_SECRET, "brevo_api_key": key.expose_secret(), "settings": settings,
    });
    let asked = serde_json::from_value(asked).map_err(|error| failed(&error))?;
    let answer = begin(&env, &asked).await.map_err(|error| failed(&error))?;
    let link = answer.open.ok_or_else(|| failed(&"there is no link to open"))?;
    let page = Browser::new(stack)?.walk(&link).await?;
    if !page.contains("is connected") {
        return Err(failed(&format!("the last page of its installation is {page}")));
    }
    progress.say("the shop has let the app in; waiting until the store is set up");
    let store = StoreId::parse(STORE).map_err(|error| failed(&error))?;
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        let record = env.table.get_newest::<StoreRecord>(&Key::store(&store)).await;
        let record = record.map_err(|error| failed(&error))?.record;
        match record.map(|record| (record.status, record.attention)) {
            Some((StoreStatus::Active, _)) => return Ok(()),
            Some((StoreStatus::NeedsAttention, why)) => return Err(failed(&why.unwrap_or_default())),
            _ if patience < Instant::now() => return Err(failed(&"its set-up does not end")),
            _ => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

/// What another Brevo than the sandbox does not take of the set-up is only warned of: the store is written down.
async fn write_down(stack: &Stack, key: SecretString, yaml: String, progress: &Progress) -> Result<()> {
    let settings = Settings::from_yaml(&yaml).map_err(|error| Error::new(error.to_string()))?;
    let set_up = match set_up_brevo(&stack.brevo_api_url, &key, &settings, None).await {
        Ok(set_up) => set_up,
        Err(error) => {
            progress.say(&format!("warning: this Brevo was not set up: {error}"));
            SetUp { account: "not-set-up".to_owned(), ..SetUp::default() }
        }
    };
    let target = Target {
        table: stack.table.clone(),
        keyring: stack.keyring_secret.clone(),
        store_secrets_prefix: stack.store_secrets_prefix.clone(),
        brevo_api_url: stack.brevo_api_url.clone(),
        endpoint: Some(stack.aws_endpoint_url.clone()),
        webhook_url: None,
    };
    let new = NewStore {
        store: StoreId::parse(STORE).map_err(|error| Error::new(error.to_string()))?,
        platform: Platform::Shopify,
        shop: format!("{STORE}.myshopify.com"),
        country: Some("DE".to_owned()),
        currency: None,
        live: false,
        client_secret: SecretString::from(CLIENT_SECRET),
        brevo_api_key: key,
        shopify_access_token: Some(SecretString::from(ACCESS_TOKEN)),
        settings: yaml,
    };
    write(&target, &new, &set_up).await.map_err(|error| Error::new(error.to_string()))
}

/// The first key of the management API, as `tajo keys bootstrap` makes it.
pub(crate) async fn first_key(stack: &Stack) -> Result<String> {
    let failed = |error: String| Error::new(format!("no key of the management API could be made: {error}"));
    let aws = tajo_state::sdk_config(Some(&stack.aws_endpoint_url)).await;
    let aws = aws.map_err(|error| failed(error.to_string()))?;
    let table = tajo_state::Table::new(aws_sdk_dynamodb::Client::new(&aws), &stack.table);
    let made = tajo_app::manage::keys::bootstrap(&table, "local stack", false, jiff::Timestamp::now()).await;
    Ok(made.map_err(|error| failed(error.to_string()))?.1.expose_secret().to_owned())
}

/// The sandbox plays the shop and what it knows of the app, whichever Brevo there is.
async fn open_shop(stack: &Stack) -> Result<()> {
    let app = json!({ "client_id": CLIENT_ID, "client_secrets": [CLIENT_SECRET],
        "redirect_urls": [format!("{}/oauth/shopify/callback", stack.public_url)] });
    let shop = json!({ "shop": format!("{STORE}.myshopify.com"), "access_token": ACCESS_TOKEN, "app": app });
    tell_sandbox(&stack.sandbox_url, "/shopify/shops", &shop).await
}

/// Sets something up in the sandbox.
pub(crate) async fn tell_sandbox(sandbox: &str, path: &str, body: &serde_json::Value) -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |error: reqwest::Error| Error::new(format!("the sandbox did not take {path}: {error}"));
    let client = reqwest::Client::builder().no_proxy().build().map_err(failed)?;
    let post = client.post(format!("{sandbox}/_sandbox{path}")).json(body).send().await.map_err(failed)?;
    post.error_for_status().map(|_| ()).map_err(failed)
}

/// Three lists in the sandbox, as the settings name them.
async fn make_lists(base: &str) -> Result<String> {
    let folder = create(base, "/contacts/folders", json!({ "name": "Shop" })).await?;
    let mut yaml = "    lists:\n".to_owned();
    for (name, title) in
        [("all_customers", "All customers"), ("buyers", "Buyers"), ("abandoned_cart", "Abandoned cart")]
    {
        let id = create(base, "/contacts/lists", json!({ "name": title, "folderId": folder })).await?;
        yaml.push_str(&format!("      {name}: {id}\n"));
    }
    Ok(yaml)
}

async fn create(base: &str, path: &str, body: serde_json::Value) -> Result<u64> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |error: reqwest::Error| Error::new(format!("the sandbox did not take {path}: {error}"));
    let client = reqwest::Client::builder().no_proxy().build().map_err(failed)?;
    let post = client.post(format!("{base}{path}")).header("api-key", DEFAULT_KEY).json(&body);
    let answer: serde_json::Value = post.send().await.map_err(failed)?.json().await.map_err(failed)?;
    answer["id"].as_u64().ok_or_else(|| Error::new(format!("the sandbox did not take {path}: {answer}")))
}
