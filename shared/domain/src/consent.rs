//! May we write to this person, and who said so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Phone;

/// A road on which consent is given or withdrawn on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Marketing emails.
    Email,
    /// Marketing text messages.
    Sms,
    /// Marketing by WhatsApp.
    Whatsapp,
}

impl Channel {
    /// The consent of this channel, as reasons of what was left out call it.
    pub fn consent(self) -> &'static str {
        match self {
            Self::Email => "email consent",
            Self::Sms => "sms consent",
            Self::Whatsapp => "whatsapp consent",
        }
    }
}

/// What the store recorded. Silence (`not_subscribed`, an unticked box, `pending`) is not in this list:
/// it is no statement, so it must never overwrite one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// The person asked for it.
    OptedIn,
    /// The person asked for it to stop.
    OptedOut,
}

/// One recorded statement and when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// What was said.
    pub state: ConsentState,
    /// When it was said.
    pub at: Timestamp,
}

impl Consent {
    /// The statement that holds after `new` arrives: the later one; an opt-out wins a tie.
    pub fn latest(old: Option<Consent>, new: Consent) -> Consent {
        match old {
            Some(old) if old.at > new.at => old,
            Some(old) if old.at == new.at && old.state == ConsentState::OptedOut => old,
            _ => new,
        }
    }
}

/// A statement about a number. It holds for that number: another one of the same person was not asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberConsent {
    /// What was said, and when.
    #[serde(flatten)]
    pub said: Consent,
    /// The number it was said about. Absent where nobody named one: then it is the number that Brevo has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Phone>,
}

impl NumberConsent {
    /// The statement that holds after `new` arrives. One that is only repeated stays with its number.
    pub fn latest(old: Option<Self>, new: Consent, number: Option<Phone>) -> Self {
        let Some(old) = old else { return Self { said: new, number } };
        let said = Consent::latest(Some(old.said.clone()), new);
        let number = if said == old.said { old.number.or(number) } else { number };
        Self { said, number }
    }

    /// What holds for `number`, where Brevo has `sent`. An opt-out holds for every number.
    pub fn about(&self, number: Option<&Phone>, sent: Option<&Phone>) -> Option<ConsentState> {
        let is_theirs = number.is_some() && number == self.number.as_ref().or(sent);
        (is_theirs || self.said.state == ConsentState::OptedOut).then_some(self.said.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opt_in_holds_for_its_number_and_an_opt_out_for_all() {
        let [a, b] = ["+491711234567", "+491719999999"].map(|text| Phone::parse(text, None).unwrap());
        let given = NumberConsent::latest(None, said(ConsentState::OptedIn, 10), Some(a.clone()));
        assert_eq!(given.about(Some(&a), None), Some(ConsentState::OptedIn));
        assert_eq!(given.about(Some(&b), Some(&b)), None);
        assert_eq!(given.about(None, None), None);
        // Said again with the next profile: it is still about the first number.
        let again = NumberConsent::latest(Some(given.clone()), given.said.clone(), Some(b.clone()));
        assert_eq!(again, given);
        let out = NumberConsent::latest(Some(given), said(ConsentState::OptedOut, 11), Some(a.clone()));
        assert_eq!(out.about(Some(&b), None), Some(ConsentState::OptedOut));
        // Stored before the number was noted.
        let old: NumberConsent =
            serde_json::from_str(r#"{"state":"opted_in","at":"2026-11-03T09:00:00Z"}"#).unwrap();
        assert_eq!(old.about(Some(&a), Some(&a)), Some(ConsentState::OptedIn));
        assert_eq!(old.about(Some(&a), None), None);
    }

    fn said(state: ConsentState, second: i64) -> Consent {
        Consent { state, at: Timestamp::from_second(second).unwrap() }
    }

    #[test]
    fn the_later_statement_holds_whatever_the_order_of_arrival() {
        let out = said(ConsentState::OptedOut, 20);
        let early = said(ConsentState::OptedIn, 10);
        let late = said(ConsentState::OptedIn, 30);
        assert_eq!(Consent::latest(Some(out.clone()), early.clone()), out);
        assert_eq!(Consent::latest(Some(early), out.clone()), out);
        assert_eq!(Consent::latest(Some(out), late.clone()), late);
    }

    #[test]
    fn an_opt_out_wins_a_tie() {
        let (out, same) = (said(ConsentState::OptedOut, 20), said(ConsentState::OptedIn, 20));
        assert_eq!(Consent::latest(Some(out.clone()), same.clone()), out);
        assert_eq!(Consent::latest(Some(same), out.clone()), out);
    }
}
