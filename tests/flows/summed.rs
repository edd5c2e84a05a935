//! `totals: summed`: a contact shows what was bought in all stores of the Brevo account, whoever spoke last.

use serde_json::{Value, json};
use tajo_app::connect::ConnectError;
use tajo_app::sync::{Outcome, Report};
use tajo_domain::StoreId;
use tajo_platforms::Notice;
use tajo_testkit::{STORE, record};

use crate::bodies::{sample, with};
use crate::consent::{JO, account};
use crate::set_up::{begun, connected};
use crate::stage::Stage;

const SUMMED: &str = "connectors: {shopify: {totals: summed}}";
const SECOND: &str = "second-shop";

async fn stage() -> Stage {
    let stage = Stage::new(SUMMED).await;
    stage.world.add_store(&stage.front, SECOND, "second-shop.myshopify.com", SUMMED).await;
    stage
}

fn of(stage: &Stage, store: &str, topic: &str, body: &Value) -> Notice {
    let mut notice = stage.notice(topic, body);
    notice.store = StoreId::parse(store).ok();
    notice.shop = format!("{store}.myshopify.com");
    notice
}

async fn tell(stage: &Stage, store: &str, topic: &str, body: &Value) -> Report {
    stage.deliver(&of(stage, store, topic, body)).await
}

/// Jo's number in each store.
fn id(store: &str) -> u64 {
    if store == STORE { 7_201_400_000_011 } else { 42 }
}

fn summary(store: &str, orders: u32, spent: &str, minute: u32) -> Value {
    with(
        sample("customers-purchasing_summary"),
        json!({
            "customerId": format!("gid://shopify/Customer/{}", id(store)), "numberOfOrders": orders,
            "amountSpent": {"amount": spent, "currencyCode": "EUR"},
            "occurredAt": format!("2026-11-06T09:{minute:02}:00.000Z"),
        }),
    )
}

async fn jo_joins(stage: &Stage, store: &str) {
    tell(stage, store, "customers/create", &with(account(1, None), json!({"id": id(store)}))).await;
}

async fn buys(stage: &Stage, store: &str, orders: u32, spent: &str, minute: u32) -> Report {
    tell(stage, store, "customers/purchasing_summary", &summary(store, orders, spent, minute)).await
}

fn shown(stage: &Stage, email: &str) -> (Option<f64>, Option<f64>) {
    let attributes = &stage.contact(email)["attributes"];
    (attributes["ORDER_COUNT"].as_f64(), attributes["TOTAL_SPENT"].as_f64())
}

async fn both(stage: &Stage) {
    for store in [STORE, SECOND] {
        jo_joins(stage, store).await;
    }
    buys(stage, STORE, 3, "184.30", 1).await;
    buys(stage, SECOND, 2, "15.70", 2).await;
    assert_eq!(shown(stage, JO), (Some(5.0), Some(200.0)));
}

#[tokio::test]
async fn a_contact_shows_what_was_bought_in_both_stores_up_and_down() {
    let stage = stage().await;
    both(&stage).await;
    buys(&stage, STORE, 4, "200.00", 3).await;
    assert_eq!(shown(&stage, JO), (Some(6.0), Some(215.7)));
    buys(&stage, SECOND, 1, "5.00", 4).await;
    assert_eq!(shown(&stage, JO), (Some(5.0), Some(205.0)), "a refund counts down");
    buys(&stage, STORE, 3, "184.30", 5).await;
    assert_eq!(shown(&stage, JO), (Some(4.0), Some(189.3)), "what this store said before is news again");
    let calls = stage.world.sandbox.calls().len();
    let again = buys(&stage, STORE, 3, "184.30", 5).await;
    assert_eq!(stage.world.sandbox.calls().len(), calls, "{again:?}");
    tell(&stage, SECOND, "customers/update", &with(account(9, None), json!({"id": 42}))).await;
    assert_eq!(shown(&stage, JO), (Some(4.0), Some(189.3)), "other news leave it alone");
}

#[tokio::test]
async fn the_latest_order_of_any_store_is_the_last_one() {
    let stage = stage().await;
    for (store, day) in [(STORE, 12), (SECOND, 7)] {
        let at = format!("2026-11-{day:02}T10:00:00Z");
        let order = with(
            sample("orders-create.paid"),
            json!({"created_at": at, "processed_at": at, "updated_at": at, "id": day}),
        );
        tell(&stage, store, "orders/create", &order).await;
    }
    assert_eq!(stage.contact(JO)["attributes"]["LAST_ORDER_DATE"], "2026-11-12");
}

