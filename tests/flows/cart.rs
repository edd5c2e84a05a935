//! A cart is abandoned exactly once per quiet period, and never after its order.

use futures::future::join;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_app::sweep::sweep;
use tajo_domain::{CartRecord, CartState, Identity, Ledger, StoreId};
use tajo_state::{Attributes, Key, due_shard};
use tajo_testkit::STORE;

use crate::bodies::{LISTS, recent, sample, with};
use crate::stage::{Stage, ending};

const fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn checkout() -> Value {
    recent(&sample("checkouts-create"))
}

/// The same cart, changed later.
fn changed() -> Value {
    recent(&sample("checkouts-update"))
}

/// The same cart, changed once more.
fn changed_again() -> Value {
    let later = Timestamp::now().saturating_add(minutes(1)).unwrap().to_string();
    with(checkout(), json!({"updated_at": later, "total_price": "80.00"}))
}

fn order() -> Value {
    recent(&sample("orders-create.paid"))
}

async fn with_cart(settings: &str) -> Stage {
    let stage = Stage::new(settings).await;
    stage.tell("checkouts/create", &checkout()).await;
    stage
}

fn lists(stage: &Stage) -> Value {
    stage.contact("jo@example.com")["listIds"].clone()
}

#[tokio::test]
async fn a_cart_is_abandoned_once_after_half_an_hour_of_quiet() {
    let stage = with_cart(LISTS).await;
    stage.pass(minutes(29)).await;
    assert_eq!(stage.count("cart_abandoned"), 0);
    stage.pass(minutes(2)).await;
    assert_eq!(stage.count("cart_abandoned"), 1);
    assert_eq!(lists(&stage), json!([2, 6]));
    for _ in 0..4 {
        stage.pass(minutes(31)).await;
    }
    assert_eq!(stage.count("cart_abandoned"), 1);
}

#[tokio::test]
async fn a_reminder_carries_items_value_and_the_way_back() {
    let stage = with_cart(LISTS).await;
    stage.pass(minutes(31)).await;
    let state = stage.world.sandbox.state();
    let reminder = state.events.iter().find(|event| event.event_name == "cart_abandoned").unwrap();
    let properties = &reminder.event_properties;
    assert_eq!(properties["items"][0]["name"], "Wool blanket");
    assert_eq!(properties["total"], 89.0);
    assert!(properties["checkouturl"].as_str().unwrap().contains("/recover"));
    assert!(reminder.contact.is_some());
}

#[tokio::test]
async fn the_quiet_period_is_the_stores_own() {
    let stage = with_cart("sync: {carts: {abandoned_after: 20s}}").await;
    stage.pass(SignedDuration::from_secs(10)).await;
    assert_eq!(stage.count("cart_abandoned"), 0);
    stage.pass(SignedDuration::from_secs(11)).await;
    assert_eq!(stage.count("cart_abandoned"), 1);
}

#[tokio::test]
async fn a_touched_cart_is_looked_at_again_later() {
    let stage = with_cart(LISTS).await;
    stage.world.advance(minutes(20));
    stage.tell("checkouts/update", &changed()).await;
    let early = stage.pass(minutes(15)).await;
    assert_eq!(
        early.iter().map(ending).collect::<Vec<_>>(),
        ["tajo/cart_due → skipped: cart: somebody touched the cart meanwhile"]
    );
    stage.pass(minutes(14)).await;
    assert_eq!(stage.count("cart_abandoned"), 0);
    stage.pass(minutes(2)).await;
    assert_eq!(stage.count("cart_abandoned"), 1);
}

#[tokio::test]
async fn a_cart_that_is_touched_after_its_reminder_begins_a_new_quiet_period() {
    let stage = with_cart(LISTS).await;
    stage.pass(minutes(31)).await;
    stage.tell("checkouts/update", &changed()).await;
    assert_eq!(lists(&stage), json!([2]), "no longer abandoned");
    stage.pass(minutes(29)).await;
    assert_eq!(stage.count("cart_abandoned"), 1);
    stage.pass(minutes(2)).await;
    assert_eq!((stage.count("cart_abandoned"), lists(&stage)), (2, json!([2, 6])));
    stage.tell("checkouts/update", &changed_again()).await;
    stage.pass(minutes(31)).await;
    assert_eq!(stage.count("cart_abandoned"), 3);
}

#[tokio::test]
async fn a_repeated_body_is_no_sign_of_life() {
    let stage = with_cart(LISTS).await;
    stage.world.advance(minutes(20));
    let same = checkout_of(&stage);
    stage.deliver(&same).await;
    stage.pass(minutes(11)).await;
    assert_eq!(stage.count("cart_abandoned"), 1);
}

/// The notice of the checkout as it was delivered first: to the second the same times.
fn checkout_of(stage: &Stage) -> tajo_platforms::Notice {
    let sent = stage
        .calls("POST", "/v3/events")
        .into_iter()
        .find(|call| call.request["event_name"] == "cart_updated");
    let updated_at = sent.unwrap().request["event_date"].clone();
    stage.notice("checkouts/update", &with(checkout(), json!({"updated_at": updated_at})))
}

#[tokio::test]
async fn an_ordered_cart_is_never_abandoned() {
    let stage = with_cart(LISTS).await;
    stage.tell("orders/create", &order()).await;
    stage.pass(minutes(31)).await;
    stage.tell("checkouts/update", &changed()).await;
    stage.pass(minutes(31)).await;
    assert_eq!(stage.count("cart_abandoned"), 0);
    assert_eq!(lists(&stage), json!([2, 4]));
}

