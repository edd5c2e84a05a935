//! Is a body the body of its topic? Only the body is signed: whoever holds a genuine one can send it under any topic.
//!
//! A topic that deletes, merges or erases takes nothing but its own exact set of keys. Every other topic refuses a body
//! that another topic's exact set describes, and one with a key that only another kind of thing has.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use tajo_domain::Unusable;

use super::Topic;

/// The keys of one topic's bodies.
struct Shape {
    topic: Topic,
    /// Always there.
    required: &'static [&'static str],
    /// There in some API versions.
    optional: &'static [&'static str],
}

/// Bodies that are known by their keys alone (Shopify, "Webhook topics", API 2023-07 to 2026-10).
#[rustfmt::skip]
const EXACT: &[Shape] = &[
    Shape { topic: Topic::CustomersDelete, required: &["id", "tax_exemptions", "admin_graphql_api_id"], optional: &[
        // Up to 2025-07.
        "addresses", "phone", "email_marketing_consent", "sms_marketing_consent", "accepts_marketing",
        "accepts_marketing_updated_at", "marketing_opt_in_level",
    ] },
    Shape { topic: Topic::OrdersDelete, required: &["id"], optional: &[] },
    Shape { topic: Topic::ProductsDelete, required: &["id"], optional: &[] },
    Shape { topic: Topic::CollectionsDelete, required: &["id", "published_scope", "admin_graphql_api_id"], optional: &[] },
    Shape { topic: Topic::InventoryItemsDelete, required: &["id", "admin_graphql_api_id"], optional: &[
        "country_code_of_origin", "province_code_of_origin", "harmonized_system_code", "country_harmonized_system_codes",
    ] },
    Shape { topic: Topic::CheckoutsDelete, required: &["id", "cart_token", "total_price"], optional: &[
        "presentment_currency", "buyer_accepts_sms_marketing", "sms_marketing_phone", "total_discounts",
        "total_line_items_price", "total_tax", "subtotal_price", "total_duties", "reservation_token",
    ] },
    Shape { topic: Topic::CustomersMerge, required: &[
        "admin_graphql_api_customer_kept_id", "admin_graphql_api_customer_deleted_id", "status",
    ], optional: &["admin_graphql_api_job_id", "errors"] },
    Shape { topic: Topic::CustomersRedact, required: &["shop_domain", "customer"], optional: &["shop_id", "orders_to_redact"] },
    Shape { topic: Topic::CustomersDataRequest, required: &["shop_domain", "customer"], optional: &["shop_id", "orders_requested", "data_request"] },
    Shape { topic: Topic::ShopRedact, required: &["shop_domain"], optional: &["shop_id"] },
    Shape { topic: Topic::SmsConsent, required: &["id", "phone", "sms_marketing_consent"], optional: &[] },
];

/// A kind of thing that topics are about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Customer,
    EmailConsent,
    WhatsappConsent,
    Summary,
    Order,
    OrderEdit,
    Refund,
    Fulfilment,
    Checkout,
    Product,
    Variant,
    Collection,
    InventoryItem,
    InventoryLevel,
    Merge,
    Compliance,
    Shop,
    Cart,
    Tags,
    Scopes,
    /// Of these no key is their own: bulk operations, the consent about text messages, and topics nobody works on.
    Other,
}

/// Keys at the top of a body that only these kinds of things have, in every version of their bodies.
#[rustfmt::skip]
const MARKS: &[(&str, &[Kind], &str)] = &[
    ("verified_email", &[Kind::Customer], "a customer"),
    ("multipass_identifier", &[Kind::Customer], "a customer"),
    ("customer_id", &[Kind::EmailConsent, Kind::WhatsappConsent], "a consent"),
    ("email_address", &[Kind::EmailConsent], "a consent"),
    ("phone_number", &[Kind::WhatsappConsent], "a consent"),
    ("customerId", &[Kind::Tags, Kind::Summary], "a detail of a customer"),
    ("numberOfOrders", &[Kind::Summary], "what a customer bought"),
    ("line_items", &[Kind::Cart, Kind::Checkout, Kind::Order, Kind::Fulfilment], "something with lines"),
    ("financial_status", &[Kind::Order], "an order"),
    ("order_number", &[Kind::Order], "an order"),
    ("order_edit", &[Kind::OrderEdit], "an order edit"),
    ("refund_line_items", &[Kind::Refund], "a refund"),
    ("tracking_number", &[Kind::Fulfilment], "a shipment"),
    ("shipment_status", &[Kind::Fulfilment], "a shipment"),
    ("abandoned_checkout_url", &[Kind::Checkout], "a checkout"),
    ("product_type", &[Kind::Product], "a product"),
    ("variants", &[Kind::Product], "a product"),
    ("inventory_policy", &[Kind::Variant], "a variant"),
    ("inventory_quantity", &[Kind::Variant], "a variant"),
    ("sort_order", &[Kind::Collection], "a collection"),
    ("country_code_of_origin", &[Kind::InventoryItem], "an inventory item"),
    ("harmonized_system_code", &[Kind::InventoryItem], "an inventory item"),
    ("available", &[Kind::InventoryLevel], "a stock level"),
    ("admin_graphql_api_customer_kept_id", &[Kind::Merge], "a merge"),
    ("shop_domain", &[Kind::Compliance], "somebody's data"),
    ("money_format", &[Kind::Shop], "a shop"),
    ("plan_name", &[Kind::Shop], "a shop"),
    ("shop_owner", &[Kind::Shop], "a shop"),
    ("previous", &[Kind::Scopes], "rights of the app"),
];

