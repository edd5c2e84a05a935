//! Keys, addresses and paths.

use serde_json::json;
use tajo_sandbox::{Account, AccountSettings, Request};

use crate::support::{Brevo, refused};

#[test]
fn a_key_that_is_missing_or_unknown_is_a_401() {
    let brevo = Brevo::new();
    for key in ["", "xkeysib-other"] {
        let response = brevo.send(Request::new("GET", "/v3/account").key(key));
        refused(&response, 401, "unauthorized");
        assert_eq!(response.json()["message"], "Key not found");
    }
}

#[test]
fn an_unrecognised_address_is_a_401_of_its_own() {
    let brevo = Brevo::new();
    brevo.settings(|settings| settings.ip_blocked = Some(true));
    let response = brevo.get("account");
    refused(&response, 401, "unauthorized");
    assert!(response.json()["message"].as_str().unwrap().contains("unrecognised IP address"));
}

#[test]
fn the_tracker_key_is_there_only_while_automation_is_on() {
    let brevo = Brevo::new();
    assert!(brevo.get("account").json()["marketingAutomation"]["key"].is_string());
    brevo.settings(|settings| settings.automation = Some(false));
    assert_eq!(brevo.get("account").json()["marketingAutomation"], json!({"enabled": false}));
}

#[test]
fn two_accounts_of_one_owner_are_told_apart_by_their_organization() {
    let brevo = Brevo::new();
    let other = AccountSettings { api_key: "xkeysib-other".to_owned(), ..AccountSettings::default() };
    brevo.sandbox.configure(&other);
    let one = brevo.get("account").json();
    let two = brevo.send(Request::new("GET", "/v3/account").key("xkeysib-other")).json();
    assert_eq!(one["email"], two["email"]);
    assert_ne!(one["organization_id"], two["organization_id"]);
}

#[test]
fn the_display_currency_is_refused_until_ecommerce_is_activated() {
    let brevo = Brevo::new();
    refused(&brevo.get("ecommerce/config/displayCurrency"), 403, "permission_denied");
    assert_eq!(brevo.post("ecommerce/activate", json!({})).status, 200);
    assert_eq!(brevo.post("ecommerce/activate", json!({})).status, 200, "again is no mistake");
    assert_eq!(brevo.get("ecommerce/config/displayCurrency").json(), json!({"code": "USD"}));
}

#[test]
fn looking_at_the_display_currency_and_activating_each_count_for_100_an_hour() {
    let brevo = Brevo::new();
    for path in ["ecommerce/config/displayCurrency", "account"] {
        let response = brevo.get(path);
        assert_eq!(response.header("x-sib-ratelimit-limit"), Some("100"), "{path}");
    }
    assert_eq!(brevo.post("ecommerce/activate", json!({})).header("x-sib-ratelimit-limit"), Some("100"));
}

#[test]
fn an_account_begins_without_ecommerce_and_with_default_attributes_only() {
    let state = Brevo::new().state();
    assert!(!state.ecommerce.active);
    assert_eq!(state.ecommerce.display_currency, "USD");
    let names: Vec<&str> = state.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names[..3], ["LASTNAME", "FIRSTNAME", "EXT_ID"]);
    assert!(!names.contains(&"ORDER_COUNT"));
}

#[test]
fn name_attributes_follow_the_language_of_the_account() {
    let brevo = Brevo::new();
    brevo.settings(|settings| settings.name_attributes = Some(("PRENOM".to_owned(), "NOM".to_owned())));
    brevo.contact(json!({"email": "jo@example.com", "attributes": {"FIRSTNAME": "Jo", "PRENOM": "Jo"}}));
    assert_eq!(json!(brevo.state().contacts[0].attributes), json!({"PRENOM": "Jo"}));
}

#[test]
fn the_contacts_batch_endpoint_is_gone() {
    refused(&Brevo::new().post("contacts/batch", json!({"contacts": []})), 404, "document_not_found");
}

#[test]
fn a_method_that_a_path_does_not_know_is_a_405() {
    let brevo = Brevo::new();
    refused(&brevo.put("events", json!({})), 405, "method_not_allowed");
    refused(&brevo.delete("contacts/lists"), 405, "method_not_allowed");
}

#[test]
fn a_path_that_brevo_has_and_the_sandbox_does_not_play_says_so() {
    assert_eq!(Brevo::new().post("contacts/import", json!({})).status, 501);
}

#[test]
fn accounts_know_nothing_of_each_other() {
    let brevo = Brevo::new();
    let other = AccountSettings { api_key: "xkeysib-other".to_owned(), ..AccountSettings::default() };
    assert_eq!(brevo.sandbox.configure(&other), "account-2");
    let body = json!({"email": "jo@example.com"});
    let response = brevo.send(Request::new("POST", "/v3/contacts").key("xkeysib-other").json(&body));
    assert_eq!(response.status, 201);
    assert_eq!(brevo.state().contacts, []);
    assert_eq!(brevo.sandbox.state_of("account-2").unwrap().contacts.len(), 1);
}

#[test]
fn an_account_is_a_pure_function_of_requests_and_time() {
    let now = "2026-11-21T09:00:00Z".parse().unwrap();
    let jo =
        Request::new("POST", "/v3/contacts").json(&json!({"email": "jo@example.com", "updateEnabled": true}));
    let empty = Account::new("one");
    let (mut left, mut right) = (empty.clone(), empty.clone());
    assert_eq!(left.handle(&jo, now), right.handle(&jo, now));
    assert_eq!(left.state(), right.state());
    assert_ne!(left.state(), empty.state());
}
