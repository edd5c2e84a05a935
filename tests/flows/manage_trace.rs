//! Everything about one person or order, found by whatever they are called.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;

use crate::bodies::{sample, with};
use crate::consent::{JO, account};
use crate::manage::{Office, at};

async fn trace(office: &Office, subject: &str) -> Value {
    office.post(&at("/trace"), json!({ "subject": subject })).await
}

#[tokio::test]
async fn a_person_is_found_by_address_customer_order_and_order_name_with_all_that_was_done() {
    let office = Office::new("").await;
    office.stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    let order = sample("orders-create.paid");
    office.stage.tell("orders/create", &order).await;
    // Somebody else, of whom nothing may be shown.
    let other = json!({"id": 4711, "email": "kim@example.com", "admin_graphql_api_id": null});
    office.stage.tell("customers/create", &with(sample("customers-create"), other)).await;
    let customer = sample("customers-create")["id"].to_string();
    let (id, name) = (order["id"].to_string(), order["name"].as_str().unwrap().to_owned());
    for subject in [JO, " JO@example.com ", &customer, &id, &name, name.trim_start_matches('#')] {
        let found = trace(&office, subject).await;
        assert!(found["found"].as_array().unwrap().contains(&json!("customer")), "{subject}: {found}");
        let person = &found["people"][0];
        assert_eq!(
            (&person["email"], &person["known_as"]),
            (&json!(JO), &json!("created")),
            "{subject}: {found}"
        );
        assert_eq!(person["consents"][0]["state"], "opted_in", "{person}");
        let orders = found["orders"].as_array().unwrap();
        assert_eq!((orders.len(), &orders[0]["name"]), (1, &json!(name)), "{subject}");
        assert!(
            orders[0]["told"].as_array().unwrap().contains(&json!({"key": "placed", "done": true})),
            "{orders:?}"
        );
        assert!(orders[0]["sent"]["id"].is_string(), "{orders:?}");
        let topics: Vec<&str> =
            found["lines"].as_array().unwrap().iter().map(|line| line["topic"].as_str().unwrap()).collect();
        assert_eq!(topics, ["customers/create", "orders/create"], "{subject}");
        assert!(!found.to_string().contains("kim@"), "{subject}");
    }
}

#[tokio::test]
async fn parked_work_of_a_person_is_found_by_their_lines_and_by_what_is_in_it() {
    let office = Office::new("").await;
    let refusal = json!({"status": 400, "body": {"code": "invalid_parameter", "message": "no"}});
    office.stage.fault(json!({"path": "/v3/events", "action": refusal}));
    let report = office.stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(report.outcome, Outcome::Parked);
    let found = trace(&office, JO).await;
    assert_eq!(found["parked"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["parked"][0]["topic"], "orders/create");
}

#[tokio::test]
async fn of_whom_nothing_is_known_nothing_is_found_and_what_cannot_be_found_is_said() {
    let office = Office::new("").await;
    for subject in ["nobody@example.com", "123", "#9999", "what is this"] {
        let found = trace(&office, subject).await;
        assert_eq!(
            (&found["found"], &found["people"], &found["lines"]),
            (&json!([]), &json!([]), &json!([])),
            "{subject}"
        );
    }
    assert!(trace(&office, "#9999").await["notes"][0].as_str().unwrap().contains("two weeks"));
    for bad in
        [json!({"subject": ""}), json!({"subject": "  "}), json!({"subject": "a".repeat(321)}), json!({})]
    {
        assert_eq!(office.ask("POST", &at("/trace"), bad.clone()).await.status, 400, "{bad}");
    }
    // An address is asked for in a body: in a path or query it would stand in access logs.
    assert_eq!(office.ask("GET", &at("/trace?subject=jo@example.com"), Value::Null).await.status, 405);
}

#[tokio::test]
async fn an_erased_person_leaves_nothing_that_a_trace_could_show() {
    let office = Office::new("").await;
    office.stage.tell("customers/create", &sample("customers-create")).await;
    office.stage.tell("customers/redact", &crate::privacy::redact()).await;
    office.stage.drain().await;
    let found = trace(&office, JO).await;
    assert!(!found["people"].to_string().contains("Jo"), "{found}");
    assert!(!found["people"].to_string().contains(JO), "{found}");
}
