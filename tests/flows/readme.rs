//! The README's tables say what the code does: topics, events, attributes, settings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_mapping::{CONTACT_RULES, Settings};
use tajo_platforms::shopify::Topic;

use crate::bodies::{sample, with};
use crate::skills::what_brevo_was_sent;
use crate::stage::Stage;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// Rows of the tables that begin with "Shopify topic", each as its cells.
fn rows() -> Vec<Vec<String>> {
    let readme = readme();
    let mut rows = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        inside = line.starts_with("| Shopify topic") || inside && line.starts_with('|');
        if inside && !line.starts_with("| Shopify topic") && !line.starts_with("| ---") {
            rows.push(line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
        }
    }
    assert!(rows.len() > 15, "the tables are not where they were");
    rows
}

/// Words of the first cells that look like a topic.
fn topics() -> BTreeSet<String> {
    let words = |cell: &str| -> Vec<String> {
        let is_mark = |c: char| c == ',' || c == '(' || c == ')' || c.is_whitespace();
        cell.split(is_mark)
            .filter(|word| word.contains('/') || word.contains("tags_"))
            .map(str::to_owned)
            .collect()
    };
    rows().iter().flat_map(|row| words(&row[0])).collect()
}

#[test]
fn every_topic_that_is_worked_on_is_in_the_tables_and_no_other() {
    let handled: BTreeSet<String> = Topic::names().map(str::to_owned).collect();
    assert_eq!(topics(), handled);
}

/// What is told with every sample, everything switched on.
async fn every_event() -> BTreeSet<String> {
    let mut events: BTreeSet<String> = what_brevo_was_sent().await.into_keys().collect();
    let settings = "sync: {orders: {item_events: true}, inventory: {enabled: true, low_stock_threshold: 11, \
                    out_of_stock_events: true, alert_email: shop@example.com}}";
    let stage = Stage::new(settings).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": "shop@example.com"}));
    let emptied = with(sample("checkouts-update"), json!({"line_items": []}));
    for (topic, body) in [
        ("customers/create", sample("customers-create")),
        ("customer.tags_added", sample("customer-tags_added")),
        ("products/create", sample("products-create")),
        ("products/update", sample("products-update.sold")),
        ("inventory_levels/update", sample("inventory_levels-update")),
        ("variants/out_of_stock", sample("variants-out_of_stock")),
        ("variants/in_stock", sample("variants-in_stock")),
        ("checkouts/create", sample("checkouts-create")),
        ("checkouts/update", emptied),
        ("orders/create", sample("orders-create.paid")),
        ("orders/updated", sample("orders-updated.edited")),
        ("orders/partially_fulfilled", sample("orders-partially_fulfilled")),
        ("orders/delete", sample("orders-delete")),
    ] {
        let report = stage.tell(topic, &body).await;
        assert_ne!(report.outcome, Outcome::Parked, "{report:?}");
    }
    events.extend(stage.events());
    events
}

#[tokio::test]
async fn every_event_that_is_sent_is_in_the_tables_and_no_other() {
    let mut named = BTreeSet::new();
    for cell in rows().iter().flat_map(|row| &row[1..]) {
        let quoted = cell.split('`').skip(1).step_by(2);
        let kinds = ["customer_", "order_", "cart_", "product_"];
        named
            .extend(quoted.filter(|word| kinds.iter().any(|kind| word.starts_with(kind))).map(str::to_owned));
    }
    assert_eq!(named, every_event().await);
}

#[test]
fn the_attributes_without_a_mapping_are_listed() {
    let readme = readme();
    let list = readme.split("Attributes without a mapping of your own: ").nth(1).unwrap();
    let list = list.split(", the number as SMS").next().unwrap();
    let listed: Vec<&str> = list.split(',').map(str::trim).collect();
    let defaults: Vec<&str> =
        CONTACT_RULES.iter().filter(|rule| rule.default).map(|rule| rule.attribute).collect();
    assert_eq!(listed, defaults);
}

#[test]
fn the_settings_of_the_readme_and_of_the_example_are_accepted_and_every_key_is_shown() {
    let readme = readme();
    let blocks: Vec<&str> =
        readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty(), "the README shows settings");
    for block in blocks {
        Settings::from_yaml(block).unwrap();
    }
    let example = std::fs::read_to_string(root().join("docs/tajo.example.yaml")).unwrap();
    Settings::from_yaml(&example).unwrap();
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("docs/tajo.schema.json")).unwrap())
            .unwrap();
    let mut keys = BTreeSet::new();
    properties(&schema, &mut keys);
    assert!(keys.len() > 25, "{keys:?}");
    let sources: BTreeSet<&str> = CONTACT_RULES.iter().map(|rule| rule.source).collect();
    // Sources of attributes have a table of their own: `tajo mapping`.
    let is_source = |key: &str| sources.contains(key) || key.contains('.');
    let aliases = ["customer_type", "loyalty_tier"];
    let missing: Vec<&String> = keys
        .iter()
        .filter(|key| !is_source(key) && !aliases.contains(&key.as_str()))
        .filter(|key| !example.contains(&format!("{key}:")))
        .collect();
    assert!(missing.is_empty(), "docs/tajo.example.yaml does not show {missing:?}");
}

/// Every key that stands under a `properties` anywhere in the schema.
fn properties(schema: &Value, keys: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            let named = object.get("properties").and_then(Value::as_object);
            keys.extend(named.into_iter().flat_map(|named| named.keys().cloned()));
            object.values().for_each(|value| properties(value, keys));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, keys)),
        _ => {}
    }
}
