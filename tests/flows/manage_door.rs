//! The door of the management API: what it answers to whatever is no proper request, and what every answer carries.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tajo_api::OPERATIONS;
use tajo_app::manage::Request;

use crate::manage::{Office, at};

#[test]
fn routes_of_the_template_are_the_operations_and_one_for_all_else() {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    let of_api = |line: &&str| line.contains(" /v1/");
    let routes: Vec<&str> =
        template.lines().filter_map(|line| line.trim().strip_prefix("RouteKey: ")).filter(of_api).collect();
    let mut wanted: Vec<String> =
        OPERATIONS.iter().map(|operation| format!("{} {}", operation.method, operation.path)).collect();
    wanted.push("ANY /v1/{proxy+}".to_owned());
    assert_eq!(routes.len(), wanted.len());
    assert_eq!(
        routes.iter().map(|route| (*route).to_owned()).collect::<BTreeSet<_>>(),
        wanted.iter().cloned().collect()
    );
    // Each has a throttle of its own.
    for route in wanted {
        let throttled = template.lines().any(|line| line.trim() == format!("{route}:"));
        assert!(throttled, "no throttle for {route}");
    }
}

#[tokio::test]
async fn every_operation_of_the_table_is_done_by_something() {
    let office = Office::new("").await;
    for operation in OPERATIONS {
        let path = operation.path.replace("{store}", "nobody").replace("{run}", "r").replace("{id}", "p");
        let path = path.replace("{key}", "nobody");
        // Nothing is in the body, and nobody is called like this: nothing is asked of Shopify or Brevo.
        if operation.id == "shopifyAppConfig" {
            continue;
        }
        let answer = office.ask(operation.method, &path, Value::Null).await;
        assert!(answer.status < 500, "{}: {}", operation.id, answer.body);
    }
}

#[tokio::test]
async fn whoever_asks_the_wrong_way_is_told_which_ways_there_are() {
    let office = Office::new("").await;
    let nothing = office.ask("GET", "/v1/store", Value::Null).await;
    assert_eq!((nothing.status, &nothing.body["code"]), (404, &json!("not_found")));
    let wrong = office.ask("PUT", "/v1/stores", json!({})).await;
    assert_eq!((wrong.status, wrong.response.header("allow")), (405, Some("GET, POST, HEAD, OPTIONS")));
    let options = office.ask("OPTIONS", &at("/settings"), Value::Null).await;
    assert_eq!((options.status, options.response.header("allow")), (204, Some("GET, PUT, HEAD, OPTIONS")));
    let head = office.ask("HEAD", "/v1/stores", Value::Null).await;
    assert_eq!((head.status, head.response.body.as_str()), (200, ""));
    let stranger = Request { method: "HEAD".to_owned(), path: "/v1/stores".to_owned(), ..Request::default() };
    assert_eq!(office.send(&stranger).await.status, 401);
    let request = |content_type: Option<&str>, body: &[u8]| Request {
        method: "POST".to_owned(),
        path: at("/trace"),
        authorization: Some(format!("bearer {}", office.key)),
        content_type: content_type.map(str::to_owned),
        body: body.to_vec(),
        ..Request::default()
    };
    let good = br#"{"subject": "jo@example.com"}"#;
    for (content_type, body, status) in [
        (Some("application/json"), &good[..], 200),
        (Some("Application/JSON; charset=utf-8"), good, 200),
        (None, good, 415),
        (Some("text/plain"), good, 415),
        (Some("application/x-www-form-urlencoded"), good, 415),
        (Some("application/jsonp"), good, 415),
        (Some("application/json"), b"", 400),
        (Some("application/json"), b"{", 400),
        (Some("application/json"), b"null", 400),
        (Some("application/json"), b"{\"subject\": \"a\"} x", 400),
        (Some("application/json"), b"{\"subject\": \"\xff\"}", 400),
        (Some("application/json"), b"{\"subject\": 7}", 400),
        (Some("application/json"), b"{\"subject\": \"a\", \"subject\": \"b\"}", 400),
        (Some("application/json"), b"{\"who\": \"a\"}", 400),
    ] {
        let text = String::from_utf8_lossy(body).into_owned();
        assert_eq!(office.send(&request(content_type, body)).await.status, status, "{content_type:?} {text}");
    }
    let deep = format!("{{\"subject\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(office.send(&request(Some("application/json"), deep.as_bytes())).await.status, 400);
    let large = format!("{{\"subject\": \"{}\"}}", "a".repeat(300_000));
    assert_eq!(office.send(&request(Some("application/json"), large.as_bytes())).await.status, 413);
    let large = json!({"topic": "orders/create", "payload": {"id": 1, "note": "a".repeat(6_000_000)}});
    assert_eq!(office.ask("POST", &at("/webhooks"), large).await.status, 413);
}

#[tokio::test]
async fn every_answer_carries_what_keeps_browsers_careful_and_lets_no_other_origin_in() {
    let office = Office::new("").await;
    for target in ["/v1/openapi.json", "/v1/stores", "/v1/nothing", "/v1/keys/none"] {
        let answer = office.ask("GET", target, Value::Null).await;
        for header in [
            "cache-control",
            "content-security-policy",
            "strict-transport-security",
            "x-content-type-options",
            "referrer-policy",
        ] {
            assert!(answer.response.header(header).is_some(), "{target} {header}");
        }
        assert!(answer.response.header("access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn the_document_that_is_served_is_the_one_that_is_checked_in_and_needs_no_key() {
    let office = Office::new("").await;
    let request =
        Request { method: "GET".to_owned(), path: "/v1/openapi.json".to_owned(), ..Request::default() };
    let served = office.send(&request).await;
    assert_eq!((served.status, served.response.header("content-type")), (200, Some("application/json")));
    assert_eq!(served.body, tajo_api::document());
}

#[tokio::test]
async fn cursors_that_somebody_made_up_lead_to_nobody_elses_things() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let office = Office::new("").await;
    office.add_store("second").await;
    let run = office.post("/v1/stores/second/syncs", json!({})).await;
    let id = run["id"].as_str().unwrap();
    let far = i64::MAX / 2_000_000;
    let made = |text: String| URL_SAFE_NO_PAD.encode(text);
    for cursor in [
        made(format!("{far} {id}")),
        made(format!("{far} {id}#run")),
        made(format!("{far} run#second#{id}")),
        made("0 2026-11-24T12:00:00.000Z#x".to_owned()),
        made("0 9999-12-30T23:00:00.000Z#x".to_owned()),
        made(format!("{} 2026-11-24T12", usize::MAX)),
        "AAAA".to_owned(),
        "a'b".to_owned(),
        "%00".to_owned(),
        "x".repeat(500),
    ] {
        for list in ["syncs", "parked", "logs"] {
            let answer = office.ask("GET", &at(&format!("/{list}?cursor={cursor}")), Value::Null).await;
            assert!([200, 400].contains(&answer.status), "{list} {cursor}: {}", answer.body);
            assert!(!answer.response.body.contains(id), "{list} {cursor}");
        }
    }
}
