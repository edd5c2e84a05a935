//! What Brevo refuses of a person is left out with a reason and not tried again; everything else arrives.

use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Record, Source};
use tajo_sandbox::Call;
use tajo_testkit::record;

use crate::bodies::{cast, sample, with};
use crate::stage::{Stage, ending};

/// An address that the store takes and Brevo does not: no host name has an underscore.
const BAD: &str = "jo@exa_mple.com";

/// What Brevo answers to a value.
fn invalid(message: &str) -> Value {
    json!({"status": 400, "body": {"code": "invalid_parameter", "message": message}})
}

/// The body with another address wherever Jo's stands.
fn addressed(body: &Value, email: &str) -> Value {
    serde_json::from_str(&body.to_string().replace("jo@example.com", email)).unwrap()
}

/// An order of somebody without an account.
fn of_a_guest(body: Value, phone: Value) -> Value {
    with(body, json!({"customer": null, "phone": phone, "billing_address": null, "shipping_address": null}))
}

fn contacts(stage: &Stage) -> Vec<Value> {
    let all = stage.world.brevo()["contacts"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|contact| contact["email"] != "owner@example.com").collect()
}

/// Requests that named the refused address as the contact's.
fn tries(stage: &Stage) -> usize {
    let names_it = |text: &str| text.contains(&format!("\"email_id\":\"{BAD}\""));
    let calls = stage.world.sandbox.calls();
    let is_try = |call: &&Call| {
        let text = call.request.to_string();
        let is_contact = call.path.starts_with("/v3/contacts");
        names_it(&text) || (is_contact && (text.contains(BAD) || call.path.contains("exa_mple")))
    };
    calls.iter().filter(is_try).count()
}

#[tokio::test]
async fn an_order_whose_address_brevo_refuses_arrives_under_the_customer_s_id() {
    let stage = Stage::new("").await;
    let report = stage.tell("orders/create", &addressed(&sample("orders-create.paid"), BAD)).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    assert!(ending(&report).contains("email: Brevo refused the address"), "{}", ending(&report));
    let contacts = contacts(&stage);
    assert_eq!((contacts.len(), &contacts[0]["email"]), (1, &Value::Null));
    let id = contacts[0]["ext_id"].as_str().unwrap().to_owned();
    assert_eq!(stage.count("order_placed"), 1);
    let state = stage.world.brevo();
    for event in state["events"].as_array().unwrap() {
        assert_eq!(event["identifiers"], json!({"ext_id": id}), "{}", event["event_name"]);
    }
    assert_eq!(state["orders"][0]["identifiers"], json!({"ext_id": id}));

    assert_eq!(tries(&stage), 1, "it is remembered");
    stage.tell("orders/updated", &addressed(&sample("orders-paid"), BAD)).await;
    let other = json!({"id": 6101400009999_u64, "admin_graphql_api_id": "gid://shopify/Order/6101400009999", "name": "#1099"});
    let later =
        stage.tell("orders/create", &with(addressed(&sample("orders-create.paid"), BAD), other)).await;
    assert_eq!(later.outcome, Outcome::Applied, "{}", ending(&later));
    assert_eq!(stage.world.brevo()["orders"].as_array().unwrap().len(), 2);
    assert_eq!((stage.count("order_placed"), tries(&stage)), (2, 1));
}

#[tokio::test]
async fn a_guest_of_whom_brevo_takes_nothing_is_no_contact_and_the_order_arrives_all_the_same() {
    let stage = Stage::new("").await;
    let order = of_a_guest(addressed(&sample("orders-create.paid"), BAD), Value::Null);
    let report = stage.tell("orders/create", &order).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    let again = stage.tell("orders/updated", &order).await;
    assert_eq!(again.outcome, Outcome::Skipped, "{}", ending(&again));
    let changed = with(order, json!({"updated_at": "2026-11-20T10:00:00Z", "financial_status": "refunded"}));
    let report = stage.tell("orders/updated", &changed).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    assert_eq!(contacts(&stage), Vec::<Value>::new());
    assert_eq!(stage.world.brevo()["orders"].as_array().unwrap().len(), 1);
    assert_eq!(stage.world.brevo()["orders"][0]["identifiers"], Value::Null);
    assert_eq!(tries(&stage), 1, "it is remembered");
}

#[tokio::test]
async fn a_guest_goes_on_by_the_number() {
    let stage = Stage::new("").await;
    let order = of_a_guest(addressed(&sample("orders-create.paid"), BAD), json!("+491711234567"));
    let report = stage.tell("orders/create", &order).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    assert_eq!(contacts(&stage).len(), 1);
    assert_eq!(stage.count("order_placed"), 1);
    assert_eq!(stage.world.brevo()["events"][0]["identifiers"], json!({"phone_id": "+491711234567"}));
}

