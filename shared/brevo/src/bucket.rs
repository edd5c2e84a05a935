//! Which of an account's rate limits a request draws on, and what an answer says is left of it.

use std::time::Duration;

use crate::{Host, Method, Request, limits};

/// One of an account's budgets (Brevo, "Rate limits"). The order is that of Brevo's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// `POST /events`.
    Events,
    /// `POST /events/batch`: in no row of the table.
    EventsBatch,
    /// `POST /orders/status`.
    Orders,
    /// `POST /orders/status/batch`: in no row of the table.
    OrdersBatch,
    /// `POST /products`.
    Products,
    /// `POST /products/batch`: in no row of the table.
    ProductsBatch,
    /// `POST /categories`: in no row of the table.
    Categories,
    /// `POST /categories/batch`: in no row of the table.
    CategoriesBatch,
    /// Everything below `/contacts`, whatever the method.
    Contacts,
    /// The tracker, which has an address of its own; its limits are documented nowhere.
    Tracker,
    /// Everything else.
    Other,
}

/// How often a bucket may be drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls in so many seconds.
    pub calls: u32,
    /// The seconds.
    pub seconds: u32,
}

/// What an answer's headers say about its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// `x-sib-ratelimit-limit`: calls of one window.
    pub limit: u32,
    /// `x-sib-ratelimit-remaining`.
    pub remaining: u32,
    /// `x-sib-ratelimit-reset`: how long the window lasts still.
    pub reset: Duration,
}

impl Left {
    /// More than half of the window is there: whoever sends need not ask anybody.
    pub fn is_plenty(self) -> bool {
        self.limit < self.remaining.saturating_mul(2)
    }
}

impl Bucket {
    const ALL: [Self; 11] = [
        Self::Events,
        Self::EventsBatch,
        Self::Orders,
        Self::OrdersBatch,
        Self::Products,
        Self::ProductsBatch,
        Self::Categories,
        Self::CategoriesBatch,
        Self::Contacts,
        Self::Tracker,
        Self::Other,
    ];

    /// The bucket of a request.
    pub fn of(request: &Request) -> Self {
        if request.host == Host::Tracker {
            return Self::Tracker;
        }
        match (request.method, request.path.as_str()) {
            (Method::Post, "/events") => Self::Events,
            (Method::Post, "/events/batch") => Self::EventsBatch,
            (Method::Post, "/orders/status") => Self::Orders,
            (Method::Post, "/orders/status/batch") => Self::OrdersBatch,
            (Method::Post, "/products") => Self::Products,
            (Method::Post, "/products/batch") => Self::ProductsBatch,
            (Method::Post, "/categories") => Self::Categories,
            (Method::Post, "/categories/batch") => Self::CategoriesBatch,
            (_, path) if path == "/contacts" || path.starts_with("/contacts/") => Self::Contacts,
            _ => Self::Other,
        }
    }

    /// What is known before the first answer: the General column, and of what Brevo does not name its pessimistic rest.
    pub fn rate(self) -> Rate {
        let per_second = |calls| Rate { calls, seconds: 1 };
        match self {
            Self::Events => per_second(limits::EVENTS_PER_SECOND),
            Self::Orders => per_second(limits::ORDERS_PER_SECOND),
            Self::Products => per_second(limits::PRODUCTS_PER_SECOND),
            Self::Contacts => per_second(limits::CONTACTS_PER_SECOND),
            Self::EventsBatch
            | Self::OrdersBatch
            | Self::ProductsBatch
            | Self::Categories
            | Self::CategoriesBatch
            | Self::Tracker
            | Self::Other => Rate { calls: limits::OTHERS_PER_HOUR, seconds: 3600 },
        }
    }

    /// The bucket of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.as_str() == name)
    }

    /// As it stands in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::EventsBatch => "events-batch",
            Self::Orders => "orders",
            Self::OrdersBatch => "orders-batch",
            Self::Products => "products",
            Self::ProductsBatch => "products-batch",
            Self::Categories => "categories",
            Self::CategoriesBatch => "categories-batch",
            Self::Contacts => "contacts",
            Self::Tracker => "tracker",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use tajo_domain::Email;

    use super::*;
    use crate::{Event, Identifier, Item, Kind, get_account, get_attributes, get_contact};

    #[test]
    fn every_road_draws_on_its_own_bucket() {
        let order = Item::Order(serde_json::json!({}));
        assert_eq!(Bucket::of(&order.request()), Bucket::Orders);
        for kind in [Kind::Events, Kind::Orders, Kind::HistoricalOrders, Kind::Categories, Kind::Products] {
            assert_eq!(Bucket::of(&kind.batch(Vec::new())), kind.together());
        }
        let event = Event {
            name: "order_placed",
            identifier: Identifier::Email(Email::parse("jo@example.com").unwrap()),
            date: jiff::Timestamp::UNIX_EPOCH,
            properties: serde_json::Map::new(),
        };
        for item in [
            Item::Event(event, std::collections::BTreeMap::new()),
            Item::Product(serde_json::Map::new()),
            Item::Category(serde_json::Map::new()),
        ] {
            assert_eq!(Some(Bucket::of(&item.request())), item.kind().alone());
        }
        assert_eq!(Bucket::of(&get_account()), Bucket::Other);
        assert_eq!(Bucket::of(&get_attributes()), Bucket::Contacts);
        let jo = Identifier::Email(Email::parse("jo@example.com").unwrap());
        assert_eq!(Bucket::of(&get_contact(&jo)), Bucket::Contacts);
        assert!(Bucket::ALL.into_iter().all(|bucket| Bucket::named(bucket.as_str()) == Some(bucket)));
    }

    #[test]
    fn half_of_a_window_is_not_plenty() {
        let left = |remaining| Left { limit: 10, remaining, reset: Duration::from_secs(1) };
        assert!(left(6).is_plenty());
        assert!(!left(5).is_plenty());
        assert!(!Left { limit: 0, remaining: 0, reset: Duration::ZERO }.is_plenty());
    }
}
