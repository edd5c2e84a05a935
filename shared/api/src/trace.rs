//! Everything the connector knows and did for one person or order.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{LogEntry, ParkedWork};

/// Whom or what to trace. In a body, never in a path: addresses would stand in access logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// An email address, an order id or name (`#1001`), or a customer id.
    #[schemars(length(min = 1, max = 320))]
    pub subject: String,
}

/// Everything the connector knows and did for one person or order. Personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// What was found: `customer`, `guest`, `order`, `log`, `parked`; empty: nothing is known.
    pub found: Vec<String>,
    /// Whom it is about: a customer, the same person as a guest.
    pub people: Vec<TracedPerson>,
    /// Their orders: state and what was told.
    pub orders: Vec<TracedOrder>,
    /// Their notices, oldest first: decisions, reasons, calls.
    pub lines: Vec<LogEntry>,
    /// Their parked work.
    pub parked: Vec<ParkedWork>,
    /// What could not be looked at, in sentences.
    pub notes: Vec<String>,
}

/// What is stored of a person in one store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedPerson {
    /// The platform's customer id; absent: a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Given and family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Orders ever placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders_count: Option<u64>,
    /// What they were worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_spent: Option<String>,
    /// What the person said about being written to, by channel.
    pub consents: Vec<TracedConsent>,
    /// What Brevo has: `created` by the connector, `linked` (it was there before), `unknown` (never sent).
    pub known_as: String,
    /// Brevo lists that the connector put the contact into.
    pub lists: Vec<u64>,
    /// Events by their key.
    pub told: Vec<TracedEffect>,
    /// When the customer left the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub deleted_at: Option<Timestamp>,
    /// When the person was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub erased_at: Option<Timestamp>,
    /// The customer that this one was merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedConsent {
    /// `email`, `sms` or `whatsapp`.
    pub channel: String,
    /// `opted_in`, `opted_out`; or `blocked`: in Brevo, where nobody said anything.
    pub state: String,
    /// When it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub at: Option<Timestamp>,
    /// Where it was said: `store`, `brevo`, or `tajo` where nobody said anything and it is blocked for that reason.
    pub told_by: String,
}

/// Something that is told once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedEffect {
    /// Its key: `placed`, `refunded:88`, …
    pub key: String,
    /// Whether it was told; if not, it is being told, or was tried.
    pub done: bool,
}

/// What is stored of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedOrder {
    /// The platform's id.
    pub id: String,
    /// What the buyer sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The platform's time of the state last accepted; absent: the order itself has not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub updated_at: Option<Timestamp>,
    /// Total as placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// What has gone back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<String>,
    /// Events by their key.
    pub told: Vec<TracedEffect>,
    /// Brevo's order as last accepted: Brevo's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Map<String, Value>>,
    /// When it was deleted in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub deleted_at: Option<Timestamp>,
    /// Its buyer was erased.
    pub erased: bool,
}
