//! Shipments of an order: they are told in bodies of the order and alone, in any order, and may not go back.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

use crate::heal::is_future;
use crate::times::OLDER_THAN_ANYTHING;
use crate::{Item, Order, OrderFact, OrderRecord, short_hash};

/// What comes this soon after an import belongs to it: importers write shipments and refunds right after the order.
const IMPORT_TAKES: SignedDuration = SignedDuration::from_mins(10);

/// One shipment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfilment {
    /// The platform's id of the shipment: the key of its event.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// Carrier, where known.
    pub carrier: Option<String>,
    /// Tracking numbers, in the platform's order: one for each parcel.
    #[serde(default, alias = "tracking_number", deserialize_with = "one_or_many")]
    pub tracking_numbers: Vec<String>,
    /// Tracking pages, likewise.
    #[serde(default, alias = "tracking_url", deserialize_with = "one_or_many")]
    pub tracking_urls: Vec<String>,
    /// What was shipped.
    pub items: Vec<Item>,
    /// Whether the order was fulfilled in full with it; `None` where the body tells of the shipment alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completes: Option<bool>,
    /// How far it came.
    #[serde(default, skip_serializing_if = "ShipmentState::is_shipped")]
    pub state: ShipmentState,
    /// The version of what is said of it; `None` in what a version before this one stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

/// How far a shipment came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ShipmentState {
    /// It is being made ready: nothing has left yet.
    #[serde(rename = "o")]
    Open,
    /// It left.
    #[default]
    #[serde(rename = "s")]
    Shipped,
    /// It was cancelled.
    #[serde(rename = "c")]
    Cancelled,
    /// It failed.
    #[serde(rename = "f")]
    Failed,
}

impl ShipmentState {
    /// Whether it left.
    pub fn is_shipped(&self) -> bool {
        *self == Self::Shipped
    }
}

impl Fulfilment {
    /// The key of its event.
    pub fn key(&self) -> String {
        format!("fulfilled:{}", self.id)
    }

    /// The key of its present tracking numbers (pages, where there are no numbers), whatever their order. Those that
    /// `order_fulfilled` carried are in the ledger under it, too, none at all included.
    pub fn tracking_key(&self) -> String {
        let found =
            if self.tracking_numbers.is_empty() { &self.tracking_urls } else { &self.tracking_numbers };
        let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
        found.sort_unstable();
        let hash = short_hash(&found.join("\n"));
        let name = if found.is_empty() { "-" } else { hash.get(..8).unwrap_or_default() };
        format!("{}{name}", self.tracking_prefix())
    }

    /// What keys of its tracking numbers begin with.
    pub fn tracking_prefix(&self) -> String {
        format!("tracking:{}:", self.id)
    }

    /// Whether it can be followed.
    pub fn has_tracking(&self) -> bool {
        !(self.tracking_numbers.is_empty() && self.tracking_urls.is_empty())
    }

    /// When the platform last said something of it.
    pub fn told_at(&self) -> Timestamp {
        self.updated_at.unwrap_or(self.at).max(self.at)
    }
}

/// A version before this one stored at most one.
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Found {
        Many(Vec<String>),
        One(Option<String>),
    }
    Ok(match Found::deserialize(from)? {
        Found::Many(all) => all,
        Found::One(one) => one.into_iter().collect(),
    })
}

/// The newest that was said of one shipment, as it is stored. Times are numbers: an item is charged by its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KnownShipment {
    /// Its version, in milliseconds.
    #[serde(rename = "v")]
    at: i64,
    /// When the webhook of that version was triggered, in nanoseconds.
    #[serde(default, rename = "g", skip_serializing_if = "Option::is_none")]
    trigger: Option<i64>,
    /// How far it came.
    #[serde(default, rename = "s", skip_serializing_if = "ShipmentState::is_shipped")]
    state: ShipmentState,
}

/// One shipment as a body shows it, and whether nothing newer is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// What the body shows.
    pub fact: Fulfilment,
    /// Nothing newer is known.
    pub is_newest: bool,
}

