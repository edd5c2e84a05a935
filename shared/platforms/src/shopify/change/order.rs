//! `orders/create`, `orders/updated`, `orders/paid`, …: all carry the full present order, so all mean the same.

use tajo_domain::{Cancellation, Change, Changes, Currency, Order, Skipped, Unusable};

use super::order_parts::{cart_tokens, edit, fulfilments, kept, net, presentment, refunds};
use super::person::{self, Sources};
use super::{custom, expect_kind, parts};
use crate::Context;
use crate::shopify::payload;

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
    let created_at = parts::first_time([&payload.created_at, &payload.processed_at], updated_at);
    let currency = payload.currency.get().and_then(Currency::parse);
    let sources = Sources {
        customer: payload.customer.0.as_ref(),
        is_account_news: false,
        emails: [payload.email.get(), payload.contact_email.get()],
        phone: payload.phone.get(),
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

    let refunds = refunds(&payload, total, updated_at, skipped);
    let payment = payload.financial_status.get();
    let current = payload.current_total_price.0;
    let is_over = payload.cancelled_at.0.is_some() || payment == Some("voided");
    let net = if is_over { kept(payment, total, current, &refunds) } else { net(total, current, &refunds) };
    let order = Order {
        items: parts::items_with_taxes(
            parts::lines(&payload.line_items),
            payload.taxes_included.0,
            "the order",
            skipped,
        ),
        fulfilments: fulfilments(&payload, updated_at, skipped),
        net,
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
        updated_at,
        currency,
        total,
        subtotal: payload.subtotal_price.0,
        discount: payload.total_discounts.0,
        tax: payload.total_tax.0,
        shipping: payload
            .total_shipping_price_set
            .0
            .as_ref()
            .and_then(payload::MoneySet::shop)
            .or_else(|| parts::shipping(&payload.shipping_lines)),
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
        url: payload.order_status_url.owned(),
        billing: parts::address(&payload.billing_address),
        delivery: parts::address(&payload.shipping_address),
    };
    changes.changes.push(Change::Order(Box::new(order)));
    Ok(changes)
}
