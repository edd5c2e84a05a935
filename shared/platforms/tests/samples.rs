//! Shopify's published bodies and real, anonymised ones: every file ends in changes or in a clear reason.
//!
//! The files are not part of this repository. Where they are absent the test says `SKIPPED` and passes, unless
//! `REQUIRE_ALL=1`.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::panic)] // helpers of tests are tests too

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tajo_platforms::{Context, Platform};

/// Which of the handled topics a file is a body of; `None` for other topics.
fn topic_of(name: &str) -> Option<&'static str> {
    let topics: [(&str, &str); 50] = [
        ("orders__create", "orders/create"),
        ("orders__updated", "orders/updated"),
        ("orders__paid", "orders/paid"),
        ("orders__fulfilled", "orders/fulfilled"),
        ("orders__partially_fulfilled", "orders/partially_fulfilled"),
        ("orders__cancelled", "orders/cancelled"),
        ("orders__edited", "orders/edited"),
        ("orders__delete", "orders/delete"),
        ("refunds__create", "refunds/create"),
        ("real-refunds-", "refunds/create"),
        ("fulfillments__create", "fulfillments/create"),
        ("fulfillments__update", "fulfillments/update"),
        ("real-fulfillments-", "fulfillments/update"),
        ("carts__create", "carts/create"),
        ("carts__update", "carts/update"),
        ("real-carts-", "carts/update"),
        ("checkouts__delete", "checkouts/delete"),
        ("made-order-create", "orders/create"),
        ("made-order-updated", "orders/updated"),
        ("real-orders-", "orders/updated"),
        ("rest-order", "orders/create"),
        ("checkouts__create", "checkouts/create"),
        ("checkouts__update", "checkouts/update"),
        ("made-checkout-", "checkouts/update"),
        ("real-checkouts-", "checkouts/update"),
        ("rest-abandoned-checkout", "checkouts/update"),
        ("customers__create", "customers/create"),
        ("customers__update", "customers/update"),
        ("customers__delete", "customers/delete"),
        ("real-customers-", "customers/update"),
        ("customers__merge", "customers/merge"),
        ("customers__purchasing_summary", "customers/purchasing_summary"),
        ("customer.tags_added", "customer.tags_added"),
        ("customer.tags_removed", "customer.tags_removed"),
        ("customers_email_marketing_consent__update", "customers_email_marketing_consent/update"),
        ("real-customers_email_marketing_consent", "customers_email_marketing_consent/update"),
        ("customers_marketing_consent__update", "customers_marketing_consent/update"),
        ("real-customers_marketing_consent", "customers_marketing_consent/update"),
        ("rest-customer", "customers/update"),
        ("products__create", "products/create"),
        ("products__update", "products/update"),
        ("products__delete", "products/delete"),
        ("real-products-", "products/update"),
        ("rest-product", "products/update"),
        ("inventory_levels__update", "inventory_levels/update"),
        ("real-inventory_levels-", "inventory_levels/update"),
        ("inventory_items__update", "inventory_items/update"),
        ("real-inventory_items-", "inventory_items/update"),
        ("variants__in_stock", "variants/in_stock"),
        ("variants__out_of_stock", "variants/out_of_stock"),
    ];
    topics.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, topic)| *topic)
}

/// Topics whose every sample says nothing: a merge that failed, a consent that nobody gave.
const SILENT: [&str; 3] =
    ["customers/merge", "customers_email_marketing_consent/update", "customers_marketing_consent/update"];

#[test]
fn every_sample_ends_in_changes_or_a_reason() {
    let Some(folder) = reference("samples/shopify") else { return };
    let mut lines = Vec::new();
    let mut applied = std::collections::BTreeMap::new();
    for (name, topic, body) in samples(&folder) {
        let count = applied.entry(topic).or_insert(0);
        lines.push(match Platform::Shopify.changes(topic, body.as_bytes(), &context()) {
            Ok(found) => {
                assert!(!found.changes.is_empty() || !found.skipped.is_empty(), "{name}: silence");
                *count += found.changes.len();
                let skipped: Vec<_> =
                    found.skipped.iter().map(|part| format!("{}: {}", part.what, part.reason)).collect();
                format!("{name} ({topic}): {} changes; {}", found.changes.len(), skipped.join("; "))
            }
            Err(unusable) => format!("{name} ({topic}): unusable: {unusable}"),
        });
    }
    lines.sort();
    println!("{}", lines.join("\n"));
    for (topic, changes) in applied {
        assert!(
            changes > 0 || SILENT.contains(&topic) || topic == "orders/edited",
            "no sample of {topic} changes anything"
        );
    }
}

/// The real bodies were anonymised by writing "example string" over every amount. With an amount put back where
/// one is needed, everything else they are (absent keys, nulls, `[]` for an address) must be no obstacle.
#[test]
fn a_real_body_with_an_amount_is_applied() {
    let Some(folder) = reference("samples/shopify") else { return };
    let anonymous = "\"total_price\": \"example string\"";
    let anonymised = samples(&folder).into_iter().filter(|(_, _, body)| body.contains(anonymous));
    let mut count = 0;
    for (name, topic, body) in anonymised {
        let body = body.replace(anonymous, "\"total_price\": \"10.00\"");
        let found = Platform::Shopify.changes(topic, body.as_bytes(), &context());
        assert!(found.is_ok_and(|found| !found.changes.is_empty()), "{name}");
        count += 1;
    }
    assert!(count > 10, "{count} anonymised bodies");
}

/// Name, topic and body of every file of the handled topics.
fn samples(folder: &Path) -> Vec<(String, &'static str, String)> {
    let paths = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let topic = topic_of(&name)?;
            Some((name, topic, fs::read_to_string(path).unwrap()))
        })
        .collect()
}

fn context() -> Context {
    Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: Some("US".into()),
        live: false,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
    }
}

/// A folder of the reference data, or `None` after saying so.
fn reference(path: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference").join(path);
    if folder.is_dir() {
        return Some(folder);
    }
    let line = format!("SKIPPED tests of Shopify's sample bodies: no folder reference/{path}");
    eprintln!("{line}");
    if let Some(file) = std::env::var_os("TAJO_SKIP_FILE") {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{line}").unwrap();
    }
    assert!(std::env::var("REQUIRE_ALL").as_deref() != Ok("1"), "{line}");
    None
}
