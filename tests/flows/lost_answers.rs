//! A creation that Brevo took and nobody could mark: the contact is ours all the same, and nobody else's is.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;

use crate::bodies::{sample, with};
use crate::stage::Stage;

const JO: &str = "jo@example.com";

fn account(fields: Value) -> Value {
    with(with(sample("customers-create"), json!({"phone": "+491711234567"})), fields)
}

/// A new customer whose creation goes wrong in this way.
async fn begun(action: Value) -> Stage {
    let stage = Stage::new("").await;
    stage.fault(json!({"method": "POST", "path": "/v3/contacts", "action": action}));
    let report = stage.tell("customers/create", &account(json!({}))).await;
    assert_eq!(report.outcome, Outcome::Deferred, "{report:?}");
    stage
}

fn flags(stage: &Stage) -> (bool, bool) {
    let contact = stage.contact(JO);
    (contact["emailBlacklisted"].as_bool().unwrap(), contact["smsBlacklisted"].as_bool().unwrap())
}

#[tokio::test]
async fn a_contact_whose_creation_got_no_answer_is_ours() {
    let stage = begun(json!({"apply_then_drop": true})).await;
    stage.drain().await;
    assert_eq!(flags(&stage), (true, true));
    assert_eq!(stage.count("customer_created"), 1);
    // Only a contact of ours gets another number without consent, and its block is ours to lift.
    let said = json!({
        "phone": "+491717654321", "updated_at": "2026-11-20T09:00:00Z",
        "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-11-20T09:00:00Z"},
    });
    stage.tell("customers/update", &account(said)).await;
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], "491717654321");
    assert_eq!(flags(&stage), (false, true));
}

#[tokio::test]
async fn the_opt_in_that_comes_before_the_second_try_lifts_the_block_of_the_first() {
    let stage = begun(json!({"apply_then_drop": true})).await;
    let said = json!({
        "updated_at": "2026-11-20T09:00:00Z",
        "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-11-20T09:00:00Z"},
    });
    stage.tell("customers/update", &account(said)).await;
    stage.drain().await;
    assert_eq!(flags(&stage), (false, true));
}

#[tokio::test]
async fn somebody_who_signed_up_in_brevo_between_two_tries_is_not_ours() {
    let stage = begun(json!({"drop": true})).await;
    assert_eq!(stage.brevo("POST", "/v3/contacts", &json!({"email": JO})).status, 201);
    stage.drain().await;
    assert_eq!(flags(&stage), (false, false));
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], Value::Null);
}

#[tokio::test]
async fn a_customer_who_leaves_before_the_second_try_leaves_brevo() {
    let stage = begun(json!({"apply_then_drop": true})).await;
    assert_eq!(stage.contact(JO)["email"], JO);
    let report = stage.tell("customers/delete", &sample("customers-delete")).await;
    assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
    assert_eq!(stage.contact(JO), Value::Null);
    stage.drain().await;
    assert_eq!(stage.contact(JO), Value::Null);
}

#[tokio::test]
async fn a_subscriber_of_brevo_who_leaves_the_store_before_the_mark_stays_in_brevo() {
    let stage = Stage::new("").await;
    assert_eq!(stage.brevo("POST", "/v3/contacts", &json!({"email": JO})).status, 201);
    stage.fault(json!({"method": "PUT", "path": "/v3/contacts*", "action": {"apply_then_drop": true}}));
    stage.tell("customers/create", &account(json!({}))).await;
    stage.tell("customers/delete", &sample("customers-delete")).await;
    let contact = stage.contact(JO);
    assert_eq!((&contact["email"], &contact["attributes"]["FIRSTNAME"]), (&json!(JO), &Value::Null));
}

/// What Jo said about emails at this minute.
fn said(state: &str, minute: u32) -> Value {
    let at = format!("2026-11-20T09:{minute:02}:00Z");
    let consent = json!({"state": state, "consent_updated_at": at});
    account(json!({"updated_at": at, "email_marketing_consent": consent}))
}

#[tokio::test]
async fn an_opt_out_after_a_lift_whose_answer_was_lost_blocks() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &said("unsubscribed", 1)).await;
    stage.fault(json!({"method": "PUT", "path": "/v3/contacts*", "action": {"apply_then_drop": true}}));
    assert_eq!(stage.tell("customers/update", &said("subscribed", 2)).await.outcome, Outcome::Deferred);
    assert_eq!(flags(&stage), (false, true));
    stage.tell("customers/update", &said("unsubscribed", 3)).await;
    assert_eq!(flags(&stage), (true, true));
    stage.drain().await;
    assert_eq!(flags(&stage), (true, true));
}

#[tokio::test]
async fn an_opt_in_after_a_block_whose_answer_was_lost_opens() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &said("subscribed", 1)).await;
    stage.fault(json!({"method": "PUT", "path": "/v3/contacts*", "action": {"apply_then_drop": true}}));
    stage.tell("customers/update", &said("unsubscribed", 2)).await;
    assert_eq!(flags(&stage), (true, true));
    stage.tell("customers/update", &said("subscribed", 3)).await;
    stage.drain().await;
    assert_eq!(flags(&stage), (false, true));
}

/// What Jo said about emails at this minute, before they had a number.
fn said_without_number(state: &str, minute: u32) -> Value {
    with(said(state, minute), json!({"phone": null}))
}

