//! Brevo's attribute SMS and its block flag. Consent belongs to a number, so a number is written only together with its
//! block or with the recorded consent for exactly this one (`docs/decisions/0003`).

use serde_json::json;
use tajo_brevo::ContactWrite;
use tajo_domain::{Block, Channel, ContactRecord, KnownAs, Phone, Skipped};

use crate::contact::{email, phone};
use crate::{StoreFacts, flag};

pub(crate) const SMS: &str = "SMS";

/// Puts number and flag into the write that creates the contact.
pub(crate) fn put_new(write: &mut ContactWrite, record: &ContactRecord, facts: &StoreFacts) {
    if let Some(phone) = usable(record, facts) {
        write.attributes.insert(SMS.to_owned(), json!(phone.as_str()));
    }
    write.sms_blacklisted = flag::block_of(record, Channel::Sms, facts).map(|_| true);
}

/// Puts number and flag into an update, where Brevo has them otherwise.
pub(crate) fn put(
    write: &mut ContactWrite,
    skipped: &mut Vec<Skipped>,
    record: &ContactRecord,
    facts: &StoreFacts,
) {
    let number = usable(record, facts);
    // A number that is not written cannot be opened: another one may be there.
    let due = flag::block_of(record, Channel::Sms, facts).or(number.is_none().then_some(Block::Unasked));
    write.sms_blacklisted = flag::of_update(due, record.sms_block, record.sms_flag_tried);
    match number {
        Some(number) if record.sent_phone.as_ref() == Some(number) && !is_tried(record) => {}
        Some(number) if due.is_none() => {
            write.attributes.insert(SMS.to_owned(), json!(number.as_str()));
        }
        Some(number) if record.known_as == KnownAs::Created => {
            write.attributes.insert(SMS.to_owned(), json!(number.as_str()));
            write.sms_blacklisted = Some(true);
        }
        Some(_) => {
            skipped.push(Skipped::new(
                "phone",
                "Brevo had this contact before us, and a number without recorded SMS consent would be subscribed there",
            ));
            leave_old(write, record, record.phone_tried);
        }
        None => leave_old(write, record, record.phone_tried),
    }
}

/// Whether nobody knows which number Brevo has.
fn is_tried(record: &ContactRecord) -> bool {
    record.sms_flag_tried || record.phone_tried
}

/// A number of before must not stay open in the place of the present one. Brevo empties it only where the contact has
/// an address. `tried`: one that was tried may be there too.
fn leave_old(write: &mut ContactWrite, record: &ContactRecord, tried: bool) {
    if !tried && (record.sent_phone.is_none() || record.sent_phone.as_ref() == phone(record)) {
        return;
    }
    if email(record).is_some() {
        write.attributes.insert(SMS.to_owned(), json!(""));
    } else if record.sms_block.is_none() {
        write.sms_blacklisted = Some(true);
    }
}

/// What is known after Brevo took the creation.
pub(crate) fn settle_creation(
    record: &mut ContactRecord,
    sent: &ContactRecord,
    write: &ContactWrite,
    facts: &StoreFacts,
) {
    record.sent_phone = number_in(write, sent);
    record.sms_block = write.sms_blacklisted.and(flag::block_of(sent, Channel::Sms, facts));
    record.sms_flag_tried = false;
    record.phone_tried = false;
    record.sms_lifted = false;
}

/// What is known after Brevo took an update.
pub(crate) fn settle(
    record: &mut ContactRecord,
    sent: &ContactRecord,
    write: &ContactWrite,
    facts: &StoreFacts,
) {
    // Unlike an address, a number is blocked by nobody but us when it changes.
    let before = record.sms_block.or(write.sms_blacklisted.map(|_| Block::Unasked));
    let due = flag::block_of(sent, Channel::Sms, facts);
    record.sms_block = flag::after(write.sms_blacklisted, due, before);
    if write.attributes.contains_key(SMS) {
        record.sent_phone = number_in(write, sent);
    }
    // Without a number in it, the write was refused one or found none to take back.
    record.phone_tried = false;
    record.sms_flag_tried &= write.sms_blacklisted.is_none();
    record.sms_lifted = write.sms_blacklisted.map_or(record.sms_lifted, |blocked| !blocked);
}

/// The same write without the number, after Brevo refused it because of the number. The number that is there instead
/// is not opened for it.
pub fn without_phone(mut write: ContactWrite, record: &ContactRecord) -> ContactWrite {
    write.attributes.remove(SMS);
    if write.sms_blacklisted == Some(false) {
        write.sms_blacklisted =
            flag::of_update(Some(Block::Unasked), record.sms_block, record.sms_flag_tried);
    }
    // What was tried is what was refused.
    leave_old(&mut write, record, false);
    write
}

/// Whether a write sets the number.
pub fn has_phone(write: &ContactWrite) -> bool {
    write.attributes.get(SMS).is_some_and(|number| *number != json!(""))
}

/// Empties the attribute if we filled it, or may have, and the contact is known by an address.
pub(crate) fn empty(write: &mut ContactWrite, record: &ContactRecord) {
    if (record.sent_phone.is_some() || record.phone_tried) && record.sent_email.is_some() {
        write.attributes.insert(SMS.to_owned(), json!(""));
    }
}

/// The number, unless the store maps it to nothing or Brevo has refused it.
fn usable<'a>(record: &'a ContactRecord, facts: &StoreFacts) -> Option<&'a Phone> {
    phone(record).filter(|phone| wants(facts) && record.refused_phone.as_ref() != Some(phone))
}

/// Whether the store maps numbers at all.
pub(crate) fn wants(facts: &StoreFacts) -> bool {
    let mapping = &facts.settings.field_mapping;
    mapping.is_empty() || mapping.contains_key("phone")
}

fn number_in(write: &ContactWrite, sent: &ContactRecord) -> Option<Phone> {
    let number = write.attributes.get(SMS)?.as_str()?;
    phone(sent).filter(|phone| phone.as_str() == number).cloned()
}
