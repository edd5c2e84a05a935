//! What became of every notice: one packed item per invocation and store, kept two weeks.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, ToSpan, Unit, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::error::aws_error;
use crate::item::parse;
use crate::table::LOG_SHARDS;
use crate::{Attributes, Key, Table, TableError};

/// Characters of `2026-11-21`.
pub(crate) const DAY: usize = 10;

/// Two weeks.
const KEPT_SECONDS: i64 = 14 * 24 * 3600;

/// What became of one notice. No personal data: people are hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// The platform's delivery id.
    pub delivery: String,
    /// The platform's topic.
    pub topic: String,
    /// `applied`, `unchanged`, `skipped`, `deferred` or `parked`.
    pub outcome: String,
    /// Why, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Calls made to Brevo.
    pub calls: u32,
    /// Stands for the person ([`Table::pseudonym`]); in lines of earlier versions the plain hash of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The platform's order id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// What the buyer sees of the order, such as `#1001`: how it is found by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_name: Option<String>,
}

/// Writes the lines of one store and one invocation. `request` names the invocation: a retried write lands on
/// the same item.
pub async fn write_log(
    table: &Table,
    store: &str,
    request: &str,
    now: Timestamp,
    lines: &[LogLine],
) -> Result<(), TableError> {
    let hour = hour(now);
    // First, so that no line is ever on a day that nobody looks into.
    note_day(table, store, &hour[..DAY], now).await?;
    let shard = request.bytes().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(byte))) % LOG_SHARDS;
    // Milliseconds always: the order of the keys is the order of time.
    let key = Key::log(store, &hour, shard, format!("{now:.3}#{request}"));
    let attributes = Attributes { due: None, expires_at: Some(now.as_second() + KEPT_SECONDS) };
    table.put_new(&key, &lines.to_vec(), &attributes).await
}

/// Notes that a day has lines: whoever looks for them skips the others. Once a day and process: a note for each hour would
/// cost a fifth of a write unit per webhook.
async fn note_day(table: &Table, store: &str, day: &str, now: Timestamp) -> Result<(), TableError> {
    if table.noted_days().get(store).is_some_and(|noted| noted == day) {
        return Ok(());
    }
    // A day more than the lines.
    let expires_at = Some(now.as_second() + KEPT_SECONDS + 24 * 3600);
    table.put_new(&Key::log_day(store, day), &true, &Attributes { due: None, expires_at }).await?;
    table.noted_days().insert(store.to_owned(), day.to_owned());
    Ok(())
}

/// The lines of a store since `since`, oldest first.
pub async fn read_log(
    table: &Table,
    store: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<LogLine>, TableError> {
    let mut lines = Vec::new();
    let mut at = since;
    loop {
        for shard in 0..LOG_SHARDS {
            lines.extend(read_hour(table, &Key::log_pk(store, &hour(at), shard)).await?);
        }
        if hour(at) >= hour(now) {
            break;
        }
        at = at.saturating_add(1.hour()).unwrap_or(Timestamp::MAX);
    }
    lines.retain(|line| line.at >= since);
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

async fn read_hour(table: &Table, pk: &str) -> Result<Vec<LogLine>, TableError> {
    let mut pages = table
        .client()
        .query()
        .table_name(table.name())
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
        .into_paginator()
        .send();
    let mut lines = Vec::new();
    while let Some(page) = pages.next().await {
        for item in page.map_err(|error| aws_error("Query", error))?.items.unwrap_or_default() {
            let key = Key { pk: pk.to_owned(), sk: String::new() };
            lines.extend(parse::<Vec<LogLine>>(&key, Some(item))?.record.unwrap_or_default());
        }
    }
    Ok(lines)
}

/// `2026-11-21T22`, in UTC.
pub(crate) fn hour(at: Timestamp) -> String {
    let rounded = at.to_zoned(TimeZone::UTC);
    let rounded = rounded.round(jiff::ZonedRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc));
    rounded.map_or_else(|_| at.to_string(), |hour| hour.strftime("%Y-%m-%dT%H").to_string())
}
