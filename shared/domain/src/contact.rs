//! What we remember of a person, and how news about them is accepted.

use std::collections::BTreeMap;
use std::ops::Not;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::custom::{CustomValue, accept_custom};
use crate::{
    BrevoOut, Channel, Consent, ConsentState, Email, Identity, Ledger, NumberConsent, PersonUpdate, Phone,
    Profile, Refusals, Refused, TagChanges, TagsAdded, Totals, Triggers, Versioned,
};

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

/// A block flag of Brevo that we set or know of, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// The store has no recorded opt-in. May be lifted by one.
    Unasked,
    /// The person opted out in the store. Lifted only by a newer opt-in there.
    OptedOut,
    /// Brevo reported it, or we set it because of that report. Lifted only by a newer opt-in, if at all
    /// ([`crate::ConsentSource`]).
    Reported,
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
    /// A try set no email block.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub email_open: bool,
    /// A try set no SMS block.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub sms_open: bool,
    /// A try set the attribute SMS.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub has_phone: bool,
    /// A try set the attribute WHATSAPP.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub has_whatsapp: bool,
}

/// What is kept of the Brevo contact of a customer who left, where the contact stays in Brevo. Nothing in it is
/// readable without Brevo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftContact {
    /// Brevo's own id of the contact, where it is nobody else's in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Hash of its address, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
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

/// The version of a profile that only says what a notice named in passing.
const NEVER: Timestamp = Timestamp::UNIX_EPOCH;

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
    /// The address that an email opt-in was given for, where that is known. It counts for the account, whatever its
    /// address is now, but it lifts no opt-out that was said about another address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_consent_for: Option<Email>,
    /// The SMS consent facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_consent: Option<NumberConsent>,
    /// The WhatsApp consent facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp_consent: Option<NumberConsent>,
    /// The language facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Versioned<String>>,
    /// The last full set of tags; [`ContactRecord::present_tags`] knows what came after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Versioned<Vec<String>>>,
    /// Tags that came or went since.
    #[serde(default, skip_serializing_if = "TagChanges::is_empty")]
    pub tag_changes: TagChanges,
    /// Additions of tags that an event still has to tell of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags_to_tell: Vec<TagsAdded>,
    /// Additions up to here may have been told and forgotten: they are told no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags_forgotten: Option<Timestamp>,
    /// The totals facet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Versioned<Totals>>,
    /// What the store's mapping asks for besides, by source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, CustomValue>,
    /// What orders facets of the same time.
    #[serde(default, skip_serializing_if = "Triggers::is_empty")]
    pub triggers: Triggers,
    /// The latest order we know of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_order_at: Option<Timestamp>,
    /// The abandoned cart this person has, if any: decides the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abandoned_cart: Option<String>,
    /// When the platform was last asked for what notices leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_up_at: Option<Timestamp>,
    /// When the customer left the store. Nothing personal is kept from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// When the person was erased: nothing from before may come back. Stays when a guest comes anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// The customer that this one was merged into, which is why it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// The Brevo contact that a customer who left has left behind: a late opt-out is for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<LeftContact>,
    /// Opt-outs of those who were merged into this customer.
    #[serde(default, skip_serializing_if = "Refusals::is_empty")]
    pub refusals: Refusals,

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
    /// An address Brevo did not take as one: not tried again, and nothing is sent by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_email: Option<Email>,
    /// Attributes that Brevo did not take, with a digest of the value: the same value is not tried again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused_attributes: BTreeMap<String, String>,
    /// The number that is in Brevo's attribute WHATSAPP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_whatsapp: Option<Phone>,
    /// A number that Brevo did not take as WHATSAPP: not tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_whatsapp: Option<Phone>,
    /// Whether we put the contact into the list of abandoned carts.
    #[serde(default)]
    pub in_abandoned_list: bool,
    /// Lists that we put the contact into: each is joined once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<u64>,
    /// Names the attributes that Brevo took last: while they are the same, there is nothing to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Brevo has our id of the contact.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub has_our_id: bool,
    /// The other stores of the account were asked, since the last word about consent, whether a block of this contact is
    /// one that they set unasked.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub others_asked: bool,
    /// Brevo had the contact by its number alone: no address, and no id of another system.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub known_by_phone: bool,
    /// When Brevo was last found not to have the person. Only where the settings make no contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_at: Option<Timestamp>,
    /// The email block that we set, or that Brevo reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_block: Option<Block>,
    /// The SMS block that we set, or that Brevo reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_block: Option<Block>,
    /// An email flag was about to be sent, and nobody could mark yet that Brevo took it: Brevo may have either.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub email_flag_tried: bool,
    /// The same of the SMS flag, and of the number that goes along with it.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub sms_flag_tried: bool,
    /// The attribute SMS was about to be set or emptied, and nobody could mark yet what Brevo has.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub phone_tried: bool,
    /// The same of the attribute WHATSAPP.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub whatsapp_tried: bool,
    /// An order or cart told of a new profile before the account's own notice did: that one still is news.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub profile_untold: bool,
    /// Whether we lifted an email block: what Brevo reports later may have happened before, and be lifted by us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub email_lifted: bool,
    /// Whether we lifted an SMS block.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sms_lifted: bool,
    /// The last time Brevo said: no more emails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_out: Option<BrevoOut>,
    /// The address that this was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_out_for: Option<Email>,
    /// The last time Brevo said: no more text messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_out: Option<BrevoOut>,
    /// Events sent and claimed.
    #[serde(default)]
    pub effects: Ledger,
}

