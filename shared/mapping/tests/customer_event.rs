//! Which events news of an account tells.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

mod support;

use tajo_brevo::{Event, Identifier};
use tajo_domain::{
    ContactRecord, CustomerNews, Email, Identity, PersonUpdate, Profile, TagsAdded, Versioned,
};
use tajo_mapping::{customer_events, tags_events};

use support::{at, facts};

fn told(news: CustomerNews, created: i64, edited: i64) -> Vec<String> {
    let email = Email::parse("jo@example.com").ok();
    let profile = Profile { email: email.clone(), ..Profile::default() };
    let update = PersonUpdate {
        identity: Identity { customer: Some("7".to_owned()), email, ..Identity::default() },
        profile: Some(Versioned { at: at(edited), value: profile }),
        created_at: Some(at(created)),
        ..PersonUpdate::default()
    };
    customer_events(&update, news, &facts("")).into_iter().map(|planned| planned.key).collect()
}

#[test]
fn an_account_is_told_once_and_only_a_later_edit_is_an_update() {
    assert_eq!(told(CustomerNews::Created, 10, 10), ["created"]);
    assert_eq!(told(CustomerNews::Created, 10, 20), ["created"]);
    assert_eq!(told(CustomerNews::Updated, 10, 10), ["created"]);
    assert_eq!(told(CustomerNews::Updated, 10, 20), ["created", "updated:1970-01-01T00:00:20Z"]);
}

#[test]
fn what_happened_before_the_store_was_connected_is_told_nobody() {
    assert!(told(CustomerNews::Created, -5, -5).is_empty());
    assert_eq!(told(CustomerNews::Updated, -5, 20), ["updated:1970-01-01T00:00:20Z"]);
    assert_eq!(told(CustomerNews::Created, 0, 0), ["created"]);
}

#[test]
fn reserved_events_take_the_tracker_where_the_settings_say_so() {
    let event = Event {
        name: "order_completed",
        identifier: Identifier::Email(Email::parse("jo@example.com").unwrap()),
        date: at(10),
        properties: serde_json::Map::new(),
    };
    let tracker = facts("connectors: {shopify: {reserved_events: tracker}}");
    assert!(tracker.tracked(&event).is_some() && facts("").tracked(&event).is_none());
}

#[test]
fn tags_that_came_are_told_of_whoever_is_known_by_an_address() {
    let added = TagsAdded { at: at(9), tags: vec!["vip".to_owned()] };
    let mut record = ContactRecord {
        customer: Some("7".to_owned()),
        tags_to_tell: vec![added.clone()],
        ..ContactRecord::default()
    };
    let email = Email::parse("jo@example.com").ok();
    record.profile = Some(Versioned { at: at(1), value: Profile { email, ..Profile::default() } });
    let planned = tags_events(&record, &facts("")).remove(0);
    assert_eq!(
        (planned.key, planned.event.name, planned.event.date),
        (added.key(), "customer_tags_added", at(9))
    );
    assert_eq!(planned.event.properties["tags_added"], serde_json::json!(["vip"]));
}
