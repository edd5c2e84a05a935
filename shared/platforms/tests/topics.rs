//! Every sample body under every topic. Only the body of a webhook is signed: whoever holds a genuine one may send it
//! under another topic.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::panic)] // helpers of tests are tests too

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use tajo_domain::{AppNews, Change, Changes, CollectionNews, ProductNews, StockSaid};
use tajo_platforms::shopify::Topic;
use tajo_platforms::{Context, Platform};

/// Topics whose bodies are the same thing: which of them it came under changes nothing that is final.
const ALIKE: &[&[&str]] = &[
    &["customers/create", "customers/update", "customers/enable", "customers/disable"],
    &[
        "orders/create",
        "orders/updated",
        "orders/paid",
        "orders/fulfilled",
        "orders/partially_fulfilled",
        "orders/cancelled",
    ],
    &["carts/create", "carts/update"],
    &["checkouts/create", "checkouts/update"],
    &["products/create", "products/update"],
    &["collections/create", "collections/update"],
    &["fulfillments/create", "fulfillments/update"],
    &["inventory_items/create", "inventory_items/update"],
    &["variants/in_stock", "variants/out_of_stock"],
];

/// Topics whose bodies have the same keys, but say different things: an id and no more, or a customer's tags. No body can
/// tell which is meant. `shared/app/src/deletions.rs` and `contact/lookup.rs` ask the shop; of an id that leads to nothing,
/// nothing follows. (`tests/flows/topics.rs` holds that.)
const ASKED: &[&[&str]] =
    &[&["orders/delete", "products/delete"], &["customer.tags_added", "customer.tags_removed"]];

fn are_in(groups: &[&[&str]], one: &str, other: &str) -> bool {
    groups.iter().any(|group| group.contains(&one) && group.contains(&other))
}

/// What a change is, in a word; a final one in capitals.
fn word(change: &Change) -> &'static str {
    match change {
        Change::Person { update, .. } if update.has_consent() => "CONSENT",
        Change::Person { .. } => "person",
        Change::PersonDeleted { .. } => "CUSTOMER DELETED",
        Change::PersonMerged { .. } => "MERGED",
        Change::Order(_) => "order",
        Change::OrderFact(_) => "part of an order",
        Change::OrderDeleted { .. } => "ORDER DELETED",
        Change::Cart(_) => "cart",
        Change::CartDeleted { .. } => "CART DELETED",
        Change::CartsOrdered { .. } => "CARTS ORDERED",
        Change::Product(ProductNews::Now(_)) => "product",
        Change::Product(ProductNews::Gone { .. }) => "PRODUCT DELETED",
        Change::Collection(CollectionNews::Now { .. }) => "collection",
        Change::Collection(CollectionNews::Gone { .. }) => "COLLECTION DELETED",
        Change::Stock(news) if news.said == StockSaid::Tracked(false) => "stock not counted",
        Change::Stock(_) => "stock",
        Change::Privacy(_) => "PRIVACY",
        Change::App(AppNews::Uninstalled { .. }) => "UNINSTALLED",
        Change::App(AppNews::Scopes { .. }) => "SCOPES",
        Change::App(AppNews::BulkFinished { .. }) => "bulk operation",
    }
}

fn is_final(change: &Change) -> bool {
    word(change).starts_with(|first: char| first.is_ascii_uppercase())
}

fn samples() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/shopify");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect()
}

/// The topic of a sample is the part of its name before the first dot, with a slash.
fn own_topic(name: &str) -> String {
    let name = name
        .strip_prefix("customer-tags")
        .map_or_else(|| name.to_owned(), |rest| format!("customer.tags{rest}"));
    let name =
        if name.starts_with("customer.tags") { name } else { name.split('.').next().unwrap().to_owned() };
    name.replacen('-', "/", 1)
}

fn read(topic: &str, body: &[u8]) -> Option<Changes> {
    let context = Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: Some("DE".into()),
        live: true,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
    };
    Platform::Shopify.changes(topic, body, &context).ok()
}

/// One block for each sample: what it is under its own topic, and every other topic that makes anything of it. A topic
/// that is not named refuses it.
#[test]
fn no_foreign_body_is_a_deletion_a_merge_an_erasure_or_a_consent() {
    let mut table = String::new();
    for (name, body) in samples() {
        let own = own_topic(&name);
        assert!(Topic::names().any(|topic| topic == own), "{name} is of no topic: {own}");
        writeln!(table, "{name}").unwrap();
        let mut others: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for topic in Topic::names() {
            let Some(found) = read(topic, &body) else { continue };
            let mut words: Vec<&str> = found.changes.iter().map(word).collect();
            words.dedup();
            let said = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
            if topic == own {
                writeln!(table, "  {topic}: {said}").unwrap();
                continue;
            }
            let is_harmless = are_in(ALIKE, topic, &own) || are_in(ASKED, topic, &own);
            let finals: Vec<&Change> = found.changes.iter().filter(|change| is_final(change)).collect();
            assert!(is_harmless || finals.is_empty(), "{name} under {topic}: {finals:?}");
            others.entry(said).or_default().push(topic);
        }
        for (said, topics) in others {
            writeln!(table, "  also {said}: {}", topics.join(", ")).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

/// Which of these topics a body came under must not matter, or be asked for.
#[test]
fn topics_that_take_the_same_bodies_mean_the_same_by_them() {
    for (name, body) in samples() {
        let own = own_topic(&name);
        let expected = read(&own, &body).map(|found| finals(&found));
        for topic in Topic::names().filter(|topic| are_in(ALIKE, topic, &own)) {
            assert_eq!(read(topic, &body).map(|found| finals(&found)), expected, "{name} under {topic}");
        }
    }
}

fn finals(found: &Changes) -> Vec<Change> {
    found.changes.iter().filter(|change| is_final(change)).cloned().collect()
}

/// `orders_to_redact` and `orders_requested` name orders that the shop stored; where it stored none they are empty, `null`
/// or not there.
#[test]
fn a_demand_that_names_no_orders_is_a_demand_about_the_person() {
    let orders = |topic: &str, body: serde_json::Value| {
        let found =
            read(topic, body.to_string().as_bytes()).unwrap_or_else(|| panic!("{topic} refuses {body}"));
        match &found.changes[..] {
            [Change::Privacy(demand)] => (demand.demand, demand.orders.clone()),
            other => panic!("{topic}: {other:?}"),
        }
    };
    let demands = [
        ("customers/redact", "orders_to_redact", tajo_domain::Demand::Erase),
        ("customers/data_request", "orders_requested", tajo_domain::Demand::Show),
    ];
    for (topic, name, demand) in demands {
        let body = serde_json::json!({"shop_id": 1, "shop_domain": "demo-shop.myshopify.com",
            "customer": {"id": 7, "email": "jo@example.com"}});
        assert_eq!(orders(topic, body.clone()), (demand, vec![]), "missing");
        for none in [serde_json::Value::Null, serde_json::json!([]), serde_json::json!("")] {
            let mut body = body.clone();
            body[name] = none;
            assert_eq!(orders(topic, body), (demand, vec![]));
        }
        let mut body = body;
        body[name] = serde_json::json!([5, null, 6]);
        assert_eq!(orders(topic, body), (demand, vec!["5".to_owned(), "6".to_owned()]));
    }
}
