//! The management API through its front door: a request in, an answer out.

use serde_json::{Value, json};
use tajo_app::manage::keys::bootstrap;
use tajo_app::manage::{Manage, Request, Response, answer};
use tajo_testkit::SHOP;

use crate::stage::Stage;

/// A world with a store and with somebody who may ask.
pub struct Office {
    pub stage: Stage,
    pub manage: Manage,
    /// The first key: it may do everything.
    pub key: String,
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub response: Response,
}

impl Office {
    pub async fn new(settings: &str) -> Self {
        Self::at(Stage::new(settings).await).await
    }

    pub async fn at(stage: Stage) -> Self {
        use secrecy::ExposeSecret;
        let manage = stage.world.manage(&stage.front).await;
        let now = manage.connect.clock.now();
        let (_, key) = bootstrap(&manage.connect.table, "first", true, now).await.unwrap();
        Self { stage, manage, key: key.expose_secret().to_owned() }
    }

    /// The same office, seen by somebody else.
    pub async fn beside(other: &Self) -> Self {
        let stage = Stage::with(other.stage.world.clone()).await;
        let manage = stage.world.manage(&stage.front).await;
        Self { stage, manage, key: other.key.clone() }
    }

    /// Asks with the first key.
    pub async fn ask(&self, method: &str, target: &str, body: Value) -> Answer {
        self.ask_as(&self.key, method, target, body).await
    }

    /// Asks with a key.
    pub async fn ask_as(&self, key: &str, method: &str, target: &str, body: Value) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let has_body = !body.is_null();
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            authorization: Some(format!("Bearer {key}")),
            content_type: has_body.then(|| "application/json".to_owned()),
            body: if has_body { body.to_string().into_bytes() } else { Vec::new() },
        };
        self.send(&request).await
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: &Request) -> Answer {
        let response = answer(&self.manage, request).await;
        let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
        if response.status >= 400 && request.method != "HEAD" {
            assert_eq!(response.header("content-type"), Some("application/problem+json"));
            assert_eq!(body["status"], response.status, "{body}");
            assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 5), "{body}");
        }
        Answer { status: response.status, body, response }
    }

    /// The answer to a question that succeeds.
    pub async fn get(&self, target: &str) -> Value {
        let answer = self.ask("GET", target, Value::Null).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.body);
        answer.body
    }

    /// What becomes of something that succeeds.
    pub async fn post(&self, target: &str, body: Value) -> Value {
        let answer = self.ask("POST", target, body).await;
        assert!((200..300).contains(&answer.status), "{target}: {}", answer.body);
        answer.body
    }

    /// A new key.
    pub async fn new_key(&self, scope: &str, stores: Option<&[&str]>) -> String {
        let mut asked = json!({"name": scope, "scope": scope});
        if let Some(stores) = stores {
            asked["stores"] = json!(stores);
        }
        self.post("/v1/keys", asked).await["secret"].as_str().unwrap().to_owned()
    }

    /// Another store of the same Brevo account.
    pub async fn add_store(&self, store: &str) {
        let shop = format!("{store}.myshopify.com");
        self.stage.world.add_store(&self.stage.front, store, &shop, "").await;
    }
}

/// A path of the one store.
pub fn at(rest: &str) -> String {
    format!("/v1/stores/demo-shop{rest}")
}

#[tokio::test]
async fn status_tells_how_the_store_is_in_the_words_of_the_sdk() {
    let office = Office::new("").await;
    let before = office.get("/v1/stores/_").await;
    assert_eq!(
        (&before["state"], &before["connected"], &before["shop"]),
        (&json!("active"), &json!(true), &json!(SHOP))
    );
    assert_eq!((&before["customersCount"], before.get("lastSync")), (&json!(0), None));
    office.stage.tell("customers/create", &crate::bodies::sample("customers-create")).await;
    office.stage.tell("orders/create", &crate::bodies::sample("orders-create.paid")).await;
    office.stage.tell("products/create", &crate::bodies::sample("products-create")).await;
    let after = office.get(&at("")).await;
    let figures =
        ["customersCount", "ordersCount", "productsCount"].map(|name| after[name].as_u64().unwrap());
    assert_eq!(figures[1..], [1, 1], "{after}");
    assert!(figures[0] >= 1, "{after}");
    assert!(after["lastSync"].is_string() && after["countedAt"].is_string(), "{after}");
    // It may have been counted once more.
    let uncounted = |mut status: Value| {
        status["countedAt"] = Value::Null;
        status
    };
    let listed = office.get("/v1/stores").await["stores"][0].clone();
    assert_eq!(uncounted(listed), uncounted(after));
}

