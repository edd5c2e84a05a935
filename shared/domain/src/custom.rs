//! What only some stores want to know of a person: the home address, the merchant's note, metafields, and what was
//! asked at the checkout. One fact per source, each with its own clock.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The merchant's note on a customer.
pub const NOTE: &str = "note";

/// The source of a metafield of the customer.
pub fn metafield_source(namespace: &str, key: &str) -> String {
    format!("metafields.{namespace}.{key}")
}

/// The source of what was asked at the checkout, by the name it was asked under.
pub fn note_attribute_source(name: &str) -> String {
    format!("note_attributes.{name}")
}

/// The source of one field of the customer's home address, such as `city`.
pub fn address_source(field: &str) -> String {
    format!("default_address.{field}")
}

/// What a notice says under one source. Only what is known to be empty is `None`: a key that a body leaves out is no
/// fact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomFact {
    /// The version: of the customer, or the time of the order it belongs to (the latest order's word counts, also if
    /// an older one is edited later).
    pub at: Timestamp,
    /// Where several bodies tell of one order: the version of the body.
    pub edited_at: Option<Timestamp>,
    /// The text, as the platform has it.
    pub value: Option<String>,
}

/// What is remembered under one source.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomValue {
    /// The version last accepted.
    pub at: Timestamp,
    /// The second part of the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// The third part: when the webhook was triggered that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Timestamp>,
    /// The text; `None`: it is empty in the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether there was ever a value. Brevo is told of emptiness only then: what the shop never knew may be known to
    /// Brevo from elsewhere.
    #[serde(default)]
    pub given: bool,
}

/// Takes over every fact that is not older than what is there.
pub(crate) fn accept_custom(
    stored: &mut BTreeMap<String, CustomValue>,
    news: &BTreeMap<String, CustomFact>,
    triggered_at: Option<Timestamp>,
) {
    for (source, new) in news {
        let old = stored.get(source);
        let version = (new.at, new.edited_at, triggered_at, &new.value);
        if old.is_some_and(|old| version < (old.at, old.edited_at, old.triggered_at, &old.value)) {
            continue;
        }
        let given = new.value.is_some() || old.is_some_and(|old| old.given);
        let (at, edited_at, value) = (new.at, new.edited_at, new.value.clone());
        let value = CustomValue { at, edited_at, triggered_at, value, given };
        stored.insert(source.clone(), value);
    }
}

// Addresses and notes are personal, metafields may be.
impl fmt::Debug for CustomFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomFact(… at {})", self.at)
    }
}

impl fmt::Debug for CustomValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomValue(… at {})", self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(at: i64, edited_at: Option<i64>, value: Option<&str>) -> BTreeMap<String, CustomFact> {
        let time = |second| Timestamp::from_second(second).unwrap();
        let fact =
            CustomFact { at: time(at), edited_at: edited_at.map(time), value: value.map(str::to_owned) };
        BTreeMap::from([("note_attributes.size".to_owned(), fact)])
    }

    fn after(facts: &[BTreeMap<String, CustomFact>]) -> CustomValue {
        let mut stored = BTreeMap::new();
        facts.iter().for_each(|fact| accept_custom(&mut stored, fact, None));
        stored.remove("note_attributes.size").unwrap()
    }

    #[test]
    fn the_latest_orders_word_counts_however_the_bodies_arrive() {
        let first = fact(1, Some(1), Some("S"));
        let first_edited = fact(1, Some(9), Some("M"));
        let second = fact(5, Some(5), Some("L"));
        for facts in [
            [first.clone(), first_edited.clone(), second.clone()],
            [second.clone(), first_edited.clone(), first.clone()],
            [first_edited.clone(), second.clone(), first.clone()],
        ] {
            assert_eq!(after(&facts).value.as_deref(), Some("L"));
        }
        assert_eq!(after(&[first_edited, first]).value.as_deref(), Some("M"));
    }

    #[test]
    fn emptiness_is_news_only_where_there_was_a_value() {
        assert!(!after(&[fact(2, None, None)]).given);
        assert!(!after(&[fact(2, None, None), fact(1, None, Some("S"))]).given);
        assert!(after(&[fact(1, None, Some("S")), fact(2, None, None)]).given);
    }
}
