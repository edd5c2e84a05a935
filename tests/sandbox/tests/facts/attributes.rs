//! What is kept of a contact's attributes, and what is dropped without a word.

use serde_json::{Value, json};

use crate::support::{Brevo, refused};

/// The attributes that remain of what was sent.
fn kept(brevo: &Brevo, attributes: Value) -> Value {
    let body = json!({"email": "jo@example.com", "attributes": attributes, "updateEnabled": true});
    assert!([201, 204].contains(&brevo.post("contacts", body).status));
    json!(brevo.state().contact("jo@example.com").unwrap().attributes)
}

#[test]
fn attributes_that_do_not_exist_are_silently_dropped() {
    let brevo = Brevo::new();
    assert_eq!(kept(&brevo, json!({"FIRSTNAME": "Jo", "ORDER_COUNT": 3})), json!({"FIRSTNAME": "Jo"}));
    brevo.attribute("ORDER_COUNT", "float");
    assert_eq!(kept(&brevo, json!({"ORDER_COUNT": 3})), json!({"FIRSTNAME": "Jo", "ORDER_COUNT": 3}));
}

#[test]
fn values_of_another_type_are_silently_dropped() {
    let brevo = Brevo::new();
    for (name, value_type) in [("T", "text"), ("N", "float"), ("D", "date"), ("B", "boolean")] {
        brevo.attribute(name, value_type);
    }
    for wrong in [
        json!({"T": 1, "N": "1", "D": "21/11/2026", "B": "true"}),
        json!({"T": true, "N": true, "D": "2026-11-21T09:00:00Z", "B": 1}),
        json!({"T": ["a"], "N": null, "D": "2026-02-30", "B": null}),
    ] {
        assert_eq!(kept(&brevo, wrong), json!({}));
    }
    let right = json!({"T": "a", "N": 1.5, "D": "2026-11-21", "B": true});
    assert_eq!(kept(&brevo, right.clone()), right);
}

#[test]
fn multiple_choice_takes_known_options_only() {
    let brevo = Brevo::new();
    let body = json!({"type": "multiple-choice", "multiCategoryOptions": ["vip", "new"]});
    assert_eq!(brevo.post("contacts/attributes/normal/TAGS", body).status, 201);
    assert_eq!(kept(&brevo, json!({"TAGS": ["vip", "other"]})), json!({}));
    assert_eq!(kept(&brevo, json!({"TAGS": "vip"})), json!({}));
    assert_eq!(kept(&brevo, json!({"TAGS": ["vip"]})), json!({"TAGS": ["vip"]}));
}

#[test]
fn attribute_keys_are_upper_case() {
    let brevo = Brevo::new();
    assert_eq!(kept(&brevo, json!({"firstname": "Jo"})), json!({}));
    brevo.attribute("shoe_size", "text");
    assert_eq!(kept(&brevo, json!({"SHOE_SIZE": "42"})), json!({"SHOE_SIZE": "42"}));
}

#[test]
fn an_empty_string_clears_any_attribute() {
    let brevo = Brevo::new();
    brevo.attribute("N", "float");
    kept(&brevo, json!({"FIRSTNAME": "Jo", "N": 1}));
    assert_eq!(kept(&brevo, json!({"FIRSTNAME": "", "N": ""})), json!({}));
}

#[test]
fn attributes_that_are_not_sent_stay() {
    let brevo = Brevo::new();
    kept(&brevo, json!({"FIRSTNAME": "Jo"}));
    assert_eq!(kept(&brevo, json!({"LASTNAME": "Doe"})), json!({"FIRSTNAME": "Jo", "LASTNAME": "Doe"}));
}

#[test]
fn an_attribute_can_be_created_once() {
    let brevo = Brevo::new();
    brevo.attribute("ORDER_COUNT", "float");
    let again = brevo.post("contacts/attributes/normal/ORDER_COUNT", json!({"type": "float"}));
    refused(&again, 400, "invalid_parameter");
}

#[test]
fn there_is_no_integer_type() {
    let brevo = Brevo::new();
    refused(
        &brevo.post("contacts/attributes/normal/N", json!({"type": "integer"})),
        400,
        "invalid_parameter",
    );
    refused(&brevo.post("contacts/attributes/normal/N", json!({})), 400, "missing_parameter");
    refused(&brevo.post("contacts/attributes/other/N", json!({"type": "text"})), 400, "invalid_parameter");
}

#[test]
fn category_attributes_have_options_of_at_most_200_characters() {
    let brevo = Brevo::new();
    let body = |label: &str| json!({"type": "category", "enumeration": [{"value": 1, "label": label}]});
    let long = brevo.post("contacts/attributes/category/TIER", body(&"x".repeat(201)));
    refused(&long, 400, "invalid_parameter");
    assert_eq!(brevo.post("contacts/attributes/category/TIER", body("gold")).status, 201);
    assert_eq!(kept(&brevo, json!({"TIER": 2})), json!({}));
    assert_eq!(kept(&brevo, json!({"TIER": 1})), json!({"TIER": 1}));
}
