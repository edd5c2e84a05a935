//! Stores, and which stores feed which person.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tajo_domain::{Email, FedTotals, StoreId};

use crate::error::aws_error;
use crate::item::parse;
use crate::{Attributes, Key, Stored, Table, TableError};

/// Whether work of a store goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreStatus {
    /// It does.
    #[default]
    Active,
    /// Its link was not opened yet, or its set-up is under way: its notices wait.
    Connecting,
    /// Something only a person can help: what Brevo refused waits as parked work, the rest goes on.
    NeedsAttention,
    /// A person paused it: its notices are held until it is resumed; opt-outs go out all the same.
    Paused,
    /// The shop removed the app: its notices end as skipped, nothing is erased yet.
    Uninstalled,
    /// Everything of it was erased: this record is all that is left.
    Erased,
}

impl StoreStatus {
    /// Whether the shop has left: only what the law asks is still worked on.
    pub fn has_left(self) -> bool {
        matches!(self, Self::Uninstalled | Self::Erased)
    }
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
    /// When it was last connected: an older notice that the app was removed is about an earlier time.
    #[serde(default)]
    pub installed_at: Option<Timestamp>,
    /// When we heard that the shop removed the app, by our clock.
    #[serde(default)]
    pub uninstalled_at: Option<Timestamp>,
    /// The platform's id of the shop, once a body has told it.
    #[serde(default)]
    pub shop_id: Option<String>,
    /// The rights the shop granted, once it has told them.
    #[serde(default)]
    pub scopes: Option<Scopes>,
    /// The currency its money is in, where it was said: three letters.
    #[serde(default)]
    pub currency: Option<String>,
    /// What the set-up of its Brevo account found: nothing of it is looked up again.
    #[serde(default)]
    pub set_up: BrevoSetUp,
    /// What was said when it was connected and is for its set-up to do.
    #[serde(default)]
    pub asked: Asked,
}

/// What was said when a store was connected, until its set-up has done it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Whether it is live was said; otherwise the shop says it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live_is_said: bool,
    /// The first full sync begins when the set-up is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_sync: bool,
}

/// What the set-up of a Brevo account found for one store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrevoSetUp {
    /// Ids of the lists that the settings name.
    #[serde(default)]
    pub lists: BTreeMap<String, u64>,
    /// Fields of the default mapping that go to other attributes in this account: `first_name` to `PRENOM`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// The rights a shop granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes {
    /// As of when.
    pub at: Timestamp,
    /// In the platform's words.
    pub granted: Vec<String>,
    /// Those that the connector needs and has not.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// How a bulk operation of the platform ended. Kept as long as its result can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkEnd {
    /// The platform's word: `completed`, `failed`, `canceled`, `expired`.
    pub status: String,
    /// The platform's word for why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it ended.
    pub at: Timestamp,
}

/// Seven days (Shopify, "Perform bulk operations": how long the result's address is good).
const RESULT_SECONDS: i64 = 7 * 24 * 3600;

impl BulkEnd {
    /// It expires with its result.
    pub fn attributes(&self) -> Attributes {
        Attributes { due: None, expires_at: Some(self.at.as_second() + RESULT_SECONDS) }
    }
}

/// That a store feeds a person's contact; or that it must not, because the person was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFeed {
    /// The platform's customer ids behind the address, in this store.
    pub customers: Vec<String>,
    /// When the person behind this address was erased: facts from before bring nobody back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// Somebody came to the store with this address after the erasure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub came_anew: bool,
    /// When that was, by the platform: an erasure that was asked for before is not about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_at: Option<Timestamp>,
    /// When the person last opted out here, so that no older opt-in of another store lifts the block.
    #[serde(default, skip_serializing_if = "OptOuts::is_empty")]
    pub opt_outs: OptOuts,
    /// What the store adds to the totals that stores show together, by customer id or [`GUEST`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub totals: BTreeMap<String, FedTotals>,
}

