//! Settings of several stores in one document.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use tajo_mapping::{Settings, settings_schema, store_documents};

const TWO: &str = "\
# Two shops, one mapping.
connectors:
  shopify:
    - shop_url: one.myshopify.com
      lists: { buyers: 6, abandoned_cart: \"Left something\" }
    - shop_url: two.myshopify.com
      enabled: false
      sync: { orders: false }
field_mapping:
  email: EMAIL
  metafields.custom.birthday: { attribute: BIRTHDAY, kind: date }
sync:
  carts: { abandoned_after: 45m }
  products: { filter: { exclude_tags: [\"6\", \"true\", hidden] } }
";

#[test]
fn each_store_gets_its_part_and_what_stands_at_the_top_for_all() {
    let documents = store_documents(TWO).unwrap();
    let shops: Vec<_> = documents.iter().map(|document| document.shop_url.clone().unwrap()).collect();
    assert_eq!(shops, ["one.myshopify.com", "two.myshopify.com"]);
    for document in &documents {
        assert_eq!(Settings::from_yaml(&document.yaml).unwrap(), document.settings, "{}", document.yaml);
        assert_eq!(document.settings.abandoned_after.as_mins(), 45);
        assert_eq!(document.settings.products.filter.exclude_tags, ["6", "true", "hidden"]);
    }
    assert_eq!(documents[0].settings.lists.buyers, Some(6));
    assert!(!documents[1].settings.enabled && !documents[1].settings.sync.orders);
    insta::assert_snapshot!(documents[0].yaml);
}

#[test]
fn a_document_of_one_store_stays_as_it_is_written() {
    let text = "# mine\nconnectors:\n  shopify: { enabled: true }\n";
    let documents = store_documents(text).unwrap();
    assert_eq!((documents.len(), documents[0].yaml.as_str(), &documents[0].shop_url), (1, text, &None));
    assert_eq!(store_documents("").unwrap().len(), 1);
    // A list of one is one store.
    let list = "connectors: { shopify: [ { shop_url: one.myshopify.com, debug: true } ] }";
    assert!(Settings::from_yaml(list).unwrap().logging.debug);
}

#[test]
fn the_schema_knows_the_list() {
    let document: serde_json::Value = serde_saphyr::from_str(TWO).unwrap();
    let schema = jsonschema::validator_for(&settings_schema()).unwrap();
    assert_eq!(schema.iter_errors(&document).map(|error| error.to_string()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn mistakes_name_their_entry_and_place() {
    let nameless = "connectors:\n  shopify:\n    - shop_url: one.myshopify.com\n    - enabled: true\n";
    let twice = "connectors:\n  shopify:\n    - shop_url: one.myshopify.com\n    - shop_url: https://One.myshopify.com/\n";
    let wrong = "connectors:\n  shopify:\n    - shop_url: one.myshopify.com\n      lists: { buyer: 6 }\n";
    let said = [nameless, twice, wrong, "connectors: { shopify: [] }", "connectors: { shopify: yes }"]
        .map(|text| store_documents(text).unwrap_err().in_file("tajo.yaml"));
    insta::assert_snapshot!(said.join("\n"));
    let several = Settings::from_yaml(TWO).unwrap_err();
    insta::assert_snapshot!(format!("{several}\nhint: {}", several.hint.clone().unwrap()));
}
