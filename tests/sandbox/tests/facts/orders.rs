//! Orders and the eCommerce section.

use serde_json::{Value, json};

use crate::support::{Brevo, refused};

fn order(id: &str) -> Value {
    json!({
        "id": id, "createdAt": "2026-11-21T09:00:00Z", "updatedAt": "2026-11-21T09:00:00Z", "status": "paid",
        "amount": 42.5, "products": [{"productId": "p1", "variantId": "v1", "quantity": 1, "price": 42.5}],
        "identifiers": {"email_id": "jo@example.com"}, "storeId": "jo.myshopify.com",
    })
}

/// The sample order with one field replaced, or removed by null.
fn with(field: &str, value: Value) -> Value {
    let mut order = order("1001");
    order[field] = value.clone();
    if value.is_null() {
        order.as_object_mut().unwrap().remove(field);
    }
    order
}

#[test]
fn ecommerce_must_be_activated_first() {
    let brevo = Brevo::new();
    let product = json!({"id": "p1", "name": "Cup"});
    for (path, body) in [
        ("orders/status", order("1001")),
        ("orders/status/batch", json!({"orders": [order("1001")]})),
        ("products", product.clone()),
        ("categories", product),
    ] {
        let response = brevo.post(path, body);
        refused(&response, 403, "permission_denied");
        assert_eq!(response.json()["message"], "Your eCommerce section is not yet activated.");
    }
    refused(&brevo.get("ecommerce/config/displayCurrency"), 403, "permission_denied");
    assert_eq!(brevo.post("ecommerce/activate", json!({})).status, 200);
    assert_eq!(brevo.post("orders/status", order("1001")).status, 204);
}

#[test]
fn an_account_has_one_display_currency() {
    let brevo = Brevo::shop();
    assert_eq!(brevo.get("ecommerce/config/displayCurrency").json(), json!({"code": "USD"}));
    for code in [json!({"code": "XXX"}), json!({"code": "eur"}), json!({"code": ""})] {
        refused(&brevo.post("ecommerce/config/displayCurrency", code), 422, "unprocessable_entity");
    }
    assert_eq!(brevo.post("ecommerce/config/displayCurrency", json!({"code": "EUR"})).status, 200);
    assert_eq!(brevo.get("ecommerce/config/displayCurrency").json(), json!({"code": "EUR"}));
}

#[test]
fn a_single_order_starts_automations() {
    let brevo = Brevo::shop();
    brevo.contact(json!({"email": "jo@example.com"}));
    assert_eq!(brevo.post("orders/status", order("1001")).status, 204);
    let order = brevo.state().orders[0].clone();
    assert!(order.triggers_automations);
    assert_eq!(order.contact, Some(1));
}

#[test]
fn a_batch_of_orders_is_historical_by_default() {
    let brevo = Brevo::shop();
    let response = brevo.post("orders/status/batch", json!({"orders": [order("1"), order("2")]}));
    assert_eq!((response.status, &response.json()["count"]), (202, &json!(2)));
    assert!(brevo.state().orders.iter().all(|order| !order.triggers_automations));
    brevo.post("orders/status/batch", json!({"orders": [order("1")], "historical": false}));
    let triggers: Vec<_> = brevo.state().orders.iter().map(|order| order.triggers_automations).collect();
    assert_eq!(triggers, [true, false]);
}

#[test]
fn a_batch_holds_1000_orders() {
    let brevo = Brevo::shop();
    let orders: Vec<Value> = (0..1_001).map(|n| order(&n.to_string())).collect();
    refused(&brevo.post("orders/status/batch", json!({"orders": orders})), 400, "invalid_parameter");
    refused(&brevo.post("orders/status/batch", json!({"orders": []})), 400, "invalid_parameter");
    assert_eq!(brevo.post("orders/status/batch", json!({"orders": orders[..1_000]})).status, 202);
}

#[test]
fn an_accepted_batch_of_orders_is_queued_not_applied() {
    let brevo = Brevo::shop();
    brevo.settings(|settings| settings.queue_ms = Some(60_000));
    brevo.post(
        "orders/status/batch",
        json!({"orders": [with("status", json!("pending"))], "historical": false}),
    );
    brevo.post("orders/status", order("1001"));
    assert_eq!(brevo.state().orders[0].fields["status"], "paid");
    brevo.wait(60_000);
    assert_eq!(brevo.state().orders[0].fields["status"], "pending");
}

#[test]
fn orders_are_upserted_by_id_and_the_last_write_wins() {
    let brevo = Brevo::shop();
    brevo.post("orders/status", order("1001"));
    brevo.post("orders/status", with("updatedAt", json!("2026-11-20T09:00:00Z")));
    let orders = brevo.state().orders;
    assert_eq!((orders.len(), orders[0].writes.len()), (1, 2));
    assert_eq!(orders[0].fields["updatedAt"], "2026-11-20T09:00:00Z");
}

#[test]
fn an_order_has_required_fields() {
    let brevo = Brevo::shop();
    for field in ["id", "createdAt", "updatedAt", "status", "amount", "products"] {
        refused(&brevo.post("orders/status", with(field, Value::Null)), 400, "missing_parameter");
    }
    assert!(brevo.state().orders.is_empty());
}

#[test]
fn the_types_of_an_order_are_checked() {
    let brevo = Brevo::shop();
    for (field, value) in [
        ("id", json!(1001)),
        ("amount", json!("42.50")),
        ("createdAt", json!("yesterday")),
        ("products", json!([{"productId": 1, "quantity": 1, "price": 1}])),
        ("products", json!([{"productId": "p1", "quantity": 1, "price": "1"}])),
        ("products", json!([{"productId": "p1", "quantity": 1.5, "price": 1}])),
        ("storeId", json!(7)),
        ("metaInfo", json!({"weight": 1.5})),
        ("metaInfo", json!({"text": "x".repeat(20_000)})),
        ("billing", json!({"phone": 33612345678_u64})),
        ("identifiers", json!({"ext_id": 7})),
    ] {
        refused(&brevo.post("orders/status", with(field, value)), 400, "invalid_parameter");
    }
    let line = json!([{"productId": "p1", "price": 1}]);
    refused(&brevo.post("orders/status", with("products", line)), 400, "missing_parameter");
    let line = json!([{"productId": "p1", "price": 1, "quantityFloat": 1.5}]);
    assert_eq!(brevo.post("orders/status", with("products", line)).status, 204);
}

#[test]
fn an_order_of_an_unknown_contact_is_kept_and_creates_nobody() {
    let brevo = Brevo::shop();
    brevo.post("orders/status", order("1001"));
    assert_eq!((brevo.state().orders[0].contact, brevo.state().contacts.len()), (None, 0));
}

#[test]
fn orders_can_be_read_back() {
    let brevo = Brevo::shop();
    brevo.contact(json!({"email": "jo@example.com"}));
    brevo.post("orders/status", order("1001"));
    let page = brevo.get("orders").json();
    assert_eq!((&page["count"], &page["orders"][0]["id"]), (&json!(1), &json!("1001")));
    assert_eq!(page["orders"][0]["contact_id"], 1);
}
