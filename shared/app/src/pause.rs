//! A store that a person paused: its notices are held, and go on when it is resumed. Opt-outs wait for nobody.
//!
//! Nothing can be held and forgotten: whoever holds a notice looks afterwards whether the store was resumed meanwhile, and
//! then asks for another look at what is held. Why it is so: `docs/decisions/0026-management-api.md`.

use std::time::Duration;

use jiff::Timestamp;
use tajo_domain::{Change, Changes, StoreId};
use tajo_platforms::notice::INTERNAL_TOPICS;
use tajo_platforms::shopify::Topic;
use tajo_platforms::{Notice, Platform, TopicKind};
use tajo_state::{Attributes, Key, Parked, StoreRecord, StoreStatus, Table, TableError, held_page, hold};

use crate::queue::QueueError;
use crate::stop::Stop;
use crate::sync::outcome::Record;
use crate::worker::{Step, Worker};
use crate::{Env, Queue, contact, parked};

/// Why a notice is held.
pub(crate) const REASON: &str = "the store is paused";

/// Held notices that are looked at together.
const PAGE: i32 = 50;

/// Whether a notice waits while its store is paused: what a platform tells, but not what the law asks, nor the end of the
/// app. Our own notices are about the connector itself, and about carts that nobody is reminded of.
pub(crate) fn waits(notice: &Notice) -> bool {
    !notice.topic.starts_with(INTERNAL_TOPICS)
        && notice.platform.topic_kind(&notice.topic) != TopicKind::MustKeep
}

/// Whether it may tell of somebody who opted out.
pub(crate) fn may_opt_out(notice: &Notice) -> bool {
    match notice.platform {
        Platform::Shopify => matches!(
            Topic::parse(&notice.topic),
            Topic::EmailConsent | Topic::SmsConsent | Topic::WhatsappConsent
        ),
    }
}

/// What people said about being written to counts at once. All of the notice is heard again when the store is resumed:
/// versions keep the second time from mattering.
pub(crate) async fn hear_consents(worker: &Worker<'_>, changes: &Changes) -> Result<(), Stop> {
    for change in &changes.changes {
        if let Change::Person { update, .. } = change
            && update.has_consent()
        {
            contact::consents(worker, update).await?;
        }
    }
    Ok(())
}

/// Holds a notice.
pub(crate) async fn keep(
    env: &Env,
    store: &StoreId,
    notice: &Notice,
    record: &Record,
    id: String,
) -> Result<(), String> {
    let held = Parked {
        id,
        store: store.as_str().to_owned(),
        topic: notice.topic.clone(),
        reason: REASON.to_owned(),
        hint: Some("resume the store: all of it goes on then".to_owned()),
        attempts: notice.attempts,
        at: env.clock.now(),
        parts: 0,
    };
    hold(&env.table, held, &record.body).await.map_err(|error| error.to_string())?;
    // Resumed between our look and our writing: whoever emptied the store may have looked before.
    let newest =
        env.table.get_newest::<StoreRecord>(&Key::store(store)).await.map_err(|error| error.to_string())?;
    if let Some(store_record) = newest.record.filter(|record| record.status != StoreStatus::Paused) {
        let again = release_notice(store, notice.platform, &store_record.shop, env.clock.now());
        env.queue.send(&again, Duration::from_secs(1)).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Puts everything that is held back on the queue. Safe to repeat, and to die in.
pub(crate) async fn release(worker: &Worker<'_>) -> Result<Step, Stop> {
    let Worker { env, store, .. } = worker;
    let id = &store.facts.store;
    let newest = env.table.get_newest::<StoreRecord>(&Key::store(id)).await?.record;
    if newest.is_none_or(|record| record.status == StoreStatus::Paused) {
        return Ok(Step::skip("held notices", "the store was paused again"));
    }
    let (mut released, mut next) = (0, None);
    loop {
        if !worker.has_time_for_more() {
            let reason = format!("{released} held notices are on the queue again, and there are more");
            return Err(Stop::Continue { resume: String::new(), reason });
        }
        let (held, rest) = held_page(&env.table, id.as_str(), PAGE, next).await?;
        for one in &held {
            parked::retry(&env.table, &env.queue, one, env.clock.now())
                .await
                .map_err(|error| Stop::Retry { reason: error.to_string() })?;
            released += 1;
        }
        next = rest;
        if next.is_none() {
            return Ok(Step { applied: released > 0, ..Step::default() });
        }
    }
}

fn release_notice(store: &StoreId, platform: Platform, shop: &str, now: Timestamp) -> Notice {
    Notice::resume(store, platform, shop, now)
}

/// Why a store could not be paused or resumed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum PauseError {
    #[error("the app was removed from the shop: there is nothing to pause or resume")]
    HasLeft,
    #[error("the store is not connected yet: there is nothing to pause or resume")]
    NotYet,
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Pauses a store. Workers that know it hear of it within three minutes.
///
/// # Errors
/// If there is nothing to pause, or the table does not answer.
pub async fn pause(table: &Table, store: &StoreId) -> Result<StoreRecord, PauseError> {
    set(table, store, StoreStatus::Paused).await
}

/// Resumes a store: what it held goes on through the queue. Safe to repeat.
///
/// # Errors
/// If there is nothing to resume, or table or queue do not answer.
pub async fn resume(
    table: &Table,
    queue: &Queue,
    store: &StoreId,
    now: Timestamp,
) -> Result<StoreRecord, PauseError> {
    let record = set(table, store, StoreStatus::Active).await?;
    if let Some(platform) = Platform::parse(&record.platform) {
        queue.send(&release_notice(store, platform, &record.shop, now), Duration::ZERO).await?;
    }
    Ok(record)
}

async fn set(table: &Table, store: &StoreId, status: StoreStatus) -> Result<StoreRecord, PauseError> {
    let decide = |stored: Option<&StoreRecord>| match stored {
        None => (None, Err(PauseError::NotYet)),
        Some(record) if record.status.has_left() => (None, Err(PauseError::HasLeft)),
        Some(record) if record.status == StoreStatus::Connecting => (None, Err(PauseError::NotYet)),
        // Only what is paused is resumed: a store that needs attention still does.
        Some(record) if status == StoreStatus::Active && record.status != StoreStatus::Paused => {
            (None, Ok(record.clone()))
        }
        Some(record) => {
            let changed = StoreRecord { status, ..record.clone() };
            ((changed != *record).then(|| changed.clone()), Ok(changed))
        }
    };
    table.change(&Key::store(store), Attributes::none, decide).await?.1
}
