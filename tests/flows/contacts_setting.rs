//! `contacts` in the settings: who becomes a contact, and what a person is found by.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::explain::{Question, explain};
use tajo_app::sync::Outcome;
use tajo_mapping::{Settings, StoreKind};
use tajo_platforms::Platform;
use tajo_sandbox::Call;

use crate::bodies::{sample, with};
use crate::stage::{Stage, ending};

const JO: &str = "jo@example.com";
const JOS_ID: &str = "shopify:demo-shop:7201400000011";

/// Only contacts that Brevo has.
const KNOWN_ONLY: &str = "connectors: {shopify: {contacts: {create: false}, lists: {all_customers: 2}}}";

fn ordered_by(order: &str) -> String {
    format!("connectors: {{shopify: {{contacts: {{identity: {order}}}}}}}")
}

/// Everything a buyer without a contact may cause.
fn story() -> Vec<(&'static str, Value)> {
    [
        ("customers/create", "customers-create"),
        ("customer.tags_added", "customer-tags_added"),
        ("checkouts/create", "checkouts-create"),
        ("orders/create", "orders-create.paid"),
        ("fulfillments/create", "fulfillments-create"),
        ("refunds/create", "refunds-create"),
        ("orders/delete", "orders-delete"),
    ]
    .map(|(topic, name)| (topic, sample(name)))
    .to_vec()
}

/// Calls that would tell Brevo anything.
fn writes(stage: &Stage) -> usize {
    let calls = stage.world.sandbox.calls();
    let is_write = |call: &&Call| call.path.starts_with("/v3/") && call.method != "GET";
    // Lists were there before.
    calls
        .iter()
        .filter(is_write)
        .filter(|call| !call.path.starts_with("/v3/contacts/folders"))
        .filter(|call| call.path != "/v3/contacts/lists")
        .count()
}

/// Questions whether Brevo has somebody.
fn questions(stage: &Stage) -> usize {
    stage.calls("GET", "/v3/contacts/").len()
}

#[tokio::test]
async fn nothing_is_told_of_anybody_whom_brevo_does_not_have() {
    let stage = Stage::new(KNOWN_ONLY).await;
    for (topic, body) in story() {
        let report = stage.tell(topic, &body).await;
        assert_eq!(report.outcome, Outcome::Skipped, "{topic}: {report:?}");
        assert!(report.line.reason.is_some());
    }
    stage.pass(SignedDuration::from_mins(40)).await;
    assert_eq!(writes(&stage), 0, "{:?}", stage.world.sandbox.calls());
    assert_eq!(stage.world.sandbox.state().contacts.len(), 0);
}

#[tokio::test]
async fn whoever_brevo_has_is_brought_up_to_date_and_told_of_without_any_flag() {
    let stage = Stage::new(KNOWN_ONLY).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO, "attributes": {"LASTNAME": "Old"}}));
    for (topic, body) in story() {
        let report = stage.tell(topic, &body).await;
        assert!(!matches!(report.outcome, Outcome::Parked | Outcome::Retried), "{report:?}");
    }
    let contact = stage.contact(JO);
    assert_eq!(contact["attributes"]["LASTNAME"], "Müller");
    assert_eq!(contact["emailBlacklisted"], false, "they were there before us, and nobody said no");
    assert_eq!(contact["ext_id"], Value::Null, "it may be known by another system's id");
    assert_eq!(contact["listIds"], json!([2]));
    assert_eq!((stage.count("customer_created"), stage.count("order_placed")), (1, 1));
    assert_eq!(stage.world.sandbox.state().contacts.len(), 1);
    assert_eq!(questions(&stage), 1, "asked once: what was found is remembered");
}

#[tokio::test]
async fn a_stranger_is_looked_for_again_after_an_hour_or_with_another_address() {
    let stage = Stage::new(KNOWN_ONLY).await;
    let update = |minute: u32, email: &str| {
        let at = format!("2026-11-05T08:{minute:02}:00Z");
        with(
            sample("customers-create"),
            json!({"email": email, "updated_at": at, "note": minute.to_string()}),
        )
    };
    stage.tell("customers/create", &sample("customers-create")).await;
    let asked = questions(&stage);
    assert!(0 < asked);
    stage.tell("customers/update", &update(1, JO)).await;
    assert_eq!(questions(&stage), asked, "a moment later nobody is asked again");
    stage.brevo("POST", "/v3/contacts", &json!({"email": "joanna@example.com"}));
    stage.tell("customers/update", &update(2, "joanna@example.com")).await;
    assert_eq!(stage.contact("joanna@example.com")["attributes"]["FIRSTNAME"], "Jo");

    let stage = Stage::new(KNOWN_ONLY).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO}));
    stage.world.advance(SignedDuration::from_mins(61));
    let report = stage.tell("customers/update", &update(3, JO)).await;
    assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
    assert_eq!(stage.contact(JO)["attributes"]["FIRSTNAME"], "Jo");
}

