//! Writing one contact to Brevo: create or find it, and never set a flag that is not ours to set.

mod add_again;
mod trouble;

use serde_json::Value;
use tajo_brevo::{
    ContactWrite, Error, Identifier, create_contact, delete_contact, get_contact, update_contact,
};
use tajo_domain::{ContactKey, ContactRecord, Creation, Email, KnownAs, Skipped};
use tajo_mapping::{
    StoreFacts, adopt, clearing, created_by, creation, has_phone, id_of, identifier_of, insist, is_said,
    moved, relink, settle_creation, settle_update, update, without_whatsapp,
};
use tajo_state::Key;

use super::conflict::unnamed;
use super::others;
use crate::stop::Stop;
use crate::worker::Worker;
use trouble::{Repair, Trouble};

/// Repairs of one write (a value left out, our id left out, another identifier) before it is parked.
const REPAIRS: u32 = 16;

/// A contact write that Brevo took.
#[derive(Debug)]
pub(crate) struct Written {
    /// The record the write was made from.
    pub sent: ContactRecord,
    created: bool,
    /// Brevo does not have the contact any more, and the settings make none.
    is_gone: bool,
    /// Brevo refuses everything that it could know the person by.
    is_nobody: bool,
    /// The contact turned out to be one that we know.
    adopted: Option<Adopted>,
    write: ContactWrite,
    trouble: Box<Trouble>,
}

/// How a contact that Brevo has turned out to be ours.
#[derive(Debug)]
pub(super) enum Adopted {
    /// An earlier try created it.
    Tried(Creation),
    /// It is somebody's who bought as a guest before.
    Guest(Box<ContactRecord>),
}

impl Adopted {
    fn settle(&self, record: &mut ContactRecord) {
        match self {
            Self::Tried(creation) => adopt(record, creation),
            Self::Guest(guest) if !is_known(record) => record.take_over_contact(guest),
            Self::Guest(_) => {}
        }
    }
}

impl Written {
    /// What is known from now on.
    pub(crate) fn settle(&self, record: &mut ContactRecord, facts: &StoreFacts) {
        self.trouble.mark(record);
        if self.is_nobody {
            record.creation = None;
            return;
        }
        if let Some(at) = self.trouble.gone_at {
            record.note_deleted(at);
        }
        if self.is_gone {
            record.absent_at = self.trouble.gone_at;
            return;
        }
        if let Some(adopted) = &self.adopted {
            adopted.settle(record);
        }
        if let Some(email) = &self.trouble.relinked {
            relink(record, email);
        }
        if let Some(unasked) = &self.trouble.unasked {
            unasked.note(record);
        }
        if self.created {
            settle_creation(record, &self.sent, &self.write, facts);
        } else {
            settle_update(record, &self.sent, &self.write, facts);
        }
    }

    /// Whether Brevo has the contact no more, and will not have it: nothing more is to be said about the person.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Whether Brevo refuses everything that it could know the person by: no event can be sent to them.
    pub(crate) fn is_nobody(&self) -> bool {
        self.is_nobody
    }

    /// What an event of the contact took along.
    pub(crate) fn carried(sent: ContactRecord, write: ContactWrite) -> Self {
        Box::<Trouble>::default().written(&sent, false, write)
    }

    /// What had to be left out, and why.
    pub(crate) fn skipped(self) -> Vec<Skipped> {
        self.trouble.skipped
    }
}

/// Whether Brevo has the contact, as far as we know.
pub(crate) fn is_known(record: &ContactRecord) -> bool {
    record.known_as != KnownAs::Unknown
}

/// Brings Brevo's contact to what the record says, or to what is stored by the time Brevo says it has the contact.
pub(crate) async fn write(worker: &Worker<'_>, key: &Key, record: &ContactRecord) -> Result<Written, Stop> {
    if is_known(record) {
        return bring_up_to_date(worker, record, record.must_ask_others(), Box::default()).await;
    }
    if !worker.store.facts.settings.contacts.create {
        // It was there a moment ago: whoever is looked for and not found gets here no more.
        return Ok(Box::<Trouble>::default().gone(worker, record));
    }
    let write = creation(record, &worker.store.facts, worker.now());
    let trouble = match create(worker, record, write).await? {
        Created::Done(written) => return Ok(*written),
        Created::IsThere(trouble) => trouble,
    };
    // Somebody was first: another worker, a try of ours that could not be marked, an order as a guest, or whoever made
    // this Brevo contact before us. The last gets no flags, from here on.
    let mut newest = worker.env.table.get_newest(key).await?.record.unwrap_or_else(|| record.clone());
    trouble.mark(&mut newest);
    let adopted = match adopt_earlier_creation(worker, &mut newest).await? {
        Some(creation) => Some(Adopted::Tried(creation)),
        None => Box::pin(adopt_guest(worker, &mut newest)).await?,
    };
    let ask = newest.may_ask_others();
    Ok(Written { adopted, ..bring_up_to_date(worker, &newest, ask, trouble).await? })
}

