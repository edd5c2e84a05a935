//! Everything at once: duplicates, disorder, rate limits, failures of Brevo, of the table and of the queue, before and
//! after their effect. In the end Brevo knows what it would have known without any of it.
//!
//! `CHAOS_RUNS=500 cargo test … chaos` runs longer. A run is its seed: what failed once fails again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_app::Env;
use tajo_app::sync::{Outcome, Record, Source, sync};
use tajo_testkit::{Front, Knock, Message, Verdict, World, notice};
use tokio::sync::mpsc;

use crate::bodies::{LISTS, cast, each, recent_past, sample as body, with};
use crate::order_of_arrival::without_cart_events;
use crate::picture::array;

const BUYERS: u32 = 6;
const FIRST: u32 = 20_000_000;
/// Of a thousand calls to table or queue, how many break, half of them after their effect.
const BROKEN: u64 = 8;
/// After so many batches nothing breaks any more: what is left must end.
const BATCHES_OF_CHAOS: u32 = 60;

/// Numbers that look random and are the same for every run of a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// What one buyer's shop tells, in the order in which it happened.
fn story(n: u32) -> Vec<(&'static str, Value)> {
    let pending = json!({"financial_status": "pending"});
    let paid = json!({"financial_status": "paid", "updated_at": "2026-11-02T09:16:10+01:00"});
    let consent = |state: &str, at: &str| {
        json!({"customer_id": 7_201_400_000_011_u64, "email_address": "jo@example.com",
            "email_marketing_consent": {"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": at}})
    };
    let mut bodies = vec![
        ("customers/create", body("customers-create")),
        ("customers_email_marketing_consent/update", consent("subscribed", "2026-11-02T09:00:20+01:00")),
        ("checkouts/create", body("checkouts-create")),
        ("checkouts/update", body("checkouts-update")),
        ("orders/create", with(body("orders-create.paid"), pending)),
        ("orders/updated", with(body("orders-create.paid"), paid)),
        ("orders/updated", body("orders-updated.fulfilled")),
        ("orders/updated", body("orders-updated.refunded")),
    ];
    if n.is_multiple_of(2) {
        let out = consent("unsubscribed", "2026-11-02T09:30:00+01:00");
        bodies.push(("customers_email_marketing_consent/update", out));
    }
    bodies.into_iter().map(|(topic, body)| (topic, cast(&recent_past(&body), FIRST + n))).collect()
}

/// A message on its way.
struct Flying {
    at: Timestamp,
    body: String,
    source: Source,
    received: u32,
}

/// A world in which calls to table and queue may break, and its one worker.
struct Chaos {
    world: Arc<World>,
    env: Env,
    _front: Front,
    /// Of a thousand calls, how many break.
    breaks: Arc<AtomicU64>,
    broken: Arc<AtomicU32>,
    queue: Vec<Flying>,
    /// Invocations in which something broke after this event had been sent, by event.
    windows: BTreeMap<String, usize>,
    ended: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Chaos {
    async fn new(seed: u64) -> Self {
        let world = World::new(LISTS).await;
        world.clock.play(Timestamp::from_second(Timestamp::now().as_second()).unwrap());
        world.limit_rates(true, seed.is_multiple_of(2));
        let (breaks, broken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU32::new(0)));
        let (knocks, heard) = mpsc::unbounded_channel();
        tokio::spawn(answer_knocks(heard, Dice(seed | 1), breaks.clone(), broken.clone()));
        let front = Front::open(world.clone(), Some(knocks)).await;
        // The SDK hides most breaks by trying again, and makes another trouble of them: our own write is there already.
        let env = match seed.is_multiple_of(3) {
            true => world.insistent_env(&front).await,
            false => world.patient_env(&front).await,
        };
        let (queue, windows, ended) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { world, env, _front: front, breaks, broken, queue, windows, ended }
    }

    /// The next batch, of a size of its own.
    fn take(&mut self, dice: &mut Dice) -> Vec<Flying> {
        self.queue.sort_by_key(|message| message.at);
        let now = self.queue[0].at.max(self.world.clock.now());
        self.world.clock.play(now);
        let source = self.queue[0].source;
        let most = if source == Source::Gather { 100 } else { 1 + dice.below(10) as usize };
        let mut batch = Vec::new();
        let mut rest = Vec::new();
        for message in std::mem::take(&mut self.queue) {
            let fits = message.source == source && message.at <= now && batch.len() < most;
            if fits { batch.push(message) } else { rest.push(message) }
        }
        self.queue = rest;
        batch
    }

