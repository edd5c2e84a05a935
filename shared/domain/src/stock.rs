//! How much there is of one variant, put together from statements that come in any order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Levels of one location kept besides the newest: more of them in between two totals are thinned out.
const LEVELS_KEPT: usize = 4;

/// Locations kept per variant; beyond it the one that was quiet for longest is forgotten.
const LOCATIONS_KEPT: usize = 40;

/// Something said at a time, in milliseconds: compact, because a stock is written with every sale.
type Said<T> = (i64, T);

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
    pub fn say_total(&mut self, at: Timestamp, quantity: i64) {
        let at = at.as_millisecond();
        self.counted |= quantity != 0;
        if self.total.is_none_or(|(known, _)| known <= at) {
            self.total = Some((at, quantity));
        }
        let total = self.total.map(|(at, _)| at);
        self.levels.values_mut().for_each(|levels| thin(levels, total));
    }

    /// One location has so many.
    pub fn say_level(&mut self, location: &str, at: Timestamp, available: i64) {
        let at = at.as_millisecond();
        self.counted = true;
        let levels = self.levels.entry(location.to_owned()).or_default();
        match levels.binary_search_by_key(&at, |(known, _)| *known) {
            Ok(index) => levels[index].1 = available,
            Err(index) => levels.insert(index, (at, available)),
        }
        thin(levels, self.total.map(|(at, _)| at));
        if self.levels.len() > LOCATIONS_KEPT {
            let quiet = self.levels.iter().min_by_key(|(_, levels)| levels.last().map(|(at, _)| *at));
            let quiet = quiet.map(|(location, _)| location.clone()).unwrap_or_default();
            self.levels.remove(&quiet);
        }
    }

    /// The store counts this variant, or does not.
    pub fn say_tracked(&mut self, at: Timestamp, tracked: bool) {
        let at = at.as_millisecond();
        if self.tracked.is_none_or(|(known, _)| known <= at) {
            self.tracked = Some((at, tracked));
        }
    }

    /// Everything that another one heard.
    pub fn absorb(&mut self, other: &Self) {
        let time = |at: i64| Timestamp::from_millisecond(at).unwrap_or_default();
        if let Some((at, quantity)) = other.total {
            self.say_total(time(at), quantity);
        }
        for (location, levels) in &other.levels {
            levels.iter().for_each(|(at, available)| self.say_level(location, time(*at), *available));
        }
        if let Some((at, tracked)) = other.tracked {
            self.say_tracked(time(at), tracked);
        }
        self.counted |= other.counted;
    }

    /// How many there are in the whole shop, if anybody counts. A zero that nobody ever counted is no stock: bodies
    /// show it for what is not tracked, too.
    pub fn quantity(&self) -> Option<i64> {
        if !self.tracked.map_or(self.counted, |(_, tracked)| tracked) {
            return None;
        }
        let (at, total) = self.total?;
        let since = |levels: &Vec<Said<i64>>| match (levels.first(), levels.last()) {
            (Some(first), Some(last)) if first.0 <= at => last.1.saturating_sub(first.1),
            _ => 0,
        };
        Some(self.levels.values().map(since).fold(total, i64::saturating_add))
    }

    /// When the newest of the statements was made.
    pub fn newest(&self) -> Timestamp {
        let levels = self.levels.values().filter_map(|levels| levels.last().map(|(at, _)| *at));
        let newest = levels.chain(self.total.map(|(at, _)| at)).chain(self.tracked.map(|(at, _)| at)).max();
        newest.and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or_default()
    }
}

/// Keeps what the answer, or a later total, can depend on: the newest level not newer than the total, and all newer
/// ones up to a bound.
fn thin(levels: &mut Vec<Said<i64>>, total: Option<i64>) {
    let old = total.map_or(0, |total| levels.partition_point(|(at, _)| *at <= total));
    levels.drain(..old.saturating_sub(1));
    while levels.len() > LEVELS_KEPT {
        // The level at the time of the total stays: the change since is counted from it.
        levels.remove(usize::from(old > 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_location_changes_the_total_by_what_changed_there_since() {
        let mut stock = Stock::default();
        stock.say_level("berlin", at(1), 5);
        stock.say_total(at(2), 12);
        assert_eq!(stock.quantity(), Some(12));
        stock.say_level("berlin", at(3), 4);
        assert_eq!(stock.quantity(), Some(11), "seven lie somewhere else");
        stock.say_total(at(3), 11);
        assert_eq!(stock.quantity(), Some(11));
    }

    #[test]
    fn a_location_seen_for_the_first_time_raises_no_alarm() {
        let mut stock = Stock::default();
        stock.say_total(at(2), 12);
        stock.say_level("berlin", at(3), 0);
        assert_eq!(stock.quantity(), Some(12), "the others are not known");
        stock.say_total(at(4), 7);
        stock.say_level("berlin", at(5), 3);
        assert_eq!(stock.quantity(), Some(10));
    }

    #[test]
    fn an_older_level_is_no_news_whenever_it_comes() {
        let mut stock = Stock::default();
        stock.say_total(at(2), 12);
        stock.say_level("berlin", at(9), 3);
        stock.say_level("berlin", at(5), 8);
        stock.say_level("berlin", at(1), 12);
        assert_eq!(stock.quantity(), Some(3));
        assert_eq!(stock.newest(), at(9));
    }

    #[test]
    fn a_zero_that_nobody_counts_is_no_stock() {
        let mut stock = Stock::default();
        stock.say_total(at(2), 0);
        assert_eq!(stock.quantity(), None);
        stock.say_total(at(1), 4);
        assert_eq!(stock.quantity(), Some(0), "it was counted before");
        stock.say_tracked(at(3), false);
        assert_eq!(stock.quantity(), None);
    }

    #[test]
    fn the_levels_between_two_totals_are_bounded_and_the_answer_stays() {
        let mut stock = Stock::default();
        stock.say_level("berlin", at(1), 100);
        stock.say_total(at(2), 100);
        for second in 3..50 {
            stock.say_level("berlin", at(second), 100 - second);
        }
        assert_eq!(stock.quantity(), Some(51));
        for location in 0..100 {
            stock.say_level(&location.to_string(), at(100 + location), 1);
        }
        assert_eq!(stock.levels.len(), LOCATIONS_KEPT);
        assert!(stock.levels.values().all(|levels| levels.len() <= LEVELS_KEPT));
    }

    #[test]
    fn a_crossing_has_a_name_only_where_somebody_wants_to_know() {
        use StockState::{In, Low, Out};
        assert_eq!(
            [11, 10, 1, 0, -3].map(|quantity| StockState::of(quantity, Some(10))),
            [In, Low, Low, Out, Out]
        );
        assert_eq!(StockState::of(1, None), In);
        let crossings = [(In, Low), (In, Out), (Low, Out), (Out, Low), (Out, In), (Low, In), (In, In)];
        let names: Vec<_> =
            crossings.iter().map(|(from, to)| from.crossing(*to).map(Crossing::event)).collect();
        let (low, out, back) =
            (Some("product_low_stock"), Some("product_out_of_stock"), Some("product_back_in_stock"));
        assert_eq!(names, [low, out, out, back, back, None, None]);
    }
}