/// Takes the contact that Brevo has for ours if an earlier try of ours created it and nobody could mark that. Asks
/// Brevo only if there was such a try.
pub(crate) async fn adopt_earlier_creation(
    worker: &Worker<'_>,
    record: &mut ContactRecord,
) -> Result<Option<Creation>, Stop> {
    let Some(creation) = record.creation.clone().filter(|_| !is_known(record)) else { return Ok(None) };
    if creation.tries == 1 && record.deleted_at.is_none() {
        return Ok(None);
    }
    let facts = &worker.store.facts;
    let by_id = id_of(record, facts);
    // The address may have changed since the try: then our id finds it.
    for who in identifier_of(record, facts).into_iter().chain(by_id) {
        let contact = match worker.send(&get_contact(&who)).await? {
            Ok(answer) => answer.body,
            Err(error) if error.is_nobody() => continue,
            Err(error) => return Err(error.into()),
        };
        let flag = |name: &str| contact.get(name).and_then(Value::as_bool).unwrap_or(false);
        let text = |name: &str| contact.get(name).and_then(Value::as_str);
        let Some(created_at) = text("createdAt").and_then(|at| at.parse().ok()) else { return Ok(None) };
        let (email_blocked, sms_blocked) = (flag("emailBlacklisted"), flag("smsBlacklisted"));
        let Some(creation) = created_by(&creation, created_at, email_blocked, sms_blocked) else {
            return Ok(None);
        };
        adopt(record, &creation);
        record.sent_email = text("email").and_then(|email| Email::parse(email).ok());
        return Ok(Some(creation));
    }
    Ok(None)
}

/// Takes over what is known of the contact of somebody who bought with this address before they had an account: its
/// blocks are ours to lift.
pub(super) async fn adopt_guest(
    worker: &Worker<'_>,
    record: &mut ContactRecord,
) -> Result<Option<Adopted>, Stop> {
    let email = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    let Some(email) = email.filter(|_| record.customer.is_some() && !is_known(record)) else {
        return Ok(None);
    };
    let key = Key::contact(&worker.store.facts.store, &ContactKey::Guest(email.hash()));
    let guest = worker.env.table.get_newest::<ContactRecord>(&key).await?.record;
    let is_theirs =
        |guest: &ContactRecord| guest.deleted_at.is_none() && guest.sent_email.as_ref() == Some(email);
    let Some(guest) = guest.filter(|guest| is_known(guest) && is_theirs(guest)) else { return Ok(None) };
    record.take_over_contact(&guest);
    Ok(Some(Adopted::Guest(Box::new(guest))))
}

/// What became of a creation.
enum Created {
    /// The contact is there, or Brevo can know the person by nothing.
    Done(Box<Written>),
    /// Brevo had it already. What was left out until that was found must be left out of the update too.
    IsThere(Box<Trouble>),
}

async fn create(
    worker: &Worker<'_>,
    record: &ContactRecord,
    mut write: ContactWrite,
) -> Result<Created, Stop> {
    let facts = &worker.store.facts;
    let mut trouble = Box::<Trouble>::default();
    // A conflict may be about the number or not: if the contact is there, that it was is not known.
    let mut without_guess = None;
    loop {
        let error = match worker.send(&create_contact(&write)).await? {
            Ok(_) => {
                let who = named_by(&write, record);
                trouble.add_again(worker, record, who.as_ref(), &mut write).await?;
                return Ok(Created::Done(Box::new(trouble.written(record, true, write))));
            }
            Err(error) => error,
        };
        if let Error::Duplicate(names) = &error {
            without_guess.get_or_insert_with(|| trouble.clone());
            let has_other_identity = write.email.is_some() || write.ext_id.is_some();
            let goes_on = has_other_identity
                && only_numbers(names)
                && trouble.leave_out_numbers(&error, &mut write, &nothing_sent(record));
            if goes_on {
                continue;
            }
            return Ok(Created::IsThere(without_guess.unwrap_or(trouble)));
        }
        match trouble.leave_out(&error, &mut write, &nothing_sent(record), None, facts) {
            Repair::Again => {}
            Repair::Nobody => return Ok(Created::Done(Box::new(trouble.nobody(record)))),
            Repair::Nothing => return Err(error.into()),
        }
    }
}

