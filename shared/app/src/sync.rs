//! The journey of a batch of notices. Start reading here.

pub(crate) mod outcome;
mod prepare;
mod put_off;
mod resolve;

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use tajo_domain::{Change, Changes};
use tajo_mapping::Sync;
use tajo_state::StoreStatus;
use tracing::error;

pub use outcome::{Outcome, Record, Report, Source};

use crate::connect::set_up;
use crate::outbox::Outbox;
use crate::stop::Stop;
use crate::worker::{Step, Worker};
use crate::{
    Env, Store, Urgency, brevo_news, cart, category, contact, delete, deletions, lifecycle, merge, order,
    pause, privacy, product,
};
use prepare::{Prepared, Task, groups, prepare};

/// Groups worked on at the same time: waiting for Brevo costs as much as working. Below the 10 contacts and 10
/// events per second that an account may send.
const AT_ONCE: usize = 5;

/// Groups of a gathered batch that wait for each other: more than a thousand notices of a sale make.
const GATHERED_AT_ONCE: usize = 500;

/// Works on a batch of records from one queue and says what became of each.
///
/// Nothing fails the batch: a record that cannot be finished is put off, parked, or given back to the queue.
/// `request` names the invocation; no call starts that could not end before `deadline`.
pub async fn sync(env: &Env, records: Vec<Record>, request: &str, deadline: Timestamp) -> Vec<Report> {
    let (alone, records) = outcome::set_aside(env, records); //            a record that may break the rest waits
    let (prepared, mut reports) = prepare(env, records, deadline).await; // reads stores; may fetch what is only named
    let gathered = prepared.iter().filter(|prepared| prepared.record.source == Source::Gather);
    let gathered = gathered.map(|prepared| Urgency::of(&prepared.notice.topic)).min();
    let outbox = Outbox::new(env, gathered, deadline);
    let worked = stream::iter(groups(prepared)) //                    one person's notices one after another
        .map(|group| work(env, &outbox, group, deadline))
        .buffer_unordered(if outbox.gathers() { GATHERED_AT_ONCE } else { AT_ONCE })
        .collect::<Vec<_>>()
        .await;
    reports.extend(worked.into_iter().flatten());
    reports.extend(alone);
    outcome::write_down(env, request, &reports).await; //             one log item per store
    reports
}

async fn work(env: &Env, outbox: &Outbox<'_>, group: Vec<Prepared>, deadline: Timestamp) -> Vec<Report> {
    outbox.enter();
    let mut reports = Vec::with_capacity(group.len());
    for prepared in group {
        let is_repetition = prepared.record.received > 1 || prepared.notice.redelivered;
        let worker = Worker {
            env,
            store: &prepared.store,
            outbox,
            urgency: Urgency::of(&prepared.notice.topic),
            notice: &prepared.notice,
            fact_at: prepare::fact_at(&prepared.task),
            redelivered: is_repetition || prepared.notice.waited,
            is_repetition,
            has_events: prepare::has_events(&prepared.task),
            ride: Mutex::default(),
            refused: Mutex::default(),
            attempts: prepared.notice.attempts,
            deadline,
            calls: AtomicU32::new(0),
        };
        // One bad record must not take the batch along. Boxed: journeys are deep, and the stack is not.
        let journey = AssertUnwindSafe(Box::pin(journey(&worker, &prepared.task))).catch_unwind().await;
        let result = journey.unwrap_or_else(|_| {
            error!(store.id = %prepared.store.facts.store, topic = prepared.notice.topic, "a notice made brevo-sync panic");
            Err(Stop::Retry { reason: "the connector failed on this notice".to_owned() })
        });
        reports.push(outcome::conclude(env, &worker, &prepared, result).await);
    }
    outbox.leave().await;
    reports
}

async fn journey(worker: &Worker<'_>, task: &Task) -> Result<Step, Stop> {
    match task {
        Task::Changes(changes) => {
            let end = apply(worker, changes).await;
            after_the_ride(worker, end).await
        }
        Task::CartDue(due) => match silenced(worker.store) {
            Some(reason) => cart::let_rest(worker, due, reason).await,
            None => cart::due_now(worker, due).await,
        },
        Task::Consents(changes) => {
            pause::hear_consents(worker, changes).await?;
            Err(Stop::Hold)
        }
        Task::Resume => Box::pin(pause::release(worker)).await,
        // Boxed: the journey of all others need not hold room for it.
        Task::BrevoNews(told) => Box::pin(brevo_news::hear(worker, told)).await,
        Task::EraseShop => Box::pin(privacy::erase_due(worker)).await,
        Task::SetUp => Box::pin(set_up::set_up(worker)).await,
        Task::CheckWebhooks => Box::pin(set_up::check_webhooks(worker)).await,
    }
}

/// What waited for an event and found none is written by itself, unless the notice comes again anyway.
async fn after_the_ride(worker: &Worker<'_>, end: Result<Step, Stop>) -> Result<Step, Stop> {
    let comes_again = matches!(&end, Err(stop) if stop.ends_the_journey());
    if comes_again && !worker.ride_has_arrived() {
        return end;
    }
    let rest = Box::pin(contact::ride::finish(worker)).await;
    match (end, rest) {
        (Ok(mut step), Ok(rest)) => {
            step.add(rest);
            Ok(step)
        }
        (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => Err(stop),
        (Err(stop), Err(rest)) => Err(if rest.ends_the_journey() { rest } else { stop }),
    }
}

/// Why nobody is reminded of carts.
fn silenced(store: &Store) -> Option<&'static str> {
    let settings = &store.facts.settings;
    if store.record.status == StoreStatus::Paused {
        return Some(pause::REASON);
    }
    match (settings.enabled, settings.sync.carts) {
        (false, _) => Some(prepare::SWITCHED_OFF),
        (true, false) => Some("carts are switched off in the settings"),
        (true, true) => None,
    }
}

