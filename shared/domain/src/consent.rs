//! May we write to this person, and who said so.

use std::ops::Not;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::heal::is_future;
use crate::{Phone, Times};

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
    /// An opt-in that the platform gives no credible date for: it is older than any opt-out, whatever `at` says.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub undated: bool,
    /// The date of an opt-in that was counted at another time, or that counts no more. Bodies repeat an opt-in with its
    /// date; one with this date changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Timestamp>,
}

impl Consent {
    /// A statement with its date.
    pub fn new(state: ConsentState, at: Timestamp) -> Self {
        Self { state, at, undated: false, spent: None }
    }

    /// A statement as a body makes it. `dated`: the date that the platform gives for it, if any. `account_began`: when
    /// the account was created, where the body says it.
    ///
    /// Without a date, an opt-in counts from the beginning of the account and is never newer than an opt-out; an opt-out
    /// counts from its receipt. A date after the receipt is replaced by the time of the webhook (an opt-in) or of its
    /// receipt (an opt-out), once: the same opt-in in a later body is not a new one.
    pub fn stated(
        state: ConsentState,
        dated: Option<Timestamp>,
        account_began: Option<Timestamp>,
        times: &Times,
    ) -> Self {
        match (state, dated) {
            (_, Some(at)) if at <= times.received_at => Self::new(state, at),
            (ConsentState::OptedIn, Some(future)) => {
                Self { spent: Some(future), ..Self::new(state, times.happened_at()) }
            }
            (ConsentState::OptedIn, None) => {
                let began = account_began.unwrap_or(Timestamp::UNIX_EPOCH);
                Self { undated: true, ..Self::new(state, began.min(times.happened_at())) }
            }
            (ConsentState::OptedOut, _) => Self::new(state, times.received_at),
        }
    }

    /// Whether this is an opt-in that was given after `at`.
    pub fn is_yes_after(&self, at: Timestamp) -> bool {
        self.state == ConsentState::OptedIn && !self.undated && at < self.at
    }

    /// The statement that holds after `new` arrives: the later one; an opt-out wins a tie.
    pub fn latest(old: Option<Consent>, new: Consent) -> Consent {
        let Some(old) = old else { return new };
        let is_yes = new.state == ConsentState::OptedIn;
        if is_yes && old.spent.is_some_and(|spent| new.spent == Some(spent) || new.at == spent) {
            return old;
        }
        let new_holds = match (old.state, new.state) {
            (ConsentState::OptedIn, ConsentState::OptedOut) => !old.is_yes_after(new.at),
            (ConsentState::OptedOut, ConsentState::OptedIn) => new.is_yes_after(old.at),
            _ => (!old.undated, old.at) <= (!new.undated, new.at),
        };
        let (holds, other) = if new_holds { (new, old) } else { (old, new) };
        Consent { spent: holds.spent.or(other.spent), ..holds }
    }

    /// The same statement where the stored date lies after `now`, written by a version that believed such dates: an
    /// opt-in is undated from then on, an opt-out is of now.
    pub(crate) fn heal(&mut self, now: Timestamp) {
        if is_future(self.at, now) {
            if self.state == ConsentState::OptedIn {
                self.undated = true;
                self.spent = Some(self.at);
            }
            self.at = now;
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
        let is_old = (said.state, said.at) == (old.said.state, old.said.at);
        let number = if is_old { old.number.or(number) } else { number };
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
        Consent::new(state, Timestamp::from_second(second).unwrap())
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