/// What a creation names the contact by.
fn named_by(write: &ContactWrite, record: &ContactRecord) -> Option<Identifier> {
    let phone = record.profile.as_ref().and_then(|profile| profile.value.phone.clone());
    let by_email = write.email.clone().map(Identifier::Email);
    let by_id = || write.ext_id.clone().map(Identifier::ExtId);
    by_email.or_else(by_id).or_else(|| phone.filter(|_| has_phone(write)).map(Identifier::Phone))
}

/// `ask`: whether another store of the account created the contact, and blocked it unasked, is to be found out.
async fn bring_up_to_date(
    worker: &Worker<'_>,
    record: &ContactRecord,
    ask: bool,
    mut trouble: Box<Trouble>,
) -> Result<Written, Stop> {
    let facts = &worker.store.facts;
    let mut record = record.clone();
    if ask {
        trouble.ask_others(worker, &mut record).await?;
    }
    let Some(mut who) = identifier_of(&record, facts) else {
        if !record.refused().is_empty() {
            return Ok(trouble.nobody(&record));
        }
        return Err(Stop::park("the contact has no email, customer or phone that Brevo could know it by"));
    };
    let (mut write, skipped) = changes(worker, &record);
    trouble.skipped.extend(skipped);
    let email = record.email().cloned();
    let by_id = id_of(&record, facts);
    let has_moved = match (&record.sent_email, &email) {
        (Some(old), Some(new)) => old != new,
        // So far Brevo knows them by our id or their number alone.
        (None, Some(_)) => is_known(&record) && !matches!(who, Identifier::Email(_)),
        (_, None) => false,
    };
    if let Some(email) = email.as_ref().filter(|_| has_moved) {
        write = move_address(worker, &who, write, email).await?.write();
    }
    if !worker.is_repetition && !has_moved && is_said(&write, &record) {
        return Ok(trouble.written(&record, false, write));
    }
    for _ in 0..REPAIRS {
        Box::pin(others::mind(worker, &record, &mut write)).await?;
        let error = match worker.send(&update_contact(&who, &write)).await? {
            Ok(_) => {
                trouble.add_again(worker, &record, Some(&who), &mut write).await?;
                return Ok(trouble.written(&record, false, write));
            }
            Err(Error::Duplicate(names)) if names.is_empty() => {
                Error::Duplicate(unnamed(worker, &write, &who, email.as_ref(), by_id.as_ref()).await?)
            }
            Err(error) => error,
        };
        if matches!(error, Error::Duplicate(_)) && trouble.leave_out_numbers(&error, &mut write, &record) {
            continue;
        }
        match trouble.leave_out(&error, &mut write, &record, Some(&who), facts) {
            Repair::Again => {
                who = trouble.identifier(&record, facts, who);
                continue;
            }
            Repair::Nobody => return Ok(trouble.nobody(&record)),
            Repair::Nothing => {}
        }
        match error {
            Error::Duplicate(names) if blames(&names, "email") && write.attributes.contains_key("EMAIL") => {
                let Some(email) = email.clone() else { return Err(Error::Duplicate(names).into()) };
                // The new address is a contact of its own: that one is this person's from now on.
                leave(worker, &who, &record).await?;
                write = trouble.relink(worker, &mut record, &email).await?;
                who = Identifier::Email(email);
                trouble
                    .skip("email", "the new address is another Brevo contact: the old contact was emptied");
            }
            Error::Duplicate(names) if blames(&names, "ext_id") && write.ext_id.is_some() => {
                write.ext_id = None;
                trouble.skip("ext_id", "another Brevo contact carries this customer's id");
            }
            Error::NotFound if is_known(&record) => {
                // Somebody may have changed the address in Brevo: then our id finds the contact.
                if let (Some(by_id), Some(email)) = (by_id.clone().filter(|by_id| *by_id != who), &email)
                    && let Move::Found(moved) = move_address(worker, &by_id, write.clone(), email).await?
                {
                    who = by_id;
                    write = moved;
                    continue;
                }
                if !facts.settings.contacts.create {
                    return Ok(trouble.gone(worker, &record));
                }
                if let Created::Done(created) = recreate(worker, &record).await? {
                    return Ok(*created);
                }
                // Another contact has the address.
                let Some(email) = email.clone().filter(|email| who != Identifier::Email(email.clone()))
                else {
                    let reason = "the contact is being deleted or created in Brevo".to_owned();
                    return Err(Stop::Later { after: None, reason });
                };
                write = trouble.relink(worker, &mut record, &email).await?;
                who = Identifier::Email(email);
            }
            Error::NotFound => {
                // Found by our id or number, not by the address: the address must move, with its block.
                let Some(by_id) = by_id.clone().filter(|by_id| *by_id != who) else {
                    return Err(Error::NotFound.into());
                };
                who = by_id;
                if let Some(email) = &email {
                    write = move_address(worker, &who, write, email).await?.write();
                }
            }
            error => return Err(error.into()),
        }
    }
    Err(Stop::park("Brevo refused the contact for one reason after another"))
}

