//! What each of our own sample bodies means, in lines that a shop owner can read.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::panic)] // helpers of tests are tests too

mod render;

use std::fs;
use std::path::Path;

use tajo_platforms::{Context, Platform};

/// Reads `events/shopify/<name>.json`; the topic is the part of the name before the first dot.
fn told(name: &str) -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/shopify").join(format!("{name}.json"));
    let body = fs::read(path).unwrap();
    let topic = name.split('.').next().unwrap().replacen('-', "/", 1);
    let context = Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: Some("DE".into()),
        live: true,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
    };
    render::changes(&Platform::Shopify.changes(&topic, &body, &context))
}

#[test]
fn a_new_customer() {
    insta::assert_snapshot!(told("customers-create"));
}

#[test]
fn a_customer_changes_name_and_adds_a_phone() {
    insta::assert_snapshot!(told("customers-update"));
}

#[test]
fn a_customer_leaves() {
    insta::assert_snapshot!(told("customers-delete"));
}

#[test]
fn a_checkout_begins() {
    insta::assert_snapshot!(told("checkouts-create"));
}

#[test]
fn a_checkout_grows() {
    insta::assert_snapshot!(told("checkouts-update"));
}

#[test]
fn a_checkout_becomes_an_order() {
    insta::assert_snapshot!(told("checkouts-update.completed"));
}

#[test]
fn a_checkout_of_somebody_unknown() {
    insta::assert_snapshot!(told("checkouts-create.anonymous"));
}

#[test]
fn a_paid_order() {
    insta::assert_snapshot!(told("orders-create.paid"));
}

#[test]
fn an_order_of_a_guest() {
    insta::assert_snapshot!(told("orders-create.guest"));
}

#[test]
fn an_order_is_shipped() {
    insta::assert_snapshot!(told("orders-updated.fulfilled"));
}

#[test]
fn an_order_is_refunded_in_part() {
    insta::assert_snapshot!(told("orders-updated.refunded"));
}

#[test]
fn an_order_is_cancelled() {
    insta::assert_snapshot!(told("orders-updated.cancelled"));
}

#[test]
fn a_person_asks_what_is_stored() {
    insta::assert_snapshot!(told("customers-data_request"));
}

#[test]
fn a_person_is_to_be_erased() {
    insta::assert_snapshot!(told("customers-redact"));
}

#[test]
fn an_address_is_to_be_erased() {
    insta::assert_snapshot!(told("customers-redact.address"));
}

#[test]
fn a_shop_is_to_be_erased() {
    insta::assert_snapshot!(told("shop-redact"));
}

#[test]
fn the_shop_removes_the_app() {
    insta::assert_snapshot!(told("app-uninstalled"));
}

#[test]
fn the_shop_takes_a_scope_away() {
    insta::assert_snapshot!(told("app-scopes_update"));
}

/// A new file in `events/shopify` needs a test above.
#[test]
fn every_event_file_has_its_snapshot() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tested = fs::read_to_string(root.join("tests/changes.rs")).unwrap();
    for file in fs::read_dir(root.join("../../events/shopify")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let name = name.strip_suffix(".json").unwrap();
        assert!(tested.contains(&format!("told(\"{name}\")")), "no snapshot of {name}");
    }
}
