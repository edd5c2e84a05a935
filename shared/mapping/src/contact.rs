//! What of a person Brevo should know, and which flags we may set.
//!
//! In Brevo a contact without a block *is* subscribed (`docs/design`, "Consent is monotone"):
//! - a contact we create is blocked on every channel for which the store has no recorded opt-in;
//! - a contact Brevo had before us gets no flag, unless the person explicitly opted out in the store;
//! - a block is lifted only if we set it or Brevo reported it, and only by a recorded opt-in that is newer than any
//!   report of Brevo (`ConsentSource::is_out`).

use jiff::Timestamp;
use serde_json::json;
use tajo_brevo::{ContactWrite, Identifier};
use tajo_domain::{
    Block, Channel, Consent, ConsentState, ContactRecord, Creation, Email, KnownAs, Phone, Skipped,
};

use crate::rules::effective_rules;
use crate::{StoreFacts, whatsapp};

/// The write that creates the contact, if Brevo does not have it.
pub fn creation(record: &ContactRecord, facts: &StoreFacts, now: Timestamp) -> ContactWrite {
    let mut write = common(record, facts, now);
    write.email = email(record).cloned();
    if let Some(phone) = usable_phone(record, facts) {
        write.attributes.insert(SMS.to_owned(), json!(phone.as_str()));
    }
    whatsapp::put_new(&mut write, record, facts);
    write.email_blacklisted = block_at_creation(record, Channel::Email, facts).map(|_| true);
    write.sms_blacklisted = block_at_creation(record, Channel::Sms, facts).map(|_| true);
    write
}

/// Notes that the creation is about to be tried, with the blocks it sets. Stored before anything is sent, so that a
/// contact whose creation nobody could mark is known as ours later ([`is_ours`]).
pub fn note_creation(record: &mut ContactRecord, facts: &StoreFacts, now: Timestamp) {
    if record.known_as != KnownAs::Unknown {
        return;
    }
    let email_block = block_at_creation(record, Channel::Email, facts);
    let sms_block = block_at_creation(record, Channel::Sms, facts);
    let before = record.creation.take();
    record.creation = Some(match before {
        None => Creation { since: now, tries: 1, email_block, sms_block },
        Some(before) => Creation {
            since: before.since,
            tries: before.tries + 1,
            email_block: before.email_block.or(email_block),
            sms_block: before.sms_block.or(sms_block),
        },
    });
}

/// Whether a contact that Brevo has is the one an earlier try created: not older than the first try, and blocked
/// wherever the tries blocked.
pub fn is_ours(creation: &Creation, created_at: Timestamp, email_blocked: bool, sms_blocked: bool) -> bool {
    creation.since <= created_at
        && (creation.email_block.is_none() || email_blocked)
        && (creation.sms_block.is_none() || sms_blocked)
}

/// What we know of a contact that an earlier try created.
pub fn adopt(record: &mut ContactRecord, creation: &Creation) {
    if record.known_as != KnownAs::Created {
        record.known_as = KnownAs::Created;
        record.email_block = creation.email_block;
        record.sms_block = creation.sms_block;
    }
}

/// Whether an update would set or lift a block.
pub fn flags_due(record: &ContactRecord, facts: &StoreFacts) -> bool {
    [Channel::Email, Channel::Sms].into_iter().any(|channel| flag(record, channel, facts).is_some())
}

/// The write that brings a contact which Brevo has up to date, and what had to be left out.
pub fn update(record: &ContactRecord, facts: &StoreFacts, now: Timestamp) -> (ContactWrite, Vec<Skipped>) {
    let mut write = common(record, facts, now);
    let mut skipped = Vec::new();
    write.email_blacklisted = flag(record, Channel::Email, facts);
    write.sms_blacklisted = flag(record, Channel::Sms, facts);
    if record.in_abandoned_list && record.abandoned_cart.is_none() {
        write.unlink_list_ids.extend(facts.settings.lists.abandoned_cart);
    }
    let opted_in = block_at_creation(record, Channel::Sms, facts).is_none();
    match usable_phone(record, facts) {
        Some(phone) if record.sent_phone.as_ref() == Some(phone) => {}
        Some(phone) if opted_in => {
            write.attributes.insert(SMS.to_owned(), json!(phone.as_str()));
        }
        Some(phone) if record.known_as == KnownAs::Created => {
            write.attributes.insert(SMS.to_owned(), json!(phone.as_str()));
            write.sms_blacklisted = Some(true);
        }
        Some(_) => skipped.push(Skipped::new(
            "phone",
            "Brevo had this contact before us, and a number without recorded SMS consent would be subscribed there",
        )),
        // Brevo empties a number only of a contact that has an address.
        None if record.sent_phone.is_some() && phone(record).is_none() && email(record).is_some() => {
            write.attributes.insert(SMS.to_owned(), json!(""));
        }
        None => {}
    }
    whatsapp::put(&mut write, record, facts);
    (write, skipped)
}