/// What an update says. One that may be a repetition says opt-outs again.
fn changes(worker: &Worker<'_>, record: &ContactRecord) -> (ContactWrite, Vec<Skipped>) {
    let facts = &worker.store.facts;
    let (mut write, skipped) = update(record, facts, worker.now());
    if worker.is_repetition {
        insist(&mut write, record, facts);
    }
    (write, skipped)
}

/// Somebody deleted the contact in Brevo, and with it what the person said there: it comes back blocked, until a newer
/// opt-in. That is written down: Brevo's own notice of the deletion may come after this, and is no news then.
async fn recreate(worker: &Worker<'_>, record: &ContactRecord) -> Result<Created, Stop> {
    let now = worker.now();
    let mut record = record.clone();
    record.note_deleted(now);
    let mut write = creation(&record, &worker.store.facts, now);
    // Whatever the clocks of the others say.
    write.email_blacklisted = Some(true);
    write.sms_blacklisted = Some(true);
    // There is no block for WhatsApp, so the number stays away.
    let no_whatsapp = without_whatsapp(&mut write, &nothing_sent(&record));
    let mut written = match create(worker, &record, write).await? {
        Created::Done(written) => written,
        is_there @ Created::IsThere(_) => return Ok(is_there),
    };
    written.trouble.refused_whatsapp = no_whatsapp;
    written.trouble.gone_at = Some(now);
    written.trouble.skip("consent", "the contact was deleted in Brevo and came back blocked");
    Ok(Created::Done(written))
}

/// What is known of somebody for a contact that does not exist yet.
fn nothing_sent(record: &ContactRecord) -> ContactRecord {
    ContactRecord { sent_phone: None, sent_whatsapp: None, ..nothing_tried(record) }
}

/// What is known of somebody whose present write nothing came of.
fn nothing_tried(record: &ContactRecord) -> ContactRecord {
    ContactRecord { phone_tried: false, whatsapp_tried: false, ..record.clone() }
}

/// Takes back what we gave a contact that is this person's no more. One that has no address, and that we created, is
/// nobody's.
async fn leave(worker: &Worker<'_>, who: &Identifier, record: &ContactRecord) -> Result<(), Stop> {
    let is_nobodys = record.known_as == KnownAs::Created
        && record.sent_email.is_none()
        && match worker.send(&get_contact(who)).await? {
            Ok(answer) => answer.body.get("email").is_none_or(Value::is_null),
            Err(error) if error.is_nobody() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
    let request = if is_nobodys {
        delete_contact(who)
    } else {
        update_contact(who, &clearing(&nothing_tried(record), &worker.store.facts, true))
    };
    match worker.send(&request).await? {
        Ok(_) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A write to a contact whose address may have to change with it.
enum Move {
    /// Brevo has the contact: the write changes the address where it is another one.
    Found(ContactWrite),
    /// It has not: the write is as it was, and the update will find out.
    NoContact(ContactWrite),
}

impl Move {
    fn write(self) -> ContactWrite {
        match self {
            Self::Found(write) | Self::NoContact(write) => write,
        }
    }
}

/// Adds the new address, and the block that Brevo would lift with it.
async fn move_address(
    worker: &Worker<'_>,
    who: &Identifier,
    write: ContactWrite,
    to: &Email,
) -> Result<Move, Stop> {
    let contact = match worker.send(&get_contact(who)).await? {
        Ok(answer) => answer.body,
        Err(error) if error.is_nobody() => return Ok(Move::NoContact(write)),
        Err(error) => return Err(error.into()),
    };
    let email = contact.get("email").and_then(Value::as_str).and_then(|email| Email::parse(email).ok());
    if email.as_ref() == Some(to) {
        return Ok(Move::Found(write));
    }
    let blocked = contact.get("emailBlacklisted").and_then(Value::as_bool).unwrap_or(true);
    Ok(Move::Found(moved(write, to, blocked)))
}

fn blames(names: &[String], name: &str) -> bool {
    names.iter().any(|blamed| blamed.eq_ignore_ascii_case(name))
}

/// A conflict about numbers and about nothing else.
fn only_numbers(names: &[String]) -> bool {
    names.iter().all(|name| ["sms", "whatsapp"].iter().any(|number| name.eq_ignore_ascii_case(number)))
}
