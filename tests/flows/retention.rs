//! Orders are kept for as long as the store says after they last changed, and refusals for ever.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde_json::json;
use tajo_domain::StoreId;
use tajo_state::Key;
use tajo_testkit::STORE;

use crate::bodies::sample;
use crate::stage::Stage;

/// When an item may be deleted, in days from now.
async fn kept_days(stage: &Stage, key: &Key) -> Option<i64> {
    let aws = tajo_state::sdk_config(Some(&stage.front.url)).await.unwrap();
    let item = aws_sdk_dynamodb::Client::new(&aws)
        .get_item()
        .table_name("state")
        .key("pk", AttributeValue::S(key.pk.clone()))
        .key("sk", AttributeValue::S(key.sk.clone()))
        .send()
        .await
        .unwrap()
        .item
        .unwrap_or_else(|| panic!("{key:?} is not there"));
    let ttl = item.get("ttl")?.as_n().unwrap().parse::<i64>().unwrap();
    Some((ttl - stage.env.clock.now().as_second()) / (24 * 3600))
}

fn order() -> (Key, serde_json::Value) {
    let body = sample("orders-create.paid");
    (Key::order(&StoreId::parse(STORE).unwrap(), &body["id"].to_string()), body)
}

#[tokio::test]
async fn an_order_is_kept_for_25_months_after_it_last_changed_or_as_long_as_the_store_says() {
    for (settings, days) in
        [("", 25 * 31), ("connectors: {shopify: {retention: {orders_months: 3}}}", 3 * 31)]
    {
        let stage = Stage::new(settings).await;
        let (key, mut body) = order();
        stage.tell("orders/create", &body).await;
        assert!((days - 1..=days).contains(&kept_days(&stage, &key).await.unwrap()));
        // Another write begins the time anew, also of an item that an earlier version stored without an end.
        stage.world.advance(SignedDuration::from_hours(24 * 50));
        body["updated_at"] = json!("2026-11-29T10:00:00Z");
        body["financial_status"] = json!("refunded");
        stage.tell("orders/updated", &body).await;
        assert!((days - 1..=days).contains(&kept_days(&stage, &key).await.unwrap()), "{settings}");
    }
}

#[tokio::test]
async fn an_order_that_was_forgotten_fires_no_event_when_it_changes_again() {
    let (_, body) = order();
    let stage = Stage::new("connectors: {shopify: {retention: {orders_months: 1}}}").await;
    // As if its record had expired: nothing is known of it, and it was placed longer ago than orders are kept.
    let created: jiff::Timestamp = body["created_at"].as_str().unwrap().parse().unwrap();
    let now = stage.env.clock.now();
    stage.world.advance(created.duration_since(now) + SignedDuration::from_hours(24 * 40));
    stage.tell("orders/updated", &body).await;
    assert_eq!(stage.count("order_placed"), 0, "{:?}", stage.events());
}

#[tokio::test]
async fn that_somebody_was_erased_or_left_is_kept_for_ever_and_so_is_a_contact_in_the_store() {
    let stage = Stage::new("").await;
    let store = StoreId::parse(STORE).unwrap();
    let (key, body) = order();
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.tell("orders/create", &body).await;
    let customer = sample("customers-create")["id"].to_string();
    let contact = Key::contact(&store, &tajo_domain::ContactKey::Customer(customer));
    assert_eq!(kept_days(&stage, &contact).await, None);
    let mut redact = sample("customers-redact");
    redact["orders_to_redact"] = json!([body["id"]]);
    stage.tell("customers/redact", &redact).await;
    assert_eq!(kept_days(&stage, &contact).await, None);
    assert_eq!(kept_days(&stage, &key).await, None);
}
