//! `order_refunded` is sent once per refund, for money that has gone back, with its final amount.

use serde_json::{Value, json};
use tajo_sandbox::shopify::nodes;

use crate::bodies::{sample, with};
use crate::picture::array;
use crate::stage::Stage;

const PLACED: &str = "2026-11-02T10:00:00+01:00";

/// An order of one coat for 100 EUR, with `fields` on top.
fn order(second: u32, fields: Value) -> Value {
    let body = json!({
        "id": 61, "admin_graphql_api_id": "gid://shopify/Order/61", "name": "#2001", "email": "jo@example.com",
        "created_at": PLACED, "processed_at": PLACED, "updated_at": format!("2026-11-03T12:00:{second:02}+01:00"),
        "currency": "EUR", "taxes_included": true, "financial_status": "paid",
        "total_price": "100.00", "current_total_price": "100.00", "subtotal_price": "100.00", "total_discounts": "0.00",
        "line_items": [{"id": 51, "product_id": 91, "title": "Coat", "price": "100.00", "quantity": 1, "current_quantity": 1}],
        "refunds": [],
    });
    with(body, fields)
}

/// The refund of the coat, with these transactions: (status, amount, gateway).
fn refund(transactions: &[(&str, &str, &str)]) -> Value {
    let transactions: Vec<Value> = (1..)
        .zip(transactions)
        .map(|(id, (status, amount, gateway))| {
            json!({"id": id, "kind": "refund", "status": status, "amount": amount, "currency": "EUR", "gateway": gateway})
        })
        .collect();
    json!({
        "id": 83, "admin_graphql_api_id": "gid://shopify/Refund/83", "order_id": 61,
        "created_at": "2026-11-03T12:00:00+01:00", "transactions": transactions,
        "refund_line_items": [{"id": 82, "line_item_id": 51, "quantity": 1, "subtotal": 100.0,
            "line_item": {"id": 51, "product_id": 91, "title": "Coat", "price": "100.00", "quantity": 1, "current_quantity": 0}}],
    })
}

/// The order that shows this refund of its coat.
fn returned(second: u32, refund: Value, fields: Value) -> Value {
    let coat = json!({"id": 51, "product_id": 91, "title": "Coat", "price": "100.00", "quantity": 1, "current_quantity": 0});
    let shown = json!({"refunds": [refund], "line_items": [coat], "current_total_price": "0.00"});
    with(order(second, shown), fields)
}

/// The refunds that Brevo was told of: amount and type.
fn told(stage: &Stage) -> Vec<(f64, String)> {
    let state = stage.world.brevo();
    let refunds = array(&state, "events").iter().filter(|event| event["event_name"] == "order_refunded");
    refunds
        .map(|event| {
            let properties = &event["event_properties"];
            let kind = properties["refund_type"].as_str().unwrap_or_default().to_owned();
            (properties["amount"].as_f64().unwrap(), kind)
        })
        .collect()
}

fn amount(stage: &Stage) -> Value {
    array(&stage.world.brevo(), "orders")[0]["amount"].clone()
}

fn full(amount: f64) -> Vec<(f64, String)> {
    vec![(amount, "full".to_owned())]
}

fn partial(amount: f64) -> Vec<(f64, String)> {
    vec![(amount, "partial".to_owned())]
}

#[tokio::test]
async fn an_order_cancelled_before_it_was_paid_has_no_refund() {
    let stage = Stage::new("").await;
    let pending = json!({"financial_status": "pending"});
    stage.tell("orders/create", &order(0, pending)).await;
    let gone = json!({"financial_status": "voided", "cancelled_at": "2026-11-03T12:00:00+01:00"});
    let cancelled = returned(1, refund(&[]), gone);
    stage.tell("refunds/create", &cancelled["refunds"][0]).await;
    stage.tell("orders/cancelled", &cancelled).await;
    stage.tell("orders/updated", &cancelled).await;
    assert_eq!(told(&stage), []);
    assert_eq!((stage.count("order_cancelled"), amount(&stage)), (1, json!(0.0)));
}

#[tokio::test]
async fn an_edit_that_removes_an_unpaid_line_and_an_exchange_have_no_refund() {
    for (what, status) in [("an unpaid line is removed", "pending"), ("an exchange", "paid")] {
        let stage = Stage::new("").await;
        stage.tell("orders/create", &order(0, json!({"financial_status": status}))).await;
        let mut edited = returned(1, refund(&[]), json!({"financial_status": status}));
        let hat = json!({"id": 52, "product_id": 92, "title": "Hat", "price": "100.00", "quantity": 1, "current_quantity": 1});
        edited["line_items"].as_array_mut().unwrap().push(hat);
        edited["current_total_price"] = json!("100.00");
        stage.tell("orders/updated", &edited).await;
        stage.tell("refunds/create", &edited["refunds"][0]).await;
        assert_eq!((told(&stage), amount(&stage)), (vec![], json!(100.0)), "{what}");
    }
}

