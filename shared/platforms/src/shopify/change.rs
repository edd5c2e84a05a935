//! Payload → changes. Pure.

mod checkout;
mod collection;
mod custom;
mod customer;
mod inventory;
mod order;
mod parts;
mod person;
mod product;

use tajo_domain::{Changes, CustomerNews, Skipped, Unusable};

use super::Topic;
use crate::Context;

/// What the body of a notice means.
///
/// # Errors
/// The body names nothing that could change, or the topic must be kept for a later version.
pub fn changes(topic: &Topic, body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    match topic {
        Topic::CustomersCreate => customer::news(body, CustomerNews::Created, context),
        Topic::CustomersUpdate => customer::news(body, CustomerNews::Updated, context),
        Topic::CustomersDelete => customer::deleted(body, context),
        Topic::OrdersCreate | Topic::OrdersUpdated => order::changes(body, context),
        Topic::CheckoutsCreate | Topic::CheckoutsUpdate => checkout::changes(body, context),
        Topic::ProductsCreate | Topic::ProductsUpdate => product::news(body, context),
        Topic::ProductsDelete => product::deleted(body, context),
        Topic::CollectionsCreate | Topic::CollectionsUpdate => collection::news(body, context),
        Topic::CollectionsDelete => collection::deleted(body, context),
        Topic::InventoryLevelsUpdate => inventory::level(body, context),
        Topic::InventoryItemsCreate | Topic::InventoryItemsUpdate => inventory::item(body, context),
        Topic::InventoryItemsDelete => inventory::item_deleted(body, context),
        Topic::VariantsInStock | Topic::VariantsOutOfStock => inventory::variant(body, context),
        Topic::CustomersDataRequest | Topic::CustomersRedact | Topic::ShopRedact | Topic::AppUninstalled => {
            let topic = topic.as_str();
            Err(Unusable::new(format!("topic `{topic}` is kept: this version cannot act on it yet")))
        }
        Topic::NotYet(topic) => Ok(skipped(format!("topic `{topic}` is not handled by this version yet"))),
        // The header's own text stays out of the reason: it is not signed and may hold anything.
        Topic::Unknown(_) => Ok(skipped("unknown topic")),
    }
}

fn skipped(reason: impl Into<String>) -> Changes {
    Changes { changes: Vec::new(), skipped: vec![Skipped::new("the whole notice", reason)] }
}

/// Checks that a body is about the thing its topic speaks of. Only the body is signed, so a genuine order
/// may come under the topic of a customer.
fn expect_kind(gid: Option<&str>, kind: &str, word: &str) -> Result<(), Unusable> {
    match gid.and_then(|gid| gid.strip_prefix("gid://shopify/")) {
        Some(rest) if !rest.strip_prefix(kind).is_some_and(|rest| rest.starts_with('/')) => {
            Err(Unusable::new(format!("the topic is about {word}, but the body is about something else")))
        }
        // Bodies before 2018 have no such id.
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
