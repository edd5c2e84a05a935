//! The whole table, page by page: for the rare work that no key leads to (everything about a person, everything of a
//! store). Reads every item there is, so nothing that happens every day may use it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use crate::item::aws_error;
use crate::{Key, Table, TableError};

/// One item, whatever it is.
#[derive(Clone, PartialEq)]
pub struct Held {
    /// Its key.
    pub key: Key,
    /// What it holds.
    pub data: Value,
}

/// Some items, and where the next page begins.
#[derive(Clone)]
pub struct Page {
    /// The items.
    pub items: Vec<Held>,
    /// The last item looked at; `None` at the end of the table.
    pub next: Option<Key>,
}

impl Table {
    /// At most `limit` items after `after`, in the order in which DynamoDB keeps them. Consistent: what was written
    /// before this call is in it.
    pub async fn page(&self, after: Option<&Key>, limit: i32) -> Result<Page, TableError> {
        let mut scan = self.client().scan().table_name(self.name()).limit(limit).consistent_read(true);
        if let Some(after) = after {
            scan = scan
                .exclusive_start_key("pk", AttributeValue::S(after.pk.clone()))
                .exclusive_start_key("sk", AttributeValue::S(after.sk.clone()));
        }
        let answer = scan.send().await.map_err(|error| aws_error("Scan", error))?;
        let items = answer.items.unwrap_or_default().into_iter().filter_map(held).collect();
        Ok(Page { items, next: answer.last_evaluated_key.as_ref().and_then(key_of) })
    }

    /// Deletes one item, if it is there.
    pub async fn delete(&self, key: &Key) -> Result<(), TableError> {
        self.client()
            .delete_item()
            .table_name(self.name())
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("DeleteItem", error))
    }
}

fn held(mut item: HashMap<String, AttributeValue>) -> Option<Held> {
    let key = key_of(&item)?;
    // What cannot be read as JSON cannot be judged either, but its key can.
    let data = item.remove("data").and_then(|data| serde_dynamo::from_attribute_value(data).ok());
    Some(Held { key, data: data.unwrap_or_default() })
}

fn key_of(item: &HashMap<String, AttributeValue>) -> Option<Key> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: text("pk")?, sk: text("sk")? })
}
