//! Orders: the full snapshot a platform sends.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Currency, Fulfilment, Identity, Money, OrderHead};

/// One ordered or carted thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The platform's product id, or the line's own id where the product is not in the catalogue.
    pub product: String,
    /// The platform's variant id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Stock keeping unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Product name.
    pub name: String,
    /// Variant name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_name: Option<String>,
    /// How many.
    pub quantity: u64,
    /// Price of one before discounts, in the shop's currency.
    pub price: Money,
    /// Discounts on all of them together, in the shop's currency.
    #[serde(default, skip_serializing_if = "Money::is_zero")]
    pub discount: Money,
    /// Taxes on all of them, after discounts, that are not in the price: zero where they are in it. `None`: the
    /// body does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
    /// Taxes on all of them, after discounts, whether in the price or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Money>,
    /// The platform's id of the line: the key of what is told once per line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
}

impl Item {
    /// Quantity times price, before discounts.
    pub fn line_total(&self) -> Money {
        self.price * Money::from(self.quantity)
    }

    /// What all of them cost after discounts.
    pub fn discounted_total(&self) -> Money {
        self.line_total() - self.discount
    }
}

/// Where an order is billed or sent. Personal: never in logs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are what they are called")]
pub struct Address {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub phone: Option<String>,
    pub address1: Option<String>,
    pub address2: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub country: Option<String>,
    pub country_code: Option<String>,
    pub zip: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// One refund, in part or in full.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The platform's id of the refund: the key of its event.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// Money that has gone back so far; zero where goods came back without money, or before the money.
    pub amount: Money,
    /// The merchant's note.
    pub reason: Option<String>,
    /// What came back.
    pub items: Vec<Item>,
    /// Some of its money is still on its way, so `amount` is not its last word.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// Whether all that was to be paid has gone back with it; `None` where the body tells of the refund alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_full: Option<bool>,
}

impl Refund {
    /// Whether money has gone back and no more of it is on its way: only then has the refund an event. A record
    /// without money may be a removed line, a restocked one, or get its money with a later body.
    pub fn is_final(&self) -> bool {
        !self.pending && Money::ZERO < self.amount
    }
}

/// What the lines of an order are now, after somebody edited it. Refunds are no edits.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// Names this set of lines, so that one edit is told once, whichever bodies show it.
    pub lines: String,
    /// The lines as they are now, refunded pieces included.
    pub items: Vec<Item>,
    /// What the order costs now.
    pub total: Money,
}

/// What the buyer saw and paid, where that is not the shop's currency. For display: values are in shop money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentment {
    /// The buyer's currency.
    pub currency: Currency,
    /// The total in it, where the body says it.
    pub total: Option<Money>,
}

/// What is to be asked about an order whose body cannot say what it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsureNet {
    /// The order is worth no more than this, whatever was paid. `None` where it will bring nothing more.
    pub at_most: Option<Money>,
    /// Still counted as paid, and on its way back for lines that are gone.
    pub open: Money,
    /// Names the totals and refunds that the answer is about.
    pub about: String,
}

/// What the platform answered when it was asked for an order's amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedAmount {
    /// Names the totals and refunds that the answer is about: while a body shows the same ones, it is not asked again.
    #[serde(rename = "k")]
    pub about: String,
    /// What was paid less what went back.
    #[serde(rename = "a")]
    pub net_payment: Money,
}

/// That an order was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// When.
    pub at: Timestamp,
    /// The platform's word for why (`customer`, `fraud`, …).
    pub reason: Option<String>,
}

