//! Why the table could not be read or written. No message carries an id or a body.

use aws_sdk_dynamodb::error::SdkError;

use crate::Key;

/// Why the table could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// DynamoDB did not answer, or refused.
    #[error("DynamoDB {operation} failed: {reason}")]
    Aws {
        /// What was tried.
        operation: &'static str,
        /// DynamoDB's error code, or what went wrong on the way.
        reason: String,
    },
    /// The item is not what this version writes.
    #[error("an item at {pk} cannot be read: {reason}")]
    Unreadable {
        /// The partition key without its ids.
        pk: String,
        /// What is wrong.
        reason: String,
    },
    /// Too many others wrote the same item.
    #[error("an item at {pk} changed again and again while being written")]
    Contended {
        /// The partition key without its ids.
        pk: String,
    },
}

/// The kind of an item, for messages: ids may be personal.
pub(crate) fn kind_of(key: &Key) -> String {
    key.pk.split('#').take(2).collect::<Vec<_>>().join("#")
}

/// An AWS error as one line without bodies.
pub(crate) fn aws_error<E, R>(operation: &'static str, error: SdkError<E, R>) -> TableError
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata,
{
    let reason = match &error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("an unknown error").to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ConstructionFailure(_) => "the request could not be made".to_owned(),
        _ => "a broken answer".to_owned(),
    };
    TableError::Aws { operation, reason }
}
