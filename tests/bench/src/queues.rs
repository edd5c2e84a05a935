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
    waiting: BTreeMap<(Timestamp, u64), Queued>,
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
            waiting: BTreeMap::new(),
            arrived: 0,
        }
    }

    /// Puts a message on it.
    pub fn push(&mut self, message: Queued) {
        self.arrived += 1;
        self.waiting.insert((message.visible_at, self.arrived), message);
    }

    /// Messages on it.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When a batch is handed to a free poller next.
    pub fn next_receive(&self) -> Option<Timestamp> {
        let ((first, _), _) = self.waiting.first_key_value()?;
        let free = self.pollers.iter().map(|poller| poller.free_at).min()?;
        let begun = later(*first, POLL_MS).max(free);
        // A batch leaves when it is full or its window is over.
        let full = self.waiting.keys().nth(self.batch - 1).map(|(at, _)| later(*at, POLL_MS).max(free));
        let over = begun.saturating_add(self.window).unwrap_or(begun);
        Some(full.map_or(over, |full| full.min(over)))
    }

    /// The batch of this moment, and the poller that takes it.
    pub fn take(&mut self, now: Timestamp) -> (usize, Vec<Queued>) {
        let poller = self.pollers.iter().position(|poller| poller.free_at <= now).unwrap_or(0);
        let mut groups: BTreeMap<&str, VecDeque<(Timestamp, u64)>> = BTreeMap::new();
        for (key, message) in self.waiting.range(..=(now, u64::MAX)) {
            groups.entry(&message.group).or_default().push_back(*key);
        }
        let mut groups: Vec<VecDeque<(Timestamp, u64)>> = groups.into_values().collect();
        // The quiet first, and then in turn.
        groups.sort_by_key(|group| (group.len(), group.front().copied()));
        let mut keys = Vec::new();
        while keys.len() < self.batch && groups.iter().any(|group| !group.is_empty()) {
            for group in &mut groups {
                if keys.len() < self.batch {
                    keys.extend(group.pop_front());
                }
            }
        }
        (poller, keys.iter().filter_map(|key| self.waiting.remove(key)).collect())
    }
}
