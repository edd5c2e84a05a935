//! What was begun and not finished is finished by whoever comes next: nothing is left to somebody who is not there.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::{CartRecord, CartState, CategoryRecord, StoreId};
use tajo_state::{Attributes, Key};
use tajo_testkit::{STORE, record};

use crate::bodies::{LISTS, recent, sample, with};
use crate::products::{MOSS, product};
use crate::stage::Stage;
use crate::stock::{STOCK, blanket, level};

const ABANDONED: u64 = 6;

async fn with_cart() -> Stage {
    let stage = Stage::new(LISTS).await;
    stage.tell("checkouts/create", &recent(&sample("checkouts-create"))).await;
    stage
}

/// The cart is due, and this goes wrong with the next calls to this path.
async fn due_with(stage: &Stage, path: &str, times: u32) {
    stage.fault(json!({"path": path, "times": times, "action": {"status": 500}}));
    stage.world.advance(SignedDuration::from_mins(31));
    assert_eq!(stage.sweep().await.due, 1);
    let message = stage.world.take_messages().pop().unwrap();
    let notice = tajo_platforms::Notice::from_json(&message.body).unwrap();
    assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Deferred);
}

fn is_listed(stage: &Stage) -> bool {
    let lists = stage.contact("jo@example.com")["listIds"].clone();
    lists.as_array().is_some_and(|lists| lists.contains(&json!(ABANDONED)))
}

#[tokio::test]
async fn whoever_orders_before_the_reminder_is_out_leaves_the_list_of_abandoned_carts() {
    let stage = with_cart().await;
    due_with(&stage, "/v3/events", 1).await;
    assert!(is_listed(&stage) && stage.count("cart_abandoned") == 0);
    let late = stage.world.take_messages();
    stage.tell("orders/create", &recent(&sample("orders-create.paid"))).await;
    assert!(!is_listed(&stage), "the order itself sees to it");
    // And the reminder that comes again has nothing to say.
    let notice = tajo_platforms::Notice::from_json(&late[0].body).unwrap();
    assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Skipped);
    assert!(!is_listed(&stage) && stage.count("cart_abandoned") == 0);
}

#[tokio::test]
async fn whoever_touches_the_cart_before_the_reminder_is_out_is_on_the_list_no_more() {
    let stage = with_cart().await;
    due_with(&stage, "/v3/events", 1).await;
    let later = stage.world.clock.now().to_string();
    let touched =
        with(recent(&sample("checkouts-create")), json!({"updated_at": later, "total_price": "80.00"}));
    stage.tell("checkouts/update", &touched).await;
    assert!(!is_listed(&stage));
    stage.drain().await;
    assert!(!is_listed(&stage) && stage.count("cart_abandoned") == 0);
    stage.pass(SignedDuration::from_mins(31)).await;
    assert!(is_listed(&stage) && stage.count("cart_abandoned") == 1);
}

#[tokio::test]
async fn a_reminder_whose_list_could_not_be_joined_joins_it_whoever_brings_it_out() {
    let stage = with_cart().await;
    due_with(&stage, "/v3/contacts*", 1).await;
    assert!(!is_listed(&stage) && stage.count("cart_abandoned") == 0);
    let first = stage.world.take_messages();
    // The sweeper finds the cart again before the first notice is back.
    stage.pass(SignedDuration::from_mins(20)).await;
    assert!(is_listed(&stage) && stage.count("cart_abandoned") == 1);
    let notice = tajo_platforms::Notice::from_json(&first[0].body).unwrap();
    assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Skipped);
    assert!(is_listed(&stage) && stage.count("cart_abandoned") == 1);
}

#[tokio::test]
async fn a_reminder_that_comes_again_after_its_cart_is_over_takes_the_contact_off_the_list() {
    let stage = with_cart().await;
    due_with(&stage, "/v3/events", 1).await;
    assert!(is_listed(&stage));
    // The order was marked, and whoever marked it got no further.
    let token = sample("checkouts-create")["cart_token"].as_str().unwrap().to_owned();
    let key = Key::cart(&StoreId::parse(STORE).unwrap(), &token);
    let ordered = |stored: Option<&CartRecord>| {
        let record = stored.cloned().map(|record| CartRecord { state: CartState::Ordered, ..record });
        (Some(record.unwrap()), ())
    };
    let table = stage.world.table(&stage.front).await;
    table.change(&key, Attributes::none, ordered).await.unwrap();
    assert_eq!(stage.drain().await[0].outcome, Outcome::Skipped);
    assert!(!is_listed(&stage) && stage.count("cart_abandoned") == 0);
}

