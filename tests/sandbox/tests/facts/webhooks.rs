//! Registrations of Brevo's webhooks, and what is posted to them.

use serde_json::{Value, json};
use tajo_sandbox::{Happened, Happening};

use crate::support::{Brevo, refused};

fn registration() -> Value {
    json!({
        "type": "marketing", "channel": "email", "url": "https://x.example/brevo/0a1b", "events": ["unsubscribed"],
        "auth": {"type": "bearer", "token": "t"}, "description": "ours",
    })
}

fn happen(brevo: &Brevo, event: &str, email: &str) -> Result<Happened, String> {
    let wanted = Happening {
        api_key: None,
        event: event.to_owned(),
        email: email.to_owned(),
        ts_event: Some(1_763_629_200),
    };
    brevo.sandbox.happen(&wanted, brevo.now())
}

#[test]
fn a_registration_is_created_read_changed_and_deleted() {
    let brevo = Brevo::new();
    let created = brevo.post("webhooks", registration());
    assert_eq!(created.status, 201);
    let id = created.json()["id"].as_u64().unwrap();
    let listed = brevo.get("webhooks?type=marketing").json();
    assert_eq!(listed["webhooks"][0]["url"], "https://x.example/brevo/0a1b");
    assert_eq!(brevo.put(&format!("webhooks/{id}"), json!({"events": ["spam"]})).status, 204);
    let read = brevo.get(&format!("webhooks/{id}")).json();
    assert_eq!((&read["events"], &read["auth"]["token"]), (&json!(["spam"]), &json!("t")));
    assert_eq!(brevo.delete(&format!("webhooks/{id}")).status, 204);
    refused(&brevo.get(&format!("webhooks/{id}")), 404, "document_not_found");
}

#[test]
fn the_list_is_of_transactional_webhooks_unless_asked_otherwise() {
    let brevo = Brevo::new();
    brevo.post("webhooks", registration());
    assert_eq!(brevo.get("webhooks").json(), json!({"webhooks": []}));
}

#[test]
fn an_account_has_40_webhooks() {
    let brevo = Brevo::new();
    for _ in 0..40 {
        assert_eq!(brevo.post("webhooks", registration()).status, 201);
    }
    refused(&brevo.post("webhooks", registration()), 400, "invalid_parameter");
}

#[test]
fn webhooks_have_100_calls_an_hour() {
    let brevo = Brevo::new();
    for _ in 0..100 {
        assert_eq!(brevo.get("webhooks?type=marketing").status, 200);
    }
    assert_eq!(brevo.get("webhooks?type=marketing").status, 429);
}

#[test]
fn a_marketing_webhook_has_events_of_its_own_and_an_address() {
    let brevo = Brevo::new();
    for (field, value) in [("events", json!(["request"])), ("events", json!([])), ("url", json!("x.example"))]
    {
        let mut wrong = registration();
        wrong[field] = value;
        refused(&brevo.post("webhooks", wrong), 400, "invalid_parameter");
    }
}

#[test]
fn an_unsubscribe_blocks_the_contact_and_is_posted_with_the_token() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.post("webhooks", registration());
    let happened = happen(&brevo, "unsubscribe", "jo@example.com").unwrap();
    assert!(brevo.state().contacts[0].email_blacklisted);
    assert_eq!(happened.posts.len(), 1);
    assert_eq!(happened.posts[0].authorization.as_deref(), Some("Bearer t"));
    let body = &happened.posts[0].body;
    assert_eq!((&body["event"], &body["ts_event"]), (&json!("unsubscribe"), &json!(1_763_629_200)));
    assert_eq!(happen(&brevo, "spam", "jo@example.com").unwrap().posts, [], "nobody listens for it");
}

#[test]
fn a_batched_webhook_posts_a_list() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    let mut batched = registration();
    batched["batched"] = json!(true);
    brevo.post("webhooks", batched);
    assert_eq!(
        happen(&brevo, "unsubscribe", "jo@example.com").unwrap().posts[0].body[0]["event"],
        "unsubscribe"
    );
}

#[test]
fn a_deleted_contact_is_told_and_gone() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    let happened = happen(&brevo, "contact_deleted", "jo@example.com").unwrap();
    assert_eq!((&happened.body["event"], happened.body.get("ts_event")), (&json!("contact_deleted"), None));
    assert_eq!(brevo.state().contacts, []);
    assert!(
        happen(&brevo, "unsubscribe", "jo@example.com").is_err(),
        "somebody who is not there does nothing"
    );
}
