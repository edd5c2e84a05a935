//! What an account's rate limits leave, as this process knows it, and tickets where that is not enough.
//!
//! While an answer's headers show more than half of a bucket, whoever has something to send sends it. Below that, for a
//! while, every worker of the account takes tickets: calls then come evenly spaced, whoever makes them.

mod known;
mod learned;
mod lost;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_brevo::{Bucket, Left, Windows};
use tajo_state::{Table, take_tickets};

use crate::stop::Stop;
use crate::{Clock, Urgency};
use known::Known;
use lost::Lost;

/// How long everything is gathered after somebody got no ticket.
const OVERLOADED_FOR: SignedDuration = SignedDuration::from_secs(30);

/// Windows ahead of the next one that a worker may reserve in: more would keep the urgent waiting behind the patient.
const WINDOWS_AHEAD: i64 = 1;

/// By account and bucket.
type Lanes = HashMap<(String, Bucket), Arc<Lane>>;

/// The budgets of every account this process has met. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Budgets {
    lanes: Arc<Mutex<Lanes>>,
    /// When the account's learned limits were read last.
    met: Arc<tokio::sync::Mutex<HashMap<String, Timestamp>>>,
}

/// One bucket of one account.
#[derive(Debug)]
pub(crate) struct Lane {
    account: String,
    bucket: Bucket,
    known: Mutex<Known>,
    /// Moments that were granted and that nobody has taken yet.
    pool: tokio::sync::Mutex<VecDeque<Timestamp>>,
    waiting: AtomicU32,
    /// Held by the one whose answer will tell of a lane that nobody has heard of.
    exploring: tokio::sync::Mutex<()>,
    /// Answers that were lost one after another.
    lost: Mutex<Lost>,
}

impl Budgets {
    /// The lane of a bucket.
    pub(crate) fn lane(&self, account: &str, bucket: Bucket) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (account.to_owned(), bucket);
        lanes.entry(key).or_insert_with(|| Arc::new(Lane::new(account, bucket))).clone()
    }

    /// Whether a rate per second of the account was scarce not long ago.
    fn is_wary(&self, account: &str, now: Timestamp) -> bool {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.iter().any(|((of, _), lane)| of == account && lane.known().is_wary(now))
    }

    /// Whether work of this urgency should wait with others instead of being sent as it comes, as far as this process
    /// knows: the patient as soon as a road is scarce, the urgent only when its tickets run out.
    pub(crate) fn must_wait(&self, account: &str, urgency: Urgency, now: Timestamp) -> bool {
        let lanes =
            [Bucket::Contacts, Bucket::Events, Bucket::Orders].map(|bucket| self.lane(account, bucket));
        lanes.iter().any(|lane| {
            let known = lane.known();
            let is_over = now < known.closed_until || now < known.overloaded_until;
            is_over || (urgency != Urgency::Now && now < known.scarce_until)
        })
    }
}

impl Lane {
    fn new(account: &str, bucket: Bucket) -> Self {
        Self {
            account: account.to_owned(),
            bucket,
            known: Mutex::new(Known::new(bucket)),
            pool: tokio::sync::Mutex::default(),
            waiting: AtomicU32::new(0),
            exploring: tokio::sync::Mutex::default(),
            lost: Mutex::default(),
        }
    }

    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What an answer said. `refused`: it was a 429.
    pub(crate) fn hear(&self, left: Option<Left>, refused: Option<Duration>, now: Timestamp) {
        self.change(|known| known.hear(left, refused, now));
    }

