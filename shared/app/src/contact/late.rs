//! Opt-outs of a customer who left the store, or was merged into another one, and that arrive afterwards.
//!
//! The Brevo contact may still be there: it is emptied, not deleted, whenever a block or another store hangs on it. So a
//! late opt-out still blocks it, unless somebody who is in a store of the account has the address by now: then it is
//! theirs, and a newer opt-in of theirs counts. A late opt-in counts for nobody.

use jiff::Timestamp;
use serde_json::Value;
use tajo_brevo::{ContactWrite, Error, Identifier, get_contact, update_contact};
use tajo_domain::{
    Channel, Consent, ConsentState, ContactKey, ContactRecord, Email, PersonUpdate, Phone, Refusals,
};
use tajo_mapping::{id_of, identifier_of, note_tries};
use tajo_state::{Attributes, Key, OptOuts, feeds_of_person, note_opt_outs};

use super::{Accepted, deliver, others, write};
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// The address and the number that an update is about.
pub(crate) fn address_and_number(update: &PersonUpdate) -> (Option<&Email>, Option<&Phone>) {
    let profile = update.profile.as_ref().map(|profile| &profile.value);
    let email = profile.and_then(|profile| profile.email.as_ref()).or(update.identity.email.as_ref());
    let phone = profile.and_then(|profile| profile.phone.as_ref()).or(update.identity.phone.as_ref());
    (email, phone)
}

/// Blocks what Brevo still has of the customer of `key`, who is gone, if `update` tells of an opt-out. Safe to repeat.
pub(crate) async fn opt_out(worker: &Worker<'_>, key: &Key, update: &PersonUpdate) -> Result<Step, Stop> {
    let out = |consent: &Option<Consent>| {
        let out = consent.as_ref().filter(|consent| consent.state == ConsentState::OptedOut);
        out.map(|out| out.at)
    };
    let outs = OptOuts { email: out(&update.email_consent), sms: out(&update.sms_consent) };
    if outs.is_empty() {
        return Ok(Step::default());
    }
    let record = worker.env.table.get_newest::<ContactRecord>(key).await?.record;
    let Some(record) = record.filter(|record| record.erased_at.is_none()) else {
        return Ok(Step::default());
    };
    let (email, phone) = address_and_number(update);
    let mut step = Step::default();
    let mut done: Vec<u64> = Vec::new();
    for who in ways(worker, &record, update.identity.customer.clone(), email) {
        let contact = match worker.send(&get_contact(&who)).await? {
            Ok(answer) => answer.body,
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        let id = contact["id"].as_u64();
        if id.is_some_and(|id| done.contains(&id)) {
            continue;
        }
        done.extend(id);
        let there = contact["email"].as_str().and_then(|there| Email::parse(there).ok());
        if let Some(there) = &there {
            note_opt_outs(
                &worker.env.table,
                &worker.store.record.account,
                there,
                &worker.store.facts.store,
                outs,
            )
            .await?;
        }
        step.add(Box::pin(block(worker, &who, &contact, there.as_ref(), phone, outs, update)).await?);
    }
    Ok(step)
}

/// Every way to find the contact that was left behind, the surest first.
fn ways(
    worker: &Worker<'_>,
    record: &ContactRecord,
    customer: Option<String>,
    email: Option<&Email>,
) -> Vec<Identifier> {
    let facts = &worker.store.facts;
    let left = record.left.as_ref().and_then(|left| left.id);
    let is_there = |record: &&ContactRecord| write::is_known(record);
    // After a plain delete our id is still on a contact that we created.
    let by_id = ContactRecord { customer, ..ContactRecord::default() };
    let by_id = Some(by_id).filter(|_| record.merged_into.is_none()).and_then(|record| id_of(&record, facts));
    left.map(|id| Identifier::BrevoId(id.to_string()))
        .into_iter()
        .chain(Some(record).filter(is_there).and_then(|record| identifier_of(record, facts)))
        .chain(email.cloned().map(Identifier::Email))
        .chain(by_id)
        .collect()
}

/// Lets whoever has the address by now inherit the opt-out; blocks the contact itself where nobody in this store has it.
async fn block(
    worker: &Worker<'_>,
    who: &Identifier,
    contact: &Value,
    email: Option<&Email>,
    phone: Option<&Phone>,
    outs: OptOuts,
    update: &PersonUpdate,
) -> Result<Step, Stop> {
    let mut step = Step::default();
    let mut newer = OptOuts::default();
    if let Some(email) = email {
        let mut refusals = Refusals::default();
        let said = [
            (Channel::Email, update.email_consent.as_ref()),
            (Channel::Sms, update.sms_consent.as_ref()),
            (Channel::Whatsapp, None),
        ];
        refusals.note(Some(email), phone, said);
        let heirs = Box::pin(inherit(worker, email, &refusals)).await?;
        if let Some(heirs) = heirs {
            return Ok(heirs);
        }
        newer = Box::pin(others::opt_ins(worker, email)).await?;
    }
    let is_due = |out: Option<Timestamp>, newer: Option<Timestamp>, flag: &str| {
        let holds = out.is_some_and(|out| newer.is_none_or(|newer| newer <= out));
        (holds && contact[flag] != true).then_some(true)
    };
    let write = ContactWrite {
        email_blacklisted: is_due(outs.email, newer.email, "emailBlacklisted"),
        sms_blacklisted: is_due(outs.sms, newer.sms, "smsBlacklisted"),
        ..ContactWrite::default()
    };
    if write == ContactWrite::default() {
        return Ok(step);
    }
    match worker.send(&update_contact(who, &write)).await? {
        Ok(_) => step.applied = true,
        Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(step)
}

/// Whoever is in this store with this address takes the opt-out over, by its date. `None`: there is nobody whom Brevo
/// knows by it.
async fn inherit(worker: &Worker<'_>, email: &Email, refusals: &Refusals) -> Result<Option<Step>, Stop> {
    let store = &worker.store.facts.store;
    let account = &worker.store.record.account;
    let feeds = feeds_of_person(&worker.env.table, account, email).await?;
    let own = feeds.into_iter().find(|(fed_by, _)| fed_by == store);
    let customers = own.map(|(_, feed)| feed.customers).unwrap_or_default();
    let guest = ContactKey::Guest(email.hash());
    let mut total = None;
    for contact in customers.into_iter().map(ContactKey::Customer).chain([guest]) {
        let key = Key::contact(store, &contact);
        let moment = worker.moment();
        let decide = |stored: Option<&ContactRecord>| {
            let Some(mut record) = stored.filter(|record| is_theirs(record, email)).cloned() else {
                return (None, Accepted { deleted: true, ..Accepted::default() });
            };
            let changed = record.change(|record| {
                record.heal(moment.now);
                record.absorb(refusals, None);
            });
            let held = !write::is_known(&record);
            if !held {
                note_tries(&mut record, moment.facts, moment.now);
            }
            let write = stored != Some(&record);
            (write.then_some(record), Accepted { changed, held, ..Accepted::default() })
        };
        let (stored, accepted) = worker.env.table.change(&key, Attributes::none, decide).await?;
        // Whom Brevo does not know yet has it written down, and is no reason to leave the contact open.
        if !accepted.deleted && !accepted.held {
            total.get_or_insert_with(Step::default).add(deliver(worker, &key, stored, accepted).await?);
        }
    }
    Ok(total)
}

fn is_theirs(record: &ContactRecord, email: &Email) -> bool {
    let profile = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    let has_address = record.sent_email.as_ref().or(profile) == Some(email);
    record.deleted_at.is_none() && has_address
}
