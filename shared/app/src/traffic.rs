//! How busy the door is, as one process sees it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many webhooks within a minute are a busy minute: 43,000 a day. Below it, what arrives is worked on as it comes; above
/// it, what nobody waits for is gathered, since a batch of a hundred products is one call to Brevo and costs a hundredth of
/// the requests to SQS and Lambda.
const BUSY: usize = 30;

const MINUTE: Duration = Duration::from_secs(60);

/// The times of the last webhooks.
#[derive(Debug, Default)]
pub struct Traffic {
    last: Mutex<VecDeque<Instant>>,
}

impl Traffic {
    /// Notes one more, and answers whether the minute before it was busy.
    pub(crate) fn is_busy(&self, now: Instant) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.push_back(now);
        if last.len() <= BUSY {
            return false;
        }
        let first = last.pop_front();
        first.is_some_and(|first| now.saturating_duration_since(first) < MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_busy_from_its_thirtieth_webhook_on_and_quiet_again_after_it() {
        let traffic = Traffic::default();
        let start = Instant::now();
        let busy = |ms: u64| traffic.is_busy(start + Duration::from_millis(ms));
        assert!((0..30).all(|n| !busy(n * 100)));
        assert!(busy(3_000));
        assert!(!busy(200_000), "the last thirty took longer than a minute");
    }
}