    async fn work(&mut self, batch: Vec<Flying>, number: u32) {
        let records = batch.iter().enumerate().map(|(index, message)| Record {
            message_id: index.to_string(),
            body: message.body.clone(),
            received: message.received,
            source: message.source,
        });
        let deadline = self.world.clock.now().saturating_add(SignedDuration::from_secs(60)).unwrap();
        let calls_before = self.world.sandbox.calls().len();
        let broken_before = self.broken.load(Ordering::Relaxed);
        let reports = sync(&self.env, records.collect(), &format!("r-{number}"), deadline).boxed().await;
        let calls = self.world.sandbox.calls().split_off(calls_before);
        let lost = calls.iter().any(|call| call.fault.is_some());
        if lost || broken_before < self.broken.load(Ordering::Relaxed) {
            for event in calls.iter().flat_map(|call| events_in(&call.path, &call.request)) {
                *self.windows.entry(identity(&event)).or_default() += 1;
            }
        }
        let now = self.world.clock.now();
        assert_eq!(reports.len(), batch.len(), "every record has a report");
        for report in reports {
            let message = &batch[report.message_id.parse::<usize>().unwrap()];
            match report.outcome {
                Outcome::Retried => self.queue.push(Flying {
                    at: now.saturating_add(SignedDuration::from_secs(360)).unwrap(),
                    body: message.body.clone(),
                    source: message.source,
                    received: message.received + 1,
                }),
                Outcome::Deferred => {}
                Outcome::Parked => panic!("parked: {report:?}"),
                outcome => {
                    self.ended.entry(report.line.delivery.clone()).or_default().insert(outcome.as_str());
                }
            }
        }
        for Message { queue, body, delay } in self.world.take_messages() {
            let at = now.saturating_add(SignedDuration::from_secs(delay as i64)).unwrap();
            let source = if queue == "gather" { Source::Gather } else { Source::Live };
            self.queue.push(Flying { at, body, source, received: 1 });
        }
        self.world.clock.advance(SignedDuration::from_millis(200));
    }
}

async fn answer_knocks(
    mut knocks: mpsc::UnboundedReceiver<Knock>,
    mut dice: Dice,
    breaks: Arc<AtomicU64>,
    broken: Arc<AtomicU32>,
) {
    while let Some(knock) = knocks.recv().await {
        // Brevo breaks by faults of its own, which say what was applied.
        // Noting an hour of the log is no step of a journey: a break there only loses lines.
        let is_ours = !knock.call.starts_with("Brevo")
            && !knock.call.starts_with("Shopify")
            && !knock.about.starts_with("days#");
        let breaks = is_ours && dice.below(2_000) < breaks.load(Ordering::Relaxed);
        if breaks {
            broken.fetch_add(1, Ordering::Relaxed);
        }
        let _ = knock.verdict.send(if breaks { Verdict::Break } else { Verdict::Go });
    }
}

/// Orders one of Brevo's failures for a call that is still to come.
fn order_fault(world: &World, dice: &mut Dice) {
    let action = match dice.below(7) {
        0 => json!({"status": 500}),
        1 => json!({"status": 429, "headers": {"x-sib-ratelimit-reset": 2}}),
        2 => json!({"drop": true}),
        3 => json!({"apply_then_drop": true}),
        4 => json!({"truncate": true}),
        5 => json!({"not_json": true}),
        _ => json!({"status": 425, "body": {"code": "account_in_process", "message": "wait"}}),
    };
    let paths = ["/v3/contacts*", "/v3/events", "/v3/events/batch", "/v3/orders/status*", "/v3/contacts"];
    let path = paths[dice.below(paths.len() as u64) as usize];
    let fault = json!({"path": path, "skip": dice.below(4), "action": action});
    world.sandbox.add_fault(serde_json::from_value(fault).unwrap());
}

