//! Addresses and numbers that Brevo refuses: whatever else names the person goes on by what is left.

use std::borrow::Cow;

use tajo_brevo::Identifier;
use tajo_domain::{Change, ContactRecord, Refused};
use tajo_mapping::{Planned, StoreFacts};

/// An order or a cart that names its person by what Brevo takes. Pure.
pub(crate) fn marked<'a>(mut change: Cow<'a, Change>, refused: &Refused) -> Cow<'a, Change> {
    if refused.is_empty() || !matches!(change.as_ref(), Change::Order(_) | Change::Cart(_)) {
        return change;
    }
    match change.to_mut() {
        Change::Order(order) => refused.mark(&mut order.identity),
        Change::Cart(cart) => refused.mark(&mut cart.identity),
        _ => {}
    }
    change
}

/// Events that were planned before Brevo refused the address: each goes to the same person by what is left. Pure.
pub(super) fn redirected(planned: Vec<Planned>, record: &ContactRecord, facts: &StoreFacts) -> Vec<Planned> {
    let Some(refused) = record.refused().email.map(Identifier::Email) else { return planned };
    let Some(instead) = facts.identifier(&record.identity()) else { return planned };
    let redirect = |mut planned: Planned| {
        if planned.event.identifier == refused {
            planned.event.identifier = instead.clone();
        }
        planned
    };
    planned.into_iter().map(redirect).collect()
}
