//! What an account's rate limits leave, as this process knows it, and tickets where that is not enough.
//!
//! While an answer's headers show more than half of a bucket, whoever has something to send sends it. Below that, for a
//! while, every worker of the account takes tickets: calls then come evenly spaced, whoever makes them.

mod learned;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_brevo::{Bucket, Left, Rate, Windows};
use tajo_state::{Table, take_tickets};

use crate::stop::Stop;
use crate::{Clock, Urgency};

/// How long a bucket counts as scarce after it was seen at half or less.
const SCARCE_FOR: SignedDuration = SignedDuration::from_secs(3);

/// How long a bucket that was scarce is not simply tried.
const WARY_FOR: SignedDuration = SignedDuration::from_mins(5);

/// How long everything is gathered after somebody got no ticket.
const OVERLOADED_FOR: SignedDuration = SignedDuration::from_secs(30);

/// How long an answer about a rate per second is worth something.
const HEARD_FOR: Duration = Duration::from_secs(5);

/// The same of an hourly one: others use it up as well.
const HOURLY_HEARD_FOR: Duration = Duration::from_secs(60);

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
}

#[derive(Clone, Copy, Debug)]
struct Known {
    rate: Rate,
    /// The window that the last answer told of: what is left of it, and until when it lasts.
    left: Option<(u32, Timestamp)>,
    /// How long that answer is worth something.
    heard_until: Timestamp,
    /// Its answers name no limit. Some endpoints' do not; then there is nothing to pace by before a refusal.
    is_silent: bool,
    scarce_until: Timestamp,
    /// So soon after scarcity, whoever has not heard of the lane lately takes a ticket instead of trying.
    wary_until: Timestamp,
    /// Brevo has refused: nothing passes before.
    closed_until: Timestamp,
    /// Not everybody got a ticket: what comes waits for company.
    overloaded_until: Timestamp,
    /// The rate that others know of, and when they were told last.
    told: (Rate, Timestamp),
}

impl Budgets {
    /// The lane of a bucket.
    pub(crate) fn lane(&self, account: &str, bucket: Bucket) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (account.to_owned(), bucket);
        lanes.entry(key).or_insert_with(|| Arc::new(Lane::new(account, bucket))).clone()
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
        let known = Known {
            rate: bucket.rate(),
            left: None,
            heard_until: Timestamp::MIN,
            is_silent: false,
            scarce_until: Timestamp::MIN,
            wary_until: Timestamp::MIN,
            closed_until: Timestamp::MIN,
            overloaded_until: Timestamp::MIN,
            told: (bucket.rate(), Timestamp::MIN),
        };
        Self {
            account: account.to_owned(),
            bucket,
            known: Mutex::new(known),
            pool: tokio::sync::Mutex::default(),
            waiting: AtomicU32::new(0),
            exploring: tokio::sync::Mutex::default(),
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

    /// Takes so many calls without asking anybody, or none of them.
    pub(crate) fn take_free(&self, calls: usize, urgency: Urgency, now: Timestamp) -> bool {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        self.change(|known| known.take_free(calls, urgency, now))
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

impl Known {
    fn is_heard(&self, now: Timestamp) -> bool {
        // Of an hourly rate the answer alone tells what is left.
        let is_wary = now < self.wary_until && self.is_fast();
        now < self.heard_until || self.is_silent || is_wary || now < self.closed_until || self.is_spent(now)
    }

    fn is_fast(&self) -> bool {
        self.rate.seconds <= 1
    }

    /// Hardly anything is left of an hour: the rest is for clocks that differ.
    fn is_spent(&self, now: Timestamp) -> bool {
        !self.is_fast() && self.left.is_some_and(|(left, until)| left <= self.least() && now < until)
    }

    /// What nobody takes of an hour.
    fn least(&self) -> u32 {
        self.rate.calls.div_ceil(20)
    }

    fn hear(&mut self, left: Option<Left>, refused: Option<Duration>, now: Timestamp) {
        let later = |by: Duration| now.saturating_add(by).unwrap_or(Timestamp::MAX);
        if let Some(reset) = refused {
            self.closed_until = self.closed_until.max(later(reset));
        }
        if refused.is_some() || left.is_some_and(|left| !left.is_plenty()) {
            self.scarce_until = now.saturating_add(SCARCE_FOR).unwrap_or(Timestamp::MAX);
            self.wary_until = now.saturating_add(WARY_FOR).unwrap_or(Timestamp::MAX);
        }
        // One answer without headers takes nothing back that others have told.
        self.is_silent = left.is_none() && self.left.is_none();
        let Some(left) = left else { return };
        let is_second = left.reset <= Duration::from_secs(1);
        // A bucket may have both; the one per second is the one to pace by.
        if is_second || self.rate.seconds > 1 {
            self.rate = Rate { calls: left.limit.max(1), seconds: if is_second { 1 } else { 3600 } };
        }
        self.left = Some((left.remaining, later(left.reset)));
        self.heard_until = later(if is_second { HEARD_FOR } else { left.reset.min(HOURLY_HEARD_FOR) });
    }

    /// Of a second half is free for everybody. Of an hour the answers tell what is left, and nothing is gained by leaving
    /// calls over that carry two hundred events each: the more urgent work is, the less it leaves.
    fn take_free(&mut self, calls: u32, urgency: Urgency, now: Timestamp) -> bool {
        if now < self.closed_until || (self.is_fast() && now < self.scarce_until) {
            return false;
        }
        if self.is_silent {
            return true;
        }
        if self.heard_until <= now {
            return false;
        }
        let kept = match self.is_fast() {
            true => self.rate.calls / 2,
            false => (self.rate.calls * (100 - urgency.share_percent()) / 100).max(self.least()),
        };
        let (left, until) = match self.left {
            Some((left, until)) if now < until => (left.saturating_sub(kept), until),
            // Before the first answer nothing is known.
            None => return false,
            Some(_) => {
                let until = now.saturating_add(SignedDuration::from_secs(self.rate.seconds.into()));
                (self.rate.calls - kept, until.unwrap_or(Timestamp::MAX))
            }
        };
        if left < calls {
            return false;
        }
        self.left = Some((left + kept - calls, until));
        true
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
