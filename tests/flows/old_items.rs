//! Items that the version before this one stored stay readable.

use serde_json::json;
use tajo_app::sync::Outcome;
use tajo_domain::StoreId;
use tajo_state::{Attributes, Key};
use tajo_testkit::STORE;

use crate::bodies::{LISTS, recent, sample};
use crate::picture::array;
use crate::stage::Stage;

async fn put(stage: &Stage, key: &Key, old: serde_json::Value, due: Option<(String, i64)>) {
    let attributes = Attributes { due, expires_at: None };
    stage.world.table(&stage.front).await.put(key, 0, &old, &attributes).await.unwrap();
}

#[tokio::test]
async fn an_order_that_was_stored_before_is_read_and_told_no_second_time() {
    let stage = Stage::new(LISTS).await;
    let key = Key::order(&StoreId::parse(STORE).unwrap(), "6101400001001");
    let newest = json!({
        "id": "6101400001001", "createdAt": "2026-11-02T08:15:00Z", "updatedAt": "2026-11-02T08:15:03Z",
        "status": "paid", "amount": 107.5, "storeId": "demo-shop", "products": [],
        "identifiers": {"email_id": "jo@example.com"},
    });
    let old = json!({
        "version": "2026-11-02T08:15:03Z", "accepted": 1, "newest": newest.to_string(),
        "effects": {"placed": 0, "completed": 0}, "carts_closed": true,
    });
    put(&stage, &key, old, None).await;
    // Its refund comes alone: the record does not know the order's number, so the refund waits for its next body.
    assert_eq!(stage.tell("refunds/create", &sample("refunds-create")).await.outcome, Outcome::Skipped);
    stage.tell("orders/updated", &sample("orders-updated.fulfilled")).await;
    assert_eq!(stage.events(), ["order_paid", "order_fulfilled", "order_refunded"]);
    let state = stage.world.brevo();
    let order = &array(&state, "orders")[0];
    assert_eq!((order["amount"].as_f64(), array(&state, "orders").len()), (Some(96.25), 1));
}

#[tokio::test]
async fn a_cart_that_was_stored_before_is_still_abandoned() {
    let stage = Stage::new(LISTS).await;
    // The contact is known from then, too.
    let customer = recent(&sample("customers-create"));
    stage.tell("customers/create", &customer).await;
    let key = Key::cart(&StoreId::parse(STORE).unwrap(), "cart-3f6a1c9e");
    let now = stage.env.clock.now();
    let properties = json!({"cart_id": "cart:cart-3f6a1c9e", "total": 89.0, "items": []});
    let old = json!({
        "version": now.to_string(), "state": "open", "touched_at": now.to_string(), "tokens": ["cart-3f6a1c9e"],
        "identity": {"customer": "7201400000011", "email": "jo@example.com"},
        "properties": properties.to_string(), "content": "0123456789abcdef0123456789abcdef",
        "effects": {"created": 0}, "due_at": now.as_millisecond(),
    });
    put(&stage, &key, old, Some((tajo_state::due_shard("cart-3f6a1c9e"), now.as_millisecond()))).await;
    stage.pass(jiff::SignedDuration::from_mins(31)).await;
    assert_eq!(stage.events(), ["customer_created", "cart_abandoned"]);
    let state = stage.world.brevo();
    assert_eq!(array(&state, "events")[1]["event_properties"]["total"], 89.0);
}
