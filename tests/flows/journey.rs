//! One story at a time: the bodies of `events/shopify` in, how each ended and what Brevo knows then out.

use serde_json::{Value, json};
use tajo_state::{Attributes, Key, StoreRecord};
use tajo_testkit::{STORE, World};

use crate::bodies::{LISTS, recent, sample as body, with};
use crate::stage::{Stage, ending};

/// Delivers bodies in turn; answers how each ended, and the picture.
async fn told(stage: &Stage, bodies: &[(&str, Value)]) -> String {
    let mut lines = Vec::new();
    for (topic, body) in bodies {
        lines.push(ending(&stage.tell(topic, body).await));
    }
    format!("{}\n\n{}", lines.join("\n"), stage.picture())
}

async fn story(bodies: &[(&str, Value)]) -> String {
    told(&Stage::new(LISTS).await, bodies).await
}

fn created() -> (&'static str, Value) {
    ("customers/create", body("customers-create"))
}

fn deleted() -> (&'static str, Value) {
    ("customers/delete", body("customers-delete"))
}

fn paid() -> (&'static str, Value) {
    ("orders/create", body("orders-create.paid"))
}

#[tokio::test]
async fn a_new_customer_becomes_a_blocked_contact_and_a_welcome() {
    insta::assert_snapshot!(story(&[created()]).await);
}

#[tokio::test]
async fn a_changed_profile_updates_the_contact_and_says_so_once() {
    insta::assert_snapshot!(story(&[created(), ("customers/update", body("customers-update"))]).await);
}

#[tokio::test]
async fn a_deleted_customer_that_we_created_and_nobody_blocked_leaves_brevo() {
    insta::assert_snapshot!(story(&[created(), deleted(), created()]).await);
}

#[tokio::test]
async fn a_deleted_customer_that_brevo_had_before_stays_there_without_our_lists_and_attributes() {
    let stage = Stage::new(LISTS).await;
    let before = json!({"email": "jo@example.com", "attributes": {"LANGUAGE": "de"}, "listIds": [4]});
    stage.brevo("POST", "/v3/contacts", &before);
    insta::assert_snapshot!(told(&stage, &[created(), deleted()]).await);
}

#[tokio::test]
async fn a_deleted_customer_who_unsubscribed_in_brevo_stays_there_blocked() {
    let opted_in = json!({"email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-11-02T09:00:12+01:00"}});
    let stage = Stage::new(LISTS).await;
    stage.tell("customers/create", &with(body("customers-create"), opted_in)).await;
    stage.brevo("PUT", "/v3/contacts/jo%40example.com", &json!({"emailBlacklisted": true}));
    insta::assert_snapshot!(told(&stage, &[deleted()]).await);
}

#[tokio::test]
async fn a_paid_order_makes_a_contact_an_order_and_its_events() {
    insta::assert_snapshot!(story(&[paid()]).await);
}

#[tokio::test]
async fn a_guest_order_still_makes_a_contact() {
    insta::assert_snapshot!(story(&[("orders/create", body("orders-create.guest"))]).await);
}

#[tokio::test]
async fn a_shipment_and_a_refund_are_told_once_each() {
    let fulfilled = ("orders/updated", body("orders-updated.fulfilled"));
    let refunded = ("orders/updated", body("orders-updated.refunded"));
    insta::assert_snapshot!(story(&[paid(), fulfilled, refunded]).await);
}

#[tokio::test]
async fn a_cancelled_order_that_was_never_seen_before_is_placed_and_cancelled() {
    insta::assert_snapshot!(story(&[("orders/updated", body("orders-updated.cancelled"))]).await);
}

#[tokio::test]
async fn a_checkout_is_created_updated_and_completed() {
    let create = ("checkouts/create", body("checkouts-create"));
    let update = ("checkouts/update", body("checkouts-update"));
    let completed = ("checkouts/update", body("checkouts-update.completed"));
    insta::assert_snapshot!(story(&[create, update, completed]).await);
}

#[tokio::test]
async fn a_checkout_of_nobody_tells_nobody() {
    insta::assert_snapshot!(story(&[("checkouts/create", body("checkouts-create.anonymous"))]).await);
}

#[tokio::test]
async fn a_live_store_skips_test_orders_and_a_development_store_does_not() {
    let test = with(body("orders-create.paid"), json!({"test": true}));
    let stage = Stage::new(LISTS).await;
    let table = stage.world.table(&stage.front).await;
    let key = Key::store(&tajo_domain::StoreId::parse(STORE).unwrap());
    let stored = table.get_newest::<StoreRecord>(&key).await.unwrap();
    let live = StoreRecord { live: true, ..stored.record.unwrap() };
    table.put(&key, stored.revision, &live, &Attributes::default()).await.unwrap();
    let development = Stage::new(LISTS).await;
    let ends = [
        ending(&stage.tell("orders/create", &test).await),
        ending(&development.tell("orders/create", &test).await),
    ];
    insta::assert_snapshot!(ends.join("\n"), @r"
    orders/create → skipped: order #1001: a test order on a live store
    orders/create → applied
    ");
    assert_eq!(stage.picture(), "");
    // Its cart is over all the same.
    stage.tell("checkouts/create", &recent(&body("checkouts-create"))).await;
    stage.pass(jiff::SignedDuration::from_mins(31)).await;
    assert_eq!(stage.count("cart_abandoned"), 0);
}

#[tokio::test]
async fn a_store_that_is_switched_off_syncs_nothing() {
    let stage = Stage::new("connectors: {shopify: {enabled: false}}").await;
    insta::assert_snapshot!(told(&stage, &[created(), paid()]).await);
}

#[tokio::test]
async fn each_switch_of_the_settings_turns_off_its_own_part() {
    let checkout = || ("checkouts/create", body("checkouts-create"));
    let mut pictures = Vec::new();
    for off in ["customers", "orders", "carts"] {
        let stage = Stage::new(&format!("sync: {{{off}: false}}")).await;
        pictures.push(format!("without {off}\n{}", told(&stage, &[created(), checkout(), paid()]).await));
    }
    insta::assert_snapshot!(pictures.join("\n\n"));
}

#[tokio::test]
async fn old_facts_fire_nothing_but_contact_and_order_are_there() {
    let world = World::connected_at(LISTS, "2026-12-01T00:00:00Z".parse().unwrap()).await;
    let stage = Stage::with(world).await;
    let refunded = ("orders/updated", body("orders-updated.refunded"));
    let bodies = [created(), ("checkouts/create", body("checkouts-create")), paid(), refunded];
    insta::assert_snapshot!(told(&stage, &bodies).await);
    assert!(
        stage.calls("POST", "/v3/orders/status").iter().all(|call| call.path == "/v3/orders/status/batch")
    );
}

#[tokio::test]
async fn only_what_happened_after_the_connection_fires() {
    let world = World::connected_at(LISTS, "2026-11-05T00:00:00Z".parse().unwrap()).await;
    let stage = Stage::with(world).await;
    stage.tell("orders/updated", &body("orders-updated.refunded")).await;
    assert_eq!(stage.events(), ["order_refunded"]);
}
