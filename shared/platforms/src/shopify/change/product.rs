//! `products/create`, `products/update` and `products/delete`.

use jiff::Timestamp;
use tajo_domain::{Change, Changes, Product, ProductNews, Skipped, Unusable, Variant};

use super::{expect_kind, parts};
use crate::Context;
use crate::lenient::Text;
use crate::shopify::payload;
use crate::shopify::payload_product::{self as shape, Image};

const NO_ID: &str = "the body has no product id";

/// What Shopify calls the one variant of a product that has no others.
const DEFAULT_VARIANT: &str = "Default Title";

/// Variants that a webhook tells in full (Shopify reference, "Product webhooks").
const VARIANTS_IN_FULL: usize = 100;

/// The product as it is now. Created and updated mean the same.
pub fn news(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let (id, payload) = read(body)?;
    let Some(name) = payload.title.owned() else {
        return Err(Unusable::new("the body names a product, but not its title"));
    };
    let mut changes = Changes::default();
    let updated_at = parts::first_time([&payload.updated_at, &payload.created_at], context.time);
    let variants: Vec<Variant> =
        payload.variants.objects().filter_map(|found| variant(found, &payload, updated_at)).collect();
    let unreadable = payload.variants.0.len() - variants.len();
    if unreadable > 0 {
        changes.skipped.push(Skipped::new(format!("{unreadable} variants"), "they have no readable id"));
    }
    let other_variants = others(&payload, &variants);
    let missing = other_variants.as_ref().map_or(0, Vec::len);
    if missing > 0 {
        let reason = format!("the webhook tells only the first {VARIANTS_IN_FULL} in full");
        changes.skipped.push(Skipped::new(format!("{missing} variants"), reason));
    }
    let product = Product {
        image: payload.image.0.as_ref().or(payload.images.objects().next()).and_then(source),
        handle: payload.handle.owned(),
        brand: payload.vendor.owned(),
        kind: payload.product_type.owned(),
        tags: payload.tags.0.clone().unwrap_or_default(),
        status: payload.status.get().map(str::to_lowercase),
        published: payload.published_at.as_ref().map(|at| at.0.is_some()),
        collections: None,
        id,
        name,
        updated_at,
        triggered_at: None,
        variants,
        other_variants,
    };
    changes.changes.push(Change::Product(ProductNews::Now(Box::new(product))));
    Ok(changes)
}

/// A product that is gone. The body has an id and nothing to tell the time by.
pub fn deleted(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let (product, payload) = read(body)?;
    // Only the body is signed: whoever holds a genuine `products/update` could send it under this topic.
    if payload.title.get().is_some() || !payload.variants.0.is_empty() {
        return Err(Unusable::new("the topic says deleted, but the body is a product that exists"));
    }
    let gone = ProductNews::Gone { product, at: context.time };
    Ok(Changes { changes: vec![Change::Product(gone)], skipped: Vec::new() })
}

fn read(body: &[u8]) -> Result<(String, shape::Product<'_>), Unusable> {
    let payload: shape::Product<'_> = payload::parse(body, NO_ID)?;
    let id = payload.id.0.clone().ok_or_else(|| Unusable::new(NO_ID))?;
    expect_kind(payload.admin_graphql_api_id.get(), "Product", "a product")?;
    Ok((id, payload))
}

fn variant(
    found: &shape::Variant<'_>,
    product: &shape::Product<'_>,
    updated_at: Timestamp,
) -> Option<Variant> {
    let id = found.id.0.clone()?;
    Some(Variant {
        name: found.title.owned().filter(|title| title != DEFAULT_VARIANT),
        sku: found.sku.owned(),
        price: found.price.0,
        image: image_of(&id, found, product),
        inventory_item: found.inventory_item_id.0.clone(),
        quantity: found.inventory_quantity.0,
        tracked: found.inventory_management.get().map(|by| by == "shopify"),
        // A sale counts as an update of the product (Shopify reference, "Product": `updated_at`).
        updated_at: found.updated_at.0.map_or(updated_at, |own| own.max(updated_at)),
        id,
    })
}

/// The variant's own picture, named from either side.
fn image_of(id: &str, variant: &shape::Variant<'_>, product: &shape::Product<'_>) -> Option<String> {
    let is_own = |image: &&Image<'_>| {
        let named = variant.image_id.0.is_some() && variant.image_id.0 == image.id.0;
        named || image.variant_ids.0.iter().any(|named| named.0.as_deref() == Some(id))
    };
    product.images.objects().find(is_own).and_then(source)
}

fn source(image: &Image<'_>) -> Option<String> {
    image.src.link()
}

/// Variants that exist besides those told. Older bodies do not list them: below the limit there are none.
fn others(payload: &shape::Product<'_>, variants: &[Variant]) -> Option<Vec<String>> {
    if payload.variant_gids.0.is_empty() {
        return (payload.variants.0.len() < VARIANTS_IN_FULL).then(Vec::new);
    }
    let ids = payload.variant_gids.objects().filter_map(|listed| number_of(&listed.admin_graphql_api_id));
    Some(ids.filter(|id| !variants.iter().any(|variant| variant.id == *id)).collect())
}

/// The number at the end of `gid://shopify/ProductVariant/1`.
fn number_of(gid: &Text<'_>) -> Option<String> {
    gid.get()?.strip_prefix("gid://shopify/ProductVariant/").map(str::to_owned)
}
