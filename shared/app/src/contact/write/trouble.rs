//! What had to be left out of a contact's write because Brevo refuses it.
//!
//! Brevo refuses a whole write for one value. Its code says that a value is refused; which one stands in the message at
//! best. So the message only says what is left out first: that Brevo takes the rest proves it. Where the message names
//! nothing that is in the write, groups of values are left out one after another.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use tajo_brevo::{ContactWrite, Error, Identifier};
use tajo_domain::{ContactRecord, Email, Phone, Skipped};
use tajo_mapping::{
    StoreFacts, has_phone, has_whatsapp, identifier_of, is_identifier, refuse_attribute, relink,
    without_phone, without_whatsapp,
};

use super::{Written, changes};
use crate::contact::others;
use crate::stop::Stop;
use crate::worker::Worker;

const NUMBER: &str = "Brevo refused the number: another contact has it, or it is not valid there";
const ADDRESS: &str =
    "Brevo refused the address: it is left out, and not tried again until it is another one";
const VALUE: &str = "Brevo refused this value: it is left out, and not tried again until it is another one";

/// What is left to do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// Something was left out: the write is worth another try.
    Again,
    /// What is refused is all that Brevo could know the person by.
    Nobody,
    /// Nothing.
    Nothing,
}

/// What had to be left out of a write.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    pub(super) skipped: Vec<Skipped>,
    refused_phone: Option<Phone>,
    pub(super) refused_whatsapp: Option<Phone>,
    refused_email: Option<Email>,
    refused_attributes: BTreeMap<String, Value>,
    search: Option<Search>,
    /// The address turned out to be this other contact's.
    pub(super) relinked: Option<Email>,
    /// Brevo had the contact no more, then.
    pub(super) gone_at: Option<Timestamp>,
    /// What other stores blocked unasked, if they were asked.
    pub(super) unasked: Option<others::Unasked>,
}

/// A search for what Brevo refuses without naming it.
#[derive(Clone, Debug)]
struct Search {
    /// The write that was refused.
    whole: ContactWrite,
    /// What of it is left out now.
    without: Group,
}

/// What is left out together, the likeliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Attributes,
    Phone,
    Whatsapp,
    Email,
    /// All of these.
    All,
}

impl Group {
    const IN_TURN: [Self; 5] = [Self::Attributes, Self::Phone, Self::Whatsapp, Self::Email, Self::All];

    fn includes(self, other: Self) -> bool {
        self == other || self == Self::All
    }
}

impl Trouble {
    pub(super) fn skip(&mut self, what: &str, reason: &str) {
        self.skipped.push(Skipped::new(what, reason));
    }

    /// Remembers what Brevo refuses, so that it is not tried again.
    pub(super) fn mark(&self, record: &mut ContactRecord) {
        let take = |to: &mut Option<Phone>, from: &Option<Phone>| {
            if from.is_some() {
                to.clone_from(from);
            }
        };
        take(&mut record.refused_phone, &self.refused_phone);
        take(&mut record.refused_whatsapp, &self.refused_whatsapp);
        if self.refused_email.is_some() {
            record.refused_email.clone_from(&self.refused_email);
        }
        for (name, value) in &self.refused_attributes {
            refuse_attribute(record, name, value);
        }
    }

    /// Leaves out the numbers that Brevo blames. False if it blames none that is there.
    pub(super) fn leave_out_numbers(
        &mut self,
        error: &Error,
        write: &mut ContactWrite,
        record: &ContactRecord,
    ) -> bool {
        let phone = error.blames_phone() && has_phone(write);
        // A message about some phone number may mean either: one after the other.
        let names_it = matches!(error, Error::Duplicate(_));
        let whatsapp = error.blames_whatsapp() && has_whatsapp(write) && (names_it || !phone);
        if phone {
            self.refuse_phone(record);
            *write = without_phone(std::mem::take(write), record);
        }
        if whatsapp {
            self.refused_whatsapp = without_whatsapp(write, record);
            self.skip("whatsapp", NUMBER);
        }
        phone || whatsapp
    }