    /// The right to make the first call of a lane that nobody has heard of lately, until its answer is heard. `None`: it
    /// has been heard of, maybe by waiting for somebody else's answer. So a process that comes back to a sale it knows
    /// nothing of makes one call, not as many as it likes.
    pub(crate) async fn explore(&self, clock: &Clock) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.known().is_heard(clock.now()) {
            return None;
        }
        let explorer = self.exploring.lock().await;
        (!self.known().is_heard(clock.now())).then_some(explorer)
    }

    /// Takes so many calls without asking anybody, or none of them. Soon after scarcity others want the lane too, whatever
    /// the last answer says: what was `gathered` has the time for tickets.
    pub(crate) fn takes_free(&self, calls: usize, urgency: Urgency, now: Timestamp, gathered: bool) -> bool {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        self.change(|known| !(gathered && known.is_wary(now)) && known.take_free(calls, urgency, now))
    }

    #[cfg(test)]
    fn take_free(&self, calls: usize, urgency: Urgency, now: Timestamp) -> bool {
        self.takes_free(calls, urgency, now, false)
    }

    /// Whether hardly anything is left of an hour.
    pub(crate) fn is_spent(&self, now: Timestamp) -> bool {
        self.known().is_spent(now)
    }

    /// Whether Brevo gives this bucket a rate per second.
    pub(crate) fn is_fast(&self) -> bool {
        self.known().is_fast()
    }

    /// How long until this lane is worth trying again.
    pub(crate) fn wait(&self, now: Timestamp) -> Duration {
        let known = self.known();
        let windows = Windows::of(known.rate);
        let open = known.closed_until.max(windows.start(windows.first(now) + 1));
        Duration::try_from(open.duration_since(now)).unwrap_or_default()
    }

    /// Up to `wanted` moments at which a call may be made, none of them after `latest`.
    pub(crate) async fn moments(
        &self,
        table: &Table,
        wanted: usize,
        urgency: Urgency,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<Vec<Timestamp>, Stop> {
        let known = self.known();
        let windows = Windows::of(known.rate);
        let most = windows.tickets * urgency.share_percent() / 100;
        let mut moments = Vec::new();
        if known.is_spent(now) {
            return Ok(moments);
        }
        let first = windows.first(now.max(known.closed_until));
        for window in first..=first + WINDOWS_AHEAD {
            let missing = u32::try_from(wanted - moments.len()).unwrap_or(u32::MAX).min(windows.tickets);
            if missing == 0 || latest < windows.start(window) {
                break;
            }
            let begins_at = windows.start(window).as_second();
            let bucket = self.bucket.as_str();
            let before = take_tickets(table, &self.account, bucket, window, begins_at, missing).await?;
            let granted = windows.grant(before, missing, most.max(1));
            if granted.len() < missing as usize {
                let until = now.saturating_add(OVERLOADED_FOR).unwrap_or(Timestamp::MAX);
                self.change(|known| known.overloaded_until = until);
            }
            moments.extend(granted.map(|number| windows.moment(window, number).max(now)));
        }
        moments.retain(|moment| *moment <= latest);
        Ok(moments)
    }

    /// The next moment at which one call may be made; `None`: none before `latest`. Whoever asks first asks for all who
    /// wait.
    pub(crate) async fn moment(
        &self,
        table: &Table,
        urgency: Urgency,
        clock: &Clock,
        latest: Timestamp,
    ) -> Result<Option<Timestamp>, Stop> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut pool = self.pool.lock().await;
        let waiting = self.waiting.fetch_sub(1, Ordering::Relaxed);
        loop {
            while let Some(moment) = pool.pop_front() {
                // A moment that nobody took in time is no more evenly spaced. Those of an hour need not be.
                if clock.now() <= moment || !self.is_fast() {
                    return Ok((moment <= latest).then_some(moment));
                }
            }
            if latest < self.known().closed_until {
                return Ok(None);
            }
            let now = clock.now();
            let moments = self.moments(table, waiting.max(1) as usize, urgency, now, latest).await?;
            if moments.is_empty() {
                let windows = Windows::of(self.known().rate);
                let next = windows.start(windows.first(now) + WINDOWS_AHEAD);
                if latest <= next {
                    return Ok(None);
                }
                clock.sleep_until(next).await;
                continue;
            }
            pool.extend(moments);
        }
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
