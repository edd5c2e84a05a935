//! What comes about an order without the order: a shipment, a refund, its deletion. It stands alone where the
//! order is known, and waits in the order's record where it is not.

use std::iter;

use jiff::Timestamp;
use tajo_domain::{Fulfilment, LoneFact, OrderFact, OrderRecord, Shipment, ShipmentState};
use tajo_mapping::{lone_events, shipment_events};
use tajo_state::Key;

use super::{Accepted, attributes, deliver, visible};
use crate::effects;
use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};

/// Why a refund is not told yet.
const ON_ITS_WAY: &str = "the money is on its way: the order's own body tells of it when it has gone back";

/// Why a refund record without money has no event.
const NO_MONEY: &str = "no money has gone back with it: if some does, the order's own body tells of it";

/// Why a shipment is not told.
const STALE: &str = "something newer is known of the shipment";

/// Tells a fact, or keeps it for its order.
pub(crate) async fn fact(worker: &Worker<'_>, lone: &LoneFact) -> Result<Step, Stop> {
    let key = Key::order(&worker.store.facts.store, &lone.order);
    let decide = |stored: Option<&OrderRecord>| accept_fact(&worker.moment(), stored, lone);
    let (stored, accepted) = worker.env.table.change(&key, attributes(worker), decide).await?;
    deliver(worker, &key, stored, accepted).await
}

/// Marks an order as deleted. Brevo deletes no orders: it is sent with that status, and worth nothing.
pub(crate) async fn deleted(worker: &Worker<'_>, order: &str, at: Timestamp) -> Result<Step, Stop> {
    let key = Key::order(&worker.store.facts.store, order);
    let decide = |stored: Option<&OrderRecord>| accept_deleted(&worker.moment(), stored, order, at);
    let (stored, accepted) = worker.env.table.change(&key, attributes(worker), decide).await?;
    deliver(worker, &key, stored, accepted).await
}

/// What an order's record becomes with a fact that came alone, and the event to send. Pure.
///
/// A refund also lowers what the order is worth, until a body of the order counts it.
pub(crate) fn accept_fact(
    moment: &Moment<'_>,
    stored: Option<&OrderRecord>,
    lone: &LoneFact,
) -> (Option<OrderRecord>, Accepted) {
    let mut record = stored.cloned().unwrap_or_else(OrderRecord::unseen);
    if record.erased {
        return (None, Accepted::erased());
    }
    record.heal(moment.now);
    let before = visible(&record);
    let fact = &lone.fact;
    let mut waiting = None;
    let is_counted = record.refunds.iter().any(|id| id == fact.id());
    let shipments: Vec<Shipment> = fact
        .fulfilment()
        .map(|fact| Shipment { is_newest: record.see(fact, lone.triggered_at), fact: fact.clone() })
        .into_iter()
        .collect();
    let is_stale = shipments.iter().any(|shipment| !shipment.is_newest);
    match fact {
        _ if record.head.is_none() && is_stale => waiting = Some(STALE),
        _ if record.head.is_none() => {
            waiting = Some(if record.keep(fact) {
                "the order has not come yet: this is kept until it does"
            } else {
                "the order has not come yet, and no more is kept for it"
            });
        }
        OrderFact::Refund { refund, .. } if !is_counted => {
            record.keep(fact);
            let is_foreign = record.counted(fact).is_none();
            waiting = match (refund.pending, is_foreign) {
                (true, _) => Some(ON_ITS_WAY),
                _ if !refund.is_final() => Some(NO_MONEY),
                (_, true) => Some("the amount is in another currency: the order's own body tells it"),
                _ => None,
            };
        }
        OrderFact::Fulfilment(fact) => waiting = untold(fact, is_stale, &record),
        OrderFact::Refund { .. } => {}
    }
    let changed = visible(&record) != before;
    if changed {
        record.accepted += 1;
        record.changed_at = record.changed_at.max(Some(fact.at()));
    }
    let mut planned = lone_events(&lone.order, &record, iter::once(fact), moment.facts);
    planned.extend(shipment_events(&lone.order, &record, &shipments, moment.facts));
    let claimed = effects::claim(&mut record.effects, planned, |_| true, moment);
    let accepted = Accepted { changed, waiting, ..Accepted::claimed(&mut record, claimed, &shipments) };
    let write = stored != Some(&record);
    (write.then_some(record), accepted)
}

/// Why nothing is told of a shipment of a known order, if that is so.
fn untold(fact: &Fulfilment, is_stale: bool, record: &OrderRecord) -> Option<&'static str> {
    let is_known = record.effects.knows(&fact.key());
    match fact.state {
        _ if is_stale && !is_known => Some(STALE),
        ShipmentState::Open => Some("the shipment has not left yet"),
        ShipmentState::Cancelled | ShipmentState::Failed if !is_known => {
            Some("the shipment was cancelled or failed, and Brevo was never told that it left")
        }
        ShipmentState::Shipped | ShipmentState::Cancelled | ShipmentState::Failed => None,
    }
}

/// What an order's record becomes when it is deleted, and the event to send. Pure.
pub(crate) fn accept_deleted(
    moment: &Moment<'_>,
    stored: Option<&OrderRecord>,
    order: &str,
    at: Timestamp,
) -> (Option<OrderRecord>, Accepted) {
    let mut record = stored.cloned().unwrap_or_else(OrderRecord::unseen);
    if record.erased {
        return (None, Accepted::erased());
    }
    record.heal(moment.now);
    let is_known = !record.newest.is_empty();
    if is_known && record.deleted_at.is_none() && at < record.version {
        let waiting = Some("the store changed the order after this deletion");
        return (None, Accepted { waiting, ..Accepted::default() });
    }
    let is_news = record.deleted_at.is_none();
    // Of two deletions the later one counts: whatever is to show that there was none must be newer than both.
    record.deleted_at = record.deleted_at.max(Some(at));
    if is_news && is_known {
        record.accepted += 1;
        record.changed_at = record.changed_at.max(Some(at));
    }
    let planned = lone_events(order, &record, iter::empty(), moment.facts);
    let claimed = effects::claim(&mut record.effects, planned, |_| true, moment);
    let accepted = Accepted::claimed(&mut record, claimed, &[]);
    let write = stored != Some(&record);
    let waiting = (!is_known).then_some("the order has not come: if it does, it is known to be deleted");
    (write.then_some(record), Accepted { changed: is_news && is_known, waiting, ..accepted })
}
