//! Which calls the items at hand leave in. Pure: what may be sent is passed in.
//!
//! Four rules hold whatever there is to send: no call carries more than Brevo takes, no id is twice in one call, two items
//! of one subject (the events of a contact, the states of a product) never change places, because a subject takes one
//! road at a time, in the order of its items; and something leaves whenever a call may leave. A subject that is larger
//! than the calls that were granted leaves in parts, its first items first.

use std::collections::HashMap;

use crate::{Item, Kind, Request};

/// What is sent as one: an item, or the newest state of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// What is sent.
    pub item: Item,
    /// Which of the items share its fate.
    pub members: Vec<usize>,
}

/// How many calls may be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supply {
    /// On the road of single items.
    pub alone: usize,
    /// On the road of batches.
    pub together: usize,
}

/// Calls, as indexes of units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Chains of single calls: within a chain one after another, the chains side by side.
    pub alone: Vec<Vec<usize>>,
    /// Batches, to be sent in this order.
    pub together: Vec<Vec<usize>>,
    /// What must wait.
    pub left: Vec<usize>,
}

/// Bytes around the items of a batch: the names of its fields.
const ENVELOPE_BYTES: usize = 100;

/// Of an order, product or category the newest state is enough: earlier ones are folded into it, at the place of the
/// first. The items are of one kind.
pub fn collapse(items: &[Item]) -> Vec<Unit> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut units: Vec<Unit> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if let Some(id) = item.id() {
            if let Some(unit) = places.get(id).and_then(|place| units.get_mut(*place)) {
                unit.item = unit.item.merged(item);
                unit.members.push(index);
                continue;
            }
            places.insert(id.to_owned(), units.len());
        }
        units.push(Unit { item: item.clone(), members: vec![index] });
    }
    units
}

/// How many calls each road would take for all of them, at most.
pub fn needs(kind: Kind, units: &[Unit]) -> Supply {
    let everything = plan(kind, units, Supply { alone: 0, together: usize::MAX });
    Supply { alone: units.len(), together: everything.together.len() + everything.left.len() }
}

/// Whether a batch call could carry anything now: the next item of at least one subject fits into one. Otherwise a batch
/// call that is granted sends nothing, and only single calls help.
pub fn can_batch(kind: Kind, units: &[Unit]) -> bool {
    let first_fits =
        |subject: &Vec<usize>| subject.first().is_some_and(|unit| fits(kind, &units[*unit].item));
    kind.alone().is_none() || subjects(units).iter().any(first_fits)
}

/// Puts the units into batches as far as those are granted, then on single calls, subject by subject. Of a subject for
/// which the granted batches are too few, the first items leave and the others wait. What no batch can hold (a single
/// item beyond its bytes) goes alone, or is a batch of its own where there are no single calls.
pub fn plan(kind: Kind, units: &[Unit], supply: Supply) -> Plan {
    let mut plan = Plan::default();
    let mut room = Room { kind, granted: supply.together, open: None };
    let mut alone = if kind.alone().is_some() { supply.alone } else { 0 };
    for subject in subjects(units) {
        let sizes: Vec<usize> = subject.iter().map(|unit| size(&units[*unit].item)).collect();
        let batched = room.take(&subject, &sizes, &mut plan.together);
        if 0 < batched {
            // The rest stays on this road: a single call could overtake the batch.
            plan.left.extend(&subject[batched..]);
            continue;
        }
        let (now, later) = subject.split_at(subject.len().min(alone));
        alone -= now.len();
        if !now.is_empty() {
            plan.alone.push(now.to_vec());
        }
        plan.left.extend(later);
    }
    plan.left.sort_unstable();
    plan
}

/// The units of each subject, the subjects in the order in which they first appear.
fn subjects(units: &[Unit]) -> Vec<Vec<usize>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut subjects: Vec<Vec<usize>> = Vec::new();
    for (index, unit) in units.iter().enumerate() {
        let place = *places.entry(unit.item.subject()).or_insert(subjects.len());
        match subjects.get_mut(place) {
            Some(subject) => subject.push(index),
            None => subjects.push(vec![index]),
        }
    }
    subjects
}

fn size(item: &Item) -> usize {
    item.in_batch().to_string().len() + 1
}

/// Whether a batch can hold the item.
fn fits(kind: Kind, item: &Item) -> bool {
    ENVELOPE_BYTES + size(item) <= kind.most().1
}

/// The batches that may still be filled.
struct Room {
    kind: Kind,
    granted: usize,
    /// Bytes in the last batch.
    open: Option<usize>,
}

impl Room {
    /// Puts as many of a subject's first units into batches as there is room for. Answers how many.
    fn take(&mut self, subject: &[usize], sizes: &[usize], batches: &mut Vec<Vec<usize>>) -> usize {
        let (most, most_bytes) = self.kind.most();
        let has_single_calls = self.kind.alone().is_some();
        for (taken, (unit, size)) in subject.iter().zip(sizes).enumerate() {
            if has_single_calls && most_bytes < ENVELOPE_BYTES + size {
                return taken;
            }
            let is_open = batches.last().is_some_and(|batch| batch.len() < most);
            let before = match self.open.filter(|bytes| is_open && bytes + size <= most_bytes) {
                Some(bytes) => bytes,
                None if batches.len() < self.granted => {
                    batches.push(Vec::new());
                    ENVELOPE_BYTES
                }
                None => return taken,
            };
            self.open = Some(before + size);
            if let Some(batch) = batches.last_mut() {
                batch.push(*unit);
            }
        }
        subject.len()
    }
}

impl Plan {
    /// The call of a batch.
    pub fn batch(kind: Kind, units: &[Unit], batch: &[usize]) -> Request {
        kind.batch(batch.iter().map(|unit| units[*unit].item.in_batch()).collect())
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
