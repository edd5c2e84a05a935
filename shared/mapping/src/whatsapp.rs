//! Brevo's attribute WHATSAPP: a number that cannot be blocked by API, so it is there only while the person's recorded
//! WhatsApp consent is for exactly this number, and the store's settings want it.

use serde_json::json;
use tajo_brevo::ContactWrite;
use tajo_domain::{ContactRecord, Phone};

use crate::StoreFacts;
use crate::sms::wants;

/// The attribute's name.
pub(crate) const WHATSAPP: &str = "WHATSAPP";

/// Puts the number into a write, or empties it, where Brevo has it otherwise.
pub(crate) fn put(write: &mut ContactWrite, record: &ContactRecord, facts: &StoreFacts) {
    let is_wanted = facts.settings.contacts.whatsapp && wants(facts);
    let number = record.whatsapp_number().filter(|_| is_wanted);
    match number {
        Some(number) if record.sent_whatsapp.as_ref() == Some(number) && !record.whatsapp_tried => {}
        Some(number) if record.refused_whatsapp.as_ref() != Some(number) => {
            write.attributes.insert(WHATSAPP.to_owned(), json!(number.as_str()));
        }
        _ => empty(write, record),
    }
}

/// Puts the number into the write that creates the contact.
pub(crate) fn put_new(write: &mut ContactWrite, record: &ContactRecord, facts: &StoreFacts) {
    put(write, &ContactRecord { sent_whatsapp: None, whatsapp_tried: false, ..record.clone() }, facts);
}

/// Empties the attribute if we filled it, or may have.
pub(crate) fn empty(write: &mut ContactWrite, record: &ContactRecord) {
    if record.sent_whatsapp.is_some() || record.whatsapp_tried {
        write.attributes.insert(WHATSAPP.to_owned(), json!(""));
    }
}

/// What we know after Brevo took a write.
pub(crate) fn settle(record: &mut ContactRecord, sent: &ContactRecord, write: &ContactWrite) {
    record.whatsapp_tried = false;
    let Some(written) = write.attributes.get(WHATSAPP).and_then(|value| value.as_str()) else { return };
    record.sent_whatsapp = sent.whatsapp_number().filter(|number| number.as_str() == written).cloned();
}

/// Takes the number out of a write, after Brevo refused it because of the number. Answers which one it was.
pub fn without_whatsapp(write: &mut ContactWrite, record: &ContactRecord) -> Option<Phone> {
    write.attributes.remove(WHATSAPP);
    // The number of before must not stay in its place. What was tried is what was refused.
    empty(write, &ContactRecord { whatsapp_tried: false, ..record.clone() });
    record.whatsapp_number().cloned()
}

/// Whether a write sets the number.
pub fn has_whatsapp(write: &ContactWrite) -> bool {
    write.attributes.get(WHATSAPP).is_some_and(|number| *number != json!(""))
}
