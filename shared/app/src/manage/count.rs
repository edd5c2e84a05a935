//! How many customers, orders and products are known, by store. Counting while webhooks are worked on would cost a write for
//! each; it is done when somebody asks, over the outline of the whole table, and for as long as a person waits. A table that
//! is too large for that is counted on with every question.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tajo_state::{Attributes, Held, Key, TableError};

use super::Manage;

/// How long one question counts.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counting anew may take this part of the time: a count is believed for twenty times as long as it took.
const BELIEVED_FOR: i32 = 20;

/// Figures of one store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Figures {
    /// Guests included, those who left or were erased not.
    pub customers: u64,
    pub orders: u64,
    pub products: u64,
}

/// Figures of all stores.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// When they were counted; `None`: the first count is not finished.
    pub at: Option<Timestamp>,
    pub stores: BTreeMap<String, Figures>,
}

/// What is kept between questions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// When the last finished count began.
    at: Option<Timestamp>,
    /// Milliseconds that it took.
    took: i64,
    stores: BTreeMap<String, Figures>,
    /// A count that is under way: when it began, where it goes on, what it found.
    began: Option<Timestamp>,
    spent: i64,
    next: Option<(String, String)>,
    so_far: BTreeMap<String, Figures>,
}

/// The figures, as fresh as they can be had now.
pub(super) async fn counts(manage: &Manage) -> Result<Counts, TableError> {
    let (table, now) = (&manage.connect.table, manage.connect.clock.now());
    let stored = table.get::<Kept>(&Key::counts()).await?;
    let mut kept = stored.record.unwrap_or_default();
    let believed = SignedDuration::from_millis(kept.took) * BELIEVED_FOR;
    if kept.began.is_none() && kept.at.is_some_and(|at| now.duration_since(at) < believed) {
        return Ok(Counts { at: kept.at, stores: kept.stores });
    }
    let begin = Instant::now();
    let began = *kept.began.get_or_insert(now);
    loop {
        let after = kept.next.take().map(|(pk, sk)| Key { pk, sk });
        let page = table.outline(after.as_ref()).await?;
        for held in &page.items {
            count(held, &mut kept.so_far);
        }
        kept.next = page.next.map(|key| (key.pk, key.sk));
        let is_over = kept.next.is_none();
        if is_over || PATIENCE <= begin.elapsed() {
            kept.spent += i64::try_from(begin.elapsed().as_millis()).unwrap_or(i64::MAX);
            if is_over {
                let stores = std::mem::take(&mut kept.so_far);
                kept = Kept { at: Some(began), took: kept.spent, stores, ..Kept::default() };
            }
            break;
        }
    }
    // Somebody else who counted meanwhile has figures that are as good.
    table.put(&Key::counts(), stored.revision, &kept, &Attributes::default()).await?;
    let first = if kept.at.is_none() { kept.so_far } else { kept.stores };
    Ok(Counts { at: kept.at, stores: first })
}

fn count(held: &Held, stores: &mut BTreeMap<String, Figures>) {
    let mut words = held.key.pk.splitn(3, '#');
    let (Some(kind), Some(store), Some(_)) = (words.next(), words.next(), words.next()) else { return };
    let about = held.shown();
    let has = |field: &str| {
        about.get(field).is_some_and(|value| *value != Value::Null && *value != Value::Bool(false))
    };
    let is_gone = has("deleted_at") || has("d") || has("x");
    if is_gone {
        return;
    }
    let mut figures = |add: fn(&mut Figures)| add(stores.entry(store.to_owned()).or_default());
    match (kind, held.key.sk.as_str()) {
        ("customer" | "guest", "contact") => figures(|figures| figures.customers += 1),
        // Facts that came without their order have the version 1970.
        ("order", "order") if !is_never(&about) => figures(|figures| figures.orders += 1),
        ("product", "product") if has("version") => figures(|figures| figures.products += 1),
        _ => {}
    }
}

fn is_never(about: &Value) -> bool {
    let version = about.get("v").or_else(|| about.get("version")).and_then(Value::as_str);
    version.is_some_and(|version| version.starts_with("1970-01-01T00:00:00"))
}