/// What we know after the creation was accepted.
pub fn settle_creation(
    record: &mut ContactRecord,
    sent: &ContactRecord,
    write: &ContactWrite,
    facts: &StoreFacts,
) {
    settle_common(record, sent);
    record.sent_whatsapp = None;
    whatsapp::settle(record, sent, write);
    record.known_as = KnownAs::Created;
    record.sent_phone = phone_in(write, sent);
    record.email_lifted = false;
    record.sms_lifted = false;
    record.email_block = write.email_blacklisted.and(block_at_creation(sent, Channel::Email, facts));
    record.sms_block = write.sms_blacklisted.and(block_at_creation(sent, Channel::Sms, facts));
}

/// What we know after an update was accepted.
pub fn settle_update(
    record: &mut ContactRecord,
    sent: &ContactRecord,
    write: &ContactWrite,
    facts: &StoreFacts,
) {
    settle_common(record, sent);
    whatsapp::settle(record, sent, write);
    record.known_as = record.known_as.max(KnownAs::Linked);
    if write.attributes.contains_key(SMS) {
        record.sent_phone = phone_in(write, sent);
    }
    let is_ours = record.known_as == KnownAs::Created;
    let after = |flag: Option<bool>, channel: Channel, before: Option<Block>| match flag {
        None => before,
        Some(false) => None,
        // A block that only moved along with an address is whoever's it was.
        Some(true) => block_at_creation(sent, channel, facts)
            .filter(|block| is_ours || *block != Block::Unasked)
            .or(before),
    };
    record.email_lifted = write.email_blacklisted.map_or(record.email_lifted, |blocked| !blocked);
    record.sms_lifted = write.sms_blacklisted.map_or(record.sms_lifted, |blocked| !blocked);
    record.email_block = after(write.email_blacklisted, Channel::Email, record.email_block);
    record.sms_block = after(write.sms_blacklisted, Channel::Sms, record.sms_block);
}

/// The same write without the number, after Brevo refused it because of the number.
pub fn without_phone(mut write: ContactWrite) -> ContactWrite {
    write.attributes.remove(SMS);
    write
}

/// The person's address turned out to be another Brevo contact, which is theirs from now on: nothing is known of its
/// flags and numbers, and none of its blocks is ours to lift.
pub fn relink(record: &mut ContactRecord, to: &Email) {
    record.known_as = KnownAs::Linked;
    record.sent_email = Some(to.clone());
    record.sent_phone = None;
    record.sent_whatsapp = None;
    record.email_block = None;
    record.sms_block = None;
    record.email_lifted = false;
    record.sms_lifted = false;
    record.in_abandoned_list = false;
}

/// Adds a change of address to an update. Brevo lifts the block of a contact whose address changes
/// ("Update a contact"), so a block that is there is sent along.
pub fn moved(mut write: ContactWrite, to: &Email, is_blocked: bool) -> ContactWrite {
    write.attributes.insert("EMAIL".to_owned(), json!(to));
    // A lift that is due anyway is of a block that we set ourselves.
    if is_blocked && write.email_blacklisted != Some(false) {
        write.email_blacklisted = Some(true);
    }
    write
}

/// The write that takes back what we gave Brevo: our attributes emptied, our lists left. With `id` our id too, where
/// an address is left for Brevo to know the contact by.
pub fn clearing(record: &ContactRecord, facts: &StoreFacts, id: bool) -> ContactWrite {
    let ext_id =
        record.sent_email.as_ref().filter(|_| id && record.customer.is_some()).map(|_| String::new());
    let mut write = ContactWrite { ext_id, ..ContactWrite::default() };
    for mapped in effective_rules(&facts.settings) {
        write.attributes.insert(mapped.attribute, json!(""));
    }
    if record.sent_phone.is_some() && record.sent_email.is_some() {
        write.attributes.insert(SMS.to_owned(), json!(""));
    }
    whatsapp::empty(&mut write, record);
    let lists = facts.settings.lists;
    write.unlink_list_ids =
        [lists.all_customers, lists.buyers, lists.abandoned_cart].into_iter().flatten().collect();
    write
}

