//! `customers/create`, `customers/update`, `customers/enable`, `customers/disable` and `customers/delete`.

use tajo_domain::{Change, Changes, CustomerNews, Unusable};

use super::person::{self, Sources};
use super::{custom, expect_kind, parts};
use crate::Context;
use crate::shopify::payload::{self, Customer};

const NO_ID: &str = "the body has no customer id";

/// A customer account as it is now.
pub fn news(body: &[u8], news: CustomerNews, context: &Context) -> Result<Changes, Unusable> {
    let customer = read(body)?;
    let mut changes = Changes::default();
    let sources = Sources {
        customer: Some(&customer),
        is_account_news: true,
        at: parts::first_time([&customer.updated_at], context.time),
        ..Sources::default()
    };
    let mut update = Box::new(person::update(&sources, context, &mut changes.skipped));
    update.custom = custom::of_customer(&customer, sources.at);
    changes.changes.push(Change::Person { update, news: Some(news) });
    Ok(changes)
}

/// A customer account that is gone. The body has an id and nothing to tell the time by.
pub fn deleted(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let customer = read(body)?;
    // Only the body is signed: whoever holds a genuine `customers/update` could send it under this topic.
    if customer.created_at.0.is_some() || customer.email.get().is_some() {
        return Err(Unusable::new("the topic says deleted, but the body is a customer that exists"));
    }
    let customer = customer.id.0.ok_or_else(|| Unusable::new(NO_ID))?;
    Ok(Changes { changes: vec![Change::PersonDeleted { customer, at: context.time }], skipped: Vec::new() })
}

fn read(body: &[u8]) -> Result<Customer<'_>, Unusable> {
    let customer: Customer<'_> = payload::parse(body, NO_ID)?;
    if customer.id.0.is_none() {
        return Err(Unusable::new(NO_ID));
    }
    expect_kind(customer.admin_graphql_api_id.get(), "Customer", "a customer")?;
    Ok(customer)
}