impl KnownShipment {
    /// Where neither time nor trigger decides, the state that is further on does.
    fn of(fact: &Fulfilment, triggered_at: Option<Timestamp>) -> Self {
        let trigger = triggered_at.and_then(|at| i64::try_from(at.as_nanosecond()).ok());
        Self { at: fact.told_at().as_millisecond(), trigger, state: fact.state }
    }

    /// Makes a version from the future, stored by a version that believed such times, older than any other.
    pub(crate) fn heal(&mut self, now: Timestamp) {
        if Timestamp::from_millisecond(self.at).is_ok_and(|at| is_future(at, now)) {
            self.at = OLDER_THAN_ANYTHING.as_millisecond();
        }
    }
}

impl OrderRecord {
    /// Notes what a body shows of a shipment. Whether nothing newer is known.
    pub fn see(&mut self, fact: &Fulfilment, triggered_at: Option<Timestamp>) -> bool {
        let shown = KnownShipment::of(fact, triggered_at);
        let is_newest = self.shipments.get(&fact.id).is_none_or(|known| *known <= shown);
        if is_newest {
            self.shipments.insert(fact.id.clone(), shown);
        }
        is_newest
    }

    /// The shipments of an order's body and those that came alone, each once: as the newest of both shows it.
    pub fn shipments_of(&mut self, order: &Order) -> Vec<Shipment> {
        let mut all: Vec<Shipment> = Vec::new();
        for fact in &order.fulfilments {
            let is_newest = self.see(fact, order.triggered_at);
            all.push(Shipment { fact: fact.clone(), is_newest });
        }
        for kept in self.facts.iter().filter_map(OrderFact::fulfilment) {
            let known = self.shipments.get(&kept.id);
            let is_newest = known.is_none_or(|known| known.at <= kept.told_at().as_millisecond());
            match all.iter_mut().find(|shipment| shipment.fact.id == kept.id) {
                None => all.push(Shipment { fact: kept.clone(), is_newest }),
                Some(shown) if !shown.is_newest && is_newest => {
                    // Only a body of the order tells whether it was the last one.
                    let completes = kept.completes.or(shown.fact.completes);
                    *shown = Shipment { fact: Fulfilment { completes, ..kept.clone() }, is_newest: true };
                }
                Some(_) => {}
            }
        }
        all
    }

    /// Notes, for every shipment whose event is being sent now, which tracking numbers it carries. Answers whether
    /// something newer has to wait for an event that another worker began.
    pub fn note_shipped(&mut self, shipments: &[Shipment], is_claimed: impl Fn(&str) -> bool) -> bool {
        let mut must_wait = false;
        for Shipment { fact, is_newest } in shipments {
            let key = fact.key();
            if is_claimed(&key) {
                self.effects.done(&fact.tracking_key());
            }
            let is_begun = self.effects.knows(&key) && !self.effects.is_done(&key);
            let has_news = match fact.state {
                ShipmentState::Open => false,
                ShipmentState::Shipped => fact.has_tracking() && !self.effects.knows(&fact.tracking_key()),
                ShipmentState::Cancelled | ShipmentState::Failed => true,
            };
            must_wait |= *is_newest && is_begun && has_news;
        }
        must_wait
    }

    /// Whether a fact of this time happened in the shop, and was not brought into it together with the order.
    pub fn happened_here(&self, at: Timestamp) -> bool {
        happened_here(self.imported_at, at)
    }
}

impl Order {
    /// Whether a fact of this time happened in the shop, and was not brought into it together with the order.
    pub fn happened_here(&self, at: Timestamp) -> bool {
        happened_here(self.imported_at, at)
    }
}

/// Whether a fact of this time happened in the shop: it does not belong to the import of its order, if there was one.
pub fn happened_here(imported_at: Option<Timestamp>, fact: Timestamp) -> bool {
    imported_at.is_none_or(|imported| fact.duration_since(imported) > IMPORT_TAKES)
}

// A tracking number leads to an address.
impl fmt::Debug for Fulfilment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fulfilment").field("id", &self.id).field("at", &self.at).finish_non_exhaustive()
    }
}
