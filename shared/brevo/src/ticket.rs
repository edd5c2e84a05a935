//! Tickets: how workers that know nothing of each other share a rate. Pure.
//!
//! Time is cut into windows. Whoever wants to call adds what it wants to the window's count and so learns its numbers;
//! the number is the place in the window, so that calls come evenly spaced and no second holds more than its rate,
//! whoever sends them.

use std::ops::Range;

use jiff::Timestamp;

use crate::Rate;

/// The windows of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// How long one is.
    pub length_ms: i64,
    /// Tickets of one.
    pub tickets: u32,
    /// Each ticket has its own moment; else all may be used at once.
    spaced: bool,
}

/// Five in a hundred are left for clocks that differ and calls that are late.
const MARGIN_PERCENT: u32 = 95;

/// Of so small a rate per second half is left for those who find out whether there is plenty: one of them too many would be
/// half of it.
const TINY: u32 = 2;

/// Windows of an hourly rate. Brevo does not say when its hour begins: thirteen of these touch any hour.
const PARTS_OF_AN_HOUR: u32 = 12;

impl Windows {
    /// Two seconds of a rate per second; five minutes of an hourly one.
    pub fn of(rate: Rate) -> Self {
        if rate.seconds <= 1 {
            let tickets = match rate.calls {
                0..=TINY => rate.calls.max(1),
                calls => 2 * calls * MARGIN_PERCENT / 100,
            };
            return Self { length_ms: 2_000, tickets, spaced: true };
        }
        let length_ms = i64::from(rate.seconds) * 1000 / i64::from(PARTS_OF_AN_HOUR);
        Self { length_ms, tickets: (rate.calls / (PARTS_OF_AN_HOUR + 1)).max(1), spaced: false }
    }

    /// The first window whose tickets may still be asked for: of spaced ones the next, since the moments of the present
    /// one are passing.
    pub fn first(self, now: Timestamp) -> i64 {
        now.as_millisecond().div_euclid(self.length_ms) + i64::from(self.spaced)
    }

    /// When the window begins.
    pub fn start(self, window: i64) -> Timestamp {
        Timestamp::from_millisecond(window * self.length_ms).unwrap_or(Timestamp::MAX)
    }

    /// The numbers that are granted to whoever asked for `asked` after `before` had been asked for, with `most` of the
    /// window for its kind of work.
    pub fn grant(self, before: u64, asked: u32, most: u32) -> Range<u32> {
        let end = most.min(self.tickets);
        let first = u32::try_from(before).unwrap_or(u32::MAX).min(end);
        first..first.saturating_add(asked).min(end)
    }

    /// When the holder of a number may call.
    pub fn moment(self, window: i64, number: u32) -> Timestamp {
        if !self.spaced {
            return self.start(window);
        }
        let offset = i64::from(number) * self.length_ms / i64::from(self.tickets);
        Timestamp::from_millisecond(window * self.length_ms + offset).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// The most calls in any span of this length.
    fn densest(mut calls: Vec<i64>, span_ms: i64) -> usize {
        calls.sort_unstable();
        let mut most = 0;
        for (first, start) in calls.iter().enumerate() {
            let within = calls[first..].iter().take_while(|call| **call < start + span_ms).count();
            most = most.max(within);
        }
        most
    }

    proptest! {
        /// Many workers, each with a clock of its own that is up to 20 ms wrong, asking as they please.
        #[test]
        fn many_workers_together_never_exceed_the_rate(
            asks in prop::collection::vec((0i64..20_000, -20i64..20, 1u32..40), 1..300),
            calls in prop_oneof![Just(2u32), Just(5), Just(10), Just(20), Just(60)],
        ) {
            let windows = Windows::of(Rate { calls, seconds: 1 });
            let mut asked: HashMap<i64, u64> = HashMap::new();
            let mut sent = Vec::new();
            let mut asks = asks;
            asks.sort_unstable();
            for (at, skew, wanted) in asks {
                let now = Timestamp::from_millisecond(1_800_000_000_000 + at + skew).unwrap();
                let window = windows.first(now);
                let before = asked.entry(window).or_default();
                let granted = windows.grant(*before, wanted, windows.tickets);
                *before += u64::from(wanted);
                for number in granted {
                    let moment = windows.moment(window, number);
                    prop_assert!(now <= moment, "a ticket whose moment has passed");
                    sent.push(moment.as_millisecond() - skew);
                }
            }
            prop_assert!(densest(sent, 1_000) <= calls as usize);
        }

        #[test]
        fn an_hour_is_never_exceeded_wherever_it_begins(
            asks in prop::collection::vec((0i64..10_800_000, 1u32..30), 1..300),
        ) {
            let windows = Windows::of(Rate { calls: 100, seconds: 3600 });
            let mut asked: HashMap<i64, u64> = HashMap::new();
            let mut sent = Vec::new();
            for (at, wanted) in asks {
                let now = Timestamp::from_millisecond(1_800_000_000_000 + at).unwrap();
                let before = asked.entry(windows.first(now)).or_default();
                sent.extend(windows.grant(*before, wanted, windows.tickets).map(|_| at));
                *before += u64::from(wanted);
            }
            prop_assert!(densest(sent, 3_600_000) <= 100);
        }

        #[test]
        fn no_ticket_is_granted_twice(asks in prop::collection::vec((1u32..40, 1u32..30), 1..50)) {
            let windows = Windows::of(Rate { calls: 10, seconds: 1 });
            let mut before = 0u64;
            let mut seen = Vec::new();
            for (asked, most) in asks {
                seen.extend(windows.grant(before, asked, most));
                before += u64::from(asked);
            }
            let count = seen.len();
            seen.dedup();
            prop_assert_eq!(count, seen.len());
            prop_assert!(seen.iter().all(|number| *number < windows.tickets));
        }
    }

    #[test]
    fn the_windows_leave_a_twentieth_free_and_half_of_a_small_rate() {
        assert_eq!(Windows::of(Rate { calls: 10, seconds: 1 }).tickets, 19);
        assert_eq!(Windows::of(Rate { calls: 2, seconds: 1 }).tickets, 2);
        assert_eq!(Windows::of(Rate { calls: 3, seconds: 1 }).tickets, 5);
        assert_eq!(Windows::of(Rate { calls: 1, seconds: 1 }).tickets, 1);
        assert_eq!(Windows::of(Rate { calls: 100, seconds: 3600 }).tickets, 7);
    }

    #[test]
    fn windows_follow_each_other_and_moments_lie_evenly_in_them() {
        let ms = |at: Timestamp| at.as_millisecond();
        let second = Windows::of(Rate { calls: 10, seconds: 1 });
        assert_eq!((second.length_ms, ms(second.start(3))), (2_000, 6_000));
        assert_eq!([0, 1, 18].map(|number| ms(second.moment(3, number))), [6_000, 6_105, 7_894]);
        let hour = Windows::of(Rate { calls: 100, seconds: 3600 });
        assert_eq!((hour.length_ms, ms(hour.start(2))), (300_000, 600_000));
        assert_eq!(ms(hour.moment(2, 6)), 600_000, "all of them may be used at once");
    }
}
