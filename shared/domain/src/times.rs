//! Times that a platform states, and what becomes of those that lie in the future.
//!
//! Nothing happens after its webhook was received. A version from the future would refuse every later one, an opt-in
//! from the future would lift every later block, and an event would be dated before it happened. So every time of a body
//! passes through [`Changes::believe`] in the one place where bodies become changes.

use jiff::Timestamp;

use crate::{
    AppNews, Cart, Change, Changes, CollectionNews, Consent, CustomFact, Fulfilment, LoneFact, Order,
    OrderFact, PersonUpdate, Product, ProductNews, StockNews, TagsDelta,
};

/// A stored version from the future, as it is read now: older than anything that arrives.
pub(crate) const OLDER_THAN_ANYTHING: Timestamp = Timestamp::constant(1, 0);

/// When a webhook came, which no time in its body may exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When it was received.
    pub received_at: Timestamp,
    /// When it was triggered, by an unsigned header; the same over all retries of one webhook.
    pub triggered_at: Timestamp,
}

impl Times {
    /// When it happened, as far as is known: never after the receipt.
    pub fn happened_at(&self) -> Timestamp {
        self.triggered_at.min(self.received_at)
    }

    fn believe(&self, at: &mut Timestamp) {
        if *at > self.received_at {
            *at = self.happened_at();
        }
    }

    fn believe_some(&self, at: &mut Option<Timestamp>) {
        if let Some(at) = at {
            self.believe(at);
        }
    }
}

impl Changes {
    /// Replaces every time after the receipt by the time of the webhook. Doing it twice changes nothing.
    pub fn believe(&mut self, times: &Times) {
        for change in &mut self.changes {
            match change {
                Change::Person { update, news: _ } => update.believe(times),
                Change::PersonDeleted { customer: _, at }
                | Change::PersonMerged { kept: _, gone: _, at }
                | Change::OrderDeleted { order: _, at }
                | Change::CartDeleted { token: _, at } => times.believe(at),
                Change::Order(order) => of_order(order, times),
                Change::Cart(cart) => of_cart(cart, times),
                Change::OrderFact(fact) => of_fact(fact, times),
                Change::Product(ProductNews::Now(product)) => of_product(product, times),
                Change::Product(ProductNews::Gone { product: _, at }) => times.believe(at),
                Change::Collection(news) => news.believe(times),
                Change::Stock(StockNews { of: _, said: _, at, triggered_at: _ }) => times.believe(at),
                Change::App(
                    AppNews::Uninstalled { shop: _, at }
                    | AppNews::Scopes { granted: _, at }
                    | AppNews::BulkFinished { operation: _, status: _, error: _, at },
                ) => times.believe(at),
                Change::Privacy(_) | Change::CartsOrdered { tokens: _ } => {}
            }
        }
    }
}

impl PersonUpdate {
    /// Replaces every time after the receipt by the time of the webhook. Consents were read with the receipt in mind
    /// ([`Consent::stated`]).
    pub fn believe(&mut self, times: &Times) {
        // Every field is named, so that a new one is not forgotten here.
        let Self {
            identity: _,
            created_at,
            updated_at,
            profile,
            typed: _,
            locale,
            email_consent,
            sms_consent,
            whatsapp_consent,
            tags,
            tags_delta,
            totals,
            ordered_at,
            custom,
            // Ordered by, not told; limited to the receipt where the header is read.
            triggered_at: _,
            looked_up_at,
            hints_at_consent: _,
        } = self;
        times.believe_some(created_at);
        times.believe_some(updated_at);
        profile.iter_mut().for_each(|facet| times.believe(&mut facet.at));
        locale.iter_mut().for_each(|facet| times.believe(&mut facet.at));
        for Consent { at, .. } in [email_consent, sms_consent, whatsapp_consent].into_iter().flatten() {
            times.believe(at);
        }
        tags.iter_mut().for_each(|facet| times.believe(&mut facet.at));
        if let Some(TagsDelta { at, added: _, removed: _ }) = tags_delta {
            times.believe(at);
        }
        totals.iter_mut().for_each(|facet| times.believe(&mut facet.at));
        times.believe_some(ordered_at);
        for CustomFact { at, edited_at, value: _ } in custom.values_mut() {
            times.believe(at);
            times.believe_some(edited_at);
        }
        times.believe_some(looked_up_at);
    }
}

impl CollectionNews {
    /// Replaces a time after the receipt by the time of the webhook.
    pub fn believe(&mut self, times: &Times) {
        match self {
            Self::Now { updated_at: at, .. } | Self::Gone { at, .. } => times.believe(at),
        }
    }
}

fn of_order(order: &mut Order, times: &Times) {
    times.believe(&mut order.created_at);
    times.believe_some(&mut order.imported_at);
    times.believe(&mut order.updated_at);
    order.fulfilments.iter_mut().for_each(|fulfilment| of_fulfilment(fulfilment, times));
    order.refunds.iter_mut().for_each(|refund| times.believe(&mut refund.at));
    order.cancelled.iter_mut().for_each(|cancelled| times.believe(&mut cancelled.at));
}

fn of_fulfilment(fulfilment: &mut Fulfilment, times: &Times) {
    times.believe(&mut fulfilment.at);
    times.believe_some(&mut fulfilment.updated_at);
}

fn of_cart(cart: &mut Cart, times: &Times) {
    times.believe(&mut cart.created_at);
    times.believe(&mut cart.updated_at);
    times.believe_some(&mut cart.completed_at);
}

fn of_fact(fact: &mut LoneFact, times: &Times) {
    match &mut fact.fact {
        OrderFact::Fulfilment(fulfilment) => of_fulfilment(fulfilment, times),
        OrderFact::Refund { refund, paid_in: _ } => times.believe(&mut refund.at),
    }
}

fn of_product(product: &mut Product, times: &Times) {
    times.believe(&mut product.updated_at);
    product.variants.iter_mut().for_each(|variant| times.believe(&mut variant.updated_at));
    if let Some(membership) = &mut product.collections {
        membership.collections.iter_mut().for_each(|news| news.believe(times));
    }
}
