//! What Brevo has accepted with a 202 and not done yet.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::account::Account;
use super::{events, orders};

/// An accepted batch, waiting.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) due: Timestamp,
    pub(super) arrived: Timestamp,
    pub(super) job: Job,
}

/// Its contents, already checked.
#[derive(Clone, Debug)]
pub(super) enum Job {
    Events(Vec<Map<String, Value>>),
    Orders { orders: Vec<Map<String, Value>>, historical: bool },
}

impl Account {
    /// When a batch that arrives now is applied.
    pub(super) fn due(&self, now: Timestamp) -> Timestamp {
        now.checked_add(SignedDuration::from_millis(self.queue_ms)).unwrap_or(now)
    }

    /// Puts a batch at the end of the queue; without a waiting time it is applied at once.
    pub(super) fn enqueue(&mut self, pending: Pending, now: Timestamp) {
        self.pending.push(pending);
        self.settle(now);
    }

    /// Applies what is due, in the order of arrival.
    pub fn settle(&mut self, now: Timestamp) {
        let (due, waiting) =
            std::mem::take(&mut self.pending).into_iter().partition(|batch| batch.due <= now);
        self.pending = waiting;
        let due: Vec<Pending> = due;
        for batch in due {
            match batch.job {
                Job::Events(list) => list.iter().for_each(|event| events::apply(self, event, batch.arrived)),
                Job::Orders { orders, historical } => {
                    orders
                        .iter()
                        .for_each(|order| orders::apply(self, order, !historical, "batch", batch.due));
                }
            }
        }
    }
}