/// Applies the changes of one body in their order: the person first, since events wait for their contact.
async fn apply(worker: &Worker<'_>, changes: &Changes) -> Result<Step, Stop> {
    let mut total = Step { skipped: changes.skipped.clone(), ..Step::default() };
    let sync = worker.store.facts.settings.sync;
    // Before anything is sent: no abandonment after an order.
    let mut known = None;
    for change in &changes.changes {
        let recovered = match change {
            Change::Order(order) => {
                let (recovered, stored) = order::close_carts(worker, order).await?;
                known = Some(stored);
                recovered
            }
            Change::CartsOrdered { tokens } => order::close(worker, tokens).await?,
            _ => continue,
        };
        for (contact, token) in recovered {
            total.add(contact::set_abandoned(worker, &contact, &token, false).await?);
        }
    }
    for change in &changes.changes {
        if let (true, Change::Order(order)) = (total.erased, change) {
            privacy::bar_order(worker, &order.id).await?;
        }
        if total.deleted {
            break;
        }
        let change = merge::in_place_of(change, total.instead.as_ref());
        let change = contact::marked(change, &worker.refused());
        if contact::find::is_about_a_stranger(worker, &change).await? {
            total.add(contact::find::turned_away());
            continue;
        }
        let off = switched_off(&change, &changes.changes, sync);
        if off.is_none() {
            // Boxed: it is part of every journey, and few of them ask.
            match Box::pin(deletions::judge(worker, &change)).await? {
                deletions::Verdict::StillThere(step) => {
                    total.add(step);
                    continue;
                }
                deletions::Verdict::GoesOn(step) => total.add(step),
            }
        }
        let step = match (off, change.as_ref()) {
            (Some(_), Change::Person { update, news: Some(_) }) if update.has_consent() => {
                contact::consents(worker, update).await?
            }
            // Whatever they came along with says it.
            (Some(_), Change::Person { news: None, .. }) => Step::default(),
            (Some(what), _) => Step::skip(what, format!("{what} are switched off in the settings")),
            (None, Change::Person { update, news }) => contact::person(worker, update, *news).await?,
            (None, Change::PersonDeleted { customer, at }) => delete::customer(worker, customer, *at).await?,
            (None, Change::PersonMerged { kept, gone, at }) => {
                merge::customers(worker, kept, gone, *at).await?
            }
            (None, Change::Order(order)) => order::order(worker, order, known.take()).await?,
            (None, Change::OrderFact(fact)) => order::fact(worker, fact).await?,
            (None, Change::OrderDeleted { order, at }) => order::deleted(worker, order, *at).await?,
            (None, Change::Cart(cart)) => cart::cart(worker, cart).await?,
            // Done above, before anything is sent.
            (None, Change::CartsOrdered { .. }) => Step::default(),
            (None, Change::CartDeleted { token, at }) => cart::deleted(worker, token, *at).await?,
            (None, Change::Product(news)) => product::product(worker, news).await?,
            (None, Change::Collection(news)) => category::collection(worker, news).await?,
            (None, Change::Stock(news)) => product::stock(worker, news).await?,
            (None, Change::Privacy(demand)) => Box::pin(privacy::answer(worker, demand)).await?,
            (None, Change::App(news)) => Box::pin(lifecycle::app(worker, news)).await?,
        };
        total.add(step);
    }
    Ok(total)
}

/// What of the settings is against this change, if anything. `body`: all that the notice tells; whoever comes along
/// with an order or a cart is part of it.
pub(crate) fn switched_off(change: &Change, body: &[Change], sync: Sync) -> Option<&'static str> {
    match change {
        Change::Person { news: Some(_), .. } => (!sync.customers).then_some("customers"),
        Change::Person { news: None, .. } => {
            let has = |is_one: fn(&Change) -> bool| body.iter().any(is_one);
            let by_order = has(|change| matches!(change, Change::Order(_)));
            let by_cart = has(|change| matches!(change, Change::Cart(_)));
            match (by_order, by_cart) {
                (true, _) => (!sync.orders).then_some("orders"),
                (_, true) => (!sync.carts).then_some("carts"),
                _ => (!sync.orders && !sync.carts).then_some("orders and carts"),
            }
        }
        // Whoever leaves may be known by an order or a cart.
        Change::PersonDeleted { .. } | Change::PersonMerged { .. } => None,
        Change::Order(_) | Change::OrderFact(_) | Change::OrderDeleted { .. } => {
            (!sync.orders).then_some("orders")
        }
        Change::Cart(_) | Change::CartDeleted { .. } => (!sync.carts).then_some("carts"),
        // With the inventory alone, products still tell whose stock a level is.
        Change::Product(_) => (!sync.products && !sync.inventory).then_some("products"),
        Change::Collection(_) => (!sync.products).then_some("products"),
        Change::Stock(_) => (!sync.inventory).then_some("stock levels"),
        // No setting is above the law, and nobody is reminded of what they ordered.
        Change::Privacy(_) | Change::App(_) | Change::CartsOrdered { .. } => None,
    }
}
