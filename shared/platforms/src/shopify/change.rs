//! Payload → changes. Pure.

mod cart;
mod checkout;
mod customer;
mod order;
mod order_fact;
mod order_parts;
mod parts;
mod person;

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
        Topic::OrdersCreate
        | Topic::OrdersUpdated
        | Topic::OrdersPaid
        | Topic::OrdersFulfilled
        | Topic::OrdersPartiallyFulfilled
        | Topic::OrdersCancelled => order::changes(body, context),
        Topic::OrdersEdited => order_fact::edited(body),
        Topic::OrdersDelete => order_fact::deleted(body, context),
        Topic::RefundsCreate => order_fact::refund(body, context),
        Topic::FulfillmentsCreate | Topic::FulfillmentsUpdate => order_fact::fulfilment(body, context),
        Topic::CartsCreate => cart::changes(body, true, context),
        Topic::CartsUpdate => cart::changes(body, false, context),
        Topic::CheckoutsCreate | Topic::CheckoutsUpdate => checkout::changes(body, context),
        Topic::CheckoutsDelete => cart::checkout_deleted(body, context),
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
