//! What a simulated day used.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tajo_app::Urgency;
use tajo_app::sweep::DAILY_WORK;
use tajo_state::DUE_SHARDS;
use tajo_testkit::Meter;

use crate::logs::Logged;

/// Assumed, because only the cloud could tell: inputs of the Lambda price, printed with it.
pub mod assumed {
    /// Brevo's answer to one call.
    pub const BREVO_MS: u64 = 150;
    /// DynamoDB, SQS or Secrets Manager, one call.
    pub const AWS_MS: u64 = 8;
    /// Own work of one webhook, in each of the two functions that see it.
    pub const OWN_MS: u64 = 2;
}

/// One kind of counted work.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Invocations.
    pub invocations: u64,
    /// Milliseconds, from counted calls and assumed latencies.
    pub ms: u64,
    /// Lines written.
    pub logs: Logged,
    /// DynamoDB write units.
    pub writes: f64,
    /// DynamoDB read units.
    pub reads: f64,
    /// DynamoDB calls by operation.
    pub dynamo_calls: BTreeMap<String, u64>,
    /// Brevo calls by endpoint.
    pub brevo_calls: BTreeMap<String, u64>,
    /// Reads of Secrets Manager.
    pub secret_reads: u64,
    /// Answers that were 429.
    pub throttled: u64,
}

impl Usage {
    /// Adds what a meter saw.
    pub fn add(&mut self, meter: &Meter) {
        self.writes += meter.writes.as_f64();
        self.reads += meter.reads.as_f64();
        self.throttled += meter.throttled;
        for (name, count) in &meter.dynamo_calls {
            *self.dynamo_calls.entry(name.clone()).or_default() += count;
        }
        for (name, count) in &meter.brevo_calls {
            *self.brevo_calls.entry(name.clone()).or_default() += count;
        }
    }
}

/// What one topic used. Where a batch held several, its DynamoDB units are shared out evenly.
#[derive(Clone, Debug, Default)]
pub struct Topic {
    /// Notices.
    pub notices: u64,
    /// Bytes of their bodies.
    pub body_bytes: u64,
    /// Write units.
    pub writes: f64,
    /// Read units.
    pub reads: f64,
    /// Brevo calls.
    pub brevo_calls: u64,
    /// How they ended.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Reasons of what was not applied.
    pub reasons: BTreeMap<String, u64>,
}

/// SQS requests, each of at most 64 KB.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// `SendMessage` by webhook-ingress.
    pub ingress_sends: u64,
    /// `SendMessage` by cart-sweeper and by brevo-sync for what it puts off.
    pub other_sends: u64,
    /// `ReceiveMessage` that brought something.
    pub receives: u64,
    /// `DeleteMessageBatch`.
    pub deletes: u64,
}

impl Requests {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.ingress_sends + self.other_sends + self.receives + self.deletes
    }
}

/// SQS bills every started 64 KB of a payload as a request ("Amazon SQS pricing").
pub fn chunks(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(64 * 1024).max(1)).unwrap_or(1)
}

/// A day.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Webhooks sent by the shop.
    pub webhooks: u64,
    /// Bytes of the queue messages made of them.
    pub message_bytes: u64,
    /// webhook-ingress.
    pub ingress: Usage,
    /// brevo-sync.
    pub sync: Usage,
    /// cart-sweeper.
    pub sweeper: Usage,
    /// Carts the sweeper announced.
    pub carts_due: u64,
    /// SQS.
    pub sqs: Requests,
    /// Batches by size.
    pub batches: BTreeMap<usize, u64>,
    /// By topic, the sweeper's own included.
    pub topics: BTreeMap<String, Topic>,
    /// From webhook to end, in milliseconds, by urgency.
    pub took: BTreeMap<Urgency, Vec<u64>>,
    /// The same by store.
    pub took_by_store: BTreeMap<String, Vec<u64>>,
    /// When the last notice ended.
    pub last_end: Option<Timestamp>,
}

impl Tally {
    /// Read units that the sweeper needs to find nothing, all day long: one query of each partition a minute, and
    /// now and then two more for what is due once a day.
    pub fn fixed_reads(&self) -> f64 {
        let daily = 2.0 / DAILY_WORK.as_secs_f64() * 60.0;
        self.sweeper.invocations as f64 * (f64::from(DUE_SHARDS + 1) + daily) * 0.5
    }

    /// One notice ended after so long.
    pub fn took(&mut self, store: &str, urgency: Urgency, ms: u64) {
        self.took.entry(urgency).or_default().push(ms);
        self.took_by_store.entry(store.to_owned()).or_default().push(ms);
    }

    /// So many of a hundred notices of this urgency took at most this long, in milliseconds.
    pub fn percentile(&self, urgency: Urgency, percent: usize) -> Option<u64> {
        percentile(self.took.get(&urgency)?, percent)
    }

    /// The same of one store's notices.
    pub fn percentile_of(&self, store: &str, percent: usize) -> Option<u64> {
        percentile(self.took_by_store.get(store)?, percent)
    }

    /// Per webhook.
    pub fn per_webhook(&self, value: f64) -> f64 {
        value / self.webhooks.max(1) as f64
    }
}

fn percentile(took: &[u64], percent: usize) -> Option<u64> {
    let mut took = took.to_vec();
    took.sort_unstable();
    took.get((took.len() * percent).div_ceil(100).saturating_sub(1)).copied()
}
