//! Answers about events that are lost one after another. Brevo has no idempotency key: an event whose answer is lost is
//! sent again, and if Brevo had taken it, there are two. So while answers are lost, one event in one call finds out
//! whether that is over, the others wait, and the calls come at growing intervals.

use std::time::Duration;

use jiff::Timestamp;
use tajo_brevo::Bucket;
use tokio::sync::MutexGuard;

use super::Lane;

/// The longest wait between two calls whose answers may be lost.
const LONGEST: Duration = Duration::from_secs(60);

/// What is known of lost answers. Pure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// How many were lost since the last answer.
    count: u32,
    /// No event is sent before.
    until: Timestamp,
}

impl Default for Lost {
    fn default() -> Self {
        Self { count: 0, until: Timestamp::MIN }
    }
}

impl Lost {
    /// Notes whether an answer came. The call after the first lost answer may follow at once; the later ones wait 2 s,
    /// 4 s, 8 s … up to a minute. Calls that were under way together count once.
    fn note(&mut self, is_lost: bool, now: Timestamp) {
        if !is_lost {
            *self = Self::default();
            return;
        }
        if now < self.until {
            return;
        }
        let wait = match self.count {
            0 => Duration::ZERO,
            count => Duration::from_secs(2u64.saturating_pow(count.min(6))).min(LONGEST),
        };
        self.count = self.count.saturating_add(1);
        self.until = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    }
}

impl Lane {
    /// Whether events leave by it, alone or together.
    pub(crate) fn is_of_events(&self) -> bool {
        matches!(self.bucket, Bucket::Events | Bucket::EventsBatch)
    }

    /// Notes whether an answer came, or was lost: the request may have been applied.
    pub(crate) fn note_answer(&self, is_lost: bool, now: Timestamp) {
        self.lost.lock().unwrap_or_else(std::sync::PoisonError::into_inner).note(is_lost, now);
    }

    /// The right to be the one call that finds out whether answers are still lost. `None`: none are lost, maybe after
    /// waiting for the answer to somebody else's call.
    pub(crate) async fn probe_lost(&self) -> Option<MutexGuard<'_, ()>> {
        if self.lost().count == 0 {
            return None;
        }
        let guard = self.exploring.lock().await;
        (self.lost().count > 0).then_some(guard)
    }

    /// How long no event may be sent; `None`: one may be tried now.
    pub(crate) fn silent_for(&self, now: Timestamp) -> Option<Duration> {
        Duration::try_from(self.lost().until.duration_since(now)).ok().filter(|wait| !wait.is_zero())
    }

    fn lost(&self) -> Lost {
        *self.lost.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn after_lost_answers_calls_come_at_growing_intervals_until_an_answer_comes() {
        let mut lost = Lost::default();
        let mut now = 100;
        let mut waits = Vec::new();
        for _ in 0..9 {
            lost.note(true, at(now));
            waits.push(lost.until.as_second() - now);
            now = lost.until.as_second();
        }
        assert_eq!(waits, [0, 2, 4, 8, 16, 32, 60, 60, 60]);
        lost.note(false, at(now));
        assert_eq!(lost, Lost::default());
    }

    #[test]
    fn answers_that_are_lost_together_count_once() {
        let mut lost = Lost::default();
        lost.note(true, at(100));
        lost.note(true, at(100));
        let after_two = lost;
        (0..5).for_each(|_| lost.note(true, at(101)));
        assert_eq!(lost, after_two);
    }
}
