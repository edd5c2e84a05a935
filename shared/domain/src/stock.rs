//! How much there is of one variant, put together from statements that come in any order.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Version;
use crate::heal::is_future;
use crate::times::OLDER_THAN_ANYTHING;

/// Levels of one location kept besides the newest: more of them in between two totals are thinned out.
const LEVELS_KEPT: usize = 4;

/// Locations kept per variant; beyond it the one that was quiet for longest is forgotten.
const LOCATIONS_KEPT: usize = 40;

/// Something said at a time. Compact where it is stored, because a stock is written with every sale: milliseconds,
/// what was said, and the trigger in nanoseconds where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said<T> {
    at: i64,
    value: T,
    trigger: Option<i64>,
}

impl<T> Said<T> {
    fn new(version: Version, value: T) -> Self {
        let trigger = version.triggered_at.and_then(|at| i64::try_from(at.as_nanosecond()).ok());
        Self { at: version.at.as_millisecond(), value, trigger }
    }

    fn version(&self) -> Version {
        let triggered_at = self.trigger.and_then(|at| Timestamp::from_nanosecond(at.into()).ok());
        Version { at: Timestamp::from_millisecond(self.at).unwrap_or_default(), triggered_at }
    }
}

/// What is known of one variant's stock.
///
/// The shop's total comes as a whole (`inventory_quantity` of a product's body) and in parts (the level of one
/// location), each with its own clock. The answer depends only on what was said, not on when it came: the newest total,
/// plus how each location changed since. A location whose level at the time of that total is not known changes nothing
/// until the next total: taking it for the whole shop would raise false alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stock {
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    total: Option<Said<i64>>,
    #[serde(rename = "l", skip_serializing_if = "BTreeMap::is_empty")]
    levels: BTreeMap<String, Vec<Said<i64>>>,
    #[serde(rename = "k", skip_serializing_if = "Option::is_none")]
    tracked: Option<Said<bool>>,
    #[serde(rename = "c", skip_serializing_if = "std::ops::Not::not")]
    counted: bool,
}

/// What a stock means to a buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockState {
    /// None is left.
    Out,
    /// At the store's threshold or below it.
    Low,
    /// Enough.
    In,
}

/// A change of [`StockState`] that a shop owner wants to know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// From enough to low.
    Low,
    /// The last one is gone.
    Out,
    /// There are some again.
    Back,
}

impl StockState {
    /// The state of so many; `threshold`: from where on it is low.
    pub fn of(quantity: i64, threshold: Option<u64>) -> Self {
        match threshold.map(|threshold| i64::try_from(threshold).unwrap_or(i64::MAX)) {
            _ if quantity <= 0 => Self::Out,
            Some(threshold) if quantity <= threshold => Self::Low,
            _ => Self::In,
        }
    }

    /// What going from here to there is called; a rise from low to enough has no name.
    pub fn crossing(self, to: Self) -> Option<Crossing> {
        match (self, to) {
            (Self::In, Self::Low) => Some(Crossing::Low),
            (Self::In | Self::Low, Self::Out) => Some(Crossing::Out),
            (Self::Out, Self::In | Self::Low) => Some(Crossing::Back),
            _ => None,
        }
    }

    /// As it stands in Brevo's `metaInfo.stock_state`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Low => "low",
            Self::In => "in",
        }
    }
}

impl Crossing {
    /// The name of its event.
    pub fn event(self) -> &'static str {
        match self {
            Self::Low => "product_low_stock",
            Self::Out => "product_out_of_stock",
            Self::Back => "product_back_in_stock",
        }
    }

    /// The crossing of this event name.
    pub fn parse(event: &str) -> Option<Self> {
        [Self::Low, Self::Out, Self::Back].into_iter().find(|crossing| crossing.event() == event)
    }
}

impl Stock {
    /// The whole shop has so many. An older statement changes nothing, but one other than zero still shows that
    /// somebody counts.
    pub fn say_total(&mut self, version: Version, quantity: i64) {
        let said = Said::new(version, quantity);
        self.counted |= quantity != 0;
        if self.total.is_none_or(|known| is_newer(&known, &said)) {
            self.total = Some(said);
        }
        let total = self.total.map(|total| total.at);
        self.levels.values_mut().for_each(|levels| thin(levels, total));
    }

    /// One location has so many.
    pub fn say_level(&mut self, location: &str, version: Version, available: i64) {
        let said = Said::new(version, available);
        self.counted = true;
        let levels = self.levels.entry(location.to_owned()).or_default();
        match levels.binary_search_by_key(&said.at, |known| known.at) {
            Ok(index) if is_newer(&levels[index], &said) => levels[index] = said,
            Ok(_) => {}
            Err(index) => levels.insert(index, said),
        }
        thin(levels, self.total.map(|total| total.at));
        if self.levels.len() > LOCATIONS_KEPT {
            let quiet = self.levels.iter().min_by_key(|(_, levels)| levels.last().map(|level| level.at));
            let quiet = quiet.map(|(location, _)| location.clone()).unwrap_or_default();
            self.levels.remove(&quiet);
        }
    }