    /// Leaves out what Brevo refuses. `who`: whose contact is updated; `None`: it is created.
    pub(super) fn leave_out(
        &mut self,
        error: &Error,
        write: &mut ContactWrite,
        record: &ContactRecord,
        who: Option<&Identifier>,
        facts: &StoreFacts,
    ) -> Repair {
        if !error.is_about_a_value() {
            return Repair::Nothing;
        }
        if self.search.is_none() {
            let named: Vec<String> = write
                .attributes
                .keys()
                .filter(|name| !is_identifier(name) && error.mentions(name))
                .cloned()
                .collect();
            if !named.is_empty() {
                for name in named {
                    self.refuse_attribute(write, &name);
                }
                return Repair::Again;
            }
            let email = error.mentions_email() && has_email(write, record, who);
            let number = (error.blames_phone() && has_phone(write))
                || (error.blames_whatsapp() && has_whatsapp(write));
            match (email, number) {
                (true, false) => {
                    self.refuse_email(record);
                    put_email_away(write);
                    return self.if_somebody(record, facts);
                }
                (false, true) => {
                    self.leave_out_numbers(error, write, record);
                    return self.if_somebody(record, facts);
                }
                // It names nothing that is there, or too much.
                (true, true) | (false, false) => {}
            }
        }
        self.search_on(write, record, who, facts)
    }

    /// Leaves out the next group.
    fn search_on(
        &mut self,
        write: &mut ContactWrite,
        record: &ContactRecord,
        who: Option<&Identifier>,
        facts: &StoreFacts,
    ) -> Repair {
        let (whole, last) = match self.search.take() {
            Some(search) => (search.whole, Some(search.without)),
            None => (write.clone(), None),
        };
        let after = last.map_or(0, |last| {
            1 + Group::IN_TURN.iter().position(|group| *group == last).unwrap_or(Group::IN_TURN.len())
        });
        let is_there = |group: &Group| match group {
            Group::Attributes => whole.attributes.keys().any(|name| !is_identifier(name)),
            Group::Phone => has_phone(&whole) && self.leaves_somebody(record, facts, *group),
            Group::Whatsapp => has_whatsapp(&whole),
            Group::Email => has_email(&whole, record, who) && self.leaves_somebody(record, facts, *group),
            Group::All => self.leaves_somebody(record, facts, *group),
        };
        let Some(without) = Group::IN_TURN.into_iter().skip(after).find(is_there) else {
            *write = whole;
            return Repair::Nothing;
        };
        *write = whole.clone();
        if without.includes(Group::Attributes) {
            write.attributes.retain(|name, _| is_identifier(name));
        }
        if without.includes(Group::Phone) && has_phone(write) {
            *write = without_phone(std::mem::take(write), record);
        }
        if without.includes(Group::Whatsapp) && has_whatsapp(write) {
            without_whatsapp(write, record);
        }
        if without.includes(Group::Email) {
            put_email_away(write);
        }
        self.search = Some(Search { whole, without });
        Repair::Again
    }

    /// Brevo took the write: what was left out last is what it refuses. Answers attributes of which only some are.
    pub(super) fn taken(&mut self, record: &ContactRecord) -> BTreeMap<String, Value> {
        let Some(Search { whole, without }) = self.search.take() else { return BTreeMap::new() };
        if without.includes(Group::Phone) && has_phone(&whole) {
            self.refuse_phone(record);
        }
        if without.includes(Group::Whatsapp) && has_whatsapp(&whole) {
            self.refused_whatsapp = record.whatsapp_number().cloned();
            self.skip("whatsapp", NUMBER);
        }
        if without.includes(Group::Email) {
            self.refuse_email(record);
        }
        let mut attributes = whole.attributes;
        attributes.retain(|name, _| without.includes(Group::Attributes) && !is_identifier(name));
        attributes
    }

    /// How Brevo knows the contact while the address is left out.
    pub(super) fn identifier(
        &self,
        record: &ContactRecord,
        facts: &StoreFacts,
        now: Identifier,
    ) -> Identifier {
        let is_searched = self.search.as_ref().is_some_and(|search| search.without.includes(Group::Email));
        let marked = self.marked(record, is_searched, false);
        match &now {
            Identifier::Email(email) if marked.refused_email.as_ref() == Some(email) => {
                identifier_of(&marked, facts).unwrap_or(now)
            }
            _ => now,
        }
    }

