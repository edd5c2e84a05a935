//! The webhook topics of Shopify.

use crate::TopicKind;
use crate::TopicKind::{Live, MustKeep};

/// What a webhook is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A customer account appears.
    CustomersCreate,
    /// A customer account changes.
    CustomersUpdate,
    /// A customer account is deleted.
    CustomersDelete,
    /// A customer account is switched on.
    CustomersEnable,
    /// A customer account is switched off.
    CustomersDisable,
    /// Two customers become one.
    CustomersMerge,
    /// Tags of a customer come.
    CustomerTagsAdded,
    /// Tags of a customer go.
    CustomerTagsRemoved,
    /// What a customer has bought so far.
    CustomersPurchasingSummary,
    /// What a customer said about emails.
    EmailConsent,
    /// What a customer said about text messages.
    SmsConsent,
    /// What a customer said about WhatsApp.
    WhatsappConsent,
    /// An order is placed.
    OrdersCreate,
    /// Anything about an order changes.
    OrdersUpdated,
    /// An order was paid in full.
    OrdersPaid,
    /// The last of an order was shipped.
    OrdersFulfilled,
    /// A part of an order was shipped.
    OrdersPartiallyFulfilled,
    /// An order was cancelled.
    OrdersCancelled,
    /// Lines of an order were added or removed.
    OrdersEdited,
    /// An order was deleted.
    OrdersDelete,
    /// Money or goods went back.
    RefundsCreate,
    /// A shipment was made.
    FulfillmentsCreate,
    /// A shipment changed.
    FulfillmentsUpdate,
    /// A cart begins.
    CartsCreate,
    /// A cart changes.
    CartsUpdate,
    /// A checkout was deleted.
    CheckoutsDelete,
    /// A checkout begins.
    CheckoutsCreate,
    /// A step in a checkout.
    CheckoutsUpdate,
    /// A product appears.
    ProductsCreate,
    /// Anything about a product changes, or one is sold.
    ProductsUpdate,
    /// A product is deleted.
    ProductsDelete,
    /// A collection appears.
    CollectionsCreate,
    /// A collection changes.
    CollectionsUpdate,
    /// A collection is deleted.
    CollectionsDelete,
    /// The stock at one location changes.
    InventoryLevelsUpdate,
    /// Something to be counted appears.
    InventoryItemsCreate,
    /// Something to be counted changes.
    InventoryItemsUpdate,
    /// Something to be counted is gone.
    InventoryItemsDelete,
    /// A variant can be bought again.
    VariantsInStock,
    /// The last one of a variant is gone.
    VariantsOutOfStock,
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
    /// A bulk operation of ours came to its end.
    BulkOperationsFinish,
    /// None that we know.
    Unknown(String),
}

/// Every topic with a variant of its own, its name, and what becomes of its notices.
#[rustfmt::skip]
const NAMED: &[(&str, Topic, TopicKind)] = &[
    ("customers/create", Topic::CustomersCreate, Live),
    ("customers/update", Topic::CustomersUpdate, Live),
    ("customers/delete", Topic::CustomersDelete, Live),
    ("customers/enable", Topic::CustomersEnable, Live),
    ("customers/disable", Topic::CustomersDisable, Live),
    ("customers/merge", Topic::CustomersMerge, Live),
    ("customer.tags_added", Topic::CustomerTagsAdded, Live),
    ("customer.tags_removed", Topic::CustomerTagsRemoved, Live),
    ("customers/purchasing_summary", Topic::CustomersPurchasingSummary, Live),
    ("customers_email_marketing_consent/update", Topic::EmailConsent, Live),
    ("customers_marketing_consent/update", Topic::SmsConsent, Live),
    ("customers_whats_app_marketing_consent/update", Topic::WhatsappConsent, Live),
    ("orders/create", Topic::OrdersCreate, Live),
    ("orders/updated", Topic::OrdersUpdated, Live),
    ("orders/paid", Topic::OrdersPaid, Live),
    ("orders/fulfilled", Topic::OrdersFulfilled, Live),
    ("orders/partially_fulfilled", Topic::OrdersPartiallyFulfilled, Live),
    ("orders/cancelled", Topic::OrdersCancelled, Live),
    ("orders/edited", Topic::OrdersEdited, Live),
    ("orders/delete", Topic::OrdersDelete, Live),
    ("refunds/create", Topic::RefundsCreate, Live),
    ("fulfillments/create", Topic::FulfillmentsCreate, Live),
    ("fulfillments/update", Topic::FulfillmentsUpdate, Live),
    ("carts/create", Topic::CartsCreate, Live),
    ("carts/update", Topic::CartsUpdate, Live),
    ("checkouts/delete", Topic::CheckoutsDelete, Live),
    ("checkouts/create", Topic::CheckoutsCreate, Live),
    ("checkouts/update", Topic::CheckoutsUpdate, Live),
    ("products/create", Topic::ProductsCreate, Live),
    ("products/update", Topic::ProductsUpdate, Live),
    ("products/delete", Topic::ProductsDelete, Live),
    ("collections/create", Topic::CollectionsCreate, Live),
    ("collections/update", Topic::CollectionsUpdate, Live),
    ("collections/delete", Topic::CollectionsDelete, Live),
    ("inventory_levels/update", Topic::InventoryLevelsUpdate, Live),
    ("inventory_items/create", Topic::InventoryItemsCreate, Live),
    ("inventory_items/update", Topic::InventoryItemsUpdate, Live),
    ("inventory_items/delete", Topic::InventoryItemsDelete, Live),
    ("variants/in_stock", Topic::VariantsInStock, Live),
    ("variants/out_of_stock", Topic::VariantsOutOfStock, Live),
    ("customers/data_request", Topic::CustomersDataRequest, MustKeep),
    ("customers/redact", Topic::CustomersRedact, MustKeep),
    ("shop/redact", Topic::ShopRedact, MustKeep),
    ("app/uninstalled", Topic::AppUninstalled, MustKeep),
    ("app/scopes_update", Topic::AppScopesUpdate, Live),
    ("bulk_operations/finish", Topic::BulkOperationsFinish, Live),
];

