//! The Lambda envelopes in `events/sam` agree with the bodies in `events/shopify`.
//!
//! `UPDATE=1 cargo test -p tajo-platforms --test envelopes` writes them anew, after a body or the notice changed.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::panic)] // helpers of tests are tests too

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tajo_domain::StoreId;
use tajo_platforms::shopify::webhook::{self, Headers};
use tajo_platforms::{Notice, Platform};

const SHOP: &str = "demo-shop.myshopify.com";
/// Signs the webhooks of the demo store, on the local stack only (`tests/stack/src/connect.rs`).
const DEMO_SECRET: &str = "demo-client-secret";
const WEBHOOK_BODY: &str = "customers-create";
const QUEUED_BODY: &str = "orders-create.paid";

#[test]
fn the_webhook_is_signed_and_carries_the_body() {
    let envelope = envelope("webhook", webhook);
    let headers = envelope["headers"].as_object().unwrap();
    let headers = Headers::read(headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())));
    let body = envelope["body"].as_str().unwrap();
    assert_eq!(body, event(WEBHOOK_BODY));
    let check = webhook::verify(body.as_bytes(), headers.signature.as_deref(), &[DEMO_SECRET.as_bytes()], 2);
    assert!(check.genuine);
    assert_eq!(headers.topic.as_deref(), Some("customers/create"));
    assert_eq!(headers.shop.as_deref(), Some(SHOP));
    assert!(headers.delivery.is_some() && headers.triggered_at.is_some());
}

#[test]
fn the_queued_notices_carry_the_body() {
    for (name, make) in [("live", live as fn() -> Value), ("dead-letters", dead_letters)] {
        let envelope = envelope(name, make);
        let [record] = &envelope["Records"].as_array().unwrap()[..] else { panic!("one record in {name}") };
        assert!(record["eventSourceARN"].as_str().unwrap().ends_with(&format!(":{name}")));
        let notice = Notice::from_json(record["body"].as_str().unwrap()).unwrap();
        assert_eq!(notice.body().unwrap(), event(QUEUED_BODY).as_bytes());
        assert_eq!((notice.topic.as_str(), notice.shop.as_str()), ("orders/create", SHOP));
    }
}

#[test]
fn the_schedule_is_what_the_scheduler_sends() {
    assert_eq!(envelope("schedule", schedule)["source"], "aws.scheduler");
}

/// Reads an envelope; with `UPDATE=1` writes it first.
fn envelope(name: &str, make: fn() -> Value) -> Value {
    let path = events().join(format!("sam/{name}.json"));
    if std::env::var("UPDATE").as_deref() == Ok("1") {
        fs::write(&path, serde_json::to_string_pretty(&make()).unwrap() + "\n").unwrap();
    }
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn event(name: &str) -> String {
    fs::read_to_string(events().join(format!("shopify/{name}.json"))).unwrap()
}

fn events() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// API Gateway v2, payload 2.0.
fn webhook() -> Value {
    let body = event(WEBHOOK_BODY);
    json!({
        "version": "2.0",
        "routeKey": "POST /webhooks/shopify",
        "rawPath": "/webhooks/shopify",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "host": "localhost",
            "user-agent": "Shopify-Captain-Hook",
            (webhook::API_VERSION): "2026-10",
            (webhook::EVENT): "98880550-7158-44d4-b7cd-2c97c8a091b5",
            (webhook::SIGNATURE): webhook::sign(body.as_bytes(), DEMO_SECRET.as_bytes()),
            (webhook::SHOP): SHOP,
            (webhook::TOPIC): "customers/create",
            (webhook::TRIGGERED_AT): "2026-11-02T08:00:12.104372Z",
            (webhook::DELIVERY): "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "local",
            "http": {
                "method": "POST",
                "path": "/webhooks/shopify",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "Shopify-Captain-Hook",
            },
            "requestId": "local-1",
            "routeKey": "POST /webhooks/shopify",
            "stage": "$default",
            "time": "02/Nov/2026:08:00:13 +0000",
            "timeEpoch": 1_793_606_413_000_i64,
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

fn live() -> Value {
    sqs("live", 1, json!({}))
}

/// What a function failed to receive five times.
fn dead_letters() -> Value {
    let source = json!({"DeadLetterQueueSourceArn": "arn:aws:sqs:us-east-1:123456789012:live"});
    sqs("dead-letters", 6, source)
}

fn sqs(queue: &str, receives: u32, more_attributes: Value) -> Value {
    let mut notice = Notice::new(
        Platform::Shopify,
        SHOP,
        "orders/create",
        "0f3a5c1e-6f0b-4d1c-9a53-0f2f9b1c7c11",
        "2026-11-02T08:15:04Z".parse().unwrap(),
    );
    notice.store = StoreId::parse("demo-shop").ok();
    notice.event = Some("2b7d5a55-84b1-4a4f-8d3f-6a2f7e1f9c02".into());
    notice.triggered_at = "2026-11-02T08:15:03.412Z".parse().ok();
    notice.api_version = Some("2026-10".into());
    let mut attributes = json!({
        "ApproximateReceiveCount": receives.to_string(),
        "ApproximateFirstReceiveTimestamp": "1793607305000",
        "MessageGroupId": "demo-shop",
        "SenderId": "AIDAEXAMPLE",
        "SentTimestamp": "1793607304000",
    });
    attributes.as_object_mut().unwrap().extend(more_attributes.as_object().unwrap().clone());
    json!({"Records": [{
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "local",
        "body": notice.wrap(event(QUEUED_BODY).as_bytes()).to_json(),
        "attributes": attributes,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
        "awsRegion": "us-east-1",
    }]})
}

/// What EventBridge Scheduler sends when no input is set.
fn schedule() -> Value {
    json!({
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": "2026-11-02T09:40:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/cart-sweeper"],
        "detail": "{}",
    })
}
