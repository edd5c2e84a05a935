//! A cart is abandoned exactly once per quiet period, and never after its order.

use futures::future::join;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_app::sweep::sweep;
use tajo_app::sync::Record;
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
            triggered_at: None,
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

#[tokio::test]
async fn a_cart_that_cannot_be_read_stops_no_other_one() {
    let stage = with_cart(LISTS).await;
    stage.world.advance(minutes(40));
    let table = stage.world.table(&stage.front).await;
    for shard in 0..64 {
        let token = format!("broken-{shard}");
        let due = Some((due_shard(&token), stage.env.clock.now().as_millisecond() - 600_000));
        let key = Key::cart(&StoreId::parse(STORE).unwrap(), &token);
        let attributes = Attributes { due, expires_at: None };
        table.put(&key, 0, &json!({"nothing": "we know"}), &attributes).await.unwrap();
    }
    stage.world.take_meter();
    let sweeper = stage.world.sweeper(&stage.front).await;
    let error = sweep(&sweeper, Timestamp::MAX).await.unwrap_err().to_string();
    assert!(error.starts_with("64 due carts or accounts could not be worked on"), "{error}");
    // The function may do what that took, and nothing else.
    let called: Vec<String> = stage.world.take_meter().dynamo_calls.into_keys().collect();
    assert_eq!(called, ["GetItem", "PutItem", "Query"]);
    assert_eq!(granted("CartSweeperRole"), called);
    stage.drain().await;
    assert_eq!(stage.count("cart_abandoned"), 1);
}

/// What a role may do with DynamoDB.
fn granted(role: &str) -> Vec<String> {
    let template = include_str!("../../template.yaml");
    let rest = template.split_once(&format!("\n  {role}:\n")).unwrap().1;
    let role = rest.split_once("\n\n").unwrap().0;
    // Of conditions, the other words with this beginning.
    let words = role.split("dynamodb:").skip(1).filter(|rest| !rest.starts_with("LeadingKeys"));
    let mut granted: Vec<String> =
        words.map(|rest| rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>()).collect();
    granted.sort();
    granted
}

#[tokio::test]
async fn a_store_that_is_switched_off_reminds_nobody_and_is_not_asked_again() {
    for settings in ["connectors: {shopify: {enabled: false}}", "sync: {carts: false}"] {
        let stage = with_cart(LISTS).await;
        let stage = stage.set(settings).await;
        let asked: Vec<String> = stage.pass(minutes(31)).await.iter().map(ending).collect();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(stage.count("cart_abandoned"), 0, "{settings}");
        let again: Vec<String> = stage.pass(minutes(31)).await.iter().map(ending).collect();
        assert!(again.is_empty(), "{settings}: nobody asks again: {again:?}");
    }
}

#[tokio::test]
async fn a_reminder_that_could_not_be_decided_for_a_day_is_not_sent() {
    let stage = with_cart(LISTS).await;
    let late = stage.pass(minutes(25 * 60)).await;
    assert_eq!((late.len(), stage.count("cart_abandoned")), (1, 0));
    assert!(stage.pass(minutes(31)).await.is_empty());
}

#[tokio::test]
async fn a_cart_that_is_asked_about_again_is_the_same_question() {
    let stage = with_cart(LISTS).await;
    let mut asked = Vec::new();
    for _ in 0..3 {
        stage.world.advance(minutes(35));
        stage.sweep().await;
        asked.extend(stage.world.take_messages());
    }
    let deliveries: Vec<Value> = asked
        .iter()
        .map(|message| serde_json::from_str::<Value>(&message.body).unwrap()["delivery"].clone())
        .collect();
    assert!(deliveries.len() == 3 && deliveries.iter().all(|id| *id == deliveries[0]), "{deliveries:?}");
}

#[tokio::test]
async fn an_event_whose_list_could_not_be_left_goes_with_the_next_try() {
    let stage = with_cart(LISTS).await;
    stage.pass(minutes(31)).await;
    let too_many = json!({"status": 429, "headers": {"x-sib-ratelimit-reset": 1}});
    stage.fault(json!({"method": "PUT", "path": "/v3/contacts*", "action": too_many}));
    stage.tell("checkouts/update", &changed()).await;
    stage.drain().await;
    assert_eq!((stage.count("cart_updated"), lists(&stage)), (2, json!([2])));
}

/// A second cart of the same person, with its checkout.
fn other_cart() -> Value {
    with(checkout(), json!({"id": 5001400009999_u64, "token": "chk-other", "cart_token": "cart-other"}))
}

#[tokio::test]
async fn an_old_order_that_comes_again_leaves_another_cart_on_the_list() {
    let stage = with_cart(LISTS).await;
    stage.tell("orders/create", &order()).await;
    stage.tell("checkouts/create", &other_cart()).await;
    stage.pass(minutes(31)).await;
    assert_eq!((stage.count("cart_abandoned"), lists(&stage)), (1, json!([2, 4, 6])));
    stage.receive(tajo_testkit::record(&stage.notice("orders/create", &order()), 2)).await;
    assert_eq!(lists(&stage), json!([2, 4, 6]));
}

#[tokio::test]
async fn an_order_that_comes_while_the_reminder_is_prepared_stops_it() {
    let stage = with_cart(LISTS).await;
    stage.world.advance(minutes(31));
    stage.sweep().await;
    let message = stage.world.take_messages().pop().unwrap();
    let record = Record {
        message_id: "m".to_owned(),
        body: message.body,
        received: 1,
        source: tajo_app::sync::Source::Live,
    };
    let order = order();
    let meanwhile = async { drop(stage.tell("orders/create", &order).await) };
    stage.receive_while(record, "Brevo PUT /v3/contacts", meanwhile).await;
    assert_eq!((stage.count("cart_abandoned"), lists(&stage)), (0, json!([2, 4])));
}