impl Topic {
    /// Every topic that is worked on, as Shopify writes it.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, ..)| *name)
    }

    /// Reads the topic header.
    pub fn parse(text: &str) -> Self {
        let named = NAMED.iter().find(|(name, ..)| *name == text);
        named.map_or_else(|| Self::Unknown(text.to_owned()), |(_, topic, _)| topic.clone())
    }

    /// The topic as Shopify writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown(text) => text,
            named => NAMED.iter().find(|(_, topic, _)| topic == named).map_or("", |(name, ..)| name),
        }
    }

    /// What becomes of its notices.
    pub fn kind(&self) -> TopicKind {
        NAMED.iter().find(|(_, topic, _)| topic == self).map_or(TopicKind::Unknown, |(.., kind)| *kind)
    }

    /// Whether it says that something is gone which the platform can be asked for.
    pub fn is_deletion(&self) -> bool {
        matches!(
            self,
            Self::CustomersDelete
                | Self::CustomersMerge
                | Self::OrdersDelete
                | Self::ProductsDelete
                | Self::CollectionsDelete
                | Self::InventoryItemsDelete
        )
    }

    /// Whether the law wants an answer even when the shop has left: these are also sent after an uninstall.
    pub fn is_compliance(&self) -> bool {
        matches!(self, Self::CustomersDataRequest | Self::CustomersRedact | Self::ShopRedact)
    }

    /// Whether a webhook of it takes something away: a deletion, a merge, a compliance request, the end of the app. Forwarded
    /// without its signature it needs a key that may vouch for it.
    pub fn takes_away(&self) -> bool {
        match self {
            Self::CustomersDelete
            | Self::CustomersMerge
            | Self::OrdersDelete
            | Self::CheckoutsDelete
            | Self::ProductsDelete
            | Self::CollectionsDelete
            | Self::InventoryItemsDelete
            | Self::CustomersDataRequest
            | Self::CustomersRedact
            | Self::ShopRedact
            | Self::AppUninstalled => true,
            Self::CustomersCreate
            | Self::CustomersUpdate
            | Self::CustomersEnable
            | Self::CustomersDisable
            | Self::CustomerTagsAdded
            | Self::CustomerTagsRemoved
            | Self::CustomersPurchasingSummary
            | Self::EmailConsent
            | Self::SmsConsent
            | Self::WhatsappConsent
            | Self::OrdersCreate
            | Self::OrdersUpdated
            | Self::OrdersPaid
            | Self::OrdersFulfilled
            | Self::OrdersPartiallyFulfilled
            | Self::OrdersCancelled
            | Self::OrdersEdited
            | Self::RefundsCreate
            | Self::FulfillmentsCreate
            | Self::FulfillmentsUpdate
            | Self::CartsCreate
            | Self::CartsUpdate
            | Self::CheckoutsCreate
            | Self::CheckoutsUpdate
            | Self::ProductsCreate
            | Self::ProductsUpdate
            | Self::CollectionsCreate
            | Self::CollectionsUpdate
            | Self::InventoryLevelsUpdate
            | Self::InventoryItemsCreate
            | Self::InventoryItemsUpdate
            | Self::VariantsInStock
            | Self::VariantsOutOfStock
            | Self::AppScopesUpdate
            | Self::BulkOperationsFinish
            | Self::Unknown(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_keeps_its_name() {
        let known = NAMED.iter().map(|(name, ..)| name);
        for name in known.chain(&["", "orders/exploded", "Orders/Create"]) {
            assert_eq!(Topic::parse(name).as_str(), *name);
        }
        assert_eq!(Topic::parse("bulk_operations/finish").kind(), Live);
        assert_eq!(Topic::parse("Orders/Create").kind(), TopicKind::Unknown);
    }

    #[test]
    fn deletions_merges_compliance_and_the_end_of_the_app_take_something_away() {
        for (name, topic, kind) in NAMED {
            let expected = name.ends_with("/delete") || *name == "customers/merge" || *kind == MustKeep;
            assert_eq!(topic.takes_away(), expected, "{name}");
        }
    }

    #[test]
    fn what_the_law_wants_is_never_dropped() {
        for name in ["customers/data_request", "customers/redact", "shop/redact"] {
            assert!(Topic::parse(name).is_compliance());
            assert_eq!(Topic::parse(name).kind(), MustKeep);
        }
        assert_eq!(Topic::parse("app/uninstalled").kind(), MustKeep);
        assert!(!Topic::parse("app/uninstalled").is_compliance());
    }
}