impl ContactRecord {
    /// Takes over every facet that is not older than what is there. True if anything changed.
    ///
    /// Of two with the same time, the one that was triggered later holds (`version.rs`).
    pub fn accept(&mut self, update: &PersonUpdate) -> bool {
        self.accept_with(update, None)
    }

    /// Takes over what a notice says, and what the platform was asked for because of it, as one change.
    ///
    /// Of a name, an address or a language, the notice's own word and what is stored hold: only what nobody has said
    /// comes from the answer. (It may be newer than the notice that tells of it and has yet to come; that one would
    /// then look like no news.)
    pub fn accept_with(&mut self, update: &PersonUpdate, looked_up: Option<&PersonUpdate>) -> bool {
        self.change(|record| {
            record.take_over(update);
            if let Some(looked_up) = looked_up {
                let is_unsaid = |profile: &Versioned<Profile>| profile.at == NEVER;
                let unsaid = record.profile.as_ref().is_none_or(is_unsaid) || record.is_nameless();
                let profile = looked_up.profile.clone().filter(|_| unsaid);
                let locale = looked_up.locale.clone().filter(|_| record.locale.is_none());
                record.take_over(&PersonUpdate { profile, locale, ..looked_up.clone() });
            }
        })
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
        let triggered_at = update.triggered_at;
        let mut triggers = std::mem::take(&mut self.triggers);
        let profile = self.with_own_words(update);
        accept_facet(&mut self.profile, profile.as_ref(), &mut triggers, "p", triggered_at);
        accept_facet(&mut self.locale, update.locale.as_ref(), &mut triggers, "l", triggered_at);
        self.accept_tags(update.tags.as_ref(), update.tags_delta.as_ref(), &mut triggers, triggered_at);
        if update.profile.is_none() {
            self.learn(&update.identity);
        }
        accept_facet(&mut self.totals, update.totals.as_ref(), &mut triggers, "s", triggered_at);
        accept_custom(&mut self.custom, &update.custom, triggered_at);
        if let Some(new) = &update.email_consent {
            self.accept_email_consent(new, update);
        }
        // The account's own number, where the body tells it: the one in `identity` may have been typed at a checkout.
        let profile = update.profile.as_ref().map(|profile| &profile.value.phone);
        let number = profile.unwrap_or(&update.identity.phone);
        for (stored, new) in [
            (&mut self.sms_consent, &update.sms_consent),
            (&mut self.whatsapp_consent, &update.whatsapp_consent),
        ] {
            if let Some(new) = new {
                *stored = Some(NumberConsent::latest(stored.take(), new.clone(), number.clone()));
            }
        }
        self.triggers = triggers;
        self.others_asked &= !update.has_consent();
        self.last_order_at = self.last_order_at.max(update.ordered_at);
        self.mind_refusals();
        self.looked_up_at = self.looked_up_at.max(update.looked_up_at);
    }