#[tokio::test]
async fn an_unnamed_store_is_the_only_one_and_with_several_the_answer_names_them() {
    let office = Office::new("").await;
    office.add_store("second").await;
    for (method, path, body) in [
        ("GET", "/v1/stores/_", Value::Null),
        ("GET", "/v1/stores/_/logs", Value::Null),
        ("POST", "/v1/stores/_/pause", Value::Null),
        ("POST", "/v1/stores/_/webhooks", json!({"topic": "customers/create", "payload": {"id": 1}})),
    ] {
        let answer = office.ask(method, path, body).await;
        assert_eq!((answer.status, &answer.body["code"]), (409, &json!("conflict")), "{path}");
        assert_eq!(answer.body["stores"], json!(["demo-shop", "second"]), "{path}");
    }
    assert_eq!(office.get("/v1/stores").await["stores"].as_array().unwrap().len(), 2);
    assert_eq!(office.get("/v1/stores/second").await["shop"], "second.myshopify.com");
    // A key of one store means that one.
    let key = office.new_key("operate", Some(&["second"])).await;
    let answer = office.ask_as(&key, "POST", "/v1/stores/_/pause", Value::Null).await;
    assert_eq!((answer.status, &answer.body["store"]), (200, &json!("second")));
    let missing = office.ask("GET", "/v1/stores/third", Value::Null).await;
    assert_eq!((missing.status, &missing.body["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn a_sync_that_is_asked_for_says_that_no_runner_is_there_and_stands_in_the_history() {
    let office = Office::new("").await;
    let asked =
        json!({"type": "full", "resources": ["customers", "orders", "products"], "since": "2023-01-01"});
    let run = office.post("/v1/stores/_/syncs", asked).await;
    assert_eq!(
        (&run["state"], &run["kind"], &run["since"]),
        (&json!("failed"), &json!("full"), &json!("2023-01-01"))
    );
    assert!(run["note"].as_str().unwrap().contains("no runner"), "{run}");
    assert!(run["started_by"].as_str().unwrap().len() == 12, "the key's public half: {run}");
    assert_eq!(office.get(&at(&format!("/syncs/{}", run["id"].as_str().unwrap()))).await, run);
    // Newest first, in pages.
    for _ in 0..4 {
        office.stage.world.advance(jiff::SignedDuration::from_secs(1));
        office.post("/v1/stores/_/syncs", json!({})).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = office.get(&at(&format!("/syncs?limit=2{cursor}"))).await;
        seen.extend(
            page["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_by(|one, two| two.cmp(one));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (5, &sorted));
    assert_eq!(seen.last().unwrap(), run["id"].as_str().unwrap());
    for bad in [
        json!({"resources": ["carts"]}),
        json!({"resources": []}),
        json!({"since": "yesterday"}),
        json!({"type": "half"}),
        json!({"resource": ["orders"]}),
        json!([]),
    ] {
        assert_eq!(office.ask("POST", &at("/syncs"), bad.clone()).await.status, 400, "{bad}");
    }
    assert_eq!(office.ask("GET", &at("/syncs/none"), Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_forwarded_webhook_goes_the_way_of_all_and_twice_is_once() {
    let office = Office::new("").await;
    let body = crate::bodies::sample("customers-create");
    let forward = json!({"topic": "customers/create", "payload": body});
    let first = office.post("/v1/stores/_/webhooks", forward.clone()).await;
    let again = office.post("/v1/stores/_/webhooks", forward).await;
    assert_eq!(first, again, "the same is named the same");
    let text = json!({"topic": "customers/create", "payload": body.to_string(), "delivery": "d-7"});
    assert_eq!(office.post("/v1/stores/_/webhooks", text).await["delivery"], "d-7");
    let reports = office.stage.drain().await;
    assert_eq!(reports.len(), 3);
    assert_ne!(office.stage.contact("jo@example.com"), Value::Null);
    assert_eq!(office.stage.count("customer_created"), 1);
    let lines = office.get(&at("/logs")).await;
    assert!(lines["lines"].as_array().unwrap().iter().any(|line| line["delivery"] == first["delivery"]));
}

#[tokio::test]
async fn what_is_no_webhook_of_the_platform_is_not_forwarded() {
    let office = Office::new("").await;
    let ask = async |key: &str, topic: &str, payload: Value| {
        let body = json!({"topic": topic, "payload": payload});
        office.ask_as(key, "POST", "/v1/stores/_/webhooks", body).await.status
    };
    let (admin, operate) = (office.key.clone(), office.new_key("operate", None).await);
    for topic in [
        "tajo/cart_due",
        "tajo/resume",
        "tajo/brevo_webhook",
        "TAJO/cart_due",
        "nothing/known",
        "",
        "a b",
        "customers/create\u{0}",
    ] {
        assert_eq!(ask(&admin, topic, json!({"id": 1})).await, 422, "{topic:?}");
    }
    for payload in [json!(1), json!([]), json!("[]"), json!("no json"), json!(null), json!(true)] {
        assert_eq!(ask(&admin, "orders/create", payload.clone()).await, 400, "{payload}");
    }
    // What erases or ends something takes more than the right to operate.
    for topic in ["customers/redact", "shop/redact", "app/uninstalled", "customers/data_request"] {
        assert_eq!(ask(&operate, topic, json!({"id": 1})).await, 403, "{topic}");
    }
    assert_eq!(ask(&admin, "customers/redact", json!({"shop_id": 1, "customer": {"id": 1}})).await, 202);
    assert!(office.stage.world.take_messages().len() == 1, "only that one");
}
