//! Sends a day through the real handlers, the way Shopify, SQS and Lambda would.
//!
//! Webhooks go through `tajo_app::ingest`, their messages to a queue, batches of them to `tajo_app::sync`, and the
//! sweeper runs every minute. Five pollers wait on the queue, as Lambda keeps them: whoever is free takes what is
//! there, at most ten messages, and works for as long as its calls are assumed to take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tajo_app::Env;
use tajo_app::ingest::{Answer, Ingress, IngressConfig, Request, ingest};
use tajo_app::sweep::{Sweeper, sweep};
use tajo_app::sync::{Outcome, Record, sync};
use tajo_platforms::Notice;
use tajo_platforms::shopify::webhook::{self, Headers};
use tajo_testkit::{Front, Message, SHOP, World};

use crate::Error;
use crate::day::{DAY, Day, Webhook, later};
use crate::ingress::CLIENT_SECRET;
use crate::local_aws::{KEYRING, LocalAws};
use crate::logs::Logged;
use crate::tally::{Tally, assumed, chunks};

/// Batches Lambda works on at once before it scales up ("Using Lambda with Amazon SQS").
const POLLERS: usize = 5;
/// Messages of one batch (template.yaml).
const BATCH: usize = 10;
/// From a message's arrival to a waiting poller's answer.
const POLL_MS: i64 = 10;
/// `VisibilityTimeout` of the live queue (template.yaml).
const HIDDEN_MS: i64 = 360_000;
/// brevo-sync believes a store's settings for three minutes and its key for five; caches of real processes follow the
/// real clock, so each worker is made anew when its simulated minutes are over.
const BELIEVED_MS: i64 = 180_000;
const KEY_BELIEVED_MS: i64 = 300_000;
const GROUPS_AT_ONCE: u64 = 5;

struct Queued {
    visible_at: Timestamp,
    body: String,
    received: u32,
}

#[derive(Default)]
struct Worker {
    free_at: Timestamp,
    env: Option<(Timestamp, Env)>,
    key_read_at: Option<Timestamp>,
}

struct Driver {
    world: Arc<World>,
    front: Front,
    aws: LocalAws,
    ingress: Ingress,
    sweeper: Sweeper,
    queue: Vec<Queued>,
    workers: Vec<Worker>,
    start: Instant,
    midnight: Timestamp,
    batches: u64,
    tally: Tally,
}

/// Runs the day. `progress` hears of every simulated hour.
pub async fn run(day: Day, settings: &str, progress: impl Fn(u32)) -> Result<Tally, Error> {
    let world = World::new(settings).await;
    let front = world.front().await;
    let aws = LocalAws::start().await?;
    let config = IngressConfig {
        live_queue_url: format!("{}/queue/live", aws.url),
        keyring_secrets: vec![KEYRING.to_owned()],
        endpoint: Some(aws.url.clone()),
    };
    let mut driver = Driver {
        ingress: Ingress::new(&config).await?,
        sweeper: world.sweeper(&front).await,
        queue: Vec::new(),
        workers: (0..POLLERS).map(|_| Worker::default()).collect(),
        start: Instant::now(),
        midnight: DAY.parse()?,
        batches: 0,
        tally: Tally::default(),
        world,
        front,
        aws,
    };
    driver.play(day.before, None, &progress).await?;
    driver.tally = Tally::default();
    let midnight = driver.midnight;
    driver.play(day.webhooks, Some(midnight), &progress).await?;
    Ok(driver.tally)
}

impl Driver {
    /// Everything in the order of time, until nothing is left. `sweeps_from`: whether the sweeper runs, a day long.
    async fn play(
        &mut self,
        webhooks: Vec<Webhook>,
        sweeps_from: Option<Timestamp>,
        progress: &impl Fn(u32),
    ) -> Result<(), Error> {
        let mut webhooks = webhooks.into_iter().peekable();
        let mut minutes = (0..if sweeps_from.is_some() { 24 * 60 } else { 0 }).peekable();
        loop {
            let minute = minutes.peek().map(|minute| later(self.midnight, (minute + 1) * 60_000));
            let webhook = webhooks.peek().map(|webhook| webhook.at);
            let receive = self.next_receive();
            let Some(next) = [webhook, minute, receive].into_iter().flatten().min() else { return Ok(()) };
            self.set_clock(next)?;
            if webhook == Some(next) {
                if let Some(webhook) = webhooks.next() {
                    self.ingest(webhook, next).await?;
                }
            } else if minute == Some(next) {
                let minute = minutes.next().unwrap_or(0);
                if minute % 60 == 0 {
                    progress(u32::try_from(minute / 60)?);
                }
                self.sweep(next).await?;
            } else {
                self.receive(next).await?;
            }
        }
    }

