//! Brevo's order as it is sent.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

use jiff::Timestamp;
use serde_json::json;
use tajo_domain::{OrderRecord, StoreId};
use tajo_mapping::{Settings, StoreFacts, StoreKind, is_historical, sent_order};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn the_stored_order_is_sent_with_the_time_of_its_last_change_and_a_deleted_one_is_worth_nothing() {
    assert_eq!(sent_order(&OrderRecord::unseen()), None, "the order itself has not come");
    let body = json!({"id": "7", "status": "paid", "amount": 12.5});
    let stored =
        OrderRecord { newest: body.to_string().into(), changed_at: Some(at(20)), ..OrderRecord::unseen() };
    let sent = sent_order(&stored).unwrap();
    assert_eq!(
        sent,
        json!({"id": "7", "status": "paid", "amount": 12.5, "updatedAt": "1970-01-01T00:00:20Z"})
    );
    let deleted = sent_order(&OrderRecord { deleted_at: Some(at(30)), ..stored }).unwrap();
    assert_eq!((&deleted["status"], &deleted["amount"]), (&json!("deleted"), &json!(0.0)));
}

#[test]
fn an_order_of_before_the_connection_starts_no_automation() {
    let facts = StoreFacts {
        store: StoreId::parse("demo-shop").unwrap(),
        platform: "shopify",
        shop: "demo-shop.myshopify.com".to_owned(),
        connected_at: at(100),
        kind: StoreKind::Live,
        settings: Settings::from_yaml("").unwrap(),
    };
    let placed = |second| is_historical(&json!({"createdAt": at(second).to_string()}), &facts);
    assert_eq!((placed(99), placed(100), placed(101)), (true, false, false));
    assert!(!is_historical(&json!({}), &facts));
}