/// The full current order as one body shows it. Transitions are derived by comparing with the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    /// The platform's id.
    pub id: String,
    /// What the buyer sees, such as `#1001`.
    pub name: String,
    /// Whose it is.
    pub identity: Identity,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it was brought into the shop from elsewhere, long after it was placed.
    pub imported_at: Option<Timestamp>,
    /// The version of this body.
    pub updated_at: Timestamp,
    /// When the webhook was triggered: orders bodies of the same version.
    pub triggered_at: Option<Timestamp>,
    /// Brevo's order status: the payment state, or `cancelled`.
    pub status: String,
    /// Whether it was paid in full at some time; a later refund does not undo that.
    pub paid: bool,
    /// Shop currency.
    pub currency: Option<Currency>,
    /// Total as placed: does not change with refunds or edits.
    pub total: Money,
    /// Items as placed, after their discounts.
    pub subtotal: Option<Money>,
    /// Discounts as placed, those of shipping included. Already taken off `subtotal` and `shipping`.
    pub discount: Option<Money>,
    /// Taxes as placed.
    pub tax: Option<Money>,
    /// Whether the taxes are part of the prices.
    pub taxes_included: Option<bool>,
    /// Shipping as placed, after its discounts.
    pub shipping: Option<Money>,
    /// Tips, duties and other fees as placed, where there are any.
    pub fees: Option<Money>,
    /// The buyer's currency, if it is not the shop's.
    pub presentment: Option<Presentment>,
    /// What the order is worth now: total less refunds and removed lines, never below zero.
    pub net: Money,
    /// What `net` leaves out although no money has gone back for it: lines that went without or before their money.
    pub owed: Money,
    /// The body cannot say `net`: it is a guess then, and the platform is asked.
    pub unsure: Option<UnsureNet>,
    /// What the platform answered to that.
    pub asked: Option<AskedAmount>,
    /// What was bought.
    pub items: Vec<Item>,
    /// Shipments, those that did not leave included.
    pub fulfilments: Vec<Fulfilment>,
    /// Refunds that happened.
    pub refunds: Vec<Refund>,
    /// What it was edited to, if it was.
    pub edit: Option<Edit>,
    /// The cancellation, if any.
    pub cancelled: Option<Cancellation>,
    /// Coupon codes.
    pub coupons: Vec<String>,
    /// First payment gateway.
    pub payment_method: Option<String>,
    /// Name of the shipping rate.
    pub shipping_method: Option<String>,
    /// The buyer's note.
    pub note: Option<String>,
    /// The buyer's order page. Carries a key: as secret as a token.
    pub url: Option<String>,
    /// Where it is billed.
    pub billing: Option<Address>,
    /// Where it goes.
    pub delivery: Option<Address>,
    /// Tokens of the carts and checkouts that this order completes.
    pub cart_tokens: Vec<String>,
}

impl Order {
    /// With what was paid less what went back, if the body cannot say what the order is worth.
    #[must_use]
    pub fn with_net_payment(mut self, net_payment: Money) -> Self {
        let Some(UnsureNet { at_most, open, about }) = self.unsure.take() else { return self };
        let net = net_payment - open;
        self.net = net.min(at_most.unwrap_or(net)).max(Money::ZERO);
        self.owed = (net_payment - self.net).max(Money::ZERO);
        self.asked = Some(AskedAmount { about, net_payment });
        self
    }

    /// What is kept of it for facts that come alone.
    pub fn head(&self) -> OrderHead {
        OrderHead {
            name: self.name.clone(),
            identity: self.identity.clone(),
            currency: self.currency.clone(),
            url: self.url.clone(),
            total: self.total,
            net: self.net,
            owed: self.owed,
            refunded: self.refunds.iter().map(|refund| refund.amount).sum(),
        }
    }
}

// Its link carries a key, its note and addresses are personal: they are shown nowhere.
impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("id", &self.id)
            .field("updated_at", &self.updated_at)
            .field("status", &self.status)
            .field("total", &self.total)
            .field("net", &self.net)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit").field("lines", &self.lines).field("total", &self.total).finish_non_exhaustive()
    }
}

// A note may say anything.
impl fmt::Debug for Refund {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refund").field("id", &self.id).field("at", &self.at).finish_non_exhaustive()
    }
}
