//! Orders and accounts that a merchant brings in from another system are history: nothing of it is told as news.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;

use crate::bodies::{LISTS, sample, with};
use crate::picture::array;
use crate::stage::Stage;

const PROCESSED: &str = "2021-03-04T12:00:00+01:00";

/// An order of 2021 that was brought in on 2 November 2026, paid and shipped.
fn imported() -> Value {
    let mut body = with(
        sample("orders-updated.fulfilled"),
        json!({"processed_at": PROCESSED, "updated_at": "2026-11-02T09:15:01+01:00"}),
    );
    let at_once = "2026-11-02T09:15:02+01:00";
    body["fulfillments"][0]["created_at"] = json!(at_once);
    body["fulfillments"][0]["updated_at"] = json!(at_once);
    body
}

#[tokio::test]
async fn an_order_brought_in_from_elsewhere_fires_nothing_and_is_history() {
    let stage = Stage::new(LISTS).await;
    for topic in ["orders/create", "orders/paid", "orders/fulfilled", "orders/updated", "orders/create"] {
        stage.tell(topic, &imported()).await;
    }
    let mut shipment = imported()["fulfillments"][0].clone();
    shipment["order_id"] = imported()["id"].clone();
    stage.tell("fulfillments/create", &shipment).await;
    assert!(stage.events().is_empty(), "{:?}", stage.events());
    let order = array(&stage.world.brevo(), "orders")[0].clone();
    assert_eq!((&order["createdAt"], &order["status"]), (&json!("2021-03-04T11:00:00Z"), &json!("paid")));
    assert_eq!(stage.contact("jo@example.com")["attributes"]["LAST_ORDER_DATE"], "2021-03-04");
    let calls = stage.calls("POST", "/v3/orders/status");
    assert!(calls.iter().all(|call| call.path.ends_with("/batch") && call.request["historical"] == true));
    assert!(!calls.is_empty());
}

#[tokio::test]
async fn a_shipment_of_an_import_that_comes_before_its_order_is_not_told_either() {
    let stage = Stage::new(LISTS).await;
    let mut shipment = imported()["fulfillments"][0].clone();
    shipment["order_id"] = imported()["id"].clone();
    stage.tell("fulfillments/create", &shipment).await;
    stage.tell("orders/create", &with(imported(), json!({"fulfillments": []}))).await;
    assert!(stage.events().is_empty(), "{:?}", stage.events());
}

#[tokio::test]
async fn what_happens_to_an_imported_order_later_is_told() {
    let stage = Stage::new(LISTS).await;
    stage.tell("orders/create", &imported()).await;
    // A week after the import.
    stage.tell("refunds/create", &sample("refunds-create")).await;
    assert_eq!(stage.events(), ["order_refunded"]);
    let order = array(&stage.world.brevo(), "orders")[0].clone();
    assert_eq!((&order["amount"], &order["createdAt"]), (&json!(96.25), &json!("2021-03-04T11:00:00Z")));
    let cancelled =
        json!({"cancelled_at": "2026-11-10T09:00:00+01:00", "updated_at": "2026-11-10T09:00:01+01:00"});
    stage.tell("orders/cancelled", &with(imported(), cancelled)).await;
    assert_eq!(stage.events(), ["order_refunded", "order_cancelled"]);
    let singles = stage.calls("POST", "/v3/orders/status");
    assert!(singles.iter().all(|call| call.path.ends_with("/batch")), "history stays on its road");
}

#[tokio::test]
async fn a_register_that_was_offline_for_some_hours_imports_nothing() {
    let stage = Stage::new(LISTS).await;
    let body = with(sample("orders-create.paid"), json!({"processed_at": "2026-11-02T03:15:00+01:00"}));
    stage.tell("orders/create", &body).await;
    assert_eq!(stage.count("order_placed"), 1);
}

fn account(created_at: &str, updated_at: &str) -> Value {
    with(sample("customers-create"), json!({"created_at": created_at, "updated_at": updated_at}))
}

#[tokio::test]
async fn an_account_brought_in_from_elsewhere_is_a_contact_and_no_news() {
    for first in ["customers/create", "customers/update"] {
        let stage = Stage::new(LISTS).await;
        let body = account("2021-03-04T12:00:00Z", "2026-11-29T09:00:00Z");
        assert_eq!(stage.tell(first, &body).await.outcome, Outcome::Applied);
        stage.tell("customers/create", &body).await;
        stage.tell("customers/update", &body).await;
        assert_eq!(stage.count("customer_created"), 0, "{first} came first");
        assert_eq!(stage.contact("jo@example.com")["attributes"]["FIRSTNAME"], "Jo");
    }
}

#[tokio::test]
async fn an_account_of_last_week_that_is_brought_in_today_is_no_news_with_its_next_update_either() {
    let stage = Stage::new(LISTS).await;
    let body = account("2026-11-20T12:00:00Z", "2026-11-29T09:00:00Z");
    stage.tell("customers/create", &body).await;
    stage.tell("customers/update", &account("2026-11-20T12:00:00Z", "2026-11-29T10:00:00Z")).await;
    assert_eq!(stage.count("customer_created"), 0);
}

#[tokio::test]
async fn an_account_whose_create_was_lost_is_still_told_by_its_first_update() {
    let stage = Stage::new(LISTS).await;
    stage.tell("customers/update", &account("2026-11-20T12:00:00Z", "2026-11-24T09:00:00Z")).await;
    assert_eq!(stage.count("customer_created"), 1);
}
