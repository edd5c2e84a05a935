//! Brevo's products and categories: bodies of `POST /products` and `POST /categories`, and events of stock crossings.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tajo_brevo::limits::CATEGORY_ID_CHARACTERS;
use tajo_brevo::{Event, Identifier};
use tajo_domain::{
    CategoryRecord, Crossing, Product, ProductRecord, StockState, Variant, VariantStock, link, short_hash,
};

use crate::properties::object;
use crate::rules::number;
use crate::{Planned, StoreFacts};

/// One Brevo product, without its stock.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// Brevo's id: the platform's own, as order lines name it (`docs/decisions/0013`).
    pub id: String,
    /// The request body.
    pub body: Map<String, Value>,
    /// Names this content: another one differs.
    pub digest: String,
}

/// A product type or tag as a Brevo category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Brevo's id of it.
    pub id: String,
    /// What people read.
    pub name: String,
}

/// How many there are of a Brevo product, and what that means since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// How many; below zero where more were sold than there are.
    pub quantity: i64,
    /// What it means.
    pub state: StockState,
    /// Since when.
    pub since: Timestamp,
}

/// Why the store's filter leaves a product out, if it does.
pub fn left_out(product: &Product, facts: &StoreFacts) -> Option<String> {
    let filter = &facts.settings.products.filter;
    // Bodies from before the status existed are of products on sale.
    let status = product.status.as_deref().unwrap_or("active");
    if let Some(wanted) = &filter.status
        && !wanted.eq_ignore_ascii_case(status)
    {
        return Some(format!("its status is not `{wanted}`, which the settings ask for"));
    }
    if filter.published && product.published == Some(false) {
        return Some("it is not published to the online store, which the settings ask for".to_owned());
    }
    let excluded = |tag: &&String| product.tags.iter().any(|own| own.to_lowercase() == tag.to_lowercase());
    filter.exclude_tags.iter().find(excluded).map(|tag| format!("it has the excluded tag `{tag}`"))
}

/// The product and, where the settings say so, each of its variants. `collections`: those it is known to be in.
pub fn contents(product: &Product, collections: &[String], facts: &StoreFacts) -> Vec<Content> {
    let categories: Vec<String> = categories(product, facts)
        .into_iter()
        .map(|category| category.id)
        .chain(collections.iter().map(|collection| collection_id(collection)))
        .collect();
    let variants = product.variants.iter().filter(|_| facts.settings.products.include_variants).map(Some);
    std::iter::once(None)
        .chain(variants)
        .map(|variant| content(product, variant, &categories, facts))
        .collect()
}

/// The product itself, or one of its variants under it.
fn content(
    product: &Product,
    variant: Option<&Variant>,
    categories: &[String],
    facts: &StoreFacts,
) -> Content {
    let only = match product.variants.as_slice() {
        [only] => Some(only),
        // With several variants, none of their numbers is the product's.
        _ => None,
    };
    let id = variant.map_or(&product.id, |variant| &variant.id);
    let name = match variant.and_then(|variant| variant.name.as_deref()) {
        Some(name) => format!("{} / {name}", product.name),
        None => product.name.clone(),
    };
    let url = product.handle.as_deref().filter(|_| product.has_page()).and_then(|handle| {
        let query = variant.map(|variant| format!("?variant={}", variant.id)).unwrap_or_default();
        link(&format!("https://{}/products/{handle}{query}", facts.shop))
    });
    let image = variant.and_then(|variant| variant.image.as_ref()).or(product.image.as_ref());
    let price = match variant {
        Some(variant) => variant.price,
        // What is shown for the whole product is the lowest price.
        None => product.variants.iter().filter_map(|variant| variant.price).min(),
    };
    let sku = variant.or(only).and_then(|variant| variant.sku.as_deref());
    let body = object(vec![
        ("id", Some(json!(id))),
        ("parentId", variant.map(|_| json!(product.id))),
        ("name", Some(json!(name))),
        ("url", Some(json!(url.unwrap_or_default()))),
        ("imageUrl", image.filter(|_| facts.settings.products.include_images).map(|image| json!(image))),
        // What is empty in the store is emptied in Brevo: a field left out would stay as it was.
        ("sku", Some(json!(sku.unwrap_or_default()))),
        ("price", price.and_then(number)),
        ("categories", Some(json!(categories))),
        ("brand", Some(json!(product.brand.as_deref().unwrap_or_default()))),
        ("metaInfo", Some(json!({ "shop": facts.shop_name() }))),
        // A product that was left out before comes back.
        ("isDeleted", Some(json!(false))),
    ]);
    let digest = short_hash(&Value::Object(body.clone()).to_string())[..12].to_owned();
    Content { id: id.clone(), body, digest }
}

/// The body with the stock in it; without a body, of a product that Brevo has: only the stock.
pub fn with_stock(
    id: &str,
    name: &str,
    body: Option<Map<String, Value>>,
    shelf: Option<Shelf>,
    facts: &StoreFacts,
) -> Map<String, Value> {
    let only_stock = || object(vec![("id", Some(json!(id))), ("name", Some(json!(name)))]);
    let mut body = body.unwrap_or_else(only_stock);
    if let Some(shelf) = shelf {
        body.insert("stock".to_owned(), json!(shelf.quantity.max(0)));
        // Written whole: whether Brevo merges `metaInfo` is not documented.
        let meta = json!({
            "shop": facts.shop_name(),
            "stock_state": shelf.state.as_str(),
            "stock_state_at": shelf.since.to_string(),
        });
        body.insert("metaInfo".to_owned(), meta);
    }
    body
}

