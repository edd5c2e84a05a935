//! Payload → changes. Pure.

mod app;
mod cart;
mod checkout;
mod collection;
mod consent;
mod custom;
mod customer;
mod inventory;
mod merge;
mod order;
mod order_fact;
mod order_money;
mod order_parts;
mod parts;
mod person;
mod privacy;
mod product;
mod refund;
mod summary;
mod tags;

use tajo_domain::{Change, Changes, CustomerNews, PersonUpdate, Skipped, Unusable};

use super::{Topic, shape};
use crate::Context;

/// What the body of a notice means.
///
/// # Errors
/// The body names nothing that could change, or is not the body of this topic.
pub fn changes(topic: &Topic, body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let found = read(topic, body, context)?;
    // The topic is no more than what the sender says.
    shape::check(topic, body)?;
    Ok(found)
}

fn read(topic: &Topic, body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    match topic {
        Topic::CustomersCreate => customer::news(body, CustomerNews::Created, context),
        // The whole customer, and `state` is no consent: an account may be switched off and still be written to.
        Topic::CustomersUpdate | Topic::CustomersEnable | Topic::CustomersDisable => {
            customer::news(body, CustomerNews::Updated, context)
        }
        Topic::CustomersDelete => customer::deleted(body, context),
        Topic::CustomersMerge => merge::changes(body, context),
        Topic::CustomerTagsAdded => tags::added(body, context),
        Topic::CustomerTagsRemoved => tags::removed(body, context),
        Topic::CustomersPurchasingSummary => summary::changes(body, context),
        Topic::EmailConsent => consent::email(body, context),
        Topic::SmsConsent => consent::sms(body, context),
        Topic::WhatsappConsent => consent::whatsapp(body, context),
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
        Topic::ProductsCreate | Topic::ProductsUpdate => product::news(body, context),
        Topic::ProductsDelete => product::deleted(body, context),
        Topic::CollectionsCreate | Topic::CollectionsUpdate => collection::news(body, context),
        Topic::CollectionsDelete => collection::deleted(body, context),
        Topic::InventoryLevelsUpdate => inventory::level(body, context),
        Topic::InventoryItemsCreate | Topic::InventoryItemsUpdate => inventory::item(body, context),
        Topic::InventoryItemsDelete => inventory::item_deleted(body, context),
        Topic::VariantsInStock | Topic::VariantsOutOfStock => inventory::variant(body, context),
        Topic::CustomersDataRequest => privacy::data_request(body, context),
        Topic::CustomersRedact => privacy::redact(body, context),
        Topic::ShopRedact => privacy::shop_redact(body, context),
        Topic::AppUninstalled => app::uninstalled(body, context),
        Topic::AppScopesUpdate => app::scopes(body, context),
        Topic::BulkOperationsFinish => app::bulk_finished(body, context),
        // The header's own text stays out of the reason: it is not signed and may hold anything.
        Topic::Unknown(_) => Ok(skipped("nothing of this topic is synced")),
    }
}

/// One thing that is known of a customer, and what of its body could not be read.
fn detail(update: PersonUpdate, skipped: Vec<Skipped>) -> Changes {
    let update = Box::new(update);
    Changes { changes: vec![Change::Person { update, news: Some(CustomerNews::Detail) }], skipped }
}

/// The number in a global id of this kind, such as `gid://shopify/Customer/7`.
fn id_of(gid: Option<&str>, kind: &str) -> Option<String> {
    let id = gid?.strip_prefix("gid://shopify/")?.strip_prefix(kind)?.strip_prefix('/')?;
    // What hangs on to it are parameters.
    let id = id.split('?').next().unwrap_or_default();
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| id.to_owned())
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
