//! Work that waits for a person: found again, shown, put back on the queue or dropped. The CLI is a client of this.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tajo_platforms::Notice;
use tajo_state::{Parked, Span, Table, TableError, forget_parked, parked_page, read_parked};

use crate::Queue;

/// Pieces of parked work that are read at once.
const PAGE: i32 = 100;

/// Which parked work. Everything that is said must hold; what is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// One of these.
    pub ids: Vec<String>,
    /// Its reason holds this text, whatever the case.
    pub reason: Option<String>,
    /// Of this topic.
    pub topic: Option<String>,
    /// Parked at such a time.
    pub span: Span,
}

impl Selection {
    /// Whether nothing is said: all of it.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is meant.
    pub fn has(&self, parked: &Parked) -> bool {
        let reason = parked.reason.to_lowercase();
        (self.ids.is_empty() || self.ids.contains(&parked.id))
            && self.reason.as_ref().is_none_or(|text| reason.contains(&text.to_lowercase()))
            && self.topic.as_ref().is_none_or(|topic| *topic == parked.topic)
            && self.span.since.is_none_or(|since| since <= parked.at)
            && self.span.until.is_none_or(|until| parked.at <= until)
    }
}

/// A time as a person says it: `24h` (that long before `now`), a day (its beginning, in UTC) or a timestamp.
///
/// # Errors
/// With a sentence, if it is neither.
pub fn point_in_time(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let days = || {
        let days = text.strip_suffix('d')?.parse::<i64>().ok()?;
        now.saturating_sub(SignedDuration::from_hours(days.checked_mul(24)?.abs())).ok()
    };
    let ago = || text.parse::<SignedDuration>().ok().and_then(|ago| now.saturating_sub(ago.abs()).ok());
    let day = || format!("{text}T00:00:00Z").parse().ok();
    let at = text.parse::<Timestamp>().ok().or_else(day).or_else(days).or_else(ago);
    at.ok_or_else(|| format!("`{text}` is no time: write `24h`, `2026-11-20` or `2026-11-20T08:30:00Z`"))
}

/// At most `limit` pieces of a store's parked work that are meant, newest first.
///
/// # Errors
/// If the table cannot be read.
pub async fn select(
    table: &Table,
    store: &str,
    selection: &Selection,
    limit: usize,
) -> Result<Vec<Parked>, TableError> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let (page, rest) = parked_page(table, store, selection.span, PAGE, next).await?;
        found.extend(page.into_iter().filter(|parked| selection.has(parked)));
        next = rest;
        if limit <= found.len() || next.is_none() {
            found.truncate(limit);
            return Ok(found);
        }
    }
}

/// What a parked notice is about, without a person in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// The platform's own name of the shop.
    pub shop: String,
    /// When it happened, where the platform says so.
    pub triggered_at: Option<Timestamp>,
    /// When we heard of it.
    pub received_at: Timestamp,
    /// The version of the platform's API that made the body.
    pub api_version: Option<String>,
    /// The size of the body; absent if it did not fit a message and only its id was kept.
    pub body_bytes: Option<usize>,
}

/// One piece of parked work, to be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Why it stopped.
    #[serde(flatten)]
    pub parked: Parked,
    /// What it is about; absent if it is no notice that this version can read.
    pub notice: Option<About>,
    /// The body, or whatever text there is instead. Personal data: only if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
}

/// One piece of parked work; `None`: there is none of this id. `body`: with the body, which is personal data.
///
/// # Errors
/// If the table cannot be read.
pub async fn show(table: &Table, store: &str, id: &str, body: bool) -> Result<Option<Shown>, TableError> {
    let Some((parked, text)) = read_parked(table, store, id).await? else { return Ok(None) };
    let notice = Notice::from_json(&text).ok();
    let kept = notice.as_ref().and_then(|notice| notice.body().ok());
    let about = notice.map(|notice| About {
        shop: notice.shop,
        triggered_at: notice.triggered_at,
        received_at: notice.received_at,
        api_version: notice.api_version,
        body_bytes: kept.as_ref().map(Vec::len),
    });
    let opened = || {
        let text = kept.map_or(text, |body| String::from_utf8_lossy(&body).into_owned());
        serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text))
    };
    Ok(Some(Shown { parked, notice: about, body: body.then(opened) }))
}

/// What became of one piece of parked work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is on the queue.
    Retried,
    /// It is gone.
    Dropped,
    /// Somebody else was faster: it is not parked any more.
    Gone,
    /// It is no notice that this version can read: it stays.
    Unreadable,
}

/// Why a piece of parked work could not be put back.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum RetryError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Queue(#[from] crate::queue::QueueError),
}

/// Puts one piece of parked work back on the live queue. Safe to repeat, and to die in: the notice is sent first and
/// forgotten then, so a crash in between leaves it in both places. A double is harmless: both are marked as redelivered,
/// and whoever comes second finds the ledger, the versions and the tombstones of the first. If it was parked again before
/// we forget it, the newer one stays.
///
/// # Errors
/// If table or queue cannot be reached: it is still parked.
pub async fn retry(
    table: &Table,
    queue: &Queue,
    parked: &Parked,
    now: Timestamp,
) -> Result<Fate, RetryError> {
    let Some((parked, text)) = read_parked(table, &parked.store, &parked.id).await? else {
        return Ok(Fate::Gone);
    };
    let Ok(notice) = Notice::from_json(&text) else { return Ok(Fate::Unreadable) };
    queue.send(&anew(notice, now), Duration::ZERO).await?;
    forget_parked(table, &parked).await?;
    Ok(Fate::Retried)
}

/// The notice with its counters started again: its tries, and the day for which work is put off before it is parked. When
/// it happened does not change.
fn anew(mut notice: Notice, now: Timestamp) -> Notice {
    notice.triggered_at = Some(notice.time());
    notice.received_at = now;
    notice.attempts = 0;
    notice.redelivered = true;
    notice
}

/// Drops one piece of parked work for good.
///
/// # Errors
/// If the table cannot be reached.
pub async fn discard(table: &Table, parked: &Parked) -> Result<Fate, TableError> {
    Ok(if forget_parked(table, parked).await? { Fate::Dropped } else { Fate::Gone })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_as_an_age_a_day_or_a_timestamp() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        for (text, at) in [
            ("24h", "2026-11-23T12:00:00Z"),
            ("1h 30m", "2026-11-24T10:30:00Z"),
            ("7d", "2026-11-17T12:00:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T08:30:00+01:00", "2026-11-20T07:30:00Z"),
        ] {
            assert_eq!(point_in_time(text, now), Ok(at.parse().unwrap()), "{text}");
        }
        assert!(point_in_time("yesterday", now).unwrap_err().contains("write `24h`"));
    }

    #[test]
    fn what_is_retried_begins_anew_but_happened_when_it_happened() {
        let heard: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let mut notice = Notice::new(tajo_platforms::Platform::Shopify, "", "orders/create", "d-1", heard);
        notice.attempts = 7;
        let again = anew(notice, now);
        assert_eq!((again.attempts, again.redelivered, again.received_at), (0, true, now));
        assert_eq!(again.time(), heard);
    }
}
