//! Rate limits: the General column of Brevo's table, per account.
//!
//! Brevo does not say how its windows lie; here they follow each other from the first request on. Requests may be asked
//! about out of order: a benchmark plays workers one after another that worked side by side.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// A row of Brevo's table.
struct Limit {
    /// Requests that share it.
    bucket: String,
    per_second: Option<u32>,
    per_hour: u32,
}

/// The windows of one limit.
#[derive(Clone, Debug, PartialEq)]
struct Windows {
    began_ms: i64,
    /// Requests by the number of their window.
    used: BTreeMap<i64, u32>,
}

/// Windows that are remembered: of the shortest, some minutes.
const REMEMBERED: usize = 400;

/// The counts of one account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rates {
    windows: BTreeMap<(String, i64), Windows>,
    /// The batch roads have the rates of their single ones.
    pub(super) fast_batches: bool,
}

/// What the three headers say, and whether the request may pass.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) allowed: bool,
    pub(super) limit: u32,
    pub(super) remaining: u32,
    pub(super) reset_seconds: i64,
}

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;

fn limit_for(method: &str, template: &str, fast_batches: bool) -> Limit {
    let named = |bucket: &str, per_second, per_hour| Limit {
        bucket: bucket.to_owned(),
        per_second: Some(per_second),
        per_hour,
    };
    match (method, template) {
        ("POST", "events/batch") if fast_batches => named("POST events/batch", 10, 36_000),
        ("POST", "orders/status/batch") if fast_batches => named("POST orders/status/batch", 5, 18_000),
        ("POST", "products/batch") if fast_batches => named("POST products/batch", 2, 7_200),
        ("POST", "events") => named("POST events", 10, 36_000),
        ("POST", "orders/status") => named("POST orders/status", 5, 18_000),
        ("POST", "products") => named("POST products", 2, 7_200),
        (_, path) if path == "contacts" || path.starts_with("contacts/") => named("contacts", 10, 36_000),
        (_, path) => Limit { bucket: path.to_owned(), per_second: None, per_hour: 100 },
    }
}

impl Rates {
    /// Counts a request, unless one of its windows is full. A refused request is not counted.
    pub(super) fn check(&mut self, method: &str, template: &str, now: Timestamp) -> Verdict {
        let limit = limit_for(method, template, self.fast_batches);
        let now_ms = now.as_millisecond();
        let spans =
            limit.per_second.map(|most| (SECOND_MS, most)).into_iter().chain([(HOUR_MS, limit.per_hour)]);
        let mut tightest: Option<Verdict> = None;
        let mut keys = Vec::new();
        for (length_ms, most) in spans {
            let key = (limit.bucket.clone(), length_ms);
            let windows = self
                .windows
                .entry(key.clone())
                .or_insert(Windows { began_ms: now_ms, used: BTreeMap::new() });
            let number = (now_ms - windows.began_ms).div_euclid(length_ms);
            let began_ms = windows.began_ms + number * length_ms;
            let used = windows.used.get(&number).copied().unwrap_or(0);
            keys.push((key, number));
            let left = most - used.min(most);
            let verdict = Verdict {
                allowed: left > 0,
                limit: most,
                remaining: left.saturating_sub(1),
                reset_seconds: (began_ms + length_ms - now_ms + 999) / 1_000,
            };
            // Of two full windows the longer one decides when the caller may come back.
            let tighter = tightest.as_ref().is_none_or(|other| {
                verdict.remaining < other.remaining
                    || (!verdict.allowed && verdict.reset_seconds > other.reset_seconds)
            });
            if tighter {
                tightest = Some(verdict);
            }
        }
        let verdict = tightest.unwrap_or(Verdict { allowed: true, limit: 0, remaining: 0, reset_seconds: 0 });
        if verdict.allowed {
            for (key, number) in &keys {
                if let Some(windows) = self.windows.get_mut(key) {
                    *windows.used.entry(*number).or_default() += 1;
                    if REMEMBERED < windows.used.len() {
                        windows.used.pop_first();
                    }
                }
            }
        }
        verdict
    }
}
