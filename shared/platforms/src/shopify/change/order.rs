//! `orders/create` and `orders/updated`: both carry the full present order, so both mean the same.

use jiff::Timestamp;
use tajo_domain::{
    Cancellation, Change, Changes, Currency, Fulfilment, Money, Order, Refund, Skipped, Unusable,
};

use super::person::{self, Sources};
use super::{custom, expect_kind, parts};
use crate::Context;
use crate::lenient::{List, Text};
use crate::shopify::payload::{self, Transaction};

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

    let refunds = refunds(&payload, updated_at, skipped);
    let order = Order {
        items: parts::items(parts::lines(&payload.line_items), "the order", skipped),
        fulfilments: fulfilments(&payload, updated_at, skipped),
        net: net(total, payload.current_total_price.0, &refunds),
        cancelled: payload
            .cancelled_at
            .0
            .map(|at| Cancellation { at, reason: payload.cancel_reason.owned() }),
        status: match payload.cancelled_at.0 {
            Some(_) => "cancelled".to_owned(),
            None => payload.financial_status.owned().unwrap_or_else(|| "unknown".to_owned()),
        },
        cart_tokens: cart_tokens(&payload),
        id,
        name,
        identity,
        created_at,
        updated_at,
        test: payload.test.0 == Some(true),
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

/// What the order is worth now. Brevo sums amounts whatever an order's status is, also of refunded and
/// cancelled ones, so the amount itself must be net of refunds.
///
/// `current_total_price` falls with returned and removed lines and rises with added ones; money given back
/// without a line (a goodwill refund) shows only in the refund's transactions. So: the larger total less the
/// money that went back, but never more than the current total and never less than nothing.
fn net(total: Money, current: Option<Money>, refunds: &[Refund]) -> Money {
    let refunded: Money = refunds.iter().map(|refund| refund.amount).sum();
    let net = total.max(current.unwrap_or(total)) - refunded;
    net.min(current.unwrap_or(net)).max(Money::ZERO)
}

/// Shipments, without those that never left. Words that we do not know count: Shopify adds some.
fn fulfilments(
    payload: &payload::Order<'_>,
    updated_at: Timestamp,
    skipped: &mut Vec<Skipped>,
) -> Vec<Fulfilment> {
    let mut found = Vec::new();
    for fulfilment in payload.fulfillments.objects() {
        match (&fulfilment.id.0, fulfilment.status.get()) {
            (_, Some("cancelled" | "error" | "failure")) => {}
            (Some(id), _) => {
                let items = parts::items(parts::lines(&fulfilment.line_items), "a shipment", skipped);
                found.push(Fulfilment {
                    id: id.clone(),
                    at: parts::first_time([&fulfilment.created_at], updated_at),
                    carrier: fulfilment.tracking_company.owned(),
                    tracking_number: first_text(&fulfilment.tracking_number, &fulfilment.tracking_numbers),
                    tracking_url: first_text(&fulfilment.tracking_url, &fulfilment.tracking_urls),
                    items,
                });
            }
            // Without an id its event could not be kept from being sent twice.
            (None, _) => skipped.push(Skipped::new("a shipment", "it has no id")),
        }
    }
    found
}

fn first_text(one: &Text<'_>, many: &List<Text<'_>>) -> Option<String> {
    one.get().or_else(|| many.texts().next()).map(str::to_owned)
}

fn refunds(payload: &payload::Order<'_>, updated_at: Timestamp, skipped: &mut Vec<Skipped>) -> Vec<Refund> {
    let mut found = Vec::new();
    for refund in payload.refunds.objects() {
        let Some(id) = &refund.id.0 else {
            skipped.push(Skipped::new("a refund", "it has no id"));
            continue;
        };
        let mut amount = Money::ZERO;
        for transaction in refund.transactions.objects().filter(|transaction| is_paid_back(transaction)) {
            match in_shop_money(transaction, payload) {
                Some(money) => amount += money,
                None => skipped.push(Skipped::new(
                    format!("an amount of refund {id}"),
                    "it is unreadable, or in another currency without a rate",
                )),
            }
        }
        // How many came back, not how many were bought.
        let returned = refund
            .refund_line_items
            .objects()
            .filter_map(|line| Some((line.line_item.0.as_ref()?, line.quantity.0.unwrap_or(0))));
        let items = parts::items(returned, "a refund", skipped);
        found.push(Refund {
            id: id.clone(),
            at: parts::first_time([&refund.created_at, &refund.processed_at], updated_at),
            amount,
            reason: refund.note.owned(),
            items,
        });
    }
    found
}

/// A refund may exist without money moving, and its money may still be on the way or have failed.
fn is_paid_back(transaction: &Transaction<'_>) -> bool {
    transaction.kind.get() == Some("refund") && transaction.status.get() == Some("success")
}

/// Transactions are in the currency they were paid in. Another than the shop's is converted at the rate that
/// the order itself was placed at, which is the only one that the body knows.
fn in_shop_money(transaction: &Transaction<'_>, payload: &payload::Order<'_>) -> Option<Money> {
    let amount = transaction.amount.0?.max(Money::ZERO);
    let paid_in = transaction.currency.get().and_then(Currency::parse);
    let shop = payload.currency.get().and_then(Currency::parse);
    if paid_in.is_none() || shop.is_none() || paid_in == shop {
        return Some(amount);
    }
    let set = payload.total_price_set.0.as_ref()?;
    let rate = set.shop()?.checked_div(set.presentment()?)?;
    amount.checked_mul(rate).map(|amount| amount.round_dp(2))
}

/// What this order completes. Either may be missing: point of sale, drafts and the API have no checkout.
fn cart_tokens(payload: &payload::Order<'_>) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for token in [&payload.cart_token, &payload.checkout_token].into_iter().filter_map(parts::token) {
        if !tokens.iter().any(|known| known == token) {
            tokens.push(token.to_owned());
        }
    }
    tokens
}