/// Checks the keys of a body against its topic. What is no JSON object is left to whoever reads it.
///
/// # Errors
/// It is the body of another topic.
pub(super) fn check(topic: &Topic, body: &[u8]) -> Result<(), Unusable> {
    if matches!(topic, Topic::Unknown(_)) {
        return Ok(());
    }
    let Ok(Keys(keys)) = serde_json::from_slice::<Keys<'_>>(body) else { return Ok(()) };
    if let Some(own) = EXACT.iter().find(|shape| shape.topic == *topic) {
        let is_own = own.describes(&keys);
        let reason =
            || Unusable::new(format!("the body does not have exactly the keys of `{}`", topic.as_str()));
        return is_own.then_some(()).ok_or_else(reason);
    }
    if let Some(other) = EXACT.iter().find(|shape| shape.describes(&keys)) {
        let other = other.topic.as_str();
        return Err(Unusable::new(format!("the body is not of this topic: it has the keys of `{other}`")));
    }
    let kind = kind_of(topic);
    let foreign =
        MARKS.iter().find(|(key, of, _)| !of.contains(&kind) && keys.iter().any(|known| known == key));
    match foreign {
        None => Ok(()),
        Some((_, _, what)) => {
            Err(Unusable::new(format!("the body is not of this topic: it is about {what}")))
        }
    }
}

impl Shape {
    fn describes(&self, keys: &[Cow<'_, str>]) -> bool {
        let has = |key: &&str| keys.iter().any(|known| known == key);
        let is_own = |key: &Cow<'_, str>| {
            self.required.iter().chain(self.optional).any(|known| *known == key.as_ref())
        };
        self.required.iter().all(has) && keys.iter().all(is_own)
    }
}

fn kind_of(topic: &Topic) -> Kind {
    match topic {
        Topic::CustomersCreate
        | Topic::CustomersUpdate
        | Topic::CustomersEnable
        | Topic::CustomersDisable
        | Topic::CustomersDelete => Kind::Customer,
        Topic::CustomersMerge => Kind::Merge,
        Topic::CustomersPurchasingSummary => Kind::Summary,
        Topic::EmailConsent => Kind::EmailConsent,
        Topic::WhatsappConsent => Kind::WhatsappConsent,
        Topic::OrdersCreate
        | Topic::OrdersUpdated
        | Topic::OrdersPaid
        | Topic::OrdersFulfilled
        | Topic::OrdersPartiallyFulfilled
        | Topic::OrdersCancelled
        | Topic::OrdersDelete => Kind::Order,
        Topic::OrdersEdited => Kind::OrderEdit,
        Topic::RefundsCreate => Kind::Refund,
        Topic::FulfillmentsCreate | Topic::FulfillmentsUpdate => Kind::Fulfilment,
        Topic::CheckoutsCreate | Topic::CheckoutsUpdate | Topic::CheckoutsDelete => Kind::Checkout,
        Topic::ProductsCreate | Topic::ProductsUpdate | Topic::ProductsDelete => Kind::Product,
        Topic::CollectionsCreate | Topic::CollectionsUpdate | Topic::CollectionsDelete => Kind::Collection,
        Topic::InventoryLevelsUpdate => Kind::InventoryLevel,
        Topic::InventoryItemsCreate | Topic::InventoryItemsUpdate | Topic::InventoryItemsDelete => {
            Kind::InventoryItem
        }
        Topic::VariantsInStock | Topic::VariantsOutOfStock => Kind::Variant,
        Topic::CustomersDataRequest | Topic::CustomersRedact | Topic::ShopRedact => Kind::Compliance,
        Topic::AppUninstalled => Kind::Shop,
        Topic::CustomerTagsAdded | Topic::CustomerTagsRemoved => Kind::Tags,
        Topic::CartsCreate | Topic::CartsUpdate => Kind::Cart,
        Topic::AppScopesUpdate => Kind::Scopes,
        Topic::SmsConsent | Topic::BulkOperationsFinish | Topic::Unknown(_) => Kind::Other,
    }
}

/// The keys at the top of a body, its values passed over.
struct Keys<'a>(Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Vec<Cow<'de, str>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    map.next_value::<IgnoredAny>()?;
                    keys.push(key);
                }
                Ok(keys)
            }
        }
        from.deserialize_map(Of).map(Keys)
    }
}

/// A key, borrowed unless it holds escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(topic: &Topic, body: &str) -> Option<String> {
        check(topic, body.as_bytes()).err().map(|unusable| unusable.reason)
    }

    #[test]
    fn a_topic_that_deletes_takes_nothing_but_its_own_keys() {
        assert_eq!(refused(&Topic::OrdersDelete, r#"{"id":1}"#), None);
        for more in
            [r#"{"id":1,"total_price":"1.00"}"#, r#"{"id":1,"note":null}"#, "{}", r#"{"\u0069d":1,"x":1}"#]
        {
            assert!(refused(&Topic::OrdersDelete, more).is_some(), "{more}");
        }
        // A key may be written with escapes.
        assert_eq!(refused(&Topic::OrdersDelete, r#"{"\u0069d":1}"#), None);
    }

    #[test]
    fn what_is_no_object_is_left_to_whoever_reads_it() {
        for body in ["", "[]", "1", "null", r#"{"id":"#] {
            assert_eq!(refused(&Topic::OrdersDelete, body), None, "{body}");
        }
    }
}
