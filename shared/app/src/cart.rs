//! The journey of a cart: what is in it, and that it is over once ordered.
//!
//! The online store's cart and the checkout that grows from it share one record under the cart's token. The cart
//! names nobody; what it holds is kept until a checkout does.

mod accept;
mod due;

use jiff::Timestamp;
use tajo_domain::{Cart, CartRecord, CartState, ContactKey, Packed};
use tajo_state::{Attributes, Key, Stored, due_shard};

use accept::new_record;
pub(crate) use accept::{Accepted, accept, accept_deleted};
pub(crate) use due::{due_now, let_rest};

use crate::stop::Stop;
use crate::worker::{Step, Worker};
use crate::{contact, effects};

/// Carts are forgotten this long after they were last touched, in seconds.
const KEPT_SECONDS: i64 = 60 * 24 * 3600;

/// Accepts the cart's state and fires its events.
pub(crate) async fn cart(worker: &Worker<'_>, cart: &Cart) -> Result<Step, Stop> {
    let key = Key::cart(&worker.store.facts.store, &cart.token);
    let decide = |stored: Option<&CartRecord>| accept(&worker.moment(), stored, cart);
    let guess = cart.begins && !worker.redelivered;
    let known = guess.then_some(Stored { revision: 0, record: None });
    let (stored, accepted) = worker.env.table.change_from(&key, known, attributes, decide).await?;
    deliver(worker, &key, &cart.token, stored, accepted).await
}

/// A checkout was deleted: its cart is over, without an order.
pub(crate) async fn deleted(worker: &Worker<'_>, token: &str, at: Timestamp) -> Result<Step, Stop> {
    let key = Key::cart(&worker.store.facts.store, token);
    let decide = |stored: Option<&CartRecord>| accept_deleted(&worker.moment(), stored, token, at);
    let (stored, accepted) = worker.env.table.change(&key, attributes, decide).await?;
    deliver(worker, &key, token, stored, accepted).await
}

async fn deliver(
    worker: &Worker<'_>,
    key: &Key,
    token: &str,
    stored: Stored<CartRecord>,
    accepted: Accepted,
) -> Result<Step, Stop> {
    let listed = match &accepted.recovered {
        Some(contact) => contact::set_abandoned(worker, contact, token, false).await,
        None => Ok(Step::default()),
    };
    if accepted.claimed.is_empty() {
        listed?;
        if accepted.is_held {
            return Err(effects::held());
        }
        return Ok(match accepted.over {
            Some(reason) => Step::skip("cart", reason),
            None => Step { applied: accepted.changed, ..Step::default() },
        });
    }
    let sent = match listed {
        Ok(_) => effects::send(worker, accepted.claimed).await,
        // What was claimed goes back, or nobody could send it.
        Err(stop) => effects::Sent::stopped(&accepted.claimed, stop),
    };
    worker.env.table.settle(key, stored, attributes, |newest| sent.settle(&mut newest.effects)).await?;
    match sent.stop {
        Some(stop) => Err(stop),
        None if accepted.is_held => Err(effects::held()),
        None => Ok(Step { applied: sent.any(), ..Step::default() }),
    }
}

/// An order has this token: the cart is done, in whichever order the two arrive. Answers whose cart it was, if
/// it was abandoned, and the other tokens that it went by. `guess`: there is hardly ever a cart of this name, so it is
/// written without a look.
pub(crate) async fn close(
    worker: &Worker<'_>,
    token: &str,
    guess: bool,
) -> Result<(Option<ContactKey>, Vec<String>), Stop> {
    let key = Key::cart(&worker.store.facts.store, token);
    let decide = |stored: Option<&CartRecord>| {
        let mut record = stored.cloned().unwrap_or_else(|| new_record(worker.now()));
        if record.erased {
            return (None, None);
        }
        if record.state == CartState::Ordered {
            // Again: a crash may have come between this mark and the list.
            return (None, record.contact().filter(|_| worker.redelivered));
        }
        let recovered = record.contact().filter(|_| may_be_listed(&record));
        finish(&mut record);
        (Some(record), recovered)
    };
    let known = guess.then_some(Stored { revision: 0, record: None });
    let (closed, recovered) = worker.env.table.change_from(&key, known, attributes, decide).await?;
    Ok((recovered, closed.record.map(|record| record.tokens).unwrap_or_default()))
}

/// Whether the contact may be on the list of abandoned carts because of this cart.
fn may_be_listed(record: &CartRecord) -> bool {
    record.state == CartState::Abandoned || record.is_being_reminded()
}

/// Nothing will be sent for this cart again: only who it was stays, for the list.
fn finish(record: &mut CartRecord) {
    record.state = CartState::Ordered;
    record.due_at = None;
    record.properties = Packed::default();
}

/// The index entry of a cart moves only when the sweeper looks (every cart update would be two writes otherwise).
pub(crate) fn attributes(record: &CartRecord) -> Attributes {
    let token = record.tokens.first();
    Attributes {
        due: record.due_at.zip(token).map(|(at, token)| (due_shard(token), at)),
        expires_at: Some(record.touched_at.as_second() + KEPT_SECONDS),
    }
}
