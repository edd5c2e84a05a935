//! Brevo's order: the body of `POST /orders/status`.

use serde_json::{Value, json};
use tajo_domain::{Address, Order};

use crate::StoreFacts;
use crate::properties::object;
use crate::rules::number;

/// The order as Brevo keeps it. `amount` is net of refunds: Brevo counts every status as revenue unless the
/// merchant says otherwise ("E-commerce settings"). Unlike in events, `price` is of one piece.
pub fn order_body(order: &Order, facts: &StoreFacts) -> Value {
    let products: Vec<Value> = order
        .items
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
    Value::Object(object(vec![
        ("id", Some(json!(order.id))),
        ("createdAt", Some(json!(order.created_at.to_string()))),
        ("updatedAt", Some(json!(order.updated_at.to_string()))),
        ("status", Some(json!(order.status))),
        ("amount", number(order.net)),
        ("storeId", Some(json!(facts.store.as_str()))),
        ("identifiers", facts.identifier(&order.identity).map(|who| who.to_json())),
        ("products", Some(json!(products))),
        ("billing", order.billing.as_ref().map(|address| billing(address, order))),
        ("coupons", (!order.coupons.is_empty()).then(|| json!(order.coupons))),
        ("metaInfo", Some(json!({ "order_number": order.name, "shop": facts.shop_name() }))),
    ]))
}

/// An order placed before the store was connected must not trigger Brevo's "placed an order".
pub fn is_historical(order: &Order, facts: &StoreFacts) -> bool {
    !facts.is_fresh(order.created_at)
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
