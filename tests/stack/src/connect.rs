//! Connects the demo store to a stack that has just been deployed, as a merchant would: through the installation.

use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_sandbox::DEFAULT_KEY;

use crate::browser::Browser;
use crate::written::{Written, write_down};
use crate::{DemoStore, Error, Progress, Result, Stack, http};

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
/// not take the set-up is only warned of: it may play less than the whole. The store is written down then.
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
    match install(stack, &key, &yaml, progress).await {
        Ok(()) => {}
        Err(error) if is_sandbox => return Err(error),
        Err(error) => {
            progress.say(&format!("warning: this Brevo was not set up: {error}"));
            write_down(stack, written(key, yaml)).await?;
        }
    }
    progress.say(&format!("store `{STORE}` is connected (a cart counts as abandoned after {QUIET})"));
    Ok(Some(demo))
}

/// The road of every merchant: asked for over the management API, agreed to in a browser, set up behind the queue.
async fn install(stack: &Stack, key: &SecretString, settings: &str, progress: &Progress) -> Result<()> {
    let failed =
        |error: &dyn std::fmt::Display| Error::new(format!("the demo store could not be connected: {error}"));
    let api = Api { stack, http: http::client()? };
    let asked = json!({
        "platform": "shopify", "shop_url": format!("{STORE}.myshopify.com"), "api_key": CLIENT_ID,
        "api_secret": CLIENT_SECRET, "brevo_api_key": key.expose_secret(), "settings": settings,
    });
    let answer = api.ask(Method::POST, "/v1/stores", Some(&asked)).await.map_err(|error| failed(&error))?;
    let link = answer["open"].as_str().ok_or_else(|| failed(&"there is no link to open"))?;
    let page = Browser::new(stack)?.walk(link).await?;
    if !page.contains("is connected") {
        return Err(failed(&format!("the last page of its installation is {page}")));
    }
    progress.say("the shop has let the app in; waiting until the store is set up");
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        let store = api.ask(Method::GET, &format!("/v1/stores/{STORE}"), None).await;
        let store = store.map_err(|error| failed(&error))?;
        match store["state"].as_str() {
            Some("active") => return Ok(()),
            Some("needs_attention") => return Err(failed(&store["attention"])),
            _ if patience < Instant::now() => return Err(failed(&"its set-up does not end")),
            _ => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

/// The deployed management API, asked with the stack's key.
struct Api<'a> {
    stack: &'a Stack,
    http: reqwest::Client,
}

impl Api<'_> {
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let failed = |error: &dyn std::fmt::Display| Error::new(format!("{method} {path}: {error}"));
        let url = format!("{}{path}", self.stack.api_url);
        let mut request = self.http.request(method.clone(), url).bearer_auth(&self.stack.api_key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| failed(&error))?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(|error| failed(&error))?;
        if status.is_success() { Ok(body) } else { Err(failed(&format!("{status} {body}"))) }
    }
}

/// The demo store, where its Brevo does not take the set-up.
fn written(brevo_api_key: SecretString, settings: String) -> Written {
    Written {
        store: STORE.to_owned(),
        shop: format!("{STORE}.myshopify.com"),
        client_secret: CLIENT_SECRET.to_owned(),
        access_token: ACCESS_TOKEN.to_owned(),
        brevo_api_key,
        account: "not-set-up".to_owned(),
        country: Some("DE".to_owned()),
        settings,
        connected_at: jiff::Timestamp::now(),
    }
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
pub(crate) async fn tell_sandbox(sandbox: &str, path: &str, body: &Value) -> Result<()> {
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

async fn create(base: &str, path: &str, body: Value) -> Result<u64> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |error: reqwest::Error| Error::new(format!("the sandbox did not take {path}: {error}"));
    let client = reqwest::Client::builder().no_proxy().build().map_err(failed)?;
    let post = client.post(format!("{base}{path}")).header("api-key", DEFAULT_KEY).json(&body);
    let answer: Value = post.send().await.map_err(failed)?.json().await.map_err(failed)?;
    answer["id"].as_u64().ok_or_else(|| Error::new(format!("the sandbox did not take {path}: {answer}")))
}
