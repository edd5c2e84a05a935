//! Lists and their members.

use serde_json::{Value, json};

use crate::support::{Brevo, refused};

#[test]
fn a_list_lives_in_a_folder_that_exists() {
    let brevo = Brevo::new();
    let response = brevo.post("contacts/lists", json!({"name": "Customers", "folderId": 9}));
    refused(&response, 404, "document_not_found");
    let list = brevo.list("Customers");
    assert_eq!(brevo.get(&format!("contacts/lists/{list}")).json()["name"], "Customers");
    assert_eq!(brevo.get("contacts/folders").json()["count"], 1);
}

#[test]
fn lists_and_folders_come_in_pages_of_at_most_50_and_newest_first_unless_asked() {
    let brevo = Brevo::new();
    brevo.settings(|settings| settings.rate_limits = Some(false));
    for n in 0..60 {
        brevo.list(&format!("List {n}"));
    }
    for what in ["lists", "folders"] {
        let names = |query: &str| {
            let page = brevo.get(&format!("contacts/{what}?{query}")).json();
            assert_eq!(page["count"], 60);
            page[what].as_array().unwrap().iter().map(|row| row["name"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("").len(), 10);
        let page = names("limit=50&offset=50&sort=asc");
        assert_eq!(page.len(), 10);
        refused(&brevo.get(&format!("contacts/{what}?limit=51")), 400, "out_of_range");
    }
    let first = brevo.get("contacts/lists?limit=50&sort=asc").json()["lists"][0]["name"].clone();
    assert_eq!(
        (first, &brevo.get("contacts/lists").json()["lists"][0]["name"]),
        (json!("List 0"), &json!("List 59"))
    );
}

#[test]
fn two_lists_and_two_folders_may_have_one_name() {
    let brevo = Brevo::new();
    assert_ne!(brevo.list("Customers"), brevo.list("Customers"));
    assert_eq!((brevo.state().lists.len(), brevo.state().folders.len()), (2, 2));
}

#[test]
fn adding_reports_who_was_added_and_who_was_not() {
    let brevo = Brevo::new();
    let list = brevo.list("Customers");
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.contact(json!({"email": "al@example.com", "listIds": [list]}));
    let add = format!("contacts/lists/{list}/contacts/add");
    let body = json!({"emails": ["jo@example.com", "al@example.com", "no@example.com"]});
    let expected = json!({"success": ["jo@example.com"], "failure": ["al@example.com", "no@example.com"]});
    assert_eq!(brevo.post(&add, body).json()["contacts"], expected);
    let row = brevo.get("contacts/lists").json()["lists"][0].clone();
    assert_eq!((&row["uniqueSubscribers"], &row["totalBlacklisted"]), (&json!(2), &json!(0)));
}

#[test]
fn a_call_that_changes_no_membership_is_a_400() {
    let brevo = Brevo::new();
    let list = brevo.list("Customers");
    brevo.contact(json!({"email": "jo@example.com", "listIds": [list]}));
    let add = format!("contacts/lists/{list}/contacts/add");
    let response = brevo.post(&add, json!({"ids": [1]}));
    refused(&response, 400, "invalid_parameter");
    assert_eq!(response.json()["message"], "Contact already in list and/or does not exist");
}

#[test]
fn members_are_compared_with_the_case_they_are_written_in() {
    let brevo = Brevo::new();
    let list = brevo.list("Customers");
    brevo.contact(json!({"email": "Jo@Example.com"}));
    let add = format!("contacts/lists/{list}/contacts/add");
    refused(&brevo.post(&add, json!({"emails": ["Jo@Example.com"]})), 400, "invalid_parameter");
    assert_eq!(brevo.post(&add, json!({"emails": ["jo@example.com"]})).status, 201);
}

#[test]
fn exactly_one_kind_of_member_and_at_most_150() {
    let brevo = Brevo::new();
    let list = brevo.list("Customers");
    brevo.contact(json!({"email": "jo@example.com"}));
    let add = format!("contacts/lists/{list}/contacts/add");
    let many: Vec<u64> = (1..=151).collect();
    for body in [
        json!({}),
        json!({"ids": [1], "emails": ["jo@example.com"]}),
        json!({"ids": many}),
        json!({"ids": []}),
    ] {
        refused(&brevo.post(&add, body), 400, "invalid_parameter");
    }
    let response = brevo.post(&add, json!({"ids": many[..150]}));
    assert_eq!(response.json()["contacts"]["failure"].as_array().map(Vec::len), Some(149));
}

#[test]
fn members_can_be_removed_one_by_one_or_all_at_once() {
    let brevo = Brevo::new();
    let list = brevo.list("Customers");
    for id in ["a", "b", "c"] {
        brevo.contact(json!({"ext_id": id, "listIds": [list]}));
    }
    let remove = format!("contacts/lists/{list}/contacts/remove");
    let response = brevo.post(&remove, json!({"extIds": ["a", "z"]})).json();
    assert_eq!(response["contacts"], json!({"success": ["a"], "failure": ["z"]}));
    assert_eq!(brevo.post(&remove, json!({"all": true})).json()["contacts"]["total"], Value::from(2));
    assert!(brevo.state().contacts.iter().all(|contact| contact.list_ids.is_empty()));
}
