//! Events, one by one and in batches.

use serde_json::{Value, json};

use crate::support::{Brevo, refused};

fn event(name: &str) -> Value {
    json!({"event_name": name, "identifiers": {"email_id": "jo@example.com"}})
}

/// The sample event with one field replaced.
fn with(field: &str, value: Value) -> Value {
    let mut event = event("cart_updated");
    event[field] = value;
    event
}

#[test]
fn an_event_answers_204() {
    let brevo = Brevo::new();
    let response = brevo.post("events", event("cart_updated"));
    assert_eq!((response.status, response.body.len()), (204, 0));
}

#[test]
fn an_event_for_an_unknown_contact_is_kept_and_creates_nobody() {
    let brevo = Brevo::new();
    brevo.post("events", event("cart_updated"));
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.post("events", event("cart_updated"));
    let contacts: Vec<_> = brevo.state().events.iter().map(|event| event.contact).collect();
    assert_eq!(contacts, [None, Some(1)]);
    assert_eq!(brevo.state().contacts.len(), 1);
}

#[test]
fn a_repeated_event_is_a_second_event() {
    let brevo = Brevo::new();
    let body = with("event_date", json!("2026-11-21T09:00:00Z"));
    brevo.post("events", body.clone());
    brevo.post("events", body);
    let numbers: Vec<_> = brevo.state().events.iter().map(|event| event.n).collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn event_names_have_an_alphabet_and_a_length() {
    let brevo = Brevo::new();
    for name in ["", "cart updated", "cart.updated", "panier_cré", &"x".repeat(256)] {
        refused(&brevo.post("events", event(name)), 400, "invalid_parameter");
    }
    assert_eq!(brevo.post("events", event(&"x".repeat(255))).status, 204);
    assert_eq!(brevo.post("events", event("Cart-updated_2")).status, 204);
}

#[test]
fn an_event_needs_an_identifier() {
    let brevo = Brevo::new();
    for identifiers in
        [json!({}), json!({"email": "jo@example.com"}), json!({"email_id": ""}), json!({"ext_id": 1})]
    {
        refused(&brevo.post("events", with("identifiers", identifiers)), 400, "invalid_parameter");
    }
    refused(&brevo.post("events", json!({"event_name": "cart_updated"})), 400, "invalid_parameter");
}

#[test]
fn contact_id_wins_over_the_other_identifiers() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.contact(json!({"ext_id": "b"}));
    brevo.post("events", with("identifiers", json!({"contact_id": 2, "email_id": "jo@example.com"})));
    brevo.post("events", with("identifiers", json!({"contact_id": 9, "email_id": "jo@example.com"})));
    brevo.post("events", with("identifiers", json!({"ext_id": "b", "email_id": "jo@example.com"})));
    brevo.post("events", with("identifiers", json!({"ext_id": "unknown", "email_id": "jo@example.com"})));
    let contacts: Vec<_> = brevo.state().events.iter().map(|event| event.contact).collect();
    assert_eq!(contacts, [Some(2), None, Some(2), Some(1)]);
}

#[test]
fn events_of_a_contact_can_be_read_back() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.contact(json!({"email": "al@example.com"}));
    brevo.post("events", with("event_properties", json!({"total": 1})));
    brevo.post("events", with("identifiers", json!({"email_id": "al@example.com"})));
    brevo.post("events", with("event_properties", json!({"total": 2})));
    let page = brevo.get("events?contact_id=1&limit=1&offset=1").json();
    assert_eq!(page["count"], 2);
    assert_eq!(page["events"].as_array().unwrap().len(), 1);
    assert_eq!(page["events"][0]["event_properties"], json!({"total": 1}));
}

