//! Totals of several stores that feed one Brevo account: each needs attributes of its own, or all show their sum.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use tajo_domain::{ContactRecord, FedTotals, Totals, Versioned};

use crate::{Mapped, Settings, TotalsOf, effective_rules};

/// Fields that add up what a person did in one store. Another store's value for the same person is another number.
pub const TOTALS: [&str; 5] =
    ["orders_count", "total_spent", "last_order_date", "average_order_value", "days_since_last_order"];

/// Longest name of an attribute that is suggested, as settings take it.
const LONGEST_NAME: usize = 50;

/// A total that two stores would take turns in overwriting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedTotal {
    /// The field, as `field_mapping` names it.
    pub source: String,
    /// The attribute that both fill.
    pub attribute: String,
    /// An attribute that this store could fill instead.
    pub instead: String,
}

impl SharedTotal {
    /// What to do about it. A mapping of one's own replaces the default one as a whole.
    pub fn way_out(&self) -> String {
        format!(
            "give this store attributes of its own in `field_mapping`, such as `{}: {}` (a `field_mapping` replaces the \
             default one, which `tajo mapping` shows), or write `totals: summed` in both, with one mapping of totals",
            self.source, self.instead
        )
    }
}

/// The totals of a store (named `store`: an id, or anything that tells it from others) that go where totals of another
/// store go too. A store that is switched off fills nothing.
pub fn shared_totals(settings: &Settings, store: &str, other: &Settings) -> Vec<SharedTotal> {
    let theirs = totals(other);
    let both_sum = [settings, other].iter().all(|settings| settings.totals == TotalsOf::Summed);
    let is_shared = |own: &Mapped| {
        // A sum is written by whichever store has news: into the same attributes, or one of them would be behind.
        let is_the_same = |their: &Mapped| both_sum && their.source == own.source;
        let clashes = |their: &Mapped| (their.attribute == own.attribute) != is_the_same(their);
        theirs.iter().any(clashes)
    };
    let shared = totals(settings).into_iter().filter(is_shared);
    shared
        .map(|Mapped { source, attribute, .. }| SharedTotal {
            instead: instead(&attribute, store),
            source,
            attribute,
        })
        .collect()
}

/// Whether a line of the mapping shows what is summed over stores.
pub(crate) fn is_summed(mapped: &Mapped, settings: &Settings) -> bool {
    settings.totals == TotalsOf::Summed && TOTALS.contains(&mapped.source.as_str())
}

/// The attributes that show the sum of what stores feed; what nobody feeds is left as it is. `Err`: two currencies cannot
/// be added up.
pub fn summed(
    fed: &[FedTotals],
    settings: &Settings,
    now: Timestamp,
) -> Result<BTreeMap<String, Value>, BTreeSet<String>> {
    let totals: Vec<&Totals> = fed.iter().filter_map(|fed| fed.totals.as_ref()).collect();
    let currencies: BTreeSet<String> =
        totals.iter().filter_map(|totals| Some(totals.currency.as_ref()?.as_str().to_owned())).collect();
    if currencies.len() > 1 {
        return Err(currencies);
    }
    let sum = Totals {
        orders: totals.iter().map(|totals| totals.orders).sum(),
        spent: totals.iter().map(|totals| totals.spent).sum::<Decimal>(),
        currency: totals.iter().find_map(|totals| totals.currency.clone()),
    };
    let everything = ContactRecord {
        totals: (!totals.is_empty()).then_some(Versioned { at: now, value: sum }),
        last_order_at: fed.iter().filter_map(|fed| fed.last_order_at).max(),
        ..ContactRecord::default()
    };
    let rules = effective_rules(settings).into_iter().filter(|mapped| is_summed(mapped, settings));
    Ok(rules.filter_map(|mapped| Some((mapped.attribute.clone(), mapped.read(&everything, now)?))).collect())
}

fn totals(settings: &Settings) -> Vec<Mapped> {
    let fed = settings.enabled && (settings.sync.customers || settings.sync.orders || settings.sync.carts);
    let rules = effective_rules(settings);
    rules.into_iter().filter(|mapped| fed && TOTALS.contains(&mapped.source.as_str())).collect()
}

fn instead(attribute: &str, store: &str) -> String {
    let suffix = store.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("{attribute}_{suffix}").chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_that_two_stores_would_overwrite_are_found_with_a_name_of_their_own() {
        let default = Settings::default();
        let shared = shared_totals(&default, "my-shop", &default);
        let lines: Vec<String> =
            shared.iter().map(|total| format!("{}: {}", total.source, total.instead)).collect();
        assert_eq!(
            lines,
            [
                "orders_count: ORDER_COUNT_MY_SHOP",
                "total_spent: TOTAL_SPENT_MY_SHOP",
                "last_order_date: LAST_ORDER_DATE_MY_SHOP"
            ]
        );
        let way_out = shared[0].way_out();
        assert!(
            way_out.contains("`orders_count: ORDER_COUNT_MY_SHOP`") && way_out.contains("`totals: summed`")
        );
        let own =
            "field_mapping: {first_name: FIRSTNAME, total_spent: TOTAL_SPENT_2, orders_count: ORDERS_2}";
        assert!(shared_totals(&Settings::from_yaml(own).unwrap(), "two", &default).is_empty());
        // Another total in the same attribute is no better.
        let crossed = Settings::from_yaml("field_mapping: {average_order_value: TOTAL_SPENT}").unwrap();
        assert_eq!(shared_totals(&crossed, "two", &default).len(), 1);
        // Sums are one number, if both write it into one attribute.
        let sums = |mapping: &str| {
            let yaml = format!("connectors: {{shopify: {{totals: summed}}}}\nfield_mapping: {{{mapping}}}");
            Settings::from_yaml(&yaml).unwrap()
        };
        assert!(shared_totals(&sums(""), "two", &sums("")).is_empty());
        assert_eq!(shared_totals(&sums(""), "two", &default).len(), 3, "a sum and a total of one's own");
        assert_eq!(
            shared_totals(&sums("total_spent: SPENT"), "two", &sums("")).len(),
            1,
            "one would be behind"
        );
        assert_eq!(shared_totals(&sums("total_spent: ORDER_COUNT"), "two", &sums("")).len(), 1);
        assert!(shared_totals(&sums("first_name: FIRSTNAME"), "two", &sums("")).is_empty());
        let off = Settings::from_yaml("connectors: {shopify: {enabled: false}}").unwrap();
        assert!(shared_totals(&off, "off", &default).is_empty());
    }
}
