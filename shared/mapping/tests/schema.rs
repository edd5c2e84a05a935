//! The shipped schema is the one of the types, and the documents of the product pass it.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // helpers of tests are tests too

use serde_json::Value;
use tajo_mapping::{Settings, settings_schema};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn errors(yaml: &str) -> Vec<String> {
    let document: Value = serde_saphyr::from_str(yaml).unwrap();
    let schema = jsonschema::validator_for(&settings_schema()).unwrap();
    schema.iter_errors(&document).map(|error| error.to_string()).collect()
}

#[test]
fn the_shipped_schema_is_what_the_types_say() {
    let path = format!("{ROOT}/docs/tajo.schema.json");
    let wanted = serde_json::to_string_pretty(&settings_schema()).unwrap();
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, format!("{wanted}\n")).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap().trim() == wanted,
        "docs/tajo.schema.json is out of date: run `tajo config schema > docs/tajo.schema.json`"
    );
}

#[test]
fn the_example_passes_the_schema_and_is_read() {
    let example = std::fs::read_to_string(format!("{ROOT}/docs/tajo.example.yaml")).unwrap();
    assert_eq!(errors(&example), Vec::<String>::new());
    let settings = Settings::from_yaml(&example).unwrap();
    // It shows every setting, also the one that stands still between webhooks.
    assert!(
        matches!(settings.warnings.as_slice(), [only] if only.contains("RECENCY")),
        "{:?}",
        settings.warnings
    );
}

#[test]
fn the_documents_of_the_product_page_pass_the_schema_and_are_read() {
    let Ok(page) = std::fs::read_to_string(format!("{ROOT}/../shared/product.md")) else {
        return eprintln!("skipped: ../shared/product.md is not here");
    };
    let section = page.split("\n## ").find(|section| section.starts_with("3.")).unwrap();
    let documents: Vec<&str> =
        section.split("```yaml").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(documents.len(), 4);
    for document in documents {
        assert_eq!(errors(document), Vec::<String>::new(), "{document}");
        Settings::from_yaml(document).unwrap();
    }
}

#[test]
fn every_way_to_write_a_field_passes_the_schema() {
    let text = "field_mapping:\n  addresses[0].state: STATE\n  default_address.city: CITY\n  note_attributes.gift message: GIFT\n  metafields.custom.birthday: { attribute: BIRTHDAY, kind: date }\n";
    assert_eq!(errors(text), Vec::<String>::new());
    Settings::from_yaml(text).unwrap();
}

#[test]
fn the_schema_refuses_what_reading_refuses() {
    for text in [
        "connectors:\n  shopify:\n    lists:\n      buyer: 6\n",
        "connectors:\n  shopify:\n    lists:\n      buyers: 0\n",
        "connectors:\n  shopify:\n    lists:\n      buyers: \"6\"\n",
        "sync:\n  orders: sometimes\n",
        "sync:\n  products:\n    filter: { status: activ }\n",
        "field_mapping:\n  frist_name: FIRSTNAME\n",
        "field_mapping:\n  metafields.birthday: BIRTHDAY\n",
    ] {
        assert!(!errors(text).is_empty(), "{text}");
        assert!(Settings::from_yaml(text).is_err(), "{text}");
    }
}