    fn set_clock(&self, to: Timestamp) -> Result<(), Error> {
        self.world.advance(to.duration_since(self.world.clock.now()));
        Ok(())
    }

    /// A webhook through the public door.
    async fn ingest(&mut self, webhook: Webhook, now: Timestamp) -> Result<(), Error> {
        let signature = webhook::sign(&webhook.body, CLIENT_SECRET.as_bytes());
        let triggered_at = later(now, -100).to_string();
        let headers = Headers::read([
            (webhook::TOPIC, webhook.topic),
            (webhook::SHOP, SHOP),
            (webhook::SIGNATURE, &signature),
            (webhook::DELIVERY, &webhook.delivery),
            (webhook::EVENT, &webhook.delivery),
            (webhook::TRIGGERED_AT, &triggered_at),
            (webhook::API_VERSION, "2026-10"),
        ]);
        let since_midnight = now.duration_since(self.midnight).as_millis().max(0);
        let clock = self.start + Duration::from_millis(u64::try_from(since_midnight)?);
        let request =
            Request { headers, path_store: None, body: &webhook.body, received_at: now, now: clock };
        let before = Logged::now();
        let answer = ingest(&self.ingress, request).await;
        if answer != Answer::Accepted {
            return Err(format!("a webhook of the benchmark was answered {}", answer.status()).into());
        }
        let asked = self.aws.take();
        let tally = &mut self.tally;
        tally.webhooks += 1;
        let ms = assumed::OWN_MS + assumed::AWS_MS * (1 + asked.keyring_reads);
        tally.ingress.invocations += 1;
        tally.ingress.ms += ms;
        tally.ingress.secret_reads += asked.keyring_reads;
        tally.ingress.logs.add(Logged::since(before));
        let topic = tally.topics.entry(webhook.topic.to_owned()).or_default();
        topic.body_bytes += u64::try_from(webhook.body.len())?;
        for body in asked.messages {
            tally.message_bytes += u64::try_from(body.len())?;
            tally.sqs.ingress_sends += chunks(body.len());
            self.queue.push(Queued { visible_at: later(now, i64::try_from(ms)?), body, received: 0 });
        }
        Ok(())
    }

    /// When the next message meets a free poller.
    fn next_receive(&self) -> Option<Timestamp> {
        let visible = self.queue.iter().map(|queued| queued.visible_at).min()?;
        let free = self.workers.iter().map(|worker| worker.free_at).min()?;
        Some(later(visible, POLL_MS).max(free))
    }