#[tokio::test]
async fn of_two_stores_at_once_the_write_that_lands_last_says_the_whole_sum() {
    for (one, other) in [(STORE, SECOND), (SECOND, STORE)] {
        // Before the note, before the sum is asked for, and before it is written.
        for call in ["DynamoDB PutItem", "DynamoDB Query", "Brevo PUT /v3/contacts"] {
            let stage = stage().await;
            both(&stage).await;
            let first = of(&stage, one, "customers/purchasing_summary", &summary(one, 10, "300.00", 8));
            let meanwhile = async { drop(buys(&stage, other, 5, "50.00", 8).await) };
            stage.receive_while(record(&first, 1), call, meanwhile).await;
            assert_eq!(shown(&stage, JO), (Some(15.0), Some(350.0)), "{one}, {call}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_or_a_limit_leaves_the_sum_right() {
    for action in
        [json!({"drop": true}), json!({"truncate": true}), json!({"status": 429}), json!({"status": 500})]
    {
        let stage = stage().await;
        both(&stage).await;
        stage.fault(json!({"method": "PUT", "path": "/v3/contacts/*", "action": action}));
        let report = buys(&stage, STORE, 7, "300.00", 9).await;
        assert_eq!(report.outcome, Outcome::Deferred, "{action}");
        // Meanwhile the other one goes on.
        buys(&stage, SECOND, 3, "20.00", 9).await;
        stage.drain().await;
        assert_eq!(shown(&stage, JO), (Some(10.0), Some(320.0)), "{action}");
    }
}

#[tokio::test]
async fn what_a_store_knew_of_somebody_who_left_or_was_erased_counts_no_more() {
    for (topic, body) in
        [("customers/delete", sample("customers-delete")), ("customers/redact", sample("customers-redact"))]
    {
        let stage = stage().await;
        both(&stage).await;
        tell(&stage, STORE, topic, &body).await;
        stage.drain().await;
        assert_eq!(shown(&stage, JO), (Some(2.0), Some(15.7)), "{topic}: the other store's are still theirs");
        buys(&stage, STORE, 9, "900.00", 30).await;
        assert_eq!(shown(&stage, JO), (Some(2.0), Some(15.7)), "{topic}: a late notice brings nothing back");
        buys(&stage, SECOND, 3, "20.00", 31).await;
        assert_eq!(shown(&stage, JO), (Some(3.0), Some(20.0)), "{topic}");
    }
}

#[tokio::test]
async fn after_a_merge_the_account_that_is_gone_adds_nothing() {
    let stage = stage().await;
    both(&stage).await;
    let other = json!({"id": 7_201_400_000_012_u64, "email": "al@example.com", "phone": null});
    tell(&stage, STORE, "customers/create", &with(account(2, None), other.clone())).await;
    tell(&stage, SECOND, "customers/create", &with(account(2, None), with(other, json!({"id": 43})))).await;
    for (store, id, orders) in [(STORE, 7_201_400_000_012_u64, 4), (SECOND, 43, 1)] {
        let gid = json!({"customerId": format!("gid://shopify/Customer/{id}")});
        tell(&stage, store, "customers/purchasing_summary", &with(summary(store, orders, "10.00", 5), gid))
            .await;
    }
    assert_eq!(shown(&stage, "al@example.com"), (Some(5.0), Some(20.0)));
    tell(&stage, STORE, "customers/merge", &sample("customers-merge")).await;
    stage.drain().await;
    assert_eq!(shown(&stage, "al@example.com"), (Some(1.0), Some(10.0)), "only the other store's are left");
    buys(&stage, STORE, 7, "194.30", 20).await;
    assert_eq!(shown(&stage, JO), (Some(9.0), Some(210.0)), "the kept account has them all");
}

#[tokio::test]
async fn a_contact_that_was_deleted_in_brevo_shows_the_sum_again() {
    let stage = stage().await;
    both(&stage).await;
    stage.brevo("DELETE", &format!("/v3/contacts/{JO}?identifierType=email_id"), &Value::Null);
    tell(&stage, STORE, "customers/update", &account(9, None)).await;
    assert_eq!(shown(&stage, JO), (Some(5.0), Some(200.0)));
}

#[tokio::test]
async fn another_address_takes_the_totals_along() {
    let stage = stage().await;
    both(&stage).await;
    tell(&stage, STORE, "customers/update", &with(account(9, None), json!({"email": "jo@new.example"})))
        .await;
    assert_eq!(shown(&stage, "jo@new.example"), (Some(3.0), Some(184.3)));
    buys(&stage, SECOND, 3, "20.00", 30).await;
    stage.drain().await;
    assert_eq!(shown(&stage, JO), (Some(3.0), Some(20.0)), "and leaves the other store's where they are");
    assert_eq!(shown(&stage, "jo@new.example"), (Some(3.0), Some(184.3)));
}

#[tokio::test]
async fn two_currencies_are_not_added_up_and_refused_where_they_are_known() {
    let stage = stage().await;
    both(&stage).await;
    let dollars = json!({"amountSpent": {"amount": "70.00", "currencyCode": "USD"}});
    let report =
        tell(&stage, SECOND, "customers/purchasing_summary", &with(summary(SECOND, 9, "70.00", 8), dollars))
            .await;
    assert!(report.line.reason.unwrap().contains("EUR and USD, which cannot be added up"));
    assert_eq!(shown(&stage, JO), (Some(5.0), Some(200.0)), "what was right before stays");

    let stage = Stage::unconnected().await;
    let sells_in = |currency: &str| {
        let settings = "connectors: {shopify: {totals: summed, currency_check: false}}";
        json!({ "settings": settings, "currency": currency })
    };
    connected(&stage, STORE, sells_in("EUR")).await.unwrap();
    let refused = begun(&stage, SECOND, sells_in("USD")).await.unwrap_err();
    assert!(matches!(refused, ConnectError::SummedCurrencies { .. }), "{refused}");
    connected(&stage, SECOND, sells_in("EUR")).await.unwrap();
}
