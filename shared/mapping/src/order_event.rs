//! Events of an order, each made from facts that never change again: whichever body arrives first, the event
//! is the same.

use serde_json::{Map, Value, json};
use tajo_brevo::{Event, Identifier};
use tajo_domain::{Cancellation, Fulfilment, Order, Refund};

use crate::properties::{address, amounts, object, own_item, put_items, reserved_item};
use crate::rules::number;
use crate::{Planned, StoreFacts};

/// Every event that this state of the order calls for, old and new: the ledger knows which were sent.
/// Facts older than the connection are left out.
pub fn order_events(order: &Order, facts: &StoreFacts) -> Vec<Planned> {
    let Some(identifier) = facts.identifier(&order.identity) else { return Vec::new() };
    let mut planned = vec![placed(order, facts, &identifier), completed(order, facts, &identifier)];
    planned.extend(order.cancelled.as_ref().map(|fact| cancelled(order, facts, fact, &identifier)));
    planned.extend(order.fulfilments.iter().map(|fact| fulfilled(order, facts, fact, &identifier)));
    planned.extend(order.refunds.iter().map(|fact| refunded(order, facts, fact, &identifier)));
    planned.retain(|planned| facts.is_fresh(planned.event.date));
    planned
}

fn placed(order: &Order, facts: &StoreFacts, identifier: &Identifier) -> Planned {
    let mut properties = head(order, facts);
    for (name, amount) in [
        ("total", Some(order.total)),
        ("subtotal", order.subtotal),
        ("discount", order.discount),
        ("tax", order.tax),
        ("shipping", order.shipping),
    ] {
        properties.extend(amount.and_then(number).map(|amount| (name.to_owned(), amount)));
    }
    if !order.coupons.is_empty() {
        properties.insert("coupons".to_owned(), json!(order.coupons));
    }
    put_items(&mut properties, order.items.iter().map(own_item).collect());
    plan("placed".to_owned(), "order_placed", identifier, order.created_at, properties)
}

/// Brevo's reserved event: ends its built-in abandoned-cart automation.
fn completed(order: &Order, facts: &StoreFacts, identifier: &Identifier) -> Planned {
    let text = |value: &Option<String>| value.as_deref().map(|text| json!(text));
    let mut properties = object(vec![
        ("cart_id", order.cart_tokens.first().map(|token| json!(format!("cart:{token}")))),
        ("id", Some(json!(order.name))),
        ("date", Some(json!(order.created_at.to_string()))),
        ("affiliation", Some(json!(facts.shop_name()))),
        ("currency", order.currency.as_ref().map(|currency| json!(currency.as_str()))),
        ("url", text(&order.url)),
        ("payment_method", text(&order.payment_method)),
        ("shipping_method", text(&order.shipping_method)),
        ("customer_note", text(&order.note)),
        ("discount_code", Some(json!(order.coupons))),
        ("shipping_address", order.delivery.as_ref().map(address)),
        ("billing_address", order.billing.as_ref().map(address)),
    ]);
    amounts(
        &mut properties,
        &[
            ("revenue", Some(order.total)),
            ("total", Some(order.total)),
            ("total_before_tax", order.tax.map(|tax| order.total - tax)),
            ("subtotal", order.subtotal),
            ("discount", order.discount),
            ("tax", order.tax),
            ("shipping", order.shipping),
        ],
    );
    put_items(&mut properties, order.items.iter().map(reserved_item).collect());
    plan("completed".to_owned(), "order_completed", identifier, order.created_at, properties)
}

fn cancelled(order: &Order, facts: &StoreFacts, fact: &Cancellation, identifier: &Identifier) -> Planned {
    let mut properties = head(order, facts);
    properties.extend(number(order.total).map(|total| ("total".to_owned(), total)));
    properties.extend(fact.reason.as_deref().map(|reason| ("reason".to_owned(), json!(reason))));
    put_items(&mut properties, order.items.iter().map(own_item).collect());
    plan("cancelled".to_owned(), "order_cancelled", identifier, fact.at, properties)
}

fn fulfilled(order: &Order, facts: &StoreFacts, fact: &Fulfilment, identifier: &Identifier) -> Planned {
    let text = |value: &Option<String>| value.as_deref().map(|text| json!(text));
    let mut properties = head(order, facts);
    properties.extend(object(vec![
        ("fulfillment_id", Some(json!(fact.id))),
        ("tracking_company", text(&fact.carrier)),
        ("tracking_number", text(&fact.tracking_number)),
        ("tracking_url", text(&fact.tracking_url)),
    ]));
    put_items(&mut properties, fact.items.iter().map(own_item).collect());
    plan(format!("fulfilled:{}", fact.id), "order_fulfilled", identifier, fact.at, properties)
}

fn refunded(order: &Order, facts: &StoreFacts, fact: &Refund, identifier: &Identifier) -> Planned {
    let mut properties = head(order, facts);
    properties.extend(object(vec![
        ("refund_id", Some(json!(fact.id))),
        ("amount", number(fact.amount)),
        ("reason", fact.reason.as_deref().map(|reason| json!(reason))),
    ]));
    put_items(&mut properties, fact.items.iter().map(own_item).collect());
    plan(format!("refunded:{}", fact.id), "order_refunded", identifier, fact.at, properties)
}

fn head(order: &Order, facts: &StoreFacts) -> Map<String, Value> {
    object(vec![
        ("order_id", Some(json!(order.id))),
        ("order_number", Some(json!(order.name))),
        ("shop", Some(json!(facts.shop_name()))),
        ("currency", order.currency.as_ref().map(|currency| json!(currency.as_str()))),
        ("order_url", order.url.as_deref().map(|url| json!(url))),
    ])
}

fn plan(
    key: String,
    name: &'static str,
    identifier: &Identifier,
    date: jiff::Timestamp,
    properties: Map<String, Value>,
) -> Planned {
    Planned { key, event: Event { name, identifier: identifier.clone(), date, properties } }
}
