//! The management API of the deployed stack, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bodies::{about, bytes, person};
use crate::stage::{Stage, told};

pub async fn ask(stage: &Stage, key: &str, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let url = format!("{}/v1{path}", stage.stack.api_url);
    let mut request = stage.http.request(method, url).bearer_auth(key);
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let text = answer.text().await.unwrap();
    if 400 <= status {
        assert_eq!(kind.as_deref(), Some("application/problem+json"), "{path}: {text}");
    }
    (status, serde_json::from_str(&text).unwrap_or_default())
}

#[test]
fn a_customer_is_found_in_the_log_and_by_a_trace_with_a_key_that_was_just_made() {
    told(async |stage| {
        let store = stage.store("front");
        let jo = person(stage.run, 9);
        let body = about(&jo, "customers-create");
        let line = stage.deliver(store, "customers/create", &bytes(&body)).await;
        let asked = json!({"name": "e2e", "scope": "operate", "stores": [store.id]});
        let (status, made) = ask(stage, &stage.stack.api_key, Method::POST, "/keys", Some(&asked)).await;
        assert_eq!(status, 201, "{made}");
        let key = made["secret"].as_str().unwrap();
        stage.canaries.secret(key);
        stage.canaries.secret(&stage.stack.api_key);
        // Unnamed: the only store that the key may touch.
        let (status, seen) = ask(stage, key, Method::GET, "/stores/_", None).await;
        assert_eq!((status, &seen["store"], &seen["connected"]), (200, &json!(store.id), &json!(true)));
        assert!(seen["customersCount"].as_u64() >= Some(1) && seen["lastSync"].is_string(), "{seen}");
        let (_, log) =
            ask(stage, key, Method::GET, "/stores/_/logs?type=webhook&since=24h&limit=500", None).await;
        let lines = log["lines"].as_array().unwrap();
        let found = lines.iter().find(|one| one["delivery"] == line.delivery.as_str()).unwrap();
        assert_eq!((&found["outcome"], &found["person"]), (&json!("applied"), &json!(line.person)));
        let subject = json!({"subject": body["email"]});
        let (status, trace) = ask(stage, key, Method::POST, "/stores/_/trace", Some(&subject)).await;
        assert_eq!((status, &trace["people"][0]["email"]), (200, &body["email"]), "{trace}");
        assert!(
            trace["lines"].as_array().unwrap().iter().any(|one| one["delivery"] == line.delivery.as_str())
        );
        // Other stores are nobody's business, and neither are keys.
        let (status, _) =
            ask(stage, key, Method::GET, &format!("/stores/{}", stage.store("other").id), None).await;
        assert_eq!(status, 403);
        assert_eq!(ask(stage, key, Method::GET, "/keys", None).await.0, 403);
        let id = made["id"].as_str().unwrap();
        let (status, _) =
            ask(stage, &stage.stack.api_key, Method::DELETE, &format!("/keys/{id}"), None).await;
        assert_eq!(status, 204);
        assert_eq!(ask(stage, key, Method::GET, "/stores/_", None).await.0, 401, "ended at once");
    });
}

#[test]
fn what_a_paused_store_holds_goes_on_when_it_is_resumed() {
    told(async |stage| {
        let store = stage.store("queue");
        let key = &stage.stack.api_key;
        let path = |what: &str| format!("/stores/{}/{what}", store.id);
        let jo = person(stage.run, 8);
        assert_eq!(ask(stage, key, Method::POST, &path("pause"), None).await.0, 200);
        let forward = json!({"topic": "customers/create", "payload": about(&jo, "customers-create")});
        let (status, taken) = ask(stage, key, Method::POST, &path("webhooks"), Some(&forward)).await;
        assert_eq!(status, 202, "{taken}");
        let delivery = taken["delivery"].as_str().unwrap();
        let line = stage.ending(&store.id, delivery).await;
        // A worker that knows the store hears of the pause within three minutes.
        assert!(["held", "applied"].contains(&line.outcome.as_str()), "{line:?}");
        assert_eq!(ask(stage, key, Method::POST, &path("resume"), None).await.1["state"], "active");
        for _ in 0..240 {
            let lines = stage.endings(&store.id, delivery).await;
            if lines.iter().any(|line| line.outcome == "applied") {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
        panic!("it never went on");
    });
}

#[test]
fn what_is_no_operation_is_answered_in_the_apis_own_words() {
    told(async |stage| {
        let key = &stage.stack.api_key;
        for (method, path, status) in [
            (Method::GET, "/nothing/at/all", 404),
            (Method::PUT, "/stores", 405),
            (Method::DELETE, "/openapi.json", 405),
            (Method::GET, "/stores/UPPER", 404),
            (Method::GET, "/stores/a%2Fb/logs", 404),
        ] {
            assert_eq!(ask(stage, key, method, path, None).await.0, status, "{path}");
        }
        let url = format!("{}/v1/openapi.json", stage.stack.api_url);
        let served: Value = stage.http.get(url).send().await.unwrap().json().await.unwrap();
        let checked_in = include_str!("../../docs/openapi.json");
        assert_eq!(served, serde_json::from_str::<Value>(checked_in).unwrap());
    });
}
