//! What is believed of one bucket. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_brevo::{Bucket, Left, Rate, limits};

use crate::Urgency;

/// How long a bucket counts as scarce after it was seen at half or less.
const SCARCE_FOR: SignedDuration = SignedDuration::from_secs(3);

/// The same after a refusal.
const REFUSED_FOR: SignedDuration = SignedDuration::from_secs(10);

/// How long a bucket that was scarce is not simply tried.
const WARY_FOR: SignedDuration = SignedDuration::from_mins(5);

/// How long an answer about a rate per second is worth something.
const HEARD_FOR: Duration = Duration::from_secs(5);

/// The same of an hourly one: others use it up as well.
const HOURLY_HEARD_FOR: Duration = Duration::from_secs(60);

/// What the answers so far tell of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) rate: Rate,
    /// The window that the last answer told of: what is left of it, and until when it lasts.
    pub(super) left: Option<(u32, Timestamp)>,
    /// How long that answer is worth something.
    pub(super) heard_until: Timestamp,
    /// Its answers name no limit. Some endpoints' do not; then there is nothing to pace by before a refusal.
    pub(super) is_silent: bool,
    pub(super) scarce_until: Timestamp,
    /// So soon after scarcity, whoever has not heard of the lane lately takes a ticket instead of trying.
    pub(super) wary_until: Timestamp,
    /// Brevo has refused: nothing passes before.
    pub(super) closed_until: Timestamp,
    /// Not everybody got a ticket: what comes waits for company.
    pub(super) overloaded_until: Timestamp,
    /// The rate that others know of, and when they were told last.
    pub(super) told: (Rate, Timestamp),
}

impl Known {
    /// Before the first answer.
    pub(super) fn new(bucket: Bucket) -> Self {
        Self {
            rate: bucket.rate(),
            left: None,
            heard_until: Timestamp::MIN,
            is_silent: false,
            scarce_until: Timestamp::MIN,
            wary_until: Timestamp::MIN,
            closed_until: Timestamp::MIN,
            overloaded_until: Timestamp::MIN,
            told: (bucket.rate(), Timestamp::MIN),
        }
    }

    pub(super) fn is_heard(&self, now: Timestamp) -> bool {
        now < self.heard_until || self.is_wary(now) || now < self.closed_until || self.is_spent(now)
    }

    /// It was scarce not long ago. Of an hourly rate the answer alone tells what is left.
    pub(super) fn is_wary(&self, now: Timestamp) -> bool {
        self.is_fast() && now < self.wary_until
    }

    pub(super) fn is_fast(&self) -> bool {
        self.rate.seconds <= 1
    }

    /// Hardly anything is left of an hour: the rest is for clocks that differ.
    pub(super) fn is_spent(&self, now: Timestamp) -> bool {
        !self.is_fast() && self.left.is_some_and(|(left, until)| left <= self.least() && now < until)
    }

    /// What nobody takes of an hour.
    fn least(&self) -> u32 {
        self.rate.calls.div_ceil(20)
    }

    pub(super) fn hear(&mut self, left: Option<Left>, refused: Option<Duration>, now: Timestamp) {
        let later = |by: Duration| now.saturating_add(by).unwrap_or(Timestamp::MAX);
        if let Some(reset) = refused {
            self.closed_until = self.closed_until.max(later(reset));
        }
        if refused.is_some() || left.is_some_and(|left| !left.is_plenty()) {
            let scarce_for = if refused.is_some() { REFUSED_FOR } else { SCARCE_FOR };
            let until = now.saturating_add(scarce_for).unwrap_or(Timestamp::MAX);
            self.scarce_until = self.scarce_until.max(until);
            self.wary_until = now.saturating_add(WARY_FOR).unwrap_or(Timestamp::MAX);
        }
        // One answer without headers takes nothing back that others have told.
        self.is_silent = left.is_none() && self.left.is_none();
        if self.is_silent {
            // Limits may come to be named: then one call finds out, not as many as there are.
            self.heard_until = later(HEARD_FOR);
        }
        let Some(left) = left else { return };
        // An hour may be nearly over as well.
        let is_second = left.reset <= Duration::from_secs(1) && left.limit <= limits::MOST_PER_SECOND;
        // A bucket may have both; the one per second is the one to pace by.
        if is_second || self.rate.seconds > 1 {
            self.rate = Rate { calls: left.limit.max(1), seconds: if is_second { 1 } else { 3600 } };
        }
        self.left = Some((left.remaining, later(left.reset)));
        self.heard_until = later(if is_second { HEARD_FOR } else { left.reset.min(HOURLY_HEARD_FOR) });
    }

    /// Of a second half is free for everybody. Of an hour the answers tell what is left, and nothing is gained by leaving
    /// calls over that carry two hundred events each: the more urgent work is, the less it leaves.
    pub(super) fn take_free(&mut self, calls: u32, urgency: Urgency, now: Timestamp) -> bool {
        if now < self.closed_until || (self.is_fast() && now < self.scarce_until) {
            return false;
        }
        if self.heard_until <= now {
            return false;
        }
        if self.is_silent {
            return true;
        }
        let kept = match self.is_fast() {
            // Soon after scarcity others are at it too, each believing in its own part of the second.
            true if self.is_wary(now) => (self.rate.calls * 6).div_ceil(10),
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
