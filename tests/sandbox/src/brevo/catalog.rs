//! Products and categories: two shelves with the same rules. Nothing is ever taken off; `isDeleted` marks it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::body::{self, Answer, Kind, invalid};
use super::ecommerce;
use crate::http::{Request, Response};

/// A product or a category.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogItem {
    /// The body's fields; an update leaves absent ones as they were.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it was last written.
    pub modified_at: Timestamp,
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shelf {
    Products,
    Categories,
}

/// Products or categories in one batch (reference, "Create products in batch").
const ITEMS_PER_BATCH: usize = 100;

#[rustfmt::skip]
const PRODUCT: &[(&str, Kind)] = &[
    ("id", Kind::Text), ("name", Kind::Text), ("url", Kind::Text), ("imageUrl", Kind::Text), ("sku", Kind::Text),
    ("price", Kind::Number), ("alternativePrice", Kind::Number), ("stock", Kind::Number),
    ("categories", Kind::Texts), ("parentId", Kind::Text), ("brand", Kind::Text), ("description", Kind::Text),
    ("metaInfo", Kind::Meta), ("isDeleted", Kind::Bool), ("deletedAt", Kind::Time),
];

#[rustfmt::skip]
const CATEGORY: &[(&str, Kind)] = &[
    ("id", Kind::Text), ("name", Kind::Text), ("url", Kind::Text), ("isDeleted", Kind::Bool), ("deletedAt", Kind::Time),
];

impl Shelf {
    fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Categories => "categories",
        }
    }

    fn fields(self) -> &'static [(&'static str, Kind)] {
        match self {
            Self::Products => PRODUCT,
            Self::Categories => CATEGORY,
        }
    }

    fn items(self, account: &mut Account) -> &mut BTreeMap<String, CatalogItem> {
        match self {
            Self::Products => &mut account.products,
            Self::Categories => &mut account.categories,
        }
    }
}

/// `POST /products`, `POST /categories`: 201 for a new one, 204 for an update.
pub(super) fn create(account: &mut Account, shelf: Shelf, request: &Request, now: Timestamp) -> Answer {
    ecommerce::require_active(account)?;
    let body = body::object(request)?;
    body::check_types(&body, &[("updateEnabled", Kind::Bool)])?;
    check(account, shelf, &body, body::flag(&body, "updateEnabled"))?;
    if write(account, shelf, &body, now) {
        let id = account.next_id();
        return Ok(Response::with_json(201, &json!({"id": id})));
    }
    Ok(Response::empty(204))
}

/// `POST /products/batch`, `POST /categories/batch`: all of it or, with one bad item, none.
pub(super) fn create_batch(account: &mut Account, shelf: Shelf, request: &Request, now: Timestamp) -> Answer {
    ecommerce::require_active(account)?;
    let body = body::object(request)?;
    body::require(&body, &[shelf.name()])?;
    body::check_types(&body, &[(shelf.name(), Kind::Objects), ("updateEnabled", Kind::Bool)])?;
    let listed = body.get(shelf.name()).and_then(Value::as_array).into_iter().flatten();
    let items: Vec<&Map<String, Value>> = listed.filter_map(Value::as_object).collect();
    if items.is_empty() || items.len() > ITEMS_PER_BATCH {
        return Err(invalid(format!("{} must hold 1 to {ITEMS_PER_BATCH} items", shelf.name())));
    }
    for item in &items {
        check(account, shelf, item, body::flag(&body, "updateEnabled"))?;
    }
    let ids: BTreeSet<&str> = items.iter().filter_map(|item| body::text(item, "id")).collect();
    if ids.len() < items.len() {
        return Err(invalid("Duplicate ids in one request"));
    }
    let created = items.iter().filter(|item| write(account, shelf, item, now)).count();
    let answer = json!({"createdCount": created, "updatedCount": items.len() - created});
    Ok(Response::with_json(201, &answer))
}

fn check(
    account: &mut Account,
    shelf: Shelf,
    item: &Map<String, Value>,
    update: bool,
) -> Result<(), Response> {
    body::require(item, &["id"])?;
    body::check_types(item, shelf.fields())?;
    let id = body::text(item, "id").unwrap_or_default();
    if id.is_empty() {
        return Err(invalid("id is not valid"));
    }
    let exists = shelf.items(account).contains_key(id);
    if exists && !update {
        return Err(Response::error(400, "duplicate_parameter", "An item with this id exists already"));
    }
    // The document requires the name of every product; a category's only to make it.
    let needs_name = shelf == Shelf::Products || !exists;
    let named = body::text(item, "name").is_some_and(|name| !name.is_empty());
    if needs_name && !named { Err(body::missing("name")) } else { Ok(()) }
}

/// Writes a checked item; true when it is new.
fn write(account: &mut Account, shelf: Shelf, item: &Map<String, Value>, now: Timestamp) -> bool {
    let id = body::text(item, "id").unwrap_or_default().to_owned();
    let known =
        shelf.fields().iter().filter_map(|(name, _)| Some(((*name).to_owned(), item.get(*name)?.clone())));
    let fields: Map<String, Value> = known.collect();
    let items = shelf.items(account);
    match items.get_mut(&id) {
        Some(existing) => {
            existing.fields.extend(fields);
            existing.modified_at = now;
            false
        }
        None => {
            items.insert(id, CatalogItem { fields, created_at: now, modified_at: now });
            true
        }
    }
}
