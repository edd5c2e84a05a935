//! `inventory_levels/update`, `inventory_items/*`, `variants/in_stock` and `variants/out_of_stock`.

use tajo_domain::{Change, Changes, StockNews, StockOf, StockSaid, Unusable};

use super::{expect_kind, parts, skipped};
use crate::Context;
use crate::shopify::payload;
use crate::shopify::payload_product::{InventoryItem, InventoryLevel, Variant};

const NO_ITEM: &str = "the body has no inventory item id";
const NO_VARIANT: &str = "the body has no variant id";

/// How many there are at one location. `null`: the item is not tracked (Shopify, "InventoryLevel"), which is no zero.
pub fn level(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload: InventoryLevel<'_> = payload::parse(body, NO_ITEM)?;
    expect_kind(payload.admin_graphql_api_id.get(), "InventoryLevel", "a stock level")?;
    let (Some(item), Some(location)) = (payload.inventory_item_id.0, payload.location_id.0) else {
        // The API versions 2024-07 to 2026-04 publish an empty body. The product's own webhook follows.
        return Ok(skipped("the stock level names no inventory item or no location"));
    };
    let Some(available) = payload.available.0 else {
        return Ok(skipped("the item is not tracked, so nobody says how many there are"));
    };
    let at = parts::first_time([&payload.updated_at], context.time);
    Ok(one(StockNews {
        of: StockOf::Item(item),
        said: StockSaid::Level { location, available },
        at,
        triggered_at: None,
    }))
}

/// Whether the shop counts an item.
pub fn item(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload = read_item(body)?;
    let Some(item) = payload.id.0 else { return Err(Unusable::new(NO_ITEM)) };
    let Some(tracked) = payload.tracked.0 else {
        return Ok(skipped("the inventory item does not say whether it is counted"));
    };
    let at = parts::first_time([&payload.updated_at], context.time);
    Ok(one(StockNews { of: StockOf::Item(item), said: StockSaid::Tracked(tracked), at, triggered_at: None }))
}

/// An item that is gone is not counted any more.
pub fn item_deleted(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload = read_item(body)?;
    let Some(item) = payload.id.0 else { return Err(Unusable::new(NO_ITEM)) };
    if payload.tracked.0.is_some() {
        return Err(Unusable::new("the topic says deleted, but the body is an inventory item that exists"));
    }
    Ok(one(StockNews {
        of: StockOf::Item(item),
        said: StockSaid::Tracked(false),
        at: context.time,
        triggered_at: None,
    }))
}

/// How many of a variant there are in the whole shop. Both topics say it in the body; the topic adds nothing.
pub fn variant(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload: Variant<'_> = payload::parse(body, NO_VARIANT)?;
    expect_kind(payload.admin_graphql_api_id.get(), "ProductVariant", "a variant")?;
    let (Some(variant), Some(product)) = (payload.id.0, payload.product_id.0) else {
        return Err(Unusable::new("the body has no variant id or no product id"));
    };
    let Some(quantity) = payload.inventory_quantity.0 else {
        return Ok(skipped("the variant does not say how many there are"));
    };
    let at = parts::first_time([&payload.updated_at], context.time);
    let of = StockOf::Variant { product, variant };
    Ok(one(StockNews { of, said: StockSaid::Total(quantity), at, triggered_at: None }))
}

fn one(news: StockNews) -> Changes {
    Changes { changes: vec![Change::Stock(news)], skipped: Vec::new() }
}

fn read_item(body: &[u8]) -> Result<InventoryItem<'_>, Unusable> {
    let payload: InventoryItem<'_> = payload::parse(body, NO_ITEM)?;
    expect_kind(payload.admin_graphql_api_id.get(), "InventoryItem", "an inventory item")?;
    Ok(payload)
}
