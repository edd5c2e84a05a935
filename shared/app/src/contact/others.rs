//! Stores that share a Brevo account share its contacts.
//!
//! An older opt-in of one store undoes no opt-out of another, and the block with which one store created a contact that
//! nobody had asked for is lifted by a recorded opt-in of any of them. What another store knows stands in its records of
//! the person, which its item of the address names.

use jiff::Timestamp;
use tajo_brevo::{ContactWrite, Error, Identifier, get_contact};
use tajo_domain::{Block, Channel, Consent, ConsentState, ContactKey, ContactRecord, Email, KnownAs, Phone};
use tajo_mapping::created_by;
use tajo_state::{Key, OptOuts, feeds_of_person, note_opt_outs, opt_outs_of_person};

use crate::stop::Stop;
use crate::worker::Worker;

/// Which blocks of a contact another store set only because it had no opt-in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unasked {
    email: bool,
    sms: bool,
}

impl Unasked {
    /// Writes down that an opt-in may lift them, where this store knows of no block and lifted none: one that is there
    /// although we lifted it has another reason.
    pub(super) fn note(self, record: &mut ContactRecord) {
        record.others_asked = true;
        if self.email && record.email_block.is_none() && !record.email_lifted {
            record.email_block = Some(Block::Unasked);
        }
        if self.sms && record.sms_block.is_none() && !record.sms_lifted {
            record.sms_block = Some(Block::Unasked);
        }
    }
}

/// Which blocks of the person's contact another store set unasked, as its own records say. A store that created it and
/// could not mark that counts too, if the contact looks like its creation.
pub(super) async fn unasked(worker: &Worker<'_>, record: &ContactRecord) -> Result<Unasked, Stop> {
    let Some(email) = address(record) else { return Ok(Unasked::default()) };
    let mut unasked = Unasked::default();
    for other in records(worker, email).await? {
        let is_its_own = other.sent_email.as_ref().or_else(|| profile_email(&other)) == Some(email);
        if !is_its_own {
            continue;
        }
        match (other.known_as, &other.creation) {
            (KnownAs::Created, _) => {
                unasked.email |= other.email_block == Some(Block::Unasked);
                unasked.sms |= other.sms_block == Some(Block::Unasked);
            }
            (KnownAs::Unknown, Some(tries)) => {
                let contact = match worker.send(&get_contact(&Identifier::Email(email.clone()))).await? {
                    Ok(answer) => answer.body,
                    Err(Error::NotFound) => continue,
                    Err(error) => return Err(error.into()),
                };
                let is_blocked = |flag: &str| contact[flag] == true;
                let created_at = contact["createdAt"].as_str().and_then(|at| at.parse().ok());
                let found = created_at.and_then(|at| {
                    created_by(tries, at, is_blocked("emailBlacklisted"), is_blocked("smsBlacklisted"))
                });
                let Some(found) = found else { continue };
                unasked.email |= found.email_block == Some(Block::Unasked);
                unasked.sms |= found.sms_block == Some(Block::Unasked);
            }
            _ => {}
        }
    }
    Ok(unasked)
}

/// When the person behind an address last opted in, in another store of the account. Only what stands there.
pub(super) async fn opt_ins(worker: &Worker<'_>, email: &Email) -> Result<OptOuts, Stop> {
    let records = records(worker, email).await?;
    let yes = |channel| records.iter().filter_map(|other| opt_in(other, channel, None)).max();
    Ok(OptOuts { email: yes(Channel::Email), sms: yes(Channel::Sms) })
}

