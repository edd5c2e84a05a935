//! The whole table, page by page: for the rare work that no key leads to (everything about a person, everything of a
//! store). Reads every item there is, so nothing that happens every day may use it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tajo_domain::Packed;

use crate::error::aws_error;
use crate::{Key, Table, TableError};

/// One item, whatever it is.
#[derive(Clone, PartialEq)]
pub struct Held {
    /// Its key.
    pub key: Key,
    data: AttributeValue,
}

impl Held {
    /// What it holds, if it is one of these.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_dynamo::from_attribute_value(self.data.clone()).ok()
    }

    /// What it holds, for a person to read: what is stored packed is unpacked, and texts of JSON are JSON.
    pub fn shown(&self) -> Value {
        shown(&self.data)
    }
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

    /// The same, with the keys only, and with the few fields of records that say whether they are still about something.
    pub async fn outline(&self, after: Option<&Key>) -> Result<Page, TableError> {
        let mut scan = self
            .client()
            .scan()
            .table_name(self.name())
            .projection_expression("pk, sk, #data.deleted_at, #data.version, #data.v, #data.d, #data.x")
            .expression_attribute_names("#data", "data");
        if let Some(after) = after {
            scan = scan
                .exclusive_start_key("pk", AttributeValue::S(after.pk.clone()))
                .exclusive_start_key("sk", AttributeValue::S(after.sk.clone()));
        }
        let answer = scan.send().await.map_err(|error| aws_error("Scan", error))?;
        let items = answer.items.unwrap_or_default().into_iter().filter_map(held).collect();
        Ok(Page { items, next: answer.last_evaluated_key.as_ref().and_then(key_of) })
    }

    /// Deletes one item, if it is there, wherever an earlier version stored it.
    pub async fn delete(&self, key: &Key) -> Result<(), TableError> {
        let stored = self.stored_key(key);
        self.delete_stored(&stored).await?;
        if stored == *key { Ok(()) } else { self.delete_stored(key).await }
    }

    async fn delete_stored(&self, key: &Key) -> Result<(), TableError> {
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
    // What holds nothing cannot be judged, but its key can.
    Some(Held { key, data: item.remove("data").unwrap_or(AttributeValue::Null(true)) })
}

fn shown(data: &AttributeValue) -> Value {
    match data {
        AttributeValue::B(_) => {
            let packed: Option<Packed> = serde_dynamo::from_attribute_value(data.clone()).ok();
            packed.map_or(Value::Null, |packed| opened(packed.as_str()))
        }
        AttributeValue::S(text) => opened(text),
        AttributeValue::M(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), shown(value)));
            Value::Object(Map::from_iter(fields))
        }
        AttributeValue::L(values) => values.iter().map(shown).collect(),
        other => serde_dynamo::from_attribute_value(other.clone()).unwrap_or_default(),
    }
}

/// Only objects and lists: a text of digits stays one.
fn opened(text: &str) -> Value {
    let json = serde_json::from_str(text).ok().filter(|value: &Value| value.is_object() || value.is_array());
    json.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn key_of(item: &HashMap<String, AttributeValue>) -> Option<Key> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: text("pk")?, sk: text("sk")? })
}
