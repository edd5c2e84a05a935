//! How a notice ends: in exactly one visible state, with a reason.

use std::collections::BTreeMap;

use tajo_domain::{Change, ContactKey, Email, Skipped, short_hash};
use tajo_mapping::LogLevel;
use tajo_platforms::Notice;
use tajo_platforms::notice::INTERNAL_TOPICS;
use tajo_state::{LogLine, Parked, StoreStatus, park, write_log};
use tracing::{info, warn};

use super::prepare::{Prepared, Task, identity};
use super::put_off::{gather, go_on, put_off};
use crate::connect::set_up::NOT_SET_UP;
use crate::shopify::{CANNOT_BE_ASKED, CANNOT_BE_TOLD};
use crate::stop::Stop;
use crate::worker::{Step, Worker};
use crate::{Env, Store, pause};

/// One message of a queue.
#[derive(Clone, Debug)]
pub struct Record {
    /// The queue's name for it.
    pub message_id: String,
    /// Its text.
    pub body: String,
    /// How often the queue has handed it out, this time included.
    pub received: u32,
    /// Where it comes from.
    pub source: Source,
}

/// A queue that brevo-sync is fed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What just arrived.
    Live,
    /// What waited for a rate limit, or for company.
    Gather,
    /// What could not be received.
    DeadLetters,
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something was sent, or written down to be sent later.
    Applied,
    /// There was nothing new in it.
    Unchanged,
    /// It asks for nothing that is synced.
    Skipped,
    /// It goes on later: it is on the queue again.
    Deferred,
    /// It waits for a person: `tajo parked list`.
    Parked,
    /// Its store is paused: it goes on when that ends.
    Held,
    /// Our own state or queue could not be reached: the queue hands it out again.
    Retried,
}

impl Outcome {
    /// As it stands in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Deferred => "deferred",
            Self::Parked => "parked",
            Self::Held => "held",
            Self::Retried => "retried",
        }
    }
}

/// What became of one record.
#[derive(Clone, Debug)]
pub struct Report {
    /// The queue's name for it: where the outcome is [`Outcome::Retried`], the queue must keep it.
    pub message_id: String,
    /// The store, or the shop's address where no store is known.
    pub store: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What is written down.
    pub line: LogLine,
    /// The store asked to hear only of trouble in the function's log.
    pub(super) quiet: bool,
    /// It was only passed on: its end is written down where it ends.
    pub(super) passed_on: bool,
}

/// The queue hands a message out five times (template.yaml, `maxReceiveCount`).
const LAST_CHANCE: u32 = 5;

/// A record that was handed out twice before, to no end, may be what stopped the function: it is not worked on
/// together with others, unless this is its last chance.
pub(super) fn set_aside(env: &Env, records: Vec<Record>) -> (Vec<Report>, Vec<Record>) {
    if records.len() == 1 {
        return (Vec::new(), records);
    }
    let suspicious =
        |record: &Record| (3..LAST_CHANCE).contains(&record.received) && record.source != Source::DeadLetters;
    let (suspects, others): (Vec<Record>, Vec<Record>) = records.into_iter().partition(suspicious);
    if others.is_empty() {
        let mut suspects = suspects.into_iter();
        let first = suspects.next().into_iter().collect();
        return (suspects.map(|record| given_back(env, &record)).collect(), first);
    }
    (suspects.iter().map(|record| given_back(env, record)).collect(), others)
}

/// The end of a journey, made visible.
pub(super) async fn conclude(
    env: &Env,
    worker: &Worker<'_>,
    prepared: &Prepared,
    result: Result<Step, Stop>,
) -> Report {
    let mut report = match result {
        Ok(step) => {
            let outcome = match (&step.applied, step.skipped.is_empty()) {
                (true, _) => Outcome::Applied,
                (false, true) => Outcome::Unchanged,
                (false, false) => Outcome::Skipped,
            };
            let answered = outcome == Outcome::Applied && worker.calls() > 0;
            attend(env, &prepared.store, &step, answered).await;
            report(env, &prepared.record, &prepared.notice, outcome, reason(&step.skipped))
        }
        Err(stop) => stopped(env, &prepared.record, prepared.notice.clone(), stop, worker.calls()).await,
    };
    let (person, order) = subjects(&prepared.task);
    report.quiet = prepared.store.facts.settings.logging.level == LogLevel::Quiet;
    report.line.calls = worker.calls();
    report.line.person = person.map(|plain| env.table.pseudonym(&plain));
    (report.line.order, report.line.order_name) = order.unzip();
    report.line.order_name = report.line.order_name.take().filter(|name| !name.is_empty());
    report
}

