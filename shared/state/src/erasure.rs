//! Shops that demanded to be erased and wait for it: long enough after they removed the app that nobody could have done it
//! by sending an old webhook once more.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tajo_domain::StoreId;

use crate::due::due_names;
use crate::table::ERASURES;
use crate::{Attributes, Key, StoreRecord, Table, TableError};

/// From the uninstall to the erasure, by our clock. Shopify itself sends `shop/redact` 48 hours after the uninstall
/// (shopify.dev, "Privacy law compliance"), so a genuine one hardly ever waits.
pub const ERASE_AFTER: SignedDuration = SignedDuration::from_hours(47);

/// The erasure of one shop, while it waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Names the demand (`PrivacyRecord::id`).
    pub demand: String,
    /// When it was demanded.
    pub asked_at: Timestamp,
    /// The uninstall that it is about: one that was followed by another connection is over.
    pub uninstalled_at: Timestamp,
    /// When the shop is erased.
    pub due_at: Timestamp,
    /// In milliseconds: when the sweeper looks at it next.
    pub look_at: i64,
}

impl Erasure {
    /// It stands in the due index.
    pub fn attributes(&self) -> Attributes {
        Attributes { due: Some((ERASURES.to_owned(), self.look_at)), expires_at: None }
    }

    /// Whether it still is about the store as it is.
    pub fn is_about(&self, store: &StoreRecord) -> bool {
        store.status.has_left() && store.uninstalled_at == Some(self.uninstalled_at)
    }
}

/// At most `limit` stores that are to be erased by now, longest due first.
pub async fn due_erasures(table: &Table, now: Timestamp, limit: i32) -> Result<Vec<StoreId>, TableError> {
    let names = due_names(table, ERASURES, "erasure#", now, limit).await?;
    Ok(names.iter().filter_map(|name| StoreId::parse(name).ok()).collect())
}

/// The erasure that a store waits for, if it does.
pub async fn pending_erasure(
    table: &Table,
    store: &StoreId,
    record: &StoreRecord,
) -> Result<Option<Erasure>, TableError> {
    if !record.status.has_left() {
        return Ok(None);
    }
    let stored = table.get_newest::<Erasure>(&Key::erasure(store)).await?.record;
    Ok(stored.filter(|erasure| erasure.is_about(record)))
}
