//! Products, categories and stock, beyond what the samples show.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

mod support;

use serde_json::{Value, json};
use tajo_domain::{CategoryRecord, Crossing, Product, ProductRecord, StockState};
use tajo_mapping::{
    Shelf, categories, category_body, contents, crossing_key, first_body, left_out, parse_crossing,
    shelf_of_all, stock_event,
};

use support::{at, facts};

#[test]
fn a_product_has_what_its_variants_have_together_and_is_as_good_as_the_best() {
    let shelf = |quantity, state, second| Shelf { quantity, state, since: at(second) };
    let all = [shelf(-3, StockState::Out, 30), shelf(4, StockState::Low, 10), shelf(20, StockState::In, 20)];
    assert_eq!(shelf_of_all(all.into_iter()), Some(shelf(24, StockState::In, 30)));
    assert_eq!(shelf_of_all(std::iter::empty()), None);
}

fn product_of(kind: &str) -> Product {
    Product {
        id: "1".to_owned(),
        name: "Blanket".to_owned(),
        handle: None,
        brand: None,
        kind: Some(kind.to_owned()),
        tags: Vec::new(),
        status: None,
        published: None,
        image: None,
        collections: None,
        updated_at: at(1),
        triggered_at: None,
        variants: Vec::new(),
        other_variants: None,
    }
}

fn ids(kind: &str) -> String {
    categories(&product_of(kind), &facts("")).remove(0).id
}

/// A product on sale, at this address.
fn blanket(handle: &str) -> Product {
    let mut product = product_of("Blankets");
    product.handle = Some(handle.to_owned());
    product
}

#[test]
fn only_a_product_with_a_page_has_a_link() {
    let url = |status: Option<&str>, published| {
        let product = Product { status: status.map(str::to_owned), published, ..blanket("blanket") };
        contents(&product, &[], &facts(""))[0].body["url"].as_str().unwrap().to_owned()
    };
    for (status, published) in
        [(Some("active"), Some(true)), (Some("active"), None), (Some("unlisted"), Some(true)), (None, None)]
    {
        assert_eq!(url(status, published), "https://demo-shop.myshopify.com/products/blanket", "{status:?}");
    }
    for (status, published) in [
        (Some("active"), Some(false)),
        (None, Some(false)),
        (Some("draft"), Some(true)),
        (Some("archived"), Some(true)),
        (Some("archived"), None),
    ] {
        assert_eq!(url(status, published), "", "a link of before is emptied: {status:?} {published:?}");
    }
    let hidden = Product { published: Some(false), ..blanket("blanket") };
    let first = first_body(contents(&hidden, &[], &facts(""))[0].body.clone());
    assert!(!first.contains_key("url") && first["sku"] == "", "Brevo has none that could be emptied");
}

#[test]
fn the_filter_leaves_out_what_is_not_in_the_online_store() {
    let hidden = Product { published: Some(false), ..blanket("blanket") };
    let wanted = facts("sync: {products: {filter: {published: online_store}}}");
    assert!(left_out(&hidden, &wanted).unwrap().contains("online store"));
    assert_eq!(left_out(&hidden, &facts("")), None);
    for published in [Some(true), None] {
        assert_eq!(left_out(&Product { published, ..blanket("blanket") }, &wanted), None);
    }
}

#[test]
fn a_link_is_percent_encoded_and_never_twice() {
    for (handle, path) in
        [("größe", "gr%C3%B6%C3%9Fe"), ("a b\"c", "a%20b%22c"), ("gr%C3%B6%C3%9Fe", "gr%C3%B6%C3%9Fe")]
    {
        let url = contents(&blanket(handle), &[], &facts(""))[0].body["url"].clone();
        assert_eq!(url, format!("https://demo-shop.myshopify.com/products/{path}"));
    }
}

#[test]
fn a_categorys_id_is_readable_short_and_its_own() {
    let readable = |kind: &str| {
        let id = ids(kind);
        let (slug, hash) = id.rsplit_once('-').unwrap();
        assert_eq!(hash.len(), 12);
        assert!(id.len() <= 64, "{id}");
        slug.to_owned()
    };
    assert_eq!(readable("Summer  Sale!"), "type-summer-sale");
    assert_eq!(readable("--%Sale"), "type-sale");
    assert_eq!(readable("Größe & Co"), "type-gr-e-co");
    assert_eq!(readable("日本"), "type");
    assert_eq!(readable(&"a".repeat(100)), format!("type-{}", "a".repeat(32)));
    assert_eq!(readable(&format!("{} b", "a".repeat(31))), format!("type-{}", "a".repeat(31)));
    assert_ne!(ids("日本"), ids("中国"));
    assert_eq!(ids(" SALE "), ids("sale"), "words do not differ by case alone");
}

#[test]
fn a_category_is_sent_with_its_page_and_a_deleted_one_is_marked() {
    let record = CategoryRecord {
        name: "Winter".to_owned(),
        handle: Some("winter".to_owned()),
        ..CategoryRecord::default()
    };
    let url = "https://demo-shop.myshopify.com/collections/winter";
    let sent = Value::Object(category_body("collection-7", &record, &facts("")));
    assert_eq!(sent, json!({"id": "collection-7", "name": "Winter", "url": url, "isDeleted": false}));
    let gone = CategoryRecord { deleted_at: Some(at(0)), ..CategoryRecord::default() };
    let sent = Value::Object(category_body("collection-7", &gone, &facts("")));
    assert_eq!(
        sent,
        json!({"id": "collection-7", "isDeleted": true, "deletedAt": "1970-01-01T00:00:00.000Z"})
    );
}

#[test]
fn a_crossing_can_be_told_from_its_key_alone() {
    for crossing in [Crossing::Low, Crossing::Out, Crossing::Back] {
        let key = crossing_key("var:7", crossing, at(9), -2);
        assert_eq!(parse_crossing(&key), Some(("var:7".to_owned(), crossing, at(9), -2)));
    }
    for broken in ["", "7", "7:product_low_stock:9", "7:product_low_stock:x:1", "7:else:9:1"] {
        assert_eq!(parse_crossing(broken), None, "{broken}");
    }
    let alerts = facts("sync: {inventory: {enabled: true, alert_email: owner@example.com}}");
    let record = ProductRecord { name: "Blanket".to_owned(), ..ProductRecord::default() };
    let key = crossing_key("7", Crossing::Out, at(9), 0);
    let event = stock_event(&key, "1", &record, &alerts).unwrap().event;
    assert_eq!((event.name, event.date), ("product_out_of_stock", at(9)));
    assert_eq!(
        (&event.properties["product_id"], &event.properties["variant_id"], &event.properties["stock"]),
        (&json!("1"), &json!("7"), &json!(0))
    );
    assert!(stock_event(&key, "1", &record, &facts("")).is_none(), "nobody is named to be told");
}
