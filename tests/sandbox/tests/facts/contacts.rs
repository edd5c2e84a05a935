//! Creating, updating, finding and deleting contacts.

use serde_json::json;

use crate::support::{Brevo, is_empty, refused};

#[test]
fn update_enabled_defaults_to_false() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    let response =
        brevo.post("contacts", json!({"email": "jo@example.com", "attributes": {"FIRSTNAME": "Jo"}}));
    refused(&response, 400, "duplicate_parameter");
    assert_eq!(response.json()["metadata"]["duplicate_identifiers"], json!(["email"]));
    assert!(brevo.state().contacts[0].attributes.is_empty());
}

#[test]
fn a_creation_answers_201_and_an_upsert_204_without_a_body() {
    let brevo = Brevo::new();
    let body = json!({"email": "jo@example.com", "updateEnabled": true});
    assert_eq!(brevo.post("contacts", body.clone()).json(), json!({"id": 1}));
    let again = brevo.post("contacts", body);
    assert_eq!((again.status, again.body.len()), (204, 0));
}

#[test]
fn get_id_answers_the_surviving_id() {
    let brevo = Brevo::new();
    let id = brevo.contact(json!({"email": "jo@example.com"}));
    let body = json!({"email": "jo@example.com", "updateEnabled": true, "getId": true});
    assert_eq!(brevo.post("contacts", body).json(), json!({"id": id}));
}

#[test]
fn a_contact_needs_an_email_an_ext_id_or_a_phone() {
    let brevo = Brevo::new();
    refused(&brevo.post("contacts", json!({"attributes": {"FIRSTNAME": "Jo"}})), 400, "missing_parameter");
    brevo.contact(json!({"ext_id": "shopify:jo:1"}));
    brevo.contact(json!({"attributes": {"SMS": "+33612345678"}}));
}

#[test]
fn addresses_are_stored_in_lower_case() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "Jo@Example.com"}));
    assert!(brevo.state().contact("jo@example.com").is_some());
    assert_eq!(brevo.get("contacts/JO%40example.com").status, 200);
}

#[test]
fn an_invalid_email_is_refused() {
    let brevo = Brevo::new();
    for email in ["jo", "jo@", "jo@example", "jo @example.com", "jo@exa mple.com", "jo@@example.com", ""] {
        refused(&brevo.post("contacts", json!({"email": email})), 400, "invalid_parameter");
    }
    is_empty(&brevo);
}

#[test]
fn an_invalid_phone_writes_nothing_of_the_contact() {
    let brevo = Brevo::new();
    for phone in ["0612345678", "12345", "+33 6 AB", "+1 055 123 4567", "+1234567890123456"] {
        let body = json!({"email": "jo@example.com", "attributes": {"FIRSTNAME": "Jo", "SMS": phone}});
        refused(&brevo.post("contacts", body), 400, "invalid_parameter");
    }
    is_empty(&brevo);
}

#[test]
fn one_number_has_many_spellings() {
    let brevo = Brevo::new();
    brevo.contact(json!({"attributes": {"SMS": "+33 6 12 34 56 78"}}));
    for spelling in ["0033612345678", "33612345678", "+33 (6) 12-34-56-78"] {
        let response = brevo.post("contacts", json!({"attributes": {"SMS": spelling}}));
        assert_eq!(response.json()["metadata"]["duplicate_identifiers"], json!(["SMS"]));
    }
    assert_eq!(brevo.state().contacts[0].attributes["SMS"], "33612345678");
}

#[test]
fn a_duplicate_phone_refuses_the_whole_contact() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com", "attributes": {"SMS": "+33612345678"}}));
    let body = json!({"email": "al@example.com", "attributes": {"FIRSTNAME": "Al", "SMS": "+33612345678"}});
    let response = brevo.post("contacts", body);
    assert_eq!(response.status, 400);
    assert_eq!(response.json()["metadata"]["duplicate_identifiers"], json!(["SMS"]));
    assert_eq!(brevo.state().contacts.len(), 1);
}

