//! What a cart's record becomes by a body, and the events that calls for. Pure.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tajo_domain::{
    Cart, CartRecord, CartSource, CartState, ContactKey, Identity, Ledger, Packed, Version, short_hash,
};
use tajo_mapping::{CartContent, Planned, cart_properties, changed_cart, emptied_cart};

use super::{finish, may_be_listed};
use crate::effects;
use crate::worker::Moment;

/// A cart that was last changed longer ago than this is no longer worth a reminder when we first hear of it.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(24 * 7);

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

/// What accepting found.
pub(crate) struct Accepted {
    pub claimed: Vec<Planned>,
    /// An event is held by a worker that may have ended: the message has to come later.
    pub is_held: bool,
    pub changed: bool,
    /// Whose cart is no longer abandoned.
    pub recovered: Option<ContactKey>,
    /// Why nothing is sent for it.
    pub over: Option<&'static str>,
}

impl Accepted {
    fn over(reason: &'static str, recovered: Option<ContactKey>) -> Self {
        Self { claimed: Vec::new(), is_held: false, changed: false, recovered, over: Some(reason) }
    }
}

/// What a cart's record becomes, and the events to send. Pure.
pub(crate) fn accept(
    moment: &Moment<'_>,
    stored: Option<&CartRecord>,
    cart: &Cart,
) -> (Option<CartRecord>, Accepted) {
    let now = moment.now;
    let mut record = stored.cloned().unwrap_or_else(|| new_record(now));
    if record.erased {
        return (None, Accepted::over(ERASED, None));
    }
    record.heal(now);
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
    let is_news = is_news(&record, cart, &content, &before);
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
    if record.version == Some(cart.updated_at) {
        // Of one second: only what was triggered later is newer.
        record.triggered_at = record.triggered_at.max(cart.triggered_at);
    }
    if changed {
        record.effects.forget_done(UPDATED);
        record.effects.forget_done(DELETED);
    }
    if (is_alive && !is_idle) || is_named {
        take(&mut record, cart, is_news, (&content, &before), moment);
    }
    let planned = planned(&record, cart, is_news, is_named, moment);
    let may_start = |key: &str| changed || !(key.starts_with(UPDATED) || key.starts_with(DELETED));
    let effects::Claimed { planned: claimed, is_held } =
        effects::claim(&mut record.effects, planned, may_start, moment);
    let over = record.identity.is_empty().then_some(OF_NOBODY);
    let write = stored != Some(&record);
    // Whoever reminds of this quiet period answers for the list.
    let is_due = record.state == CartState::Open && record.effects.knows(&record.quiet_key());
    let recovered = recovered.filter(|_| record.state != CartState::Abandoned && !is_due);
    (write.then_some(record), Accepted { claimed, is_held, changed, recovered, over })
}

/// Takes over what a body shows, and says when the sweeper is to look.
fn take(
    record: &mut CartRecord,
    cart: &Cart,
    is_news: bool,
    (content, before): (&CartContent, &CartContent),
    moment: &Moment<'_>,
) {
    touch(record, cart, is_news, moment.now);
    if is_news && content != before {
        record.properties = properties(record, cart, moment).to_string().into();
        record.content = content.text();
    }
    let last = record.version.unwrap_or(cart.updated_at);
    let is_old = last.saturating_add(TOO_OLD).is_ok_and(|limit| limit < moment.now);
    let is_waiting = record.state == CartState::Open && !record.identity.is_empty() && !is_old;
    let due = record.due_at.unwrap_or_else(|| due(record, moment.facts.settings.abandoned_after));
    record.due_at = is_waiting.then_some(due);
}

/// Whether a body is not older than what is stored.
///
/// Cart and checkout tell the time alike, but a checkout knows more: of two bodies of the same second that show the
/// same lines, or whose triggers are not known, it wins. Otherwise the one that was triggered later does, and of two
/// with the same trigger the greater content.
fn is_news(record: &CartRecord, cart: &Cart, content: &CartContent, before: &CartContent) -> bool {
    let Some(version) = record.version else { return true };
    if cart.updated_at != version {
        return cart.updated_at > version;
    }
    let is_checkout = cart.source == CartSource::Checkout;
    let is_unclear = record.triggered_at.is_none() || cart.triggered_at.is_none();
    if is_checkout != before.has_checkout() && (is_unclear || content.has_lines_of(before)) {
        return is_checkout;
    }
    match cart.triggered_at.cmp(&record.triggered_at) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => before.text() <= content.text(),
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
    let (at, content, properties) = match record.version {
        Some(version) if is_named && !is_news => (version, record.content.clone(), stored_properties(record)),
        _ => (cart.updated_at, CartContent::of(cart).text(), properties(record, cart, moment)),
    };
    let is_empty = if is_news { cart.items.is_empty() } else { record.state == CartState::Emptied };
    if is_empty {
        return emptied_cart(&cart.token, &record.identity, at, facts).into_iter().collect();
    }
    let Value::Object(properties) = properties else { return Vec::new() };
    // A version before this one named the event after its second alone. One that it began is finished under that name.
    let second = format!("{UPDATED}{at}");
    let is_begun = record.effects.unfinished().any(|key| key == second);
    let content = if is_begun { String::new() } else { short(&content) };
    changed_cart(&record.identity, created_at, at, &content, &properties, facts)
}

/// Tells two contents of one second apart.
fn short(content: &str) -> String {
    short_hash(content).chars().take(8).collect()
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
        let is_same_second = record.version == Some(cart.updated_at);
        let known = record.triggered_at.filter(|_| is_same_second);
        (record.version, record.triggered_at) = (Some(cart.updated_at), known.max(cart.triggered_at));
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
    record.heal(moment.now);
    let was_abandoned = record.state == CartState::Abandoned || moment.redelivered;
    let recovered = record.contact().filter(|_| was_abandoned);
    if record.state == CartState::Ordered {
        return (None, Accepted::over("the cart is an order already", recovered));
    }
    // The deletion has no time but that of its webhook; bodies are stamped in whole seconds.
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    let known = record.version.map(|at| Version { at, triggered_at: record.triggered_at });
    if known.is_some_and(|known| Version { at: second, triggered_at: Some(at) } < known) {
        return (None, Accepted::over("the cart was used again after its checkout was deleted", None));
    }
    let changed = record.state != CartState::Emptied;
    record.state = CartState::Emptied;
    (record.version, record.triggered_at) = (Some(second), Some(at));
    record.due_at = None;
    let planned = emptied_cart(token, &record.identity, at, moment.facts).into_iter().collect();
    let effects::Claimed { planned: claimed, is_held } =
        effects::claim(&mut record.effects, planned, |_| changed, moment);
    let write = stored != Some(&record);
    (write.then_some(record), Accepted { claimed, is_held, changed, recovered, over: None })
}

pub(super) fn new_record(now: Timestamp) -> CartRecord {
    CartRecord {
        version: None,
        triggered_at: None,
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

fn due(record: &CartRecord, quiet: SignedDuration) -> i64 {
    record.touched_at.saturating_add(quiet).unwrap_or(Timestamp::MAX).as_millisecond()
}