#[tokio::test]
async fn a_changed_address_is_tried() {
    let stage = Stage::new("").await;
    let customer = sample("customers-create");
    stage.tell("customers/create", &addressed(&customer, BAD)).await;
    assert_eq!(contacts(&stage)[0]["email"], Value::Null);
    let better = with(addressed(&customer, "jo@example.org"), json!({"updated_at": "2026-11-20T10:00:00Z"}));
    let report = stage.tell("customers/update", &better).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    let contacts = contacts(&stage);
    assert_eq!((contacts.len(), &contacts[0]["email"]), (1, &json!("jo@example.org")));
}

#[tokio::test]
async fn a_contact_whose_new_address_brevo_refuses_keeps_the_old_one() {
    let stage = Stage::new("").await;
    let customer = sample("customers-create");
    stage.tell("customers/create", &customer).await;
    let worse = with(
        addressed(&customer, BAD),
        json!({"updated_at": "2026-11-20T10:00:00Z", "first_name": "Joanna"}),
    );
    let report = stage.tell("customers/update", &worse).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    let contact = stage.contact("jo@example.com");
    assert_eq!(contact["attributes"]["FIRSTNAME"], "Joanna");
    let order = addressed(&sample("orders-create.paid"), BAD);
    let report = stage.tell("orders/create", &order).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    assert_eq!(stage.world.brevo()["orders"][0]["identifiers"], json!({"email_id": "jo@example.com"}));
    assert_eq!(contacts(&stage).len(), 1);
}

#[tokio::test]
async fn a_value_that_brevo_refuses_by_name_is_left_out_and_the_rest_is_written() {
    for (message, attribute) in
        [("FIRSTNAME is not valid", "FIRSTNAME"), ("attributes: invalid value for LASTNAME", "LASTNAME")]
    {
        let stage = Stage::new("").await;
        stage.fault(json!({"method": "POST", "path": "/v3/contacts", "action": invalid(message)}));
        let report = stage.tell("customers/create", &sample("customers-create")).await;
        assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
        assert!(
            ending(&report).contains(&format!("{attribute}: Brevo refused this value")),
            "{}",
            ending(&report)
        );
        let names: Vec<&str> =
            ["FIRSTNAME", "LASTNAME"].into_iter().filter(|name| *name != attribute).collect();
        let contact = stage.contact("jo@example.com");
        assert!(contact["attributes"][attribute].is_null());
        assert!(names.iter().all(|name| contact["attributes"][*name].is_string()));
        let before = stage.calls("PUT", "/v3/contacts").len();
        stage.tell("orders/create", &sample("orders-create.paid")).await;
        let puts = stage.calls("PUT", "/v3/contacts").split_off(before);
        assert!(
            puts.iter().all(|put| put.request["attributes"][attribute].is_null()),
            "the same value is not tried again"
        );
    }
}

#[tokio::test]
async fn a_value_that_brevo_refuses_without_naming_it_is_found() {
    let stage = Stage::new("").await;
    stage.fault(json!({"method": "POST", "path": "/v3/contacts", "action": invalid("Bad Request")}));
    let report = stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    let contact = stage.contact("jo@example.com");
    // Each half was tried and taken: all of it is there in the end.
    assert!(contact["attributes"]["FIRSTNAME"].is_string() && contact["attributes"]["LASTNAME"].is_string());
}

#[tokio::test]
async fn one_refused_address_holds_up_nobody_else_of_a_gathered_batch() {
    let stage = Stage::new("").await;
    let people = 10_000_001..10_000_007;
    let order = |n: u32| {
        let body = cast(&sample("orders-create.paid"), n);
        let text = body.to_string();
        let is_bad = n.is_multiple_of(3);
        let body = if is_bad {
            text.replace(&format!("jo{n}@example.com"), &format!("jo{n}@exa_mple.com"))
        } else {
            text
        };
        let notice = stage.notice("orders/create", &serde_json::from_str(&body).unwrap());
        Record { message_id: n.to_string(), source: Source::Gather, ..record(&notice, 1) }
    };
    let reports = stage.receive_all(people.clone().map(order).collect()).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Applied), "{reports:?}");
    assert_eq!(stage.world.brevo()["orders"].as_array().unwrap().len(), people.len());
    assert_eq!(stage.count("order_placed"), people.len());
}