    /// The profile of an update, with what is stored in the place of what was only typed.
    fn with_own_words(&self, update: &PersonUpdate) -> Option<Versioned<Profile>> {
        let mut profile = update.profile.clone()?;
        if let Some(stored) = self.profile.as_ref().map(|stored| &stored.value) {
            if update.typed.email && stored.email.is_some() {
                profile.value.email.clone_from(&stored.email);
            }
            if update.typed.name && (stored.first_name.is_some() || stored.last_name.is_some()) {
                profile.value.first_name.clone_from(&stored.first_name);
                profile.value.last_name.clone_from(&stored.last_name);
            }
        }
        Some(profile)
    }

    /// Takes over what was said about emails, and for which address. One that is only repeated stays with its address.
    fn accept_email_consent(&mut self, new: &Consent, update: &PersonUpdate) {
        let own = update.profile.as_ref().filter(|_| !update.typed.email);
        let own = own.and_then(|profile| profile.value.email.as_ref());
        let named = update.identity.email.as_ref().filter(|_| !update.typed.email);
        let address = own.or(named).or(self.present_email()).cloned();
        let old = self.email_consent.take();
        let holds = Consent::latest(old.clone(), new.clone());
        let is_old = old.as_ref().is_some_and(|old| (old.state, old.at) == (holds.state, holds.at));
        let known = self.email_consent_for.take().filter(|_| is_old);
        self.email_consent_for = known.or(address);
        self.email_consent = Some(holds);
    }

    /// Whether an opt-in of this store may have to lift a block that another store of the account set. Only of a
    /// contact that Brevo had before this store: it may be the other's.
    pub fn must_ask_others(&self) -> bool {
        self.known_as == KnownAs::Linked && self.may_ask_others()
    }

    /// The same, whoever created the contact.
    pub fn may_ask_others(&self) -> bool {
        let has_opted_in =
            |channel| self.said(channel).is_some_and(|said| said.state == ConsentState::OptedIn);
        !self.others_asked && (has_opted_in(Channel::Email) || has_opted_in(Channel::Sms))
    }

    /// The present address.
    pub(crate) fn present_email(&self) -> Option<&Email> {
        self.profile.as_ref()?.value.email.as_ref()
    }

    /// Whether the email opt-in, if there is one, was given for the present address, as far as is known.
    pub fn said_yes_about_present(&self) -> bool {
        self.email_consent_for.is_none() || self.email_consent_for.as_ref() == self.present_email()
    }

    /// Whether an email opt-in counts against an opt-out about this address.
    pub(crate) fn said_yes_about(&self, address: Option<&Email>) -> bool {
        let given_for = self.email_consent_for.as_ref();
        given_for.is_none() || given_for == address || given_for == self.present_email()
    }

    /// Where no profile has been seen, the address and number that a notice names are all there is to know the person
    /// by. So is the address where a profile names neither and Brevo has not heard of the customer: a consent names the
    /// account's. Any newer profile replaces them.
    fn learn(&mut self, identity: &Identity) {
        if identity.email.is_none() && identity.phone.is_none() {
            return;
        }
        let profile = self.profile.get_or_insert_with(|| Versioned { at: NEVER, value: Profile::default() });
        let value = &mut profile.value;
        if profile.at == NEVER {
            value.email = identity.email.clone().or(value.email.take());
            value.phone = identity.phone.clone().or(value.phone.take());
        } else if self.known_as == KnownAs::Unknown && value.email.is_none() && value.phone.is_none() {
            // No number: it may be a mere mention, and a profile's number would be more.
            value.email.clone_from(&identity.email);
        }
    }

    /// Whether the store has not told who this is: there is no address, and no number that is more than a mention
    /// (people share numbers).
    pub fn is_nameless(&self) -> bool {
        self.profile.as_ref().is_none_or(|profile| {
            let Profile { email, phone, .. } = &profile.value;
            email.is_none() && (profile.at == NEVER || phone.is_none())
        })
    }

    /// The present address, unless Brevo has refused it as none.
    pub fn email(&self) -> Option<&Email> {
        let email = self.profile.as_ref()?.value.email.as_ref();
        email.filter(|email| self.refused_email.as_ref() != Some(email))
    }

    /// What of the person Brevo refuses.
    pub fn refused(&self) -> Refused {
        let profile = self.profile.as_ref().map(|profile| &profile.value);
        let email = profile.and_then(|profile| profile.email.as_ref());
        let phone = profile.and_then(|profile| profile.phone.as_ref());
        Refused {
            email: email.filter(|email| self.refused_email.as_ref() == Some(email)).cloned(),
            email_before: self
                .sent_email
                .clone()
                .filter(|before| self.refused_email.as_ref() != Some(before)),
            phone: phone.filter(|phone| self.refused_phone.as_ref() == Some(phone)).cloned(),
        }
    }

