//! A customer that was looked up, as an update of a person.

use jiff::Timestamp;
use serde_json::Value;
use tajo_domain::{Change, Currency, CustomFact, PersonUpdate, Unusable, Versioned, metafield_source};

use super::body;
use crate::Context;
use crate::shopify::{Topic, change};

/// Everything a customer's node says, each facet with its own time. `metafields`: those that were asked for
/// (`namespace.key`); one that is not in the answer is empty in the shop. The context's time is when Shopify was asked.
///
/// # Errors
/// The node is no customer.
pub fn person(node: &Value, metafields: &[String], context: &Context) -> Result<PersonUpdate, Unusable> {
    let written = body::customer(node).to_string();
    let changes = change::changes(&Topic::CustomersUpdate, written.as_bytes(), context)?;
    let update = changes.changes.into_iter().find_map(|change| match change {
        Change::Person { update, .. } => Some(*update),
        _ => None,
    });
    let mut update: PersonUpdate =
        update.ok_or_else(|| Unusable::new("Shopify's answer is about no customer"))?;
    let text = |name: &str| node[name].as_str();
    let at = text("updatedAt").and_then(|at| at.parse().ok()).unwrap_or(context.time);
    update.locale = text("locale").map(|tag| Versioned { at, value: tag.to_owned() });
    for (namespace, key) in metafields.iter().filter_map(|asked| asked.split_once('.')) {
        let empty = CustomFact { at, edited_at: None, value: None };
        update.custom.entry(metafield_source(namespace, key)).or_insert(empty);
    }
    let last_order = node["lastOrder"]["createdAt"].as_str();
    update.ordered_at = last_order.and_then(|at| at.parse::<Timestamp>().ok());
    if let Some(totals) = &mut update.totals {
        totals.value.currency = node["amountSpent"]["currencyCode"].as_str().and_then(Currency::parse);
    }
    (update.looked_up_at, update.triggered_at) = (Some(context.time), Some(context.time));
    update.believe(&context.times());
    Ok(update)
}
