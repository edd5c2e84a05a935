//! Counts, never seconds.

use std::collections::BTreeMap;

use serde_json::Value;

/// Capacity units, in tenths so that half units stay exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units(pub u64);

impl Units {
    /// As a number.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 10.0
    }
}

/// What was used since it was last taken.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// DynamoDB write units, index writes and failed conditions included.
    pub writes: Units,
    /// DynamoDB read units.
    pub reads: Units,
    /// DynamoDB calls by operation.
    pub dynamo_calls: BTreeMap<String, u64>,
    /// Messages sent.
    pub sqs_sends: u64,
    /// Brevo calls by method and first path segments.
    pub brevo_calls: BTreeMap<String, u64>,
    /// Queries to the shop.
    pub shopify_calls: u64,
    /// Brevo answers that were 429.
    pub throttled: u64,
}

impl Meter {
    /// Back to nothing.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// All Brevo calls.
    pub fn brevo_total(&self) -> u64 {
        self.brevo_calls.values().sum()
    }

    /// One answer of DynamoDB. Neither emulator reports what a failed condition costs: the item that stood in the
    /// way, a unit per started KB ("Conditional writes consume capacity").
    pub(crate) fn dynamo(&mut self, target: &str, request: &Value, status: u16, answer: &Value) {
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let is_read = matches!(operation.as_str(), "GetItem" | "Query" | "BatchGetItem");
        let consumed = &answer["ConsumedCapacity"];
        // A transaction answers one figure per table.
        let consumed = consumed.as_array().and_then(|tables| tables.first()).unwrap_or(consumed);
        let units = match consumed["CapacityUnits"].as_f64() {
            Some(units) => units,
            None if status == 400 => {
                let item = if answer["Item"].is_null() { &request["Item"] } else { &answer["Item"] };
                (item.to_string().len() as f64 / 1024.0).ceil().max(1.0)
            }
            None => 0.0,
        };
        let tenths = Units((units * 10.0).round() as u64);
        if is_read {
            self.reads.0 += tenths.0;
        } else {
            self.writes.0 += tenths.0;
        }
        *self.dynamo_calls.entry(operation).or_default() += 1;
    }

    pub(crate) fn brevo(&mut self, method: &str, path: &str, status: u16) {
        let short: Vec<&str> = path.split('/').skip(2).take(3).collect();
        let short = match short.as_slice() {
            ["contacts", "lists", ..] => {
                format!("contacts/lists/…/{}", path.rsplit('/').next().unwrap_or_default())
            }
            ["contacts", ..] => "contacts".to_owned(),
            _ => short.join("/"),
        };
        *self.brevo_calls.entry(format!("{method} /{short}")).or_default() += 1;
        if status == 429 {
            self.throttled += 1;
        }
    }
}
