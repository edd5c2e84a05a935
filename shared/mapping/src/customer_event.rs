//! Events of a customer account: `customer_created`, `customer_updated`.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tajo_brevo::Event;
use tajo_domain::{CustomerNews, PersonUpdate};

use crate::properties::object;
use crate::{Planned, StoreFacts};

/// An account whose `customers/create` shows it this much older than its last change was brought in from elsewhere.
const IMPORTED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The same where the body shows no later change, but its webhook came this long after the account began. Long: a
/// webhook that was kept and is delivered again still tells of its account.
const CREATED_LATE: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// The same by an update: the create may have been lost, and then an update within this time still tells of it.
const TOLD_BY_UPDATES_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Whether the account began elsewhere, long before the shop had it.
pub fn is_imported(update: &PersonUpdate, news: CustomerNews) -> bool {
    let (Some(created_at), Some(profile)) = (update.created_at, &update.profile) else { return false };
    let limit = match news {
        CustomerNews::Created => IMPORTED_AFTER,
        CustomerNews::Updated | CustomerNews::Detail => TOLD_BY_UPDATES_FOR,
    };
    let is_created_late = |webhook: Timestamp| webhook.duration_since(created_at) > CREATED_LATE;
    let is_late = news == CustomerNews::Created && update.triggered_at.is_some_and(is_created_late);
    profile.at.duration_since(created_at) > limit || is_late
}

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
    let is_new = |at: &Timestamp| facts.is_fresh(*at) && !is_imported(update, news);
    if let Some(created_at) = update.created_at.filter(is_new) {
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
