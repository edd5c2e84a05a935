//! Work that waits for a person: the notice itself, why it stopped, and since when. Kept 90 days.
//!
//! SQS can neither list nor fetch by id, so parked work is an item. A notice may be larger than an item
//! (1 MiB against 400 KB): its text is kept in parts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::due::{DuePage, ids_page, oldest_times};
use crate::table::{ALL_PARKED, held_shard, parked_shard};
use crate::{Attributes, Key, Table, TableError};

/// Ninety days.
const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// Bytes of one part: an item holds 400 KB with its names (DynamoDB, "Quotas").
const PART_BYTES: usize = 350_000;

/// One piece of parked work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Its id: of what was signed, so that parking twice is parking once. (Of our own
    /// work, and of what an earlier release parked, it is the delivery's.)
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

/// What is listed: everything of a store, or what was parked in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Not after this.
    pub until: Option<Timestamp>,
}

/// How much is parked in all stores together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many notices, at most [`COUNTED`].
    pub count: usize,
    /// When the oldest of them was parked.
    pub oldest: Option<Timestamp>,
}

/// More parked work than this is not counted: the figure is for an alarm, and each count is paid for.
pub const COUNTED: i32 = 1000;

/// Parks a notice (its text as it stood on the queue): head and parts in one transaction, so that no part is ever
/// without its head. What was parked under the same id before is replaced.
pub async fn park(table: &Table, parked: Parked, notice: &str) -> Result<(), TableError> {
    // The first part stands in the index of all stores: what is counted there needs no list of stores.
    let shards = (parked_shard(&parked.store), Some(ALL_PARKED));
    write(table, parked, notice, shards).await
}

/// Keeps a notice of a paused store, in the shape of parked work. It waits for `resume`, not for somebody to look into it:
/// no list of parked work and no alarm counts it.
pub async fn hold(table: &Table, held: Parked, notice: &str) -> Result<(), TableError> {
    let shards = (held_shard(&held.store), None);
    write(table, held, notice, shards).await
}

async fn write(
    table: &Table,
    mut parked: Parked,
    notice: &str,
    (shard, counted): (String, Option<&str>),
) -> Result<(), TableError> {
    let expires_at = Some(parked.at.as_second() + KEPT_SECONDS);
    let at = parked.at.as_millisecond();
    let parts = split(notice);
    parked.parts = parts.len();
    let due = Some((shard, at));
    let head = table.put_in_transaction(
        &Key::parked(&parked.store, &parked.id),
        &parked,
        &Attributes { due, expires_at },
    )?;
    let mut writes = vec![head];
    for (index, part) in parts.iter().enumerate() {
        let key = Key::parked_part(&parked.store, &parked.id, index);
        let due = counted.filter(|_| index == 0).map(|shard| (shard.to_owned(), at));
        writes.push(table.put_in_transaction(&key, part, &Attributes { due, expires_at })?);
    }
    // Nothing in it has a condition, so all of it is written.
    table.transact(writes).await.map(|_| ())
}

/// At most `limit` pieces of a store's parked work, newest first.
pub async fn list_parked(table: &Table, store: &str, limit: i32) -> Result<Vec<Parked>, TableError> {
    Ok(parked_page(table, store, Span::default(), limit, None).await?.0)
}

/// At most `limit` pieces of a store's parked work of a span of time, newest first, and where the next page begins, if
/// there is one.
pub async fn parked_page(
    table: &Table,
    store: &str,
    span: Span,
    limit: i32,
    from: Option<DuePage>,
) -> Result<(Vec<Parked>, Option<DuePage>), TableError> {
    let (ids, next) = ids_page(table, parked_shard(store), span, limit, from).await?;
    let mut found = Vec::new();
    for id in ids {
        found.extend(table.get::<Parked>(&Key::parked(store, &id)).await?.record);
    }
    Ok((found, next))
}

/// At most `limit` notices that are held for a paused store, newest first, and where the next page begins.
pub async fn held_page(
    table: &Table,
    store: &str,
    limit: i32,
    from: Option<DuePage>,
) -> Result<(Vec<Parked>, Option<DuePage>), TableError> {
    let (ids, next) = ids_page(table, held_shard(store), Span::default(), limit, from).await?;
    let mut found = Vec::new();
    for id in ids {
        found.extend(table.get_newest::<Parked>(&Key::parked(store, &id)).await?.record);
    }
    Ok((found, next))
}

/// How much is parked, and since when. One query of the index, as it was a moment ago.
pub async fn backlog(table: &Table) -> Result<Backlog, TableError> {
    let times = oldest_times(table, ALL_PARKED, COUNTED).await?;
    Ok(Backlog { count: times.len(), oldest: times.first().copied() })
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

/// Drops one piece of parked work as it was read, head and parts in one transaction. False: it is not there any more,
/// or was parked again since (then that newer one stays).
pub async fn forget_parked(table: &Table, parked: &Parked) -> Result<bool, TableError> {
    let as_read = serde_dynamo::to_attribute_value(parked.at).ok();
    let head = Key::parked(&parked.store, &parked.id);
    let mut writes = vec![table.delete_in_transaction(&head, as_read)?];
    for part in 0..parked.parts {
        let key = Key::parked_part(&parked.store, &parked.id, part);
        writes.push(table.delete_in_transaction(&key, None)?);
    }
    table.transact(writes).await
}

/// Cuts a text into pieces that fit an item. There is always one, if an empty one.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() || parts.is_empty() {
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
