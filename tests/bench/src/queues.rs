//! The queues and pollers that Lambda keeps in front of brevo-sync, played.
//!
//! A queue with message groups is a fair queue ("Amazon SQS fair queues"): while one group has many messages under way or
//! waiting, those of quieter groups are handed out first.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use tajo_app::sync::Source;
use tajo_app::{Clock, Env};
use tajo_testkit::Front;

use crate::day::later;

/// From a message's arrival to a waiting poller's answer.
const POLL_MS: i64 = 10;

/// One message.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Not handed out before.
    pub visible_at: Timestamp,
    /// Its text.
    pub body: String,
    /// Its group.
    pub group: String,
    /// How often it was handed out.
    pub received: u32,
}

/// A poller and the process behind it.
#[derive(Default)]
pub struct Poller {
    /// Busy until then.
    pub free_at: Timestamp,
    /// The process, and when it was made.
    pub process: Option<Process>,
    /// When its process last read the store's key.
    pub key_read_at: Option<Timestamp>,
}

/// A warm process.
pub struct Process {
    /// When it was made.
    pub made: Timestamp,
    /// What it works with.
    pub env: Env,
    /// Its time.
    pub clock: Clock,
    /// Its way to the world.
    pub front: Front,
}

/// A queue and its event source.
pub struct Lane {
    /// Which.
    pub source: Source,
    /// Messages of one batch.
    pub batch: usize,
    /// How long a batch that is not full waits for more.
    pub window: SignedDuration,
    /// Its pollers.
    pub pollers: Vec<Poller>,
    /// Messages that are not to be handed out yet, by time.
    coming: BTreeMap<(Timestamp, u64), Queued>,
    /// Messages that may be, by group and in their order.
    there: BTreeMap<String, VecDeque<Queued>>,
    /// How many of those.
    ready: usize,
    /// Since when they have been looked at last.
    settled_at: Timestamp,
    arrived: u64,
}

impl Lane {
    /// An empty queue.
    pub fn new(source: Source, batch: usize, window_seconds: i64, pollers: usize) -> Self {
        Self {
            source,
            batch,
            window: SignedDuration::from_secs(window_seconds),
            pollers: (0..pollers).map(|_| Poller::default()).collect(),
            coming: BTreeMap::new(),
            there: BTreeMap::new(),
            ready: 0,
            settled_at: Timestamp::MIN,
            arrived: 0,
        }
    }

    /// Puts a message on it.
    pub fn push(&mut self, message: Queued) {
        self.arrived += 1;
        self.coming.insert((message.visible_at, self.arrived), message);
    }

    /// When a batch is handed to a free poller next.
    pub fn next_receive(&self) -> Option<Timestamp> {
        let coming = self.coming.keys().map(|(at, _)| *at);
        let there = self.there.values().filter_map(|group| group.front()).map(|message| message.visible_at);
        let first = there.min().into_iter().chain(coming.clone().next()).min()?;
        let free = self.pollers.iter().map(|poller| poller.free_at).min()?;
        let begun = later(first, POLL_MS).max(free);
        // A batch leaves when it is full or its window is over.
        let full = match self.batch.checked_sub(self.ready + 1) {
            Some(missing) => coming.clone().nth(missing).map(|at| later(at, POLL_MS)),
            None => Some(self.settled_at),
        };
        let over = begun.saturating_add(self.window).unwrap_or(begun);
        Some(full.map_or(over, |full| full.max(free).min(over)))
    }

    /// The batch of this moment, and the poller that takes it.
    pub fn take(&mut self, now: Timestamp) -> (usize, Vec<Queued>) {
        let poller = self.pollers.iter().position(|poller| poller.free_at <= now).unwrap_or(0);
        self.settle(now);
        // The quiet first, and then in turn.
        let mut groups: Vec<&mut VecDeque<Queued>> = self.there.values_mut().collect();
        groups.sort_by_key(|group| (group.len(), group.front().map(|message| message.visible_at)));
        let mut batch = Vec::new();
        while batch.len() < self.batch && groups.iter().any(|group| !group.is_empty()) {
            for group in &mut groups {
                if batch.len() < self.batch {
                    batch.extend(group.pop_front());
                }
            }
        }
        self.ready -= batch.len();
        self.there.retain(|_, group| !group.is_empty());
        (poller, batch)
    }

    /// What is to be handed out from now on.
    fn settle(&mut self, now: Timestamp) {
        self.settled_at = now;
        while let Some(first) = self.coming.first_entry().filter(|first| first.key().0 <= now) {
            let message = first.remove();
            self.there.entry(message.group.clone()).or_default().push_back(message);
            self.ready += 1;
        }
    }
}