#[tokio::test]
async fn a_refund_whose_transactions_come_later_is_told_with_them() {
    let paid = refund(&[("success", "100.00", "shopify_payments")]);
    for later_alone in [true, false] {
        let stage = Stage::new("").await;
        stage.tell("orders/create", &order(0, json!({}))).await;
        let early = returned(1, refund(&[]), json!({"financial_status": "refunded"}));
        stage.tell("orders/updated", &early).await;
        assert_eq!((told(&stage), amount(&stage)), (vec![], json!(0.0)));
        if later_alone {
            stage.tell("refunds/create", &paid).await;
        } else {
            let late = returned(2, paid.clone(), json!({"financial_status": "refunded"}));
            stage.tell("orders/updated", &late).await;
        }
        assert_eq!((told(&stage), amount(&stage)), (full(100.0), json!(0.0)), "alone: {later_alone}");
        stage.tell("orders/updated", &early).await;
        stage.tell("refunds/create", &refund(&[])).await;
        assert_eq!((told(&stage), amount(&stage)), (full(100.0), json!(0.0)), "older bodies change nothing");
    }
}

#[tokio::test]
async fn a_refund_of_several_payments_is_told_when_the_last_of_them_has_closed() {
    for (last, expected) in [("success", full(100.0)), ("failure", partial(30.0)), ("error", partial(30.0))] {
        for alone in [true, false] {
            let stage = Stage::new("").await;
            stage.tell("orders/create", &order(0, json!({}))).await;
            let body = |second: u32, status: &str| {
                let part = refund(&[("success", "30.00", "gift_card"), (status, "70.00", "paypal")]);
                let status = if status == "success" { "refunded" } else { "partially_refunded" };
                returned(second, part, json!({"financial_status": status}))
            };
            for (second, status) in [(1, "pending"), (2, "some new word"), (3, last)] {
                let body = body(second, status);
                if alone {
                    stage.tell("refunds/create", &body["refunds"][0]).await;
                } else {
                    stage.tell("orders/updated", &body).await;
                }
                let so_far = if status == last { expected.clone() } else { vec![] };
                assert_eq!(told(&stage), so_far, "{status}, alone: {alone}");
            }
            stage.tell("orders/updated", &body(4, last)).await;
            stage.tell("refunds/create", &body(1, "pending")["refunds"][0]).await;
            assert_eq!((told(&stage), amount(&stage)), (expected.clone(), json!(0.0)), "alone: {alone}");
        }
    }
}

#[tokio::test]
async fn a_refund_that_failed_is_told_only_once_it_works() {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &order(0, json!({}))).await;
    let failed = refund(&[("failure", "100.00", "shopify_payments")]);
    stage.tell("refunds/create", &failed).await;
    stage.tell("orders/updated", &order(1, json!({"refunds": [failed]}))).await;
    assert_eq!((told(&stage), amount(&stage)), (vec![], json!(100.0)), "the money is still here");
    let again = refund(&[("failure", "100.00", "shopify_payments"), ("success", "100.00", "manual")]);
    stage.tell("orders/updated", &returned(2, again, json!({"financial_status": "refunded"}))).await;
    assert_eq!((told(&stage), amount(&stage)), (full(100.0), json!(0.0)));
}

#[tokio::test]
async fn store_credit_gift_cards_and_money_returned_by_hand_are_money() {
    for gateway in ["shopify_store_credit", "gift_card", "manual", "cash"] {
        let stage = Stage::new("").await;
        stage.tell("orders/create", &order(0, json!({}))).await;
        stage.tell("refunds/create", &refund(&[("success", "100.00", gateway)])).await;
        assert_eq!((told(&stage), amount(&stage)), (full(100.0), json!(0.0)), "{gateway}");
    }
}

#[tokio::test]
async fn a_refund_that_comes_before_its_order_waits_for_its_money_too() {
    let stage = Stage::new("").await;
    stage.tell("refunds/create", &refund(&[])).await;
    stage.tell("orders/create", &order(0, json!({}))).await;
    assert_eq!((told(&stage), amount(&stage)), (vec![], json!(100.0)));
    stage.tell("refunds/create", &refund(&[("pending", "100.00", "paypal")])).await;
    assert_eq!((told(&stage), amount(&stage)), (vec![], json!(100.0)));
    stage.tell("refunds/create", &refund(&[("success", "100.00", "paypal")])).await;
    assert_eq!((told(&stage), amount(&stage)), (full(100.0), json!(0.0)));
}