    /// The record with what Brevo refuses, or may refuse.
    fn marked(&self, record: &ContactRecord, email: bool, phone: bool) -> ContactRecord {
        let mut marked = record.clone();
        self.mark(&mut marked);
        let profile = record.profile.as_ref().map(|profile| &profile.value);
        if email {
            marked.refused_email = profile.and_then(|profile| profile.email.clone());
        }
        if phone {
            marked.refused_phone = profile.and_then(|profile| profile.phone.clone());
        }
        marked
    }

    fn leaves_somebody(&self, record: &ContactRecord, facts: &StoreFacts, without: Group) -> bool {
        let marked = self.marked(record, without.includes(Group::Email), without.includes(Group::Phone));
        identifier_of(&marked, facts).is_some()
    }

    fn if_somebody(&self, record: &ContactRecord, facts: &StoreFacts) -> Repair {
        match identifier_of(&self.marked(record, false, false), facts) {
            Some(_) => Repair::Again,
            None => Repair::Nobody,
        }
    }

    fn refuse_email(&mut self, record: &ContactRecord) {
        self.refused_email = record.profile.as_ref().and_then(|profile| profile.value.email.clone());
        self.skip("email", ADDRESS);
    }

    fn refuse_phone(&mut self, record: &ContactRecord) {
        self.refused_phone = record.profile.as_ref().and_then(|profile| profile.value.phone.clone());
        self.skip("phone", NUMBER);
    }

    /// Takes a value out of the write that Brevo refuses.
    pub(super) fn refuse_attribute(&mut self, write: &mut ContactWrite, name: &str) {
        if let Some(value) = write.attributes.remove(name) {
            self.refused_attributes.insert(name.to_owned(), value);
            self.skip(name, VALUE);
        }
    }

    /// From now on the person is this other contact. Answers the write for it.
    pub(super) async fn relink(
        &mut self,
        worker: &Worker<'_>,
        record: &mut ContactRecord,
        to: &Email,
    ) -> Result<ContactWrite, Stop> {
        relink(record, to);
        self.relinked = Some(to.clone());
        if record.may_ask_others() {
            self.ask_others(worker, record).await?;
        }
        let mut marked = record.clone();
        self.mark(&mut marked);
        let (write, skipped) = changes(worker, &marked);
        self.skipped.extend(skipped);
        Ok(write)
    }

    /// Finds out which blocks of the contact another store set unasked: an opt-in here lifts them.
    pub(super) async fn ask_others(
        &mut self,
        worker: &Worker<'_>,
        record: &mut ContactRecord,
    ) -> Result<(), Stop> {
        let unasked = Box::pin(others::unasked(worker, record)).await?;
        unasked.note(record);
        self.unasked = Some(unasked);
        Ok(())
    }

    /// Brevo has the contact no more, and gets none.
    pub(super) fn gone(mut self: Box<Self>, worker: &Worker<'_>, sent: &ContactRecord) -> Written {
        self.gone_at = Some(worker.now());
        self.skip(
            "contact",
            "it was deleted in Brevo, and the settings make no contacts (`contacts.create: false`)",
        );
        Written { is_gone: true, ..self.written(sent, false, ContactWrite::default()) }
    }

    /// Brevo can know the person by nothing.
    pub(super) fn nobody(mut self: Box<Self>, sent: &ContactRecord) -> Written {
        self.skip("contact", crate::contact::NOTHING_LEFT);
        Written { is_nobody: true, ..self.written(sent, false, ContactWrite::default()) }
    }

    pub(super) fn written(
        self: Box<Self>,
        sent: &ContactRecord,
        created: bool,
        write: ContactWrite,
    ) -> Written {
        let mut sent = sent.clone();
        self.mark(&mut sent);
        Written { sent, created, is_gone: false, is_nobody: false, adopted: None, write, trouble: self }
    }
}

/// Whether Brevo is told an address that it may not know yet.
fn has_email(write: &ContactWrite, record: &ContactRecord, who: Option<&Identifier>) -> bool {
    let is_new = |who: &Identifier| match who {
        Identifier::Email(email) => record.sent_email.as_ref() != Some(email),
        Identifier::ExtId(_) | Identifier::Phone(_) | Identifier::BrevoId(_) => false,
    };
    write.email.is_some() || write.attributes.contains_key("EMAIL") || who.is_some_and(is_new)
}

fn put_email_away(write: &mut ContactWrite) {
    write.email = None;
    write.attributes.remove("EMAIL");
}
