//! Putting notices on the live queue.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use tajo_platforms::Notice;

/// The longest delay SQS takes ("Amazon SQS delay queues").
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// Messages, and bytes of them, in one `SendMessageBatch` ("Amazon SQS message quotas": 10, 1 MiB; the rest is for names).
const MOST_AT_ONCE: (usize, usize) = (10, 1_000_000);

/// One of the queues.
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
        send.message_group_id(group).send().await.map(|_| ()).map_err(|error| failed(&error))
    }

    /// Sends messages as they are, ten in a request. Answers for each whether it is on the queue.
    pub async fn send_all(&self, messages: &[Message]) -> Vec<Result<(), QueueError>> {
        let mut results = Vec::with_capacity(messages.len());
        let mut rest = messages;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest));
            results.extend(self.send_some(now).await);
            rest = later;
        }
        results
    }

    async fn send_some(&self, messages: &[Message]) -> Vec<Result<(), QueueError>> {
        let mut entries = Vec::with_capacity(messages.len());
        for (index, message) in messages.iter().enumerate() {
            let seconds = i32::try_from(message.delay.min(LONGEST_DELAY).as_secs()).unwrap_or(0);
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(&message.body)
                .delay_seconds(seconds)
                .message_group_id(if message.group.is_empty() { "unknown" } else { &message.group });
            match entry.build() {
                Ok(entry) => entries.push(entry),
                Err(_) => return all_failed(messages, "the request could not be made"),
            }
        }
        let sent =
            self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        match sent {
            Ok(answer) => {
                let is_there =
                    |index: usize| answer.successful().iter().any(|entry| entry.id() == index.to_string());
                let result =
                    |index| is_there(index).then_some(()).ok_or_else(|| QueueError("refused".to_owned()));
                (0..messages.len()).map(result).collect()
            }
            Err(error) => all_failed(messages, &failed(&error).0),
        }
    }
}

/// A message for [`Queue::send_all`].
#[derive(Clone)]
pub struct Message {
    /// Its text.
    pub body: String,
    /// Its group: the store.
    pub group: String,
    /// Not before this long.
    pub delay: Duration,
}

/// How many of the first fit one request; one that is too large alone is tried alone.
fn fitting(messages: &[Message]) -> usize {
    let (most, most_bytes) = MOST_AT_ONCE;
    let mut bytes = 0;
    let fits = messages.iter().take(most).take_while(|message| {
        bytes += message.body.len();
        bytes <= most_bytes
    });
    fits.count().max(1)
}

fn all_failed(messages: &[Message], why: &str) -> Vec<Result<(), QueueError>> {
    messages.iter().map(|_| Err(QueueError(why.to_owned()))).collect()
}

fn failed<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> QueueError {
    QueueError(match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("an unknown error").to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        _ => "no connection, or a broken answer".to_owned(),
    })
}
