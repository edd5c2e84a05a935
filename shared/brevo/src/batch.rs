//! What may leave alone or together with others of its kind, and what an answer says about each.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};
use tajo_domain::Email;

use crate::request::{event_body, post, upsert_body};
use crate::{Answer, Bucket, Error, Event, Request, limits};

/// One thing that Brevo takes alone or in a batch.
#[derive(Clone, PartialEq)]
pub enum Item {
    /// An event, and attributes of its contact that ride along.
    Event(Event, BTreeMap<String, Value>),
    /// An order: it starts automations.
    Order(Value),
    /// An order that is old news: it starts none, and only the batch road is without them.
    HistoricalOrder(Value),
    /// A product or a variant. Fields that are absent stay as they are.
    Product(Map<String, Value>),
    /// A category.
    Category(Map<String, Value>),
    /// Somebody who joins or leaves a list.
    Member(Membership, Email),
}

/// What becomes of somebody in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Membership {
    /// They join the list of this id.
    Joins(u64),
    /// They leave it.
    Leaves(u64),
}

/// Items that share a road. The order is that of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names of the items")]
pub enum Kind {
    Events,
    Orders,
    HistoricalOrders,
    Categories,
    Products,
    Members(Membership),
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Item({:?})", self.kind())
    }
}

impl Item {
    /// The road it shares.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Event(..) => Kind::Events,
            Self::Order(_) => Kind::Orders,
            Self::HistoricalOrder(_) => Kind::HistoricalOrders,
            Self::Product(_) => Kind::Products,
            Self::Category(_) => Kind::Categories,
            Self::Member(membership, _) => Kind::Members(*membership),
        }
    }

    /// Alone. An old order or a member of a list is a batch of one.
    pub fn request(&self) -> Request {
        match self {
            Self::Event(event, attributes) => post("/events", event_body(event, attributes)),
            Self::Order(order) => post("/orders/status", order.clone()),
            Self::HistoricalOrder(order) => Kind::HistoricalOrders.batch(vec![order.clone()]),
            Self::Product(product) => post("/products", upsert_body(product.clone())),
            Self::Category(category) => post("/categories", upsert_body(category.clone())),
            Self::Member(..) => self.kind().batch(vec![self.in_batch()]),
        }
    }

    /// As one of many.
    pub(crate) fn in_batch(&self) -> Value {
        match self {
            Self::Event(event, attributes) => event_body(event, attributes),
            Self::Order(order) | Self::HistoricalOrder(order) => order.clone(),
            Self::Product(fields) | Self::Category(fields) => Value::Object(fields.clone()),
            Self::Member(_, email) => json!(email),
        }
    }

    /// What must not be in one batch twice: of an order, product or category the last state is enough. Events are
    /// never the same.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Event(..) => None,
            Self::Order(order) | Self::HistoricalOrder(order) => order["id"].as_str(),
            Self::Product(fields) | Self::Category(fields) => fields.get("id")?.as_str(),
            Self::Member(_, email) => Some(email.as_str()),
        }
    }

    /// Who joins or leaves a list.
    fn member(&self) -> Option<&str> {
        match self {
            Self::Member(_, email) => Some(email.as_str()),
            _ => None,
        }
    }

    /// What must not overtake each other: the events of one contact, the states of one product and its variants.
    pub fn subject(&self) -> &str {
        let text =
            |fields: &Map<String, Value>, name: &str| fields.get(name).and_then(Value::as_str).is_some();
        match self {
            Self::Event(event, _) => event.identifier.value(),
            Self::Product(fields) if text(fields, "parentId") => {
                fields["parentId"].as_str().unwrap_or_default()
            }
            _ => self.id().unwrap_or_default(),
        }
    }

    /// What is known when `newer`, of the same id, has come too: what only the older one says stays.
    pub(crate) fn merged(&self, newer: &Self) -> Self {
        match (self, newer) {
            (Self::Product(older), Self::Product(newer)) => {
                let mut fields = older.clone();
                fields.extend(newer.clone());
                Self::Product(fields)
            }
            _ => newer.clone(),
        }
    }
}

impl Kind {
    /// Where one of them is sent alone; `None`: only batches.
    pub fn alone(self) -> Option<Bucket> {
        match self {
            Self::Events => Some(Bucket::Events),
            Self::Orders => Some(Bucket::Orders),
            Self::HistoricalOrders | Self::Members(_) => None,
            Self::Categories => Some(Bucket::Categories),
            Self::Products => Some(Bucket::Products),
        }
    }

    /// Where many are sent.
    pub fn together(self) -> Bucket {
        match self {
            Self::Events => Bucket::EventsBatch,
            Self::Orders | Self::HistoricalOrders => Bucket::OrdersBatch,
            Self::Categories => Bucket::CategoriesBatch,
            Self::Products => Bucket::ProductsBatch,
            Self::Members(_) => Bucket::Contacts,
        }
    }

