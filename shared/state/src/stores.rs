//! Stores, and which stores feed which person.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tajo_domain::{Email, StoreId};

use crate::item::aws_error;
use crate::{Attributes, Key, Table, TableError};

/// Whether work of a store goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreStatus {
    /// It does.
    #[default]
    Active,
    /// Its work is parked until somebody acts.
    NeedsAttention,
}

/// One connected store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRecord {
    /// `shopify`.
    pub platform: String,
    /// `demo-shop.myshopify.com`.
    pub shop: String,
    /// Two letters: phone numbers without a country are read as of here.
    #[serde(default)]
    pub country: Option<String>,
    /// A live store skips test orders.
    #[serde(default)]
    pub live: bool,
    /// Names the Brevo account (a hash of what `GET /account` says): stores may share one.
    pub account: String,
    /// Facts older than this fire no event.
    pub connected_at: Timestamp,
    /// The settings, as the YAML that was applied.
    #[serde(default)]
    pub settings: String,
    /// Whether work goes on.
    #[serde(default)]
    pub status: StoreStatus,
    /// Why it needs attention.
    #[serde(default)]
    pub attention: Option<String>,
}

/// That a store feeds a person's contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFeed {
    /// The platform's customer ids behind the address, in this store.
    pub customers: Vec<String>,
}

/// Notes that a store feeds the contact of an address.
pub async fn feed_person(
    table: &Table,
    account: &str,
    email: &Email,
    store: &StoreId,
    customer: Option<&str>,
) -> Result<(), TableError> {
    let key = Key::person(account, &email.hash(), store);
    let changed = table
        .change(&key, Attributes::none, |stored: Option<&PersonFeed>| {
            let mut feed = stored.cloned().unwrap_or(PersonFeed { customers: Vec::new() });
            let news = customer.filter(|id| !feed.customers.iter().any(|known| known == id));
            feed.customers.extend(news.map(str::to_owned));
            ((stored.is_none() || news.is_some()).then_some(feed), ())
        })
        .await;
    changed.map(|_| ())
}

/// The stores that feed the contact of an address, in one Brevo account.
pub async fn stores_of_person(
    table: &Table,
    account: &str,
    email: &Email,
) -> Result<Vec<StoreId>, TableError> {
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(Key::person_pk(account, &email.hash())))
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    let items = answer.items.unwrap_or_default();
    let feeds = items.iter().filter_map(|item| item.get("sk")?.as_s().ok());
    Ok(feeds.filter_map(|sk| StoreId::parse(sk.strip_prefix("feed#")?).ok()).collect())
}

/// Forgets that a store feeds the contact of an address.
pub async fn forget_person(
    table: &Table,
    account: &str,
    email: &Email,
    store: &StoreId,
) -> Result<(), TableError> {
    let key = Key::person(account, &email.hash(), store);
    table
        .client()
        .delete_item()
        .table_name(table.name())
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| aws_error("DeleteItem", error))
}
