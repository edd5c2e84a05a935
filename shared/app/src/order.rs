//! The journey of an order.

mod lone;
mod net_payment;

use std::cmp::Ordering;

use tajo_brevo::Item;
use tajo_domain::{ContactKey, Money, Order, OrderFact, OrderRecord, Shipment, Version};
use tajo_mapping::{
    Planned, StoreFacts, is_historical, lone_events, order_body, order_events_after, order_standing,
    sent_order, shipment_events,
};
use tajo_state::{Attributes, Key, Stored};

pub(crate) use lone::{accept_deleted, accept_fact, deleted, fact};
pub(crate) use net_payment::WHAT as EXACT_AMOUNT;

use crate::effects::Claimed;
use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};
use crate::{cart, effects};

/// Sends after the answer to the newest.
const ROUNDS: u32 = 5;

/// The key of an order's deletion in its ledger (`tajo_mapping::lone_events`).
const DELETED: &str = "deleted";

/// Why nothing of an order is told any more.
const ERASED: &str = "the buyer of this order was erased";

/// Marks the carts of an order as done, before anything is sent: no abandonment after an order.
/// Answers whose cart was abandoned and is recovered now, with its token, and the order's record as it was read.
pub(crate) async fn close_carts(
    worker: &Worker<'_>,
    order: &Order,
) -> Result<(Vec<(ContactKey, String)>, Stored<OrderRecord>), Stop> {
    let key = Key::order(&worker.store.facts.store, &order.id);
    let stored = worker.env.table.get::<OrderRecord>(&key).await?;
    let is_closed = stored.record.as_ref().is_some_and(|record| record.carts_closed);
    if worker.redelivered || !is_closed {
        return Ok((close(worker, &order.cart_tokens).await?, stored));
    }
    Ok((Vec::new(), stored))
}

/// Marks the carts of these tokens as done.
pub(crate) async fn close(worker: &Worker<'_>, tokens: &[String]) -> Result<Vec<(ContactKey, String)>, Stop> {
    let mut recovered = Vec::new();
    let mut closed: Vec<String> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        // A checkout that came with its cart's token lives there, and is done with it.
        if closed.contains(token) {
            continue;
        }
        // State lives under the cart's token, so there is hardly ever any under the checkout's.
        let (contact, others) = cart::close(worker, token, index > 0).await?;
        closed.extend(others);
        recovered.extend(contact.map(|contact| (contact, token.clone())));
    }
    Ok(recovered)
}

/// Accepts the order's state, fires the events it calls for, and brings Brevo's order up to date.
pub(crate) async fn order(
    worker: &Worker<'_>,
    order: &Order,
    known: Option<Stored<OrderRecord>>,
) -> Result<Step, Stop> {
    let facts = &worker.store.facts;
    let key = Key::order(&facts.store, &order.id);
    let stored = known.as_ref().and_then(|known| known.record.as_ref());
    let (order, mut step) = net_payment::settle(worker, order, stored).await?;
    let body = order_body(&order, facts).to_string();
    let decide = |stored: Option<&OrderRecord>| accept(&worker.moment(), stored, &order, &body);
    let (stored, accepted) = worker.env.table.change_from(&key, known, attributes(worker), decide).await?;
    step.add(deliver(worker, &key, stored, accepted).await?);
    Ok(step)
}

/// What accepting found.
#[derive(Default)]
pub(crate) struct Accepted {
    /// Brevo's order is another now.
    pub changed: bool,
    pub claimed: Vec<Planned>,
    /// Why nothing can be told yet, or ever.
    pub waiting: Option<&'static str>,
    /// Something must come later: what it follows is being sent by another worker, or held by one that has ended.
    pub must_wait: bool,
}

impl Accepted {
    fn claimed(record: &mut OrderRecord, claimed: Claimed, shipments: &[Shipment]) -> Self {
        let is_claimed = |key: &str| claimed.planned.iter().any(|planned| planned.key == key);
        let must_wait = record.note_shipped(shipments, is_claimed) || claimed.is_held;
        Self { claimed: claimed.planned, must_wait, ..Self::default() }
    }

    fn erased() -> Self {
        Self { waiting: Some(ERASED), ..Self::default() }
    }
}

/// What an order's record becomes, whether Brevo's order changes with it, and the events to send. Pure.
pub(crate) fn accept(
    moment: &Moment<'_>,
    stored: Option<&OrderRecord>,
    order: &Order,
    body: &str,
) -> (Option<OrderRecord>, Accepted) {
    let mut record = stored.cloned().unwrap_or_else(OrderRecord::unseen);
    if record.erased {
        return (None, Accepted::erased());
    }
    record.heal(moment.now);
    let before = visible(&record);
    let shipments = record.shipments_of(order);
    let is_news = is_news(&record, order, body);
    // Changed after its deletion: it was none.
    let is_back = record.deleted_at.is_some_and(|at| at < order.updated_at);
    if is_back {
        record.deleted_at = None;
        record.effects.forget_done(DELETED);
    }
    if is_news {
        (record.version, record.triggered_at) = (order.updated_at, order.triggered_at);
        record.head = Some(order.head());
        record.show_refunds(&order.refunds);
        record.asked = order.asked.clone();
        record.newest = body.to_owned().into();
        record.imported_at = order.imported_at;
        record.forget_settled(|at| moment.facts.is_fresh(at) && order.happened_here(at));
    }
    // The version moves even if Brevo sees nothing of it: an older body that comes later is no news either.
    let changed = is_back || visible(&record) != before;
    if changed {
        let lone = record.facts.iter().map(OrderFact::at).chain(record.deleted_at);
        record.changed_at = lone.chain(record.changed_at).chain([order.updated_at]).max();
        record.accepted += 1;
    }
    record.carts_closed = true;
    // Effects obey their ledger alone: an old body may still be the one that tells of a refund.
    let is_shown = |shipment: &Shipment| order.fulfilments.iter().any(|shown| shown.id == shipment.fact.id);
    let (shown, kept): (Vec<_>, Vec<_>) = shipments.iter().cloned().partition(is_shown);
    let mut planned = order_events_after(order, &shown, &record.effects, moment.facts);
    planned.extend(lone_events(&order.id, &record, record.facts.iter(), moment.facts));
    planned.extend(shipment_events(&order.id, &record, &kept, moment.facts));
    let claimed = effects::claim(&mut record.effects, planned, |_| true, moment);
    let accepted = Accepted { changed, ..Accepted::claimed(&mut record, claimed, &shipments) };
    let write = stored != Some(&record);
    (write.then_some(record), accepted)
}