    /// The person as events and orders name them.
    pub fn identity(&self) -> Identity {
        let profile = self.profile.as_ref().map(|profile| &profile.value);
        let mut identity = Identity {
            customer: self.customer.clone(),
            email: profile.and_then(|profile| profile.email.clone()),
            phone: profile.and_then(|profile| profile.phone.clone()),
            ..Identity::default()
        };
        self.refused().mark(&mut identity);
        identity
    }

    /// The number for Brevo's attribute WHATSAPP: the person's present number, if they recorded WhatsApp consent for
    /// exactly this one. There is no way to block it, so it must not be there without.
    pub fn whatsapp_number(&self) -> Option<&Phone> {
        let number = self.profile.as_ref()?.value.phone.as_ref();
        let said = self.said(Channel::Whatsapp)?;
        number.filter(|_| said.state == ConsentState::OptedIn)
    }

    /// What the store records about a channel, whatever the number it was said about.
    pub fn recorded(&self, channel: Channel) -> Option<&Consent> {
        match channel {
            Channel::Email => self.email_consent.as_ref(),
            Channel::Sms => self.sms_consent.as_ref().map(|consent| &consent.said),
            Channel::Whatsapp => self.whatsapp_consent.as_ref().map(|consent| &consent.said),
        }
    }

    /// What the person said in the store about being written to on this channel, at their present number.
    pub fn said(&self, channel: Channel) -> Option<&Consent> {
        let (consent, sent) = match channel {
            Channel::Email => return self.email_consent.as_ref(),
            Channel::Sms => (self.sms_consent.as_ref()?, self.sent_phone.as_ref()),
            Channel::Whatsapp => (self.whatsapp_consent.as_ref()?, self.sent_whatsapp.as_ref()),
        };
        let number = self.profile.as_ref().and_then(|profile| profile.value.phone.as_ref());
        consent.about(number, sent).map(|_| &consent.said)
    }

    /// Takes over what is known of the Brevo contact from another record of the same one, what Brevo reported of it
    /// included: a report without its time would be lifted by any opt-in.
    pub fn take_over_contact(&mut self, other: &Self) {
        self.take_outs_of(other);
        self.email_lifted |= other.email_lifted;
        self.sms_lifted |= other.sms_lifted;
        self.known_as = self.known_as.max(other.known_as);
        self.email_block = self.email_block.or(other.email_block);
        self.sms_block = self.sms_block.or(other.sms_block);
        self.sent_email = self.sent_email.take().or_else(|| other.sent_email.clone());
        self.sent_phone = self.sent_phone.take().or_else(|| other.sent_phone.clone());
        self.sent_whatsapp = self.sent_whatsapp.take().or_else(|| other.sent_whatsapp.clone());
        self.phone_tried |= other.phone_tried;
        self.whatsapp_tried |= other.whatsapp_tried;
        self.in_abandoned_list |= other.in_abandoned_list;
        self.known_by_phone |= other.known_by_phone;
        self.said = None;
        self.has_our_id = false;
        self.others_asked = false;
        let more = other.joined.iter().filter(|list| !self.joined.contains(list)).copied();
        self.joined.extend(more.collect::<Vec<_>>());
    }

    /// Whether nothing is left but what refuses late notices.
    pub fn is_forgotten(&self) -> bool {
        let Self { accepted, deleted_at, erased_at, merged_into, left, .. } = self.clone();
        *self == Self { accepted, deleted_at, erased_at, merged_into, left, ..Self::default() }
    }

    /// Empties the record after a delete, keeping only what is needed to refuse late notices.
    pub fn forget(&mut self, at: Timestamp) {
        let accepted = self.accepted + 1;
        let Self { merged_into, erased_at, left, .. } = std::mem::take(self);
        let left = left.filter(|_| erased_at.is_none());
        *self = Self { accepted, deleted_at: Some(at), erased_at, merged_into, left, ..Self::default() };
    }

    /// Marks that the person is erased. What is known stays until Brevo has let go of it.
    pub fn erase(&mut self, at: Timestamp) {
        self.change(|record| {
            record.left = None;
            record.deleted_at = record.deleted_at.max(Some(at));
            record.erased_at = record.erased_at.max(Some(at));
        });
    }

