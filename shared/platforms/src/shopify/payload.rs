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
    pub buyer_accepts_marketing: Flag,
    pub created_at: Time,
    pub processed_at: Time,
    pub updated_at: Time,
    pub cancelled_at: Time,
    pub cancel_reason: Text<'a>,
    pub test: Flag,
    pub financial_status: Text<'a>,
    pub fulfillment_status: Text<'a>,
    pub currency: Text<'a>,
    pub presentment_currency: Text<'a>,
    pub total_price: Amount,
    #[serde(borrow)]
    pub total_price_set: Object<MoneySet<'a>>,
    pub current_total_price: Amount,
    pub subtotal_price: Amount,
    pub total_discounts: Amount,
    pub total_tax: Amount,
    pub total_shipping_price_set: Object<MoneySet<'a>>,
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
    /// Only whether there are any: pieces on their way back look like an edit otherwise.
    pub returns: List<Object<Part>>,
}

/// An object of which only its being there matters.
#[derive(Default, Deserialize)]
pub struct Part {}

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
    /// Without pieces that were refunded, returned or removed by an edit.
    pub current_quantity: Count,
    pub price: Amount,
    pub price_set: Object<MoneySet<'a>>,
    /// Of a cart's line: after its discounts.
    pub line_price: Amount,
    pub line_price_set: Object<MoneySet<'a>>,
}

/// An amount in the shop's money and in the buyer's.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MoneySet<'a> {
    #[serde(borrow)]
    pub shop_money: Object<MoneyPart<'a>>,
    pub presentment_money: Object<MoneyPart<'a>>,
}

/// One side of a [`MoneySet`].
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MoneyPart<'a> {
    pub amount: Amount,
    #[serde(borrow)]
    pub currency_code: Text<'a>,
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

/// One shipment: inside an order, or alone in `fulfillments/*`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Fulfillment<'a> {
    pub id: Id,
    /// Only where it comes alone.
    pub order_id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub status: Text<'a>,
    pub created_at: Time,
    pub tracking_company: Text<'a>,
    pub tracking_number: Text<'a>,
    pub tracking_numbers: List<Text<'a>>,
    pub tracking_url: Text<'a>,
    pub tracking_urls: List<Text<'a>>,
    pub line_items: List<Object<Line<'a>>>,
}

/// One refund: inside an order, or alone in `refunds/create`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Refund<'a> {
    pub id: Id,
    pub order_id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub created_at: Time,
    pub processed_at: Time,
    pub note: Text<'a>,
    pub refund_line_items: List<Object<RefundLine<'a>>>,
    pub transactions: List<Object<Transaction<'a>>>,
}

/// One line of a refund.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RefundLine<'a> {
    pub quantity: Count,
    pub line_item_id: Id,
    #[serde(borrow)]
    pub line_item: Object<Line<'a>>,
    pub subtotal_set: Object<MoneySet<'a>>,
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
    pub buyer_accepts_marketing: Flag,
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

/// `orders/delete`, and the part of `orders/edited` that names the order.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct OrderId<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub order_edit: Object<OrderEdit>,
}

/// `orders/edited`: a delta without names or prices.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct OrderEdit {
    pub order_id: Id,
}

impl MoneySet<'_> {
    /// The shop's side.
    pub fn shop(&self) -> Option<tajo_domain::Money> {
        self.shop_money.0.as_ref().and_then(|part| part.amount.0)
    }

    /// The buyer's side.
    pub fn presentment(&self) -> Option<tajo_domain::Money> {
        self.presentment_money.0.as_ref().and_then(|part| part.amount.0)
    }
}
