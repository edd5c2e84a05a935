//! The tags of a person, told as full sets and as single changes, in any order and any number of times.
//!
//! For each tag the latest statement holds: a full set states something about every tag, a change about the tags it
//! names. At the same moment a change beats a full set, and a removal beats an addition.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::contact::accept_facet;
use crate::heal::is_future;
use crate::times::OLDER_THAN_ANYTHING;
use crate::{ContactRecord, Triggers, Versioned, short_hash};

/// Tags that were added or removed at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagsDelta {
    /// When the platform says it happened.
    pub at: Timestamp,
    /// Tags the person has from then on.
    pub added: Vec<String>,
    /// Tags the person no longer has from then on.
    pub removed: Vec<String>,
}

/// What was said about single tags since the last full set, by tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagChanges(BTreeMap<String, TagChange>);

/// The last change of one tag: milliseconds, negative for a removal, and what orders changes of the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum TagChange {
    /// Its webhook has no trigger, or a version before this one stored it.
    Untriggered(i64),
    /// The trigger in nanoseconds.
    Triggered(i64, i64),
}

impl TagChange {
    fn new(change: i64, triggered_at: Option<Timestamp>) -> Self {
        match triggered_at.and_then(|at| i64::try_from(at.as_nanosecond()).ok()) {
            Some(trigger) => Self::Triggered(change, trigger),
            None => Self::Untriggered(change),
        }
    }

    fn change(self) -> i64 {
        match self {
            Self::Untriggered(change) | Self::Triggered(change, _) => change,
        }
    }

    fn trigger(self) -> Option<i64> {
        match self {
            Self::Untriggered(_) => None,
            Self::Triggered(_, trigger) => Some(trigger),
        }
    }

    fn at(self) -> i64 {
        self.change().abs()
    }

    fn is_removal(self) -> bool {
        self.change() < 0
    }

    /// Whether a full set of this moment knew of the change. Where nobody can tell, it did not.
    fn is_before(self, set_at: i64, set_trigger: Option<i64>) -> bool {
        let is_triggered_before = || self.trigger().zip(set_trigger).is_some_and(|(own, set)| own < set);
        self.at() < set_at || (self.at() == set_at && is_triggered_before())
    }
}

/// An addition of tags that an event is to tell of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagsAdded {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub tags: Vec<String>,
}

/// Shopify gives a customer at most 250 tags (admin help, "Tags"). Beyond this many changes without a full set the
/// oldest are forgotten, removals first.
const MOST_CHANGES: usize = 250;

/// Additions that wait for their contact, and told ones that are remembered so that they are not told again.
const MOST_REMEMBERED: usize = 16;

/// The full set in [`ContactRecord::triggers`].
const FULL_SET: &str = "t";

/// Keys of [`TagsAdded`] in the ledger begin like this.
const TOLD: &str = "tags:";

impl TagsDelta {
    /// The additions, if there are any.
    pub fn additions(&self) -> Option<TagsAdded> {
        (!self.added.is_empty()).then(|| TagsAdded { at: self.at, tags: self.added.clone() })
    }
}

impl TagsAdded {
    /// Names the fact, not its delivery: time and tags, whatever their order.
    pub fn key(&self) -> String {
        let mut tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        tags.sort_unstable();
        let hash = short_hash(&tags.join("\n"));
        format!("{TOLD}{:014}:{}", self.at.as_millisecond().max(0), hash.get(..8).unwrap_or_default())
    }
}

impl TagChanges {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn note(&mut self, tag: &str, change: TagChange) {
        let stored = self.0.entry(tag.to_owned()).or_insert(change);
        // The later one; of two at the same moment the one that was triggered later, and then the removal.
        let version = |change: TagChange| (change.at(), change.trigger(), change.is_removal());
        if version(*stored) < version(change) {
            *stored = change;
        }
    }

    /// Makes changes from the future, stored by a version that believed such times, older than any other.
    pub(crate) fn heal(&mut self, now: Timestamp) {
        let oldest = OLDER_THAN_ANYTHING.as_millisecond();
        for change in self.0.values_mut() {
            if Timestamp::from_millisecond(change.at()).is_ok_and(|at| is_future(at, now)) {
                *change = TagChange::Untriggered(if change.is_removal() { -oldest } else { oldest });
            }
        }
    }

    /// Drops what a full set of this moment has outdated, and what is too much.
    fn prune(&mut self, full_set: Option<(i64, Option<i64>)>) {
        if let Some((at, trigger)) = full_set {
            self.0.retain(|_, change| !change.is_before(at, trigger));
        }
        while self.0.len() > MOST_CHANGES {
            let oldest = self.0.iter().min_by_key(|(_, change)| (!change.is_removal(), change.at()));
            let Some(tag) = oldest.map(|(tag, _)| tag.clone()) else { return };
            self.0.remove(&tag);
        }
    }
}