/// Writes down whether the store needs somebody, if that is news. What Shopify refused is over when Shopify answers or
/// takes the like of it, and anything else when Brevo takes work again (`answered`): what was only written down here says
/// nothing of it.
async fn attend(env: &Env, store: &Store, step: &Step, answered: bool) {
    let before = store.record.attention.as_deref();
    let is_over = match before {
        Some(reason) if reason.starts_with(CANNOT_BE_ASKED) => step.asked_platform,
        Some(reason) if reason.starts_with(CANNOT_BE_TOLD) => step.told_platform,
        // Only the set-up itself ends this.
        Some(reason) if reason.starts_with(NOT_SET_UP) => false,
        _ => answered,
    };
    let after = match &step.attention {
        Some(reason) => Some(reason.as_str()),
        None if is_over && store.record.status == StoreStatus::NeedsAttention => None,
        None => return,
    };
    let id = &store.facts.store;
    if after != before && env.set_attention(id, after).await.is_err() {
        warn!(store.id = %id, "whether the store needs attention could not be written down");
    }
}

/// The end of a notice that never got to its journey.
pub(super) async fn stopped_early(env: &Env, record: &Record, notice: Notice, stop: Stop) -> Report {
    stopped(env, record, notice, stop, 0).await
}

/// A message that is no notice: kept as it is.
pub(super) async fn park_unreadable(env: &Env, record: &Record, reason: &str) -> Report {
    let notice = nameless(env, record);
    let stop = Stop::park(reason);
    stopped(env, record, notice, stop, 0).await
}

/// What a function failed to receive again and again.
pub(super) async fn park_dead_letter(env: &Env, record: &Record) -> Report {
    let notice = Notice::from_json(&record.body).unwrap_or_else(|_| nameless(env, record));
    let stop = Stop::Park {
        reason: "brevo-sync could not finish it in five tries".to_owned(),
        hint: Some("look for errors in the function's log, then try it again"),
    };
    stopped(env, record, notice, stop, 0).await
}

/// Writes the lines of every store: one item per store and invocation.
pub(super) async fn write_down(env: &Env, request: &str, reports: &[Report]) {
    let mut by_store: BTreeMap<&str, Vec<LogLine>> = BTreeMap::new();
    let passed_on = reports.iter().filter(|report| report.passed_on).count();
    if passed_on > 0 {
        info!(notices = passed_on, "notices wait for a rate limit together");
    }
    for report in reports.iter().filter(|report| !report.passed_on) {
        let line = &report.line;
        let is_trouble = matches!(report.outcome, Outcome::Deferred | Outcome::Parked | Outcome::Retried);
        if is_trouble || !report.quiet {
            info!(
                store.id = report.store,
                topic = line.topic,
                delivery = line.delivery,
                outcome = line.outcome,
                reason = line.reason,
                calls = line.calls,
                "a notice ended"
            );
        }
        by_store.entry(&report.store).or_default().push(line.clone());
    }
    for (store, lines) in by_store {
        if let Err(error) = write_log(&env.table, store, request, env.clock.now(), &lines).await {
            warn!(store.id = store, %error, "the log of {} notices could not be stored: it stands only here", lines.len());
        }
    }
}

/// Hash of the person, id and name of the order a task is about, for finding its line again.
pub(super) fn subjects(task: &Task) -> (Option<String>, Option<(String, String)>) {
    let changes = match task {
        Task::Changes(changes) | Task::Consents(changes) => changes,
        Task::BrevoNews(told) => return (Some(told.news.email.hash()), None),
        Task::CartDue(_) | Task::Resume | Task::EraseShop | Task::SetUp | Task::CheckWebhooks => {
            return (None, None);
        }
    };
    let who = changes.changes.iter().find_map(identity);
    let person = who.filter(|who| !who.is_empty()).and_then(|who| {
        let by_key = || match who.key()? {
            ContactKey::Customer(id) => Some(short_hash(&id)),
            ContactKey::Guest(hash) => Some(hash),
        };
        who.email.as_ref().map(Email::hash).or_else(by_key)
    });
    let order = changes.changes.iter().find_map(|change| match change {
        Change::Order(order) => Some((order.id.clone(), order.name.clone())),
        Change::OrderFact(lone) => Some((lone.order.clone(), String::new())),
        Change::OrderDeleted { order, .. } => Some((order.clone(), String::new())),
        _ => None,
    });
    (person, order)
}

