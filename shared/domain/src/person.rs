//! What a notice says about a person.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::custom::CustomFact;
use crate::{Channel, Consent, ConsentState, ContactKey, Currency, Email, Money, Phone, TagsDelta};

/// A value and the platform's own time for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned<T> {
    /// When the platform says the value was set.
    pub at: Timestamp,
    /// The value.
    pub value: T,
}

/// How Brevo finds the person of an event or order: email first, then the platform's customer, then the phone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The platform's customer id; absent for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Brevo refuses the address as none: it names the person here, and nothing is sent by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub email_refused: bool,
    /// The same of the number: it is another contact's in Brevo, or none there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phone_refused: bool,
}

/// What of a person Brevo refuses, for whatever else names them ([`crate::ContactRecord::refused`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// The address.
    pub email: Option<Email>,
    /// The address that Brevo still has the customer under.
    pub email_before: Option<Email>,
    /// The number.
    pub phone: Option<Phone>,
}

impl Refused {
    /// Whether Brevo refuses nothing.
    pub fn is_empty(&self) -> bool {
        self.email.is_none() && self.phone.is_none()
    }

    /// Marks what Brevo refuses, so that the person is named by what is left. The key of the person stays.
    pub fn mark(&self, identity: &mut Identity) {
        if self.email.is_some() && identity.email == self.email {
            match self.email_before.as_ref().filter(|_| identity.customer.is_some()) {
                Some(before) => identity.email = Some(before.clone()),
                None => identity.email_refused = true,
            }
        }
        identity.phone_refused |= self.phone.is_some() && identity.phone == self.phone;
    }
}

impl Identity {
    /// Nobody to write to.
    pub fn is_empty(&self) -> bool {
        self.customer.is_none() && self.email.is_none() && self.phone.is_none()
    }

    /// Under which key our state of this person lives: the customer id, or a hash of the guest's address or
    /// number.
    pub fn key(&self) -> Option<ContactKey> {
        let guest = || self.email.as_ref().map(Email::hash);
        let phone = || self.phone.as_ref().map(|phone| crate::short_hash(phone.as_str()));
        match &self.customer {
            Some(id) => Some(ContactKey::Customer(id.clone())),
            None => guest().or_else(phone).map(ContactKey::Guest),
        }
    }
}

/// The profile facet: what the person is called and where they are reached.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Profile {
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Given name. Empty: the platform says that there is none; `None`: it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(…)")
    }
}

/// The totals facet: absolute figures from the platform, never added up by us.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Totals {
    /// Orders ever placed.
    pub orders: u64,
    /// Money ever spent, in the shop's currency.
    pub spent: Money,
    /// The currency of `spent`, where the platform says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// What one account, or one guest, of a store adds to the totals that stores show together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FedTotals {
    /// Of the account; a guest has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// The latest order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_order_at: Option<Timestamp>,
}

/// Parts of a customer's profile that were typed at a checkout. They fill what the account leaves empty and replace
/// nothing: an order may be placed with any address, and the account's consent was not given for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// The address.
    pub email: bool,
    /// Both names.
    pub name: bool,
}

impl PersonUpdate {
    /// Whether it says anything about being written to.
    pub fn has_consent(&self) -> bool {
        self.email_consent.is_some() || self.sms_consent.is_some() || self.whatsapp_consent.is_some()
    }

    /// Takes its opt-ins out; opt-outs stay. Answers on which channels there was one.
    pub fn take_opt_ins(&mut self) -> Vec<Channel> {
        let consents = [
            (Channel::Email, &mut self.email_consent),
            (Channel::Sms, &mut self.sms_consent),
            (Channel::Whatsapp, &mut self.whatsapp_consent),
        ];
        let is_opt_in = |consent: &mut Consent| consent.state == ConsentState::OptedIn;
        let taken =
            consents.into_iter().filter_map(|(channel, consent)| consent.take_if(is_opt_in).map(|_| channel));
        taken.collect()
    }

    /// What it says about being written to, and by whom.
    pub fn consents(&self) -> Self {
        let mut identity = self.identity.clone();
        if let Some(profile) = &self.profile {
            identity.phone = profile.value.phone.clone();
        }
        Self {
            identity,
            typed: self.typed,
            email_consent: self.email_consent.clone(),
            sms_consent: self.sms_consent.clone(),
            whatsapp_consent: self.whatsapp_consent.clone(),
            triggered_at: self.triggered_at,
            ..Self::default()
        }
    }
}

/// Everything one notice says about one person. Each facet has its own clock: with one version for all,
/// a summary at :05 would reject a profile change at :03.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonUpdate {
    /// Who it is.
    pub identity: Identity,
    /// When the platform first knew this person, where it says so.
    pub created_at: Option<Timestamp>,
    /// When the platform last changed the account, by the body itself: what a body does not say is absent.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// Names and addresses.
    pub profile: Option<Versioned<Profile>>,
    /// Which parts of the profile the account does not have and somebody typed at a checkout.
    #[serde(default)]
    pub typed: Typed,
    /// Language tag the person shops in, such as `de-DE`. A facet of its own: only orders and checkouts tell.
    pub locale: Option<Versioned<String>>,
    /// What the person said about marketing emails.
    pub email_consent: Option<Consent>,
    /// What the person said about marketing text messages.
    pub sms_consent: Option<Consent>,
    /// What the person said about marketing by WhatsApp, and about the number in `identity`.
    #[serde(default)]
    pub whatsapp_consent: Option<Consent>,
    /// Tags of the person: all of them.
    pub tags: Option<Versioned<Vec<String>>>,
    /// Tags that came or went.
    #[serde(default)]
    pub tags_delta: Option<TagsDelta>,
    /// Lifetime figures.
    pub totals: Option<Versioned<Totals>>,
    /// Time of an order of this person.
    pub ordered_at: Option<Timestamp>,
    /// What only some stores want to know, by source (`default_address.city`, `metafields.custom.tier`): everything a
    /// body tells. Only what the store maps is kept (`tajo_mapping::FieldMapping::keep`).
    #[serde(default)]
    pub custom: BTreeMap<String, CustomFact>,
    /// When the platform triggered the webhook, or was asked: orders what carries the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Timestamp>,
    /// The platform was asked for all of this, then; absent for what a notice says of its own accord.
    pub looked_up_at: Option<Timestamp>,
    /// The notice hints at a consent that it does not record (a ticked box): a reason to ask the platform, and no
    /// statement.
    pub hints_at_consent: bool,
}
