//! The journey of a cart: what is in it, and that it is over once ordered.
//!
//! The online store's cart and the checkout that grows from it share one record under the cart's token. The cart
//! names nobody; what it holds is kept until a checkout does.

mod due;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tajo_domain::{Cart, CartRecord, CartSource, CartState, ContactKey, Identity, Ledger, Packed};
use tajo_mapping::{CartContent, Planned, cart_properties, changed_cart, emptied_cart};
use tajo_state::{Attributes, Key, Stored, due_shard};

pub(crate) use due::{due_now, let_rest};

use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};
use crate::{contact, effects};

/// A cart that was last changed longer ago than this is no longer worth a reminder when we first hear of it.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Carts are forgotten this long after they were last touched, in seconds.
const KEPT_SECONDS: i64 = 60 * 24 * 3600;

/// A cart of nobody waits for nothing, so a touch that changes nothing is written down this seldom: it only keeps
/// the cart from being forgotten.
const IDLE: SignedDuration = SignedDuration::from_hours(24);

/// Why most carts are silent.
const OF_NOBODY: &str = "nobody has typed a contact into this cart yet";

/// Why nothing of a cart is told any more.
const ERASED: &str = "whose cart it was is erased";

/// Keys of `cart_updated` and `cart_deleted` begin like this (`tajo_mapping::changed_cart`).
const UPDATED: &str = "updated:";
const DELETED: &str = "deleted:";

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
        return (None, Accepted::over(ERASED, None));
    }
    // A crash may have come between the mark and the list: a redelivered record looks at the list again.
    let was_abandoned = may_be_listed(&record) || moment.redelivered;
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
    let before = CartContent::stored(&record.content);
    let content = CartContent::of(cart).over(&before);
    let is_news = is_news(&record, cart, &before);
    let is_named = record.identity.is_empty() && !cart.identity.is_empty();
    let differs = is_news && content.differs(&before);
    // Who it is counts from an older body too: the events then tell of what the cart holds now.
    let changed = differs || is_named;
    // A repeated body is no sign of life; a newer one is, even if nothing in the cart changed.
    let is_alive = is_news && (record.version != Some(cart.updated_at) || changed);
    let is_idle = stored.is_some()
        && record.identity.is_empty()
        && !changed
        && content == before
        && now.duration_since(record.touched_at) < IDLE;
    if changed {
        record.effects.forget_done(UPDATED);
        record.effects.forget_done(DELETED);
    }
    if (is_alive && !is_idle) || is_named {
        touch(&mut record, cart, is_news, now);
        if is_news && content != before {
            record.properties = properties(&record, cart, moment).to_string().into();
            record.content = content.text();
        }
        let last = record.version.unwrap_or(cart.updated_at);
        let is_old = last.saturating_add(TOO_OLD).is_ok_and(|limit| limit < now);
        let is_waiting = record.state == CartState::Open && !record.identity.is_empty() && !is_old;
        let due = record.due_at.unwrap_or_else(|| due(&record, facts.settings.abandoned_after));
        record.due_at = is_waiting.then_some(due);
    }
    let planned = planned(&record, cart, is_news, is_named, moment);
    let may_start = |key: &str| changed || !(key.starts_with(UPDATED) || key.starts_with(DELETED));
    let claimed = effects::claim(&mut record.effects, planned, may_start, moment);
    let over = record.identity.is_empty().then_some(OF_NOBODY);
    let write = stored != Some(&record);
    // Whoever reminds of this quiet period answers for the list.
    let is_due = record.state == CartState::Open && record.effects.knows(&record.quiet_key());
    let recovered = recovered.filter(|_| record.state != CartState::Abandoned && !is_due);
    (write.then_some(record), Accepted { claimed, changed, recovered, over })
}

/// Cart and checkout tell the time alike, but a checkout knows more: of two bodies of the same second it wins.
fn is_news(record: &CartRecord, cart: &Cart, before: &CartContent) -> bool {
    match record.version {
        None => true,
        Some(version) if cart.source == CartSource::Checkout || !before.has_checkout() => {
            cart.updated_at >= version
        }
        Some(version) => cart.updated_at > version,
    }
}

