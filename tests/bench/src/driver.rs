//! Sends a day through the real handlers, the way Shopify, SQS and Lambda would.
//!
//! Webhooks go through `tajo_app::ingest`, their messages to a queue, batches of them to `tajo_app::sync`, and the
//! sweeper runs every minute. Five pollers wait on the queue, as Lambda keeps them: whoever is free takes what is
//! there, at most ten messages, and works for as long as its calls are assumed to take.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tajo_app::ingest::{Answer, Ingress, IngressConfig, Request, ingest};
use tajo_app::sweep::{Sweeper, sweep};
use tajo_app::sync::{Outcome, Record, Report, Source, sync};
use tajo_app::{Clock, Delivery, Urgency};
use tajo_platforms::Notice;
use tajo_platforms::shopify::webhook::{self, Headers};
use tajo_testkit::{Front, Message, Meter, World};

use crate::Error;
use crate::day::{DAY, Day, Webhook, later, shop_name, store_name};
use crate::ingress::CLIENT_SECRET;
use crate::local_aws::{KEYRING, LocalAws};
use crate::logs::Logged;
use crate::queues::{Lane, Process, Queued};
use crate::tally::{Tally, assumed, chunks};

/// Batches of `live` that Lambda works on at once: it scales up with what waits ("Using Lambda with Amazon SQS").
const POLLERS: usize = 5;
/// Messages of one batch of `live`, and of `gather` with its window and concurrency (template.yaml).
const BATCH: usize = 10;
const GATHERED: (usize, i64, usize) = (1_000, 3, 4);
/// Tries of one webhook.
const TRIES: u32 = 5;
/// `VisibilityTimeout` of the live queue (template.yaml).
const HIDDEN_MS: i64 = 360_000;
/// brevo-sync believes a store's settings for three minutes and its key for five; its processes are made anew so often.
const BELIEVED_MS: i64 = 180_000;
const KEY_BELIEVED_MS: i64 = 300_000;
const GROUPS_AT_ONCE: u64 = 5;
const GATHERED_AT_ONCE: u64 = 10;

/// What is played, and how.
pub struct Play<'a> {
    /// The day.
    pub day: Day,
    /// Stores of the one Brevo account.
    pub stores: usize,
    /// Their settings.
    pub settings: &'a str,
    /// How calls leave.
    pub delivery: Delivery,
    /// Whether Brevo keeps its rate limits.
    pub limits: bool,
    /// Whether Brevo's batch roads have the rates of the single ones.
    pub fast_batches: bool,
    /// Whether the sweeper runs all day.
    pub sweeps: bool,
}

struct Driver {
    world: Arc<World>,
    _front: Front,
    aws: LocalAws,
    ingress: Ingress,
    sweeper: Sweeper,
    delivery: Delivery,
    lanes: [Lane; 2],
    start: Instant,
    midnight: Timestamp,
    batches: u64,
    tally: Tally,
}

