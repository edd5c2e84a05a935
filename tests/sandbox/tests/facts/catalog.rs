//! Products and categories.

use serde_json::{Value, json};

use crate::support::{Brevo, refused};

fn products(brevo: &Brevo) -> Value {
    json!(brevo.state().products.iter().map(|product| product.fields.clone()).collect::<Vec<_>>())
}

#[test]
fn products_and_categories_are_not_updated_unless_asked() {
    let brevo = Brevo::shop();
    for path in ["products", "categories"] {
        assert_eq!(brevo.post(path, json!({"id": "x", "name": "Cup"})).status, 201);
        refused(&brevo.post(path, json!({"id": "x", "name": "Mug"})), 400, "duplicate_parameter");
        assert_eq!(brevo.post(path, json!({"id": "x", "name": "Mug", "updateEnabled": true})).status, 204);
    }
    assert_eq!(products(&brevo), json!([{"id": "x", "name": "Mug"}]));
}

#[test]
fn one_known_id_fails_the_whole_batch_without_update_enabled() {
    let brevo = Brevo::shop();
    brevo.post("products", json!({"id": "a", "name": "Cup"}));
    let batch = json!([{"id": "b", "name": "Mug"}, {"id": "a", "name": "Cup"}]);
    refused(&brevo.post("products/batch", json!({"products": batch})), 400, "duplicate_parameter");
    assert_eq!(brevo.state().products.len(), 1);
    let response = brevo.post("products/batch", json!({"products": batch, "updateEnabled": true}));
    assert_eq!((response.status, response.json()), (201, json!({"createdCount": 1, "updatedCount": 1})));
}

#[test]
fn one_bad_product_fails_the_whole_batch() {
    let brevo = Brevo::shop();
    for bad in [
        json!({"id": 2, "name": "Mug"}),
        json!({"name": "Mug"}),
        json!({"id": "b"}),
        json!({"id": "b", "name": "Mug", "price": "9.99"}),
        json!({"id": "b", "name": "Mug", "metaInfo": {"x": 1.5}}),
    ] {
        let body = json!({"products": [{"id": "a", "name": "Cup"}, bad], "updateEnabled": true});
        assert_eq!(brevo.post("products/batch", body).status, 400);
    }
    assert!(brevo.state().products.is_empty());
}

#[test]
fn duplicate_ids_inside_one_request_are_rejected() {
    let brevo = Brevo::shop();
    let twice = json!([{"id": "a", "name": "Cup"}, {"id": "a", "name": "Mug"}]);
    for (path, field) in [("products/batch", "products"), ("categories/batch", "categories")] {
        refused(&brevo.post(path, json!({field: twice, "updateEnabled": true})), 400, "invalid_parameter");
    }
    assert!(brevo.state().products.is_empty());
}

#[test]
fn a_batch_holds_100_products_or_categories() {
    let brevo = Brevo::shop();
    let items: Vec<Value> = (0..101).map(|n| json!({"id": n.to_string(), "name": "Cup"})).collect();
    for (path, field) in [("products/batch", "products"), ("categories/batch", "categories")] {
        refused(&brevo.post(path, json!({field: items})), 400, "invalid_parameter");
        refused(&brevo.post(path, json!({field: []})), 400, "invalid_parameter");
        assert_eq!(brevo.post(path, json!({field: items[..100]})).json()["createdCount"], 100);
    }
}

#[test]
fn a_product_has_its_name_with_every_write_and_a_category_when_it_is_made() {
    let brevo = Brevo::shop();
    brevo.post("products", json!({"id": "a", "name": "Cup", "price": 9.5}));
    for nameless in [
        json!({"id": "b"}),
        json!({"id": "a", "stock": 3, "updateEnabled": true}),
        json!({"id": "a", "isDeleted": true, "updateEnabled": true}),
    ] {
        refused(&brevo.post("products", nameless.clone()), 400, "missing_parameter");
        let batch = json!({"products": [{"id": "c", "name": "Mug"}, nameless], "updateEnabled": true});
        refused(&brevo.post("products/batch", batch), 400, "missing_parameter");
    }
    let stock = json!({"id": "a", "name": "Cup", "stock": 3, "updateEnabled": true});
    assert_eq!(brevo.post("products", stock).status, 204);
    assert_eq!(products(&brevo), json!([{"id": "a", "name": "Cup", "price": 9.5, "stock": 3}]));
    refused(&brevo.post("categories", json!({"id": "a"})), 400, "missing_parameter");
    brevo.post("categories", json!({"id": "a", "name": "Cups"}));
    assert_eq!(
        brevo.post("categories", json!({"id": "a", "isDeleted": true, "updateEnabled": true})).status,
        204
    );
}

#[test]
fn a_deleted_product_is_only_marked() {
    let brevo = Brevo::shop();
    brevo.post("products", json!({"id": "a", "name": "Cup"}));
    refused(&brevo.delete("products"), 405, "method_not_allowed");
    brevo.post("products", json!({"id": "a", "name": "Cup", "isDeleted": true, "updateEnabled": true}));
    assert_eq!(products(&brevo)[0]["isDeleted"], true);
}

#[test]
fn a_product_that_was_marked_as_deleted_can_be_brought_back() {
    let brevo = Brevo::shop();
    let deleted =
        json!({"id": "a", "name": "Cup", "isDeleted": true, "deletedAt": "2026-11-02T08:15:00.000Z"});
    brevo.post("products", deleted);
    brevo.post("products", json!({"id": "a", "name": "Cup", "isDeleted": false, "updateEnabled": true}));
    assert_eq!(products(&brevo)[0]["isDeleted"], false);
}

#[test]
fn meta_info_is_written_whole() {
    let brevo = Brevo::shop();
    brevo.post(
        "products",
        json!({"id": "a", "name": "Cup", "metaInfo": {"shop": "demo", "stock_state": "in"}}),
    );
    brevo.post(
        "products",
        json!({"id": "a", "name": "Cup", "metaInfo": {"stock_state": "out"}, "updateEnabled": true}),
    );
    assert_eq!(products(&brevo)[0]["metaInfo"], json!({"stock_state": "out"}));
}

#[test]
fn meta_info_holds_20000_characters_in_all() {
    let brevo = Brevo::shop();
    let long = json!({"id": "a", "name": "Cup", "metaInfo": {"text": "x".repeat(20_000)}});
    refused(&brevo.post("products", long), 400, "invalid_parameter");
}

#[test]
fn a_product_may_name_categories_and_a_parent_that_nobody_has_made() {
    let brevo = Brevo::shop();
    let body = json!({"id": "a", "name": "Cup", "categories": ["nowhere"], "parentId": "nobody"});
    assert_eq!(brevo.post("products", body).status, 201);
}
