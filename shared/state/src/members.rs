//! Which products are in a collection, as far as Brevo was told: one item each. A collection of thousands would be an
//! item too large to write with each product, and one that every product of it fights for.

use aws_sdk_dynamodb::types::AttributeValue;
use tajo_domain::StoreId;

use crate::error::aws_error;
use crate::{Attributes, Key, Table, TableError};

/// Notes that a product is in a collection. Noting it again changes nothing.
///
/// # Errors
/// The table does not answer.
pub async fn note_member(
    table: &Table,
    store: &StoreId,
    collection: &str,
    product: &str,
) -> Result<(), TableError> {
    table.put_new(&Key::member(store, collection, product), &true, &Attributes::default()).await
}

/// Forgets that a product is in a collection.
///
/// # Errors
/// The table does not answer.
pub async fn forget_member(
    table: &Table,
    store: &StoreId,
    collection: &str,
    product: &str,
) -> Result<(), TableError> {
    table.delete(&Key::member(store, collection, product)).await
}

/// The products that are noted to be in a collection. Consistent: one that was noted before this call is among them.
/// Costs a read unit for some fifty of them.
///
/// # Errors
/// The table does not answer.
pub async fn members(table: &Table, store: &StoreId, collection: &str) -> Result<Vec<String>, TableError> {
    let mut pages = table
        .client()
        .query()
        .table_name(table.name())
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(Key::members_pk(store, collection)))
        .projection_expression("sk")
        .consistent_read(true)
        .into_paginator()
        .send();
    let mut products = Vec::new();
    while let Some(page) = pages.next().await {
        let items = page.map_err(|error| aws_error("Query", error))?.items.unwrap_or_default();
        products.extend(items.iter().filter_map(|item| item.get("sk")?.as_s().ok().cloned()));
    }
    Ok(products)
}
