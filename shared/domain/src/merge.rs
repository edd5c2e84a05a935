//! What a customer leaves behind when the store merges them into another one.
//!
//! Only refusals move: an opt-out holds for the address or number it was said about, so the account that takes over
//! that address inherits it. An opt-in never moves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Channel, Consent, ConsentState, ContactRecord, Email, NumberConsent, Phone, Profile, short_hash,
};

/// Opt-outs that came with a merge, by channel and hash of the address or number they were said about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusals(BTreeMap<String, Timestamp>);

impl Refusals {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes what was said about this address and this number. Only opt-outs are kept.
    pub fn note(
        &mut self,
        email: Option<&Email>,
        phone: Option<&Phone>,
        said: [(Channel, Option<&Consent>); 3],
    ) {
        let hash = email.map(Email::hash);
        self.note_hash(hash.as_deref(), phone, said);
    }

    /// The same, where only the hash of the address is known.
    pub fn note_hash(
        &mut self,
        email: Option<&str>,
        phone: Option<&Phone>,
        said: [(Channel, Option<&Consent>); 3],
    ) {
        for (channel, consent) in said {
            let Some(consent) = consent.filter(|consent| consent.state == ConsentState::OptedOut) else {
                continue;
            };
            let Some(key) = key(channel, email, phone) else { continue };
            let at = self.0.entry(key).or_insert(consent.at);
            *at = (*at).max(consent.at);
        }
    }

    /// Takes over all of another's.
    pub fn extend(&mut self, other: &Self) {
        for (key, at) in &other.0 {
            let stored = self.0.entry(key.clone()).or_insert(*at);
            *stored = (*stored).max(*at);
        }
    }

    fn about(&self, channel: Channel, profile: &Profile) -> Option<Consent> {
        let email = profile.email.as_ref().map(Email::hash);
        let key = key(channel, email.as_deref(), profile.phone.as_ref())?;
        self.0.get(&key).map(|at| Consent::new(ConsentState::OptedOut, *at))
    }
}

fn key(channel: Channel, email: Option<&str>, phone: Option<&Phone>) -> Option<String> {
    match channel {
        Channel::Email => Some(format!("email:{}", email?)),
        Channel::Sms => Some(format!("sms:{}", short_hash(phone?.as_str()))),
        Channel::Whatsapp => Some(format!("whatsapp:{}", short_hash(phone?.as_str()))),
    }
}

impl ContactRecord {
    /// What this person refused, and what those refused who were merged into them.
    pub fn all_refusals(&self) -> Refusals {
        let mut refusals = self.refusals.clone();
        let profile = self.profile.as_ref().map(|profile| &profile.value);
        let (email, phone) = (
            profile.and_then(|profile| profile.email.as_ref()).or(self.sent_email.as_ref()),
            profile.and_then(|profile| profile.phone.as_ref()).or(self.sent_phone.as_ref()),
        );
        refusals.note(
            email,
            phone,
            [
                (Channel::Email, self.email_consent.as_ref()),
                (Channel::Sms, self.sms_consent.as_ref().map(|consent| &consent.said)),
                (Channel::Whatsapp, self.whatsapp_consent.as_ref().map(|consent| &consent.said)),
            ],
        );
        // What they said in Brevo holds for the address as well.
        let no = |channel| {
            let out = self.brevo_out(channel).filter(|out| out.why.is_a_statement())?;
            Some(Consent::new(ConsentState::OptedOut, out.at))
        };
        let (no_emails, no_messages) = (no(Channel::Email), no(Channel::Sms));
        refusals.note(
            email,
            phone,
            [
                (Channel::Email, no_emails.as_ref()),
                (Channel::Sms, no_messages.as_ref()),
                (Channel::Whatsapp, None),
            ],
        );
        refusals
    }

    /// Inherits the refusals of somebody who was merged into this person, and their last order.
    pub fn absorb(&mut self, refusals: &Refusals, last_order_at: Option<Timestamp>) {
        self.refusals.extend(refusals);
        self.last_order_at = self.last_order_at.max(last_order_at);
        self.mind_refusals();
    }

    /// An opt-out about the present address holds until a newer opt-in for this address. One that was given for another
    /// address counts no more, however often it is repeated.
    fn refuse_emails(&mut self, refused: Consent) {
        let own = self.email_consent.take();
        let yes = own.as_ref().filter(|own| own.state == ConsentState::OptedIn);
        let given_elsewhere = yes.filter(|_| !self.said_yes_about_present());
        let given_elsewhere = given_elsewhere.map(|yes| yes.spent.unwrap_or(yes.at));
        self.email_consent = Some(match given_elsewhere {
            Some(date) => Consent { spent: Some(date), ..refused },
            None => Consent::latest(own, refused),
        });
    }

    /// Whoever has an address or number that somebody refused to be written to has refused it.
    pub(crate) fn mind_refusals(&mut self) {
        let Some(profile) = self.profile.as_ref().filter(|_| !self.refusals.is_empty()) else { return };
        let about = |channel| self.refusals.about(channel, &profile.value);
        let (email, sms, whatsapp) = (about(Channel::Email), about(Channel::Sms), about(Channel::Whatsapp));
        let number = profile.value.phone.clone();
        if let Some(refused) = email {
            self.refuse_emails(refused);
        }
        for (stored, refused) in [(&mut self.sms_consent, sms), (&mut self.whatsapp_consent, whatsapp)] {
            if let Some(refused) = refused {
                *stored = Some(NumberConsent::latest(stored.take(), refused, number.clone()));
            }
        }
    }
}
