//! Rate limits: the General column of Brevo's table, per account.
//!
//! Brevo does not say how its windows lie; here a window begins with the first request in it.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// A row of Brevo's table.
struct Limit {
    /// Requests that share it.
    bucket: String,
    per_second: Option<u32>,
    per_hour: u32,
}

/// One count of requests.
#[derive(Clone, Debug, PartialEq)]
struct Window {
    began_ms: i64,
    used: u32,
}

/// The counts of one account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rates {
    windows: BTreeMap<(String, i64), Window>,
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

fn limit_for(method: &str, template: &str) -> Limit {
    let named = |bucket: &str, per_second, per_hour| Limit {
        bucket: bucket.to_owned(),
        per_second: Some(per_second),
        per_hour,
    };
    match (method, template) {
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
        let limit = limit_for(method, template);
        let now_ms = now.as_millisecond();
        let spans =
            limit.per_second.map(|most| (SECOND_MS, most)).into_iter().chain([(HOUR_MS, limit.per_hour)]);
        let mut tightest: Option<Verdict> = None;
        let mut keys = Vec::new();
        for (length_ms, most) in spans {
            let key = (limit.bucket.clone(), length_ms);
            let window = self.windows.entry(key.clone()).or_insert(Window { began_ms: now_ms, used: 0 });
            if now_ms >= window.began_ms + length_ms {
                *window = Window { began_ms: now_ms, used: 0 };
            }
            keys.push(key);
            let left = most - window.used.min(most);
            let verdict = Verdict {
                allowed: left > 0,
                limit: most,
                remaining: left.saturating_sub(1),
                reset_seconds: (window.began_ms + length_ms - now_ms + 999) / 1_000,
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
            for key in &keys {
                if let Some(window) = self.windows.get_mut(key) {
                    window.used += 1;
                }
            }
        }
        verdict
    }
}
