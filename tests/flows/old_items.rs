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

#[tokio::test]
async fn a_contact_that_was_stored_before_hears_what_brevo_says() {
    let stage = Stage::new("").await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": "jo@example.com"}));
    let store = StoreId::parse(STORE).unwrap();
    let email = tajo_domain::Email::parse("jo@example.com").unwrap();
    let key = Key::contact(&store, &tajo_domain::ContactKey::Customer("7201400000011".to_owned()));
    let old = json!({
        "accepted": 3, "customer": "7201400000011", "known_as": "created", "sent_email": "jo@example.com",
        "email_consent": {"state": "opted_in", "at": "2026-11-01T08:00:00Z"}, "sms_block": "unasked",
    });
    put(&stage, &key, old, None).await;
    let feed = json!({"customers": ["7201400000011"]});
    put(&stage, &Key::person(tajo_testkit::ACCOUNT, &email.hash(), &store), feed, None).await;
    let reports = crate::consent_from_brevo::brevo_says(&stage, "unsubscribe", 5).await;
    assert_eq!(reports[1].outcome, Outcome::Applied);
    stage.tell("customers/update", &crate::consent::account(6, Some(("subscribed", 4)))).await;
    assert!(crate::consent::flags(&stage).0);
}

#[tokio::test]
async fn what_brevo_told_before_blocks_were_also_found_is_heard() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &sample("customers-create")).await;
    let told = json!({
        "news": {"email": "jo@example.com", "said": {"out": "unsubscribed"}, "at": "2026-11-20T10:00:00Z"},
        "customers": ["7201400000011"],
    });
    let mut notice = stage.notice("tajo/brevo_news", &told);
    notice.delivery = "brevo:old".to_owned();
    assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Applied);
    let record = crate::consent_from_brevo::record_of(&stage, "7201400000011").await.unwrap();
    assert!(record.email_out.is_some());
}

#[tokio::test]
async fn a_person_s_item_from_before_totals_were_summed_is_added_to() {
    let stage = Stage::new("connectors: {shopify: {totals: summed}}").await;
    let email = tajo_domain::Email::parse("jo@example.com").unwrap();
    let other = StoreId::parse("second-shop").unwrap();
    let key = Key::person(tajo_testkit::ACCOUNT, &email.hash(), &other);
    put(&stage, &key, json!({ "customers": ["42"] }), None).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.tell("customers/purchasing_summary", &sample("customers-purchasing_summary")).await;
    assert_eq!(stage.contact("jo@example.com")["attributes"]["ORDER_COUNT"], 3);
}
