//! Tickets of a rate limit, counted for all workers of an account.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use crate::item::{aws_error, read_number};
use crate::{Key, Table, TableError};

/// How long a window's count is kept, in seconds, after the window began: longer than any window.
const KEPT_SECONDS: i64 = 3_600;

/// Adds `asked` to what was asked for in a window that begins at this second, and answers what had been asked for before.
/// One write unit. Unconditional: whoever asks too much is only granted less.
pub async fn take_tickets(
    table: &Table,
    account: &str,
    bucket: &str,
    window: i64,
    begins_at: i64,
    asked: u32,
) -> Result<u64, TableError> {
    let key = Key::budget(account, bucket, window);
    let total = add(table, key, asked, begins_at + KEPT_SECONDS).await?;
    Ok(total.saturating_sub(u64::from(asked)))
}

/// Counts a use of an API key in this minute, and answers how many there were, this one included. One write unit.
pub async fn count_use(table: &Table, key: &str, minute: i64) -> Result<u64, TableError> {
    add(table, Key::rate(key, minute), 1, minute * 60 + KEPT_SECONDS).await
}

async fn add(table: &Table, key: Key, asked: u32, expires_at: i64) -> Result<u64, TableError> {
    let number = |value: i64| AttributeValue::N(value.to_string());
    let answer = table
        .client()
        .update_item()
        .table_name(table.name())
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .update_expression("ADD asked :asked SET #ttl = :ttl")
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":asked", number(i64::from(asked)))
        .expression_attribute_values(":ttl", number(expires_at))
        .return_values(ReturnValue::UpdatedNew)
        .send()
        .await
        .map_err(|error| aws_error("UpdateItem", error))?;
    Ok(answer.attributes.as_ref().and_then(|item| read_number(item, "asked")).unwrap_or(u64::MAX))
}
