//! What is listed newest first through the due index: stores, runs, API keys, parked work.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use jiff::Timestamp;
use tajo_domain::StoreId;

use crate::due::{DuePage, ids_page};
use crate::error::aws_error;
use crate::parked::COUNTED;
use crate::table::{ALL_KEYS, ALL_STORES, held_shard, parked_shard, runs_shard};
use crate::{Attributes, Key, Span, Table, TableError};

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing<'a> {
    /// The runs of a store.
    Runs(&'a StoreId),
    /// The parked work of a store.
    Parked(&'a StoreId),
    /// All API keys.
    Keys,
}

impl Listing<'_> {
    fn shard(self) -> String {
        match self {
            Self::Runs(store) => runs_shard(store.as_str()),
            Self::Parked(store) => parked_shard(store.as_str()),
            Self::Keys => ALL_KEYS.to_owned(),
        }
    }

    fn key(self, id: &str) -> Key {
        match self {
            Self::Runs(store) => Key::run(store, id),
            Self::Parked(store) => Key::parked(store.as_str(), id),
            Self::Keys => Key::api_key(id),
        }
    }

    /// What makes an item stand in this list; it expires after `kept_seconds`, if at all.
    pub fn attributes(self, at: Timestamp, kept_seconds: Option<i64>) -> Attributes {
        Attributes {
            due: Some((self.shard(), at.as_millisecond())),
            expires_at: kept_seconds.map(|seconds| at.as_second() + seconds),
        }
    }

    /// The page that begins after the item of this id and time. Of this list, whatever the id is.
    pub fn after(self, id: &str, at: Timestamp) -> DuePage {
        let key = self.key(id);
        DuePage::new(HashMap::from([
            ("pk".to_owned(), AttributeValue::S(key.pk)),
            ("sk".to_owned(), AttributeValue::S(key.sk)),
            ("due_shard".to_owned(), AttributeValue::S(self.shard())),
            ("due_at".to_owned(), AttributeValue::N(at.as_millisecond().to_string())),
        ]))
    }
}

/// The ids of at most `limit` items of a list, newest first, and where the next page begins, if there is one.
pub async fn list_ids(
    table: &Table,
    listing: Listing<'_>,
    span: Span,
    limit: i32,
    from: Option<DuePage>,
) -> Result<(Vec<String>, Option<DuePage>), TableError> {
    ids_page(table, listing.shard(), span, limit, from).await
}

/// Every store there is a record of, by name; one that was connected a moment ago may be missing.
pub async fn list_stores(table: &Table) -> Result<Vec<StoreId>, TableError> {
    let (mut ids, mut next) = ids_page(table, ALL_STORES.to_owned(), Span::default(), 1000, None).await?;
    while let Some(page) = next {
        let (more, rest) = ids_page(table, ALL_STORES.to_owned(), Span::default(), 1000, Some(page)).await?;
        ids.extend(more);
        next = rest;
    }
    let mut stores: Vec<StoreId> = ids.iter().filter_map(|id| StoreId::parse(id).ok()).collect();
    stores.sort();
    Ok(stores)
}

/// How much of a store's work is parked, and how much is held while it is paused; more than [`COUNTED`] are not counted.
pub async fn count_waiting(table: &Table, store: &StoreId) -> Result<(u64, u64), TableError> {
    let parked = count(table, parked_shard(store.as_str())).await?;
    Ok((parked, count(table, held_shard(store.as_str())).await?))
}

async fn count(table: &Table, shard: String) -> Result<u64, TableError> {
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .index_name("due")
        .key_condition_expression("due_shard = :shard")
        .expression_attribute_values(":shard", AttributeValue::S(shard))
        .select(Select::Count)
        .limit(COUNTED)
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    Ok(u64::try_from(answer.count()).unwrap_or(0))
}
