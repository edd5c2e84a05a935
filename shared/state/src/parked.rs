//! Work that waits for a person: the notice itself, why it stopped, and since when. Kept 90 days.
//!
//! SQS can neither list nor fetch by id, so parked work is an item. A notice may be larger than an item
//! (1 MiB against 400 KB): its text is kept in parts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::due::newest_ids;
use crate::table::parked_shard;
use crate::{Attributes, Key, Table, TableError};

/// Ninety days.
const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// Bytes of one part: an item holds 400 KB with its names (DynamoDB, "Quotas").
const PART_BYTES: usize = 350_000;

/// One piece of parked work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Its id: the delivery's, so that parking twice is parking once.
    pub id: String,
    /// The store, or the shop's address where no store is known.
    pub store: String,
    /// The platform's topic.
    pub topic: String,
    /// Why, as a sentence.
    pub reason: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was parked.
    pub at: Timestamp,
    /// How many parts hold the notice.
    pub parts: usize,
}

/// Parks a notice (its text as it stood on the queue). The head is written last: a crash in between leaves
/// the message on the queue and parts that are written again.
pub async fn park(table: &Table, mut parked: Parked, notice: &str) -> Result<(), TableError> {
    let expires_at = Some(parked.at.as_second() + KEPT_SECONDS);
    let parts = split(notice);
    for (index, part) in parts.iter().enumerate() {
        let key = Key::parked_part(&parked.store, &parked.id, index);
        table.put_new(&key, part, &Attributes { due: None, expires_at }).await?;
    }
    parked.parts = parts.len();
    let due = Some((parked_shard(&parked.store), parked.at.as_millisecond()));
    let key = Key::parked(&parked.store, &parked.id);
    table.put_new(&key, &parked, &Attributes { due, expires_at }).await
}

/// At most `limit` pieces of a store's parked work, newest first.
pub async fn list_parked(table: &Table, store: &str, limit: i32) -> Result<Vec<Parked>, TableError> {
    let mut found = Vec::new();
    for id in newest_ids(table, parked_shard(store), limit).await? {
        found.extend(table.get::<Parked>(&Key::parked(store, &id)).await?.record);
    }
    Ok(found)
}

/// One piece of parked work and its notice.
pub async fn read_parked(
    table: &Table,
    store: &str,
    id: &str,
) -> Result<Option<(Parked, String)>, TableError> {
    let Some(parked) = table.get_newest::<Parked>(&Key::parked(store, id)).await?.record else {
        return Ok(None);
    };
    let mut notice = String::new();
    for part in 0..parked.parts {
        let key = Key::parked_part(store, id, part);
        notice.push_str(&table.get_newest::<String>(&key).await?.record.unwrap_or_default());
    }
    Ok(Some((parked, notice)))
}

/// Drops one piece of parked work: the parts first, so that nothing of it is left behind a head that is gone.
pub async fn forget_parked(table: &Table, store: &str, id: &str) -> Result<(), TableError> {
    let head = Key::parked(store, id);
    let parked = table.get_newest::<Parked>(&head).await?.record;
    for part in 0..parked.map_or(0, |parked| parked.parts) {
        table.delete(&Key::parked_part(store, id, part)).await?;
    }
    table.delete(&head).await
}

/// Cuts a text into pieces that fit an item.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(PART_BYTES);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (part, tail) = rest.split_at(end);
        parts.push(part.to_owned());
        rest = tail;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_notice_is_split_between_characters_and_nothing_is_lost() {
        // One byte, then pairs: a part must not end in the middle of a pair.
        let text = format!("a{}", "é".repeat(PART_BYTES));
        let parts = split(&text);
        assert_eq!(parts.len(), 3);
        assert!(parts.iter().all(|part| part.len() <= PART_BYTES));
        assert_eq!(parts.concat(), text);
    }
}