/// Whoever has no account: no customer id is this.
pub const GUEST: &str = "guest";

/// When a person last opted out, by channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOuts {
    /// Of emails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Timestamp>,
    /// Of text messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<Timestamp>,
}

impl OptOuts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The later of both, by channel.
    #[must_use]
    pub fn latest(self, other: Self) -> Self {
        Self { email: self.email.max(other.email), sms: self.sms.max(other.sms) }
    }
}

impl PersonFeed {
    /// Whether the store feeds the contact.
    pub fn feeds(&self) -> bool {
        self.erased_at.is_none() || self.came_anew
    }
}

/// Notes that a store feeds the contact of an address, because of a fact of this time.
///
/// Answers when the person was erased, if that stands in the way: then nothing is noted.
pub async fn feed_person(
    table: &Table,
    account: &str,
    email: &Email,
    store: &StoreId,
    customer: Option<&str>,
    fact: Option<Timestamp>,
) -> Result<Option<Timestamp>, TableError> {
    let key = Key::person(account, &email.hash(), store);
    // Mostly nobody has fed it yet: that guess saves the read, and a wrong one costs a refused write.
    let nobody_yet = Stored { revision: 0, record: None };
    let changed = table
        .change_from(&key, Some(nobody_yet), Attributes::none, |stored: Option<&PersonFeed>| {
            let mut feed = stored.cloned().unwrap_or_default();
            let in_the_way = feed.erased_at.filter(|erased| fact.is_none_or(|fact| fact <= *erased));
            if in_the_way.is_some() {
                return (None, in_the_way);
            }
            if feed.erased_at.is_some() && !feed.came_anew {
                (feed.came_anew, feed.came_at) = (true, fact);
            }
            let news = customer.filter(|id| !feed.customers.iter().any(|known| known == id));
            feed.customers.extend(news.map(str::to_owned));
            ((stored != Some(&feed)).then_some(feed), None)
        })
        .await;
    changed.map(|(_, in_the_way)| in_the_way)
}

/// Notes that the person behind an address was erased. Answers the customer ids that stood there.
pub async fn erase_person(
    table: &Table,
    account: &str,
    email: &Email,
    store: &StoreId,
    at: Timestamp,
) -> Result<Vec<String>, TableError> {
    let key = Key::person(account, &email.hash(), store);
    let changed = table
        .change(&key, Attributes::none, |stored: Option<&PersonFeed>| {
            let feed = stored.cloned().unwrap_or_default();
            let erased_at = feed.erased_at.max(Some(at));
            // The ids stay: they are what a repeated erasure finds the accounts by, and say nothing to others.
            let erased = PersonFeed { customers: feed.customers.clone(), erased_at, ..PersonFeed::default() };
            ((stored != Some(&erased)).then_some(erased), feed.customers)
        })
        .await;
    changed.map(|(_, customers)| customers)
}

/// Notes that the person behind an address opted out in this store.
pub async fn note_opt_outs(
    table: &Table,
    account: &str,
    email: &Email,
    store: &StoreId,
    opt_outs: OptOuts,
) -> Result<(), TableError> {
    let key = Key::person(account, &email.hash(), store);
    let note = |stored: Option<&PersonFeed>| {
        let mut feed = stored.cloned().unwrap_or_default();
        feed.opt_outs = feed.opt_outs.latest(opt_outs);
        ((stored != Some(&feed)).then_some(feed), ())
    };
    table.change(&key, Attributes::none, note).await.map(|_| ())
}

