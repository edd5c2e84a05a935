//! Several items written at once, or none: for the few that make no sense apart. Twice the price of single writes.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use serde::Serialize;

use crate::error::{aws_error, kind_of};
use crate::item::number;
use crate::{Attributes, Key, Table, TableError};

impl Table {
    /// The write of one item that nobody else writes, as a part of a transaction.
    pub(crate) fn put_in_transaction<T: Serialize>(
        &self,
        key: &Key,
        record: &T,
        attributes: &Attributes,
    ) -> Result<TransactWriteItem, TableError> {
        let mut item = self.envelope(key, record, attributes)?;
        item.insert("rev".to_owned(), number(1));
        let put = Put::builder().table_name(self.name()).set_item(Some(item)).build();
        Ok(TransactWriteItem::builder().put(put.map_err(|error| unbuilt(key, &error))?).build())
    }

    /// The deletion of one item, as a part of a transaction; with `at`: only if that is what its record holds there.
    pub(crate) fn delete_in_transaction(
        &self,
        key: &Key,
        at: Option<AttributeValue>,
    ) -> Result<TransactWriteItem, TableError> {
        let mut delete = Delete::builder()
            .table_name(self.name())
            .key("pk", AttributeValue::S(self.stored_pk(&key.pk)))
            .key("sk", AttributeValue::S(key.sk.clone()));
        if let Some(at) = at {
            delete = delete
                .condition_expression("#data.#at = :at")
                .expression_attribute_names("#data", "data")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":at", at);
        }
        let delete = delete.build().map_err(|error| unbuilt(key, &error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Writes all of it or nothing. False: a condition does not hold, and nothing was written.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<bool, TableError> {
        let answer = self.client().transact_write_items().set_transact_items(Some(writes)).send().await;
        match answer {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if is_refused(error.err()) => Ok(false),
            Err(error) => Err(aws_error("TransactWriteItems", error)),
        }
    }
}

/// A request without one of its parts: cannot happen, since all are set.
fn unbuilt(key: &Key, error: &BuildError) -> TableError {
    TableError::Unreadable { pk: kind_of(key), reason: error.to_string() }
}

/// Whether a transaction was refused for a condition, and not because somebody else was writing.
fn is_refused(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(canceled) = error else { return false };
    canceled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}
