//! The log, newest first, in pages that neither skip nor repeat a line.
//!
//! Lines are ordered by when they were written down: by the key of their item, then by their place in it. A page ends at a
//! line, and the next one begins right before it, whatever was written meanwhile.

use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use jiff::Timestamp;

use crate::error::aws_error;
use crate::item::parse;
use crate::log::{DAY, hour};
use crate::table::LOG_SHARDS;
use crate::{Key, LogLine, Table, TableError};

/// Items asked for in one query of one partition.
const CHUNK: i32 = 100;

/// Characters of `2026-11-21T22`.
const HOUR: usize = 13;

/// A place in the log: everything before it comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The key of an item, or the beginning of one.
    pub key: String,
    /// A line of it.
    pub line: usize,
}

/// Which lines are wanted.
pub struct LogQuery<'a> {
    /// Not before this.
    pub since: Timestamp,
    /// Before this; `None`: the newest.
    pub from: Option<LogPlace>,
    /// How many, at most.
    pub limit: usize,
    /// Which.
    pub matches: &'a (dyn Fn(&LogLine) -> bool + Sync),
    /// Nothing more is looked for after this: the page is then shorter, or empty, and says where it goes on.
    pub until: Instant,
}

/// Some lines of a store, newest first, and where the next page begins, if there may be one.
pub async fn log_page(
    table: &Table,
    store: &str,
    now: Timestamp,
    query: LogQuery<'_>,
) -> Result<(Vec<LogLine>, Option<LogPlace>), TableError> {
    let LogQuery { since, mut from, limit, matches, until } = query;
    let mut found = Vec::new();
    let newest = from.as_ref().map_or_else(|| hour(now), |place| place.key.chars().take(HOUR).collect());
    for hour in hours(table, store, &hour(since), &newest).await? {
        loop {
            let (items, horizon) = chunk(table, store, &hour, from.as_ref()).await?;
            for (key, lines) in items {
                for (line, entry) in lines.into_iter().enumerate().rev() {
                    let is_after = from.as_ref().is_none_or(|place| (&key, line) < (&place.key, place.line));
                    if !is_after || entry.at < since || !matches(&entry) {
                        continue;
                    }
                    if found.len() == limit {
                        // There is one more: the next page begins before the last that was given out.
                        let last = found.pop();
                        let next = last.as_ref().map(|(_, place): &(LogLine, LogPlace)| place.clone());
                        found.extend(last);
                        return Ok((found.into_iter().map(|(line, _)| line).collect(), next));
                    }
                    found.push((entry, LogPlace { key: key.clone(), line }));
                }
            }
            let is_done = horizon.is_none();
            from = Some(LogPlace { key: horizon.unwrap_or_else(|| hour.clone()), line: 0 });
            if until <= Instant::now() {
                return Ok((found.into_iter().map(|(line, _)| line).collect(), from));
            }
            if is_done {
                break;
            }
        }
    }
    Ok((found.into_iter().map(|(line, _)| line).collect(), None))
}

/// The newest items of an hour before `from`, all partitions together. The second: what comes before this key was not looked
/// at; `None`: that was all of the hour.
async fn chunk(
    table: &Table,
    store: &str,
    hour: &str,
    from: Option<&LogPlace>,
) -> Result<(Vec<(String, Vec<LogLine>)>, Option<String>), TableError> {
    // Keys of an hour begin with it, and `~` comes after whatever follows.
    let upto = from
        .filter(|place| place.key.starts_with(hour))
        .map_or(format!("{hour}~"), |place| place.key.clone());
    let shards = (0..LOG_SHARDS).map(|shard| newest(table, Key::log_pk(store, hour, shard), &upto));
    let shards = try_join_all(shards).await?;
    // Where a partition was cut off, the others are trusted only as far as it was read.
    let cut = shards.iter().filter(|(_, is_cut)| *is_cut).filter_map(|(items, _)| items.last());
    let horizon = cut.map(|(key, _)| key.clone()).max();
    let mut items: Vec<_> = shards.into_iter().flat_map(|(items, _)| items).collect();
    items.retain(|(key, _)| horizon.as_ref().is_none_or(|horizon| horizon <= key));
    items.sort_by(|one, two| two.0.cmp(&one.0));
    Ok((items, horizon))
}

/// The newest items of one partition up to a key, and whether there are more.
async fn newest(
    table: &Table,
    pk: String,
    upto: &str,
) -> Result<(Vec<(String, Vec<LogLine>)>, bool), TableError> {
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .key_condition_expression("pk = :pk AND sk <= :upto")
        .expression_attribute_values(":pk", AttributeValue::S(pk.clone()))
        .expression_attribute_values(":upto", AttributeValue::S(upto.to_owned()))
        .scan_index_forward(false)
        .limit(CHUNK)
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    let is_cut = answer.last_evaluated_key.is_some();
    let mut items = Vec::new();
    for item in answer.items.unwrap_or_default() {
        let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
        let key = Key { pk: pk.clone(), sk: sk.clone() };
        items.push((sk, parse::<Vec<LogLine>>(&key, Some(item))?.record.unwrap_or_default()));
    }
    let is_cut = is_cut && !items.is_empty();
    Ok((items, is_cut))
}

/// The hours of the days that have lines, newest first.
async fn hours(table: &Table, store: &str, oldest: &str, newest: &str) -> Result<Vec<String>, TableError> {
    if newest < oldest {
        return Ok(Vec::new());
    }
    // The place that somebody asks to go on from may be a part of a key.
    let day = |hour: &str| hour.get(..DAY).unwrap_or(hour).to_owned();
    let mut pages = table
        .client()
        .query()
        .table_name(table.name())
        .key_condition_expression("pk = :pk AND sk BETWEEN :oldest AND :newest")
        .expression_attribute_values(":pk", AttributeValue::S(Key::log_day(store, "").pk))
        .expression_attribute_values(":oldest", AttributeValue::S(day(oldest)))
        .expression_attribute_values(":newest", AttributeValue::S(day(newest)))
        .projection_expression("sk")
        .scan_index_forward(false)
        .into_paginator()
        .send();
    let mut days = Vec::new();
    while let Some(page) = pages.next().await {
        let items = page.map_err(|error| aws_error("Query", error))?.items.unwrap_or_default();
        days.extend(items.iter().filter_map(|item| item.get("sk")?.as_s().ok().cloned()));
    }
    let hours = days.iter().flat_map(|day| (0..24).rev().map(move |hour| format!("{day}T{hour:02}")));
    Ok(hours.filter(|hour| oldest <= hour.as_str() && hour.as_str() <= newest).collect())
}