/// Notes what somebody in this store adds to the totals that stores show together; `None`: nothing any more. Answers
/// whether that is news. Who was erased adds nothing.
pub async fn note_totals(
    table: &Table,
    account: &str,
    email: &Email,
    store: &StoreId,
    who: &str,
    fed: Option<&FedTotals>,
) -> Result<bool, TableError> {
    let key = Key::person(account, &email.hash(), store);
    let note = |stored: Option<&PersonFeed>| {
        let mut feed = stored.cloned().unwrap_or_default();
        match fed.filter(|_| feed.feeds()) {
            Some(fed) => feed.totals.insert(who.to_owned(), fed.clone()),
            None => feed.totals.remove(who),
        };
        let is_news = stored.map_or(&BTreeMap::new(), |stored| &stored.totals) != &feed.totals;
        (is_news.then_some(feed), is_news)
    };
    table.change(&key, Attributes::none, note).await.map(|(_, is_news)| is_news)
}

/// When the person behind an address last opted out, in any store of the Brevo account.
pub async fn opt_outs_of_person(table: &Table, account: &str, email: &Email) -> Result<OptOuts, TableError> {
    let feeds = feeds_of_person(table, account, email).await?;
    Ok(feeds.into_iter().fold(OptOuts::default(), |latest, (_, feed)| latest.latest(feed.opt_outs)))
}

/// The stores that feed the contact of an address, in one Brevo account.
pub async fn stores_of_person(
    table: &Table,
    account: &str,
    email: &Email,
) -> Result<Vec<StoreId>, TableError> {
    let feeds = feeds_of_person(table, account, email).await?;
    Ok(feeds.into_iter().filter(|(_, feed)| feed.feeds()).map(|(store, _)| store).collect())
}

/// What every store of a Brevo account notes of an address, one that erased it included. One query, however many there are.
pub async fn feeds_of_person(
    table: &Table,
    account: &str,
    email: &Email,
) -> Result<Vec<(StoreId, PersonFeed)>, TableError> {
    let plain = Key::person_pk(account, &email.hash());
    let stored = table.stored_pk(&plain);
    // First what an earlier version stored and nobody wrote since: one that moves meanwhile is in the second answer.
    let old = if stored == plain { Vec::new() } else { feeds_under(table, &plain).await? };
    let mut feeds = feeds_under(table, &stored).await?;
    for (store, feed) in old {
        if !feeds.iter().any(|(known, _)| *known == store) {
            feeds.push((store, feed));
        }
    }
    Ok(feeds)
}

async fn feeds_under(table: &Table, pk: &str) -> Result<Vec<(StoreId, PersonFeed)>, TableError> {
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    let mut feeds = Vec::new();
    for item in answer.items.unwrap_or_default() {
        let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
        let Some(store) = sk.strip_prefix("feed#").and_then(|store| StoreId::parse(store).ok()) else {
            continue;
        };
        let key = Key { pk: pk.to_owned(), sk };
        feeds.extend(parse(&key, Some(item))?.record.map(|feed| (store, feed)));
    }
    Ok(feeds)
}

/// Forgets that a store feeds the contact of an address. That the person was erased is not forgotten.
pub async fn forget_person(
    table: &Table,
    account: &str,
    email: &Email,
    store: &StoreId,
) -> Result<(), TableError> {
    let key = Key::person(account, &email.hash(), store);
    table.adopt(&key).await?;
    let key = table.stored_key(&key);
    let delete = table
        .client()
        .delete_item()
        .table_name(table.name())
        .key("pk", AttributeValue::S(key.pk.clone()))
        .key("sk", AttributeValue::S(key.sk.clone()))
        .condition_expression("attribute_not_exists(#data.erased_at)")
        .expression_attribute_names("#data", "data");
    match delete.send().await {
        Ok(_) => Ok(()),
        Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
            let left = |stored: Option<&PersonFeed>| {
                let left = stored.filter(|feed| feed.came_anew).cloned();
                (
                    left.map(|feed| PersonFeed {
                        came_anew: false,
                        came_at: None,
                        totals: BTreeMap::new(),
                        ..feed
                    }),
                    (),
                )
            };
            table.change(&key, Attributes::none, left).await.map(|_| ())
        }
        Err(error) => Err(aws_error("DeleteItem", error)),
    }
}
