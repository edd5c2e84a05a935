//! Letting an app in, and what it may do then. The clock stands still unless a test moves it.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_sandbox::shopify::signature;
use tajo_sandbox::{Request, Response, Sandbox, ShopSettings};

const SHOP: &str = "one.myshopify.com";
const BACK: &str = "https://app.example/callback";

struct Shop {
    sandbox: Sandbox,
    now: Cell<Timestamp>,
}

impl Shop {
    fn new(app: Value) -> Self {
        let shop = Self { sandbox: Sandbox::new(), now: Cell::new("2026-11-21T09:00:00Z".parse().unwrap()) };
        let mut all = json!({ "client_id": "id", "client_secrets": ["hush"], "redirect_urls": [BACK] });
        all.as_object_mut().unwrap().extend(app.as_object().unwrap().clone());
        shop.configure(json!({ "app": all }));
        shop
    }

    fn configure(&self, mut settings: Value) {
        settings["shop"] = json!(SHOP);
        self.sandbox.configure_shop(&serde_json::from_value::<ShopSettings>(settings).unwrap());
    }

    fn wait(&self, seconds: i64) {
        self.now.set(self.now.get() + SignedDuration::from_secs(seconds));
    }

    fn authorize(&self, changes: &str) -> Response {
        let query = format!(
            "shop={SHOP}&client_id=id&scope=read_orders,read_products&redirect_uri={BACK}&state=s{changes}"
        );
        self.sandbox.call_at(Request::new("GET", &format!("/admin/oauth/authorize?{query}")), self.now.get())
    }

    /// The code of a new authorisation.
    fn code(&self) -> String {
        let to = self.authorize("").header("location").unwrap().to_owned();
        let query = to.split_once('?').unwrap().1.to_owned();
        let pairs = url(&query);
        pairs.into_iter().find(|(name, _)| name == "code").unwrap().1
    }

