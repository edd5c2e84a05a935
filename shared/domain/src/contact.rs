//! What we remember of a person, and how news about them is accepted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Consent, Email, Ledger, PersonUpdate, Phone, Profile, Totals, Versioned};

/// Under which key the state of a person lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContactKey {
    /// The platform's customer id.
    Customer(String),
    /// Hash of the address (or number) of somebody without a customer account.
    Guest(String),
}

/// What Brevo has of this person, as far as we know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownAs {
    /// Never sent, or the answer was lost.
    #[default]
    Unknown,
    /// Brevo had this contact before us: its flags are not ours to set.
    Linked,
    /// We created it: the flags it was created with are ours.
    Created,
}

/// A block flag that we set in Brevo, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// The store has no recorded opt-in. May be lifted by one.
    Unasked,
    /// The person opted out in the store. Lifted only by a newer opt-in there.
    OptedOut,
}

/// A creation that was tried and not yet marked. Its answer may have been lost, so the contact may be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// Before the first try: a contact older than this is not ours.
    pub since: Timestamp,
    /// How often it was tried, or is about to be.
    pub tries: u32,
    /// The email block that a try set, if any did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_block: Option<Block>,
    /// The SMS block that a try set, if any did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_block: Option<Block>,
}

/// Whether news about a person are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// They are.
    Known,
    /// They are, as news of somebody nobody knows yet.
    Anew,
    /// The customer left the store.
    Deleted,
    /// The person was erased.
    Erased,
}

/// The state of one person in one store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRecord {
    /// Counts accepted changes: tells a worker, after its send, that something newer came meanwhile.
    pub accepted: u64,
    /// The platform's customer id; `None` for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The profile facet as last accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Versioned<Profile>>,
    /// The email consent facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_consent: Option<Consent>,
    /// The SMS consent facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_consent: Option<Consent>,
    /// The language facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Versioned<String>>,
    /// The tags facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Versioned<Vec<String>>>,
    /// The totals facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Versioned<Totals>>,
    /// The latest order we know of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_order_at: Option<Timestamp>,
    /// The abandoned cart this person has, if any: decides the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abandoned_cart: Option<String>,
    /// When the customer left the store. Nothing personal is kept from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// When the person was erased: nothing from before may come back. Stays when a guest comes anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,

    /// What Brevo has.
    #[serde(default)]
    pub known_as: KnownAs,
    /// Written before the contact is created, gone once that is marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation: Option<Creation>,
    /// The address Brevo has the contact under, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_email: Option<Email>,
    /// The number that was written together with its block flag or recorded consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_phone: Option<Phone>,
    /// A number Brevo did not take (another contact has it, or it is none to Brevo): not tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_phone: Option<Phone>,
    /// Whether we put the contact into the list of abandoned carts.
    #[serde(default)]
    pub in_abandoned_list: bool,
    /// The email block that we set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_block: Option<Block>,
    /// The SMS block that we set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_block: Option<Block>,
    /// Events sent and claimed.
    #[serde(default)]
    pub effects: Ledger,
}

impl ContactRecord {
    /// Takes over every facet that is not older than what is there. True if anything changed.
    ///
    /// An equal version is accepted again (its content may differ: platforms stamp whole seconds).
    pub fn accept(&mut self, update: &PersonUpdate) -> bool {
        self.change(|record| record.take_over(update))
    }

    /// Applies `edit` and counts it if Brevo would see a difference. True if it would.
    pub fn change(&mut self, edit: impl FnOnce(&mut Self)) -> bool {
        let before = self.clone();
        edit(self);
        let changed = self.content() != before.content();
        if changed {
            self.accepted += 1;
        }
        changed
    }

    fn take_over(&mut self, update: &PersonUpdate) {
        if self.customer.is_none() {
            self.customer = update.identity.customer.clone();
        }
        accept_facet(&mut self.profile, update.profile.as_ref());
        accept_facet(&mut self.locale, update.locale.as_ref());
        accept_facet(&mut self.tags, update.tags.as_ref());
        accept_facet(&mut self.totals, update.totals.as_ref());
        for (stored, new) in
            [(&mut self.email_consent, &update.email_consent), (&mut self.sms_consent, &update.sms_consent)]
        {
            if let Some(new) = new {
                *stored = Some(Consent::latest(stored.take(), new.clone()));
            }
        }
        self.last_order_at = self.last_order_at.max(update.ordered_at);
    }

