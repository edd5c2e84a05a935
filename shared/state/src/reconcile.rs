//! When a Brevo account is next compared with what we know, and what the last comparison found.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tajo_domain::StoreId;

use crate::due::due_names;
use crate::table::RECONCILE_SHARD;
use crate::{Attributes, Key, Table, TableError};

const DAY: i64 = 24 * 3600;

/// The night, in UTC: it begins at one, and accounts spread over four hours of it.
const NIGHT_BEGINS: i64 = 3600;
const NIGHT_LASTS: i64 = 4 * 3600;

/// The nightly comparison of one Brevo account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconcile {
    /// The stores that are connected to it: one of them lends its key.
    pub stores: BTreeSet<StoreId>,
    /// What changed in Brevo before this time was compared.
    pub since: Timestamp,
    /// In milliseconds: when the next comparison begins.
    pub due_at: i64,
    /// The last one that came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Compared>,
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Contacts that had changed in Brevo.
    pub looked_at: usize,
    /// Blocks nobody had told us of, each once for every store that was told.
    pub news: usize,
}

impl Reconcile {
    /// It stands in the due index.
    pub fn attributes(&self) -> Attributes {
        Attributes { due: Some((RECONCILE_SHARD.to_owned(), self.due_at)), expires_at: None }
    }
}

/// The first moment of the account's own after `now`: the same minute of every night.
pub fn next_night(account: &str, now: Timestamp) -> Timestamp {
    let sum = account.bytes().fold(0_i64, |sum, byte| (sum * 31 + i64::from(byte)) % NIGHT_LASTS);
    let today = now.as_second().div_euclid(DAY) * DAY + NIGHT_BEGINS + sum;
    let at = if today <= now.as_second() { today + DAY } else { today };
    Timestamp::from_second(at).unwrap_or(Timestamp::MAX)
}

/// Sees to it that the account is compared every night, with this store's key if need be. What a first comparison looks
/// at begins at `since`. Safe to repeat: what is known of earlier nights stays.
pub async fn arm_reconcile(
    table: &Table,
    account: &str,
    store: &StoreId,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), TableError> {
    let key = Key::reconcile(account);
    let arm = |stored: Option<&Reconcile>| {
        let mut record = stored.cloned().unwrap_or_else(|| Reconcile {
            stores: BTreeSet::new(),
            since,
            due_at: next_night(account, now).as_millisecond(),
            last: None,
        });
        record.stores.insert(store.clone());
        ((stored != Some(&record)).then_some(record), ())
    };
    table.change(&key, Reconcile::attributes, arm).await.map(|_| ())
}

/// At most `limit` accounts whose comparison is due, longest first.
pub async fn due_accounts(table: &Table, now: Timestamp, limit: i32) -> Result<Vec<String>, TableError> {
    due_names(table, RECONCILE_SHARD, "reconcile#", now, limit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_a_minute_of_the_night_and_keeps_it() {
        let noon: Timestamp = "2026-11-03T12:00:00Z".parse().unwrap();
        let mut minutes = BTreeSet::new();
        for account in ["3f2a", "3f2b", "a000", "another account"] {
            let first = next_night(account, noon);
            assert!(noon < first && first.duration_since(noon).as_hours() < 24);
            let hour = first.as_second().rem_euclid(DAY) / 3600;
            assert!((1..5).contains(&hour), "{hour}");
            assert_eq!(next_night(account, first).as_second(), first.as_second() + DAY);
            let just_before = Timestamp::from_second(first.as_second() - 1).unwrap();
            assert_eq!(next_night(account, just_before), first);
            minutes.insert(first);
        }
        assert_eq!(minutes.len(), 4);
    }
}
