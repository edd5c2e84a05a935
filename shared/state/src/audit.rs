//! Who changed what through the management API. Kept 400 days: a year, and the month in which somebody looks back on it.
//!
//! All stores together, one partition per month: changes are few, and what concerns no store belongs to the same list.

use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::error::aws_error;
use crate::item::parse;
use crate::{Attributes, Key, Table, TableError};

/// How long a record is kept, in days.
pub const AUDIT_KEPT_DAYS: i64 = 400;

/// Records asked for in one query.
const CHUNK: i32 = 100;

/// One change, or the attempt at one. No secret and no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When it was asked for.
    pub at: Timestamp,
    /// Tells it from others of the same millisecond.
    pub id: String,
    /// The API key's public half.
    pub key: String,
    /// What the key was called then.
    pub key_name: String,
    /// The operation, as the API's document names it.
    pub operation: String,
    /// The store, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// What was asked for and what came of it, in words.
    pub what: String,
    /// The HTTP status of the answer. `None`: it was begun, and nobody wrote down how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

impl AuditRecord {
    fn key(&self) -> Key {
        Key::audit(&month(self.at), &format!("{:.3}#{}", self.at, self.id))
    }
}

/// Writes a record; one that was written at the beginning is replaced by the one that says how it ended.
pub async fn write_audit(table: &Table, record: &AuditRecord) -> Result<(), TableError> {
    let expires_at = Some(record.at.as_second() + AUDIT_KEPT_DAYS * 24 * 3600);
    table.put_new(&record.key(), record, &Attributes { due: None, expires_at }).await
}

/// Which records are wanted.
pub struct AuditQuery<'a> {
    /// Not before this.
    pub since: Timestamp,
    /// Before the record with this sort key; `None`: the newest.
    pub from: Option<String>,
    /// How many, at most.
    pub limit: usize,
    /// Which.
    pub matches: &'a (dyn Fn(&AuditRecord) -> bool + Sync),
    /// Nothing more is looked for after this: the page is then shorter, or empty, and says where it goes on.
    pub until: Instant,
}

/// Some records, newest first, and where the next page begins, if there may be one.
pub async fn audit_page(
    table: &Table,
    now: Timestamp,
    query: AuditQuery<'_>,
) -> Result<(Vec<AuditRecord>, Option<String>), TableError> {
    let mut found = Vec::new();
    // A record is kept a little longer than it is shown: DynamoDB deletes late.
    let oldest = now.saturating_sub((AUDIT_KEPT_DAYS * 24).hours()).unwrap_or(query.since).max(query.since);
    let mut from = query.from;
    for month in months(oldest, now) {
        // Sort keys begin with the time: a page that begins in an earlier month has nothing here.
        if from.as_ref().is_some_and(|from| from.get(..MONTH).is_some_and(|begin| begin < month.as_str())) {
            continue;
        }
        loop {
            let (records, is_last) = chunk(table, &month, from.as_deref()).await?;
            for (sk, record) in records {
                from = Some(sk);
                if record.at < oldest {
                    return Ok((found, None));
                }
                if (query.matches)(&record) {
                    found.push(record);
                }
                if found.len() == query.limit {
                    return Ok((found, from));
                }
            }
            if is_last {
                break;
            }
            if query.until <= Instant::now() {
                return Ok((found, from));
            }
        }
    }
    Ok((found, None))
}

/// Records of a month before `from`, newest first, and whether they were the last.
async fn chunk(
    table: &Table,
    month: &str,
    from: Option<&str>,
) -> Result<(Vec<(String, AuditRecord)>, bool), TableError> {
    let pk = Key::audit(month, "").pk;
    let answer = table
        .client()
        .query()
        .table_name(table.name())
        .key_condition_expression("pk = :pk AND sk < :from")
        .expression_attribute_values(":pk", AttributeValue::S(pk.clone()))
        // `~` comes after every time.
        .expression_attribute_values(":from", AttributeValue::S(from.unwrap_or("~").to_owned()))
        .scan_index_forward(false)
        .limit(CHUNK)
        .send()
        .await
        .map_err(|error| aws_error("Query", error))?;
    let is_last = answer.last_evaluated_key.is_none();
    let mut records = Vec::new();
    for item in answer.items.unwrap_or_default() {
        let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
        let key = Key { pk: pk.clone(), sk: sk.clone() };
        records.extend(parse(&key, Some(item))?.record.map(|record| (sk, record)));
    }
    Ok((records, is_last))
}

/// Characters of `2026-11`.
const MONTH: usize = 7;

/// `2026-11`, in UTC.
fn month(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}

/// The months of a span, newest first.
fn months(oldest: Timestamp, newest: Timestamp) -> Vec<String> {
    let first = |at: Timestamp| at.to_zoned(TimeZone::UTC).date().first_of_month();
    let mut at: Date = first(newest);
    let mut months = Vec::new();
    while first(oldest) <= at {
        months.push(at.strftime("%Y-%m").to_string());
        let Ok(before) = at.checked_sub(1.month()) else { break };
        at = before;
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_of_four_hundred_days_are_looked_through_newest_first() {
        let months = months("2025-12-31T23:59:59Z".parse().unwrap(), "2026-02-01T00:00:00Z".parse().unwrap());
        assert_eq!(months, ["2026-02", "2026-01", "2025-12"]);
    }
}
