//! The journey of an order.

use serde_json::Value;
use tajo_brevo::{Request, upsert_historical_order, upsert_order};
use tajo_domain::{ContactKey, Order, OrderRecord};
use tajo_mapping::{Planned, is_historical, order_body, order_events};
use tajo_state::{Attributes, Key, Stored};

use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};
use crate::{cart, effects};

/// Sends after the answer to the newest.
const ROUNDS: u32 = 5;

/// Marks the carts of an order as done, before anything is sent: no abandonment after an order.
/// Answers whose cart was abandoned and is recovered now.
pub(crate) async fn close_carts(worker: &Worker<'_>, order: &Order) -> Result<Vec<ContactKey>, Stop> {
    let key = Key::order(&worker.store.facts.store, &order.id);
    let stored = worker.env.table.get::<OrderRecord>(&key).await?;
    if !worker.redelivered && stored.record.is_some_and(|record| record.carts_closed) {
        return Ok(Vec::new());
    }
    let mut recovered = Vec::new();
    for token in &order.cart_tokens {
        recovered.extend(cart::close(worker, token).await?);
    }
    Ok(recovered)
}

/// Accepts the order's state, fires the events it calls for, and brings Brevo's order up to date.
pub(crate) async fn order(worker: &Worker<'_>, order: &Order) -> Result<Step, Stop> {
    let facts = &worker.store.facts;
    let key = Key::order(&facts.store, &order.id);
    let body = order_body(order, facts).to_string();
    let historical = is_historical(order, facts);
    let decide = |stored: Option<&OrderRecord>| accept(&worker.moment(), stored, order, &body);
    let (stored, (changed, claimed)) = worker.env.table.change(&key, Attributes::none, decide).await?;
    if stored.record.as_ref().is_some_and(|record| record.erased) {
        return Ok(Step::skip("order", "the buyer of this order was erased"));
    }
    let must_send = changed || worker.redelivered;
    if !must_send && claimed.is_empty() {
        return Ok(Step::default());
    }
    deliver(worker, &key, stored, claimed, must_send, historical).await
}

/// What an order's record becomes, whether Brevo's order changes with it, and the events to send. Pure.
pub(crate) fn accept(
    moment: &Moment<'_>,
    stored: Option<&OrderRecord>,
    order: &Order,
    body: &str,
) -> (Option<OrderRecord>, (bool, Vec<Planned>)) {
    let mut record = stored.cloned().unwrap_or_else(|| OrderRecord {
        version: order.updated_at,
        accepted: 0,
        newest: String::new(),
        effects: tajo_domain::Ledger::default(),
        carts_closed: false,
        erased: false,
    });
    if record.erased {
        return (None, (false, Vec::new()));
    }
    let is_news = stored.is_none() || order.updated_at >= record.version;
    let changed = is_news && record.newest != body;
    if is_news {
        record.version = order.updated_at;
    }
    if changed {
        record.newest = body.to_owned();
        record.accepted += 1;
    }
    record.carts_closed = true;
    // Effects obey their ledger alone: an old body may still be the one that tells of a refund.
    let planned = order_events(order, moment.facts);
    let claimed = effects::claim(&mut record.effects, planned, |_| true, moment);
    let write = stored != Some(&record);
    (write.then_some(record), (changed, claimed))
}

async fn deliver(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<OrderRecord>,
    claimed: Vec<Planned>,
    must_send: bool,
    historical: bool,
) -> Result<Step, Stop> {
    let Some(mut record) = stored.record.clone() else { return Ok(Step::default()) };
    // What a buyer waits for goes first.
    let mut sent = effects::send(worker, claimed).await;
    let goes_on = !matches!(sent.stop, Some(Stop::Later { .. } | Stop::Retry { .. }));
    if must_send
        && goes_on
        && let Err(stop) = upsert(worker, &record, historical).await
    {
        sent.stop = Some(stop);
    }
    let settle = |newest: &mut OrderRecord| sent.settle(&mut newest.effects);
    let mut newest = worker.env.table.settle(key, stored, Attributes::none, settle).await?;
    if let Some(stop) = sent.stop {
        return Err(stop);
    }
    for _ in 0..ROUNDS {
        let moved = newest.record.clone().filter(|now| must_send && now.accepted != record.accepted);
        let Some(now) = moved else { return Ok(Step { applied: true, ..Step::default() }) };
        if now.erased {
            // Erased while our send was on its way: taken back.
            crate::privacy::empty_order(worker, &record.newest).await?;
            return Ok(Step::skip("order", "the buyer of this order was erased"));
        }
        record = now;
        upsert(worker, &record, historical).await?;
        newest = worker.env.table.get_newest(key).await?;
    }
    Err(Stop::Later { after: None, reason: "the order changed faster than Brevo answered".to_owned() })
}

async fn upsert(worker: &Worker<'_>, record: &OrderRecord, historical: bool) -> Result<(), Stop> {
    worker.send(&upsert_request(&record.newest, historical)?).await??;
    Ok(())
}

/// The upsert of a stored order. An old order always takes the road that triggers nothing, and a new one never
/// does: the two roads may overtake each other.
pub(crate) fn upsert_request(stored: &str, historical: bool) -> Result<Request, Stop> {
    let body: Value =
        serde_json::from_str(stored).map_err(|_| Stop::park("the stored order cannot be read"))?;
    Ok(if historical { upsert_historical_order(body) } else { upsert_order(body) })
}
