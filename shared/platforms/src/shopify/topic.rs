//! The webhook topics of Shopify.

use crate::TopicKind;

/// What a webhook is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A customer account appears.
    CustomersCreate,
    /// A customer account changes.
    CustomersUpdate,
    /// A customer account is deleted.
    CustomersDelete,
    /// An order is placed.
    OrdersCreate,
    /// Anything about an order changes.
    OrdersUpdated,
    /// A checkout begins.
    CheckoutsCreate,
    /// A step in a checkout.
    CheckoutsUpdate,
    /// Compliance: a person asks what is stored.
    CustomersDataRequest,
    /// Compliance: a person is to be erased.
    CustomersRedact,
    /// Compliance: a shop is to be erased.
    ShopRedact,
    /// The app was removed from the shop.
    AppUninstalled,
    /// The rights that the shop granted changed.
    AppScopesUpdate,
    /// Known, but handled by a later version.
    NotYet(&'static str),
    /// None that we know.
    Unknown(String),
}

/// Every topic with a variant of its own.
const NAMED: &[(&str, Topic)] = &[
    ("customers/create", Topic::CustomersCreate),
    ("customers/update", Topic::CustomersUpdate),
    ("customers/delete", Topic::CustomersDelete),
    ("orders/create", Topic::OrdersCreate),
    ("orders/updated", Topic::OrdersUpdated),
    ("checkouts/create", Topic::CheckoutsCreate),
    ("checkouts/update", Topic::CheckoutsUpdate),
    ("customers/data_request", Topic::CustomersDataRequest),
    ("customers/redact", Topic::CustomersRedact),
    ("shop/redact", Topic::ShopRedact),
    ("app/uninstalled", Topic::AppUninstalled),
    ("app/scopes_update", Topic::AppScopesUpdate),
];

/// Topics that a later version handles.
const NOT_YET: &[&str] = &[
    "bulk_operations/finish",
    "carts/create",
    "carts/update",
    "checkouts/delete",
    "customer.tags_added",
    "customer.tags_removed",
    "customers/disable",
    "customers/enable",
    "customers/merge",
    "customers/purchasing_summary",
    "customers_email_marketing_consent/update",
    "customers_marketing_consent/update",
    "customers_whats_app_marketing_consent/update",
    "fulfillments/create",
    "fulfillments/update",
    "inventory_items/create",
    "inventory_items/delete",
    "inventory_items/update",
    "inventory_levels/update",
    "orders/cancelled",
    "orders/delete",
    "orders/edited",
    "orders/fulfilled",
    "orders/paid",
    "orders/partially_fulfilled",
    "products/create",
    "products/delete",
    "products/update",
    "refunds/create",
    "variants/in_stock",
    "variants/out_of_stock",
];

impl Topic {
    /// Reads the topic header.
    pub fn parse(text: &str) -> Self {
        if let Some((_, topic)) = NAMED.iter().find(|(name, _)| *name == text) {
            return topic.clone();
        }
        match NOT_YET.iter().find(|name| **name == text) {
            Some(name) => Self::NotYet(name),
            None => Self::Unknown(text.to_owned()),
        }
    }

    /// The topic as Shopify writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotYet(name) => name,
            Self::Unknown(text) => text,
            named => NAMED.iter().find(|(_, topic)| topic == named).map_or("", |(name, _)| name),
        }
    }

    /// What becomes of its notices.
    pub fn kind(&self) -> TopicKind {
        match self {
            Self::CustomersCreate
            | Self::CustomersUpdate
            | Self::CustomersDelete
            | Self::OrdersCreate
            | Self::OrdersUpdated
            | Self::CheckoutsCreate
            | Self::CheckoutsUpdate
            | Self::AppScopesUpdate => TopicKind::Live,
            Self::CustomersDataRequest | Self::CustomersRedact | Self::ShopRedact | Self::AppUninstalled => {
                TopicKind::MustKeep
            }
            Self::NotYet(_) => TopicKind::Later,
            Self::Unknown(_) => TopicKind::Unknown,
        }
    }

    /// Whether the law wants an answer even when the shop has left: these are also sent after an uninstall.
    pub fn is_compliance(&self) -> bool {
        matches!(self, Self::CustomersDataRequest | Self::CustomersRedact | Self::ShopRedact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_keeps_its_name() {
        let known = NAMED.iter().map(|(name, _)| name).chain(NOT_YET);
        for name in known.chain(&["", "orders/exploded", "Orders/Create"]) {
            assert_eq!(Topic::parse(name).as_str(), *name);
        }
        assert_eq!(Topic::parse("orders/paid").kind(), TopicKind::Later);
        assert_eq!(Topic::parse("Orders/Create").kind(), TopicKind::Unknown);
    }

    #[test]
    fn what_the_law_wants_is_never_dropped() {
        for name in ["customers/data_request", "customers/redact", "shop/redact"] {
            assert!(Topic::parse(name).is_compliance());
            assert_eq!(Topic::parse(name).kind(), TopicKind::MustKeep);
        }
        assert_eq!(Topic::parse("app/uninstalled").kind(), TopicKind::MustKeep);
        assert!(!Topic::parse("app/uninstalled").is_compliance());
    }
}
