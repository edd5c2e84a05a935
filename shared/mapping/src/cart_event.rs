//! Events of a cart: Brevo's reserved `cart_updated` and `cart_deleted`, and our own `cart_created` and
//! `cart_abandoned` in the same shape.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tajo_brevo::{Event, Identifier};
use tajo_domain::{Cart, CartRecord, CartSource, Identity, short_hash};

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
        ("taxes_included", cart.taxes_included.map(|included| json!(included))),
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
            ("fees", cart.fees),
        ],
    );
    put_items(&mut properties, cart.items.iter().map(reserved_item).collect());
    properties
}

/// Stands for what is in a cart. Cart and checkout describe the same lines in other words, so only what both have
/// is compared between them; what it costs only with the last word of the same source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CartContent {
    items: String,
    cart_total: Option<String>,
    checkout_total: Option<String>,
}

impl CartContent {
    /// What a body shows.
    pub fn of(cart: &Cart) -> Self {
        let mut lines: Vec<String> = cart
            .items
            .iter()
            .map(|item| format!("{}:{}", item.variant.as_ref().unwrap_or(&item.product), item.quantity))
            .collect();
        lines.sort();
        let total = Some(cart.total.normalize().to_string());
        let items = short_hash(&lines.join(",")).chars().take(16).collect();
        match cart.source {
            CartSource::Cart => Self { items, cart_total: total, checkout_total: None },
            CartSource::Checkout => Self { items, cart_total: None, checkout_total: total },
        }
    }

    /// As it was stored. What a version before this one stored is like nothing.
    pub fn stored(text: &str) -> Self {
        let mut parts = text.split('|').map(str::to_owned);
        let items = parts.next().unwrap_or_default();
        let mut total = || parts.next().filter(|total| !total.is_empty());
        Self { items, cart_total: total(), checkout_total: total() }
    }

    /// Whether a checkout has spoken of these lines.
    pub fn has_checkout(&self) -> bool {
        self.checkout_total.is_some()
    }

    /// Whether both show the same lines.
    pub fn has_lines_of(&self, other: &Self) -> bool {
        self.items == other.items
    }

    /// For storing.
    pub fn text(&self) -> String {
        let total = |total: &Option<String>| total.clone().unwrap_or_default();
        format!("{}|{}|{}", self.items, total(&self.cart_total), total(&self.checkout_total))
    }

    /// Whether the buyer sees something else than before. A source's first word about the same lines is no change.
    pub fn differs(&self, before: &Self) -> bool {
        let moved = |new: &Option<String>, old: &Option<String>| new.is_some() && old.is_some() && new != old;
        self.items != before.items
            || moved(&self.cart_total, &before.cart_total)
            || moved(&self.checkout_total, &before.checkout_total)
    }

    /// This, with what the other source said of the same lines.
    #[must_use]
    pub fn over(self, before: &Self) -> Self {
        if self.items != before.items {
            return self;
        }
        Self {
            cart_total: self.cart_total.or_else(|| before.cart_total.clone()),
            checkout_total: self.checkout_total.or_else(|| before.checkout_total.clone()),
            items: self.items,
        }
    }
}

/// The events of a cart that holds something else than before, or has got a name: `cart_created` once,
/// `cart_updated` per version. `content` tells contents of one second apart; empty where none does.
pub fn changed_cart(
    identity: &Identity,
    created_at: Timestamp,
    updated_at: Timestamp,
    content: &str,
    properties: &Map<String, Value>,
    facts: &StoreFacts,
) -> Vec<Planned> {
    let Some(identifier) = facts.identifier(identity) else { return Vec::new() };
    let event = |key: String, name, date| Planned {
        key,
        event: Event { name, identifier: identifier.clone(), date, properties: properties.clone() },
    };
    let mut planned = Vec::new();
    if facts.is_fresh(created_at) {
        planned.push(event("created".to_owned(), "cart_created", created_at));
    }
    if facts.is_fresh(updated_at) {
        let colon = if content.is_empty() { "" } else { ":" };
        planned.push(event(format!("updated:{updated_at}{colon}{content}"), "cart_updated", updated_at));
    }
    planned
}

/// The event of a cart that was emptied, or whose checkout was deleted.
pub fn emptied_cart(token: &str, identity: &Identity, at: Timestamp, facts: &StoreFacts) -> Option<Planned> {
    let identifier = facts.identifier(identity)?;
    let properties =
        object(vec![("cart_id", Some(json!(format!("cart:{token}")))), ("items", Some(json!([])))]);
    let event = Event { name: "cart_deleted", identifier, date: at, properties };
    facts.is_fresh(at).then(|| Planned { key: format!("deleted:{at}"), event })
}

/// `cart_abandoned`, for a cart that has rested since it was last touched.
pub fn abandoned(record: &CartRecord, identifier: Identifier, now: Timestamp) -> Planned {
    let mut properties: Map<String, Value> =
        serde_json::from_str(record.properties.as_str()).unwrap_or_default();
    properties.insert("last_activity".to_owned(), json!(record.touched_at.to_string()));
    Planned {
        key: record.quiet_key(),
        event: Event { name: "cart_abandoned", identifier, date: now, properties },
    }
}