fn events_in(path: &str, request: &Value) -> Vec<Value> {
    match path.trim_start_matches("/v3") {
        "/events" => vec![request.clone()],
        "/events/batch" => request["events"].as_array().cloned().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// What makes two events the same one: an abandonment's or payment's time is the worker's own.
fn identity(event: &Value) -> String {
    let properties = &event["event_properties"];
    let about = ["refund_id", "fulfillment_id", "order_number", "cart_id", "customer_id"];
    let about: Vec<&Value> = about.iter().map(|name| &properties[*name]).collect();
    let name = event["event_name"].as_str().unwrap_or_default();
    let date = if name == "cart_updated" { event["event_date"].clone() } else { Value::Null };
    format!("{name} {} {} {date}", event["identifiers"], json!(about))
}

/// The same stories, told once each, in order, with nothing in the way.
async fn calm() -> Value {
    let mut chaos = Chaos::new(1).await;
    chaos.world.limit_rates(false, false);
    for n in 0..BUYERS {
        for (index, (topic, body)) in story(n).into_iter().enumerate() {
            let notice = notice(topic, &format!("c-{n}-{index}"), body.to_string().as_bytes());
            let at = chaos.world.clock.now();
            let flying = Flying { at, body: notice.to_json(), source: Source::Live, received: 1 };
            chaos.work(vec![flying], index as u32).await;
        }
    }
    while !chaos.queue.is_empty() {
        let batch = chaos.take(&mut Dice(1));
        chaos.work(batch, 0).await;
    }
    chaos.world.brevo()
}

async fn run(seed: u64, calm: &Value) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut chaos = Chaos::new(seed).await;
    let start = chaos.world.clock.now();
    let mut deliveries = BTreeSet::new();
    for n in 0..BUYERS {
        for (index, (topic, body)) in story(n).into_iter().enumerate() {
            let delivery = format!("d-{n}-{index}");
            let notice = notice(topic, &delivery, body.to_string().as_bytes());
            // A fifth comes twice; all of it in any order within some seconds.
            for _ in 0..1 + u32::from(dice.below(5) == 0) {
                let at = start.saturating_add(SignedDuration::from_millis(dice.below(6_000) as i64)).unwrap();
                chaos.queue.push(Flying { at, body: notice.to_json(), source: Source::Live, received: 1 });
            }
            deliveries.insert(delivery);
        }
    }
    chaos.breaks.store(BROKEN * 2, Ordering::Relaxed);
    let mut batches = 0;
    while !chaos.queue.is_empty() {
        batches += 1;
        assert!(batches < 2_000, "seed {seed}: the queue never empties");
        if batches == BATCHES_OF_CHAOS {
            chaos.breaks.store(0, Ordering::Relaxed);
            chaos.world.sandbox.clear_faults();
        }
        if batches < BATCHES_OF_CHAOS && dice.below(3) == 0 {
            order_fault(&chaos.world, &mut dice);
        }
        let batch = chaos.take(&mut dice);
        chaos.work(batch, batches).await;
    }
    let state = chaos.world.brevo();
    compare(seed, &state, calm, &chaos.windows);
    let ended: BTreeSet<String> = chaos.ended.keys().cloned().collect();
    assert_eq!(ended, deliveries, "seed {seed}: every notice ended");
}

fn compare(seed: u64, state: &Value, calm: &Value, windows: &BTreeMap<String, usize>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut once = state.clone();
    once["events"].as_array_mut().unwrap().retain(|event| {
        let count = counts.entry(identity(event)).or_default();
        *count += 1;
        *count == 1
    });
    for (event, count) in &counts {
        let window = windows.get(event).copied().unwrap_or(0);
        assert!(
            *count <= 1 + window,
            "seed {seed}: {count} times, with {window} broken invocations: {event}"
        );
    }
    let (mine, expected) = (each(&once), each(calm));
    for n in 0..BUYERS {
        let buyer = FIRST + n;
        let of = |all: &std::collections::HashMap<u32, Value>| without_cart_events(&all[&buyer]);
        assert_eq!(of(&mine), of(&expected), "seed {seed}, buyer {n}");
        let contact = &array(&mine[&buyer], "contacts")[0];
        assert_eq!(
            contact["emailBlacklisted"],
            json!(n % 2 == 0),
            "seed {seed}: who said no last is blocked"
        );
    }
}

#[tokio::test]
async fn whatever_breaks_nothing_is_lost_and_nothing_happens_twice_outside_a_broken_invocation() {
    let runs: u64 = std::env::var("CHAOS_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(12);
    let first: u64 = std::env::var("CHAOS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let calm = calm().await;
    for seed in first..first + runs {
        run(seed, &calm).await;
    }
}
