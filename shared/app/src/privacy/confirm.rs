//! A person says what no notice said: that the shop really removed the app, or that somebody who was erased and came back
//! really asks to be erased again.

use std::time::Duration;

use jiff::Timestamp;
use tajo_domain::StoreId;
use tajo_platforms::Notice;
use tajo_platforms::notice::ERASE_SHOP;
use tajo_platforms::shopify::Topic;
use tajo_state::{Attributes, Key, StoreRecord, StoreStatus, Table, TableError, forget_parked, read_parked};

use crate::Queue;
use crate::env::CACHED_FOR;

/// Why a demand could not be confirmed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum ConfirmError {
    #[error("nothing of this id is parked for the store")]
    NotParked,
    #[error("what is parked there is not a demand to erase a person or the shop")]
    OtherTopic,
    #[error("there is no such store")]
    NoStore,
    #[error(transparent)]
    Aws(#[from] tajo_state::AwsError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Queue(#[from] crate::queue::QueueError),
}

/// What was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// The shop is erased.
    Shop,
    /// The person is erased.
    Person,
}

/// Puts a parked demand back on the queue as one that is really meant; a shop's marks the store as left before. Safe to
/// repeat.
pub async fn confirm(
    endpoint: Option<&str>,
    table: &str,
    live_queue_url: &str,
    store: &StoreId,
    id: &str,
) -> Result<Confirmed, ConfirmError> {
    let aws = tajo_state::sdk_config(endpoint).await?;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), table);
    let queue = Queue::new(aws_sdk_sqs::Client::new(&aws), live_queue_url);
    let (parked, text) = read_parked(&table, store.as_str(), id).await?.ok_or(ConfirmError::NotParked)?;
    let mut notice = Notice::from_json(&text).map_err(|_| ConfirmError::OtherTopic)?;
    let confirmed = match Topic::parse(&notice.topic) {
        Topic::ShopRedact => Confirmed::Shop,
        Topic::CustomersRedact => Confirmed::Person,
        _ if notice.topic == ERASE_SHOP => Confirmed::Shop,
        _ => return Err(ConfirmError::OtherTopic),
    };
    // It was said now: nothing that came before is spared.
    let now = Timestamp::now();
    notice.confirmed = true;
    (notice.triggered_at, notice.received_at) = (Some(now), now);
    if confirmed == Confirmed::Person {
        queue.send(&notice, Duration::ZERO).await?;
        forget_parked(&table, &parked).await?;
        return Ok(confirmed);
    }
    let left = |stored: Option<&StoreRecord>| {
        let news = stored.filter(|stored| !stored.status.has_left()).map(|stored| StoreRecord {
            status: StoreStatus::Uninstalled,
            uninstalled_at: Some(now),
            attention: None,
            ..stored.clone()
        });
        (news, stored.is_some())
    };
    let (_, is_known) = table.change(&Key::store(store), Attributes::none, left).await?;
    if !is_known {
        return Err(ConfirmError::NoStore);
    }
    // Longer than a worker believes what it read of the store.
    queue.send(&notice, CACHED_FOR.unsigned_abs() + Duration::from_secs(30)).await?;
    forget_parked(&table, &parked).await?;
    Ok(confirmed)
}
