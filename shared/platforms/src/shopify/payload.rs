//! Shopify's JSON: only the fields we read, all of them optional.
//!
//! Shapes of API 2024-01 to 2026-10 and of the older REST bodies at once; what a version leaves out is absent.
//! The types have no `Debug`: they hold people, and links that open their data.

use serde::Deserialize;
use tajo_domain::Unusable;

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
    pub first_name: Text<'a>,
    pub last_name: Text<'a>,
    pub email: Text<'a>,
    pub phone: Text<'a>,
    pub default_address: Object<Address<'a>>,
    /// Up to 2024-10.
    pub tags: Tags,
    pub orders_count: Count,
    pub total_spent: Amount,
    pub email_marketing_consent: Object<MarketingConsent<'a>>,
    pub sms_marketing_consent: Object<MarketingConsent<'a>>,
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

/// `orders/*`: the full present order.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Order<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub name: Text<'a>,
    pub order_number: Text<'a>,
    pub checkout_token: Text<'a>,
    pub cart_token: Text<'a>,
    pub email: Text<'a>,
    pub contact_email: Text<'a>,
    pub phone: Text<'a>,
    pub customer_locale: Text<'a>,
    pub created_at: Time,
    pub processed_at: Time,
    pub updated_at: Time,
    pub cancelled_at: Time,
    pub cancel_reason: Text<'a>,
    pub test: Flag,
    pub financial_status: Text<'a>,
    pub currency: Text<'a>,
    pub total_price: Amount,
    pub total_price_set: Object<MoneySet>,
    pub current_total_price: Amount,
    pub subtotal_price: Amount,
    pub total_discounts: Amount,
    pub total_tax: Amount,
    pub total_shipping_price_set: Object<MoneySet>,
    pub note: Text<'a>,
    pub note_attributes: List<Object<NoteAttribute<'a>>>,
    pub order_status_url: Text<'a>,
    pub gateway: Text<'a>,
    pub payment_gateway_names: List<Text<'a>>,
    pub discount_codes: List<Object<DiscountCode<'a>>>,
    pub customer: Object<Customer<'a>>,
    pub billing_address: Object<Address<'a>>,
    pub shipping_address: Object<Address<'a>>,
    pub line_items: List<Object<Line<'a>>>,
    pub shipping_lines: List<Object<ShippingLine<'a>>>,
    pub fulfillments: List<Object<Fulfillment<'a>>>,
    pub refunds: List<Object<Refund<'a>>>,
}

/// One line of an order, shipment, refund or checkout.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Line<'a> {
    pub id: Id,
    /// The id of a checkout's line.
    pub key: Id,
    pub product_id: Id,
    pub variant_id: Id,
    #[serde(borrow)]
    pub sku: Text<'a>,
    pub title: Text<'a>,
    pub name: Text<'a>,
    pub variant_title: Text<'a>,
    pub quantity: Count,
    pub price: Amount,
    pub price_set: Object<MoneySet>,
}

/// An amount in the shop's money and in the buyer's.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MoneySet {
    pub shop_money: Object<MoneyPart>,
    pub presentment_money: Object<MoneyPart>,
}

/// One side of a [`MoneySet`].
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MoneyPart {
    pub amount: Amount,
}

/// A coupon.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DiscountCode<'a> {
    #[serde(borrow)]
    pub code: Text<'a>,
}

/// A shipping rate.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ShippingLine<'a> {
    #[serde(borrow)]
    pub title: Text<'a>,
    pub price: Amount,
}

/// One shipment.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Fulfillment<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub status: Text<'a>,
    pub created_at: Time,
    pub tracking_company: Text<'a>,
    pub tracking_number: Text<'a>,
    pub tracking_numbers: List<Text<'a>>,
    pub tracking_url: Text<'a>,
    pub tracking_urls: List<Text<'a>>,
    pub line_items: List<Object<Line<'a>>>,
}

/// One refund.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Refund<'a> {
    pub id: Id,
    pub created_at: Time,
    pub processed_at: Time,
    #[serde(borrow)]
    pub note: Text<'a>,
    pub refund_line_items: List<Object<RefundLine<'a>>>,
    pub transactions: List<Object<Transaction<'a>>>,
}

/// One line of a refund.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RefundLine<'a> {
    pub quantity: Count,
    #[serde(borrow)]
    pub line_item: Object<Line<'a>>,
}

/// One movement of money.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Transaction<'a> {
    #[serde(borrow)]
    pub kind: Text<'a>,
    pub status: Text<'a>,
    pub amount: Amount,
    pub currency: Text<'a>,
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
    pub customer_locale: Text<'a>,
    pub created_at: Time,
    pub updated_at: Time,
    pub completed_at: Time,
    pub abandoned_checkout_url: Text<'a>,
    pub currency: Text<'a>,
    pub total_price: Amount,
    pub subtotal_price: Amount,
    pub total_discounts: Amount,
    pub total_tax: Amount,
    pub customer: Object<Customer<'a>>,
    pub billing_address: Object<Address<'a>>,
    pub shipping_address: Object<Address<'a>>,
    pub line_items: List<Object<Line<'a>>>,
    pub shipping_lines: List<Object<ShippingLine<'a>>>,
}

impl MoneySet {
    /// The shop's side.
    pub fn shop(&self) -> Option<tajo_domain::Money> {
        self.shop_money.0.as_ref().and_then(|part| part.amount.0)
    }

    /// The buyer's side.
    pub fn presentment(&self) -> Option<tajo_domain::Money> {
        self.presentment_money.0.as_ref().and_then(|part| part.amount.0)
    }
}
