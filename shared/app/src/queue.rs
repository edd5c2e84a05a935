//! Putting notices on the live queue.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use tajo_platforms::Notice;

/// The longest delay SQS takes ("Amazon SQS delay queues").
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// The live queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// The queue refused a message, or did not answer.
#[derive(Debug, thiserror::Error)]
#[error("SQS SendMessage failed: {0}")]
pub struct QueueError(String);

impl Queue {
    /// A queue by its URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends one notice. Its store is the message group: one noisy store does not starve the rest.
    pub async fn send(&self, notice: &Notice, delay: Duration) -> Result<(), QueueError> {
        let group = notice.store.as_ref().map_or(notice.shop.as_str(), |store| store.as_str());
        let seconds = i32::try_from(delay.min(LONGEST_DELAY).as_secs()).unwrap_or(0);
        let send = self.client.send_message().queue_url(&self.url).message_body(notice.to_json());
        let send = if seconds > 0 { send.delay_seconds(seconds) } else { send };
        let group = if group.is_empty() { "unknown" } else { group };
        send.message_group_id(group).send().await.map(|_| ()).map_err(|error| {
            QueueError(match &error {
                SdkError::ServiceError(service) => {
                    service.err().code().unwrap_or("an unknown error").to_owned()
                }
                SdkError::TimeoutError(_) => "no answer in time".to_owned(),
                _ => "no connection, or a broken answer".to_owned(),
            })
        })
    }
}
