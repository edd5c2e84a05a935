//! The whole life of an order: every topic in any order and twice, facts that come without their order, deletions,
//! test orders, single items.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_testkit::World;

use crate::bodies::{LISTS, cast, each, moved, recent, sample, with};
use crate::picture::{array, essence};
use crate::stage::{Stage, ending};

fn paid() -> Value {
    sample("orders-create.paid")
}

fn pending() -> Value {
    with(paid(), json!({"financial_status": "pending"}))
}

fn first_shipment() -> Value {
    sample("fulfillments-create")
}

fn refund() -> Value {
    sample("refunds-create")
}

async fn told(stage: &Stage, bodies: &[(&str, Value)]) -> String {
    let mut lines = Vec::new();
    for (topic, body) in bodies {
        let mut notice = stage.notice(topic, body);
        // A deletion carries no time of its own.
        notice.received_at = "2026-11-20T10:00:00Z".parse().unwrap();
        lines.push(ending(&stage.deliver(&notice).await));
    }
    format!("{}\n\n{}", lines.join("\n"), stage.picture())
}

/// After the refund, with both shipments.
fn refunded() -> Value {
    let shipped = json!({"fulfillments": sample("orders-fulfilled")["fulfillments"]});
    with(sample("orders-updated.refunded"), shipped)
}