    /// What news of a fact of this time find; `is_guest`: the record stands for an address, not for an account.
    /// `updated_at`: when the platform changed the account that a body shows, by the body itself.
    ///
    /// An account that was erased never comes back. An address does, with a fact that is newer than its erasure: that is
    /// somebody who came to the store of their own will afterwards. An account that was only deleted is there after all if
    /// the platform changed it later: the deletion was none.
    pub fn admits(
        &self,
        fact: Option<Timestamp>,
        updated_at: Option<Timestamp>,
        is_guest: bool,
    ) -> Admission {
        match (self.erased_at, self.deleted_at) {
            (None, None) => Admission::Known,
            (None, Some(_)) if self.is_disproved_by(fact.max(updated_at)) => Admission::Anew,
            (Some(erased), deleted) if is_guest && fact.is_some_and(|fact| fact > erased) => match deleted {
                Some(_) => Admission::Anew,
                None => Admission::Known,
            },
            (Some(_), _) => Admission::Erased,
            (None, Some(_)) => Admission::Deleted,
        }
    }

    /// Whether something that happened at this time shows that the deletion was none. One that made way for another
    /// customer stays: what comes of it belongs to that one.
    pub fn is_disproved_by(&self, at: Option<Timestamp>) -> bool {
        let is_only_deleted = self.erased_at.is_none() && self.merged_into.is_none();
        is_only_deleted && self.deleted_at.is_some_and(|deleted| at.is_some_and(|at| deleted < at))
    }

    /// Whether the platform changed the customer after this time, as far as we know: a deletion of then is none.
    pub fn was_changed_after(&self, at: Timestamp) -> bool {
        self.deleted_at.is_none() && self.profile.as_ref().is_some_and(|profile| at < profile.at)
    }

    /// What Brevo gets to see: times of facets alone are no change, nor is what we know of Brevo.
    fn content(&self) -> impl PartialEq + use<> {
        let tags = self.present_tags();
        let whatsapp = self.whatsapp_number().cloned();
        let record = self.clone();
        let profile = record.profile.map(|facet| facet.value);
        let locale = record.locale.map(|facet| facet.value);
        let totals = record.totals.map(|facet| facet.value);
        let consents = (record.email_consent, record.sms_consent, record.whatsapp_consent, whatsapp);
        let custom: Vec<_> =
            record.custom.into_iter().map(|(source, fact)| (source, fact.value, fact.given)).collect();
        let orders = (record.last_order_at, record.abandoned_cart, record.deleted_at.is_some());
        // Whoever is sending meanwhile must look again: it may be lifting a block.
        let outs = (record.email_out, record.sms_out);
        (record.customer, profile, locale, tags, totals, consents, custom, orders, outs)
    }
}

/// Takes over a facet that is not older. Of two with the same time and the same trigger, or none, the greater value
/// holds: one rule for every order of arrival.
pub(crate) fn accept_facet<T: Clone + Ord>(
    stored: &mut Option<Versioned<T>>,
    new: Option<&Versioned<T>>,
    triggers: &mut Triggers,
    facet: &str,
    triggered_at: Option<Timestamp>,
) {
    let Some(new) = new else { return };
    let known = triggers.of(facet);
    if stored
        .as_ref()
        .is_none_or(|stored| (stored.at, known, &stored.value) <= (new.at, triggered_at, &new.value))
    {
        *stored = Some(new.clone());
        triggers.note(facet, triggered_at);
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
            assert_eq!(erased.admits(fact, fact, is_guest), admission);
        }
        let anew = ContactRecord { erased_at: at(100), ..ContactRecord::default() };
        assert_eq!(anew.admits(at(101), None, true), Admission::Known);
        assert_eq!(anew.admits(at(99), None, true), Admission::Erased);
        let deleted = ContactRecord { deleted_at: at(100), ..ContactRecord::default() };
        assert_eq!(deleted.admits(at(100), at(99), false), Admission::Deleted);
        assert_eq!(deleted.admits(None, None, false), Admission::Deleted);
        assert_eq!(deleted.admits(at(99), at(101), false), Admission::Anew, "it was there afterwards");
        let merged = ContactRecord { merged_into: Some("8".to_owned()), ..deleted };
        assert_eq!(merged.admits(at(101), at(101), false), Admission::Deleted);
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