impl ContactRecord {
    /// The tags as far as they are known: the last full set with the changes since. `None`: nobody said that the
    /// person has or had any.
    pub fn present_tags(&self) -> Option<Vec<String>> {
        let full_set = self.tags.as_ref().map(|tags| tags.value.as_slice());
        let is_removed = |tag: &String| self.tag_changes.0.get(tag).is_some_and(|change| change.is_removal());
        let mut tags: Vec<String> =
            full_set.unwrap_or_default().iter().filter(|tag| !is_removed(tag)).cloned().collect();
        for (tag, change) in &self.tag_changes.0 {
            if !change.is_removal() && !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        (full_set.is_some() || !self.tag_changes.is_empty()).then_some(tags)
    }

    /// Takes over a full set, a change, or both.
    pub(crate) fn accept_tags(
        &mut self,
        full_set: Option<&Versioned<Vec<String>>>,
        delta: Option<&TagsDelta>,
        triggers: &mut Triggers,
        triggered_at: Option<Timestamp>,
    ) {
        accept_facet(&mut self.tags, full_set, triggers, FULL_SET, triggered_at);
        if let Some(delta) = delta {
            // Before 1970, and at its very first moment, nobody tagged anything.
            let at = delta.at.as_millisecond().max(1);
            let change = |change| TagChange::new(change, triggered_at);
            delta.added.iter().for_each(|tag| self.tag_changes.note(tag, change(at)));
            delta.removed.iter().for_each(|tag| self.tag_changes.note(tag, change(-at)));
        }
        let trigger = triggers.of(FULL_SET).and_then(|at| i64::try_from(at.as_nanosecond()).ok());
        self.tag_changes.prune(self.tags.as_ref().map(|tags| (tags.at.as_millisecond(), trigger)));
    }

    /// Notes that an addition is to be told, unless it was told, or so many newer ones were that nobody remembers.
    pub fn tell_tags(&mut self, added: TagsAdded) {
        let key = added.key();
        let is_forgotten = self.tags_forgotten.is_some_and(|forgotten| added.at <= forgotten);
        if is_forgotten || self.effects.is_done(&key) || self.tags_to_tell.contains(&added) {
            return;
        }
        self.tags_to_tell.push(added);
        self.tags_to_tell.sort_by_key(|added| added.at);
        let surplus = self.tags_to_tell.len().saturating_sub(MOST_REMEMBERED);
        self.tags_to_tell.drain(..surplus);
    }

    /// Drops additions that were told, and remembers only the newest of them.
    pub fn settle_tags(&mut self) {
        let effects = &self.effects;
        self.tags_to_tell.retain(|added| !effects.is_done(&added.key()));
        for key in self.effects.forget_oldest_done(TOLD, MOST_REMEMBERED) {
            let millisecond = key.split(':').nth(1).and_then(|text| text.parse().ok());
            let at = millisecond.and_then(|at| Timestamp::from_millisecond(at).ok());
            self.tags_forgotten = self.tags_forgotten.max(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn added(second: i64, tag: &str) -> TagsAdded {
        TagsAdded { at: at(second), tags: vec![tag.to_owned()] }
    }

    fn told(record: &ContactRecord, second: i64, add: &[&str], remove: &[&str]) -> ContactRecord {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        let mut record = record.clone();
        let delta = TagsDelta { at: at(second), added: owned(add), removed: owned(remove) };
        record.accept_tags(None, Some(&delta), &mut Triggers::default(), None);
        record
    }

    #[test]
    fn a_removal_beats_an_older_addition_and_one_of_the_same_moment() {
        let record = told(&ContactRecord::default(), 5, &["vip", "new"], &[]);
        assert_eq!(record.present_tags().unwrap(), ["new", "vip"]);
        let record = told(&told(&record, 5, &[], &["vip"]), 4, &["vip"], &["new"]);
        assert_eq!(record.present_tags().unwrap(), ["new"]);
        let record = told(&record, 6, &["vip"], &[]);
        assert_eq!(record.present_tags().unwrap(), ["new", "vip"]);
    }

    #[test]
    fn a_full_set_makes_the_changes_before_it_superfluous() {
        let mut record = told(&ContactRecord::default(), 5, &["vip"], &["new"]);
        let full_set = Versioned { at: at(6), value: vec!["b2b".to_owned()] };
        record.accept_tags(Some(&full_set), None, &mut Triggers::default(), None);
        assert!(record.tag_changes.is_empty());
        let record = told(&told(&record, 5, &["late"], &[]), 7, &["vip"], &[]);
        assert_eq!(record.present_tags().unwrap(), ["b2b", "vip"]);
    }

    #[test]
    fn the_number_of_changes_is_bounded() {
        let mut record = ContactRecord::default();
        for second in 1..=300 {
            record = told(&record, second, &[&format!("t{second}")], &[]);
        }
        assert_eq!(record.present_tags().unwrap().len(), MOST_CHANGES);
    }

    #[test]
    fn an_addition_is_told_once_however_often_it_comes() {
        let mut record = ContactRecord::default();
        for second in 1..=40 {
            record.tell_tags(added(second, "vip"));
            record.tell_tags(added(second, "vip"));
            assert_eq!(record.tags_to_tell.len(), 1);
            record.effects.done(&added(second, "vip").key());
            record.settle_tags();
            assert!(record.tags_to_tell.is_empty());
        }
        for second in 1..=40 {
            record.tell_tags(added(second, "vip"));
        }
        assert!(record.tags_to_tell.is_empty(), "what nobody remembers is old");
    }

    #[test]
    fn the_key_of_an_addition_is_the_same_whatever_the_order_of_its_tags() {
        let pair = |one: &str, two: &str| TagsAdded { at: at(1), tags: vec![one.to_owned(), two.to_owned()] };
        assert_eq!(pair("a", "b").key(), pair("b", "a").key());
        assert_ne!(pair("a", "b").key(), added(1, "a").key());
    }
}
