//! Totals of several stores that feed one Brevo account: each needs attributes of its own.

use serde::Serialize;

use crate::{Mapped, Settings, effective_rules};

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
            "give this store attributes of its own in `field_mapping`, such as `{}: {}`; a `field_mapping` replaces the \
             default one, which `tajo mapping` shows",
            self.source, self.instead
        )
    }
}

/// The totals of a store (named `store`: an id, or anything that tells it from others) that go where totals of another
/// store go too. A store that is switched off fills nothing.
pub fn shared_totals(settings: &Settings, store: &str, other: &Settings) -> Vec<SharedTotal> {
    let theirs = totals(other);
    let is_shared = |own: &Mapped| theirs.iter().any(|their| their.attribute == own.attribute);
    let shared = totals(settings).into_iter().filter(is_shared);
    shared
        .map(|Mapped { source, attribute, .. }| SharedTotal {
            instead: instead(&attribute, store),
            source,
            attribute,
        })
        .collect()
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
        let own =
            "field_mapping: {first_name: FIRSTNAME, total_spent: TOTAL_SPENT_2, orders_count: ORDERS_2}";
        assert!(shared_totals(&Settings::from_yaml(own).unwrap(), "two", &default).is_empty());
        // Another total in the same attribute is no better.
        let crossed = Settings::from_yaml("field_mapping: {average_order_value: TOTAL_SPENT}").unwrap();
        assert_eq!(shared_totals(&crossed, "two", &default).len(), 1);
        let off = Settings::from_yaml("connectors: {shopify: {enabled: false}}").unwrap();
        assert!(shared_totals(&off, "off", &default).is_empty());
    }
}