#[tokio::test]
async fn a_contact_that_is_deleted_in_brevo_does_not_come_back() {
    let stage = Stage::new(KNOWN_ONLY).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO}));
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    stage.brevo("DELETE", &format!("/v3/contacts/{JO}?identifierType=email_id"), &Value::Null);
    let events = stage.events().len();
    let before = stage.tell("customers/update", &sample("customers-update")).await;
    assert!(ending(&before).contains("deleted in Brevo"), "{before:?}");
    for (topic, name) in [("fulfillments/create", "fulfillments-create"), ("orders/delete", "orders-delete")]
    {
        let report = stage.tell(topic, &sample(name)).await;
        assert_eq!(report.outcome, Outcome::Skipped, "{report:?}");
    }
    assert_eq!(stage.events().len(), events, "an event would make the contact anew");
    assert_eq!(stage.world.sandbox.state().contacts.len(), 0);
}

#[tokio::test]
async fn a_question_without_an_answer_is_asked_again_and_nothing_is_lost() {
    let stage = Stage::new(KNOWN_ONLY).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO}));
    stage.fault(json!({"method": "GET", "path": "/v3/contacts/*", "action": {"status": 503}}));
    let report = stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(report.outcome, Outcome::Deferred, "{report:?}");
    stage.drain().await;
    assert_eq!(stage.contact(JO)["attributes"]["LASTNAME"], "Müller");
    assert_eq!(stage.count("customer_created"), 1);
}

#[tokio::test]
async fn what_a_stranger_refuses_holds_once_brevo_has_them() {
    let stage = Stage::new(KNOWN_ONLY).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    let consent = json!({"state": "unsubscribed", "consent_updated_at": "2026-11-05T08:01:00Z"});
    let said =
        with(sample("customers_email_marketing_consent-update"), json!({"email_marketing_consent": consent}));
    stage.tell("customers_email_marketing_consent/update", &said).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO}));
    stage.world.advance(SignedDuration::from_mins(61));
    stage.tell("customers/update", &sample("customers-update")).await;
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true);
}

#[tokio::test]
async fn a_crash_between_the_question_and_the_write_leaves_a_linked_contact_that_is_written_next_time() {
    let stage = Stage::new(KNOWN_ONLY).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO}));
    stage.fault(json!({"method": "PUT", "path": "/v3/contacts*", "action": {"apply_then_drop": true}}));
    let report = stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(report.outcome, Outcome::Deferred);
    stage.drain().await;
    assert_eq!(stage.contact(JO)["attributes"]["LASTNAME"], "Müller");
    assert_eq!(stage.count("customer_created"), 1);
    // Whatever was written is taken back, whoever could mark it.
    stage.tell("customers/delete", &sample("customers-delete")).await;
    assert_eq!(stage.contact(JO)["attributes"]["LASTNAME"], Value::Null);
    assert!(stage.contact(JO).is_object(), "it was there before us");
}

#[tokio::test]
async fn our_id_finds_a_contact_under_another_address_whatever_comes_first() {
    for (order, asked) in [("[customer_id, email]", 1), ("[email, customer_id]", 0)] {
        let stage = Stage::new(&ordered_by(order)).await;
        stage.brevo("POST", "/v3/contacts", &json!({"email": "old@example.com", "ext_id": JOS_ID}));
        stage.tell("customers/create", &sample("customers-create")).await;
        assert_eq!(stage.world.sandbox.state().contacts.len(), 1, "{order}");
        let contact = stage.contact(JO);
        assert_eq!(
            (&contact["ext_id"], &contact["attributes"]["LASTNAME"]),
            (&json!(JOS_ID), &json!("Müller"))
        );
        let creations = stage.calls("POST", "/v3/contacts");
        let tried = creations.iter().filter(|call| call.path == "/v3/contacts" && call.status == 400).count();
        assert_eq!(tried, 1 - asked, "{order}: whoever is found first is not made first");
    }
}

