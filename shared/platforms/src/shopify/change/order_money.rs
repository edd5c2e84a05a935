//! What an order is worth (`docs/decisions/0020`, `0040`). Brevo sums the amounts of all orders whatever their status is,
//! so the amount itself must be net of what went back, was taken away or never paid.
//!
//! Shopify's documents allow two readings of `total_price` once lines were added: the total as placed, or everything that
//! was ever ordered. Money that went back without a line (a goodwill refund) may lower `current_total_price`, or not. What
//! follows is right under all of them, and says so where a body cannot tell.

use jiff::{SignedDuration, Timestamp};
use tajo_domain::{Money, UnsureNet, short_hash};

use super::parts;
use super::refund::{Returned, in_shop_money};
use crate::shopify::payload::{self, MoneySet, Order};

/// A refund record this much before the cancellation is not part of it.
const SAME_ACT: SignedDuration = SignedDuration::from_secs(60);

/// What an order is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Net of everything, never below zero.
    pub net: Money,
    /// All that was ever to be paid.
    pub due: Money,
    /// What `net` leaves out although no money has gone back for it.
    pub owed: Money,
    /// The body cannot say `net`: it is a guess.
    pub unsure: Option<UnsureNet>,
}

/// One refund, as far as money goes.
struct Part {
    at: Option<Timestamp>,
    /// What has gone back.
    returned: Money,
    /// What is on its way for its lines.
    open: Money,
    /// What its lines and shipping cost.
    gone: Money,
}

impl Part {
    /// What its lines cost, as far as no money has gone back for them, and none is on its way.
    fn unpaid(&self) -> Money {
        (self.gone - self.returned - self.open).max(Money::ZERO)
    }
}

/// What the order is worth now.
pub fn worth(payload: &Order<'_>, total: Money) -> Worth {
    let parts: Vec<Part> = payload.refunds.objects().map(|refund| part(refund, payload)).collect();
    let current = payload.current_total_price.0;
    // Without a current total nothing tells an edit.
    let due = current.map_or(total, |current| total.max(current).max(ever_ordered(payload)));
    let is_cancelled = payload.cancelled_at.0.is_some();
    let payment = payload.financial_status.get();
    if is_cancelled || matches!(payment, Some("voided" | "expired")) {
        return kept(payload, &parts, due, total);
    }
    let left = due - parts.iter().map(|part| part.returned).sum::<Money>();
    let Some(current) = current else {
        let net = if payment == Some("refunded") { Money::ZERO } else { left.max(Money::ZERO) };
        return Worth { net, due, owed: Money::ZERO, unsure: None };
    };
    let (net, is_unsure) = of_lines_and_money(&parts, current, left);
    let net = net.max(Money::ZERO);
    // An order that was not paid has no net payment to ask for.
    let is_paid = matches!(payment, Some("paid" | "partially_refunded" | "refunded"));
    let unsure = (is_unsure && is_paid).then(|| UnsureNet {
        at_most: Some(current),
        open: on_its_way(&parts),
        about: about(payload, &parts),
    });
    Worth { net, due, owed: (left - net).max(Money::ZERO), unsure }
}

/// From two sides: `current`, what is left of the lines, and `left`, what was due less the money that went back.
/// The answer is sure where both agree.
fn of_lines_and_money(parts: &[Part], current: Money, left: Money) -> (Money, bool) {
    // Money beyond the lines that came back with it.
    let goodwill: Money = parts.iter().map(|part| (part.returned - part.gone).max(Money::ZERO)).sum();
    if goodwill.is_zero() {
        // More money went back than lines went: there are additions that the body does not show.
        return (current.min(left), left < current);
    }
    let unpaid: Money = parts.iter().map(Part::unpaid).sum();
    // Lines whose money is on its way have left the current total.
    let left = left - on_its_way(parts);
    let without_goodwill = current - goodwill;
    if left == without_goodwill || (left == current && unpaid.is_zero()) {
        return (left, false);
    }
    // Goodwill, and lines that went without money besides: nobody says whether those had been paid.
    (left.min(without_goodwill), true)
}

fn on_its_way(parts: &[Part]) -> Money {
    parts.iter().map(|part| part.open).sum()
}

/// What was kept of an order that will bring nothing more: what was paid less what went back. Without a payment that is
/// nothing, whatever the body's totals say. The current total has lost its lines by then and tells nothing of money.
fn kept(payload: &Order<'_>, parts: &[Part], due: Money, total: Money) -> Worth {
    let returned: Money = parts.iter().map(|part| part.returned).sum();
    let current = payload.current_total_price.0.unwrap_or(total);
    let (net, is_unsure) = match payload.financial_status.get() {
        Some("paid" | "partially_refunded") => (due - returned, was_edited_down(payload, parts)),
        // How much was paid is not said: no more than both totals allow.
        Some("partially_paid") => ((total.max(current) - returned).min(current), true),
        _ => (Money::ZERO, false),
    };
    let unsure =
        is_unsure.then(|| UnsureNet { at_most: None, open: Money::ZERO, about: about(payload, parts) });
    Worth { net: net.max(Money::ZERO), due, owed: Money::ZERO, unsure }
}

