//! Brevo's order as it is sent.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

use jiff::Timestamp;
use serde_json::{Value, json};
use tajo_domain::{
    Change, Currency, Email, Identity, Money, OrderFact, OrderHead, OrderRecord, Refund, StoreId,
};
use tajo_mapping::{Settings, StoreFacts, StoreKind, is_historical, lone_events, order_events, sent_order};
use tajo_platforms::{Context, Platform};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn facts() -> StoreFacts {
    StoreFacts {
        store: StoreId::parse("demo-shop").unwrap(),
        platform: "shopify",
        shop: "demo-shop.myshopify.com".to_owned(),
        connected_at: at(100),
        kind: StoreKind::Live,
        settings: Settings::from_yaml("").unwrap(),
    }
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
    let facts = facts();
    let placed = |second| is_historical(&json!({"createdAt": at(second).to_string()}), &facts);
    assert_eq!((placed(99), placed(100), placed(101)), (true, false, false));
    assert!(!is_historical(&json!({}), &facts));
}

fn euros(text: &str) -> Money {
    text.parse().unwrap()
}

/// A refund of an order of 100 EUR that has not been told by a body of the order.
fn refund(second: i64, amount: &str, paid_in: &str) -> OrderFact {
    let refund = Refund {
        id: "88".to_owned(),
        at: at(second),
        amount: euros(amount),
        reason: None,
        items: Vec::new(),
        pending: false,
        is_full: None,
    };
    OrderFact::Refund { refund, paid_in: Currency::parse(paid_in) }
}

fn told(fact: OrderFact) -> Vec<String> {
    told_after(Money::ZERO, fact)
}

/// After so much has gone back by the order's own word.
fn told_after(refunded: Money, fact: OrderFact) -> Vec<String> {
    let identity = Identity { email: Email::parse("jo@example.com").ok(), ..Identity::default() };
    let head = OrderHead {
        name: "#1001".to_owned(),
        identity,
        currency: Currency::parse("EUR"),
        url: None,
        total: euros("100"),
        net: euros("100"),
        refunded,
        owed: Money::ZERO,
    };
    let record = OrderRecord { head: Some(head), facts: vec![fact], ..OrderRecord::unseen() };
    let line = |planned: tajo_mapping::Planned| {
        let kind = &planned.event.properties["refund_type"];
        format!("{} {} {kind}", planned.key, planned.event.name)
    };
    lone_events("7", &record, record.facts.iter(), &facts()).into_iter().map(line).collect()
}

#[test]
fn a_refund_that_comes_alone_is_told_once_its_money_went_back_in_the_orders_currency() {
    assert_eq!(told(refund(100, "30", "EUR")), ["refunded:88 order_refunded \"partial\""]);
    assert_eq!(told(refund(100, "100", "EUR")), ["refunded:88 order_refunded \"full\""]);
    assert!(told(refund(100, "0", "EUR")).is_empty(), "a record without money");
    let goods = told_after(euros("100"), refund(100, "0", "EUR"));
    assert!(goods.is_empty(), "goods alone, after all the money");
    assert!(told(refund(99, "30", "EUR")).is_empty(), "before the store was connected");
    assert!(told(refund(100, "30", "USD")).is_empty(), "its amount comes with the next body");
    let OrderFact::Refund { refund, paid_in } = refund(100, "30", "EUR") else { unreachable!() };
    assert!(told(OrderFact::Refund { refund: Refund { pending: true, ..refund }, paid_in }).is_empty());
}

#[test]
fn a_buyer_who_paid_in_another_currency_is_told_what_they_saw() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/shopify/orders-create.paid.json");
    let mut body: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    body["presentment_currency"] = json!("CHF");
    body["total_price_set"] = json!({
        "shop_money": {"amount": "107.50", "currency_code": "EUR"},
        "presentment_money": {"amount": "99.80", "currency_code": "CHF"},
    });
    let shop_domain = "demo-shop.myshopify.com".to_owned();
    let context =
        Context { shop_domain, shop_country: None, live: true, time: at(0), received_at: Timestamp::MAX };
    let changes =
        Platform::Shopify.changes("orders/create", body.to_string().as_bytes(), &context).unwrap().changes;
    let order = changes
        .iter()
        .find_map(|change| match change {
            Change::Order(order) => Some(order),
            _ => None,
        })
        .unwrap();
    let planned = order_events(order, &facts());
    let placed = &planned.iter().find(|planned| planned.key == "placed").unwrap().event.properties;
    assert_eq!(
        (&placed["presentment_currency"], &placed["presentment_total"], &placed["currency"]),
        (&json!("CHF"), &json!(99.8), &json!("EUR"))
    );
}
