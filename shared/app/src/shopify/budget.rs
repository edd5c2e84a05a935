//! What is left in a shop's bucket of points, as far as we know. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_platforms::shopify::api::{Cost, Error};

/// The bucket as of the last answer. Other processes and the merchant's own tools of the same app draw from it, too.
#[derive(Default)]
pub(super) struct Budget {
    last: Option<(Timestamp, Cost)>,
    closed_until: Option<Timestamp>,
}

impl Budget {
    /// Takes points, or says when there will be enough. Nothing is known before the first answer: then we ask.
    pub(super) fn take(&mut self, points: u32, now: Timestamp) -> Result<(), Error> {
        if let Some(until) = self.closed_until.filter(|until| now < *until) {
            let after = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            return Err(Error::Throttled { after });
        }
        let Some((at, cost)) = &mut self.last else { return Ok(()) };
        let passed = now.duration_since(*at).as_secs_f64().max(0.0);
        let available = (cost.available + passed * cost.restore_rate).min(cost.maximum);
        let asked = Cost { requested: f64::from(points), available, ..*cost };
        let wait = asked.wait();
        if !wait.is_zero() {
            return Err(Error::Throttled { after: wait });
        }
        *at = now;
        cost.available = (available - f64::from(points)).max(0.0);
        Ok(())
    }

    /// What an answer says is left. What it did not use of the price is back in the bucket by then.
    pub(super) fn learn(&mut self, cost: Option<Cost>, now: Timestamp) {
        self.closed_until = None;
        if let Some(cost) = cost {
            self.last = Some((now, cost));
        }
    }

    /// Shopify was asked too much all the same.
    pub(super) fn wait(&mut self, after: Duration, now: Timestamp) {
        let after = SignedDuration::try_from(after).unwrap_or_default();
        self.closed_until = now.saturating_add(after).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn nothing_is_asked_before_the_bucket_holds_enough() {
        let mut budget = Budget::default();
        assert_eq!(budget.take(900, at(0)), Ok(()), "nothing is known yet");
        budget.learn(
            Some(Cost { requested: 900.0, maximum: 2000.0, available: 100.0, restore_rate: 100.0 }),
            at(1),
        );
        assert_eq!(budget.take(500, at(1)), Err(Error::Throttled { after: Duration::from_secs(4) }));
        assert_eq!(budget.take(500, at(5)), Ok(()));
        assert_eq!(budget.take(100, at(5)), Err(Error::Throttled { after: Duration::from_secs(1) }), "taken");
        assert_eq!(budget.take(2000, at(100)), Ok(()), "never more than the bucket holds");
    }

    #[test]
    fn a_refusal_closes_the_door_for_as_long_as_it_says() {
        let mut budget = Budget::default();
        budget.wait(Duration::from_secs(3), at(0));
        assert_eq!(budget.take(1, at(2)), Err(Error::Throttled { after: Duration::from_secs(1) }));
        assert_eq!(budget.take(1, at(3)), Ok(()));
    }
}
