//! The sparse index: carts that somebody must look at, and work that is listed newest first.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use tajo_domain::StoreId;

use crate::error::aws_error;
use crate::parked::Span;
use crate::table::{WEBHOOK_CHECKS, cart_shard};
use crate::{DUE_SHARDS, Table, TableError};

/// A cart the index says is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueCart {
    /// Its store.
    pub store: StoreId,
    /// Its token.
    pub token: String,
    /// Since when, as the index says.
    pub due_at: Timestamp,
}

/// The partition of the due index for a cart.
pub fn due_shard(token: &str) -> String {
    let sum: u32 = token.bytes().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    cart_shard(sum % DUE_SHARDS)
}

/// Where the next page begins.
#[derive(Clone, Debug)]
pub struct DuePage(HashMap<String, AttributeValue>);

impl DuePage {
    pub(crate) fn new(after: HashMap<String, AttributeValue>) -> Self {
        Self(after)
    }
}

/// At most `limit` carts of one partition that are due, longest first, and where the next page begins, if there is
/// one.
pub async fn due_carts(
    table: &Table,
    shard: u32,
    now: Timestamp,
    limit: i32,
    from: Option<DuePage>,
) -> Result<(Vec<DueCart>, Option<DuePage>), TableError> {
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .index_name("due")
        .key_condition_expression("due_shard = :shard AND due_at <= :now")
        .expression_attribute_values(":shard", AttributeValue::S(cart_shard(shard)))
        .expression_attribute_values(":now", AttributeValue::N(now.as_millisecond().to_string()))
        .limit(limit)
        .set_exclusive_start_key(from.map(|page| page.0))
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    let keys = answer.items.unwrap_or_default();
    Ok((keys.iter().filter_map(parse_cart).collect(), answer.last_evaluated_key.map(DuePage)))
}

fn parse_cart(item: &HashMap<String, AttributeValue>) -> Option<DueCart> {
    let (store, token) = item.get("pk")?.as_s().ok()?.strip_prefix("cart#")?.split_once('#')?;
    let due_at = item.get("due_at")?.as_n().ok()?.parse().ok()?;
    Some(DueCart {
        store: StoreId::parse(store).ok()?,
        token: token.to_owned(),
        due_at: Timestamp::from_millisecond(due_at).ok()?,
    })
}

/// At most `limit` stores whose webhooks are to be looked through by now, longest due first.
pub async fn due_webhook_checks(
    table: &Table,
    now: Timestamp,
    limit: i32,
) -> Result<Vec<StoreId>, TableError> {
    let names = due_names(table, WEBHOOK_CHECKS, "webhooks#", now, limit).await?;
    Ok(names.iter().filter_map(|name| StoreId::parse(name).ok()).collect())
}

/// What comes after `prefix` in the keys of at most `limit` items of this partition that are due by now, longest first.
pub(crate) async fn due_names(
    table: &Table,
    shard: &str,
    prefix: &str,
    now: Timestamp,
    limit: i32,
) -> Result<Vec<String>, TableError> {
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .index_name("due")
        .key_condition_expression("due_shard = :shard AND due_at <= :now")
        .expression_attribute_values(":shard", AttributeValue::S(shard.to_owned()))
        .expression_attribute_values(":now", AttributeValue::N(now.as_millisecond().to_string()))
        .limit(limit)
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    let name = |item: &HashMap<String, AttributeValue>| {
        Some(item.get("pk")?.as_s().ok()?.strip_prefix(prefix)?.to_owned())
    };
    Ok(answer.items.unwrap_or_default().iter().filter_map(name).collect())
}

/// The ids of at most `limit` items that stand in this partition of the index, newest first: the last part of their keys.
pub(crate) async fn newest_ids(table: &Table, shard: String, limit: i32) -> Result<Vec<String>, TableError> {
    Ok(ids_page(table, shard, Span::default(), limit, None).await?.0)
}

/// The same for a span of time, and where the next page begins, if there is one.
pub(crate) async fn ids_page(
    table: &Table,
    shard: String,
    span: Span,
    limit: i32,
    from: Option<DuePage>,
) -> Result<(Vec<String>, Option<DuePage>), TableError> {
    let since = span.since.map_or(0, Timestamp::as_millisecond);
    let until = span.until.unwrap_or(Timestamp::MAX).as_millisecond();
    if until < since {
        return Ok((Vec::new(), None));
    }
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .index_name("due")
        .key_condition_expression("due_shard = :shard AND due_at BETWEEN :since AND :until")
        .expression_attribute_values(":shard", AttributeValue::S(shard))
        .expression_attribute_values(":since", AttributeValue::N(since.to_string()))
        .expression_attribute_values(":until", AttributeValue::N(until.to_string()))
        .scan_index_forward(false)
        .limit(limit)
        .set_exclusive_start_key(from.map(|page| page.0))
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    let keys = answer.items.unwrap_or_default();
    let ids =
        keys.iter().filter_map(|item| Some(item.get("pk")?.as_s().ok()?.rsplit_once('#')?.1.to_owned()));
    Ok((ids.collect(), answer.last_evaluated_key.map(DuePage)))
}

/// The times of at most `limit` items of this partition of the index, oldest first.
pub(crate) async fn oldest_times(
    table: &Table,
    shard: &str,
    limit: i32,
) -> Result<Vec<Timestamp>, TableError> {
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .index_name("due")
        .key_condition_expression("due_shard = :shard")
        .expression_attribute_values(":shard", AttributeValue::S(shard.to_owned()))
        .limit(limit)
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    let at = |item: &HashMap<String, AttributeValue>| {
        Timestamp::from_millisecond(item.get("due_at")?.as_n().ok()?.parse().ok()?).ok()
    };
    Ok(answer.items.unwrap_or_default().iter().filter_map(at).collect())
}