    /// One batch, to the first free worker.
    async fn receive(&mut self, now: Timestamp) -> Result<(), Error> {
        let (mut batch, mut rest) = (Vec::new(), Vec::new());
        self.queue.sort_by_key(|queued| queued.visible_at);
        for queued in self.queue.drain(..) {
            let fits = queued.visible_at <= now && batch.len() < BATCH;
            if fits { batch.push(queued) } else { rest.push(queued) }
        }
        self.queue = rest;
        let index = self.workers.iter().position(|worker| worker.free_at <= now).unwrap_or(0);
        self.batches += 1;
        let records = batch.iter().enumerate().map(|(position, queued)| Record {
            message_id: position.to_string(),
            body: queued.body.clone(),
            received: queued.received + 1,
            is_dead_letter: false,
        });
        let records: Vec<Record> = records.collect();
        let topics: Vec<String> = batch.iter().map(|queued| topic_of(&queued.body)).collect();
        let bytes = batch.iter().map(|queued| queued.body.len()).sum();

        self.world.take_meter();
        let secret_reads = self.wake(index, now).await;
        let before = Logged::now();
        let Some((_, env)) = &self.workers[index].env else { return Err("no worker".into()) };
        let deadline = now.saturating_add(SignedDuration::from_secs(60))?;
        let reports = sync(env, records, &format!("request-{:08x}", self.batches), deadline).await;

        let meter = self.world.take_meter();
        let share = 1.0 / topics.len().max(1) as f64;
        let (mut longest, mut calls) = (std::collections::BTreeMap::<String, u64>::new(), 0);
        for report in &reports {
            let position: usize = report.message_id.parse().unwrap_or(0);
            let topic = self.tally.topics.entry(topics[position].clone()).or_default();
            topic.notices += 1;
            topic.writes += meter.writes.as_f64() * share;
            topic.reads += meter.reads.as_f64() * share;
            topic.brevo_calls += u64::from(report.line.calls);
            *topic.outcomes.entry(report.outcome.as_str()).or_default() += 1;
            if report.outcome != Outcome::Applied {
                *topic.reasons.entry(report.line.reason.clone().unwrap_or_default()).or_default() += 1;
            }
            let group = report.line.person.clone().unwrap_or_else(|| report.message_id.clone());
            *longest.entry(group).or_default() += u64::from(report.line.calls);
            calls += u64::from(report.line.calls);
        }
        // Groups of one person go side by side, five at a time.
        let in_a_row = longest.into_values().max().unwrap_or(0).max(calls.div_ceil(GROUPS_AT_ONCE));
        let aws_calls = meter.dynamo_calls.values().sum::<u64>() + meter.sqs_sends + secret_reads;
        let ms = in_a_row * assumed::BREVO_MS
            + aws_calls * assumed::AWS_MS
            + assumed::OWN_MS * u64::try_from(batch.len())?;
        let done = later(now, i64::try_from(ms)?);
        self.workers[index].free_at = done;

        let tally = &mut self.tally;
        *tally.batches.entry(batch.len()).or_default() += 1;
        tally.sqs.receives += chunks(bytes);
        tally.sqs.deletes += 1;
        tally.sync.invocations += 1;
        tally.sync.ms += ms;
        tally.sync.secret_reads += secret_reads;
        tally.sync.logs.add(Logged::since(before));
        tally.sync.add(&meter);
        for (position, queued) in batch.into_iter().enumerate() {
            let retried = |report: &&tajo_app::sync::Report| {
                report.outcome == Outcome::Retried && report.message_id == position.to_string()
            };
            if reports.iter().any(|report| retried(&report)) {
                let visible_at = later(now, HIDDEN_MS);
                self.queue.push(Queued { visible_at, received: queued.received + 1, ..queued });
            }
        }
        self.queue_again(done);
        Ok(())
    }

    /// Makes a worker whose caches are as old as the simulated time says. Answers how often the store's key is read.
    async fn wake(&mut self, index: usize, now: Timestamp) -> u64 {
        let believed = |since: Timestamp, ms| now.duration_since(since) < SignedDuration::from_millis(ms);
        let worker = &mut self.workers[index];
        if worker.env.as_ref().is_some_and(|(made, _)| believed(*made, BELIEVED_MS)) {
            return 0;
        }
        worker.env = Some((now, self.world.env(&self.front).await));
        if worker.key_read_at.is_some_and(|read| believed(read, KEY_BELIEVED_MS)) {
            return 0;
        }
        worker.key_read_at = Some(now);
        1
    }

    async fn sweep(&mut self, now: Timestamp) -> Result<(), Error> {
        self.world.take_meter();
        let before = Logged::now();
        let swept = sweep(&self.sweeper, now.saturating_add(SignedDuration::from_secs(45))?).await?;
        let meter = self.world.take_meter();
        let tally = &mut self.tally;
        tally.carts_due += u64::from(swept.due);
        tally.sweeper.invocations += 1;
        tally.sweeper.ms +=
            assumed::OWN_MS + assumed::AWS_MS * (meter.dynamo_calls.values().sum::<u64>() + meter.sqs_sends);
        tally.sweeper.logs.add(Logged::since(before));
        tally.sweeper.add(&meter);
        self.queue_again(now);
        Ok(())
    }

    /// What the functions sent to the queue themselves.
    fn queue_again(&mut self, now: Timestamp) {
        for Message { body, delay } in self.world.take_messages() {
            self.tally.sqs.other_sends += chunks(body.len());
            let visible_at = later(now, i64::try_from(delay).unwrap_or(0) * 1000);
            self.queue.push(Queued { visible_at, body, received: 0 });
        }
    }
}

fn topic_of(message: &str) -> String {
    Notice::from_json(message).map_or_else(|_| "unreadable".to_owned(), |notice| notice.topic)
}
