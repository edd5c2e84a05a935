//! What of a person Brevo should know, and which flags we may set.
//!
//! In Brevo a contact without a block *is* subscribed (`docs/design`, "Consent is monotone"):
//! - a contact we create is blocked on every channel for which the store has no recorded opt-in;
//! - a contact Brevo had before us gets no flag, unless the person explicitly opted out in the store;
//! - a block is lifted only if we set it or Brevo reported it, and only by a recorded opt-in that is newer than any
//!   report of Brevo (`ConsentSource::is_out`).

use jiff::Timestamp;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use tajo_brevo::{ContactWrite, Identifier};
use tajo_domain::{Block, Channel, ContactRecord, Creation, Email, KnownAs, Phone, Skipped, short_hash};

use crate::rules::effective_rules;
use crate::{IdentityField, Mapped, is_summed};
use crate::{StoreFacts, flag, sms, whatsapp};

/// The write that creates the contact, if Brevo does not have it.
pub fn creation(record: &ContactRecord, facts: &StoreFacts, now: Timestamp) -> ContactWrite {
    let mut write = common(record, facts, now);
    write.email = email(record).cloned();
    sms::put_new(&mut write, record, facts);
    whatsapp::put_new(&mut write, record, facts);
    write.email_blacklisted = flag::block_of(record, Channel::Email, facts).map(|_| true);
    write
}

/// Notes what is about to be tried: the creation with the blocks it sets, and flags that are about to change. Stored
/// before anything is sent, so that a contact whose creation nobody could mark is known as ours later ([`created_by`]),
/// and a flag that may or may not have changed is sent again.
pub fn note_tries(record: &mut ContactRecord, facts: &StoreFacts, now: Timestamp) {
    let (write, _) = update(record, facts, now);
    record.email_flag_tried |= write.email_blacklisted.is_some();
    record.sms_flag_tried |= write.sms_blacklisted.is_some();
    record.phone_tried |= write.attributes.contains_key(sms::SMS);
    record.whatsapp_tried |= write.attributes.contains_key(whatsapp::WHATSAPP);
    if record.known_as == KnownAs::Unknown && facts.settings.contacts.create {
        note_creation(record, facts, now);
    }
}

fn note_creation(record: &mut ContactRecord, facts: &StoreFacts, now: Timestamp) {
    let email_block = flag::block_of(record, Channel::Email, facts);
    let sms_block = flag::block_of(record, Channel::Sms, facts);
    let (email_open, sms_open) = (email_block.is_none(), sms_block.is_none());
    let write = creation(record, facts, now);
    let (has_phone, has_whatsapp) = (sms::has_phone(&write), whatsapp::has_whatsapp(&write));
    let before = record.creation.take();
    record.creation = Some(match before {
        None => Creation {
            since: now,
            tries: 1,
            email_block,
            sms_block,
            email_open,
            sms_open,
            has_phone,
            has_whatsapp,
        },
        Some(before) => Creation {
            since: before.since,
            tries: before.tries + 1,
            email_block: before.email_block.or(email_block),
            sms_block: before.sms_block.or(sms_block),
            email_open: before.email_open || email_open,
            sms_open: before.sms_open || sms_open,
            has_phone: before.has_phone || has_phone,
            has_whatsapp: before.has_whatsapp || has_whatsapp,
        },
    });
}

/// Whether a contact that Brevo has is the one an earlier try created, and with which blocks: not older than the first
/// try, and blocked wherever all the tries blocked. Which of them it was, nobody knows.
pub fn created_by(
    tries: &Creation,
    created_at: Timestamp,
    email_blocked: bool,
    sms_blocked: bool,
) -> Option<Creation> {
    let fits = |block: Option<Block>, open: bool, blocked: bool| block.is_none() || open || blocked;
    let is_ours = tries.since <= created_at
        && fits(tries.email_block, tries.email_open, email_blocked)
        && fits(tries.sms_block, tries.sms_open, sms_blocked);
    is_ours.then(|| Creation {
        email_block: tries.email_block.filter(|_| email_blocked),
        sms_block: tries.sms_block.filter(|_| sms_blocked),
        ..tries.clone()
    })
}

/// What we know of a contact that an earlier try created.
pub fn adopt(record: &mut ContactRecord, creation: &Creation) {
    if record.known_as != KnownAs::Created {
        record.known_as = KnownAs::Created;
        record.email_block = creation.email_block;
        record.sms_block = creation.sms_block;
        // Which number it has, if any, depends on which try it was.
        record.phone_tried |= creation.has_phone;
        record.whatsapp_tried |= creation.has_whatsapp;
    }
}

/// Whether an update would set or lift a block.
pub fn flags_due(record: &ContactRecord, facts: &StoreFacts, now: Timestamp) -> bool {
    let (write, _) = update(record, facts, now);
    write.email_blacklisted.is_some() || write.sms_blacklisted.is_some()
}