#[test]
fn every_identifier_is_unique_and_all_conflicts_are_listed() {
    let brevo = Brevo::new();
    brevo.contact(json!({"ext_id": "a", "attributes": {"SMS": "+33612345678"}}));
    brevo.contact(json!({"email": "al@example.com", "attributes": {"WHATSAPP": "+33612345679"}}));
    brevo.contact(json!({"email": "bo@example.com", "attributes": {"LANDLINE_NUMBER": "+33112345678"}}));
    let attributes = json!({"SMS": "+33612345678", "WHATSAPP": "+33612345679", "LANDLINE_NUMBER": "+33112345678", "FIRSTNAME": "Jo"});
    let body =
        json!({"email": "jo@example.com", "ext_id": "a", "attributes": attributes, "updateEnabled": true});
    let response = brevo.post("contacts", body);
    let expected = json!(["ext_id", "SMS", "WHATSAPP", "LANDLINE_NUMBER"]);
    assert_eq!(response.json()["metadata"]["duplicate_identifiers"], expected);
    assert!(brevo.state().contact("jo@example.com").is_none());
}

#[test]
fn an_update_reports_a_duplicate_under_another_code_than_a_creation() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.contact(json!({"email": "al@example.com"}));
    let response = brevo.put("contacts/2", json!({"attributes": {"EMAIL": "jo@example.com"}}));
    refused(&response, 400, "invalid_parameter");
    assert_eq!(response.json()["metadata"]["duplicate_identifiers"], json!(["email"]));
}

#[test]
fn the_first_identifier_picks_the_contact_and_the_others_may_only_conflict() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "old@example.com", "ext_id": "shopify:jo:1"}));
    let body = json!({"email": "new@example.com", "ext_id": "shopify:jo:1", "updateEnabled": true});
    assert_eq!(brevo.post("contacts", body).json()["metadata"]["duplicate_identifiers"], json!(["ext_id"]));
    let body = json!({"attributes": {"EMAIL": "new@example.com"}});
    assert_eq!(brevo.put("contacts/shopify%3Ajo%3A1?identifierType=ext_id", body).status, 204);
    assert_eq!(brevo.state().contacts[0].email.as_deref(), Some("new@example.com"));
}

#[test]
fn an_upsert_can_give_a_known_address_its_ext_id() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    let body = json!({"email": "jo@example.com", "ext_id": "shopify:jo:1", "updateEnabled": true});
    assert_eq!(brevo.post("contacts", body).status, 204);
    assert_eq!(brevo.state().contacts[0].ext_id.as_deref(), Some("shopify:jo:1"));
    assert_eq!(brevo.get("contacts/1").json()["attributes"]["EXT_ID"], "shopify:jo:1");
}

#[test]
fn force_merge_deletes_the_other_contact() {
    let brevo = Brevo::new();
    brevo.contact(
        json!({"email": "jo@example.com", "attributes": {"SMS": "+33612345678", "FIRSTNAME": "Jo"}}),
    );
    brevo.contact(json!({"email": "al@example.com", "attributes": {"LASTNAME": "Al"}}));
    let body = json!({"attributes": {"SMS": "+33612345678"}, "forceMerge": true});
    assert_eq!(brevo.put("contacts/al%40example.com", body).status, 204);
    let state = brevo.state();
    assert_eq!(state.contacts.len(), 1);
    assert_eq!(state.contacts[0].email.as_deref(), Some("al@example.com"));
    assert_eq!(state.contacts[0].attributes["FIRSTNAME"], "Jo");
}

#[test]
fn without_identifier_type_only_an_address_or_brevos_id_work() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com", "ext_id": "77", "attributes": {"SMS": "+33612345678"}}));
    assert_eq!(brevo.get("contacts/jo%40example.com").status, 200);
    assert_eq!(brevo.get("contacts/1").status, 200);
    refused(&brevo.get("contacts/77"), 404, "document_not_found");
    refused(&brevo.get("contacts/shopify%3Ajo%3A1"), 400, "invalid_parameter");
    for found in
        ["77?identifierType=ext_id", "%2B33612345678?identifierType=phone_id", "1?identifierType=contact_id"]
    {
        assert_eq!(brevo.get(&format!("contacts/{found}")).json()["id"], 1);
    }
    refused(&brevo.get("contacts/77?identifierType=id"), 400, "invalid_parameter");
}

