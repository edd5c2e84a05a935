//! What comes about an order without the order: `refunds/create`, `fulfillments/*`, `orders/delete`, `orders/edited`.

use tajo_domain::{Change, Changes, Currency, LoneFact, OrderFact, Skipped, Unusable};

use super::order_parts::fulfilment_of;
use super::refund::{Returned, converted, refund_of};
use super::{expect_kind, skipped};
use crate::Context;
use crate::lenient::Id;
use crate::shopify::payload::{self, MoneySet};

/// A refund. Its amount is in the money that the order was paid in.
pub fn refund(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload: payload::Refund<'_> = payload::parse(body, "the body has no refund id")?;
    expect_kind(payload.admin_graphql_api_id.get(), "Refund", "a refund")?;
    let (id, order) = ids(&payload.id, &payload.order_id, "refund")?;
    let mut changes = Changes::default();
    let mut money = Returned::of(&payload, |transaction| transaction.amount.0);
    if money.is_unreadable {
        changes.skipped.push(Skipped::new(format!("an amount of refund {id}"), "it is unreadable"));
    }
    let moves = payload.transactions.objects().filter(|transaction| transaction.kind.get() == Some("refund"));
    let mut paid_in = moves.filter_map(|transaction| transaction.currency.get()).find_map(Currency::parse);
    // The lines of the refund, if it has any, are in both currencies.
    let rate = payload.refund_line_items.objects().find_map(|line| line.subtotal_set.0.as_ref());
    if let (Some(set), Some(currency)) = (rate, &paid_in)
        && let Some(shop) = shop_currency(set).filter(|shop| shop != currency)
        && let Some(amount) = converted(money.amount, set, &shop)
    {
        money.amount = amount;
        paid_in = Some(shop);
    }
    // Alone, it does not say whether taxes are in the prices.
    let refund = refund_of(id, &payload, money, None, context.time, &mut changes.skipped);
    changes.changes.push(lone(order, OrderFact::Refund { refund, paid_in }));
    Ok(changes)
}

/// A shipment, or a change of one.
pub fn fulfilment(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload: payload::Fulfillment<'_> = payload::parse(body, "the body has no shipment id")?;
    expect_kind(payload.admin_graphql_api_id.get(), "Fulfillment", "a shipment")?;
    let (id, order) = ids(&payload.id, &payload.order_id, "shipment")?;
    let mut changes = Changes::default();
    let fact = fulfilment_of(id, &payload, context.time, &mut changes.skipped);
    changes.changes.push(lone(order, OrderFact::Fulfilment(fact)));
    Ok(changes)
}

/// An order is gone. Only its id is left.
pub fn deleted(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload: payload::OrderId<'_> = payload::parse(body, "the body has no order id")?;
    expect_kind(payload.admin_graphql_api_id.get(), "Order", "an order")?;
    let order = payload.id.0.ok_or_else(|| Unusable::new("the body has no order id"))?;
    let change = Change::OrderDeleted { order, at: context.time };
    Ok(Changes { changes: vec![change], skipped: Vec::new() })
}

/// A delta of line ids, without names or prices. The order's own body shows the same edit in full, and is the one
/// that is told: two sources would tell it twice.
pub fn edited(body: &[u8]) -> Result<Changes, Unusable> {
    let payload: payload::OrderId<'_> = payload::parse(body, "the body has no order edit")?;
    match payload.order_edit.0.and_then(|edit| edit.order_id.0) {
        Some(_) => Ok(skipped("an edit is told by the order itself, which comes as orders/updated")),
        None => Err(Unusable::new("the body has no order edit")),
    }
}

fn ids<'a>(id: &'a Id, order: &Id, word: &str) -> Result<(&'a str, String), Unusable> {
    match (&id.0, &order.0) {
        (Some(id), Some(order)) => Ok((id, order.clone())),
        (None, _) => Err(Unusable::new(format!("the body has no {word} id"))),
        (_, None) => Err(Unusable::new(format!("the {word} names no order"))),
    }
}

fn shop_currency(set: &MoneySet<'_>) -> Option<Currency> {
    Currency::parse(set.shop_money.0.as_ref()?.currency_code.get()?)
}

fn lone(order: String, fact: OrderFact) -> Change {
    Change::OrderFact(Box::new(LoneFact { order, fact, triggered_at: None }))
}