#[test]
fn the_latest_event_is_read_first_and_filters_may_be_repeated() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.contact(json!({"email": "al@example.com"}));
    for (email, name, day) in [
        ("jo@example.com", "a", 2),
        ("al@example.com", "b", 3),
        ("jo@example.com", "c", 1),
        ("x@example.com", "a", 4),
    ] {
        let date = format!("2026-11-{day:02}T10:00:00Z");
        brevo.post(
            "events",
            json!({"event_name": name, "identifiers": {"email_id": email}, "event_date": date}),
        );
    }
    let names = |query: &str| {
        let page = brevo.get(&format!("events{query}")).json();
        page["events"].as_array().unwrap().iter().map(|event| event["event_name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["a", "b", "a", "c"]);
    assert_eq!(names("?contact_id=1&contact_id=2"), ["b", "a", "c"]);
    assert_eq!(names("?event_name=b&event_name=c"), ["b", "c"]);
}

#[test]
fn event_properties_hold_50_kb_and_keys_of_the_same_alphabet() {
    let brevo = Brevo::new();
    let wrong = [
        json!({"a b": 1}),
        json!({"items": [{"née": 1}]}),
        json!({"x".repeat(256): 1}),
        json!({"big": "x".repeat(50_000)}),
        json!({"nothing": null}),
        json!([]),
    ];
    for properties in wrong {
        refused(&brevo.post("events", with("event_properties", properties)), 400, "invalid_parameter");
    }
    let right = json!({"total": 12.5, "items": [{"name": "Cup", "quantity": 2}], "big": "x".repeat(49_900)});
    assert_eq!(brevo.post("events", with("event_properties", right.clone())).status, 204);
    assert_eq!(brevo.state().events[0].event_properties, right);
}

#[test]
fn event_dates_are_rfc_3339_and_default_to_now() {
    let brevo = Brevo::new();
    for date in ["21/11/2026", "2026-11-21", "2026-11-21T09:00:00"] {
        refused(&brevo.post("events", with("event_date", json!(date))), 400, "invalid_parameter");
    }
    brevo.post("events", with("event_date", json!("2026-11-20T10:00:00+01:00")));
    brevo.post("events", event("cart_updated"));
    let dates: Vec<_> = brevo.state().events.iter().map(|event| event.event_date.clone()).collect();
    assert_eq!(dates, ["2026-11-20T10:00:00+01:00", &format!("{:.3}", brevo.now())]);
}

#[test]
fn contact_properties_refresh_attributes_of_a_known_contact() {
    let brevo = Brevo::new();
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.attribute("ORDER_COUNT", "float");
    let properties = json!({"FIRSTNAME": "Jo", "ORDER_COUNT": 2, "UNKNOWN": 1, "EMAIL": "al@example.com"});
    assert_eq!(brevo.post("events", with("contact_properties", properties)).status, 204);
    let contact = brevo.state().contacts[0].clone();
    assert_eq!(json!(contact.attributes), json!({"FIRSTNAME": "Jo", "ORDER_COUNT": 2}));
    assert_eq!(contact.email.as_deref(), Some("jo@example.com"));
}

#[test]
fn a_bare_array_is_not_a_batch() {
    let brevo = Brevo::new();
    let response = brevo.post("events/batch", json!([event("cart_updated")]));
    assert_eq!(response.status, 400);
    assert!(response.json()["message"].as_str().unwrap().contains("cannot unmarshal array"));
    assert!(brevo.state().events.is_empty());
}

#[test]
fn a_batch_of_events_is_accepted_in_part() {
    let brevo = Brevo::new();
    let all = brevo.post("events/batch", json!({"events": [event("a"), event("b")]}));
    assert_eq!((all.status, &all.json()["count"]), (202, &json!(2)));

    let part =
        brevo.post("events/batch", json!({"events": [event("c"), event("no good"), event("d"), event("")]}));
    assert_eq!(part.status, 207);
    let body = part.json();
    let counts = json!([body["total_events"], body["successful_events"], body["failed_events"]]);
    assert_eq!((counts, &body["errors"][0]["eventIndex"]), (json!([4, 2, 2]), &json!([1, 3])));

    assert_eq!(brevo.post("events/batch", json!({"events": [event("no good")]})).status, 400);
    let names: Vec<_> = brevo.state().events.iter().map(|event| event.event_name.clone()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn a_batch_holds_200_events_and_512_kb() {
    let brevo = Brevo::new();
    let batch = |events: Vec<Value>| brevo.post("events/batch", json!({"events": events})).status;
    assert_eq!(batch(vec![]), 400);
    assert_eq!(batch(vec![event("a"); 200]), 202);
    assert_eq!(batch(vec![event("a"); 201]), 400);
    let big = with("event_properties", json!({"text": "x".repeat(49_000)}));
    assert_eq!(batch(vec![big.clone(); 10]), 202);
    assert_eq!(batch(vec![big; 11]), 400);
}

#[test]
fn an_accepted_batch_is_queued_not_applied() {
    let brevo = Brevo::new();
    brevo.settings(|settings| settings.queue_ms = Some(60_000));
    brevo.contact(json!({"email": "jo@example.com"}));
    let late = json!({"events": [with("contact_properties", json!({"FIRSTNAME": "Late"}))]});
    assert_eq!(brevo.post("events/batch", late).status, 202);
    brevo.put("contacts/1", json!({"attributes": {"FIRSTNAME": "Jo"}}));
    assert_eq!((brevo.state().events.len(), brevo.state().waiting_batches), (0, 1));
    brevo.wait(60_000);
    assert_eq!(brevo.state().contacts[0].attributes["FIRSTNAME"], "Late");
    assert_eq!(brevo.state().events.len(), 1);
}

#[test]
fn an_address_that_is_none_names_nobody_in_an_event_or_an_order() {
    let brevo = Brevo::shop();
    let bad = with("identifiers", json!({"email_id": "jo@exa_mple.com"}));
    refused(&brevo.post("events", bad.clone()), 400, "invalid_parameter");
    let batch = brevo.post("events/batch", json!({"events": [event("cart_updated"), bad]}));
    assert_eq!((batch.status, &batch.json()["errors"][0]["eventIndex"]), (207, &json!([1])));
    let order = |email: &str| {
        let at = "2026-11-02T08:15:00Z";
        json!({"id": "1", "createdAt": at, "updatedAt": at, "status": "paid", "amount": 1, "products": [],
            "identifiers": {"email_id": email}})
    };
    refused(&brevo.post("orders/status", order("jo@exa_mple.com")), 400, "invalid_parameter");
    let orders = json!({"orders": [order("jo@exa_mple.com")], "historical": false});
    refused(&brevo.post("orders/status/batch", orders), 400, "invalid_parameter");
    assert_eq!(brevo.post("orders/status", order("jo@example.com")).status, 204);
}
