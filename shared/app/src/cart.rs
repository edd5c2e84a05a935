//! The journey of a cart: what is in it, when it counts as abandoned, and that it is over once ordered.

use jiff::{SignedDuration, Timestamp};
use tajo_domain::{Cart, CartRecord, CartState, ContactKey, Identity, Ledger, TouchOutcome};
use tajo_mapping::{Planned, abandoned, cart_content, cart_properties, changed_cart, emptied_cart};
use tajo_platforms::notice::CartDue;
use tajo_state::{Attributes, Key, due_shard};

use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};
use crate::{contact, effects};

/// A cart that was last changed longer ago than this is no longer worth a reminder when we first hear of it.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Carts are forgotten this long after they were last touched, in seconds.
const KEPT_SECONDS: i64 = 60 * 24 * 3600;

/// Keys of `cart_updated` and `cart_deleted` begin like this (`tajo_mapping::changed_cart`).
const UPDATED: &str = "updated:";
const DELETED: &str = "deleted:";

/// Accepts the cart's state and fires its events.
pub(crate) async fn cart(worker: &Worker<'_>, cart: &Cart) -> Result<Step, Stop> {
    let key = Key::cart(&worker.store.facts.store, &cart.token);
    let decide = |stored: Option<&CartRecord>| accept(&worker.moment(), stored, cart);
    let (stored, accepted) = worker.env.table.change(&key, attributes, decide).await?;
    if let Some(contact) = &accepted.recovered {
        contact::set_abandoned(worker, contact, None).await?;
    }
    if accepted.claimed.is_empty() {
        return Ok(match accepted.over {
            Some(reason) => Step::skip("cart", reason),
            None => Step { applied: accepted.changed, ..Step::default() },
        });
    }
    let sent = effects::send(worker, accepted.claimed).await;
    worker.env.table.settle(&key, stored, attributes, |newest| sent.settle(&mut newest.effects)).await?;
    match sent.stop {
        Some(stop) => Err(stop),
        None => Ok(Step { applied: sent.any(), ..Step::default() }),
    }
}

pub(crate) struct Accepted {
    pub claimed: Vec<Planned>,
    changed: bool,
    /// Whose cart is no longer abandoned.
    recovered: Option<ContactKey>,
    /// Why nothing is sent for it.
    pub over: Option<&'static str>,
}

impl Accepted {
    fn over(reason: &'static str, recovered: Option<ContactKey>) -> Self {
        Self { claimed: Vec::new(), changed: false, recovered, over: Some(reason) }
    }
}

/// What a cart's record becomes, and the events to send. Pure.
pub(crate) fn accept(
    moment: &Moment<'_>,
    stored: Option<&CartRecord>,
    cart: &Cart,
) -> (Option<CartRecord>, Accepted) {
    let Moment { facts, now, .. } = *moment;
    let mut record = stored.cloned().unwrap_or_else(|| new_record(now));
    if record.erased {
        return (None, Accepted::over("whose cart it was is erased", None));
    }
    // A crash may have come between the mark and the list: a redelivered record looks at the list again.
    let was_abandoned = record.state == CartState::Abandoned || moment.redelivered;
    let recovered = record.contact().filter(|_| was_abandoned);
    if record.state == CartState::Ordered {
        return (None, Accepted::over("the cart is an order already", recovered));
    }
    if cart.completed_at.is_some() {
        finish(&mut record);
        return (
            Some(record),
            Accepted::over("the checkout was completed: its order tells the rest", recovered),
        );
    }
    let is_news = record.version.is_none_or(|version| cart.updated_at >= version);
    let content = cart_content(cart);
    let changed = is_news && record.content != content;
    // A repeated body is no sign of life; a newer one is, even if nothing in the cart changed.
    let is_alive = is_news && (record.version != Some(cart.updated_at) || changed);
    if is_alive {
        touch(&mut record, cart, &content, now);
        if changed {
            record.effects.forget_done(UPDATED);
            record.effects.forget_done(DELETED);
            record.properties = serde_json::Value::Object(cart_properties(cart, facts)).to_string();
        }
        let is_old = cart.updated_at.saturating_add(TOO_OLD).is_ok_and(|limit| limit < now);
        let is_waiting = record.state == CartState::Open && !record.identity.is_empty() && !is_old;
        let due = record.due_at.unwrap_or_else(|| due(&record, facts.settings.abandoned_after));
        record.due_at = is_waiting.then_some(due);
    }
    let planned = if cart.items.is_empty() {
        emptied_cart(cart, facts).into_iter().collect()
    } else {
        changed_cart(cart, &cart_properties(cart, facts), facts)
    };
    let may_start = |key: &str| changed || !(key.starts_with(UPDATED) || key.starts_with(DELETED));
    let claimed = effects::claim(&mut record.effects, planned, may_start, moment);
    let over = cart.identity.is_empty().then_some("nobody has typed a contact into this cart yet");
    let write = stored != Some(&record);
    let recovered = recovered.filter(|_| record.state != CartState::Abandoned);
    (write.then_some(record), Accepted { claimed, changed, recovered, over })
}

