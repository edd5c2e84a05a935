//! Parts of an order: what it is worth, what was shipped, refunded and edited.

use jiff::Timestamp;
use tajo_domain::{Currency, Edit, Fulfilment, Money, Presentment, Refund, Skipped, short_hash};

use super::parts;
use crate::lenient::{List, Text};
use crate::shopify::payload::{self, Fulfillment, MoneySet, Transaction};

/// What the order is worth now. Brevo sums amounts whatever an order's status is, also of refunded and
/// cancelled ones, so the amount itself must be net of refunds.
///
/// `current_total_price` falls with returned and removed lines and rises with added ones; money given back
/// without a line (a goodwill refund) shows only in the refund's transactions. So: the larger total less the
/// money that went back, but never more than the current total and never less than nothing.
pub fn net(total: Money, current: Option<Money>, refunds: &[Refund]) -> Money {
    let refunded: Money = refunds.iter().map(|refund| refund.amount).sum();
    let net = total.max(current.unwrap_or(total)) - refunded;
    net.min(current.unwrap_or(net)).max(Money::ZERO)
}

/// What was kept of an order that will bring nothing more: what was paid less what went back. Without a payment that is
/// nothing, whatever the body's totals say. The current total has lost its lines by then and tells nothing of money.
pub fn kept(payment: Option<&str>, total: Money, current: Option<Money>, refunds: &[Refund]) -> Money {
    match payment {
        Some("paid" | "partially_refunded") => net(total.max(current.unwrap_or(total)), None, refunds),
        // How much was paid is not said: no more than both totals allow.
        Some("partially_paid") => net(total, current, refunds),
        _ => Money::ZERO,
    }
}

/// Shipments, without those that never left, each with whether it was the last that the order waited for.
pub fn fulfilments(
    payload: &payload::Order<'_>,
    updated_at: Timestamp,
    skipped: &mut Vec<Skipped>,
) -> Vec<Fulfilment> {
    let mut found = Vec::new();
    for fulfilment in payload.fulfillments.objects() {
        match (&fulfilment.id.0, fulfilment.status.get()) {
            (_, status) if never_left(status) => {}
            (Some(id), _) => found.push(fulfilment_of(id, fulfilment, updated_at, skipped)),
            // Without an id its event could not be kept from being sent twice.
            (None, _) => skipped.push(Skipped::new("a shipment", "it has no id")),
        }
    }
    found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let ordered: u64 = payload.line_items.objects().filter_map(|line| line.quantity.0).sum();
    let is_complete = payload.fulfillment_status.get() == Some("fulfilled");
    let (mut shipped, count) = (0, found.len());
    for (index, fulfilment) in found.iter_mut().enumerate() {
        shipped += fulfilment.items.iter().map(|item| item.quantity).sum::<u64>();
        let is_last = index + 1 == count;
        fulfilment.completes = Some((is_last && is_complete) || (ordered > 0 && ordered <= shipped));
    }
    found
}

/// Words that we do not know count as shipped: Shopify adds some.
pub fn never_left(status: Option<&str>) -> bool {
    matches!(status, Some("cancelled" | "error" | "failure"))
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
        tracking_number: first_text(&fulfilment.tracking_number, &fulfilment.tracking_numbers),
        tracking_url: first_text(&fulfilment.tracking_url, &fulfilment.tracking_urls),
        items: parts::items(parts::lines(&fulfilment.line_items), "a shipment", skipped),
        completes: None,
    }
}

fn first_text(one: &Text<'_>, many: &List<Text<'_>>) -> Option<String> {
    one.get().or_else(|| many.texts().next()).map(str::to_owned)
}

/// What went back, each refund with whether it was the rest of the total.
pub fn refunds(
    payload: &payload::Order<'_>,
    total: Money,
    updated_at: Timestamp,
    skipped: &mut Vec<Skipped>,
) -> Vec<Refund> {
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
        found.push(refund_of(id, refund, amount, updated_at, skipped));
    }
    found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let mut gone = Money::ZERO;
    for refund in &mut found {
        gone += refund.amount;
        refund.is_full = Some(refund.amount > Money::ZERO && total <= gone);
    }
    found
}

/// One refund, by itself.
pub fn refund_of(
    id: &str,
    refund: &payload::Refund<'_>,
    amount: Money,
    otherwise: Timestamp,
    skipped: &mut Vec<Skipped>,
) -> Refund {
    // How many came back, not how many were bought.
    let returned = refund
        .refund_line_items
        .objects()
        .filter_map(|line| Some((line.line_item.0.as_ref()?, line.quantity.0.unwrap_or(0))));
    Refund {
        id: id.to_owned(),
        at: parts::first_time([&refund.created_at, &refund.processed_at], otherwise),
        amount,
        reason: refund.note.owned(),
        items: parts::items(returned, "a refund", skipped),
        pending: is_on_its_way(refund),
        is_full: None,
    }
}

/// Whether the refund is of money, and none of it has arrived or failed to. Some payment methods take days.
fn is_on_its_way(refund: &payload::Refund<'_>) -> bool {
    let is_final = |transaction: &&Transaction<'_>| {
        matches!(transaction.status.get(), Some("success" | "failure" | "error"))
    };
    let mut moves = refund
        .transactions
        .objects()
        .filter(|transaction| transaction.kind.get() == Some("refund"))
        .peekable();
    moves.peek().is_some() && !moves.any(|transaction| is_final(&transaction))
}

/// A refund may exist without money moving, and its money may still be on the way or have failed.
pub fn is_paid_back(transaction: &Transaction<'_>) -> bool {
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
    converted(amount, set, &shop?)
}

/// An amount in the buyer's currency, at the rate of a sum that is known in both.
pub fn converted(amount: Money, rate: &MoneySet<'_>, shop: &Currency) -> Option<Money> {
    let rate = rate.shop()?.checked_div(rate.presentment()?)?;
    amount.checked_mul(rate).map(|amount| amount.round_dp(shop.decimals()))
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
    let items = parts::items(items, "the order", &mut Vec::new());
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
