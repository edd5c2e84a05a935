//! Brevo's order: the body of `POST /orders/status`.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Value, json};
use tajo_domain::{Address, Money, Order, OrderRecord, parse_amount};

use crate::StoreFacts;
use crate::properties::object;
use crate::rules::number;

/// The order as Brevo keeps it. `amount` is net of refunds: Brevo counts every status as revenue unless the
/// merchant says otherwise ("E-commerce settings"). Unlike in events, `price` is of one piece, before discounts: one
/// piece after them may be no whole number of cents.
///
/// Without its `updatedAt`, so that two bodies of the same order compare: Shopify repeats an order for reasons that
/// Brevo cannot see. [`sent_order`] puts it in.
pub fn order_body(order: &Order, facts: &StoreFacts) -> Value {
    // What an edit took away is not part of the amount any more.
    let items = order.edit.as_ref().map_or(&order.items, |edit| &edit.items);
    let products: Vec<Value> = items
        .iter()
        .map(|item| {
            Value::Object(object(vec![
                ("productId", Some(json!(item.product))),
                ("variantId", item.variant.as_deref().map(|id| json!(id))),
                ("quantity", Some(json!(item.quantity))),
                ("price", number(item.price)),
            ]))
        })
        .collect();
    // Brevo's orders have no currency of their own: two shops on one account would mix unseen.
    let meta = object(vec![
        ("order_number", Some(json!(order.name))),
        ("shop", Some(json!(facts.shop_name()))),
        ("currency", order.currency.as_ref().map(|currency| json!(currency.as_str()))),
    ]);
    Value::Object(object(vec![
        ("id", Some(json!(order.id))),
        ("createdAt", Some(json!(order.created_at.to_string()))),
        ("status", Some(json!(order.status))),
        ("amount", number(order.net)),
        ("storeId", Some(json!(facts.store.as_str()))),
        ("identifiers", facts.identifier(&order.identity).map(|who| who.to_json())),
        ("products", Some(json!(products))),
        ("billing", order.billing.as_ref().map(|address| billing(address, order))),
        ("coupons", (!order.coupons.is_empty()).then(|| json!(order.coupons))),
        ("metaInfo", Some(Value::Object(meta))),
    ]))
}

/// The order as it is sent: the stored one, with what came alone since, and with its deletion. `None` while the
/// order itself has not come.
///
/// Brevo deletes no orders: a deleted one stays, worth nothing, with a status that says why.
pub fn sent_order(record: &OrderRecord) -> Option<Value> {
    let mut body: Value = serde_json::from_str(record.newest.as_str()).ok()?;
    if let Some(at) = record.changed_at {
        body["updatedAt"] = json!(at.to_string());
    }
    if let Some(net) = record.net().and_then(number) {
        body["amount"] = net;
    }
    if record.deleted_at.is_some() {
        body["status"] = json!("deleted");
        body["amount"] = json!(0.0);
    }
    Some(body)
}

/// How far an order has come by a body of [`order_body`]: orders bodies that nothing else tells apart. What was paid,
/// refunded or cancelled does not become unpaid again; then less money, and then the text.
pub fn order_standing(body: &str) -> (u8, Reverse<Money>, &str) {
    let read: Value = serde_json::from_str(body).unwrap_or_default();
    let step = match read["status"].as_str().unwrap_or_default() {
        "authorized" => 1,
        "partially_paid" => 2,
        "paid" => 3,
        "partially_refunded" => 4,
        "refunded" | "voided" => 5,
        "cancelled" => 6,
        _ => 0,
    };
    let amount = parse_amount(&read["amount"].to_string()).unwrap_or_default();
    (step, Reverse(amount), body)
}

/// An order placed before the store was connected must not trigger Brevo's "placed an order".
pub fn is_historical(sent: &Value, facts: &StoreFacts) -> bool {
    let placed = sent["createdAt"].as_str().and_then(|at| at.parse().ok());
    placed.is_some_and(|at: Timestamp| !facts.is_fresh(at))
}

fn billing(address: &Address, order: &Order) -> Value {
    let text = |value: &Option<String>| value.as_deref().map(|text| json!(text));
    let street =
        [&address.address1, &address.address2].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    Value::Object(object(vec![
        ("address", (!street.is_empty()).then(|| json!(street))),
        ("city", text(&address.city)),
        ("country", text(&address.country)),
        ("countryCode", text(&address.country_code)),
        ("phone", text(&address.phone)),
        ("postCode", text(&address.zip)),
        ("region", text(&address.region)),
        ("paymentMethod", text(&order.payment_method)),
    ]))
}