fn touch(record: &mut CartRecord, cart: &Cart, content: &str, now: Timestamp) {
    record.version = Some(cart.updated_at);
    record.touched_at = now;
    record.tokens = cart.tokens.clone();
    record.content = content.to_owned();
    if !cart.identity.is_empty() {
        record.identity = cart.identity.clone();
    }
    record.state = if cart.items.is_empty() { CartState::Emptied } else { CartState::Open };
}

/// An order has this token: the cart is done, in whichever order the two arrive. Answers whose cart it was, if
/// it was abandoned.
pub(crate) async fn close(worker: &Worker<'_>, token: &str) -> Result<Option<ContactKey>, Stop> {
    let key = Key::cart(&worker.store.facts.store, token);
    let decide = |stored: Option<&CartRecord>| {
        let mut record = stored.cloned().unwrap_or_else(|| new_record(worker.now()));
        if record.state == CartState::Ordered {
            // Again: a crash may have come between this mark and the list.
            return (None, record.contact().filter(|_| worker.redelivered));
        }
        let recovered = record.contact().filter(|_| record.state == CartState::Abandoned);
        finish(&mut record);
        (Some(record), recovered)
    };
    let (_, recovered) = worker.env.table.change(&key, attributes, decide).await?;
    Ok(recovered)
}

/// The sweeper found a cart that may be abandoned by now: decided here, on the stored state, and claimed right
/// before the event is sent.
pub(crate) async fn due_now(worker: &Worker<'_>, notice: &CartDue) -> Result<Step, Stop> {
    let facts = &worker.store.facts;
    let key = Key::cart(&facts.store, &notice.token);
    let (stored, verdict) =
        worker.env.table.change(&key, attributes, |stored| judge(&worker.moment(), stored)).await?;
    let (planned, record) = match (verdict, &stored.record) {
        (Verdict::Abandoned(planned), Some(record)) => (planned, record.clone()),
        (Verdict::Busy, _) => return Ok(Step::skip("cart", "another worker is sending this reminder")),
        (Verdict::Later, _) => return Ok(Step::skip("cart", "somebody touched the cart meanwhile")),
        _ => return Ok(Step::skip("cart", "the cart was ordered, emptied, or reminded of already")),
    };
    // The claim stands; whatever an order marked before this read counts.
    if is_ordered_elsewhere(worker, &record, &notice.token).await? {
        let release = effects::Sent::nothing(std::slice::from_ref(&planned));
        let settle = |newest: &mut CartRecord| {
            release.settle(&mut newest.effects);
            finish(newest);
        };
        worker.env.table.settle(&key, stored, attributes, settle).await?;
        return Ok(Step::skip("cart", "the cart was ordered under another token"));
    }
    let mut sent = effects::Sent::nothing(std::slice::from_ref(&planned));
    let listed = match record.contact() {
        Some(contact) => contact::set_abandoned(worker, &contact, Some(&notice.token)).await,
        None => Ok(Step::default()),
    };
    match listed {
        Ok(_) => sent = effects::send(worker, vec![planned]).await,
        Err(stop) => sent.stop = Some(stop),
    }
    let settle = |newest: &mut CartRecord| {
        sent.settle(&mut newest.effects);
        if sent.any() && newest.state == CartState::Open && newest.touched_at == record.touched_at {
            newest.state = CartState::Abandoned;
            newest.due_at = None;
        }
    };
    let newest = worker.env.table.settle(&key, stored, attributes, settle).await?;
    if let Some(stop) = sent.stop {
        return Err(stop);
    }
    // An order that came while the event was on its way found no abandoned cart to take off the list.
    if let Some(record) = newest.record.filter(|record| record.state == CartState::Ordered)
        && let Some(contact) = record.contact()
    {
        contact::set_abandoned(worker, &contact, None).await?;
    }
    Ok(Step { applied: true, ..Step::default() })
}

