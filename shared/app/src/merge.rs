//! The journey of two customers that the store merged into one.
//!
//! The kept customer keeps everything, and inherits the opt-outs of the other one and the day of the last order. The
//! Brevo contact of the other one leaves our lists, and our attributes and id are emptied; it is never deleted (a
//! deletion forgets an opt-out, and its address may become the kept customer's) and never merged in Brevo. Where both
//! are the same Brevo contact it stays, as the kept customer's.
//!
//! Later notices of the customer that is gone bring back nobody: their orders and carts go to the kept customer, and
//! an opt-out still counts.
//!
//! Where the kept customer was erased, the one that is gone is erased as well: a platform merges nobody who was erased,
//! so the two were one person before. One that was erased itself is left alone.

use std::borrow::Cow;

use jiff::Timestamp;
use tajo_domain::{
    Change, Channel, ContactKey, ContactRecord, Email, Identity, KnownAs, PersonUpdate, Refusals,
};
use tajo_mapping::note_tries;
use tajo_state::{Attributes, Key, Stored};

use crate::contact::{self, Accepted, late};
use crate::delete;
use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};

/// The kept customer of a merge may be merged in turn. More often than this is a circle.
const HOPS: u32 = 5;

/// Why a merge may call nobody.
pub(crate) const NOTHING_TO_DO: &str =
    "Brevo has nothing of the customer that is gone; late notices will not bring them back";

/// What the kept customer takes over.
#[derive(Default)]
struct Inheritance {
    refusals: Refusals,
    last_order_at: Option<Timestamp>,
    /// The record of the customer that is gone, while there is anything in it.
    gone: Option<ContactRecord>,
}

/// What became of the kept customer.
enum Heir {
    /// They are there.
    There(Box<ContactRecord>),
    /// They left the store too.
    Gone,
    /// They were erased, then.
    Erased(Timestamp),
}

/// Accepts that a customer was merged into another one.
pub(crate) async fn customers(
    worker: &Worker<'_>,
    kept: &str,
    gone: &str,
    at: Timestamp,
) -> Result<Step, Stop> {
    let key = Key::contact(&worker.store.facts.store, &ContactKey::Customer(gone.to_owned()));
    let mark = |stored: Option<&ContactRecord>| {
        let mut record = stored.cloned().unwrap_or_default();
        if record.erased_at.is_some() {
            return (None, ());
        }
        record.change(|record| record.deleted_at = record.deleted_at.or(Some(at)));
        record.merged_into = Some(kept.to_owned());
        ((stored != Some(&record)).then_some(record), ())
    };
    let (stored, ()) = worker.env.table.change(&key, Attributes::none, mark).await?;
    let erased = stored.record.as_ref().filter(|record| record.erased_at.is_some());
    // An erasure that this merge began goes on, even where there is nothing in the record.
    let goes_on = worker.redelivered || worker.notice.resume.is_some();
    if erased.is_some_and(|record| record.is_forgotten() && !goes_on) {
        return Ok(Step::erased());
    }
    let known = stored.record.as_ref().filter(|_| erased.is_none());
    let inheritance = known.map(inheritance_of).unwrap_or_default();
    // First the kept one: what the other record says is forgotten with it.
    let (mut step, heir) = inherit(worker, kept, &inheritance).await?;
    if let Heir::Erased(at) = heir {
        return crate::privacy::erase_merged(worker, gone, at).await;
    }
    if erased.is_some() {
        return Ok(Step::erased());
    }
    // That the kept one is gone as well says nothing about this one.
    step.deleted = false;
    step.applied |= delete::take_back(worker, &key, stored).await?;
    if !step.applied && step.skipped.is_empty() {
        step.add(Step::skip("contact", NOTHING_TO_DO));
    }
    Ok(step)
}

/// What to do with news of a customer who was merged into `kept`: opt-outs and orders are theirs, the rest is nobody's.
/// `key`: of the customer that is gone. `is_mention`: the person came along with an order or cart.
pub(crate) async fn late_news(
    worker: &Worker<'_>,
    key: &Key,
    kept: &str,
    update: &PersonUpdate,
    is_mention: bool,
) -> Result<Step, Stop> {
    let (email, phone) = late::address_and_number(update);
    let mut inheritance = Inheritance { last_order_at: update.ordered_at, ..Inheritance::default() };
    let said = [
        (Channel::Email, update.email_consent.as_ref()),
        (Channel::Sms, update.sms_consent.as_ref()),
        (Channel::Whatsapp, update.whatsapp_consent.as_ref()),
    ];
    inheritance.refusals.note(email, phone, said);
    if email.is_none() && update.email_consent.is_some() {
        // The notice names no address: what was refused is the one of before the merge.
        let gone = worker.env.table.get::<ContactRecord>(key).await?.record;
        let left = gone.and_then(|gone| gone.left).and_then(|left| left.email);
        inheritance.refusals.note_hash(left.as_deref(), phone, said);
    }
    let (mut step, heir) = inherit(worker, kept, &inheritance).await?;
    step.add(Box::pin(late::opt_out(worker, key, update)).await?);
    if let Heir::There(kept) = heir {
        step.instead = Some(kept.identity());
        if is_mention && contact::is_held(&kept) {
            // The order is the first thing that comes of the kept customer. What it says of address, number, names and
            // consent is the other one's: an opt-in of the kept customer was not given for it.
            let identity = Identity { customer: kept.customer, ..Identity::default() };
            let ordered_at = update.ordered_at;
            let update = PersonUpdate { identity, ordered_at, ..PersonUpdate::default() };
            step.add(Box::pin(contact::person(worker, &update, None)).await?);
        }
    }
    step.add(Step::skip("contact", "the customer was merged into another one in the store"));
    Ok(step)
}