async fn stopped(env: &Env, record: &Record, notice: Notice, stop: Stop, calls: u32) -> Report {
    let result = match stop {
        Stop::Later { after, reason } => put_off(env, record, &notice, after, &reason).await,
        Stop::Scarce { after, reason } => gather(env, record, &notice, after, &reason).await,
        Stop::Continue { resume, reason } => go_on(env, &notice, resume, reason).await,
        Stop::Park { reason, hint } => {
            if let (Some(_), Some(store)) = (hint, &notice.store)
                && calls > 0
            {
                // Only Brevo's own refusals of the account come with a hint after a call.
                let _ = env.set_attention(store, Some(&reason)).await;
            }
            park_it(env, record, &notice, &reason, hint).await.map(|()| (Outcome::Parked, reason))
        }
        Stop::Hold => match &notice.store {
            Some(store) => {
                let id = parked_id(&notice, record);
                let kept = pause::keep(env, store, &notice, record, id).await;
                kept.map(|()| (Outcome::Held, pause::REASON.to_owned()))
            }
            None => Err("a notice of no store cannot be held".to_owned()),
        },
        Stop::Retry { reason } => Err(reason),
    };
    match result {
        Ok((outcome, reason)) => report(env, record, &notice, outcome, Some(reason)),
        Err(reason) => {
            warn!(
                topic = notice.topic,
                delivery = notice.delivery,
                reason,
                "a notice goes back to the queue"
            );
            report(env, record, &notice, Outcome::Retried, Some(reason))
        }
    }
}

pub(super) async fn park_it(
    env: &Env,
    record: &Record,
    notice: &Notice,
    reason: &str,
    hint: Option<&'static str>,
) -> Result<(), String> {
    let parked = Parked {
        id: parked_id(notice, record),
        store: store_name(notice),
        topic: notice.topic.clone(),
        reason: reason.to_owned(),
        hint: hint.map(str::to_owned),
        attempts: notice.attempts + record.received,
        at: env.clock.now(),
        parts: 0,
    };
    park(&env.table, parked, &record.body).await.map_err(|error| error.to_string())
}

/// What a piece of work is parked under, so that parking twice is parking once. Text that is no notice has no name but
/// the queue's.
fn parked_id(notice: &Notice, record: &Record) -> String {
    let is_nameless = notice.topic.is_empty() && notice.shop.is_empty();
    if is_nameless { record.message_id.clone() } else { work_id(notice) }
}

/// Names a piece of work. A platform's by what was signed: the id of its delivery is the sender's word, and a body that is
/// sent a thousand times under new ids is one piece of work all the same. Our own by its delivery.
pub(crate) fn work_id(notice: &Notice) -> String {
    if notice.topic.starts_with(INTERNAL_TOPICS) {
        return delivery_id(notice);
    }
    match notice.confirmed {
        false => notice.digest(),
        // What a person said is not what was said before.
        true => format!("{}-{}", notice.digest(), notice.received_at.as_second()),
    }
}

/// The delivery's id, fit for a key.
pub(crate) fn delivery_id(notice: &Notice) -> String {
    let fit = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
    match notice.delivery.as_str() {
        id if !id.is_empty() && id.len() <= 100 && id.chars().all(fit) => id.to_owned(),
        id => short_hash(id),
    }
}

pub(super) fn store_name(notice: &Notice) -> String {
    match &notice.store {
        Some(store) => store.as_str().to_owned(),
        None if notice.shop.is_empty() => "unknown".to_owned(),
        None => notice.shop.clone(),
    }
}

fn nameless(env: &Env, record: &Record) -> Notice {
    Notice::new(tajo_platforms::Platform::Shopify, "", "", record.message_id.as_str(), env.clock.now())
}

fn given_back(env: &Env, record: &Record) -> Report {
    let at = env.clock.now();
    let line = LogLine {
        at,
        delivery: record.message_id.clone(),
        topic: String::new(),
        outcome: Outcome::Retried.as_str().to_owned(),
        reason: Some("handed out before to no end: worked on alone".to_owned()),
        calls: 0,
        person: None,
        order: None,
        order_name: None,
    };
    Report {
        message_id: record.message_id.clone(),
        store: "unknown".to_owned(),
        outcome: Outcome::Retried,
        line,
        quiet: false,
        passed_on: false,
    }
}

pub(super) fn report(
    env: &Env,
    record: &Record,
    notice: &Notice,
    outcome: Outcome,
    reason: Option<String>,
) -> Report {
    let line = LogLine {
        at: env.clock.now(),
        delivery: notice.delivery.clone(),
        topic: notice.topic.clone(),
        outcome: outcome.as_str().to_owned(),
        reason,
        calls: 0,
        person: None,
        order: None,
        order_name: None,
    };
    let message_id = record.message_id.clone();
    Report { message_id, store: store_name(notice), outcome, line, quiet: false, passed_on: false }
}

fn reason(skipped: &[Skipped]) -> Option<String> {
    let parts: Vec<String> = skipped.iter().map(|part| format!("{}: {}", part.what, part.reason)).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