#[tokio::test]
async fn an_order_that_comes_before_its_cart_ends_it_too() {
    let stage = Stage::new(LISTS).await;
    stage.tell("orders/create", &order()).await;
    stage.tell("checkouts/create", &checkout()).await;
    stage.pass(minutes(31)).await;
    assert!(stage.events().iter().all(|name| name.starts_with("order_")), "{:?}", stage.events());
}

#[tokio::test]
async fn a_completed_checkout_is_never_abandoned_even_without_its_order() {
    let stage = with_cart(LISTS).await;
    stage.tell("checkouts/update", &recent(&sample("checkouts-update.completed"))).await;
    stage.pass(minutes(31)).await;
    assert_eq!(stage.count("cart_abandoned"), 0);
}

#[tokio::test]
async fn an_order_known_only_under_the_other_token_ends_the_cart() {
    for missing in ["cart_token", "checkout_token"] {
        for order_first in [false, true] {
            let stage = Stage::new(LISTS).await;
            let order = with(order(), json!({missing: null}));
            if order_first {
                stage.tell("orders/create", &order).await;
            }
            stage.tell("checkouts/create", &checkout()).await;
            if !order_first {
                stage.tell("orders/create", &order).await;
            }
            stage.pass(minutes(31)).await;
            assert_eq!(stage.count("cart_abandoned"), 0, "an order without {missing}, first: {order_first}");
        }
    }
}

#[tokio::test]
async fn an_order_takes_its_buyer_off_the_list_of_abandoned_carts() {
    let stage = with_cart(LISTS).await;
    stage.pass(minutes(31)).await;
    assert_eq!(lists(&stage), json!([2, 6]));
    stage.tell("orders/create", &order()).await;
    assert_eq!(lists(&stage), json!([2, 4]));
}

#[tokio::test]
async fn two_sweeps_remind_once() {
    let stage = with_cart(LISTS).await;
    stage.world.advance(minutes(31));
    let (one, other) = (stage.world.sweeper(&stage.front).await, stage.world.sweeper(&stage.front).await);
    let (one, other) = join(sweep(&one, Timestamp::MAX), sweep(&other, Timestamp::MAX)).await;
    assert!(one.unwrap().due + other.unwrap().due >= 1);
    stage.sweep().await;
    // Before the first notice is worked off, the cart is due again.
    stage.world.advance(minutes(16));
    stage.sweep().await;
    let reports = stage.drain().await;
    assert!(reports.len() >= 2, "{reports:?}");
    assert_eq!(stage.count("cart_abandoned"), 1);
}

#[tokio::test]
async fn a_cart_of_nobody_is_never_abandoned() {
    let stage = Stage::new(LISTS).await;
    stage.tell("checkouts/create", &recent(&sample("checkouts-create.anonymous"))).await;
    stage.pass(minutes(31)).await;
    assert_eq!(stage.events(), Vec::<String>::new());
}

#[tokio::test]
async fn an_emptied_cart_is_deleted_and_never_abandoned() {
    let stage = with_cart(LISTS).await;
    let emptied = with(changed(), json!({"line_items": [], "total_price": "0.00"}));
    stage.tell("checkouts/update", &emptied).await;
    stage.tell("checkouts/update", &emptied).await;
    stage.pass(minutes(31)).await;
    assert_eq!(stage.events(), ["cart_created", "cart_updated", "cart_deleted"]);
}

#[tokio::test]
async fn a_cart_that_rested_for_more_than_a_week_before_we_heard_of_it_is_not_brought_up() {
    let stage = Stage::new(LISTS).await;
    let old = crate::bodies::moved(&checkout(), -SignedDuration::from_hours(24 * 8));
    stage.tell("checkouts/create", &old).await;
    stage.pass(minutes(31)).await;
    assert_eq!(stage.count("cart_abandoned"), 0);
}

#[tokio::test]
async fn more_than_a_page_of_due_carts_is_swept_and_the_rest_is_left_for_the_next_minute() {
    let stage = Stage::new("").await;
    let table = stage.world.table(&stage.front).await;
    let now = stage.env.clock.now();
    let tokens: Vec<String> = (0..)
        .map(|n| format!("t{n}"))
        .filter(|token| due_shard(token) == due_shard("t0"))
        .take(230)
        .collect();
    for token in &tokens {
        let record = CartRecord {
            version: Some(now),
            state: CartState::Open,
            touched_at: now,
            tokens: vec![token.clone()],
            identity: Identity { customer: Some("1".to_owned()), ..Identity::default() },
            created_at: Some(now),
            properties: "{}".to_owned().into(),
            content: String::new(),
            effects: Ledger::default(),
            due_at: Some(now.as_millisecond()),
            erased: false,
        };
        let due = Attributes { due: Some((due_shard(token), now.as_millisecond())), expires_at: None };
        let key = Key::cart(&StoreId::parse(STORE).unwrap(), token);
        table.put(&key, 0, &record, &due).await.unwrap();
    }
    let sweeper = stage.world.sweeper(&stage.front).await;
    let hurried = sweep(&sweeper, now).await.unwrap();
    assert!(hurried.more && hurried.due == 0, "no time was left: {hurried:?}");
    stage.world.advance(SignedDuration::from_secs(1));
    let swept = stage.sweep().await;
    assert_eq!((swept.due, swept.more), (230, false));
    assert_eq!(stage.world.take_messages().len(), 230);
    stage.world.advance(minutes(1));
    assert_eq!(stage.sweep().await.due, 230, "nobody worked the notices off within a minute");
    stage.world.advance(minutes(1));
    assert_eq!(stage.sweep().await.due, 0, "each is looked at again only later");
}
