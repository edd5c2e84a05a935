//! Events of a customer account: `customer_created`, `customer_updated`.

use serde_json::json;
use tajo_brevo::Event;
use tajo_domain::{CustomerNews, PersonUpdate};

use crate::properties::object;
use crate::{Planned, StoreFacts};

/// The events that news of a customer calls for, old and new: the ledger knows which were sent, and whether
/// the profile really changed is the caller's to judge.
///
/// A `customers/update` may come before its `customers/create`, which may be lost: either fires
/// `customer_created`, once.
pub fn customer_events(update: &PersonUpdate, news: CustomerNews, facts: &StoreFacts) -> Vec<Planned> {
    let (Some(identifier), Some(profile)) = (facts.identifier(&update.identity), &update.profile) else {
        return Vec::new();
    };
    let value = &profile.value;
    let named =
        |name: &Option<String>| name.as_deref().filter(|name| !name.is_empty()).map(|name| json!(name));
    let properties = object(vec![
        ("customer_id", update.identity.customer.as_deref().map(|id| json!(id))),
        ("first_name", named(&value.first_name)),
        ("last_name", named(&value.last_name)),
        ("shop", Some(json!(facts.shop_name()))),
    ]);
    let event =
        |name, date| Event { name, identifier: identifier.clone(), date, properties: properties.clone() };
    let mut planned = Vec::new();
    if let Some(created_at) = update.created_at.filter(|at| facts.is_fresh(*at)) {
        planned.push(Planned { key: "created".to_owned(), event: event("customer_created", created_at) });
    }
    let is_update = news == CustomerNews::Updated && update.created_at != Some(profile.at);
    if is_update && facts.is_fresh(profile.at) {
        planned.push(Planned {
            key: format!("updated:{}", profile.at),
            event: event("customer_updated", profile.at),
        });
    }
    planned
}