#[test]
fn an_unknown_contact_is_document_not_found() {
    let brevo = Brevo::new();
    refused(&brevo.get("contacts/jo%40example.com"), 404, "document_not_found");
    refused(&brevo.put("contacts/jo%40example.com", json!({})), 404, "document_not_found");
    refused(&brevo.delete("contacts/1?identifierType=ext_id"), 404, "document_not_found");
}

#[test]
fn the_contact_of_an_account_user_cannot_be_deleted() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "owner@example.com"}));
    refused(&brevo.delete("contacts/1"), 405, "method_not_allowed");
}

#[test]
fn list_changes_ride_along_and_lists_must_exist() {
    let brevo = Brevo::new();
    let list = brevo.list("Customers");
    refused(
        &brevo.post("contacts", json!({"email": "jo@example.com", "listIds": [99]})),
        400,
        "invalid_parameter",
    );
    is_empty(&brevo);
    brevo.contact(json!({"email": "jo@example.com", "listIds": [list]}));
    assert_eq!(json!(brevo.state().contacts[0].list_ids), json!([list]));
}

#[test]
fn unlink_list_ids_works_in_put_only() {
    let brevo = Brevo::new();
    let list = brevo.list("Customers");
    brevo.contact(json!({"email": "jo@example.com", "listIds": [list]}));
    brevo
        .post("contacts", json!({"email": "jo@example.com", "unlinkListIds": [list], "updateEnabled": true}));
    assert_eq!(json!(brevo.state().contacts[0].list_ids), json!([list]));
    brevo.put("contacts/1", json!({"unlinkListIds": [list]}));
    assert_eq!(json!(brevo.state().contacts[0].list_ids), json!([]));
}

#[test]
fn sms_can_be_emptied_only_if_the_contact_has_an_email() {
    let brevo = Brevo::new();
    brevo.contact(json!({"ext_id": "a", "attributes": {"SMS": "+33612345678"}}));
    brevo.contact(json!({"email": "jo@example.com", "attributes": {"SMS": "+33612345679"}}));
    refused(&brevo.put("contacts/1", json!({"attributes": {"SMS": ""}})), 400, "invalid_parameter");
    assert_eq!(brevo.put("contacts/2", json!({"attributes": {"SMS": ""}})).status, 204);
    assert!(brevo.state().contacts[1].attributes.is_empty());
}

#[test]
fn a_contact_fresh_from_creation_is_too_early_to_update() {
    let brevo = Brevo::new();
    brevo.settings(|settings| settings.early_ms = Some(3_000));
    brevo.contact(json!({"email": "jo@example.com"}));
    let upsert = json!({"email": "jo@example.com", "updateEnabled": true});
    assert_eq!(brevo.put("contacts/1", json!({})).status, 425);
    assert_eq!(brevo.post("contacts", upsert.clone()).status, 425);
    assert_eq!(brevo.post("contacts", upsert).status, 204);
}

#[test]
fn contacts_modified_since_can_be_paged() {
    let brevo = Brevo::new();
    for name in ["a", "b", "c"] {
        brevo.contact(json!({"email": format!("{name}@example.com")}));
    }
    let since = brevo.now();
    brevo.put("contacts/1", json!({"emailBlacklisted": true}));
    let page = brevo.get(&format!("contacts?modifiedSince={since}")).json();
    assert_eq!((&page["count"], &page["contacts"][0]["emailBlacklisted"]), (&json!(1), &json!(true)));
    let page = brevo.get("contacts?limit=2&offset=1").json();
    let ids: Vec<_> =
        page["contacts"].as_array().unwrap().iter().map(|contact| contact["id"].clone()).collect();
    assert_eq!((ids, &page["count"]), (vec![json!(2), json!(1)], &json!(3)));
    refused(&brevo.get("contacts?limit=1001"), 400, "out_of_range");
}
