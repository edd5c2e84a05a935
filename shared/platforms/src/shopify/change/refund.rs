//! Refunds: which of their money has gone back, and what came back with them.
//!
//! A refund record is not money: Shopify makes one for a line that an edit removes, for an order that is cancelled
//! before it is paid, and for goods that come back. Its money may follow in a later body, be on its way for days, or fail.

use jiff::Timestamp;
use tajo_domain::{Currency, Item, Money, Refund, Skipped};

use super::parts;
use crate::shopify::payload::{self, MoneySet, RefundLine, Transaction};

/// What went back, each refund with whether it was the rest of what was to be paid (`due`).
pub fn refunds(
    payload: &payload::Order<'_>,
    due: Money,
    updated_at: Timestamp,
    skipped: &mut Vec<Skipped>,
) -> Vec<Refund> {
    let mut found = Vec::new();
    for refund in payload.refunds.objects() {
        let Some(id) = &refund.id.0 else {
            skipped.push(Skipped::new("a refund", "it has no id"));
            continue;
        };
        let money = Returned::of(refund, |transaction| in_shop_money(transaction, payload));
        if money.is_unreadable {
            let reason = "it is unreadable, or in another currency without a rate";
            skipped.push(Skipped::new(format!("an amount of refund {id}"), reason));
        }
        found.push(refund_of(id, refund, money, payload.taxes_included.0, updated_at, skipped));
    }
    found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let mut gone = Money::ZERO;
    for refund in &mut found {
        gone += refund.amount;
        refund.is_full = Some(refund.amount > Money::ZERO && due <= gone);
    }
    // What an edit took away before it was paid is part of what was due. Shopify says itself when all is returned.
    let is_open = found.iter().any(|refund| refund.pending);
    if payload.financial_status.get() == Some("refunded") && !is_open {
        let last = found.iter_mut().rev().find(|refund| refund.is_final());
        last.into_iter().for_each(|refund| refund.is_full = Some(true));
    }
    found
}

/// One refund, by itself.
pub fn refund_of(
    id: &str,
    refund: &payload::Refund<'_>,
    money: Returned,
    taxes_included: Option<bool>,
    otherwise: Timestamp,
    skipped: &mut Vec<Skipped>,
) -> Refund {
    let with_line = |line: &&RefundLine<'_>| line.line_item.0.is_some();
    let lines: Vec<&RefundLine<'_>> = refund.refund_line_items.objects().filter(with_line).collect();
    // How many came back, not how many were bought.
    let pieces =
        lines.iter().filter_map(|line| Some((line.line_item.0.as_ref()?, line.quantity.0.unwrap_or(0))));
    let items = parts::finished_items(pieces, "a refund", skipped, |index, of, item| {
        let item = parts::with_taxes(item, of, taxes_included);
        match lines.get(index) {
            Some(line) => at_its_price(item, line, taxes_included),
            None => item,
        }
    });
    Refund {
        id: id.to_owned(),
        at: parts::first_time([&refund.created_at, &refund.processed_at], otherwise),
        amount: money.amount,
        reason: refund.note.owned(),
        items,
        pending: money.is_open || money.is_unreadable,
        is_full: None,
    }
}

/// A refund says itself what its pieces cost after discounts, and their taxes.
fn at_its_price(item: Item, line: &RefundLine<'_>, taxes_included: Option<bool>) -> Item {
    let discount = line.subtotal().map_or(item.discount, |subtotal| item.line_total() - subtotal);
    let taxes = line.tax().or(item.taxes);
    let tax = if taxes_included == Some(false) { taxes } else { item.tax };
    Item { discount: discount.max(Money::ZERO), tax, taxes, ..item }
}

/// Money of one refund.
#[derive(Clone, Copy, Default)]
pub struct Returned {
    /// What has gone back.
    pub amount: Money,
    /// Some is still on its way. A word for a state that we do not know counts as that.
    pub is_open: bool,
    /// How much, as far as it can be read.
    pub open: Money,
    /// Some has gone back, and the body does not say how much in the money that is asked for.
    pub is_unreadable: bool,
}

impl Returned {
    /// Adds up what has gone back; `amount` reads one transaction. Store credit, gift cards and money that was returned by
    /// hand are money, too.
    pub fn of(refund: &payload::Refund<'_>, amount: impl Fn(&Transaction<'_>) -> Option<Money>) -> Self {
        let mut money = Self::default();
        let moves = refund.transactions.objects();
        for transaction in moves.filter(|transaction| transaction.kind.get() == Some("refund")) {
            match transaction.status.get() {
                Some("success") => match amount(transaction) {
                    Some(returned) => money.amount += returned.max(Money::ZERO),
                    None => money.is_unreadable = true,
                },
                Some("failure" | "error") => {}
                _ => {
                    money.is_open = true;
                    money.open += amount(transaction).unwrap_or_default().max(Money::ZERO);
                }
            }
        }
        money
    }
}

/// Transactions are in the currency they were paid in. Another than the shop's is converted at the rate that
/// the order itself was placed at, which is the only one that the body knows.
pub fn in_shop_money(transaction: &Transaction<'_>, payload: &payload::Order<'_>) -> Option<Money> {
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
