//! Bodies of `events/shopify`, with other people or other times in them.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_testkit::body;

/// Settings with all three lists of the world: every contact joins 2, buyers join 4, abandoned carts 6.
pub const LISTS: &str = "connectors: {shopify: {lists: {all_customers: 2, buyers: 4, abandoned_cart: 6}}}";

/// A body as JSON, to be edited.
pub fn sample(name: &str) -> Value {
    serde_json::from_slice(&body(name)).unwrap()
}

/// The same body with these fields set.
pub fn with(mut body: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    body.as_object_mut().unwrap().extend(fields);
    body
}

/// Pairs of what identifies Jo in `events/` and what identifies the n-th Jo.
fn names(n: u32) -> [(&'static str, String); 13] {
    assert!((10_000_000..100_000_000).contains(&n), "eight digits that occur nowhere else");
    [
        ("jo@example.com", format!("jo{n}@example.com")),
        ("7201400000011", format!("72014{n}")),
        ("6101400001001", format!("61014{n}")),
        ("5001400001000", format!("50014{n}")),
        ("cart-3f6a1c9e", format!("cart-{n}")),
        ("chk-b81d20f4", format!("chk-{n}")),
        ("491711234567", format!("49171{:07}", n % 10_000_000)),
        ("d-jo", format!("d-{n}")),
        ("9101400000001", format!("91014{n}")),
        ("9201400000001", format!("92014{n}")),
        ("9201400000003", format!("94014{n}")),
        ("9301400000001", format!("93014{n}")),
        ("9301400000003", format!("95014{n}")),
    ]
}

/// The same body about the n-th Jo: many of them live side by side in one world.
pub fn cast(body: &Value, n: u32) -> Value {
    let mut text = body.to_string();
    for (jo, nth) in names(n) {
        text = text.replace(jo, &nth);
    }
    serde_json::from_str(&text).unwrap()
}

/// What Brevo knows of the n-th Jo alone, as if she were the only one.
pub fn only(state: &Value, n: u32) -> Value {
    each(state).remove(&n).unwrap_or_else(nobody)
}

/// What Brevo knows of each Jo alone, as if she were the only one.
pub fn each(state: &Value) -> HashMap<u32, Value> {
    let mut all: HashMap<u32, Value> = HashMap::new();
    for kind in ["contacts", "events", "orders", "products"] {
        for entry in state[kind].as_array().unwrap() {
            if let Some(n) = owner(entry) {
                let mine = all.entry(n).or_insert_with(nobody);
                mine[kind].as_array_mut().unwrap().push(entry.clone());
            }
        }
    }
    for (n, mine) in &mut all {
        let mut text = mine.to_string();
        for (jo, nth) in names(*n) {
            text = text.replace(&nth, jo);
        }
        *mine = serde_json::from_str(&text).unwrap();
    }
    all
}

fn nobody() -> Value {
    json!({"contacts": [], "events": [], "orders": [], "products": []})
}

/// Which Jo a contact, event or order belongs to.
fn owner(entry: &Value) -> Option<u32> {
    let texts = [&entry["email"], &entry["ext_id"], &entry["id"], &entry["identifiers"]["email_id"]];
    let about = &entry["event_properties"]["product_id"];
    let texts = texts.into_iter().chain([about]);
    let starts = ["jo", "shopify:demo-shop:72014", "61014", "50014", "91014", "92014", "94014"];
    let digits =
        |text: &str| starts.iter().find_map(|start| text.strip_prefix(start)?.get(..8)?.parse().ok());
    texts.filter_map(Value::as_str).find_map(digits)
}

/// The same body with every time moved, so that the checkout's last update was a minute before the tests began:
/// carts of a week ago are reminded of no more. Every body is moved equally far.
pub fn recent(body: &Value) -> Value {
    static BY: LazyLock<SignedDuration> = LazyLock::new(|| {
        let touched: Timestamp = "2026-11-02T09:09:30+01:00".parse().unwrap();
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        now.duration_since(touched) - SignedDuration::from_mins(1)
    });
    moved(body, *BY)
}

/// [`recent`], with what lies after now (by days) squeezed into the minute before the tests began: a time after the
/// receipt is not believed, and tells no order.
pub fn recent_past(body: &Value) -> Value {
    static BEGAN: LazyLock<Timestamp> = LazyLock::new(Timestamp::now);
    let touched = *BEGAN - SignedDuration::from_secs(60);
    timed(&recent(body), &|at| match at.duration_since(touched) {
        later if later.is_positive() => touched.saturating_add(later / 20_000).unwrap(),
        _ => at,
    })
}

/// The same body with every time moved.
pub fn moved(body: &Value, by: SignedDuration) -> Value {
    timed(body, &|at| at.saturating_add(by).unwrap())
}

fn timed(body: &Value, time: &dyn Fn(Timestamp) -> Timestamp) -> Value {
    match body {
        Value::String(text) if matches!(text.len(), 20 | 24 | 25) => match text.parse::<Timestamp>() {
            Ok(at) => Value::String(time(at).to_string()),
            Err(_) => body.clone(),
        },
        Value::Array(values) => values.iter().map(|value| timed(value, time)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), timed(value, time))).collect())
        }
        _ => body.clone(),
    }
}
