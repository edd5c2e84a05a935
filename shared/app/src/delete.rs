//! The journey of a customer who left the store.
//!
//! The customer leaves our lists and our attributes are emptied. The Brevo contact itself is deleted only if we
//! created it, no other store feeds it, and it is not blocked: deleting forgets an opt-out.

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;
use tajo_brevo::{Error, Identifier, delete_contact, get_contact, update_contact};
use tajo_domain::{Block, Channel, ContactKey, ContactRecord, Email, KnownAs, LeftContact};
use tajo_mapping::{clearing, identifier_of};
use tajo_state::{Attributes, Key, Stored, forget_person, stores_of_person};

use crate::contact::sums;
use crate::contact::write::adopt_earlier_creation;
use crate::merge;
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// What a deletion found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Known,
    Unseen,
    /// Something newer of the customer.
    Outdated,
}

/// Accepts that a customer left, takes back what we gave Brevo, and forgets the person.
pub(crate) async fn customer(worker: &Worker<'_>, customer: &str, at: Timestamp) -> Result<Step, Stop> {
    let key = Key::contact(&worker.store.facts.store, &ContactKey::Customer(customer.to_owned()));
    let now = worker.now();
    let mark = |stored: Option<&ContactRecord>| {
        let mut record = stored.cloned().unwrap_or_default();
        record.heal(now);
        if record.was_changed_after(at) {
            return (None, Mark::Outdated);
        }
        // Of two deletions the later one counts: whatever is to show that there was none must be newer than both.
        record.change(|record| record.deleted_at = record.deleted_at.max(Some(at)));
        let mark = if stored.is_some() { Mark::Known } else { Mark::Unseen };
        ((stored != Some(&record)).then_some(record), mark)
    };
    let (stored, mark) = worker.env.table.change(&key, Attributes::none, mark).await?;
    if mark == Mark::Outdated {
        return Ok(Step::skip("contact", "the store changed the customer after this deletion"));
    }
    let applied = take_back(worker, &key, stored).await?;
    if applied {
        return Ok(Step { applied, ..Step::default() });
    }
    let reason = if mark == Mark::Known {
        "Brevo never had this customer"
    } else {
        "the customer was never seen here"
    };
    Ok(Step::skip("contact", format!("{reason}; a late notice will not bring them back")))
}

/// Undoes in Brevo what we did for a deleted customer, then empties the record. Safe to repeat. True if Brevo
/// had the contact. Boxed, as `contact::deliver` is.
pub(crate) fn take_back<'a>(
    worker: &'a Worker<'a>,
    key: &'a Key,
    stored: Stored<ContactRecord>,
) -> BoxFuture<'a, Result<bool, Stop>> {
    undo(worker, key, stored).boxed()
}

async fn undo(worker: &Worker<'_>, key: &Key, stored: Stored<ContactRecord>) -> Result<bool, Stop> {
    let facts = &worker.store.facts;
    let Some(mut record) = stored.record.clone() else { return Ok(false) };
    if record.known_as == KnownAs::Unknown && record.creation.is_some() {
        // It may have been created, or found there and written to, and nobody could mark it.
        if adopt_earlier_creation(worker, &mut record).await?.is_none() {
            record.known_as = KnownAs::Linked;
        }
    }
    if record.erased_at.is_some() {
        let applied = crate::privacy::erase_contact(worker, &record).await?;
        forget(worker, key, stored).await?;
        return Ok(applied);
    }
    let Some(who) = identifier_of(&record, facts).filter(|_| record.known_as != KnownAs::Unknown) else {
        forget(worker, key, stored).await?;
        return Ok(false);
    };
    if let Some(kept) = &record.merged_into
        && merge::is_shared(worker, &record, kept).await?
    {
        // It is the kept customer's contact, and their address is still fed.
        sums::withdraw(worker, &record).await?;
        if let Some(email) = &record.sent_email {
            sums::tell_rest(worker, email).await?;
        }
        let left = LeftContact { id: None, email: record.sent_email.as_ref().map(Email::hash) };
        leave(worker, key, stored, Some(left)).await?;
        return Ok(false);
    }
    let (request, left) = if may_delete(worker, &record).await? {
        (delete_contact(&who), None)
    } else {
        let id = brevo_id(worker, &who).await?;
        let left = LeftContact { id, email: record.sent_email.as_ref().map(Email::hash) };
        (update_contact(&who, &clearing(&record, facts, record.merged_into.is_some())), Some(left))
    };
    match worker.send(&request).await? {
        Ok(_) | Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    if let Some(email) = &record.sent_email {
        forget_person(&worker.env.table, &worker.store.record.account, email, &facts.store).await?;
        sums::tell_rest(worker, email).await?;
    }
    leave(worker, key, stored, left).await?;
    Ok(true)
}

/// Brevo's own id of a contact that stays there, if it is there: a late opt-out finds it by that, after everything else
/// that named it was emptied.
async fn brevo_id(worker: &Worker<'_>, who: &Identifier) -> Result<Option<u64>, Stop> {
    match worker.send(&get_contact(who)).await? {
        Ok(answer) => Ok(answer.body["id"].as_u64()),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn may_delete(worker: &Worker<'_>, record: &ContactRecord) -> Result<bool, Stop> {
    let facts = &worker.store.facts;
    // A merge ends an account, not a person.
    if record.known_as != KnownAs::Created || record.merged_into.is_some() {
        return Ok(false);
    }
    if let Some(email) = &record.sent_email {
        let feeds = stores_of_person(&worker.env.table, &worker.store.record.account, email).await?;
        if feeds.iter().any(|store| *store != facts.store) {
            return Ok(false);
        }
    }
    let Some(who) = identifier_of(record, facts) else { return Ok(false) };
    match worker.send(&get_contact(&who)).await? {
        Ok(answer) => {
            // What is not said counts as blocked.
            let blocked = |flag: &str| answer.body.get(flag).and_then(Value::as_bool).unwrap_or(true);
            let [email, sms, whatsapp] =
                ["emailBlacklisted", "smsBlacklisted", "whatsappBlacklisted"].map(blocked);
            Ok(foreign_blocks(record, email, sms, whatsapp).is_empty())
        }
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Empties the record of somebody who left, keeping what refuses late notices.
pub(crate) async fn forget(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<ContactRecord>,
) -> Result<(), Stop> {
    leave(worker, key, stored, None).await
}

/// The same, keeping besides which Brevo contact was left behind.
async fn leave(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<ContactRecord>,
    left: Option<LeftContact>,
) -> Result<(), Stop> {
    let settled = worker.env.table.settle(key, stored, Attributes::none, |record| {
        if let Some(at) = record.deleted_at
            && !record.is_forgotten()
        {
            record.left = left.clone().or(record.left.take());
            record.forget(at);
        }
    });
    settled.await.map(|_| ()).map_err(Stop::from)
}

/// Channels on which Brevo blocks this contact for another reason than that we set the block without being asked.
fn foreign_blocks(
    record: &ContactRecord,
    email_blocked: bool,
    sms_blocked: bool,
    whatsapp_blocked: bool,
) -> Vec<Channel> {
    let mut channels = Vec::new();
    if email_blocked && record.email_block != Some(Block::Unasked) {
        channels.push(Channel::Email);
    }
    if sms_blocked && record.sms_block != Some(Block::Unasked) {
        channels.push(Channel::Sms);
    }
    // There is no way to set this one by API.
    if whatsapp_blocked {
        channels.push(Channel::Whatsapp);
    }
    channels
}
