//! May we write to this person, and who said so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

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