/// How Brevo has this contact: the address it was last sent with, then our id, then the present address or
/// number.
pub fn identifier_of(record: &ContactRecord, facts: &StoreFacts) -> Option<Identifier> {
    let known = record.sent_email.clone().map(Identifier::Email);
    let ext_id = || record.customer.as_deref().map(|id| Identifier::ExtId(facts.ext_id(id)));
    let number = || phone(record).cloned().map(Identifier::Phone);
    if record.known_as == KnownAs::Unknown {
        return email(record).cloned().map(Identifier::Email).or_else(ext_id).or_else(number);
    }
    known.or_else(ext_id).or_else(|| email(record).cloned().map(Identifier::Email)).or_else(number)
}

const SMS: &str = "SMS";

fn common(record: &ContactRecord, facts: &StoreFacts, now: Timestamp) -> ContactWrite {
    let rules = effective_rules(&facts.settings);
    let attributes =
        rules.into_iter().filter_map(|mapped| Some((mapped.read(record, now)?, mapped.attribute)));
    let lists = facts.settings.lists;
    let buyer = lists.buyers.filter(|_| record.last_order_at.is_some());
    let abandoned = lists.abandoned_cart.filter(|_| record.abandoned_cart.is_some());
    ContactWrite {
        ext_id: record.customer.as_deref().map(|id| facts.ext_id(id)),
        attributes: attributes.map(|(value, name)| (name, value)).collect(),
        list_ids: [lists.all_customers, buyer, abandoned].into_iter().flatten().collect(),
        ..ContactWrite::default()
    }
}

fn settle_common(record: &mut ContactRecord, sent: &ContactRecord) {
    record.creation = None;
    record.sent_email = email(sent).cloned().or(record.sent_email.take());
    record.in_abandoned_list = sent.abandoned_cart.is_some();
}

fn email(record: &ContactRecord) -> Option<&Email> {
    record.profile.as_ref()?.value.email.as_ref()
}

fn phone(record: &ContactRecord) -> Option<&Phone> {
    record.profile.as_ref()?.value.phone.as_ref()
}

/// The number, unless the store maps it to nothing or Brevo has refused it.
fn usable_phone<'a>(record: &'a ContactRecord, facts: &StoreFacts) -> Option<&'a Phone> {
    phone(record).filter(|phone| wants_phone(facts) && record.refused_phone.as_ref() != Some(phone))
}

/// Whether the store maps numbers at all.
pub(crate) fn wants_phone(facts: &StoreFacts) -> bool {
    let mapping = &facts.settings.field_mapping;
    mapping.is_empty() || mapping.contains_key("phone")
}

fn phone_in(write: &ContactWrite, sent: &ContactRecord) -> Option<Phone> {
    let number = write.attributes.get(SMS)?.as_str()?;
    phone(sent).filter(|phone| phone.as_str() == number).cloned()
}

fn consent_of(record: &ContactRecord, channel: Channel) -> Option<&Consent> {
    match channel {
        Channel::Email => record.email_consent.as_ref(),
        Channel::Sms => record.sms_consent.as_ref(),
        Channel::Whatsapp => record.whatsapp_consent.as_ref(),
    }
}

/// Why nobody may write to this person on a channel; `None`: they said yes, and Brevo knows of no newer no.
fn block_at_creation(record: &ContactRecord, channel: Channel, facts: &StoreFacts) -> Option<Block> {
    let consent = consent_of(record, channel);
    if facts.settings.consent.source_of_truth.is_out(record.brevo_out(channel), consent) {
        return Some(Block::Reported);
    }
    match consent.map(|consent| consent.state) {
        Some(ConsentState::OptedIn) => None,
        Some(ConsentState::OptedOut) => Some(Block::OptedOut),
        None => Some(Block::Unasked),
    }
}

/// The flag of an ordinary update: only what the person said, in the store or in Brevo, and only where it is not so yet.
fn flag(record: &ContactRecord, channel: Channel, facts: &StoreFacts) -> Option<bool> {
    let block = match channel {
        Channel::Email => record.email_block,
        Channel::Sms => record.sms_block,
        Channel::Whatsapp => None,
    };
    match (block_at_creation(record, channel, facts), block) {
        // Silence is no statement.
        (Some(Block::Unasked), _) => None,
        (Some(_), Some(Block::OptedOut | Block::Reported)) => None,
        (Some(_), _) => Some(true),
        (None, Some(_)) => Some(false),
        (None, None) => None,
    }
}