/// Whether a body is not older than the one that was accepted last. Of two with the same version and trigger, or none,
/// the one that shows the order further on holds, and then the greater text: one rule for every order of arrival.
fn is_news(record: &OrderRecord, order: &Order, body: &str) -> bool {
    if record.newest.is_empty() {
        return true;
    }
    let known = Version { at: record.version, triggered_at: record.triggered_at };
    let shown = Version { at: order.updated_at, triggered_at: order.triggered_at };
    match shown.cmp(&known) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => order_standing(record.newest.as_str()) <= order_standing(body),
    }
}

/// What Brevo's order shows of a record. A deletion is not in it: it happens once.
fn visible(record: &OrderRecord) -> (String, Option<Money>) {
    (record.newest.as_str().to_owned(), record.net())
}

async fn deliver(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<OrderRecord>,
    accepted: Accepted,
) -> Result<Step, Stop> {
    let facts = &worker.store.facts;
    let is_erased = stored.record.as_ref().is_some_and(|record| record.erased);
    let must_send = (accepted.changed || worker.redelivered) && !is_erased;
    let Some(mut record) = stored.record.clone().filter(|_| must_send || !accepted.claimed.is_empty()) else {
        if accepted.must_wait {
            return Err(effects::held());
        }
        return Ok(accepted.waiting.map_or_else(Step::default, |reason| Step::skip("order", reason)));
    };
    // What a buyer waits for goes first.
    let mut sent = effects::send(worker, accepted.claimed).await;
    let goes_on = !sent.stop.as_ref().is_some_and(Stop::ends_the_journey);
    let mut applied = sent.any();
    if must_send && goes_on {
        match upsert(worker, &record).await {
            Ok(upserted) => applied |= upserted,
            Err(stop) => sent.stop = Some(stop),
        }
    }
    let settle = |newest: &mut OrderRecord| {
        sent.settle(&mut newest.effects);
        let imported_at = newest.imported_at;
        newest.forget_settled(|at| facts.is_fresh(at) && tajo_domain::happened_here(imported_at, at));
    };
    let mut newest = worker.env.table.settle(key, stored, attributes(worker), settle).await?;
    if let Some(stop) = sent.stop {
        // Erased while our send was on its way: whatever else went wrong, it is taken back.
        if must_send && newest.record.is_some_and(|now| now.erased) {
            crate::privacy::empty_order(worker, &record).await?;
            return Ok(Step::skip("order", ERASED));
        }
        return Err(stop);
    }
    for _ in 0..ROUNDS {
        let moved = newest.record.clone().filter(|now| must_send && now.accepted != record.accepted);
        let Some(now) = moved else {
            if accepted.must_wait {
                return Err(effects::held());
            }
            let waiting = accepted.waiting.map_or_else(Step::default, |reason| Step::skip("order", reason));
            return Ok(Step { applied, ..waiting });
        };
        if now.erased {
            // Erased while our send was on its way: taken back.
            crate::privacy::empty_order(worker, &record).await?;
            return Ok(Step::skip("order", ERASED));
        }
        record = now;
        applied |= upsert(worker, &record).await?;
        newest = worker.env.table.get_newest(key).await?;
    }
    Err(Stop::Later { after: None, reason: "the order changed faster than Brevo answered".to_owned() })
}

/// Whether there was anything to upsert yet.
async fn upsert(worker: &Worker<'_>, record: &OrderRecord) -> Result<bool, Stop> {
    let Some(item) = upsert_item(record, &worker.store.facts)? else { return Ok(false) };
    worker.deliver_one(item).await?;
    Ok(true)
}

/// The upsert of a stored order; `None` while the order itself has not come. An old order always takes the road
/// that triggers nothing, and a new one never does: the two roads may overtake each other.
pub(crate) fn upsert_item(record: &OrderRecord, facts: &StoreFacts) -> Result<Option<Item>, Stop> {
    if record.newest.is_empty() {
        return Ok(None);
    }
    let body = sent_order(record).ok_or_else(|| Stop::park("the stored order cannot be read"))?;
    let historical = record.imported_at.is_some() || is_historical(&body, facts);
    Ok(Some(if historical { Item::HistoricalOrder(body) } else { Item::Order(body) }))
}

/// An order is kept for as long as the store's settings say after its last write; what waits for an order that never comes,
/// shorter. That a buyer was erased is never forgotten.
pub(crate) fn attributes(worker: &Worker<'_>) -> impl Fn(&OrderRecord) -> Attributes + use<> {
    let kept = worker.store.facts.settings.orders_kept;
    let until = worker.now().saturating_add(kept).unwrap_or(jiff::Timestamp::MAX).as_second();
    move |record| {
        let expires_at = record.expires_at().unwrap_or(until);
        Attributes { due: None, expires_at: (!record.erased).then_some(expires_at) }
    }
}
