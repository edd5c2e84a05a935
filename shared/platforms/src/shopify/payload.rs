//! Shopify's JSON: only the fields we read, all of them optional.
//!
//! Shapes of API 2024-01 to 2026-10 and of the older REST bodies at once; what a version leaves out is absent.
//! The types have no `Debug`: they hold people, and links that open their data.

use serde::Deserialize;
use tajo_domain::Unusable;

pub use super::payload_order::{
    Allocation, Fulfillment, Line, MoneySet, Order, OrderId, Refund, RefundLine, ShippingLine, Transaction,
};
use crate::lenient::{Amount, Count, Flag, Id, List, Object, Plain, Tags, Text, Time};

/// Reads a whole body. `missing` is the reason for JSON that is no object at all.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8], missing: &str) -> Result<T, Unusable> {
    match serde_json::from_slice::<Object<T>>(body) {
        Ok(Object(Some(value))) => Ok(value),
        Ok(Object(None)) => Err(Unusable::new(missing)),
        // The error's own text may quote the body.
        Err(error) if error.is_data() => Err(Unusable::new("the body names one of its fields twice")),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(Unusable::new(format!("the body is not JSON: line {line}, column {column}")))
        }
    }
}

/// `customers/*`, and the customer inside orders and checkouts (there without addresses, and up to 2024-10
/// with tags, consents and totals).
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Customer<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub created_at: Time,
    pub updated_at: Time,
    /// Said to be empty is something else than not said.
    pub first_name: Plain<'a>,
    pub last_name: Plain<'a>,
    pub email: Text<'a>,
    pub phone: Text<'a>,
    pub default_address: Object<Address<'a>>,
    /// Up to 2024-10.
    pub tags: Tags,
    pub orders_count: Count,
    pub total_spent: Amount,
    pub email_marketing_consent: Object<MarketingConsent<'a>>,
    pub sms_marketing_consent: Object<MarketingConsent<'a>>,
    /// In no webhook, but in what is looked up.
    pub whats_app_marketing_consent: Object<MarketingConsent<'a>>,
    /// Up to 2023-10.
    pub accepts_marketing: Flag,
    pub accepts_marketing_updated_at: Time,
    pub note: Text<'a>,
    /// Where the webhook was subscribed with `metafieldNamespaces`.
    pub metafields: List<Object<Metafield<'a>>>,
}

/// A field that the merchant or an app added.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Metafield<'a> {
    #[serde(borrow)]
    pub namespace: Text<'a>,
    pub key: Text<'a>,
    pub value: Plain<'a>,
    pub updated_at: Time,
}

/// What the buyer was asked at the checkout.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NoteAttribute<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    pub value: Plain<'a>,
}

/// What the customer said about one channel.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MarketingConsent<'a> {
    #[serde(borrow)]
    pub state: Text<'a>,
    pub consent_updated_at: Time,
    /// WhatsApp's word for it.
    pub updated_at: Time,
}

/// The three consent topics. Each names the customer, the address or number and the consent in its own way.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ConsentNotice<'a> {
    /// SMS alone says `id`.
    pub id: Id,
    pub customer_id: Id,
    #[serde(borrow)]
    pub email_address: Text<'a>,
    /// SMS.
    pub phone: Text<'a>,
    /// WhatsApp.
    pub phone_number: Text<'a>,
    pub email_marketing_consent: Object<MarketingConsent<'a>>,
    pub sms_marketing_consent: Object<MarketingConsent<'a>>,
    pub whats_app_marketing_consent: Object<MarketingConsent<'a>>,
}

/// `customer.tags_added` and `customer.tags_removed`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TagsNotice<'a> {
    #[serde(borrow)]
    pub customer_id: Text<'a>,
    pub tags: Tags,
    pub occurred_at: Time,
}

/// `customers/purchasing_summary`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PurchasingSummary<'a> {
    #[serde(borrow)]
    pub customer_id: Text<'a>,
    pub number_of_orders: Count,
    pub amount_spent: Object<MoneyV2<'a>>,
    pub occurred_at: Time,
}

/// An amount with its currency, as GraphQL writes it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MoneyV2<'a> {
    pub amount: Amount,
    #[serde(borrow)]
    pub currency_code: Text<'a>,
}

/// `customers/merge`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Merge<'a> {
    #[serde(borrow)]
    pub admin_graphql_api_customer_kept_id: Text<'a>,
    pub admin_graphql_api_customer_deleted_id: Text<'a>,
    pub status: Text<'a>,
}

/// Where something is billed or sent.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Address<'a> {
    #[serde(borrow)]
    pub first_name: Text<'a>,
    pub last_name: Text<'a>,
    pub company: Text<'a>,
    pub phone: Text<'a>,
    pub address1: Text<'a>,
    pub address2: Text<'a>,
    pub city: Text<'a>,
    pub province: Text<'a>,
    pub country: Text<'a>,
    pub country_code: Text<'a>,
    pub zip: Text<'a>,
}

/// `checkouts/*`. No `id` since 2026-04: everything hangs on the token.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Checkout<'a> {
    #[serde(borrow)]
    pub token: Text<'a>,
    pub cart_token: Text<'a>,
    pub email: Text<'a>,
    pub phone: Text<'a>,
    pub sms_marketing_phone: Text<'a>,
    pub customer_locale: Text<'a>,
    pub buyer_accepts_marketing: Flag,
    pub created_at: Time,
    pub updated_at: Time,
    pub completed_at: Time,
    pub abandoned_checkout_url: Text<'a>,
    pub currency: Text<'a>,
    pub taxes_included: Flag,
    pub total_price: Amount,
    pub subtotal_price: Amount,
    pub total_discounts: Amount,
    pub total_tax: Amount,
    pub total_duties: Amount,
    pub customer: Object<Customer<'a>>,
    pub billing_address: Object<Address<'a>>,
    pub shipping_address: Object<Address<'a>>,
    pub line_items: List<Object<Line<'a>>>,
    pub shipping_lines: List<Object<ShippingLine<'a>>>,
}

/// `carts/*`: whoever it belongs to is not said, nor what it costs in all.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Cart<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    pub token: Text<'a>,
    pub created_at: Time,
    pub updated_at: Time,
    pub line_items: List<Object<Line<'a>>>,
}

/// `checkouts/delete`: its own token is left out.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DeletedCheckout<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub token: Text<'a>,
    pub cart_token: Text<'a>,
}