/// Names all that the net payment follows from. A change of anything else asks nothing again.
fn about(payload: &Order<'_>, parts: &[Part]) -> String {
    let refunds = parts.iter().map(|part| format!("{}/{}", part.returned.normalize(), part.gone.normalize()));
    let total = |total: Option<Money>| total.unwrap_or_default().normalize();
    let name = format!(
        "{} {} {} {} {}",
        payload.financial_status.get().unwrap_or_default(),
        payload.cancelled_at.0.is_some(),
        total(payload.total_price.0),
        total(payload.current_total_price.0),
        refunds.collect::<Vec<_>>().join(","),
    );
    short_hash(&name).chars().take(12).collect()
}

/// Whether lines went before the cancellation, and without their money: nobody says whether they had been paid.
fn was_edited_down(payload: &Order<'_>, parts: &[Part]) -> bool {
    let cancelled = payload.cancelled_at.0;
    let is_before = |at: Option<Timestamp>| match (at, cancelled) {
        (Some(at), Some(cancelled)) => SAME_ACT < cancelled.duration_since(at),
        _ => true,
    };
    let unpaid = |part: &Part| Money::ZERO < part.unpaid() && is_before(part.at);
    let refunded = |id: &str| -> u64 {
        let refunds = payload.refunds.objects().flat_map(|refund| refund.refund_line_items.objects());
        let lines = refunds.filter(|line| line.line_item_id.0.as_deref() == Some(id));
        lines.filter_map(|line| line.quantity.0).fold(0, u64::saturating_add)
    };
    let without_record = payload.line_items.objects().any(|line| {
        let (Some(id), Some(bought), Some(left)) = (&line.id.0, line.quantity.0, line.current_quantity.0)
        else {
            return false;
        };
        left.saturating_add(refunded(id)) < bought
    });
    // A cancellation without a record of its own takes the lines along: then none is left.
    let is_emptied = payload.line_items.objects().all(|line| line.current_quantity.0.unwrap_or(0) == 0);
    parts.iter().any(unpaid) || (without_record && !is_emptied)
}

/// What every line that is or was in the order costs together, with shipping, taxes and after discounts. Never too much:
/// what cannot be read is left out, and discounts that fall on no line are taken off.
fn ever_ordered(payload: &Order<'_>) -> Money {
    let lines: Money = payload.line_items.objects().filter_map(gross).sum();
    let on_lines: Money = payload.line_items.objects().map(parts::discount).sum();
    let shipping = parts::shipping(&payload.shipping_lines, payload.total_shipping_price_set.0.as_ref());
    let on_shipping = shipping.before - shipping.after;
    let discount = (on_lines + on_shipping).max(payload.total_discounts.0.unwrap_or_default());
    let taxes = match payload.taxes_included.0 {
        Some(false) => {
            let lines = payload.line_items.objects().flat_map(|line| line.tax_lines.objects());
            lines.filter_map(|tax| tax.price.0).sum::<Money>().max(payload.total_tax.0.unwrap_or_default())
        }
        Some(true) | None => Money::ZERO,
    };
    lines - discount + shipping.before + taxes
}

fn gross(line: &payload::Line<'_>) -> Option<Money> {
    let price = line.price.0.or_else(|| line.price_set.0.as_ref().and_then(MoneySet::shop))?;
    Some(price * Money::from(line.quantity.0?))
}

fn part(refund: &payload::Refund<'_>, payload: &Order<'_>) -> Part {
    let taxes_on_top = payload.taxes_included.0 == Some(false);
    let lines = refund.refund_line_items.objects().map(|line| {
        let pieces = line.quantity.0.unwrap_or(0);
        let of_line = || line.line_item.0.as_ref().and_then(|of| parts::cost(of, pieces));
        let tax = line.tax().filter(|_| taxes_on_top).unwrap_or_default();
        line.subtotal().or_else(of_line).unwrap_or_default() + tax
    });
    // Written as what the merchant loses.
    let shipping =
        refund.order_adjustments.objects().filter(|part| part.kind.get() == Some("shipping_refund"));
    let shipping = shipping.map(|part| {
        let tax = part.tax_amount.0.filter(|_| taxes_on_top).unwrap_or_default();
        (part.amount.0.unwrap_or_default() + tax).abs()
    });
    let money = Returned::of(refund, |transaction| in_shop_money(transaction, payload));
    let gone = lines.sum::<Money>() + shipping.sum::<Money>();
    Part {
        at: refund.created_at.0.or(refund.processed_at.0),
        returned: money.amount,
        open: money.open.min(gone - money.amount).max(Money::ZERO),
        gone,
    }
}