/// The write that brings a contact which Brevo has up to date, and what had to be left out.
pub fn update(record: &ContactRecord, facts: &StoreFacts, now: Timestamp) -> (ContactWrite, Vec<Skipped>) {
    let mut write = common(record, facts, now);
    // A contact that Brevo had before us may carry the id of another system, which keeps it.
    let has_no_other = record.known_as == KnownAs::Created || record.known_by_phone;
    write.ext_id = write.ext_id.filter(|_| has_no_other);
    // Whoever the merchant took off a list stays off it.
    write.list_ids.retain(|list| !record.joined.contains(list));
    let mut skipped = Vec::new();
    let due = flag::block_of(record, Channel::Email, facts);
    write.email_blacklisted = flag::of_update(due, record.email_block, record.email_flag_tried);
    if record.in_abandoned_list && record.abandoned_cart.is_none() {
        write.unlink_list_ids.extend(facts.settings.lists.abandoned_cart);
    }
    sms::put(&mut write, &mut skipped, record, facts);
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
    record.joined = write.list_ids.clone();
    record.said = Some(names_of(write));
    record.has_our_id = write.ext_id.is_some();
    record.sent_whatsapp = None;
    whatsapp::settle(record, sent, write);
    record.known_as = KnownAs::Created;
    sms::settle_creation(record, sent, write, facts);
    record.email_block = write.email_blacklisted.and(flag::block_of(sent, Channel::Email, facts));
    record.email_flag_tried = false;
    record.email_lifted = false;
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
    record.joined.retain(|list| !write.unlink_list_ids.contains(list) && !write.list_ids.contains(list));
    record.joined.extend(&write.list_ids);
    record.said = Some(names_of(write));
    record.has_our_id |= write.ext_id.is_some();
    sms::settle(record, sent, write, facts);
    let due = flag::block_of(sent, Channel::Email, facts);
    record.email_block = flag::after(write.email_blacklisted, due, record.email_block);
    record.email_flag_tried &= write.email_blacklisted.is_none();
    record.email_lifted = write.email_blacklisted.map_or(record.email_lifted, |blocked| !blocked);
}

/// Remembers that Brevo refuses this value of an attribute: it is left out until it is another one.
pub fn refuse_attribute(record: &mut ContactRecord, name: &str, value: &Value) {
    record.refused_attributes.insert(name.to_owned(), digest(value));
}

fn is_refused(record: &ContactRecord, name: &str, value: &Value) -> bool {
    record.refused_attributes.get(name).is_some_and(|refused| *refused == digest(value))
}

fn digest(value: &Value) -> String {
    let mut digest = short_hash(&value.to_string());
    // A contact's item stays small.
    digest.truncate(8);
    digest
}

/// Whether the attribute is one that Brevo finds contacts by.
pub fn is_identifier(name: &str) -> bool {
    IDENTIFIERS.contains(&name)
}

/// Attributes that are more than what is known of somebody: Brevo finds contacts by them.
const IDENTIFIERS: [&str; 3] = ["EMAIL", "SMS", "WHATSAPP"];

/// Whether a write says nothing but attributes and lists, and no attribute that Brevo finds contacts by.
fn is_plain(write: &ContactWrite, record: &ContactRecord) -> bool {
    write.email.is_none()
        && (write.ext_id.is_none() || record.has_our_id)
        && write.email_blacklisted.is_none()
        && write.sms_blacklisted.is_none()
        && !IDENTIFIERS.iter().any(|name| write.attributes.contains_key(*name))
}

/// Whether Brevo has all of it already: then there is nothing to write.
pub fn is_said(write: &ContactWrite, record: &ContactRecord) -> bool {
    is_plain(write, record) && !moves(write) && record.said.as_ref() == Some(&names_of(write))
}

/// Whether the contact joins or leaves a list.
pub fn moves(write: &ContactWrite) -> bool {
    !write.list_ids.is_empty() || !write.unlink_list_ids.is_empty()
}

/// Whether an event of the contact may carry the attributes, and nothing but lists is left: only such attributes as an
/// event takes ("Create an event": strings, numbers, booleans).
pub fn may_ride(write: &ContactWrite, record: &ContactRecord) -> bool {
    let is_simple = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    // An opt-in may lift a block that another store set: that is found out with a write.
    !record.must_ask_others() && is_plain(write, record) && write.attributes.values().all(is_simple)
}

/// Names the attributes of a write, without those that have a memory of their own.
fn names_of(write: &ContactWrite) -> String {
    let own = |(name, _): &(&String, &Value)| !IDENTIFIERS.contains(&name.as_str());
    let mut name =
        short_hash(&json!(write.attributes.iter().filter(own).collect::<BTreeMap<_, _>>()).to_string());
    // A contact's item stays small.
    name.truncate(16);
    name
}

/// Says an opt-out again in a write that is repeated: an opt-in of before may have reached Brevo after it. Where the
/// store never recorded anything none was ever sent, and what Brevo reported stands there by itself.
pub fn insist(write: &mut ContactWrite, record: &ContactRecord, facts: &StoreFacts) {
    let is_out = |channel| {
        let block = flag::block_of(record, channel, facts).filter(|block| *block != Block::Unasked);
        block.is_some() && record.recorded(channel).is_some()
    };
    write.email_blacklisted = is_out(Channel::Email).then_some(true).or(write.email_blacklisted);
    write.sms_blacklisted = is_out(Channel::Sms).then_some(true).or(write.sms_blacklisted);
}

