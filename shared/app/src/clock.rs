//! The clock is passed in: tests move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The system's time, plus an offset that only tests set; or a time that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
    /// The played time; [`NOT_PLAYED`]: the system's counts.
    played_ms: Arc<AtomicI64>,
}

const NOT_PLAYED: i64 = i64::MIN;

impl Default for Clock {
    fn default() -> Self {
        Self { offset_ms: Arc::default(), played_ms: Arc::new(AtomicI64::new(NOT_PLAYED)) }
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

    /// Waits. On a played clock nobody waits: the time comes at once.
    pub async fn sleep_until(&self, time: Timestamp) {
        if self.played_ms.load(Ordering::Relaxed) != NOT_PLAYED {
            self.played_ms.fetch_max(time.as_millisecond(), Ordering::Relaxed);
        } else if let Ok(wait) = std::time::Duration::try_from(time.duration_since(self.now())) {
            tokio::time::sleep(wait).await;
        }
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
