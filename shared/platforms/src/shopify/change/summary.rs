//! `customers/purchasing_summary`: absolute figures, as of `occurredAt`.
//!
//! It names the last order but not its day, so the day is left to the orders themselves.

use tajo_domain::{Changes, Currency, Identity, PersonUpdate, Totals, Unusable, Versioned};

use super::{detail, id_of, skipped};
use crate::Context;
use crate::shopify::payload::{self, PurchasingSummary};

const NO_ID: &str = "the body names no customer";

/// What a customer has bought so far.
pub fn changes(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let summary: PurchasingSummary<'_> = payload::parse(body, NO_ID)?;
    let customer = id_of(summary.customer_id.get(), "Customer").ok_or_else(|| Unusable::new(NO_ID))?;
    let amount = summary.amount_spent.0.unwrap_or_default();
    let (Some(orders), Some(spent)) = (summary.number_of_orders.0, amount.amount.0) else {
        return Ok(skipped("it has no readable number of orders or amount spent"));
    };
    let currency = amount.currency_code.get().and_then(Currency::parse);
    let at = summary.occurred_at.0.unwrap_or(context.time);
    let totals = Versioned { at, value: Totals { orders, spent, currency } };
    let identity = Identity { customer: Some(customer), ..Identity::default() };
    Ok(detail(PersonUpdate { identity, totals: Some(totals), ..PersonUpdate::default() }, Vec::new()))
}
