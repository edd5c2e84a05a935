//! Tickets of a rate limit, counted for all workers of an account, and what they have learned of its limits.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use crate::error::aws_error;
use crate::item::read_number;
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

/// How long what was learned is kept after it was last written, in seconds.
const LEARNED_KEPT_SECONDS: i64 = 30 * 24 * 3_600;

/// What is known of one bucket of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    /// Calls in so many seconds.
    pub calls: u32,
    /// The seconds.
    pub seconds: u32,
    /// Until when, in seconds since 1970, whoever does not know better should take tickets.
    pub wary_until: i64,
}

impl Learned {
    fn to_text(self) -> String {
        format!("{} {} {}", self.calls, self.seconds, self.wary_until)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (calls, seconds, wary_until) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            calls: calls.parse().ok()?,
            seconds: seconds.parse().ok()?,
            wary_until: wary_until.parse().ok()?,
        })
    }
}

/// What is known of an account's buckets, by their names, as of a moment ago. What cannot be read is left out.
pub async fn learned_of(table: &Table, account: &str) -> Result<Vec<(String, Learned)>, TableError> {
    let key = Key::learned(account);
    let answer = table
        .client()
        .get_item()
        .table_name(table.name())
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .send()
        .await
        .map_err(|error| aws_error("GetItem", error))?;
    let read = |(name, value): (String, AttributeValue)| Some((name, Learned::parse(value.as_s().ok()?)?));
    Ok(answer.item.unwrap_or_default().into_iter().filter_map(read).collect())
}

/// Writes down what was learned of one bucket; the others stay as they are.
pub async fn note_learned(
    table: &Table,
    account: &str,
    bucket: &str,
    learned: Learned,
    now: i64,
) -> Result<(), TableError> {
    let key = Key::learned(account);
    table
        .client()
        .update_item()
        .table_name(table.name())
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .update_expression("SET #bucket = :learned, #ttl = :ttl")
        .expression_attribute_names("#bucket", bucket)
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":learned", AttributeValue::S(learned.to_text()))
        .expression_attribute_values(":ttl", AttributeValue::N((now + LEARNED_KEPT_SECONDS).to_string()))
        .send()
        .await
        .map_err(|error| aws_error("UpdateItem", error))?;
    Ok(())
}