#[tokio::test]
async fn the_number_that_comes_after_a_creation_without_block_whose_answer_was_lost_is_not_lost() {
    let stage = Stage::new("").await;
    stage.fault(json!({"method": "POST", "path": "/v3/contacts", "action": {"apply_then_drop": true}}));
    assert_eq!(
        stage.tell("customers/create", &said_without_number("subscribed", 1)).await.outcome,
        Outcome::Deferred
    );
    assert_eq!(flags(&stage), (false, true));
    // This try would block emails; the contact is of the one before.
    stage.tell("customers/update", &said("unsubscribed", 2)).await;
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], "491711234567");
    assert_eq!(flags(&stage), (true, true));
    stage.drain().await;
    stage.tell("customers/update", &said("subscribed", 3)).await;
    assert_eq!(flags(&stage), (false, true));
}

#[tokio::test]
async fn the_number_that_comes_after_a_second_creation_without_block_is_not_lost() {
    let stage = Stage::new("").await;
    let lost = |action: Value| json!({"method": "POST", "path": "/v3/contacts", "action": action});
    stage.fault(lost(json!({"drop": true})));
    stage.tell("customers/create", &said_without_number("unsubscribed", 1)).await;
    stage.fault(lost(json!({"apply_then_drop": true})));
    stage.tell("customers/update", &said_without_number("subscribed", 2)).await;
    assert_eq!(flags(&stage), (false, true));
    stage.tell("customers/update", &said("subscribed", 3)).await;
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], "491711234567");
    stage.tell("customers/update", &said("unsubscribed", 4)).await;
    stage.drain().await;
    assert_eq!(flags(&stage), (true, true));
}

#[tokio::test]
async fn somebody_who_signed_up_in_brevo_before_a_try_without_block_is_not_ours() {
    let stage = Stage::new("").await;
    stage.fault(json!({"method": "POST", "path": "/v3/contacts", "action": {"drop": true}}));
    stage.tell("customers/create", &said("subscribed", 1)).await;
    assert_eq!(stage.brevo("POST", "/v3/contacts", &json!({"email": JO})).status, 201);
    stage.tell("customers/update", &said("unsubscribed", 2)).await;
    stage.drain().await;
    // They said no to emails, and nothing about text messages.
    assert_eq!(flags(&stage), (true, false));
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], Value::Null);
}

fn number_of(stage: &Stage, name: &str) -> Value {
    stage.contact(JO)["attributes"][name].clone()
}

/// The account at this minute with this number.
fn called(number: Value, minute: u32) -> Value {
    account(json!({"phone": number, "updated_at": format!("2026-11-20T09:{minute:02}:00Z")}))
}

#[tokio::test]
async fn a_number_that_comes_back_after_a_removal_whose_answer_was_lost_is_not_lost() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &called(json!("+491711234567"), 1)).await;
    assert_eq!(number_of(&stage, "SMS"), "491711234567");
    stage.fault(json!({"method": "PUT", "path": "/v3/contacts*", "action": {"apply_then_drop": true}}));
    stage.tell("customers/update", &called(Value::Null, 2)).await;
    assert_ne!(number_of(&stage, "SMS"), "491711234567");
    stage.tell("customers/update", &called(json!("+491711234567"), 3)).await;
    stage.drain().await;
    assert_eq!(number_of(&stage, "SMS"), "491711234567");
    assert_eq!(flags(&stage), (true, true));
}

#[tokio::test]
async fn a_number_that_goes_after_a_write_whose_answer_was_lost_is_taken_back() {
    for method in ["POST", "PUT"] {
        let stage = Stage::new("").await;
        if method == "PUT" {
            stage.tell("customers/create", &called(Value::Null, 1)).await;
        }
        stage.fault(json!({"method": method, "path": "/v3/contacts*", "action": {"apply_then_drop": true}}));
        stage.tell("customers/update", &called(json!("+491711234567"), 2)).await;
        assert_eq!(number_of(&stage, "SMS"), "491711234567", "{method}");
        stage.tell("customers/update", &called(Value::Null, 3)).await;
        stage.drain().await;
        assert_ne!(number_of(&stage, "SMS"), "491711234567", "{method}");
    }
}

/// A customer leaves, or is erased, while their contact is being created and its event is refused for now.
#[tokio::test]
async fn a_contact_that_came_after_its_customer_left_is_taken_back() {
    let gone =
        [("customers/delete", sample("customers-delete")), ("customers/redact", sample("customers-redact"))];
    let faults = [
        ("POST", "/v3/events", json!({"status": 429, "headers": {"x-sib-ratelimit-reset": 1}})),
        (
            "POST",
            "/v3/events",
            json!({"status": 400, "body": {"code": "invalid_parameter", "message": "no"}}),
        ),
        ("POST", "/v3/contacts", json!({"apply_then_drop": true})),
    ];
    for (topic, body) in &gone {
        for (method, path, action) in &faults {
            let stage = Stage::new("").await;
            stage.fault(json!({"method": method, "path": path, "action": action}));
            let record = tajo_testkit::record(&stage.notice("customers/create", &account(json!({}))), 1);
            let meanwhile = async { drop(stage.tell(topic, body).await) };
            stage.receive_while(record, "Brevo POST /v3/contacts", meanwhile).await;
            stage.drain().await;
            assert_eq!(stage.contact(JO), Value::Null, "{topic} beside {path} {action}");
        }
    }
}