#[tokio::test]
async fn stock_whose_answer_never_came_is_sent_when_it_can_no_longer_overtake() {
    let stage = Stage::new(STOCK).await;
    stage.tell("products/create", &blanket(0, 12)).await;
    stage.tell("inventory_levels/update", &level(10, 1, 4)).await;
    stage.tell("products/update", &blanket(10, 11)).await;
    stage.fault(json!({"path": "/v3/products*", "times": 1, "action": {"truncate": true}}));
    let report = stage.tell("inventory_levels/update", &level(20, 1, 0)).await;
    assert_eq!(report.outcome, Outcome::Deferred);
    stage.world.advance(SignedDuration::from_secs(3));
    for _ in 0..60 {
        let messages = stage.world.take_messages();
        for message in messages {
            let notice = tajo_platforms::Notice::from_json(&message.body).unwrap();
            stage.deliver(&notice).await;
        }
        stage.world.advance(SignedDuration::from_secs(5));
    }
    let moss = product(&stage, MOSS);
    assert_eq!(moss["stock"], 7, "{moss}");
}

#[tokio::test]
async fn a_name_of_before_that_reached_brevo_last_is_put_right() {
    let stage = Stage::new("").await;
    stage.tell("collections/create", &sample("collections-create")).await;
    let id = sample("collections-create")["id"].to_string();
    let key = Key::category(&StoreId::parse(STORE).unwrap(), &format!("collection-{id}"));
    let table = stage.world.table(&stage.front).await;
    let renamed = with(
        sample("collections-create"),
        json!({"title": "Old name", "updated_at": "2026-11-20T09:00:00Z"}),
    );
    let again = with(renamed.clone(), json!({"title": "New name", "updated_at": "2026-11-20T09:00:05Z"}));
    let slow = stage.notice("collections/update", &renamed);
    // While the old name is on its way, the new one is told and taken.
    stage
        .receive_while(record(&slow, 1), "Brevo POST /v3/categories", async {
            stage.tell("collections/update", &again).await;
        })
        .await;
    let known = table.get::<CategoryRecord>(&key).await.unwrap().record.unwrap();
    assert_eq!((known.sent, known.name.as_str()), (known.accepted, "New name"));
    let state = json!(stage.world.sandbox.state().categories);
    assert!(state.to_string().contains("New name") && !state.to_string().contains("Old name"), "{state}");
}

#[tokio::test]
async fn a_message_that_comes_again_while_its_event_is_held_comes_later_instead_of_ending() {
    let stage = Stage::new("").await;
    let order = stage.notice("orders/create", &sample("orders-create.paid"));
    let meanwhile = async {
        // The worker that holds the claims may be an earlier life of this very message.
        let again = stage.receive(record(&order, 2)).await;
        assert_eq!(again.outcome, Outcome::Deferred, "{again:?}");
    };
    stage.receive_while(record(&order, 1), "Brevo POST /v3/events", meanwhile).await;
    stage.drain().await;
    for event in ["order_placed", "order_completed", "order_paid"] {
        assert_eq!(stage.count(event), 1, "{event}");
    }
}

#[tokio::test]
async fn two_cart_bodies_of_one_second_with_other_lines_are_both_told() {
    let stage = Stage::new("").await;
    let holding = |pieces: u32| {
        let mut body = recent(&sample("checkouts-update"));
        body["line_items"][0]["quantity"] = json!(pieces);
        body
    };
    let triggered = |body: &Value, millis: i64| {
        let mut notice = stage.notice("checkouts/update", body);
        notice.triggered_at =
            notice.received_at.saturating_sub(SignedDuration::from_millis(1000 - millis)).ok();
        notice
    };
    let (first, second) = (triggered(&holding(2), 1), triggered(&holding(5), 500));
    let meanwhile = async {
        stage.deliver(&second).await;
    };
    stage.receive_while(record(&first, 1), "Brevo POST /v3/events", meanwhile).await;
    stage.drain().await;
    assert_eq!(stage.count("cart_updated"), 2, "{:?}", stage.events());
    // Neither is told again.
    for notice in [&first, &second] {
        stage.receive(record(notice, 2)).await;
    }
    assert_eq!(stage.count("cart_updated"), 2);
}