enum Verdict {
    Abandoned(Planned),
    Busy,
    Later,
    Over,
}

fn judge(moment: &Moment<'_>, stored: Option<&CartRecord>) -> (Option<CartRecord>, Verdict) {
    let Moment { facts, now, .. } = *moment;
    let Some(mut record) = stored.cloned() else { return (None, Verdict::Over) };
    let verdict = match record.at(now, facts.settings.abandoned_after) {
        TouchOutcome::Over => {
            record.due_at = None;
            Verdict::Over
        }
        TouchOutcome::Later(at) => {
            record.due_at = Some(at.as_millisecond());
            Verdict::Later
        }
        TouchOutcome::Abandoned => match facts.identifier(&record.identity) {
            None => {
                record.due_at = None;
                Verdict::Over
            }
            Some(identifier) => {
                let planned = vec![abandoned(&record, identifier, now)];
                match effects::claim(&mut record.effects, planned, |_| true, moment).pop() {
                    Some(planned) => Verdict::Abandoned(planned),
                    None => Verdict::Busy,
                }
            }
        },
    };
    let write = stored != Some(&record);
    (write.then_some(record), verdict)
}

/// A checkout may have been seen without the cart token that its order carries, or the other way round.
async fn is_ordered_elsewhere(worker: &Worker<'_>, record: &CartRecord, token: &str) -> Result<bool, Stop> {
    for other in record.tokens.iter().filter(|other| other.as_str() != token) {
        let key = Key::cart(&worker.store.facts.store, other);
        let other = worker.env.table.get_newest::<CartRecord>(&key).await?;
        if other.record.is_some_and(|record| record.state == CartState::Ordered) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn new_record(now: Timestamp) -> CartRecord {
    CartRecord {
        version: None,
        state: CartState::Open,
        touched_at: now,
        tokens: Vec::new(),
        identity: Identity::default(),
        properties: String::new(),
        content: String::new(),
        effects: Ledger::default(),
        due_at: None,
        erased: false,
    }
}

/// Nothing will be sent for this cart again: only who it was stays, for the list.
fn finish(record: &mut CartRecord) {
    record.state = CartState::Ordered;
    record.due_at = None;
    record.properties = String::new();
}

fn due(record: &CartRecord, quiet: SignedDuration) -> i64 {
    record.touched_at.saturating_add(quiet).unwrap_or(Timestamp::MAX).as_millisecond()
}

/// The index entry of a cart moves only when the sweeper looks (every cart update would be two writes otherwise).
pub(crate) fn attributes(record: &CartRecord) -> Attributes {
    let token = record.tokens.first();
    Attributes {
        due: record.due_at.zip(token).map(|(at, token)| (due_shard(token), at)),
        expires_at: Some(record.touched_at.as_second() + KEPT_SECONDS),
    }
}
