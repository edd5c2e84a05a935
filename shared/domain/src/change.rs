//! Everything that can happen in a store, in our words.

use jiff::Timestamp;

use crate::{
    AppNews, Cart, CollectionNews, LoneFact, Order, PersonUpdate, PrivacyDemand, ProductNews, StockNews,
};

/// One thing that happened in a store.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Something is known about a person.
    Person {
        /// What is known.
        update: Box<PersonUpdate>,
        /// Whether this is news about a customer account (and may fire `customer_*` events), or only
        /// mentioned along with an order or checkout.
        news: Option<CustomerNews>,
    },
    /// A customer left the store.
    PersonDeleted {
        /// The platform's customer id.
        customer: String,
        /// When.
        at: Timestamp,
    },
    /// The store merged two customers into one.
    PersonMerged {
        /// The customer that stays.
        kept: String,
        /// The customer that is gone.
        gone: String,
        /// When.
        at: Timestamp,
    },
    /// The full present state of an order.
    Order(Box<Order>),
    /// The full present state of a cart or checkout.
    Cart(Box<Cart>),
    /// One fact about an order, without the order.
    OrderFact(Box<LoneFact>),
    /// An order was deleted in the store.
    OrderDeleted {
        /// The platform's order id.
        order: String,
        /// When.
        at: Timestamp,
    },
    /// A checkout was deleted in the store: its cart is over, without an order.
    CartDeleted {
        /// The cart's token.
        token: String,
        /// When.
        at: Timestamp,
    },
    /// An order that is not told of (a test order) has these tokens: its carts are over all the same.
    CartsOrdered {
        /// The tokens.
        tokens: Vec<String>,
    },
    /// A product appears, changes or is deleted.
    Product(ProductNews),
    /// A collection appears, is renamed or is deleted.
    Collection(CollectionNews),
    /// Something is said about a stock.
    Stock(StockNews),
    /// Data of a person or of the whole shop is to be shown or erased.
    Privacy(Box<PrivacyDemand>),
    /// The app was removed, or its rights changed.
    App(AppNews),
}

/// Which customer notice brought a [`Change::Person`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerNews {
    /// The platform says: created.
    Created,
    /// The platform says: updated.
    Updated,
    /// The platform tells one thing about them: a consent, tags, totals. Who they are it tells elsewhere.
    Detail,
}

/// A part of a body that was left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Skipped {
    /// Which part, such as `phone` or `order 1001`.
    pub what: String,
    /// Why, as a sentence without personal data.
    pub reason: String,
}

impl Skipped {
    /// A part and why it was left out.
    pub fn new(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { what: what.into(), reason: reason.into() }
    }
}

/// What one body means: the changes, in the order they must be applied, and what was left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// What happened.
    pub changes: Vec<Change>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
}

impl Changes {
    /// The same, with the moment at which the platform triggered the webhook (or was asked for what was fetched): it
    /// orders bodies that carry the same time ([`crate::Version`]).
    #[must_use]
    pub fn triggered(mut self, triggered_at: Option<Timestamp>) -> Self {
        for change in &mut self.changes {
            match change {
                Change::Person { update, .. } => update.triggered_at = triggered_at,
                Change::Order(order) => order.triggered_at = triggered_at,
                Change::OrderFact(lone) => lone.triggered_at = triggered_at,
                Change::Cart(cart) => cart.triggered_at = triggered_at,
                Change::Product(ProductNews::Now(product)) => product.triggered_at = triggered_at,
                Change::Collection(CollectionNews::Now { triggered_at: stamp, .. }) => *stamp = triggered_at,
                Change::Stock(news) => news.triggered_at = triggered_at,
                // Final, or with no body that could carry a time: theirs is the trigger itself.
                Change::PersonDeleted { .. }
                | Change::PersonMerged { .. }
                | Change::OrderDeleted { .. }
                | Change::CartDeleted { .. }
                | Change::CartsOrdered { .. }
                | Change::Product(ProductNews::Gone { .. })
                | Change::Collection(CollectionNews::Gone { .. })
                | Change::Privacy(_)
                | Change::App(_) => {}
            }
        }
        self
    }

    /// The same without any opt-in; opt-outs stay. A change that says nothing else is left out whole.
    #[must_use]
    pub fn without_opt_ins(mut self, reason: &str) -> Self {
        let Self { changes, skipped } = &mut self;
        changes.retain_mut(|change| {
            let Change::Person { update, .. } = change else { return true };
            let taken = update.take_opt_ins();
            skipped.extend(taken.iter().map(|channel| Skipped::new(channel.consent(), reason)));
            let who = PersonUpdate { identity: update.identity.clone(), ..PersonUpdate::default() };
            taken.is_empty() || **update != who
        });
        self
    }
}

/// A body nothing can be made of. It is parked with this reason: a person may want to look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unusable {
    /// Why, as a sentence without personal data.
    pub reason: String,
}

impl Unusable {
    /// A reason, without personal data.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Consent, ConsentState, Identity};

    fn said(state: ConsentState) -> Option<Consent> {
        Some(Consent::new(state, Timestamp::UNIX_EPOCH))
    }

    fn person(update: PersonUpdate) -> Changes {
        let identity = Identity { customer: Some("7".to_owned()), ..Identity::default() };
        let update = Box::new(PersonUpdate { identity, ..update });
        Changes {
            changes: vec![
                Change::Person { update, news: None },
                Change::OrderDeleted { order: "1".to_owned(), at: Timestamp::UNIX_EPOCH },
            ],
            skipped: vec![Skipped::new("note", "it is long")],
        }
    }

    fn left(changes: &Changes) -> Option<&PersonUpdate> {
        changes.changes.iter().find_map(|change| match change {
            Change::Person { update, .. } => Some(&**update),
            _ => None,
        })
    }

    #[test]
    fn opt_ins_of_every_channel_are_left_out_with_a_reason_and_the_rest_stays() {
        let all = person(PersonUpdate {
            email_consent: said(ConsentState::OptedIn),
            sms_consent: said(ConsentState::OptedIn),
            whatsapp_consent: said(ConsentState::OptedIn),
            created_at: Some(Timestamp::UNIX_EPOCH),
            ..PersonUpdate::default()
        });
        let changes = all.without_opt_ins("nobody signed it");
        let update = left(&changes).unwrap();
        assert!(!update.has_consent() && update.created_at.is_some());
        let skipped: Vec<&str> = changes.skipped.iter().map(|skipped| skipped.what.as_str()).collect();
        assert_eq!(skipped, ["note", "email consent", "sms consent", "whatsapp consent"]);
        assert_eq!(changes.skipped[1].reason, "nobody signed it");
        assert_eq!(changes.changes.len(), 2);
    }

    #[test]
    fn opt_outs_stay_and_a_change_that_was_an_opt_in_alone_is_left_out_whole() {
        let mixed = PersonUpdate {
            email_consent: said(ConsentState::OptedOut),
            sms_consent: said(ConsentState::OptedIn),
            ..PersonUpdate::default()
        };
        let changes = person(mixed).without_opt_ins("why");
        let update = left(&changes).unwrap();
        assert_eq!((&update.email_consent, &update.sms_consent), (&said(ConsentState::OptedOut), &None));
        let alone = PersonUpdate { email_consent: said(ConsentState::OptedIn), ..PersonUpdate::default() };
        let changes = person(alone).without_opt_ins("why");
        assert!(left(&changes).is_none() && changes.changes.len() == 1);
        // A change that says nothing at all is not for this to judge.
        let silent = person(PersonUpdate::default());
        assert_eq!(silent.clone().without_opt_ins("why"), silent);
    }
}
