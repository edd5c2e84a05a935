//! `orders/create`, `orders/updated`, `orders/paid`, …: all carry the full present order, so all mean the same.

use jiff::{SignedDuration, Timestamp};
use tajo_domain::{Cancellation, Change, Changes, Currency, Item, Money, Order, Skipped, Unusable};

use super::order_money::worth;
use super::order_parts::{cart_tokens, edit, fulfilments, presentment};
use super::parts::Shipping;
use super::person::{self, Sources};
use super::refund::refunds;
use super::{custom, expect_kind, parts};
use crate::Context;
use crate::shopify::payload::{self, MoneySet};

/// An order that was processed longer than this before the shop had it was brought in from elsewhere. A register that
/// was offline for some hours is none; Shopify's own orders are processed when they are made.
const IMPORTED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// When the order was placed, and, where it was brought in from elsewhere, when that was.
fn placed(payload: &payload::Order<'_>, updated_at: Timestamp) -> (Timestamp, Option<Timestamp>) {
    match (payload.created_at.0, payload.processed_at.0) {
        (Some(created), Some(processed)) if created.duration_since(processed) > IMPORTED_AFTER => {
            (processed, Some(created))
        }
        (created, processed) => (created.or(processed).unwrap_or(updated_at), None),
    }
}

/// The buyer, if the order names one, and then the order.
pub fn changes(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload: payload::Order<'_> = payload::parse(body, "the body has no order id")?;
    let id = payload.id.0.clone().ok_or_else(|| Unusable::new("the body has no order id"))?;
    expect_kind(payload.admin_graphql_api_id.get(), "Order", "an order")?;
    let name = match (payload.name.get(), payload.order_number.get()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(number)) => format!("#{number}"),
        (None, None) => id.clone(),
    };
    let mut changes = Changes::default();
    if payload.test.0 == Some(true) && context.live {
        changes.skipped.push(Skipped::new(format!("order {name}"), "a test order on a live store"));
        let tokens = cart_tokens(&payload);
        changes.changes.extend((!tokens.is_empty()).then_some(Change::CartsOrdered { tokens }));
        return Ok(changes);
    }
    let Some(total) = payload.total_price.0 else {
        return Err(Unusable::new("the order's `total_price` is missing or no amount"));
    };

    let skipped = &mut changes.skipped;
    let updated_at = parts::first_time([&payload.updated_at], context.time);
    let (created_at, imported_at) = placed(&payload, updated_at);
    let currency = payload.currency.get().and_then(Currency::parse);
    let sources = Sources {
        customer: payload.customer.0.as_ref(),
        is_account_news: false,
        emails: [payload.email.get(), payload.contact_email.get()],
        phones: [payload.phone.get(), None],
        addresses: [payload.billing_address.0.as_ref(), payload.shipping_address.0.as_ref()],
        locale: payload.customer_locale.get(),
        hints_at_consent: payload.buyer_accepts_marketing.0 == Some(true),
        at: updated_at,
        shop_currency: currency.clone(),
    };
    let mut person = person::update(&sources, context, skipped);
    person.ordered_at = Some(created_at);
    person.custom = custom::of_order(&payload.note_attributes, created_at, updated_at);
    let identity = person.identity.clone();
    if identity.is_empty() {
        let reason = "the order names nobody: no customer, no valid email and no valid phone";
        skipped.push(Skipped::new(format!("events of order {name}"), reason));
    } else {
        changes.changes.push(Change::Person { update: Box::new(person), news: None });
    }

    let worth = worth(&payload, total);
    let refunds = refunds(&payload, worth.due, updated_at, skipped);
    let (items, shipping) = items_and_shipping(&payload, currency.as_ref(), skipped);
    let order = Order {
        items,
        fulfilments: fulfilments(&payload, updated_at, skipped),
        net: worth.net,
        owed: worth.owed,
        unsure: worth.unsure,
        asked: None,
        edit: edit(&payload, total),
        presentment: presentment(&payload),
        cancelled: payload
            .cancelled_at
            .0
            .map(|at| Cancellation { at, reason: payload.cancel_reason.owned() }),
        status: match payload.cancelled_at.0 {
            Some(_) => "cancelled".to_owned(),
            None => payload.financial_status.owned().unwrap_or_else(|| "unknown".to_owned()),
        },
        paid: matches!(payload.financial_status.get(), Some("paid" | "partially_refunded" | "refunded")),
        cart_tokens: cart_tokens(&payload),
        id,
        name,
        identity,
        created_at,
        imported_at,
        updated_at,
        triggered_at: None,
        currency,
        total,
        subtotal: payload.subtotal_price.0,
        discount: payload.total_discounts.0,
        tax: payload.total_tax.0,
        taxes_included: payload.taxes_included.0,
        shipping: shipping.is_known.then_some(shipping.after),
        fees: fees(&payload),
        refunds,
        coupons: payload.discount_codes.objects().filter_map(|discount| discount.code.owned()).collect(),
        payment_method: payload
            .payment_gateway_names
            .texts()
            .next()
            .map(str::to_owned)
            .or_else(|| payload.gateway.owned()),
        shipping_method: payload.shipping_lines.objects().find_map(|line| line.title.owned()),
        note: payload.note.owned(),
        url: payload.order_status_url.link(),
        billing: parts::address(&payload.billing_address),
        delivery: parts::address(&payload.shipping_address),
    };
    let order = match payload.net_payment.0 {
        Some(net_payment) => order.with_net_payment(net_payment),
        None => order,
    };
    changes.changes.push(Change::Order(Box::new(order)));
    Ok(changes)
}

/// The lines with their discounts and taxes, and shipping: with taxes on top and fees, they add up to the total.
fn items_and_shipping(
    payload: &payload::Order<'_>,
    currency: Option<&Currency>,
    skipped: &mut Vec<Skipped>,
) -> (Vec<Item>, Shipping) {
    let lines = parts::lines(&payload.line_items);
    let mut items = parts::items_with_taxes(lines, payload.taxes_included.0, "the order", skipped);
    let mut shipping = parts::shipping(&payload.shipping_lines, payload.total_shipping_price_set.0.as_ref());
    let (discount, subtotal) = (payload.total_discounts.0, payload.subtotal_price.0);
    parts::spread_discounts(&mut items, &mut shipping, discount, subtotal, currency);
    (items, shipping)
}

/// Tips, duties and other fees: in the total, and in no other part of it.
fn fees(payload: &payload::Order<'_>) -> Option<Money> {
    let shop = |set: &Option<MoneySet<'_>>| set.as_ref().and_then(MoneySet::shop);
    let duties =
        shop(&payload.original_total_duties_set.0).filter(|_| payload.duties_included.0 != Some(true));
    let parts = [payload.total_tip_received.0, duties, shop(&payload.original_total_additional_fees_set.0)];
    Some(parts.into_iter().flatten().sum()).filter(|fees| Money::ZERO < *fees)
}