    /// The store counts this variant, or does not.
    pub fn say_tracked(&mut self, version: Version, tracked: bool) {
        let said = Said::new(version, tracked);
        // Of both at once: it is counted.
        let order = |said: &Said<bool>| (said.at, said.trigger, said.value);
        if self.tracked.is_none_or(|known| order(&known) <= order(&said)) {
            self.tracked = Some(said);
        }
    }

    /// Everything that another one heard.
    pub fn absorb(&mut self, other: &Self) {
        if let Some(total) = other.total {
            self.say_total(total.version(), total.value);
        }
        for (location, levels) in &other.levels {
            levels.iter().for_each(|level| self.say_level(location, level.version(), level.value));
        }
        if let Some(tracked) = other.tracked {
            self.say_tracked(tracked.version(), tracked.value);
        }
        self.counted |= other.counted;
    }

    /// How many there are in the whole shop, if anybody counts. A zero that nobody ever counted is no stock: bodies
    /// show it for what is not tracked, too.
    pub fn quantity(&self) -> Option<i64> {
        if !self.tracked.map_or(self.counted, |tracked| tracked.value) {
            return None;
        }
        let total = self.total?;
        let since = |levels: &Vec<Said<i64>>| match (levels.first(), levels.last()) {
            (Some(first), Some(last)) if first.at <= total.at => last.value.saturating_sub(first.value),
            _ => 0,
        };
        Some(self.levels.values().map(since).fold(total.value, i64::saturating_add))
    }

    /// Makes statements from the future, stored by a version that believed such times, older than any other.
    pub(crate) fn heal(&mut self, now: Timestamp) {
        let heal = |at: &mut i64| {
            if Timestamp::from_millisecond(*at).is_ok_and(|at| is_future(at, now)) {
                *at = OLDER_THAN_ANYTHING.as_millisecond();
            }
        };
        self.total.iter_mut().for_each(|said| heal(&mut said.at));
        self.tracked.iter_mut().for_each(|said| heal(&mut said.at));
        for levels in self.levels.values_mut() {
            levels.iter_mut().for_each(|said| heal(&mut said.at));
            levels.sort_unstable_by_key(|said| (said.at, said.value));
            levels.dedup_by_key(|said| said.at);
        }
    }

    /// When the newest of the statements was made.
    pub fn newest(&self) -> Timestamp {
        let levels = self.levels.values().filter_map(|levels| levels.last().map(|level| level.at));
        let whole =
            self.total.map(|total| total.at).into_iter().chain(self.tracked.map(|tracked| tracked.at));
        let newest = levels.chain(whole).max();
        newest.and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or_default()
    }
}

/// Whether a number holds over the one that is known. Of two with the same time and trigger, or none, the smaller one
/// does: what may be gone is not promised.
fn is_newer(known: &Said<i64>, said: &Said<i64>) -> bool {
    let order = |said: &Said<i64>| (said.at, said.trigger, std::cmp::Reverse(said.value));
    order(known) <= order(said)
}

/// Keeps what the answer, or a later total, can depend on: the newest level not newer than the total, and all newer
/// ones up to a bound.
fn thin(levels: &mut Vec<Said<i64>>, total: Option<i64>) {
    let old = total.map_or(0, |total| levels.partition_point(|level| level.at <= total));
    levels.drain(..old.saturating_sub(1));
    while levels.len() > LEVELS_KEPT {
        // The level at the time of the total stays: the change since is counted from it.
        levels.remove(usize::from(old > 0));
    }
}

impl<T: Serialize> Serialize for Said<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut tuple = to.serialize_tuple(2 + usize::from(self.trigger.is_some()))?;
        tuple.serialize_element(&self.at)?;
        tuple.serialize_element(&self.value)?;
        if let Some(trigger) = &self.trigger {
            tuple.serialize_element(trigger)?;
        }
        tuple.end()
    }
}

/// Reads what a version before this one stored, too: it has no trigger.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(SaidVisitor(std::marker::PhantomData))
    }
}

struct SaidVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SaidVisitor<T> {
    type Value = Said<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time, what was said, and perhaps its trigger")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let missing = || A::Error::invalid_length(0, &"a time and what was said");
        let at = parts.next_element()?.ok_or_else(missing)?;
        let value = parts.next_element()?.ok_or_else(missing)?;
        Ok(Said { at, value, trigger: parts.next_element()? })
    }
}

#[cfg(test)]
#[path = "stock_tests.rs"]
mod tests;
