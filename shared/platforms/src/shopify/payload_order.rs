//! Orders, their parts, and what comes about an order without it. The same rules as in `payload.rs`.

use serde::Deserialize;

use super::payload::{Address, Customer, NoteAttribute};
use crate::lenient::{Amount, Count, Flag, Id, List, Object, Text, Time};

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
    pub taxes_included: Flag,
    pub total_price: Amount,
    #[serde(borrow)]
    pub total_price_set: Object<MoneySet<'a>>,
    pub current_total_price: Amount,
    pub subtotal_price: Amount,
    pub total_discounts: Amount,
    pub total_tax: Amount,
    /// Before its discounts.
    pub total_shipping_price_set: Object<MoneySet<'a>>,
    pub total_tip_received: Amount,
    pub duties_included: Flag,
    pub original_total_duties_set: Object<MoneySet<'a>>,
    pub original_total_additional_fees_set: Object<MoneySet<'a>>,
    /// In no webhook, but in what is fetched: what was paid less what went back.
    pub net_payment: Amount,
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
    pub tax_lines: List<Object<TaxLine>>,
    /// All discounts of all its pieces, those of codes and of the whole order included.
    pub discount_allocations: List<Object<Allocation<'a>>>,
    /// Without those of codes and of the whole order.
    pub total_discount: Amount,
    /// Of a cart's line: before its discounts.
    pub original_line_price: Amount,
    pub original_line_price_set: Object<MoneySet<'a>>,
    /// Of a cart's line: after its discounts.
    pub line_price: Amount,
    pub line_price_set: Object<MoneySet<'a>>,
}

/// A tax on a line: of all its pieces together.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TaxLine {
    pub price: Amount,
}

/// A part of a discount, as much as falls on one line.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Allocation<'a> {
    pub amount: Amount,
    #[serde(borrow)]
    pub amount_set: Object<MoneySet<'a>>,
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
    /// Before its discounts.
    pub price: Amount,
    pub discounted_price: Amount,
    pub discount_allocations: List<Object<Allocation<'a>>>,
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
    pub updated_at: Time,
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
    pub order_adjustments: List<Object<Adjustment<'a>>>,
    pub transactions: List<Object<Transaction<'a>>>,
}

/// What a refund gives back besides lines, as a number below zero: `shipping_refund`, `refund_discrepancy`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Adjustment<'a> {
    #[serde(borrow)]
    pub kind: Text<'a>,
    pub amount: Amount,
    pub tax_amount: Amount,
}

/// One line of a refund.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RefundLine<'a> {
    pub quantity: Count,
    pub line_item_id: Id,
    #[serde(borrow)]
    pub line_item: Object<Line<'a>>,
    /// After discounts.
    pub subtotal: Amount,
    pub subtotal_set: Object<MoneySet<'a>>,
    pub total_tax: Amount,
    pub total_tax_set: Object<MoneySet<'a>>,
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

impl RefundLine<'_> {
    /// What these pieces cost, after discounts and without taxes that are not in the price.
    pub fn subtotal(&self) -> Option<tajo_domain::Money> {
        self.subtotal_set.0.as_ref().and_then(MoneySet::shop).or(self.subtotal.0)
    }

    /// Their taxes.
    pub fn tax(&self) -> Option<tajo_domain::Money> {
        self.total_tax_set.0.as_ref().and_then(MoneySet::shop).or(self.total_tax.0)
    }
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
