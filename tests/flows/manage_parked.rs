//! Parked work over the API.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;

use crate::bodies::{sample, with};
use crate::manage::{Office, at};

/// Orders that are parked since Brevo refuses their events.
async fn parked(count: u64) -> Office {
    let office = Office::new("").await;
    let refusal = json!({"status": 400, "body": {"code": "invalid_parameter", "message": "no"}});
    office.stage.fault(json!({"path": "/v3/events", "times": count * 10, "action": refusal}));
    for n in 0..count {
        office.stage.world.advance(jiff::SignedDuration::from_secs(1));
        let order = with(sample("orders-create.paid"), json!({"id": 9_000 + n, "name": format!("#{n}")}));
        assert_eq!(office.stage.tell("orders/create", &order).await.outcome, Outcome::Parked);
    }
    office
}

fn ids(page: &Value) -> Vec<String> {
    page["parked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parked| parked["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn parked_work_is_listed_in_pages_and_shown_with_its_body_only_if_asked() {
    let office = parked(5).await;
    let all = ids(&office.get(&at("/parked")).await);
    assert_eq!(all.len(), 5);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = office.get(&at(&format!("/parked?limit=2{cursor}"))).await;
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
    assert_eq!(ids(&office.get(&at("/parked?topic=orders/updated")).await), Vec::<String>::new());
    assert_eq!(ids(&office.get(&at("/parked?reason=INVALID&since=24h")).await).len(), 5);
    // Newest first: the third of five is the third.
    let third = &all[2];
    let shown = office.get(&at(&format!("/parked/{third}"))).await;
    assert!(shown.get("body").is_none() && shown["body_bytes"].as_u64().unwrap() > 1_000, "{shown}");
    assert_eq!(office.get(&at(&format!("/parked/{third}?body=true"))).await["body"]["id"], 9_002);
    assert_eq!(office.get(&at("")).await["parkedCount"], 5);
}

#[tokio::test]
async fn parked_work_is_put_back_or_dropped_by_what_is_said_and_never_by_an_empty_request() {
    let office = parked(4).await;
    for bad in [
        json!({}),
        json!({"all": true, "topic": "orders/create"}),
        json!({"since": "soon"}),
        json!({"id": "d-1"}),
    ] {
        assert_eq!(office.ask("POST", &at("/parked/drop"), bad.clone()).await.status, 400, "{bad}");
    }
    let first = ids(&office.get(&at("/parked")).await).pop().unwrap();
    let dropped = office.post(&at("/parked/drop"), json!({"ids": [first, "d-9"]})).await;
    assert_eq!(dropped, json!({"fates": [{"id": first, "fate": "dropped"}], "more": false}));
    office.stage.world.sandbox.clear_faults();
    let retried = office.post(&at("/parked/retry"), json!({"all": true})).await;
    assert_eq!(retried["fates"].as_array().unwrap().len(), 3, "{retried}");
    office.stage.drain().await;
    assert_eq!(office.stage.count("order_placed"), 3);
    assert_eq!(ids(&office.get(&at("/parked")).await), Vec::<String>::new());
}
