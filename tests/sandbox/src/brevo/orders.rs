//! Orders: upserted by id, one at a time or queued a thousand at once.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::batch::{Job, Pending};
use super::body::{self, Answer, Kind, invalid};
use super::{ecommerce, events};
use crate::http::{Request, Response};

/// An order as it was last written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The body's fields, as sent.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
    /// The contact its identifiers named when it was last applied.
    pub contact: Option<u64>,
    /// Would its last write have started automations?
    pub triggers_automations: bool,
    /// Every write of this order, oldest first.
    pub writes: Vec<OrderWrite>,
}

/// One write of an order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderWrite {
    /// `single` or `batch`.
    pub endpoint: &'static str,
    /// Would it have started automations?
    pub triggers_automations: bool,
    /// The status it wrote.
    pub status: String,
    /// The amount it wrote.
    pub amount: Value,
    /// When it was applied.
    pub at: Timestamp,
}

/// Orders in one batch (reference, "Create orders in batch").
const ORDERS_PER_BATCH: usize = 1_000;

const REQUIRED: &[&str] = &["id", "createdAt", "updatedAt", "status", "amount", "products"];

const FIELDS: &[(&str, Kind)] = &[
    ("id", Kind::Text),
    ("createdAt", Kind::Time),
    ("updatedAt", Kind::Time),
    ("status", Kind::Text),
    ("amount", Kind::Number),
    ("products", Kind::Objects),
    ("storeId", Kind::Text),
    ("identifiers", Kind::Object),
    ("billing", Kind::Object),
    ("coupons", Kind::Texts),
    ("metaInfo", Kind::Meta),
];

const BILLING: &[(&str, Kind)] = &[
    ("address", Kind::Text),
    ("city", Kind::Text),
    ("countryCode", Kind::Text),
    ("country", Kind::Text),
    ("phone", Kind::Text),
    ("postCode", Kind::Text),
    ("paymentMethod", Kind::Text),
    ("region", Kind::Text),
];

const IDENTIFIERS: &[(&str, Kind)] = &[
    ("email_id", Kind::Text),
    ("ext_id", Kind::Text),
    ("phone_id", Kind::Text),
    ("loyalty_subscription_id", Kind::Text),
];

const LINE: &[(&str, Kind)] = &[
    ("productId", Kind::Text),
    ("variantId", Kind::Text),
    ("price", Kind::Number),
    ("quantity", Kind::Number),
    ("quantityFloat", Kind::Number),
];

/// `POST /orders/status`
pub(super) fn create(account: &mut Account, request: &Request, now: Timestamp) -> Answer {
    ecommerce::require_active(account)?;
    let order = body::object(request)?;
    check(&order)?;
    apply(account, &order, true, "single", now);
    Ok(Response::empty(204))
}

/// `POST /orders/status/batch`: queued. Nothing starts automations unless `historical` is false.
pub(super) fn create_batch(account: &mut Account, request: &Request, now: Timestamp) -> Answer {
    ecommerce::require_active(account)?;
    let body = body::object(request)?;
    body::require(&body, &["orders"])?;
    body::check_types(
        &body,
        &[("orders", Kind::Objects), ("historical", Kind::Bool), ("notifyUrl", Kind::Text)],
    )?;
    let listed = body.get("orders").and_then(Value::as_array).into_iter().flatten();
    let orders: Vec<Map<String, Value>> = listed.filter_map(Value::as_object).cloned().collect();
    if orders.is_empty() || orders.len() > ORDERS_PER_BATCH {
        return Err(invalid(format!("orders must hold 1 to {ORDERS_PER_BATCH} orders")));
    }
    orders.iter().try_for_each(check)?;
    let ids: BTreeSet<&str> = orders.iter().filter_map(|order| body::text(order, "id")).collect();
    if ids.len() < orders.len() {
        return Err(invalid("Duplicate order ids in one request"));
    }
    let historical = body.get("historical").and_then(Value::as_bool).unwrap_or(true);
    let count = orders.len();
    let batch_id = account.next_id();
    let job = Job::Orders { orders, historical };
    account.enqueue(Pending { due: account.due(now), arrived: now, job }, now);
    Ok(Response::with_json(202, &json!({"batchId": batch_id, "count": count})))
}

/// `GET /orders`
pub(super) fn page(account: &Account, request: &Request) -> Answer {
    ecommerce::require_active(account)?;
    let modified_since = body::query_time(request, "modifiedSince")?;
    let newer = |order: &&Order| {
        let updated = body::text(&order.fields, "updatedAt").and_then(|text| text.parse::<Timestamp>().ok());
        modified_since.is_none_or(|since| updated.is_some_and(|updated| updated > since))
    };
    let mut wanted: Vec<&Order> = account.orders.values().filter(newer).collect();
    wanted.sort_by_key(|order| order.writes.first().map(|write| write.at));
    let count = wanted.len();
    let rows: Vec<Value> = body::page(request, wanted, 50, 100)?
        .into_iter()
        .map(|order| {
            let mut row = json!(order.fields);
            if let Some(contact) = order.contact {
                row["contact_id"] = json!(contact);
            }
            row
        })
        .collect();
    Ok(Response::with_json(200, &json!({"orders": rows, "count": count})))
}

/// Writes a checked order over the one with its id. The last write wins, whatever its `updatedAt`.
pub(super) fn apply(
    account: &mut Account,
    order: &Map<String, Value>,
    triggers_automations: bool,
    endpoint: &'static str,
    now: Timestamp,
) {
    let identifiers = order.get("identifiers").and_then(Value::as_object).cloned().unwrap_or_default();
    let contact = events::contact_of(account, &identifiers);
    let write = OrderWrite {
        endpoint,
        triggers_automations,
        status: body::text(order, "status").unwrap_or_default().to_owned(),
        amount: order.get("amount").cloned().unwrap_or_default(),
        at: now,
    };
    let id = body::text(order, "id").unwrap_or_default().to_owned();
    let mut writes = account.orders.remove(&id).map(|known| known.writes).unwrap_or_default();
    writes.push(write);
    account.orders.insert(id, Order { fields: order.clone(), contact, triggers_automations, writes });
}

fn check(order: &Map<String, Value>) -> Result<(), Response> {
    body::require(order, REQUIRED)?;
    body::check_types(order, FIELDS)?;
    if body::text(order, "id") == Some("") {
        return Err(invalid("id is not valid"));
    }
    let part = |name: &str| order.get(name).and_then(Value::as_object);
    part("billing").map_or(Ok(()), |billing| body::check_types(billing, BILLING))?;
    part("identifiers").map_or(Ok(()), |identifiers| {
        body::check_types(identifiers, IDENTIFIERS)?;
        events::check_email(identifiers).map_err(invalid)
    })?;
    let lines = order.get("products").and_then(Value::as_array).into_iter().flatten();
    lines.filter_map(Value::as_object).try_for_each(check_line)
}

/// `quantity` takes whole numbers only; `quantityFloat` stands in for it.
fn check_line(line: &Map<String, Value>) -> Result<(), Response> {
    body::require(line, &["productId", "price"])?;
    body::check_types(line, LINE)?;
    match (line.get("quantity"), line.get("quantityFloat")) {
        (None, None) => Err(body::missing("quantity")),
        (Some(quantity), _) if !quantity.is_i64() && !quantity.is_u64() => {
            Err(invalid("quantity is not valid"))
        }
        _ => Ok(()),
    }
}