/// The body for a product that Brevo does not have yet: what is empty need not be emptied.
pub fn first_body(mut body: Map<String, Value>) -> Map<String, Value> {
    body.retain(|name, value| name != "url" || *value != json!(""));
    body
}

/// Marks a product as deleted: Brevo takes nothing off its shelves, and wants a name with every write.
pub fn deletion(id: &str, name: &str, at: Timestamp) -> Map<String, Value> {
    object(vec![
        ("id", Some(json!(id))),
        ("name", Some(json!(name))),
        ("isDeleted", Some(json!(true))),
        ("deletedAt", Some(json!(format!("{at:.3}")))),
    ])
}

/// What the variants of a product have together. It is as good as its best variant.
pub fn shelf_of_all(shelves: impl Iterator<Item = Shelf>) -> Option<Shelf> {
    shelves.reduce(|one, other| Shelf {
        quantity: one.quantity.max(0).saturating_add(other.quantity.max(0)),
        state: one.state.max(other.state),
        since: one.since.max(other.since),
    })
}

/// The categories that a product's own words make: its type and, where the settings say so, its tags.
pub fn categories(product: &Product, facts: &StoreFacts) -> Vec<Category> {
    let tags = product.tags.iter().filter(|_| facts.settings.products.categories_as_tags);
    let words = product.kind.iter().map(|kind| ("type", kind)).chain(tags.map(|tag| ("tag", tag)));
    let mut found: Vec<Category> = Vec::new();
    for (kind, name) in words {
        let id = category_id(kind, name, facts);
        if !found.iter().any(|known| known.id == id) {
            found.push(Category { id, name: name.clone() });
        }
    }
    found
}

/// `tag-summer-sale-1f6c2a9b04d7`: readable, and apart from every other word and store. Shopify's words do not differ by
/// case alone.
fn category_id(kind: &str, name: &str, facts: &StoreFacts) -> String {
    let name = name.trim().to_lowercase();
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(CATEGORY_ID_CHARACTERS / 2);
    let slug = slug.trim_end_matches('-');
    let hash = &short_hash(&format!("{} {kind} {name}", facts.store))[..12];
    [kind, slug, hash].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Brevo's id of a collection: the platform's own.
pub fn collection_id(collection: &str) -> String {
    format!("collection-{collection}")
}

/// A category as Brevo keeps it.
pub fn category_body(id: &str, record: &CategoryRecord, facts: &StoreFacts) -> Map<String, Value> {
    let address = |handle| link(&format!("https://{}/collections/{handle}", facts.shop));
    let url = record.handle.as_deref().and_then(address);
    object(vec![
        ("id", Some(json!(id))),
        ("name", (!record.name.is_empty()).then(|| json!(record.name))),
        ("url", url.map(|url| json!(url))),
        ("isDeleted", Some(json!(record.deleted_at.is_some()))),
        ("deletedAt", record.deleted_at.map(|at| json!(format!("{at:.3}")))),
    ])
}

/// The key of a crossing's event. It holds all that the event says and the record does not, so that whoever finds it
/// unfinished can send it.
pub fn crossing_key(variant: &str, crossing: Crossing, at: Timestamp, quantity: i64) -> String {
    format!("{variant}:{}:{}:{quantity}", crossing.event(), at.as_millisecond())
}

/// Reads such a key.
pub fn parse_crossing(key: &str) -> Option<(String, Crossing, Timestamp, i64)> {
    let mut parts = key.rsplitn(4, ':');
    let quantity = parts.next()?.parse().ok()?;
    let at = Timestamp::from_millisecond(parts.next()?.parse().ok()?).ok()?;
    let crossing = Crossing::parse(parts.next()?)?;
    Some((parts.next()?.to_owned(), crossing, at, quantity))
}

/// The event of a crossing, for the contact that the settings name. A product has no contact of its own.
pub fn stock_event(key: &str, product: &str, record: &ProductRecord, facts: &StoreFacts) -> Option<Planned> {
    let who = facts.settings.inventory.alert_email.clone()?;
    let (variant, crossing, at, quantity) = parse_crossing(key)?;
    let name = record.stock.get(&variant).and_then(|known: &VariantStock| known.name.as_deref());
    let mut event = Event::new(crossing.event(), Identifier::Email(who), at);
    event.properties = object(vec![
        ("product_id", Some(json!(product))),
        ("variant_id", Some(json!(variant))),
        ("name", (!record.name.is_empty()).then(|| json!(record.name))),
        ("variant_name", name.map(|name| json!(name))),
        ("stock", Some(json!(quantity))),
        ("threshold", facts.settings.inventory.low_stock_threshold.map(|threshold| json!(threshold))),
        ("shop", Some(json!(facts.shop_name()))),
    ]);
    Some(Planned { key: key.to_owned(), event })
}