/// The change as one of the customer who takes the place of the one it names.
pub(crate) fn in_place_of<'a>(change: &'a Change, instead: Option<&Identity>) -> Cow<'a, Change> {
    let mut change = Cow::Borrowed(change);
    let Some(instead) = instead else { return change };
    match change.as_ref() {
        Change::Order(_) | Change::Cart(_) => match change.to_mut() {
            Change::Order(order) => order.identity = instead.clone(),
            Change::Cart(cart) => cart.identity = instead.clone(),
            _ => {}
        },
        // Only these come along with news of a person.
        _ => {}
    }
    change
}

/// Whether the kept customer of a merge is the same Brevo contact as the one that is gone, or about to be.
pub(crate) async fn is_shared(worker: &Worker<'_>, gone: &ContactRecord, kept: &str) -> Result<bool, Stop> {
    let Some(email) = &gone.sent_email else { return Ok(false) };
    let mut kept = kept.to_owned();
    for _ in 0..HOPS {
        let key = Key::contact(&worker.store.facts.store, &ContactKey::Customer(kept.clone()));
        let Some(record) = worker.env.table.get_newest::<ContactRecord>(&key).await?.record else {
            return Ok(false);
        };
        match &record.merged_into {
            Some(next) => kept = next.clone(),
            None => return Ok(has_address(&record, email)),
        }
    }
    Ok(false)
}

/// Lets the kept customer inherit, and brings Brevo's contact up to date. Answers what became of them.
async fn inherit(worker: &Worker<'_>, kept: &str, inheritance: &Inheritance) -> Result<(Step, Heir), Stop> {
    let mut kept = kept.to_owned();
    for _ in 0..HOPS {
        let key = Key::contact(&worker.store.facts.store, &ContactKey::Customer(kept.clone()));
        let decide = |stored: Option<&ContactRecord>| accept(&worker.moment(), stored, &kept, inheritance);
        let (stored, accepted): (Stored<ContactRecord>, Accepted) =
            worker.env.table.change(&key, Attributes::none, decide).await?;
        if let Some(next) = accepted.merged_into {
            kept = next;
            continue;
        }
        let unseen = || ContactRecord { customer: Some(kept.clone()), ..ContactRecord::default() };
        let heir = match accepted.erased_at {
            Some(at) => Heir::Erased(at),
            None if accepted.deleted => Heir::Gone,
            None => Heir::There(Box::new(stored.record.clone().unwrap_or_else(unseen))),
        };
        if accepted.held && !accepted.changed {
            return Ok((Step::default(), heir));
        }
        return Ok((contact::deliver(worker, &key, stored, accepted).await?, heir));
    }
    Ok((Step::skip("contact", "the merges of this customer lead in a circle"), Heir::Gone))
}

/// What the kept customer's record becomes. Pure.
fn accept(
    moment: &Moment<'_>,
    stored: Option<&ContactRecord>,
    kept: &str,
    inheritance: &Inheritance,
) -> (Option<ContactRecord>, Accepted) {
    let mut record = stored.cloned().unwrap_or_default();
    let was_healed = record.change(|record| record.heal(moment.now));
    if record.deleted_at.is_some() {
        let erased_at = record.erased_at;
        let merged_into = record.merged_into.filter(|_| erased_at.is_none());
        return (None, Accepted { deleted: true, erased_at, merged_into, ..Accepted::default() });
    }
    record.customer.get_or_insert_with(|| kept.to_owned());
    let is_new =
        record.change(|record| record.absorb(&inheritance.refusals, inheritance.last_order_at)) || was_healed;
    let is_shared = inheritance.gone.as_ref().is_some_and(|gone| take_over_contact(&mut record, gone));
    let held = contact::is_held(&record);
    if !held {
        note_tries(&mut record, moment.facts, moment.now);
    }
    let write = stored != Some(&record)
        && record != ContactRecord { customer: Some(kept.to_owned()), ..ContactRecord::default() };
    let changed = if held { write } else { is_new || is_shared };
    (write.then_some(record), Accepted { changed, held, ..Accepted::default() })
}

/// Takes over what is known of the Brevo contact, where both are the same. True if they are.
fn take_over_contact(record: &mut ContactRecord, gone: &ContactRecord) -> bool {
    let Some(email) = gone.sent_email.as_ref().filter(|email| has_address(record, email)) else {
        return false;
    };
    record.take_outs_of(gone);
    if record.sent_email.as_ref() == Some(email) && record.known_as != KnownAs::Unknown {
        record.take_over_contact(gone);
    }
    true
}

fn has_address(record: &ContactRecord, email: &Email) -> bool {
    let profile = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    record.sent_email.as_ref() == Some(email) || profile == Some(email)
}

fn inheritance_of(gone: &ContactRecord) -> Inheritance {
    Inheritance { refusals: gone.all_refusals(), last_order_at: gone.last_order_at, gone: Some(gone.clone()) }
}
