//! Totals that several stores of one Brevo account show together.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

use jiff::Timestamp;
use serde_json::json;
use tajo_domain::{Currency, FedTotals, Money, Totals};
use tajo_mapping::{Settings, shared_totals, summed};

const SUMMED: &str = "connectors: {shopify: {totals: summed}}";

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(day * 24 * 3600).unwrap()
}

fn fed(orders: u64, spent: i64, currency: &str, last: i64) -> FedTotals {
    let totals = Totals { orders, spent: Money::new(spent, 2), currency: Currency::parse(currency) };
    FedTotals { totals: Some(totals), last_order_at: Some(at(last)) }
}

fn settings(text: &str) -> Settings {
    Settings::from_yaml(text).unwrap()
}

#[test]
fn what_stores_feed_is_added_up_and_the_latest_order_counts() {
    let sum = |fed: &[FedTotals]| summed(fed, &settings(SUMMED), at(9)).map(|sum| json!(sum));
    assert_eq!(
        sum(&[fed(2, 1_050, "EUR", 3), fed(1, 500, "EUR", 5), FedTotals::default()]),
        Ok(json!({"ORDER_COUNT": 3, "TOTAL_SPENT": 15.5, "LAST_ORDER_DATE": "1970-01-06"}))
    );
    let guest = FedTotals { totals: None, last_order_at: Some(at(2)) };
    assert_eq!(sum(&[guest]), Ok(json!({"LAST_ORDER_DATE": "1970-01-03"})), "nobody fed a number");
    assert_eq!(sum(&[fed(1, 1, "EUR", 1)]).unwrap()["ORDER_COUNT"], 1);
    let two = sum(&[fed(1, 1, "EUR", 1), fed(1, 1, "CHF", 1)]).unwrap_err();
    assert_eq!(two.into_iter().collect::<Vec<_>>(), ["CHF", "EUR"]);
}

#[test]
fn nothing_is_summed_that_a_store_keeps_to_itself() {
    assert!(summed(&[fed(1, 1, "EUR", 1)], &settings(""), at(9)).unwrap().is_empty());
}

#[test]
fn a_store_feeds_totals_as_long_as_it_syncs_anybody() {
    let default = Settings::default();
    let shared = |sync: &str| shared_totals(&settings(&format!("sync: {{{sync}}}")), "two", &default).len();
    assert_eq!(shared("customers: false"), 3);
    assert_eq!(shared("customers: false, orders: false"), 3);
    assert_eq!(shared("customers: false, carts: false"), 3);
    assert_eq!(shared("customers: true, orders: false, carts: false"), 3);
    assert_eq!(shared("customers: false, orders: false, carts: false"), 0);
}