    fn token(&self, fields: Value) -> (u16, Value) {
        let mut body = json!({ "client_id": "id", "client_secret": "hush" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let request = Request::new("POST", &format!("/admin/oauth/access_token?shop={SHOP}")).json(&body);
        let answer = self.sandbox.call_at(request, self.now.get());
        (answer.status, answer.json())
    }

    fn ask(&self, token: &Value, query: &str) -> (u16, Value) {
        let mut request =
            Request::new("POST", "/admin/api/2026-10/graphql.json").key("").json(&json!({ "query": query }));
        request.headers.push(("x-shopify-access-token".to_owned(), token.as_str().unwrap().to_owned()));
        let answer = self.sandbox.call_at(request, self.now.get());
        (answer.status, answer.json())
    }

    fn pair(&self) -> Value {
        self.token(json!({ "code": self.code(), "expiring": "1" })).1
    }

    fn refresh(&self, pair: &Value) -> (u16, Value) {
        self.token(json!({ "grant_type": "refresh_token", "refresh_token": pair["refresh_token"] }))
    }
}

fn url(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

const SCOPES: &str = "{ currentAppInstallation { accessScopes { handle } } }";

#[test]
fn a_merchant_is_sent_back_with_a_signed_code() {
    let shop = Shop::new(json!({ "client_secrets": ["new", "hush"] }));
    let to = shop.authorize("").header("location").unwrap().to_owned();
    let (signed, hmac) = to.split_once('?').unwrap().1.rsplit_once("&hmac=").unwrap();
    assert_eq!(signature(signed, "hush"), hmac, "the oldest secret signs");
    assert!(signed.contains("state=s") && signed.contains(&format!("shop={SHOP}")), "{signed}");
    assert_eq!(shop.authorize("&client_id=other").status, 302, "the first of two counts");
    let other = Shop::new(json!({ "redirect_urls": ["https://else.example"] }));
    assert_eq!(other.authorize("").status, 400, "only to where the app says");
}

#[test]
fn a_code_is_good_once_and_for_its_own_app() {
    let shop = Shop::new(json!({}));
    let code = shop.code();
    let wrong = json!({ "code": code, "client_secret": "wrong" });
    assert_eq!(shop.token(wrong), (401, json!({ "error": "invalid_client" })));
    let (status, answer) = shop.token(json!({ "code": code }));
    assert_eq!((status, &answer["expires_in"]), (200, &Value::Null), "without `expiring` it lives on");
    assert_eq!(shop.token(json!({ "code": code })), (400, json!({ "error": "invalid_grant" })));
}

#[test]
fn an_expiring_token_lives_an_hour() {
    let shop = Shop::new(json!({}));
    let pair = shop.pair();
    assert_eq!((&pair["expires_in"], &pair["refresh_token_expires_in"]), (&json!(3600), &json!(7_776_000)));
    assert_eq!(shop.ask(&pair["access_token"], SCOPES).0, 200);
    shop.wait(3_600);
    assert_eq!(shop.ask(&pair["access_token"], SCOPES).0, 401);
}

#[test]
fn a_used_refresh_token_stays_good_until_its_successor_is_used() {
    let shop = Shop::new(json!({}));
    let first = shop.pair();
    let (status, second) = shop.refresh(&first);
    assert_eq!(status, 200);
    assert_eq!(shop.ask(&first["access_token"], SCOPES).0, 200, "the old access token lives out its hour");
    assert_eq!(shop.refresh(&first).0, 200, "an answer that was lost");
    let (_, third) = shop.refresh(&first);
    assert_eq!(shop.refresh(&third).0, 200);
    assert_eq!(shop.refresh(&first), (400, json!({ "error": "invalid_grant" })));
    shop.wait(31 * 24 * 3_600);
    assert_eq!(shop.refresh(&second).0, 200, "within its own 90 days");
}

#[test]
fn only_an_app_of_the_organisation_gets_a_token_by_itself() {
    let grant = json!({ "grant_type": "client_credentials" });
    let other = Shop::new(json!({}));
    assert_eq!(other.token(grant.clone()), (400, json!({ "error": "shop_not_permitted" })));
    let own = Shop::new(json!({ "own_organisation": true, "grants": ["read_orders"] }));
    let (status, answer) = own.token(grant);
    assert_eq!(
        (status, &answer["expires_in"], &answer["scope"]),
        (200, &json!(86_399), &json!("read_orders"))
    );
}

#[test]
fn a_token_has_the_rights_that_were_granted() {
    let shop = Shop::new(json!({ "grants": ["read_products"] }));
    let pair = shop.pair();
    let (_, answer) = shop.ask(&pair["access_token"], SCOPES);
    assert_eq!(
        answer["data"]["currentAppInstallation"]["accessScopes"],
        json!([{ "handle": "read_products" }])
    );
    let (_, answer) = shop.ask(&pair["access_token"], "{ products(first: 1) { nodes { id } } }");
    assert_eq!(answer["data"]["products"]["nodes"], json!([]));
    let (_, answer) = shop.ask(&pair["access_token"], "{ orders(first: 1) { nodes { id } } }");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "ACCESS_DENIED");
}

#[test]
fn removing_the_app_ends_its_tokens_and_its_webhooks() {
    let shop = Shop::new(json!({}));
    let pair = shop.pair();
    let create = "mutation { webhookSubscriptionCreate(topic: ORDERS_CREATE,
        webhookSubscription: { uri: \"https://app.example/hook\" }) { userErrors { message } } }";
    shop.ask(&pair["access_token"], create);
    assert_eq!(shop.sandbox.webhooks(SHOP).len(), 1);
    shop.configure(json!({ "installed": false }));
    assert_eq!(shop.ask(&pair["access_token"], SCOPES).0, 401);
    assert_eq!(shop.refresh(&pair), (400, json!({ "error": "invalid_grant" })));
    assert_eq!(shop.sandbox.webhooks(SHOP).len(), 0);
}

#[test]
fn a_webhook_needs_its_right_and_an_address_of_its_own() {
    let shop = Shop::new(json!({ "grants": ["read_orders"] }));
    let pair = shop.pair();
    let create = |topic: &str, uri: &str| {
        let query = format!(
            "mutation {{ webhookSubscriptionCreate(topic: {topic}, webhookSubscription: {{ uri: \"{uri}\" }})
            {{ webhookSubscription {{ apiVersion {{ handle }} }} userErrors {{ message }} }} }}"
        );
        shop.ask(&pair["access_token"], &query).1["data"]["webhookSubscriptionCreate"].clone()
    };
    let made = create("ORDERS_CREATE", "https://app.example/hook");
    assert_eq!(
        made["webhookSubscription"]["apiVersion"]["handle"], "2026-10",
        "of the address that was asked"
    );
    for (topic, uri, says) in [
        ("ORDERS_CREATE", "https://app.example/hook", "already been taken"),
        ("PRODUCTS_CREATE", "https://app.example/hook", "do not have permission"),
        ("ORDERS_UPDATED", "http://app.example/hook", "invalid"),
        ("ORDERS_UPDATED", "https://localhost/hook", "invalid"),
    ] {
        let refused = create(topic, uri)["userErrors"][0]["message"].as_str().unwrap().to_owned();
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn no_token_stands_in_the_log_of_calls() {
    let shop = Shop::new(json!({}));
    let pair = shop.pair();
    let text = serde_json::to_string(&shop.sandbox.calls()).unwrap();
    for secret in [&pair["access_token"], &pair["refresh_token"], &json!("hush")] {
        assert!(!text.contains(secret.as_str().unwrap()), "{text}");
    }
}