/// The events that this body calls for. One that is no news may still finish its own; one that names the cart tells
/// of what the cart holds.
fn planned(
    record: &CartRecord,
    cart: &Cart,
    is_news: bool,
    is_named: bool,
    moment: &Moment<'_>,
) -> Vec<Planned> {
    let facts = moment.facts;
    let created_at = record.created_at.unwrap_or(cart.created_at);
    let (at, properties) = match record.version {
        Some(version) if is_named && !is_news => (version, stored_properties(record)),
        _ => (cart.updated_at, properties(record, cart, moment)),
    };
    let is_empty = if is_news { cart.items.is_empty() } else { record.state == CartState::Emptied };
    if is_empty {
        return emptied_cart(&cart.token, &record.identity, at, facts).into_iter().collect();
    }
    let Value::Object(properties) = properties else { return Vec::new() };
    changed_cart(&record.identity, created_at, at, &properties, facts)
}

/// What `cart_updated` carries. A cart's body knows neither the way back nor, sometimes, the currency: those of the
/// checkout stay.
fn properties(record: &CartRecord, cart: &Cart, moment: &Moment<'_>) -> Value {
    let mut properties = cart_properties(cart, moment.facts);
    if cart.source == CartSource::Cart {
        for name in ["url", "checkouturl", "currency"] {
            let known = stored_properties(record)[name].take();
            if !known.is_null() {
                properties.entry(name).or_insert(known);
            }
        }
    }
    Value::Object(properties)
}

fn stored_properties(record: &CartRecord) -> Value {
    serde_json::from_str(record.properties.as_str()).unwrap_or_else(|_| Value::Object(Map::new()))
}

fn touch(record: &mut CartRecord, cart: &Cart, is_news: bool, now: Timestamp) {
    record.touched_at = now;
    let created_at = record.created_at.unwrap_or(cart.created_at);
    record.created_at = Some(created_at.min(cart.created_at));
    for token in &cart.tokens {
        if !record.tokens.contains(token) {
            record.tokens.push(token.clone());
        }
    }
    if !cart.identity.is_empty() {
        record.identity = cart.identity.clone();
    }
    if is_news {
        record.version = Some(cart.updated_at);
        record.state = if cart.items.is_empty() { CartState::Emptied } else { CartState::Open };
    }
}

/// What a cart's record becomes when its checkout is deleted. Pure.
pub(crate) fn accept_deleted(
    moment: &Moment<'_>,
    stored: Option<&CartRecord>,
    token: &str,
    at: Timestamp,
) -> (Option<CartRecord>, Accepted) {
    let Some(mut record) = stored.cloned() else {
        return (None, Accepted::over("no cart is known that the deleted checkout belongs to", None));
    };
    if record.erased {
        return (None, Accepted::over(ERASED, None));
    }
    let was_abandoned = record.state == CartState::Abandoned || moment.redelivered;
    let recovered = record.contact().filter(|_| was_abandoned);
    if record.state == CartState::Ordered {
        return (None, Accepted::over("the cart is an order already", recovered));
    }
    if record.version.is_some_and(|version| at < version) {
        return (None, Accepted::over("the cart was used again after its checkout was deleted", None));
    }
    let changed = record.state != CartState::Emptied;
    record.state = CartState::Emptied;
    record.version = Some(at);
    record.due_at = None;
    let planned = emptied_cart(token, &record.identity, at, moment.facts).into_iter().collect();
    let claimed = effects::claim(&mut record.effects, planned, |_| changed, moment);
    let write = stored != Some(&record);
    (write.then_some(record), Accepted { claimed, changed, recovered, over: None })
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

fn new_record(now: Timestamp) -> CartRecord {
    CartRecord {
        version: None,
        state: CartState::Open,
        touched_at: now,
        tokens: Vec::new(),
        identity: Identity::default(),
        created_at: None,
        properties: Packed::default(),
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
    record.properties = Packed::default();
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
