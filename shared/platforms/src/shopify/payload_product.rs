//! Shopify's JSON of products, collections and stock: only the fields we read, all of them optional.

use serde::{Deserialize, Deserializer};

use crate::lenient::{Amount, Flag, Id, List, Number, Object, Tags, Text, Time};

/// `products/*`: the full present product, with at most its first 100 variants.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Product<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub title: Text<'a>,
    pub handle: Text<'a>,
    pub vendor: Text<'a>,
    pub product_type: Text<'a>,
    pub tags: Tags,
    pub status: Text<'a>,
    /// Since when it is in the online store; `null`: it is not. Absent: the body does not say.
    #[serde(deserialize_with = "said")]
    pub published_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
    pub image: Object<Image<'a>>,
    pub images: List<Object<Image<'a>>>,
    pub variants: List<Object<Variant<'a>>>,
    /// All of them, since 2024-04.
    pub variant_gids: List<Object<VariantGid<'a>>>,
}

/// A field that is there, whatever it says.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A variant inside a product, or the whole body of `variants/in_stock` and `variants/out_of_stock`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Variant<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub product_id: Id,
    pub title: Text<'a>,
    pub sku: Text<'a>,
    pub price: Amount,
    pub image_id: Id,
    pub inventory_item_id: Id,
    pub inventory_quantity: Number,
    /// Up to 2024-04: `shopify` where the shop counts it.
    pub inventory_management: Text<'a>,
    pub updated_at: Time,
}

/// A picture.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Image<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub src: Text<'a>,
    pub variant_ids: List<Id>,
}

/// Names a variant that exists.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct VariantGid<'a> {
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
}

/// `collections/*`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Collection<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub title: Text<'a>,
    pub handle: Text<'a>,
    pub updated_at: Time,
}

/// `inventory_levels/update`. Published without any field from 2024-07 to 2026-04.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct InventoryLevel<'a> {
    pub inventory_item_id: Id,
    pub location_id: Id,
    pub available: Number,
    pub updated_at: Time,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
}

/// `inventory_items/*`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct InventoryItem<'a> {
    pub id: Id,
    #[serde(borrow)]
    pub admin_graphql_api_id: Text<'a>,
    pub tracked: Flag,
    pub updated_at: Time,
}