#[tokio::test]
async fn money_that_has_gone_back_does_not_come_again_with_an_older_word() {
    let stage = Stage::new("").await;
    // The order has not come: the newest word is kept for it.
    stage.tell("refunds/create", &refund(&[("success", "100.00", "paypal")])).await;
    stage.tell("refunds/create", &refund(&[("pending", "100.00", "paypal")])).await;
    stage.tell("orders/create", &order(0, json!({}))).await;
    assert_eq!((told(&stage), amount(&stage)), (full(100.0), json!(0.0)));
}

#[tokio::test]
async fn a_refund_of_what_was_added_is_not_the_whole_although_the_total_says_so() {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &order(0, json!({}))).await;
    let paid = refund(&[("success", "100.00", "shopify_payments")]);
    let mut body = returned(1, paid, json!({"financial_status": "partially_refunded"}));
    let hat = json!({"id": 52, "product_id": 92, "title": "Hat", "price": "40.00", "quantity": 1, "current_quantity": 1});
    body["line_items"].as_array_mut().unwrap().push(hat);
    body["current_total_price"] = json!("40.00");
    stage.tell("orders/updated", &body).await;
    assert_eq!((told(&stage), amount(&stage)), (partial(100.0), json!(40.0)));
}

/// A hat was removed before it was paid; then a part of the coat's price went back as goodwill, or with a cancellation.
fn edited_down(second: u32, fields: Value) -> Value {
    let hat = json!({"id": 52, "product_id": 92, "title": "Hat", "price": "40.00", "quantity": 1, "current_quantity": 0});
    let removal = json!({
        "id": 84, "order_id": 61, "created_at": "2026-11-02T11:00:00+01:00", "transactions": [],
        "refund_line_items": [{"id": 85, "line_item_id": 52, "quantity": 1, "subtotal": 40.0, "line_item": hat}],
    });
    let money = json!({"id": 86, "order_id": 61, "created_at": "2026-11-03T12:00:00+01:00", "refund_line_items": [],
        "transactions": [{"kind": "refund", "status": "success", "amount": "10.00", "currency": "EUR"}]});
    let mut body = order(
        second,
        json!({"total_price": "140.00", "financial_status": "partially_refunded",
        "refunds": [removal, money]}),
    );
    body["line_items"].as_array_mut().unwrap().push(hat);
    with(body, fields)
}

#[tokio::test]
async fn where_a_body_cannot_say_what_was_kept_shopify_is_asked_once() {
    let gone = json!({"cancelled_at": "2026-11-03T12:00:00+01:00", "current_total_price": "0.00"});
    for (what, fields) in [("goodwill", json!({})), ("cancelled", gone)] {
        let stage = Stage::new("").await;
        let node = |body: &Value| nodes::order(&with(body.clone(), json!({"net_payment": "90.00"})));
        let body = edited_down(1, fields.clone());
        stage.world.set_up_shop(json!({"orders": [node(&body)]}));
        let asked = || stage.calls("POST", "/admin/api/").len();
        stage.tell("orders/updated", &body).await;
        assert_eq!(amount(&stage), 90.0, "{what}");
        let after_one = asked();
        // Nothing of the money has changed.
        let later = with(edited_down(2, fields.clone()), json!({"note": "ring twice"}));
        stage.world.set_up_shop(json!({"orders": [node(&later)]}));
        stage.tell("orders/updated", &later).await;
        assert_eq!((amount(&stage), asked()), (json!(90.0), after_one), "{what}");
    }
}

#[tokio::test]
async fn without_an_answer_the_amount_is_a_guess_and_the_report_says_so() {
    let stage = Stage::new("").await;
    let report = stage.tell("orders/updated", &edited_down(1, json!({}))).await;
    assert!(format!("{report:?}").contains("the exact amount of the order"), "{report:?}");
    assert_eq!(amount(&stage), 90.0, "the smaller one");
}

#[tokio::test]
async fn an_ordinary_order_is_never_asked_about() {
    let stage = Stage::new("").await;
    stage.world.set_up_shop(json!({"orders": []}));
    for file in
        ["orders-create.paid", "orders-updated.edited", "orders-updated.refunded", "orders-updated.cancelled"]
    {
        stage.tell("orders/updated", &sample(file)).await;
    }
    let paths = stage.calls("POST", "/admin/api/");
    assert!(!format!("{paths:?}").contains("OrderPayment"), "{paths:?}");
}