/// The person's address turned out to be another Brevo contact, which is theirs from now on: nothing is known of its
/// flags and numbers, and none of its blocks is ours to lift.
pub fn relink(record: &mut ContactRecord, to: &Email) {
    record.known_as = KnownAs::Linked;
    record.sent_email = Some(to.clone());
    record.sent_phone = None;
    record.sent_whatsapp = None;
    record.phone_tried = false;
    record.whatsapp_tried = false;
    record.email_block = None;
    record.sms_block = None;
    record.email_lifted = false;
    record.sms_lifted = false;
    record.in_abandoned_list = false;
    record.joined.clear();
    record.said = None;
    record.has_our_id = false;
    record.known_by_phone = false;
    record.others_asked = false;
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
    let is_ours = record.customer.is_some() && record.known_as == KnownAs::Created;
    let ext_id = record.sent_email.as_ref().filter(|_| id && is_ours).map(|_| String::new());
    let mut write = ContactWrite { ext_id, ..ContactWrite::default() };
    for mapped in effective_rules(&facts.settings) {
        write.attributes.insert(mapped.attribute, json!(""));
    }
    sms::empty(&mut write, record);
    whatsapp::empty(&mut write, record);
    let lists = facts.settings.lists;
    write.unlink_list_ids =
        [lists.all_customers, lists.buyers, lists.abandoned_cart].into_iter().flatten().collect();
    write
}

/// How Brevo has this contact: the address it was last sent with, then our id, then the present address or
/// number. One that Brevo was never told of is looked for in the order of the settings.
pub fn identifier_of(record: &ContactRecord, facts: &StoreFacts) -> Option<Identifier> {
    let known = record.sent_email.clone().map(Identifier::Email);
    let present = || email(record).cloned().map(Identifier::Email);
    let by_id = || id_of(record, facts);
    let number = || number_of(record, facts);
    match record.known_as {
        KnownAs::Unknown => identifiers(record, facts).into_iter().next(),
        // It has no address and not our id yet.
        KnownAs::Linked if record.known_by_phone && !record.has_our_id => known.or_else(number),
        // Brevo may know them by the id of another system.
        KnownAs::Linked => known.or_else(present).or_else(by_id).or_else(number),
        KnownAs::Created => known.or_else(by_id).or_else(present).or_else(number),
    }
}

/// What a person that Brevo was never told of is looked for by, in the order of the settings.
pub fn identifiers(record: &ContactRecord, facts: &StoreFacts) -> Vec<Identifier> {
    let of = |field: &IdentityField| match field {
        IdentityField::Email => email(record).cloned().map(Identifier::Email),
        IdentityField::CustomerId => id_of(record, facts),
        IdentityField::Phone => number_of(record, facts),
    };
    facts.settings.contacts.identity.iter().filter_map(of).collect()
}

/// Our id of the person in Brevo, if there is one and the settings use it.
pub fn id_of(record: &ContactRecord, facts: &StoreFacts) -> Option<Identifier> {
    ext_id(record, facts).map(Identifier::ExtId)
}

fn ext_id(record: &ContactRecord, facts: &StoreFacts) -> Option<String> {
    let is_used = facts.settings.contacts.uses(IdentityField::CustomerId);
    record.customer.as_deref().filter(|_| is_used).map(|id| facts.ext_id(id))
}

fn number_of(record: &ContactRecord, facts: &StoreFacts) -> Option<Identifier> {
    let is_used = facts.settings.contacts.uses(IdentityField::Phone);
    let present = || phone(record).filter(|phone| record.refused_phone.as_ref() != Some(phone));
    let number = record.sent_phone.as_ref().filter(|_| record.known_by_phone).or_else(present);
    number.filter(|_| is_used).cloned().map(Identifier::Phone)
}

fn common(record: &ContactRecord, facts: &StoreFacts, now: Timestamp) -> ContactWrite {
    // What is summed over stores is no one store's to say.
    let is_own = |mapped: &Mapped| !is_summed(mapped, &facts.settings);
    let rules = effective_rules(&facts.settings).into_iter().filter(is_own);
    let attributes = rules.filter_map(|mapped| Some((mapped.read(record, now)?, mapped.attribute)));
    let attributes = attributes.filter(|(value, name)| !is_refused(record, name, value));
    let lists = facts.settings.lists;
    let buyer = lists.buyers.filter(|_| record.last_order_at.is_some());
    let abandoned = lists.abandoned_cart.filter(|_| record.abandoned_cart.is_some());
    ContactWrite {
        ext_id: ext_id(record, facts),
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

/// The address, unless Brevo has refused it as none.
pub(crate) fn email(record: &ContactRecord) -> Option<&Email> {
    record.email()
}

pub(crate) fn phone(record: &ContactRecord) -> Option<&Phone> {
    record.profile.as_ref()?.value.phone.as_ref()
}
