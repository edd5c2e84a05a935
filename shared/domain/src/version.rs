//! Which of two bodies about the same thing is the newer one.
//!
//! Platforms stamp what they send with whole seconds, so two bodies may carry the same time. Then the moment at which
//! the platform triggered the webhook decides, where both bodies have one. Where that is missing or equal, too, the
//! content decides by a fixed order, so that every order of arrival ends alike (`docs/decisions/0042`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of one body. Compares by its own time first, then by its trigger; a body without a trigger counts as
/// older than one that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The body's own time (`updated_at`), mostly in whole seconds.
    pub at: Timestamp,
    /// When the platform triggered the webhook, or when it was asked for what was fetched.
    pub triggered_at: Option<Timestamp>,
}

impl From<Timestamp> for Version {
    /// Of a body whose webhook has no trigger.
    fn from(at: Timestamp) -> Self {
        Self { at, triggered_at: None }
    }
}

/// When the webhooks were triggered that brought the facets of a contact as they are stored, by facet and in
/// nanoseconds. A facet without an entry was stored by a version before this one, or came without a trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Triggers(BTreeMap<String, i64>);

impl Triggers {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The trigger of what is stored of this facet.
    pub(crate) fn of(&self, facet: &str) -> Option<Timestamp> {
        self.0.get(facet).and_then(|at| Timestamp::from_nanosecond((*at).into()).ok())
    }

    /// What is stored of this facet now came with this trigger.
    pub(crate) fn note(&mut self, facet: &str, triggered_at: Option<Timestamp>) {
        match triggered_at.and_then(|at| i64::try_from(at.as_nanosecond()).ok()) {
            Some(at) => self.0.insert(facet.to_owned(), at),
            None => self.0.remove(facet),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_version_is_compared_by_its_own_time_and_then_by_its_trigger() {
        let version =
            |second, trigger: Option<i64>| Version { at: at(second), triggered_at: trigger.map(at) };
        assert!(version(5, Some(9)) < version(6, Some(1)));
        assert!(version(5, Some(1)) < version(5, Some(2)));
        assert!(version(5, None) < version(5, Some(1)));
    }
}
