//! What a query costs: objects 1, scalars nothing, connections and lists as many as they may hold.

use apollo_compiler::ast::{Field, Selection};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::arguments::argument;
use super::execute::Document;

/// One query may cost this much at most.
pub(super) const MOST: u32 = 1_000;

/// A full bucket holds what flows into it in so many seconds.
const SECONDS: f64 = 20.0;

/// A leaky bucket of points.
pub(crate) struct Bucket {
    rate: f64,
    available: f64,
    at: Timestamp,
}

impl Bucket {
    pub(super) fn full(rate: f64, now: Timestamp) -> Self {
        Self { rate, available: rate * SECONDS, at: now }
    }

    pub(super) fn fill(&mut self, now: Timestamp) {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.available = (self.available + passed * self.rate).min(self.rate * SECONDS);
        self.at = now;
    }

    pub(super) fn holds(&self, points: u32) -> bool {
        f64::from(points) <= self.available
    }

    pub(super) fn take(&mut self, points: u32) {
        self.available = (self.available - f64::from(points)).max(0.0);
    }

    /// `throttleStatus` of an answer.
    pub(super) fn status(&self) -> Value {
        json!({
            "maximumAvailable": self.rate * SECONDS,
            "currentlyAvailable": self.available.floor(),
            "restoreRate": self.rate,
        })
    }
}

/// What these selections may cost at most.
pub(super) fn requested(
    document: &Document,
    selections: &[Selection],
    variables: &Map<String, Value>,
) -> u32 {
    let cost = |selection: &Selection| match selection {
        Selection::Field(field) => of_field(document, field, variables),
        Selection::InlineFragment(inline) => requested(document, &inline.selection_set, variables),
        Selection::FragmentSpread(spread) => {
            document.fragment(&spread.fragment_name).map_or(0, |inner| requested(document, inner, variables))
        }
    };
    selections.iter().map(cost).fold(0, u32::saturating_add)
}

fn of_field(document: &Document, field: &Field, variables: &Map<String, Value>) -> u32 {
    if field.selection_set.is_empty() {
        return 0;
    }
    let inner = requested(document, &field.selection_set, variables);
    let number = |name: &str| {
        argument(field, name, variables).and_then(|value| value.as_u64()).and_then(|n| u32::try_from(n).ok())
    };
    let ids =
        || Some(u32::try_from(argument(field, "ids", variables)?.as_array()?.len()).unwrap_or(u32::MAX));
    match field.name.as_str() {
        // Parts of a connection, counted by its size.
        "nodes" | "edges" | "node" | "pageInfo" if ids().is_none() && number("first").is_none() => {
            if field.name == "pageInfo" { 0 } else { inner.saturating_add(u32::from(field.name != "edges")) }
        }
        _ if is_connection(field) => {
            inner.saturating_mul(number("first").or_else(|| number("last")).unwrap_or(1))
        }
        _ => inner.saturating_add(1).saturating_mul(ids().or_else(|| number("first")).unwrap_or(1)),
    }
}

/// Whether the field is read as a connection: through `nodes` or `edges`.
pub(super) fn is_connection(field: &Field) -> bool {
    field.selection_set.iter().any(|selection| match selection {
        Selection::Field(field) => matches!(field.name.as_str(), "nodes" | "edges" | "pageInfo"),
        _ => false,
    })
}