/// Before a block is set for an opt-out, notes it for the other stores; before one is lifted, asks what they noted and
/// what their records say; before one is set because this store was never told an opt-in, asks whether another one was.
/// Any other write costs nothing.
pub(super) async fn mind(
    worker: &Worker<'_>,
    record: &ContactRecord,
    write: &mut ContactWrite,
) -> Result<(), Stop> {
    let Some(email) = address(record) else { return Ok(()) };
    let (table, account) = (&worker.env.table, &worker.store.record.account);
    let said = |channel| record.recorded(channel);
    let out = |flag: Option<bool>, channel| {
        let said = said(channel).filter(|said| said.state == ConsentState::OptedOut);
        said.filter(|_| flag == Some(true)).map(|said| said.at)
    };
    let opt_outs = OptOuts {
        email: out(write.email_blacklisted, Channel::Email),
        sms: out(write.sms_blacklisted, Channel::Sms),
    };
    if !opt_outs.is_empty() {
        note_opt_outs(table, account, email, &worker.store.facts.store, opt_outs).await?;
    }
    let lifts = [write.email_blacklisted, write.sms_blacklisted].contains(&Some(false));
    let repeats = |flag: Option<bool>, channel| flag == Some(true) && is_unasked(record, channel);
    let repeats_email = repeats(write.email_blacklisted, Channel::Email);
    let repeats_sms = repeats(write.sms_blacklisted, Channel::Sms);
    if !lifts && !repeats_email && !repeats_sms {
        return Ok(());
    }
    let noted = opt_outs_of_person(table, account, email).await?;
    let records = records(worker, email).await?;
    let latest = |channel| records.iter().filter_map(|other| opt_out(other, channel)).max();
    let outs = noted.latest(OptOuts { email: latest(Channel::Email), sms: latest(Channel::Sms) });
    // An opt-in that was given for another address lifts nothing that was said about this one.
    let own_yes = said(Channel::Email).filter(|_| record.said_yes_about_present());
    write.email_blacklisted = lifted(write.email_blacklisted, own_yes, outs.email);
    write.sms_blacklisted = lifted(write.sms_blacklisted, said(Channel::Sms), outs.sms);
    let phone = record.profile.as_ref().and_then(|profile| profile.value.phone.as_ref());
    let is_asked = |channel, out: Option<Timestamp>| {
        let yes = records.iter().filter_map(|other| opt_in(other, channel, phone)).max();
        yes.is_some_and(|yes| out.is_none_or(|out| out < yes))
    };
    if repeats_email && is_asked(Channel::Email, outs.email) {
        write.email_blacklisted = None;
    }
    if repeats_sms && is_asked(Channel::Sms, outs.sms) {
        write.sms_blacklisted = None;
    }
    Ok(())
}

/// Whether a block of this channel would say no more than that this store knows of no opt-in.
fn is_unasked(record: &ContactRecord, channel: Channel) -> bool {
    let block = match channel {
        Channel::Email => record.email_block,
        Channel::Sms => record.sms_block,
        Channel::Whatsapp => return false,
    };
    block == Some(Block::Unasked) && record.said(channel).is_none() && record.brevo_out(channel).is_none()
}

/// The flag, unless it lifts a block that is newer than the opt-in: then the block is said again.
fn lifted(flag: Option<bool>, said: Option<&Consent>, out: Option<Timestamp>) -> Option<bool> {
    let is_older = out.is_some_and(|out| said.is_none_or(|said| !said.is_yes_after(out)));
    if flag == Some(false) && is_older { Some(true) } else { flag }
}

/// When the person last opted out, as a record of another store says.
fn opt_out(other: &ContactRecord, channel: Channel) -> Option<Timestamp> {
    let said = other.recorded(channel).filter(|said| said.state == ConsentState::OptedOut);
    let reported = other.brevo_out(channel);
    said.map(|said| said.at).max(reported.map(|out| out.at))
}

/// When the person opted in, as a record of another store says. `phone`: a number that it must be about.
fn opt_in(other: &ContactRecord, channel: Channel, phone: Option<&Phone>) -> Option<Timestamp> {
    let own = other.profile.as_ref().and_then(|profile| profile.value.phone.as_ref());
    if channel == Channel::Sms && phone.is_some() && phone != own {
        return None;
    }
    let said = other.said(channel)?;
    // One without a date is older than any opt-out.
    let at = if said.undated { Timestamp::UNIX_EPOCH } else { said.at };
    (said.state == ConsentState::OptedIn).then_some(at)
}

/// What the other stores of the account have of the person behind an address.
async fn records(worker: &Worker<'_>, email: &Email) -> Result<Vec<ContactRecord>, Stop> {
    let table = &worker.env.table;
    let mut records = Vec::new();
    for (store, feed) in feeds_of_person(table, &worker.store.record.account, email).await? {
        if store == worker.store.facts.store || !feed.feeds() {
            continue;
        }
        let guest = ContactKey::Guest(email.hash());
        for contact in feed.customers.into_iter().map(ContactKey::Customer).chain([guest]) {
            let record = table.get_newest::<ContactRecord>(&Key::contact(&store, &contact)).await?.record;
            records.extend(record.filter(|record| {
                let has_address =
                    profile_email(record) == Some(email) || record.sent_email.as_ref() == Some(email);
                record.deleted_at.is_none() && has_address
            }));
        }
    }
    Ok(records)
}

fn address(record: &ContactRecord) -> Option<&Email> {
    profile_email(record).or(record.sent_email.as_ref())
}

fn profile_email(record: &ContactRecord) -> Option<&Email> {
    record.profile.as_ref()?.value.email.as_ref()
}
