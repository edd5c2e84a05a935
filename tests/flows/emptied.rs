//! What is emptied in the store is emptied in Brevo, and what a body does not say stays.

use serde_json::{Value, json};

use crate::bodies::{sample, with};
use crate::stage::Stage;

const JO: &str = "jo@example.com";

fn later(fields: Value) -> Value {
    with(with(sample("customers-update"), json!({"updated_at": "2026-11-19T09:00:00Z"})), fields)
}

fn name(stage: &Stage, attribute: &str) -> String {
    stage.contact(JO)["attributes"][attribute].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_name_that_is_emptied_in_the_store_is_emptied_in_brevo() {
    for empty in [Value::Null, json!("")] {
        let stage = Stage::new("").await;
        stage.tell("customers/create", &sample("customers-create")).await;
        assert!(!name(&stage, "LASTNAME").is_empty());
        stage.tell("customers/update", &later(json!({"last_name": empty}))).await;
        assert_eq!(name(&stage, "LASTNAME"), "");
        assert!(!name(&stage, "FIRSTNAME").is_empty());
    }
}

#[tokio::test]
async fn a_body_without_names_leaves_them() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &sample("customers-create")).await;
    let mut thin = later(json!({}));
    thin.as_object_mut().unwrap().retain(|key, _| !key.ends_with("_name"));
    stage.tell("customers/update", &thin).await;
    let mut order = with(sample("orders-create.paid"), json!({"updated_at": "2026-11-19T10:00:00Z"}));
    order["customer"]["updated_at"] = json!("2026-11-19T10:00:00Z");
    order["customer"]["last_name"] = Value::Null;
    stage.tell("orders/updated", &order).await;
    assert!(!name(&stage, "LASTNAME").is_empty() && !name(&stage, "FIRSTNAME").is_empty());
}

#[tokio::test]
async fn a_name_that_brevo_had_before_us_is_not_emptied() {
    let stage = Stage::new("").await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO, "attributes": {"LASTNAME": "Doe"}}));
    stage.tell("customers/update", &later(json!({"last_name": null}))).await;
    assert_eq!(name(&stage, "LASTNAME"), "Doe");
}

#[tokio::test]
async fn a_customer_without_a_name_is_told_without_one() {
    let stage = Stage::new("").await;
    let nameless = with(sample("customers-create"), json!({"first_name": null, "last_name": null}));
    stage.tell("customers/create", &nameless).await;
    let event = &stage.world.brevo()["events"][0];
    assert_eq!(event["event_name"], "customer_created");
    assert_eq!(event["event_properties"].get("first_name"), None);
    assert_eq!(stage.calls("POST", "/v3/contacts")[0].request["attributes"].get("FIRSTNAME"), None);
}
