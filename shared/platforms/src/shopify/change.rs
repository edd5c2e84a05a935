//! Payload → changes. Pure.

mod app;
mod checkout;
mod customer;
mod order;
mod parts;
mod person;
mod privacy;

use tajo_domain::{Changes, CustomerNews, Skipped, Unusable};

use super::Topic;
use crate::Context;

/// What the body of a notice means.
///
/// # Errors
/// The body names nothing that could change, or is not the body of this topic.
pub fn changes(topic: &Topic, body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    match topic {
        Topic::CustomersCreate => customer::news(body, CustomerNews::Created, context),
        Topic::CustomersUpdate => customer::news(body, CustomerNews::Updated, context),
        Topic::CustomersDelete => customer::deleted(body, context),
        Topic::OrdersCreate | Topic::OrdersUpdated => order::changes(body, context),
        Topic::CheckoutsCreate | Topic::CheckoutsUpdate => checkout::changes(body, context),
        Topic::CustomersDataRequest => privacy::data_request(body, context),
        Topic::CustomersRedact => privacy::redact(body, context),
        Topic::ShopRedact => privacy::shop_redact(body, context),
        Topic::AppUninstalled => app::uninstalled(body, context),
        Topic::AppScopesUpdate => app::scopes(body, context),
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