/// Plays a day. `progress` hears of every simulated hour. Answers what it used, and what Brevo knows at its end.
pub async fn run(play: Play<'_>, progress: impl Fn(u32)) -> Result<(Tally, tajo_sandbox::State), Error> {
    let world = World::new(play.settings).await;
    let front = world.front().await;
    for store in 1..play.stores {
        world.add_store(&front, &store_name(store), &shop_name(store), play.settings).await;
    }
    let aws = LocalAws::start(play.stores).await?;
    let config = IngressConfig {
        live_queue_url: format!("{}/queue/live", aws.url),
        gather_queue_url: format!("{}/queue/gather", aws.url),
        keyring_secrets: vec![KEYRING.to_owned()],
        endpoint: Some(aws.url.clone()),
    };
    let (batch, window, pollers) = GATHERED;
    let mut driver = Driver {
        ingress: Ingress::new(&config).await?,
        sweeper: world.sweeper(&front).await,
        delivery: play.delivery,
        lanes: [
            Lane::new(Source::Live, BATCH, 0, POLLERS),
            Lane::new(Source::Gather, batch, window, pollers),
        ],
        start: Instant::now(),
        midnight: DAY.parse()?,
        batches: 0,
        tally: Tally::default(),
        world,
        _front: front,
        aws,
    };
    driver.play(play.day.before, None, &progress).await?;
    driver.tally = Tally::default();
    driver.world.limit_rates(play.limits, play.fast_batches);
    let midnight = driver.midnight;
    driver.play(play.day.webhooks, Some(midnight).filter(|_| play.sweeps), &progress).await?;
    let end = driver.world.clock.now();
    let state = driver.world.sandbox.state_at(later(end, 3_600_000));
    Ok((driver.tally, state))
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
            let receives = self.lanes.iter().enumerate();
            let receive = receives.filter_map(|(index, lane)| Some((lane.next_receive()?, index))).min();
            let (receive, lane) = receive.unzip();
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
                self.receive(lane.unwrap_or(0), next).await?;
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
        let shop = shop_name(webhook.store);
        let headers = Headers::read([
            (webhook::TOPIC, webhook.topic),
            (webhook::SHOP, &shop),
            (webhook::SIGNATURE, &signature),
            (webhook::DELIVERY, &webhook.delivery),
            (webhook::EVENT, &webhook.delivery),
            (webhook::TRIGGERED_AT, &triggered_at),
            (webhook::API_VERSION, "2026-10"),
        ]);
        let since_midnight = now.duration_since(self.midnight).as_millis().max(0);
        let clock = self.start + Duration::from_millis(u64::try_from(since_midnight)?);
        let before = Logged::now();
        let mut tries = 0;
        loop {
            let headers = headers.clone();
            let request =
                Request { headers, path_store: None, body: &webhook.body, received_at: now, now: clock };
            let answer = ingest(&self.ingress, request).await;
            tries += 1;
            match answer {
                Answer::Accepted => break,
                // The clients' timeouts run on this machine's time, and it may be busy: Shopify tries again as well.
                Answer::TryAgain if tries < TRIES => drop(self.aws.take()),
                _ => {
                    return Err(format!("a webhook of the benchmark was answered {}", answer.status()).into());
                }
            }
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
        for (queue, delay, body) in asked.messages {
            tally.message_bytes += u64::try_from(body.len())?;
            tally.sqs.ingress_sends += chunks(body.len());
            let visible_at = later(now, i64::try_from(ms)? + delay * 1000);
            let group = store_name(webhook.store);
            self.lanes[lane_of(&queue)].push(Queued { visible_at, body, group, received: 0 });
        }
        Ok(())
    }

    /// One batch, to the first free worker.
    async fn receive(&mut self, lane: usize, now: Timestamp) -> Result<(), Error> {
        let (poller, batch) = self.lanes[lane].take(now);
        self.batches += 1;
        let source = self.lanes[lane].source;
        let record = |(position, queued): (usize, &Queued)| Record {
            message_id: position.to_string(),
            body: queued.body.clone(),
            received: queued.received + 1,
            source,
        };
        let records: Vec<Record> = batch.iter().enumerate().map(record).collect();
        let notices: Vec<Named> = batch.iter().map(|queued| named(&queued.body)).collect();

        self.world.take_meter();
        let secret_reads = self.wake(lane, poller, now).await;
        let before = Logged::now();
        let Some(process) = &self.lanes[lane].pollers[poller].process else { return Err("no worker".into()) };
        let clock = process.clock.clone();
        let deadline = now.saturating_add(SignedDuration::from_secs(60))?;
        let reports = sync(&process.env, records, &format!("request-{:08x}", self.batches), deadline).await;
        let meter = self.world.take_meter();
        self.world.sandbox.forget_calls();

        let ms = assumed_ms(&meter, &reports, source, secret_reads, batch.len());
        let done = later(clock.now(), i64::try_from(ms)?);
        self.lanes[lane].pollers[poller].free_at = done;
        self.note(&meter, &reports, &notices, done);

        let tally = &mut self.tally;
        *tally.batches.entry(batch.len()).or_default() += 1;
        tally.sqs.receives += chunks(batch.iter().map(|queued| queued.body.len()).sum());
        tally.sqs.deletes += u64::try_from(batch.len().div_ceil(10))?;
        tally.sync.invocations += 1;
        tally.sync.ms += u64::try_from(done.duration_since(now).as_millis()).unwrap_or(ms);
        tally.sync.secret_reads += secret_reads;
        tally.sync.logs.add(Logged::since(before));
        tally.sync.add(&meter);
        for (position, queued) in batch.into_iter().enumerate() {
            let retried = |report: &&Report| {
                report.outcome == Outcome::Retried && report.message_id == position.to_string()
            };
            if reports.iter().any(|report| retried(&report)) {
                let visible_at = later(now, HIDDEN_MS);
                self.lanes[lane].push(Queued { visible_at, received: queued.received + 1, ..queued });
            }
        }
        self.queue_again(done, meter.sqs_sends);
        Ok(())
    }

    /// Writes down what became of a batch.
    fn note(&mut self, meter: &Meter, reports: &[Report], notices: &[Named], done: Timestamp) {
        let share = 1.0 / notices.len().max(1) as f64;
        for report in reports {
            let Named { topic, store, received_at } =
                &notices[report.message_id.parse::<usize>().unwrap_or(0)];
            let is_over = !matches!(report.outcome, Outcome::Deferred | Outcome::Retried);
            if is_over {
                let took = done.duration_since(*received_at).as_millis();
                self.tally.took(store, Urgency::of(topic), u64::try_from(took).unwrap_or(0));
                self.tally.last_end = self.tally.last_end.max(Some(done));
            }
            let topic = self.tally.topics.entry(topic.clone()).or_default();
            topic.notices += u64::from(is_over);
            topic.writes += meter.writes.as_f64() * share;
            topic.reads += meter.reads.as_f64() * share;
            topic.brevo_calls += u64::from(report.line.calls);
            *topic.outcomes.entry(report.outcome.as_str()).or_default() += 1;
            if report.outcome != Outcome::Applied {
                *topic.reasons.entry(report.line.reason.clone().unwrap_or_default()).or_default() += 1;
            }
        }
    }

    /// Makes a worker whose caches are as old as the simulated time says. Answers how often the store's key is read.
    async fn wake(&mut self, lane: usize, poller: usize, now: Timestamp) -> u64 {
        let believed = |since: Timestamp, ms| now.duration_since(since) < SignedDuration::from_millis(ms);
        let known = {
            let poller = &mut self.lanes[lane].pollers[poller];
            if let Some(process) = &poller.process
                && believed(process.made, BELIEVED_MS)
            {
                process.clock.play(now);
                return 0;
            }
            poller.process.as_ref().map(|process| {
                let env = &process.env;
                (env.budgets.clone(), env.categories.clone(), env.table.clone())
            })
        };
        let clock = Clock::default();
        clock.play(now);
        let front = Front::open_at(self.world.clone(), clock.clone(), None).await;
        let mut env = self.world.env(&front).await;
        env.clock = clock.clone();
        env.delivery = self.delivery;
        // Only caches of keys and settings grow old: what else a process knows stays with it.
        if let Some((budgets, categories, table)) = known {
            (env.budgets, env.categories) = (budgets, categories);
            env.table = env.table.remembering(&table);
        }
        let poller = &mut self.lanes[lane].pollers[poller];
        poller.process = Some(Process { made: now, env, clock, front });
        if poller.key_read_at.is_some_and(|read| believed(read, KEY_BELIEVED_MS)) {
            return 0;
        }
        poller.key_read_at = Some(now);
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
        self.queue_again(now, meter.sqs_sends);
        Ok(())
    }

    /// What the functions sent to the queues themselves.
    fn queue_again(&mut self, now: Timestamp, requests: u64) {
        self.tally.sqs.other_sends += requests;
        for Message { queue, body, delay } in self.world.take_messages() {
            let visible_at = later(now, i64::try_from(delay).unwrap_or(0) * 1000);
            let group = Notice::from_json(&body).ok().and_then(|notice| notice.store);
            let group = group.map_or_else(String::new, |store| store.as_str().to_owned());
            self.lanes[lane_of(&queue)].push(Queued { visible_at, body, group, received: 0 });
        }
    }
}

