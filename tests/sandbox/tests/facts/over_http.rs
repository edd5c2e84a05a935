//! The same over a socket: the server, the admin API, the web page and the shop's webhooks.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::{Value, json};
use tajo_sandbox::shopify::sign;
use tajo_sandbox::{DEFAULT_KEY, Running, Sandbox};

fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn admin(running: &Running, path: &str, body: Value) -> (u16, Value) {
    let answer = http().post(format!("{}/_sandbox/{path}", running.url)).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn read(running: &Running, path: &str) -> Value {
    http().get(format!("{}/_sandbox/{path}", running.url)).send().await.unwrap().json().await.unwrap()
}

async fn create(running: &Running, email: &str) -> Result<reqwest::Response, reqwest::Error> {
    let body = json!({"email": email});
    http()
        .post(format!("{}/v3/contacts", running.url))
        .header("api-key", DEFAULT_KEY)
        .json(&body)
        .send()
        .await
}

#[tokio::test]
async fn brevo_answers_over_http() {
    let running = Sandbox::new().spawn().await;
    let answer = create(&running, "jo@example.com").await.unwrap();
    assert_eq!(answer.headers()["x-sib-ratelimit-limit"], "10");
    assert_eq!((answer.status().as_u16(), answer.json::<Value>().await.unwrap()), (201, json!({"id": 1})));
    let state = read(&running, "state").await;
    assert_eq!(state["contacts"][0]["email"], "jo@example.com");
    assert_eq!(read(&running, "calls").await[0]["status"], 201);
}

#[tokio::test]
async fn faults_happen_on_the_wire() {
    let running = Sandbox::new().spawn().await;
    for action in [json!({"drop": true}), json!({"apply_then_drop": true}), json!({"truncate": true})] {
        assert_eq!(admin(&running, "faults", json!({"action": action})).await.0, 200);
    }
    assert!(create(&running, "a@example.com").await.is_err());
    assert!(create(&running, "b@example.com").await.is_err());
    let cut = create(&running, "c@example.com").await.unwrap();
    assert_eq!(cut.status(), 201);
    assert!(cut.bytes().await.is_err());
    let emails: Vec<Value> = read(&running, "state").await["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["email"].clone())
        .collect();
    assert_eq!(emails, ["b@example.com", "c@example.com"]);

    admin(&running, "faults", json!({"action": {"delay_ms": 300}})).await;
    let began = std::time::Instant::now();
    assert_eq!(create(&running, "d@example.com").await.unwrap().status(), 201);
    assert!(began.elapsed().as_millis() >= 300);
}

#[tokio::test]
async fn the_admin_api_sets_accounts_up_and_starts_over() {
    let running = Sandbox::new().spawn().await;
    let attributes = json!([{"name": "ORDER_COUNT", "type": "float"}]);
    let body =
        json!({"api_key": "xkeysib-two", "name": "two", "ecommerce_active": true, "attributes": attributes});
    assert_eq!(admin(&running, "accounts", body).await, (200, json!({"account": "two"})));
    let state = read(&running, "state?account=two").await;
    assert_eq!(state["ecommerce"]["active"], true);
    let names: Vec<&Value> = state["attributes"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert!(names.contains(&&json!("ORDER_COUNT")));
    let by_key = http().get(format!("{}/_sandbox/state", running.url)).header("api-key", "xkeysib-two");
    assert_eq!(by_key.send().await.unwrap().json::<Value>().await.unwrap()["account"], "two");

    assert_eq!(admin(&running, "accounts", json!({"name": "three"})).await.0, 400);
    assert_eq!(admin(&running, "faults", json!({"action": {"drop": true}, "times": 0})).await.0, 400);
    assert!(read(&running, "state?account=none").await["error"].is_string());
    assert_eq!(admin(&running, "reset", json!({})).await.0, 200);
    assert_eq!(read(&running, "accounts").await, json!(["account-1"]));
}

#[tokio::test]
async fn the_web_page_shows_what_brevo_knows() {
    let running = Sandbox::new().spawn().await;
    create(&running, "jo@example.com").await.unwrap();
    let page = http().get(&running.url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("jo@example.com") && page.contains("subscribed") && page.contains("/v3/contacts"));
    let missing = http().get(format!("{}/?account=none", running.url)).send().await.unwrap();
    assert_eq!(missing.status(), 404);
}

/// A receiver that says what it got.
async fn receiver() -> String {
    let show = |headers: HeaderMap, body: String| async move {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        json!({"host": header("host"), "topic": header("x-shopify-topic"), "signature": header("x-shopify-hmac-sha256"),
            "agent": header("user-agent"), "body": body})
        .to_string()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
    let router = Router::new().route("/webhooks", post(show));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_shop_sends_signed_webhooks() {
    let running = Sandbox::new().spawn().await;
    let url = receiver().await;
    let raw = r#"{"id": 1,  "note":"as it stands"}"#;
    let wanted = json!({"url": url, "host": "api.example.com", "shop": "jo.myshopify.com", "client_secret": "hush",
        "topic": "orders/create", "raw": raw, "webhook_id": "w-1", "copies": 2});
    let (status, receipts) = admin(&running, "shopify/send", wanted).await;
    assert_eq!((status, receipts.as_array().map(Vec::len)), (200, Some(2)));
    assert_eq!((&receipts[0]["status"], &receipts[1]["webhook_id"]), (&json!(200), &json!("w-1")));
    let got: Value = serde_json::from_str(receipts[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&got["host"], &got["topic"]), (&json!("api.example.com"), &json!("orders/create")));
    assert_eq!((&got["body"], &got["signature"]), (&json!(raw), &json!(sign("hush", raw.as_bytes()))));
}

#[tokio::test]
async fn a_webhook_can_be_forged_or_unsigned() {
    let running = Sandbox::new().spawn().await;
    let base = json!({"url": receiver().await, "shop": "jo.myshopify.com", "client_secret": "hush",
        "topic": "orders/create", "body": {"id": 1}});
    let right = json!(sign("hush", br#"{"id":1}"#));
    for (field, value) in [("forge", json!(true)), ("signature", json!(false))] {
        let mut wanted = base.clone();
        wanted[field] = value;
        let (_, receipts) = admin(&running, "shopify/send", wanted).await;
        let got: Value = serde_json::from_str(receipts[0]["body"].as_str().unwrap()).unwrap();
        assert_ne!(got["signature"], right);
        assert_eq!(got["signature"].is_null(), field == "signature");
    }
}

#[tokio::test]
async fn a_shop_sends_to_this_machine_only() {
    let running = Sandbox::new().spawn().await;
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "here",
    ] {
        let wanted = json!({"url": url, "shop": "jo.myshopify.com", "client_secret": "hush", "topic": "orders/create", "body": {}});
        let (status, answer) = admin(&running, "shopify/send", wanted).await;
        assert_eq!(status, 400, "{url}");
        assert!(answer["error"].is_string());
    }
}

#[test]
fn the_program_says_where_it_is_and_ends_by_itself() {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_tajo-sandbox"));
    let output = program.args(["--max-seconds", "1"]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let lines: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert!(lines.len() == 1 && lines[0]["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
}
