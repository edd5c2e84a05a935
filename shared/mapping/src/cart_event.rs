//! Events of a cart: Brevo's reserved `cart_updated` and `cart_deleted`, and our own `cart_created` and
//! `cart_abandoned` in the same shape.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tajo_brevo::{Event, Identifier};
use tajo_domain::{Cart, CartRecord, short_hash};

use crate::properties::{amounts, object, put_items, reserved_item};
use crate::{Planned, StoreFacts};

/// The reserved shape of a cart (Brevo's WooCommerce plugin 4.0.53), with the keys of `data` at the top level
/// as its Sylius plugin sends them through the Events API.
pub fn cart_properties(cart: &Cart, facts: &StoreFacts) -> Map<String, Value> {
    let url = cart.url.as_deref().map(|url| json!(url));
    let mut properties = object(vec![
        ("cart_id", Some(json!(format!("cart:{}", cart.token)))),
        ("affiliation", Some(json!(facts.shop_name()))),
        ("currency", cart.currency.as_ref().map(|currency| json!(currency.as_str()))),
        ("url", url.clone()),
        ("checkouturl", url),
    ]);
    amounts(
        &mut properties,
        &[
            ("total", Some(cart.total)),
            ("total_before_tax", cart.tax.map(|tax| cart.total - tax)),
            ("subtotal", cart.subtotal),
            ("discount", cart.discount),
            ("tax", cart.tax),
            ("shipping", cart.shipping),
        ],
    );
    put_items(&mut properties, cart.items.iter().map(reserved_item).collect());
    properties
}

/// Stands for what the buyer sees in the cart, and whether there is anybody to tell. The link is left out: it
/// changes without the cart changing.
pub fn cart_content(cart: &Cart) -> String {
    let items: Vec<Value> = cart.items.iter().map(reserved_item).collect();
    short_hash(&json!([items, cart.total.to_string(), cart.identity.is_empty()]).to_string())
}

/// The events of a cart that holds something else than before: `cart_created` once, `cart_updated` per version.
pub fn changed_cart(cart: &Cart, properties: &Map<String, Value>, facts: &StoreFacts) -> Vec<Planned> {
    let Some(identifier) = facts.identifier(&cart.identity) else { return Vec::new() };
    let event = |key: String, name, date| Planned {
        key,
        event: Event { name, identifier: identifier.clone(), date, properties: properties.clone() },
    };
    let mut planned = Vec::new();
    if facts.is_fresh(cart.created_at) {
        planned.push(event("created".to_owned(), "cart_created", cart.created_at));
    }
    if facts.is_fresh(cart.updated_at) {
        planned.push(event(format!("updated:{}", cart.updated_at), "cart_updated", cart.updated_at));
    }
    planned
}

/// The event of a cart that was emptied.
pub fn emptied_cart(cart: &Cart, facts: &StoreFacts) -> Option<Planned> {
    let identifier = facts.identifier(&cart.identity)?;
    let properties =
        object(vec![("cart_id", Some(json!(format!("cart:{}", cart.token)))), ("items", Some(json!([])))]);
    let event = Event { name: "cart_deleted", identifier, date: cart.updated_at, properties };
    facts.is_fresh(cart.updated_at).then(|| Planned { key: format!("deleted:{}", cart.updated_at), event })
}

/// `cart_abandoned`, for a cart that has rested since it was last touched.
pub fn abandoned(record: &CartRecord, identifier: Identifier, now: Timestamp) -> Planned {
    let mut properties: Map<String, Value> = serde_json::from_str(&record.properties).unwrap_or_default();
    properties.insert("last_activity".to_owned(), json!(record.touched_at.to_string()));
    Planned {
        key: record.quiet_key(),
        event: Event { name: "cart_abandoned", identifier, date: now, properties },
    }
}