fn lane_of(queue: &str) -> usize {
    usize::from(queue == "gather")
}

/// What a batch takes besides its waiting: groups of one person go side by side, so many at a time.
fn assumed_ms(meter: &Meter, reports: &[Report], source: Source, secret_reads: u64, records: usize) -> u64 {
    let mut longest = BTreeMap::<String, u64>::new();
    for report in reports {
        let group = report.line.person.clone().unwrap_or_else(|| report.message_id.clone());
        *longest.entry(group).or_default() += u64::from(report.line.calls);
    }
    let at_once = if source == Source::Gather { GATHERED_AT_ONCE } else { GROUPS_AT_ONCE };
    let calls = meter.brevo_total();
    let in_a_row = longest.into_values().max().unwrap_or(0).max(calls.div_ceil(at_once));
    let aws_calls = meter.dynamo_calls.values().sum::<u64>() + meter.sqs_sends + secret_reads;
    let aws_calls = if source == Source::Gather { aws_calls.div_ceil(at_once) } else { aws_calls };
    in_a_row * assumed::BREVO_MS
        + aws_calls * assumed::AWS_MS
        + assumed::OWN_MS * u64::try_from(records).unwrap_or(0)
}

/// What a message is about, and when its webhook came.
struct Named {
    topic: String,
    store: String,
    received_at: Timestamp,
}

fn named(message: &str) -> Named {
    let unreadable =
        || Named { topic: "unreadable".to_owned(), store: String::new(), received_at: Timestamp::MAX };
    Notice::from_json(message).map_or_else(
        |_| unreadable(),
        |notice| Named {
            store: notice.store.map_or_else(String::new, |store| store.as_str().to_owned()),
            topic: notice.topic,
            received_at: notice.received_at,
        },
    )
}
