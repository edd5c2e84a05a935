//! The clock is passed in: tests move it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

/// The system's time, plus an offset that only tests set; or a time that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
    /// The played time; [`NOT_PLAYED`]: the system's counts.
    played_ms: Arc<AtomicI64>,
    /// Who waits on a played clock, by time.
    waiting: Arc<Mutex<BTreeSet<(i64, u64)>>>,
    waited: Arc<AtomicU64>,
    /// Tells those who wait that the first of them is through.
    moved: Arc<Notify>,
    /// Calls that are on their way at the played time, and how many have been.
    calls: Arc<AtomicI64>,
    called: Arc<AtomicU64>,
}

/// A call on its way: the played time stands still for it.
#[derive(Debug)]
pub struct OnItsWay(Clock);

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
        self.0.called.fetch_add(1, Ordering::Relaxed);
    }
}

const NOT_PLAYED: i64 = i64::MIN;

impl Default for Clock {
    fn default() -> Self {
        Self {
            offset_ms: Arc::default(),
            played_ms: Arc::new(AtomicI64::new(NOT_PLAYED)),
            waiting: Arc::default(),
            waited: Arc::default(),
            moved: Arc::default(),
            calls: Arc::default(),
            called: Arc::default(),
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
            let moved = self.moved.notified();
            if waiting().first() != Some(&me) {
                moved.await;
            } else if self.is_quiet().await && waiting().first() == Some(&me) {
                break;
            }
        }
        self.played_ms.fetch_max(time_ms, Ordering::Relaxed);
        waiting().remove(&me);
        self.moved.notify_waiters();
    }

    /// Whether nobody has called or been answered for a moment: whoever could go on at the played time has done so, and
    /// waits as well.
    async fn is_quiet(&self) -> bool {
        let before = self.called.load(Ordering::Relaxed);
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.calls.load(Ordering::Relaxed) == 0 && self.called.load(Ordering::Relaxed) == before
    }

    /// For whoever plays the other side: a played time stands still while a call is on its way.
    pub fn call(&self) -> OnItsWay {
        self.calls.fetch_add(1, Ordering::Relaxed);
        OnItsWay(self.clone())
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