fn order_of(stage: &Stage) -> Value {
    array(&stage.world.brevo(), "orders").first().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_whole_life_of_an_order_reads_like_one() {
    let stage = Stage::new(LISTS).await;
    let life = [
        ("orders/create", pending()),
        ("orders/paid", sample("orders-paid")),
        ("orders/edited", sample("orders-edited")),
        ("orders/updated", sample("orders-updated.edited")),
        ("fulfillments/create", first_shipment()),
        ("orders/partially_fulfilled", sample("orders-partially_fulfilled")),
        ("fulfillments/update", sample("fulfillments-update")),
        ("orders/fulfilled", sample("orders-fulfilled")),
        ("refunds/create", refund()),
        ("orders/updated", refunded()),
        ("orders/delete", sample("orders-delete")),
        ("orders/updated", refunded()),
    ];
    insta::assert_snapshot!(told(&stage, &life).await);
}

#[tokio::test]
async fn a_cancelled_order_is_told_and_worth_nothing() {
    let stage = Stage::new(LISTS).await;
    insta::assert_snapshot!(told(&stage, &[("orders/cancelled", sample("orders-cancelled"))]).await);
}

#[tokio::test]
async fn facts_wait_for_their_order_and_are_told_with_it_once() {
    let stage = Stage::new(LISTS).await;
    let facts = [
        ("refunds/create", refund()),
        ("fulfillments/create", first_shipment()),
        ("fulfillments/create", first_shipment()),
        ("orders/create", paid()),
        ("refunds/create", refund()),
        ("fulfillments/update", first_shipment()),
    ];
    insta::assert_snapshot!(told(&stage, &facts).await);
}

#[tokio::test]
async fn a_refund_whose_order_update_is_lost_lowers_the_order_and_is_told() {
    let stage = Stage::new(LISTS).await;
    stage.tell("orders/create", &paid()).await;
    stage.tell("refunds/create", &refund()).await;
    assert_eq!((stage.count("order_refunded"), &order_of(&stage)["amount"]), (1, &json!(96.25)));
    // A later body that counts it does not count it twice.
    stage.tell("orders/updated", &sample("orders-updated.refunded")).await;
    assert_eq!((stage.count("order_refunded"), &order_of(&stage)["amount"]), (1, &json!(96.25)));
    // An older one of before the refund changes nothing.
    stage.tell("orders/updated", &sample("orders-paid")).await;
    assert_eq!(&order_of(&stage)["amount"], &json!(96.25));
}

#[tokio::test]
async fn a_refund_in_another_currency_waits_for_the_amount_in_the_orders_own() {
    let stage = Stage::new(LISTS).await;
    stage.tell("orders/create", &paid()).await;
    let mut foreign = refund();
    foreign["transactions"][0]["currency"] = json!("CHF");
    foreign["refund_line_items"] = json!([]);
    let report = stage.tell("refunds/create", &foreign).await;
    assert_eq!(report.outcome, Outcome::Skipped);
    assert_eq!((stage.count("order_refunded"), &order_of(&stage)["amount"]), (0, &json!(107.5)));
    stage.tell("orders/updated", &sample("orders-updated.refunded")).await;
    assert_eq!(stage.count("order_refunded"), 1);
}

#[tokio::test]
async fn a_deleted_order_stays_deleted_whichever_comes_first() {
    for deleted_first in [false, true] {
        let stage = Stage::new(LISTS).await;
        let mut life = vec![("orders/create", paid()), ("orders/delete", sample("orders-delete"))];
        if deleted_first {
            life.reverse();
        }
        life.push(("orders/updated", sample("orders-paid")));
        told(&stage, &life).await;
        let order = order_of(&stage);
        assert_eq!((&order["status"], &order["amount"]), (&json!("deleted"), &json!(0.0)), "{deleted_first}");
        assert_eq!(stage.count("order_deleted"), 1);
        assert_eq!(stage.count("order_placed"), 1);
    }
}

#[tokio::test]
async fn a_body_that_repeats_the_order_sends_nothing_and_still_ages_older_ones() {
    let stage = Stage::new(LISTS).await;
    stage.tell("orders/create", &paid()).await;
    let calls = stage.calls("POST", "/v3/orders").len();
    let echo = with(paid(), json!({"updated_at": "2026-11-02T10:00:00+01:00", "tags": "vip"}));
    assert_eq!(stage.tell("orders/updated", &echo).await.outcome, Outcome::Unchanged);
    assert_eq!(stage.calls("POST", "/v3/orders").len(), calls);
    // Between the two by its own time: the echo has made it old.
    let late = with(pending(), json!({"updated_at": "2026-11-02T09:30:00+01:00"}));
    stage.tell("orders/updated", &late).await;
    assert_eq!(order_of(&stage)["status"], "paid");
}

#[tokio::test]
async fn test_orders_count_on_a_live_store_only_if_its_settings_say_so() {
    for (settings, orders) in [("", 0), ("sync: {orders: {include_test_orders: true}}", 1)] {
        let stage = Stage::with(World::new(settings).await).await;
        let key = tajo_state::Key::store(&tajo_domain::StoreId::parse(tajo_testkit::STORE).unwrap());
        let table = stage.world.table(&stage.front).await;
        let live = |stored: Option<&tajo_state::StoreRecord>| {
            (stored.map(|store| tajo_state::StoreRecord { live: true, ..store.clone() }), ())
        };
        table.change(&key, tajo_state::Attributes::none, live).await.unwrap();
        stage.tell("orders/create", &with(paid(), json!({"test": true}))).await;
        assert_eq!(array(&stage.world.brevo(), "orders").len(), orders, "{settings}");
    }
}

#[tokio::test]
async fn each_ordered_item_is_told_if_the_settings_say_so() {
    let stage = Stage::new("sync: {orders: {item_events: true}}").await;
    stage.tell("orders/create", &paid()).await;
    stage.tell("orders/updated", &sample("orders-paid")).await;
    let state = stage.world.brevo();
    let items = array(&state, "events").iter().filter(|event| event["event_name"] == "order_item_placed");
    let names: Vec<&Value> = items.map(|event| &event["event_properties"]["name"]).collect();
    assert_eq!(names, ["Wool blanket", "Beeswax candle"]);
}

#[tokio::test]
async fn what_the_buyer_saw_is_told_besides_what_the_shop_earned() {
    let stage = Stage::new("").await;
    let mut order = with(paid(), json!({"presentment_currency": "CHF"}));
    order["total_price_set"]["presentment_money"] = json!({"amount": "101.05", "currency_code": "CHF"});
    stage.tell("orders/create", &order).await;
    for event in array(&stage.world.brevo(), "events") {
        let properties = &event["event_properties"];
        assert_eq!((&properties["total"], &properties["currency"]), (&json!(107.5), &json!("EUR")));
        let seen = (&properties["presentment_total"], &properties["presentment_currency"]);
        assert_eq!(seen, (&json!(101.05), &json!("CHF")));
    }
}

/// One order as Shopify tells it, in the order in which it happened.
fn story() -> Vec<(&'static str, Value)> {
    let cancelled = json!({
        "cancelled_at": "2026-11-10T09:00:00+01:00", "cancel_reason": "customer",
        "updated_at": "2026-11-10T09:00:01+01:00"
    });
    let bodies = vec![
        ("orders/create", pending()),
        ("orders/paid", sample("orders-paid")),
        ("orders/edited", sample("orders-edited")),
        ("orders/updated", sample("orders-updated.edited")),
        ("fulfillments/create", first_shipment()),
        ("orders/partially_fulfilled", sample("orders-partially_fulfilled")),
        ("orders/fulfilled", sample("orders-fulfilled")),
        ("fulfillments/update", sample("fulfillments-update")),
        ("refunds/create", refund()),
        ("orders/updated", refunded()),
        ("orders/cancelled", with(refunded(), cancelled)),
        ("orders/delete", sample("orders-delete")),
    ];
    // All of it is over: the deletion, which is told now, is the last of it.
    let past = |body: &Value| moved(&recent(body), SignedDuration::from_hours(-24 * 30));
    bodies.into_iter().map(|(topic, body)| (topic, past(&body))).collect()
}

const FIRST: u32 = 40_000_000;

/// `count` steps of the story in an order of their own, every third of them twice. The first is as it happened.
fn arrival(which: u32, count: usize) -> Vec<usize> {
    let mut steps: Vec<usize> = (0..count).chain((0..count).step_by(3)).collect();
    if which == 0 {
        return (0..count).collect();
    }
    let mut state = u64::from(which).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for at in (1..steps.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (at + 1);
        steps.swap(at, other);
    }
    steps
}

/// Everything that may not depend on the order of arrival. Payments and edits have no time of their own, and a fact
/// that came alone cannot know whether it is the last of its kind.
fn end(state: &Value) -> Vec<String> {
    let mut state = state.clone();
    for event in state["events"].as_array_mut().unwrap() {
        let name = event["event_name"].as_str().unwrap().to_owned();
        if ["order_paid", "order_edited", "order_deleted"].contains(&name.as_str()) {
            event["event_date"] = Value::Null;
        }
        for property in ["fulfilled_in_full", "refund_type"] {
            event["event_properties"].as_object_mut().unwrap().remove(property);
        }
        if name == "order_edited" {
            event["event_properties"]["total"] = Value::Null;
        }
    }
    for order in state["orders"].as_array_mut().unwrap() {
        if order["status"] == "deleted" {
            order["updatedAt"] = Value::Null;
        }
    }
    essence(&state)
}

async fn every_arrival_ends_alike(arrivals: u32, steps: usize, events: usize) {
    let stage = Stage::new(LISTS).await;
    let story = story();
    for which in 0..arrivals {
        for step in arrival(which, steps) {
            let (topic, body) = &story[step];
            let report = stage.tell(topic, &cast(body, FIRST + which)).await;
            let fine = matches!(report.outcome, Outcome::Applied | Outcome::Unchanged | Outcome::Skipped);
            assert!(fine, "{which}: {report:?}");
        }
    }
    let found = each(&stage.world.brevo());
    let expected = end(&found[&FIRST]);
    assert_eq!(array(&found[&FIRST], "events").len(), events, "{expected:#?}");
    for which in 0..arrivals {
        let arrival = arrival(which, steps);
        assert_eq!(end(&found[&(FIRST + which)]), expected, "arrived as {arrival:?}");
    }
}

#[tokio::test]
async fn every_order_of_arrival_of_a_life_ends_in_one_state_and_one_event_each() {
    every_arrival_ends_alike(25, story().len() - 1, 9).await;
}

#[tokio::test]
async fn every_order_of_arrival_of_a_life_that_ends_deleted_ends_so() {
    every_arrival_ends_alike(15, story().len(), 10).await;
}
