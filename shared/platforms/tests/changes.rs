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
    let topic =
        name.split('.').next().unwrap().replacen('-', "/", 1).replace("customer/tags", "customer.tags");
    let context = Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: Some("DE".into()),
        live: true,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
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
fn an_account_is_switched_on() {
    insta::assert_snapshot!(told("customers-enable"));
}

#[test]
fn an_account_is_switched_off() {
    insta::assert_snapshot!(told("customers-disable"));
}

#[test]
fn two_customers_become_one() {
    insta::assert_snapshot!(told("customers-merge"));
}

#[test]
fn a_merge_that_failed_changes_nothing() {
    insta::assert_snapshot!(told("customers-merge.failed"));
}

#[test]
fn tags_come() {
    insta::assert_snapshot!(told("customer-tags_added"));
}

#[test]
fn a_tag_goes() {
    insta::assert_snapshot!(told("customer-tags_removed"));
}

#[test]
fn what_a_customer_has_bought_so_far() {
    insta::assert_snapshot!(told("customers-purchasing_summary"));
}

#[test]
fn an_opt_in_to_emails() {
    insta::assert_snapshot!(told("customers_email_marketing_consent-update"));
}

#[test]
fn silence_about_emails() {
    insta::assert_snapshot!(told("customers_email_marketing_consent-update.silent"));
}

#[test]
fn an_opt_out_of_text_messages() {
    insta::assert_snapshot!(told("customers_marketing_consent-update"));
}

#[test]
fn an_opt_in_to_whatsapp() {
    insta::assert_snapshot!(told("customers_whats_app_marketing_consent-update"));
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
fn an_order_is_paid() {
    insta::assert_snapshot!(told("orders-paid"));
}

#[test]
fn an_order_is_shipped_in_part() {
    insta::assert_snapshot!(told("orders-partially_fulfilled"));
}

#[test]
fn the_rest_of_an_order_is_shipped() {
    insta::assert_snapshot!(told("orders-fulfilled"));
}

#[test]
fn an_order_is_cancelled_by_its_own_topic() {
    insta::assert_snapshot!(told("orders-cancelled"));
}

#[test]
fn an_order_is_edited() {
    insta::assert_snapshot!(told("orders-updated.edited"));
}

#[test]
fn an_edit_is_left_to_the_order_itself() {
    insta::assert_snapshot!(told("orders-edited"));
}

#[test]
fn an_order_is_deleted() {
    insta::assert_snapshot!(told("orders-delete"));
}

#[test]
fn a_refund_comes_alone() {
    insta::assert_snapshot!(told("refunds-create"));
}

#[test]
fn a_shipment_comes_alone() {
    insta::assert_snapshot!(told("fulfillments-create"));
}

#[test]
fn a_shipment_changes() {
    insta::assert_snapshot!(told("fulfillments-update"));
}

#[test]
fn a_cart_begins() {
    insta::assert_snapshot!(told("carts-create"));
}

#[test]
fn a_cart_grows() {
    insta::assert_snapshot!(told("carts-update"));
}

#[test]
fn a_checkout_is_deleted() {
    insta::assert_snapshot!(told("checkouts-delete"));
}

#[test]
fn a_new_product() {
    insta::assert_snapshot!(told("products-create"));
}

#[test]
fn a_product_is_sold() {
    insta::assert_snapshot!(told("products-update.sold"));
}

#[test]
fn a_product_gets_another_price() {
    insta::assert_snapshot!(told("products-update.price"));
}

#[test]
fn a_product_is_taken_off_the_shop() {
    insta::assert_snapshot!(told("products-update.draft"));
}

#[test]
fn a_product_loses_a_variant() {
    insta::assert_snapshot!(told("products-update.one_variant"));
}

#[test]
fn a_product_is_deleted() {
    insta::assert_snapshot!(told("products-delete"));
}

#[test]
fn a_new_collection() {
    insta::assert_snapshot!(told("collections-create"));
}

#[test]
fn a_collection_is_renamed() {
    insta::assert_snapshot!(told("collections-update"));
}

#[test]
fn a_collection_is_deleted() {
    insta::assert_snapshot!(told("collections-delete"));
}

#[test]
fn a_stock_level_changes() {
    insta::assert_snapshot!(told("inventory_levels-update"));
}

#[test]
fn a_new_item_is_counted() {
    insta::assert_snapshot!(told("inventory_items-create"));
}

#[test]
fn an_item_is_not_counted_any_more() {
    insta::assert_snapshot!(told("inventory_items-update"));
}

#[test]
fn an_item_is_gone() {
    insta::assert_snapshot!(told("inventory_items-delete"));
}

#[test]
fn the_last_one_of_a_variant_is_sold() {
    insta::assert_snapshot!(told("variants-out_of_stock"));
}

#[test]
fn a_variant_is_back() {
    insta::assert_snapshot!(told("variants-in_stock"));
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

#[test]
fn a_bulk_operation_comes_to_its_end() {
    insta::assert_snapshot!(told("bulk_operations-finish"));
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

#[test]
fn a_customer_with_metafields() {
    insta::assert_snapshot!(told("customers-update.metafields"));
}

#[test]
fn a_customer_with_metafields_a_note_and_an_address() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/shopify/customers-update.metafields.json");
    let context = Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: None,
        live: true,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
    };
    let changes = Platform::Shopify.changes("customers/update", &fs::read(path).unwrap(), &context).unwrap();
    let tajo_domain::Change::Person { update, .. } = &changes.changes[0] else { panic!("a person") };
    let facts: Vec<String> = update
        .custom
        .iter()
        .map(|(source, fact)| {
            format!("{source}: {} (as of {})", fact.value.as_deref().unwrap_or("empty"), fact.at)
        })
        .collect();
    insta::assert_snapshot!(facts.join("\n"));
    assert!(!format!("{update:?}").contains("Freiburg"));
}
