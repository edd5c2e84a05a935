//! The event of tags that came: `customer_tags_added`.

use serde_json::json;
use tajo_brevo::Event;
use tajo_domain::ContactRecord;

use crate::properties::object;
use crate::{Planned, StoreFacts};

/// The additions that are still to be told, once it is known to whom: whoever delivers next finishes them.
pub fn tags_events(record: &ContactRecord, facts: &StoreFacts) -> Vec<Planned> {
    // The notices of tags name a customer only: the address is what we know of them.
    let Some(identifier) = facts.identifier(&record.identity()) else { return Vec::new() };
    let planned = record.tags_to_tell.iter().map(|added| {
        let properties = object(vec![
            ("customer_id", record.customer.as_deref().map(|id| json!(id))),
            ("tags_added", Some(json!(added.tags))),
            ("shop", Some(json!(facts.shop_name()))),
        ]);
        let event =
            Event { name: "customer_tags_added", identifier: identifier.clone(), date: added.at, properties };
        Planned { key: added.key(), event }
    });
    planned.collect()
}
