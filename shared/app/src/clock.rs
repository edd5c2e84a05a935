//! The clock is passed in: tests move it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The system's time, plus an offset that only tests set; or a time that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
    /// The played time; [`NOT_PLAYED`]: the system's counts.
    played_ms: Arc<AtomicI64>,
    /// Who waits on a played clock, by time.
    waiting: Arc<Mutex<BTreeSet<(i64, u64)>>>,
    waited: Arc<AtomicU64>,
}

const NOT_PLAYED: i64 = i64::MIN;

impl Default for Clock {
    fn default() -> Self {
        Self {
            offset_ms: Arc::default(),
            played_ms: Arc::new(AtomicI64::new(NOT_PLAYED)),
            waiting: Arc::default(),
            waited: Arc::default(),
        }
    }
}

impl Clock {
    /// Now, in whole milliseconds: what is stored reads back as it was.
    pub fn now(&self) -> Timestamp {
        let now = match self.played_ms.load(Ordering::Relaxed) {
            NOT_PLAYED => Timestamp::now().as_millisecond() + self.offset_ms.load(Ordering::Relaxed),
            played => played,
        };
        Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX)
    }

    /// Waits. On a played clock the next time comes at once, one waiter after another: what each does then, it does at its
    /// own time.
    pub async fn sleep_until(&self, time: Timestamp) {
        if self.played_ms.load(Ordering::Relaxed) != NOT_PLAYED {
            self.play_until(time.as_millisecond()).await;
        } else if let Ok(wait) = Duration::try_from(time.duration_since(self.now())) {
            tokio::time::sleep(wait).await;
        }
    }

    async fn play_until(&self, time_ms: i64) {
        let me = (time_ms, self.waited.fetch_add(1, Ordering::Relaxed));
        let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting().insert(me);
        loop {
            // Long enough for a call on this machine to arrive.
            tokio::time::sleep(Duration::from_millis(2)).await;
            if waiting().first() == Some(&me) {
                break;
            }
        }
        self.played_ms.fetch_max(time_ms, Ordering::Relaxed);
        waiting().remove(&me);
    }

    /// From now on it is this time until somebody waits or moves the clock: for tests that play days.
    pub fn play(&self, now: Timestamp) {
        self.played_ms.store(now.as_millisecond(), Ordering::Relaxed);
    }

    /// Moves this clock, and every clone of it.
    pub fn advance(&self, by: SignedDuration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        match self.played_ms.load(Ordering::Relaxed) {
            NOT_PLAYED => self.offset_ms.fetch_add(ms, Ordering::Relaxed),
            _ => self.played_ms.fetch_add(ms, Ordering::Relaxed),
        };
    }
}
