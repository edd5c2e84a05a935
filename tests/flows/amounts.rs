//! What an order is worth and lists in Brevo after refunds, edits and cancellations.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_sandbox::shopify::nodes;

use crate::bodies::{sample, with};
use crate::picture::array;
use crate::stage::Stage;

fn order_of(stage: &Stage) -> Value {
    array(&stage.world.brevo(), "orders").first().cloned().unwrap_or_default()
}

/// The refund in the state that its money is in.
fn refund(status: &str) -> Value {
    let mut body = sample("refunds-create");
    body["transactions"][0]["status"] = json!(status);
    body
}

/// The order that shows this refund.
fn order_with(refund: Value, updated_at: &str) -> Value {
    with(sample("orders-updated.refunded"), json!({"refunds": [refund], "updated_at": updated_at}))
}

#[tokio::test]
async fn a_refund_is_told_once_and_only_when_its_money_has_gone_back() {
    for alone_first in [true, false] {
        let stage = Stage::new("").await;
        stage.tell("orders/create", &sample("orders-create.paid")).await;
        if alone_first {
            let report = stage.tell("refunds/create", &refund("pending")).await;
            assert!(report.line.reason.unwrap().contains("on its way"));
        }
        let waiting = order_with(refund("pending"), "2026-11-09T16:40:02+01:00");
        assert_eq!(stage.tell("orders/updated", &waiting).await.outcome, Outcome::Applied);
        assert_eq!(stage.count("order_refunded"), 0, "a partial refund of nothing");
        let arrived = order_with(refund("success"), "2026-11-11T09:00:00+01:00");
        stage.tell("orders/updated", &arrived).await;
        stage.tell("refunds/create", &refund("success")).await;
        assert_eq!((stage.count("order_refunded"), &order_of(&stage)["amount"]), (1, &json!(96.25)));
        let state = stage.world.brevo();
        let told = array(&state, "events").iter().find(|event| event["event_name"] == "order_refunded");
        assert_eq!(told.unwrap()["event_properties"]["amount"], 11.25);
    }
}

#[tokio::test]
async fn a_refund_that_came_alone_counts_although_the_order_last_showed_its_money_on_the_way() {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    let mut waiting = order_with(refund("pending"), "2026-11-09T16:40:02+01:00");
    waiting["current_total_price"] = json!("107.50");
    stage.tell("orders/updated", &waiting).await;
    assert_eq!(order_of(&stage)["amount"], 107.5);
    stage.tell("refunds/create", &refund("success")).await;
    assert_eq!((stage.count("order_refunded"), &order_of(&stage)["amount"]), (1, &json!(96.25)));
}

#[tokio::test]
async fn a_refund_record_without_money_has_no_event() {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    let report = stage.tell("refunds/create", &with(refund("success"), json!({"transactions": []}))).await;
    assert!(report.line.reason.unwrap().contains("no money"));
    assert_eq!(stage.count("order_refunded"), 0);
}

#[tokio::test]
async fn an_edited_order_lists_what_is_left_of_it() {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    let quantities = |stage: &Stage| {
        let order = order_of(stage);
        array(&order, "products").iter().map(|line| line["quantity"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(quantities(&stage), [1, 2]);
    let mut edited = sample("orders-updated.edited");
    stage.tell("orders/updated", &edited).await;
    assert_eq!((quantities(&stage), &order_of(&stage)["amount"]), (vec![1, 1], &json!(96.25)));
    edited["line_items"][1]["current_quantity"] = json!(0);
    edited["updated_at"] = json!("2026-11-02T15:00:00+01:00");
    stage.tell("orders/updated", &edited).await;
    assert_eq!(quantities(&stage), [1], "a line that was removed is not listed");
}

#[tokio::test]
async fn a_cancelled_order_is_worth_what_was_kept_of_it() {
    let part = json!([refund("success")]);
    for (what, fields, amount) in [
        ("never paid", json!({"financial_status": "voided", "current_total_price": "107.50"}), 0.0),
        ("only authorised", json!({"financial_status": "authorized"}), 0.0),
        ("never said", json!({"financial_status": null}), 0.0),
        ("paid, and kept", json!({"financial_status": "paid", "current_total_price": "0.00"}), 107.5),
        ("partly given back", json!({"financial_status": "partially_refunded", "refunds": part}), 96.25),
        ("given back", json!({"financial_status": "refunded", "refunds": part}), 0.0),
    ] {
        let stage = Stage::new("").await;
        let gone = json!({"cancelled_at": "2026-11-03T09:00:00+01:00", "cancel_reason": "customer"});
        let cancelled = with(with(sample("orders-create.paid"), gone), fields);
        stage.tell("orders/cancelled", &cancelled).await;
        let order = order_of(&stage);
        assert_eq!((&order["status"], &order["amount"]), (&json!("cancelled"), &json!(amount)), "{what}");
    }
}

#[tokio::test]
async fn an_order_whose_payment_was_voided_or_has_expired_is_worth_nothing() {
    for status in ["voided", "expired"] {
        let stage = Stage::new("").await;
        let over = with(sample("orders-create.paid"), json!({"financial_status": status}));
        stage.tell("orders/updated", &over).await;
        assert_eq!(order_of(&stage)["amount"], 0.0, "{status}");
        let later = json!({"financial_status": "paid", "updated_at": "2026-11-20T09:00:00+01:00"});
        stage.tell("orders/updated", &with(over, later)).await;
        assert_eq!(order_of(&stage)["amount"], 107.5, "collected after all");
    }
}

#[tokio::test]
async fn an_order_says_what_its_amount_is_in() {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(order_of(&stage)["metaInfo"]["currency"], "EUR");
}

#[tokio::test]
async fn a_reserved_item_says_its_variants_sku_and_what_it_costs_with_taxes() {
    for (included, with_taxes) in
        [(json!(true), json!(80.1)), (json!(false), json!(92.89)), (Value::Null, Value::Null)]
    {
        let stage = Stage::new("").await;
        let order = with(sample("orders-create.paid"), json!({"taxes_included": included}));
        stage.tell("orders/create", &order).await;
        let state = stage.world.brevo();
        let item = |name: &str| {
            let event = array(&state, "events").iter().find(|event| event["event_name"] == name).unwrap();
            event["event_properties"]["items"][0].clone()
        };
        let reserved = item("order_completed");
        assert_eq!(
            (&reserved["variant_sku"], &reserved["price_taxinc"]),
            (&json!("BLANKET-MOSS"), &with_taxes)
        );
        assert_eq!(item("order_placed").get("price_taxinc"), None, "there, a price is of one");
    }
}

#[tokio::test]
async fn a_fetched_order_says_what_the_buyer_saw_and_which_payments_may_be_missing() {
    let mut order = with(sample("orders-updated.refunded"), json!({"presentment_currency": "CHF"}));
    let payment = order["refunds"][0]["transactions"][0].clone();
    order["refunds"][0]["transactions"] = json!([payment, payment]);
    let stage = Stage::new("").await;
    stage.world.set_up_shop(json!({"orders": [nodes::order(&order)]}));
    let report = stage.tell("orders/updated", &json!({"id": order["id"]})).await;
    assert!(report.line.reason.unwrap().contains("further payments of a refund"));
    let state = stage.world.brevo();
    let told = array(&state, "events").iter().find(|event| event["event_name"] == "order_completed").unwrap();
    assert_eq!(told["event_properties"]["presentment_currency"], "CHF");
    assert_eq!(told["event_properties"]["items"][0]["price_taxinc"], 80.1);
}