    /// The most of one batch: how many, and bytes of its body.
    pub fn most(self) -> (usize, usize) {
        match self {
            Self::Events => (limits::EVENTS_PER_BATCH, limits::EVENTS_BATCH_BYTES),
            Self::Orders | Self::HistoricalOrders => (limits::ORDERS_PER_BATCH, limits::BATCH_BYTES),
            Self::Categories | Self::Products => (limits::CATALOGUE_PER_BATCH, limits::BATCH_BYTES),
            Self::Members(_) => (limits::MEMBERS_PER_BATCH, limits::BATCH_BYTES),
        }
    }

    /// The call that carries them. `historical` is true by default at Brevo: then an order starts no automation.
    pub(crate) fn batch(self, items: Vec<Value>) -> Request {
        match self {
            Self::Events => post("/events/batch", json!({ "events": items })),
            Self::Orders => post("/orders/status/batch", json!({ "orders": items, "historical": false })),
            Self::HistoricalOrders => {
                post("/orders/status/batch", json!({ "orders": items, "historical": true }))
            }
            Self::Categories => {
                post("/categories/batch", json!({ "categories": items, "updateEnabled": true }))
            }
            Self::Products => post("/products/batch", json!({ "products": items, "updateEnabled": true })),
            Self::Members(Membership::Joins(list)) => {
                post(&format!("/contacts/lists/{list}/contacts/add"), json!({ "emails": items }))
            }
            Self::Members(Membership::Leaves(list)) => {
                post(&format!("/contacts/lists/{list}/contacts/remove"), json!({ "emails": items }))
            }
        }
    }
}

/// What became of the items of one call.
#[derive(Debug)]
pub enum Fate {
    /// One result for each, in their order.
    Each(Vec<Result<(), Error>>),
    /// Brevo refuses the call for one of its items and does not say which: each half is to be tried alone.
    Split,
}

impl Fate {
    /// Reads the answer to a call that carried these items of one kind.
    pub fn of<'i>(answer: Result<Answer, Error>, items: impl ExactSizeIterator<Item = &'i Item>) -> Self {
        let count = items.len();
        match items.map(Item::member).collect::<Option<Vec<&str>>>() {
            Some(members) => Self::of_members(answer, &members),
            None => Self::of_so_many(answer, count),
        }
    }

    /// `contacts: {success, failure}`: whoever is not named as a success is not known to be as asked for. Brevo refuses the
    /// whole call only if it holds for nobody.
    fn of_members(answer: Result<Answer, Error>, members: &[&str]) -> Self {
        let answer = match answer {
            Ok(answer) => answer.body,
            Err(error) => return Self::Each(members.iter().map(|_| Err(error.clone())).collect()),
        };
        let success = answer["contacts"]["success"].as_array().map_or(&[][..], Vec::as_slice);
        let taken: HashSet<String> =
            success.iter().filter_map(Value::as_str).map(str::to_lowercase).collect();
        let fate =
            |member: &&str| taken.contains(&member.to_lowercase()).then_some(()).ok_or(Error::NotFound);
        Self::Each(members.iter().map(fate).collect())
    }

    fn of_so_many(answer: Result<Answer, Error>, count: usize) -> Self {
        let all = |error: &Error| Self::Each((0..count).map(|_| Err(error.clone())).collect());
        match answer {
            Ok(answer) if answer.status == 207 => partial(&answer.body, count),
            Ok(_) => Self::Each((0..count).map(|_| Ok(())).collect()),
            Err(Error::AllRefused(refused)) => partial(&refused.0, count),
            Err(Error::Refused { .. } | Error::Duplicate(_) | Error::NotFound) if count > 1 => Self::Split,
            Err(error) => all(&error),
        }
    }
}

/// `errors: [{eventIndex: [0, 3], message: "…"}]` (Brevo changelog, April 2026). An answer that cannot be read leaves
/// open which were taken.
fn partial(body: &Value, count: usize) -> Fate {
    let mut results: Vec<Result<(), Error>> = (0..count).map(|_| Ok(())).collect();
    let unclear = || {
        let unclear = Error::Unclear("207 without its errors".to_owned());
        Fate::Each((0..count).map(|_| Err(unclear.clone())).collect())
    };
    let Some(errors) = body["errors"].as_array().filter(|errors| !errors.is_empty()) else {
        return unclear();
    };
    for error in errors {
        let refused =
            Error::refused(400, "partial_success", error["message"].as_str().unwrap_or("no reason given"));
        let indexes = error["eventIndex"].as_array().map_or(&[][..], Vec::as_slice);
        let index_of = |index: &Value| usize::try_from(index.as_u64()?).ok().filter(|index| *index < count);
        let Some(indexes) =
            indexes.iter().map(index_of).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
        else {
            // Somebody was refused, and nobody knows who.
            return unclear();
        };
        for index in indexes {
            results[index] = Err(refused.clone());
        }
    }
    Fate::Each(results)
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
