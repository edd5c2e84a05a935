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

/// Every topic with a variant of its own.
const NAMED: &[(&str, Topic)] = &[
    ("customers/create", Topic::CustomersCreate),
    ("customers/update", Topic::CustomersUpdate),
    ("customers/delete", Topic::CustomersDelete),
    ("customers/enable", Topic::CustomersEnable),
    ("customers/disable", Topic::CustomersDisable),
    ("customers/merge", Topic::CustomersMerge),
    ("customer.tags_added", Topic::CustomerTagsAdded),
    ("customer.tags_removed", Topic::CustomerTagsRemoved),
    ("customers/purchasing_summary", Topic::CustomersPurchasingSummary),
    ("customers_email_marketing_consent/update", Topic::EmailConsent),
    ("customers_marketing_consent/update", Topic::SmsConsent),
    ("customers_whats_app_marketing_consent/update", Topic::WhatsappConsent),
    ("orders/create", Topic::OrdersCreate),
    ("orders/updated", Topic::OrdersUpdated),
    ("orders/paid", Topic::OrdersPaid),
    ("orders/fulfilled", Topic::OrdersFulfilled),
    ("orders/partially_fulfilled", Topic::OrdersPartiallyFulfilled),
    ("orders/cancelled", Topic::OrdersCancelled),
    ("orders/edited", Topic::OrdersEdited),
    ("orders/delete", Topic::OrdersDelete),
    ("refunds/create", Topic::RefundsCreate),
    ("fulfillments/create", Topic::FulfillmentsCreate),
    ("fulfillments/update", Topic::FulfillmentsUpdate),
    ("carts/create", Topic::CartsCreate),
    ("carts/update", Topic::CartsUpdate),
    ("checkouts/delete", Topic::CheckoutsDelete),
    ("checkouts/create", Topic::CheckoutsCreate),
    ("checkouts/update", Topic::CheckoutsUpdate),
    ("products/create", Topic::ProductsCreate),
    ("products/update", Topic::ProductsUpdate),
    ("products/delete", Topic::ProductsDelete),
    ("collections/create", Topic::CollectionsCreate),
    ("collections/update", Topic::CollectionsUpdate),
    ("collections/delete", Topic::CollectionsDelete),
    ("inventory_levels/update", Topic::InventoryLevelsUpdate),
    ("inventory_items/create", Topic::InventoryItemsCreate),
    ("inventory_items/update", Topic::InventoryItemsUpdate),
    ("inventory_items/delete", Topic::InventoryItemsDelete),
    ("variants/in_stock", Topic::VariantsInStock),
    ("variants/out_of_stock", Topic::VariantsOutOfStock),
    ("customers/data_request", Topic::CustomersDataRequest),
    ("customers/redact", Topic::CustomersRedact),
    ("shop/redact", Topic::ShopRedact),
    ("app/uninstalled", Topic::AppUninstalled),
    ("app/scopes_update", Topic::AppScopesUpdate),
    ("bulk_operations/finish", Topic::BulkOperationsFinish),
];

impl Topic {
    /// Every topic that is worked on, as Shopify writes it.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// Reads the topic header.
    pub fn parse(text: &str) -> Self {
        let named = NAMED.iter().find(|(name, _)| *name == text);
        named.map_or_else(|| Self::Unknown(text.to_owned()), |(_, topic)| topic.clone())
    }

    /// The topic as Shopify writes it.
    pub fn as_str(&self) -> &str {
        match self {
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
            | Self::CustomersEnable
            | Self::CustomersDisable
            | Self::CustomersMerge
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
            | Self::OrdersDelete
            | Self::RefundsCreate
            | Self::FulfillmentsCreate
            | Self::FulfillmentsUpdate
            | Self::CartsCreate
            | Self::CartsUpdate
            | Self::CheckoutsDelete
            | Self::CheckoutsCreate
            | Self::CheckoutsUpdate
            | Self::ProductsCreate
            | Self::ProductsUpdate
            | Self::ProductsDelete
            | Self::CollectionsCreate
            | Self::CollectionsUpdate
            | Self::CollectionsDelete
            | Self::InventoryLevelsUpdate
            | Self::InventoryItemsCreate
            | Self::InventoryItemsUpdate
            | Self::InventoryItemsDelete
            | Self::VariantsInStock
            | Self::VariantsOutOfStock
            | Self::AppScopesUpdate
            | Self::BulkOperationsFinish => TopicKind::Live,
            Self::CustomersDataRequest | Self::CustomersRedact | Self::ShopRedact | Self::AppUninstalled => {
                TopicKind::MustKeep
            }
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
        let known = NAMED.iter().map(|(name, _)| name);
        for name in known.chain(&["", "orders/exploded", "Orders/Create"]) {
            assert_eq!(Topic::parse(name).as_str(), *name);
        }
        assert_eq!(Topic::parse("bulk_operations/finish").kind(), TopicKind::Live);
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
