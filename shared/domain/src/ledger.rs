//! Which irreversible effects of one entity are still to be done, being done, or done.
//!
//! An effect obeys only this ledger, never the version of the body that asks for it (`docs/design`,
//! "Correct under retry"): a worker that accepted version 1, claimed its event and died must not lose the
//! event because version 2 arrived meanwhile.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Effects by key. The key comes from the source (`placed`, `refund:88`, `quiet:1764…`), never from dice.
///
/// Stored compactly: `0` is done, any other number is the millisecond until which a worker holds the claim; `1` is long
/// past, so the effect is free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger(BTreeMap<String, i64>);

/// Answer to "may I do this?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Yes: the caller now holds it.
    Mine,
    /// Another worker holds it; the notice that it works on answers for it.
    Busy,
    /// It was done.
    Done,
}

const DONE: i64 = 0;
const FREE: i64 = 1;

impl Ledger {
    /// Takes the effect if it is free or if the worker that held it is certainly gone.
    pub fn claim(&mut self, key: &str, now: Timestamp, until: Timestamp) -> Claim {
        match self.0.get(key) {
            Some(&DONE) => Claim::Done,
            Some(&held) if held > now.as_millisecond() => Claim::Busy,
            Some(_) | None => {
                self.0.insert(key.to_owned(), until.as_millisecond());
                Claim::Mine
            }
        }
    }

    /// Writes down that the effect happened.
    pub fn done(&mut self, key: &str) {
        self.0.insert(key.to_owned(), DONE);
    }

    /// Gives the effect back: it did not happen, and is still to be done. It stays known, so that the same body,
    /// which is no news by then, may finish it.
    pub fn release(&mut self, key: &str) {
        if let Some(held) = self.0.get_mut(key).filter(|held| **held != DONE) {
            *held = FREE;
        }
    }

    /// Whether the effect happened.
    pub fn is_done(&self, key: &str) -> bool {
        self.0.get(key) == Some(&DONE)
    }

    /// Whether somebody has ever taken the effect, and nobody has forgotten it since.
    pub fn knows(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Forgets all but the last `keep` done effects with this prefix, in the order of their keys, and answers which:
    /// the caller sees to it that nobody starts them again.
    pub fn forget_oldest_done(&mut self, prefix: &str, keep: usize) -> Vec<String> {
        let is_done =
            |(key, held): (&String, &i64)| (*held == DONE && key.starts_with(prefix)).then(|| key.clone());
        let mut done: Vec<String> = self.0.iter().filter_map(is_done).collect();
        done.truncate(done.len().saturating_sub(keep));
        self.0.retain(|key, _| !done.contains(key));
        done
    }

    /// Effects that somebody took and nobody has finished yet.
    pub fn unfinished(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, held)| **held != DONE).map(|(key, _)| key.as_str())
    }

    /// Every effect that is known, and whether it is done.
    pub fn entries(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().map(|(key, held)| (key.as_str(), *held == DONE))
    }

    /// Whether no effect was ever taken, or all are forgotten.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets done effects with this prefix: safe once a newer version was accepted, because a stale body
    /// only ever finishes an effect that is still in the ledger and never starts one.
    pub fn forget_done(&mut self, prefix: &str) {
        self.0.retain(|key, held| *held != DONE || !key.starts_with(prefix));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    #[test]
    fn an_effect_is_claimed_by_one_and_done_once() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.claim("placed", at(1), at(10)), Claim::Mine);
        assert_eq!(ledger.claim("placed", at(9), at(19)), Claim::Busy);
        ledger.done("placed");
        assert_eq!(ledger.claim("placed", at(100), at(110)), Claim::Done);
        assert!(ledger.is_done("placed"));
        ledger.claim("refund:88", at(100), at(110));
        let all: Vec<(&str, bool)> = ledger.entries().collect();
        assert_eq!(all, [("placed", true), ("refund:88", false)]);
    }

    #[test]
    fn a_claim_outlives_its_worker_only_until_it_expires() {
        let mut ledger = Ledger::default();
        ledger.claim("placed", at(1), at(10));
        assert_eq!(ledger.claim("placed", at(10), at(20)), Claim::Mine);
    }

    #[test]
    fn a_released_effect_is_free_and_a_done_one_cannot_be_released() {
        let mut ledger = Ledger::default();
        ledger.claim("placed", at(1), at(10));
        ledger.release("placed");
        assert!(ledger.knows("placed") && !ledger.is_done("placed"));
        assert_eq!(ledger.claim("placed", at(2), at(10)), Claim::Mine);
        ledger.done("placed");
        ledger.release("placed");
        assert!(ledger.is_done("placed"));
    }

    #[test]
    fn forgetting_keeps_what_is_not_done() {
        let mut ledger = Ledger::default();
        ledger.claim("updated:1", at(1), at(10));
        ledger.claim("updated:2", at(1), at(10));
        ledger.claim("created", at(1), at(10));
        ledger.done("updated:1");
        ledger.done("created");
        ledger.forget_done("updated:");
        assert!(!ledger.knows("updated:1") && ledger.knows("updated:2") && ledger.is_done("created"));
    }

    #[test]
    fn what_is_not_done_is_unfinished_and_an_empty_ledger_says_so() {
        let mut ledger = Ledger::default();
        assert!(ledger.is_empty());
        ledger.claim("placed", at(1), at(10));
        ledger.claim("paid", at(1), at(10));
        ledger.done("placed");
        assert!(!ledger.is_empty());
        assert_eq!(ledger.unfinished().collect::<Vec<_>>(), ["paid"]);
    }

    #[test]
    fn the_oldest_done_effects_of_a_kind_are_forgotten_and_named() {
        let mut ledger = Ledger::default();
        for key in ["tags:1", "tags:2", "tags:3", "tags:4", "placed"] {
            ledger.claim(key, at(1), at(10));
            ledger.done(key);
        }
        ledger.claim("tags:0", at(1), at(10));
        assert_eq!(ledger.forget_oldest_done("tags:", 2), ["tags:1", "tags:2"]);
        assert!(!ledger.knows("tags:1") && !ledger.knows("tags:2"));
        assert!(
            ledger.knows("tags:0")
                && ledger.knows("tags:3")
                && ledger.knows("tags:4")
                && ledger.knows("placed")
        );
        assert!(ledger.forget_oldest_done("tags:", 2).is_empty());
    }
}