#[tokio::test]
async fn a_number_finds_a_contact_that_has_no_address_and_never_somebody_elses() {
    let settings = ordered_by("[phone, email, customer_id]");
    let jo = with(sample("customers-create"), json!({"phone": "+491711234567"}));
    let stage = Stage::new(&settings).await;
    stage.brevo("POST", "/v3/contacts", &json!({"attributes": {"SMS": "+491711234567", "CITY": "Berlin"}}));
    stage.tell("customers/create", &jo).await;
    assert_eq!(stage.world.sandbox.state().contacts.len(), 1);
    assert_eq!(stage.contact(JO)["attributes"]["LASTNAME"], "Müller", "the address is theirs now");
    assert_eq!(stage.contact(JO)["ext_id"], JOS_ID);

    let stage = Stage::new(&settings).await;
    let sam = json!({"email": "sam@example.com", "attributes": {"SMS": "+491711234567", "LASTNAME": "Sam"}});
    stage.brevo("POST", "/v3/contacts", &sam);
    stage.tell("customers/create", &jo).await;
    assert_eq!(stage.contact("sam@example.com")["attributes"]["LASTNAME"], "Sam", "a number may be shared");
    assert_eq!(stage.contact(JO)["attributes"]["LASTNAME"], "Müller");
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], Value::Null);
}

#[tokio::test]
async fn a_person_with_a_number_alone_is_known_by_it_and_their_events_reach_the_contact() {
    let stage = Stage::new(&ordered_by("[phone, email, customer_id]")).await;
    stage.brevo("POST", "/v3/contacts", &json!({"attributes": {"SMS": "+491711234567"}}));
    let jo = with(sample("customers-create"), json!({"phone": "+491711234567", "email": null}));
    stage.tell("customers/create", &jo).await;
    let newer = json!({"phone": "+491711234567", "email": null, "last_name": "Meyer"});
    stage.tell("customers/update", &with(sample("customers-update"), newer)).await;
    let state = stage.world.sandbox.state();
    assert_eq!(state.contacts.len(), 1, "{:?}", state.contacts);
    let contact = json!(state.contacts[0]);
    assert_eq!((&contact["attributes"]["LASTNAME"], &contact["ext_id"]), (&json!("Meyer"), &json!(JOS_ID)));
}

#[tokio::test]
async fn our_id_is_left_to_others_and_a_person_without_anything_named_is_nobody() {
    let stage = Stage::new(&ordered_by("[email]")).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(stage.contact(JO)["ext_id"], Value::Null);
    let nameless = json!({"id": 7_201_400_000_099_u64, "email": null, "phone": "+491711234567"});
    let report = stage.tell("customers/create", &with(sample("customers-create"), nameless)).await;
    assert!(ending(&report).contains("contacts.identity"), "{report:?}");
    assert_eq!(stage.world.sandbox.state().contacts.len(), 1);
}

#[test]
fn explain_shows_whom_brevo_is_asked_for_and_that_the_rest_depends_on_the_answer() {
    let requests = |settings: &str| {
        let body = sample("customers-create").to_string();
        let question = Question {
            platform: Platform::Shopify,
            topic: "customers/create",
            body: body.as_bytes(),
            settings: Settings::from_yaml(settings).unwrap(),
            kind: StoreKind::Live,
            now: "2026-11-05T08:00:00Z".parse().unwrap(),
        };
        let explained = explain(&question);
        (
            explained
                .requests
                .iter()
                .map(|request| format!("{:?} {}", request.method, request.path))
                .collect::<Vec<_>>(),
            explained.skipped,
        )
    };
    let (known_only, skipped) = requests(KNOWN_ONLY);
    let (email, id) = ("/contacts/jo%40example%2Ecom", "/contacts/shopify%3Ayour%2Dstore%3A7201400000011");
    assert_eq!(known_only[..3], [format!("Get {email}"), format!("Get {id}"), format!("Put {email}")]);
    assert!(skipped.iter().any(|skipped| skipped.reason.contains("contacts.create")), "{skipped:?}");
    let (by_id, _) = requests(&ordered_by("[customer_id, email]"));
    assert_eq!(by_id[..2], [format!("Get {id}"), "Post /contacts".to_owned()]);
    assert_eq!(requests("").0[0], "Post /contacts");
}
