//! Parts of an order: what was shipped and edited. What it is worth: `order_money.rs`; refunds: `refund.rs`.

use jiff::Timestamp;
use tajo_domain::{Currency, Edit, Fulfilment, Money, Presentment, ShipmentState, Skipped, short_hash};

use super::parts;
use crate::lenient::{List, Text};
use crate::shopify::payload::{self, Fulfillment, MoneySet};

/// Shipments, each with whether it was the last that the order waited for.
pub fn fulfilments(
    payload: &payload::Order<'_>,
    updated_at: Timestamp,
    skipped: &mut Vec<Skipped>,
) -> Vec<Fulfilment> {
    let mut found = Vec::new();
    for fulfilment in payload.fulfillments.objects() {
        match &fulfilment.id.0 {
            Some(id) => found.push(fulfilment_of(id, fulfilment, updated_at, skipped)),
            // Without an id its event could not be kept from being sent twice.
            None => skipped.push(Skipped::new("a shipment", "it has no id")),
        }
    }
    found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let ordered: u64 = payload.line_items.objects().filter_map(|line| line.quantity.0).sum();
    let is_complete = payload.fulfillment_status.get() == Some("fulfilled");
    let mut shipped = 0;
    let count = found.iter().filter(|fulfilment| fulfilment.state.is_shipped()).count();
    let left = found.iter_mut().filter(|fulfilment| fulfilment.state.is_shipped());
    for (index, fulfilment) in left.enumerate() {
        shipped += fulfilment.items.iter().map(|item| item.quantity).sum::<u64>();
        let is_last = index + 1 == count;
        fulfilment.completes = Some((is_last && is_complete) || (ordered > 0 && ordered <= shipped));
    }
    found
}

/// Words that we do not know count as shipped: Shopify adds some.
fn state_of(status: Option<&str>) -> ShipmentState {
    match status {
        Some("pending" | "open") => ShipmentState::Open,
        Some("cancelled") => ShipmentState::Cancelled,
        Some("error" | "failure") => ShipmentState::Failed,
        _ => ShipmentState::Shipped,
    }
}

/// One shipment, by itself.
pub fn fulfilment_of(
    id: &str,
    fulfilment: &Fulfillment<'_>,
    otherwise: Timestamp,
    skipped: &mut Vec<Skipped>,
) -> Fulfilment {
    Fulfilment {
        id: id.to_owned(),
        at: parts::first_time([&fulfilment.created_at], otherwise),
        carrier: fulfilment.tracking_company.owned(),
        tracking_numbers: all_texts(&fulfilment.tracking_number, &fulfilment.tracking_numbers),
        tracking_urls: all_texts(&fulfilment.tracking_url, &fulfilment.tracking_urls),
        items: parts::items(parts::lines(&fulfilment.line_items), "a shipment", skipped),
        completes: None,
        state: state_of(fulfilment.status.get()),
        updated_at: fulfilment.updated_at.0,
    }
}

/// Each once. The list holds them all; bodies before it had only the first.
fn all_texts(one: &Text<'_>, many: &List<Text<'_>>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in many.texts().chain(one.get()) {
        if !all.iter().any(|known| known == text) {
            all.push(text.to_owned());
        }
    }
    all
}

/// What the buyer paid in, if it is not the shop's currency.
pub fn presentment(payload: &payload::Order<'_>) -> Option<Presentment> {
    let currency = payload.presentment_currency.get().and_then(Currency::parse)?;
    let shop = payload.currency.get().and_then(Currency::parse);
    let total = payload.total_price_set.0.as_ref().and_then(MoneySet::presentment);
    (shop.as_ref() != Some(&currency)).then_some(Presentment { currency, total })
}

/// What the order was edited to. A line with fewer pieces than were bought and came back was edited; so was an
/// order that costs more now than when it was placed. A cancellation and open returns take pieces away too,
/// and leave nothing to tell an edit by.
pub fn edit(payload: &payload::Order<'_>, total: Money) -> Option<Edit> {
    let current = payload.current_total_price.0?;
    if payload.cancelled_at.0.is_some() || payload.returns.objects().next().is_some() {
        return None;
    }
    let mut is_edited = total < current;
    let mut lines = Vec::new();
    for line in payload.line_items.objects() {
        let id = line.id.0.as_deref()?;
        let bought = line.quantity.0?;
        let left = line.current_quantity.0?.saturating_add(refunded_pieces(payload, id)).min(bought);
        is_edited |= left < bought;
        lines.push((id, line, left));
    }
    lines.sort_by_key(|(id, ..)| *id);
    let name = lines.iter().map(|(id, _, left)| format!("{id}:{left}")).collect::<Vec<_>>().join(",");
    let items = lines.into_iter().filter(|(.., left)| *left > 0).map(|(_, line, left)| (line, left));
    let items = parts::items_with_taxes(items, payload.taxes_included.0, "the order", &mut Vec::new());
    is_edited.then(|| Edit { lines: short_hash(&name).chars().take(12).collect(), items, total: current })
}

fn refunded_pieces(payload: &payload::Order<'_>, line: &str) -> u64 {
    let refunds = payload.refunds.objects().flat_map(|refund| refund.refund_line_items.objects());
    refunds
        .filter(|part| part.line_item_id.0.as_deref() == Some(line))
        .filter_map(|part| part.quantity.0)
        .sum()
}

/// What this order completes. Either may be missing: point of sale, drafts and the API have no checkout.
pub fn cart_tokens(payload: &payload::Order<'_>) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for token in [&payload.cart_token, &payload.checkout_token].into_iter().filter_map(parts::token) {
        if !tokens.iter().any(|known| known == token) {
            tokens.push(token.to_owned());
        }
    }
    tokens
}
