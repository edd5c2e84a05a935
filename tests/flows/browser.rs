//! A merchant's browser, a shop that knows the app, and what is needed to connect it.

use oauth_callback::handle;
use serde_json::{Value, json};
use tajo_api::{Connect, ConnectAnswer};
use tajo_app::connect::{Authority, ConnectEnv, ConnectError, begin};
use tajo_domain::StoreId;
use tajo_gateway::Event;
use tajo_sandbox::ShopSettings;
use tajo_state::{Key, StoreRecord};
use tajo_testkit::{BREVO_KEY, KEYRING, PUBLIC_URL, SHOP, STORE, World};
use url::Url;

use crate::stage::Stage;

pub const CLIENT_ID: &str = "client-of-the-app";
pub const CLIENT_SECRET: &str = "secret-of-the-app";

/// One deployment, its brevo-sync, and a shop that has not let the app in yet.
pub struct Road {
    pub stage: Stage,
    /// Management's.
    pub env: ConnectEnv,
    /// oauth-callback's.
    pub callback: ConnectEnv,
}

impl Road {
    pub async fn new() -> Self {
        let stage = Stage::unconnected().await;
        stage.world.put_secret(KEYRING, r#"{"v":1,"stores":{}}"#);
        stage.world.without_shopify_token();
        let env = stage.world.connect_env(&stage.front).await;
        let callback = stage.world.callback_env(&stage.front).await;
        let road = Self { stage, env, callback };
        road.app(json!({}));
        road
    }

    /// Changes what the shop knows of the app.
    pub fn app(&self, changes: Value) {
        let mut app = json!({ "client_id": CLIENT_ID, "client_secrets": [CLIENT_SECRET],
            "redirect_urls": [format!("{PUBLIC_URL}/oauth/shopify/callback")] });
        app.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.shop(json!({ "app": app }));
    }

    /// Changes the shop.
    pub fn shop(&self, settings: Value) {
        shop(&self.stage.world, SHOP, settings);
    }

    pub async fn begin(&self, changes: Value) -> Result<ConnectAnswer, ConnectError> {
        begin(&self.env, Authority::Deployment, &asked(changes)).await
    }

    /// Begins, and answers the link.
    pub async fn link(&self, changes: Value) -> String {
        let answer = self.begin(changes).await.unwrap();
        assert!(!answer.connected);
        answer.open.unwrap()
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { road: self, cookie: None }
    }

    pub async fn record(&self) -> StoreRecord {
        self.record_of(STORE).await
    }

    pub async fn record_of(&self, store: &str) -> StoreRecord {
        let table = self.stage.world.table(&self.stage.front).await;
        let key = Key::store(&StoreId::parse(store).unwrap());
        table.get_newest::<StoreRecord>(&key).await.unwrap().record.unwrap()
    }

    pub fn secret(&self) -> Value {
        serde_json::from_str(&self.stage.world.secret(&format!("test/store/{STORE}")).unwrap()).unwrap()
    }

    pub fn keyring(&self) -> Value {
        serde_json::from_str(&self.stage.world.secret(KEYRING).unwrap()).unwrap()
    }

    /// Topics of the webhooks in the shop, sorted.
    pub fn webhooks(&self) -> Vec<String> {
        let webhooks = self.stage.world.sandbox.webhooks(SHOP);
        let mut topics: Vec<String> =
            webhooks.iter().map(|webhook| webhook["topic"].as_str().unwrap().to_owned()).collect();
        topics.sort_unstable();
        topics
    }
}

pub fn shop(world: &World, address: &str, mut settings: Value) {
    settings["shop"] = json!(address);
    world.sandbox.configure_shop(&serde_json::from_value::<ShopSettings>(settings).unwrap());
}

/// What is asked for to connect the shop, with these changes.
pub fn asked(changes: Value) -> Connect {
    let mut asked = json!({ "platform": "shopify", "shop_url": SHOP, "brevo_api_key": BREVO_KEY,
        "api_key": CLIENT_ID, "api_secret": CLIENT_SECRET });
    asked.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(asked).unwrap()
}

/// What came of opening an address.
#[derive(Debug)]
pub struct Shown {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Shown {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A browser with one jar for the cookies of this deployment. Its requests to us go through the function's handler, those
/// to the shop to the sandbox.
pub struct Browser<'a> {
    pub road: &'a Road,
    pub cookie: Option<String>,
}

impl Browser<'_> {
    /// Opens an address, and answers what came back without following it.
    pub async fn open(&mut self, url: &str) -> Shown {
        match url.strip_prefix(PUBLIC_URL) {
            Some(target) => self.ask_us(target).await,
            None => self.ask_shop(url).await,
        }
    }

    /// Opens an address and follows wherever it leads.
    pub async fn walk(&mut self, url: &str) -> Shown {
        let mut url = url.to_owned();
        for _ in 0..10 {
            let shown = self.open(&url).await;
            match shown.header("location") {
                Some(to) => url = to.to_owned(),
                None => return shown,
            }
        }
        panic!("the way has no end");
    }

    /// As far as the way back: the address of the callback.
    pub async fn walk_until_callback(&mut self, link: &str) -> String {
        let to_shop = self.open(link).await;
        assert_eq!(to_shop.status, 302, "{to_shop:?}");
        let back = self.open(to_shop.header("location").unwrap()).await;
        assert_eq!(back.status, 302, "{back:?}");
        back.header("location").unwrap().to_owned()
    }

    async fn ask_us(&mut self, target: &str) -> Shown {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let cookies: Vec<String> = self.cookie.iter().cloned().collect();
        let event = json!({ "version": "2.0", "routeKey": format!("GET {path}"), "rawPath": path, "rawQueryString": query,
            "cookies": cookies, "headers": { "host": "tajo.example" }, "isBase64Encoded": false,
            "requestContext": { "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r", "time": "",
                "timeEpoch": 0, "domainName": "tajo.example",
                "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "b" } } });
        self.answered(&event).await
    }

    /// What the function answers to an event, however odd.
    pub async fn answered(&mut self, event: &Value) -> Shown {
        let event: Event = serde_json::from_value(event.clone()).unwrap();
        let answer = serde_json::to_value(handle(&self.road.callback, event).await).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers = answer["headers"].as_object().unwrap().iter();
        let cookies = answer["cookies"].as_array().into_iter().flatten();
        let headers: Vec<(String, String)> = headers
            .map(|(name, value)| (name.clone(), text(value)))
            .chain(cookies.map(|cookie| ("set-cookie".to_owned(), text(cookie))))
            .collect();
        if let Some((_, cookie)) = headers.iter().find(|(name, _)| name == "set-cookie") {
            let pair = cookie.split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        let status = answer["statusCode"].as_u64().unwrap().try_into().unwrap();
        Shown { status, headers, body: text(&answer["body"]) }
    }

    async fn ask_shop(&self, url: &str) -> Shown {
        let parsed = Url::parse(url).unwrap();
        assert!(url.starts_with(&self.road.stage.front.url), "the browser was sent to {parsed}");
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let answer = client.get(parsed).send().await.unwrap();
        let headers = answer.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        Shown { status: answer.status().as_u16(), headers, body: answer.text().await.unwrap() }
    }
}