    /// Whether `at` is news about the profile: not older than what is stored.
    pub fn is_news(&self, at: Timestamp) -> bool {
        self.profile.as_ref().is_none_or(|profile| at >= profile.at)
    }

    /// Empties the record after a delete, keeping only what is needed to refuse late notices.
    pub fn forget(&mut self, at: Timestamp) {
        let accepted = self.accepted + 1;
        let erased_at = self.erased_at;
        *self = Self { accepted, deleted_at: Some(at), erased_at, ..Self::default() };
    }

    /// Whether nothing personal is left in a record.
    pub fn is_forgotten(&self) -> bool {
        let Self { accepted, deleted_at, erased_at, .. } = *self;
        *self == Self { accepted, deleted_at, erased_at, ..Self::default() }
    }

    /// Marks that the person is erased. What is known stays until Brevo has let go of it.
    pub fn erase(&mut self, at: Timestamp) {
        self.change(|record| {
            record.deleted_at = record.deleted_at.max(Some(at));
            record.erased_at = record.erased_at.max(Some(at));
        });
    }

    /// What news of a fact of this time find; `is_guest`: the record stands for an address, not for an account.
    ///
    /// An account never comes back. An address does, with a fact that is newer than its erasure: that is somebody who
    /// came to the store of their own will afterwards.
    pub fn admits(&self, fact: Option<Timestamp>, is_guest: bool) -> Admission {
        match (self.erased_at, self.deleted_at) {
            (None, None) => Admission::Known,
            (Some(erased), deleted) if is_guest && fact.is_some_and(|fact| fact > erased) => match deleted {
                Some(_) => Admission::Anew,
                None => Admission::Known,
            },
            (Some(_), _) => Admission::Erased,
            (None, Some(_)) => Admission::Deleted,
        }
    }

    /// What Brevo gets to see: times of facets alone are no change, nor is what we know of Brevo.
    fn content(&self) -> impl PartialEq + use<> {
        let record = self.clone();
        let profile = record.profile.map(|facet| facet.value);
        let locale = record.locale.map(|facet| facet.value);
        let tags = record.tags.map(|facet| facet.value);
        let totals = record.totals.map(|facet| facet.value);
        let consents = (record.email_consent, record.sms_consent);
        let orders = (record.last_order_at, record.abandoned_cart, record.deleted_at.is_some());
        (record.customer, profile, locale, tags, totals, consents, orders)
    }
}

fn accept_facet<T: Clone>(stored: &mut Option<Versioned<T>>, new: Option<&Versioned<T>>) {
    let Some(new) = new else { return };
    if stored.as_ref().is_none_or(|stored| new.at >= stored.at) {
        *stored = Some(new.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erased_account_never_comes_back_and_an_address_only_with_something_newer() {
        let at = |second| Timestamp::from_second(second).ok();
        let mut erased = ContactRecord { customer: Some("7".to_owned()), ..ContactRecord::default() };
        erased.erase(Timestamp::from_second(100).unwrap());
        erased.forget(Timestamp::from_second(100).unwrap());
        assert!(erased.is_forgotten());
        for (fact, is_guest, admission) in [
            (at(101), false, Admission::Erased),
            (at(101), true, Admission::Anew),
            (at(100), true, Admission::Erased),
            (None, true, Admission::Erased),
        ] {
            assert_eq!(erased.admits(fact, is_guest), admission);
        }
        let anew = ContactRecord { erased_at: at(100), ..ContactRecord::default() };
        assert_eq!(anew.admits(at(101), true), Admission::Known);
        assert_eq!(anew.admits(at(99), true), Admission::Erased);
        let deleted = ContactRecord { deleted_at: at(100), ..ContactRecord::default() };
        assert_eq!(deleted.admits(at(101), false), Admission::Deleted);
    }

    #[test]
    fn a_second_erasure_moves_the_first_and_an_older_one_does_not() {
        let mut record = ContactRecord::default();
        for (second, holds) in [(100, 100), (200, 200), (150, 200)] {
            record.erase(Timestamp::from_second(second).unwrap());
            assert_eq!(record.erased_at, Timestamp::from_second(holds).ok());
        }
    }
}
