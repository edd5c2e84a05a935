//! Subscribed or blocklisted, and nothing in between.

use serde_json::json;

use crate::support::Brevo;

#[test]
fn a_contact_without_a_block_is_subscribed() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    assert_eq!(brevo.get("contacts/1").json()["emailBlacklisted"], false);
    brevo.contact(json!({"email": "al@example.com", "emailBlacklisted": true, "smsBlacklisted": true}));
    let contact = brevo.get("contacts/2").json();
    assert_eq!((&contact["emailBlacklisted"], &contact["smsBlacklisted"]), (&json!(true), &json!(true)));
}

#[test]
fn an_update_without_flags_leaves_the_block_alone() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com", "emailBlacklisted": true}));
    brevo.post(
        "contacts",
        json!({"email": "jo@example.com", "attributes": {"FIRSTNAME": "Jo"}, "updateEnabled": true}),
    );
    assert!(brevo.state().contacts[0].email_blacklisted);
}

#[test]
fn a_new_address_removes_the_block() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com", "emailBlacklisted": true}));
    brevo.put("contacts/1", json!({"attributes": {"EMAIL": "jo@example.org"}}));
    assert!(!brevo.state().contacts[0].email_blacklisted);
}

#[test]
fn a_new_address_with_the_block_in_the_same_put_stays_blocked() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com", "emailBlacklisted": true}));
    brevo.put("contacts/1", json!({"attributes": {"EMAIL": "jo@example.org"}, "emailBlacklisted": true}));
    assert!(brevo.state().contacts[0].email_blacklisted);
}

#[test]
fn the_same_address_again_keeps_the_block() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com", "emailBlacklisted": true}));
    brevo.put("contacts/1", json!({"attributes": {"EMAIL": "JO@example.com"}}));
    assert!(brevo.state().contacts[0].email_blacklisted);
}

#[test]
fn deleting_a_contact_forgets_its_block() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com", "emailBlacklisted": true}));
    assert_eq!(brevo.delete("contacts/jo%40example.com?identifierType=email_id").status, 204);
    let id = brevo.contact(json!({"email": "jo@example.com"}));
    assert_eq!(id, 2);
    assert!(!brevo.state().contacts[0].email_blacklisted);
}
