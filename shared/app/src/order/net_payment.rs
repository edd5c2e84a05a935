//! The net payment of an order, asked of the platform where a body cannot say what the order is worth.

use std::borrow::Cow;

use tajo_domain::{Order, OrderRecord};
use tajo_platforms::shopify::api;

use crate::shopify::{CANNOT_BE_ASKED, NO_TOKEN, unanswered, without};
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// What is missing where there is no answer. The amount is a guess then: the smaller of what lines and money say.
pub(crate) const WHAT: &str = "the exact amount of the order";

/// The order with its net payment, if its body needs it. Asks the platform only about a body that is news, and only once
/// about the same totals and refunds.
pub(super) async fn settle<'a>(
    worker: &Worker<'_>,
    order: &'a Order,
    stored: Option<&OrderRecord>,
) -> Result<(Cow<'a, Order>, Step), Stop> {
    let guess = (Cow::Borrowed(order), Step::default());
    let Some(unsure) = &order.unsure else { return Ok(guess) };
    if stored.is_some_and(|stored| stored.erased || order.updated_at < stored.version) {
        return Ok(guess);
    }
    let known = stored.and_then(|stored| stored.asked.as_ref()).filter(|asked| asked.about == unsure.about);
    if let Some(asked) = known {
        return Ok((Cow::Owned(order.clone().with_net_payment(asked.net_payment)), Step::default()));
    }
    let Some(shop) = worker.store.shop() else {
        return Ok((guess.0, without(WHAT, format!("{CANNOT_BE_ASKED}{NO_TOKEN}"))));
    };
    worker.has_time()?;
    let answer = match worker.env.shopify.ask(shop, &api::order_payment(&order.id), &worker.env.clock).await {
        Ok(answer) => answer,
        Err(error) => return Ok((guess.0, unanswered(WHAT, &error, worker.attempts)?)),
    };
    let asked = Step { asked_platform: true, ..Step::default() };
    Ok(match api::net_payment(&answer, order.updated_at) {
        Some(paid) => (Cow::Owned(order.clone().with_net_payment(paid)), asked),
        None => {
            let reason = "the order has changed since, or is gone: its next body tells".to_owned();
            let mut step = without(WHAT, reason);
            step.add(asked);
            (guess.0, step)
        }
    })
}
