//! Demands about people's data: what was asked, what was done, and the proof of it. No personal data here: people are
//! hashes. What a data request collected is kept beside it, in parts, for sixty days.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tajo_domain::Demand;

use crate::due::newest_ids;
use crate::parked::split;
use crate::table::privacy_shard;
use crate::{Attributes, Key, Table, TableError};

/// Sixty days: twice what the law gives for an answer.
pub const EXPORT_KEPT_SECONDS: i64 = 60 * 24 * 3600;

/// One demand and what came of it. Proofs do not expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyRecord {
    /// Names what was signed, so that a repeated demand is the same demand; of earlier releases the delivery's id.
    pub id: String,
    /// The store.
    pub store: String,
    /// The delivery that brought it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// What was asked.
    pub demand: Demand,
    /// The platform's id of the request, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Stands for the person ([`Table::pseudonym`] of the address, else of the platform's customer id); absent for a whole shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// How many of what were erased, or collected. At least: a crash between a deed and its count loses the count.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
    /// What could not be done, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How many parts hold what was collected.
    #[serde(default)]
    pub parts: usize,
    /// When the store owner last fetched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<Timestamp>,
}

/// Where a demand stands in the due index: `list_demands` reads it there.
pub fn demand_attributes(record: &PrivacyRecord) -> Attributes {
    let due = Some((privacy_shard(&record.store), record.asked_at.as_millisecond()));
    Attributes { due, expires_at: None }
}

/// At most `limit` demands about a store, newest first.
pub async fn list_demands(table: &Table, store: &str, limit: i32) -> Result<Vec<PrivacyRecord>, TableError> {
    let mut found = Vec::new();
    for id in newest_ids(table, privacy_shard(store), limit).await? {
        found.extend(table.get::<PrivacyRecord>(&Key::privacy(store, &id)).await?.record);
    }
    Ok(found)
}

/// Writes one piece of what was collected, at `part` and after it. Answers the next free part.
pub async fn write_export(
    table: &Table,
    record: &PrivacyRecord,
    part: usize,
    entries: &[Value],
) -> Result<usize, TableError> {
    let mut part = part;
    let expires_at = Some(record.asked_at.as_second() + EXPORT_KEPT_SECONDS);
    for entry in entries {
        for piece in split(&format!("{entry}\n")) {
            let key = Key::privacy_part(&record.store, &record.id, part);
            table.put_new(&key, &piece, &Attributes { due: None, expires_at }).await?;
            part += 1;
        }
    }
    Ok(part)
}

/// Everything a data request collected. A part that has expired is left out.
pub async fn read_export(table: &Table, record: &PrivacyRecord) -> Result<Vec<Value>, TableError> {
    let mut text = String::new();
    for part in 0..record.parts {
        let key = Key::privacy_part(&record.store, &record.id, part);
        text.push_str(&table.get_newest::<String>(&key).await?.record.unwrap_or_default());
    }
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}
