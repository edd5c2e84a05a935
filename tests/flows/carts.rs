//! The online store's own carts, which name nobody, and the checkouts that grow from them: one record, one
//! `cart_created`.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;

use crate::bodies::{LISTS, recent, sample, with};
use crate::picture::array;
use crate::stage::{Stage, ending};

fn opened() -> Value {
    recent(&sample("carts-create"))
}

/// With candles, after the checkout began.
fn grown() -> Value {
    recent(&sample("carts-update"))
}

fn checkout() -> Value {
    recent(&sample("checkouts-create"))
}

fn completed_contact() -> Value {
    recent(&sample("checkouts-update"))
}

fn last_event(stage: &Stage) -> Value {
    array(&stage.world.brevo(), "events").last().cloned().unwrap_or_default()
}

fn names(event: &Value) -> Vec<&str> {
    let items = event["event_properties"]["items"].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap()).collect()
}

async fn told(stage: &Stage, bodies: &[(&str, Value)]) -> String {
    let mut lines = Vec::new();
    for (topic, body) in bodies {
        lines.push(ending(&stage.tell(topic, body).await));
    }
    format!("{}\n\n{}", lines.join("\n"), stage.events().join("\n"))
}

#[tokio::test]
async fn a_cart_of_nobody_is_kept_until_its_checkout_names_somebody() {
    let stage = Stage::new(LISTS).await;
    let visit = [
        ("carts/create", opened()),
        ("carts/update", with(opened(), json!({"updated_at": grown()["updated_at"]}))),
        ("checkouts/create", recent(&sample("checkouts-create.anonymous"))),
        ("checkouts/create", checkout()),
        ("checkouts/update", completed_contact()),
    ];
    insta::assert_snapshot!(told(&stage, &visit).await);
}

#[tokio::test]
async fn a_cart_that_changes_after_its_checkout_is_told_with_the_way_back() {
    let stage = Stage::new(LISTS).await;
    stage.tell("checkouts/create", &checkout()).await;
    stage.tell("carts/update", &grown()).await;
    let event = last_event(&stage);
    assert_eq!(event["event_name"], "cart_updated");
    assert_eq!(names(&event), ["Beeswax candle", "Wool blanket - Moss green"]);
    assert_eq!(event["event_properties"]["total"], 114.0);
    assert!(event["event_properties"]["checkouturl"].as_str().unwrap().contains("/recover"));
    // The checkout says the same in its own words: no news.
    let same = with(completed_contact(), json!({"updated_at": later(&grown())}));
    stage.tell("checkouts/update", &same).await;
    assert_eq!(stage.count("cart_updated"), 2);
    stage.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(last_event(&stage)["event_properties"]["total"], 107.5, "the reminder knows the newest total");
}

fn later(body: &Value) -> String {
    let at: jiff::Timestamp = body["updated_at"].as_str().unwrap().parse().unwrap();
    at.saturating_add(SignedDuration::from_secs(1)).unwrap().to_string()
}

#[tokio::test]
async fn an_older_cart_does_not_undo_a_newer_checkout() {
    let stage = Stage::new(LISTS).await;
    stage.tell("checkouts/update", &completed_contact()).await;
    assert_eq!(stage.tell("carts/create", &opened()).await.outcome, Outcome::Unchanged);
    assert_eq!(stage.tell("carts/update", &grown()).await.outcome, Outcome::Unchanged);
    assert_eq!(stage.events(), ["cart_created", "cart_updated"]);
    stage.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(names(&last_event(&stage)).len(), 2);
    assert_eq!(last_event(&stage)["event_properties"]["total"], 107.5);
}

#[tokio::test]
async fn a_late_checkout_names_a_cart_that_has_grown_since() {
    let stage = Stage::new(LISTS).await;
    stage.tell("carts/update", &grown()).await;
    assert_eq!(stage.events(), Vec::<String>::new());
    stage.tell("checkouts/create", &checkout()).await;
    assert_eq!(stage.events(), ["cart_created", "cart_updated"]);
    assert_eq!(last_event(&stage)["event_properties"]["items_count"], 2, "what it holds now");
    stage.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(stage.count("cart_abandoned"), 1);
}

#[tokio::test]
async fn an_emptied_cart_ends_what_waits_for_it() {
    let stage = Stage::new(LISTS).await;
    stage.tell("checkouts/create", &checkout()).await;
    let emptied = with(grown(), json!({"line_items": []}));
    stage.tell("carts/update", &emptied).await;
    stage.tell("carts/update", &emptied).await;
    stage.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(stage.events(), ["cart_created", "cart_updated", "cart_deleted"]);
}

#[tokio::test]
async fn a_cart_is_silent_after_its_order() {
    for carts_first in [false, true] {
        let stage = Stage::new(LISTS).await;
        if carts_first {
            stage.tell("carts/create", &opened()).await;
        }
        stage.tell("orders/create", &recent(&sample("orders-create.paid"))).await;
        stage.tell("carts/create", &opened()).await;
        let late = with(grown(), json!({"updated_at": jiff::Timestamp::now().to_string(), "line_items": []}));
        stage.tell("carts/update", &late).await;
        stage.tell("checkouts/update", &completed_contact()).await;
        stage.pass(SignedDuration::from_mins(31)).await;
        assert!(stage.events().iter().all(|name| name.starts_with("order_")), "{:?}", stage.events());
    }
}

#[tokio::test]
async fn a_deleted_checkout_ends_its_cart() {
    let stage = Stage::new(LISTS).await;
    let unknown = stage.tell("checkouts/delete", &sample("checkouts-delete")).await;
    assert_eq!(
        ending(&unknown),
        "checkouts/delete → skipped: cart: no cart is known that the deleted checkout belongs to"
    );
    stage.tell("checkouts/create", &checkout()).await;
    stage.pass(SignedDuration::from_mins(31)).await;
    stage.world.advance(SignedDuration::from_mins(1));
    let mut deleted = stage.notice("checkouts/delete", &sample("checkouts-delete"));
    deleted.received_at = stage.env.clock.now();
    stage.deliver(&deleted).await;
    stage.deliver(&deleted).await;
    stage.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(stage.events(), ["cart_created", "cart_updated", "cart_abandoned", "cart_deleted"]);
    assert_eq!(stage.contact("jo@example.com")["listIds"], json!([2]), "no longer abandoned");
    let nameless = with(sample("checkouts-delete"), json!({"cart_token": null}));
    let report = stage.tell("checkouts/delete", &nameless).await;
    assert!(ending(&report).contains("names no cart"), "{report:?}");
}

#[tokio::test]
async fn a_cart_of_nobody_costs_two_write_units_and_one_while_nothing_changes() {
    let stage = Stage::new(LISTS).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.world.take_meter();
    stage.tell("carts/create", &opened()).await;
    assert_eq!(stage.world.take_meter().writes.as_f64(), 2.0, "the cart and its line of the log");
    let touched = with(opened(), json!({"updated_at": grown()["updated_at"]}));
    stage.tell("carts/update", &touched).await;
    assert_eq!(stage.world.take_meter().writes.as_f64(), 1.0, "its line of the log");
}
