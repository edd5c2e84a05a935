//! Short locks: one item each. A lease ends by itself, so a holder that died stops nobody for long.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Attributes, Key, Table, TableError};

/// An old lease is worth nothing: DynamoDB may delete it after this.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    holder: String,
    /// In milliseconds.
    until: i64,
}

impl Record {
    fn attributes(&self) -> Attributes {
        Attributes { due: None, expires_at: Some(self.until / 1_000 + KEPT.as_secs()) }
    }
}

/// A lease that is held. Give it back with [`Lease::release`]; dropped, it ends by itself.
#[derive(Debug)]
pub struct Lease {
    key: Key,
    holder: String,
}

impl Lease {
    /// Takes the lease of this name, for so long. `holder` names who asks, like nobody else. `None`: somebody else has it.
    pub async fn take(
        table: &Table,
        name: &str,
        holder: &str,
        now: Timestamp,
        length: SignedDuration,
    ) -> Result<Option<Self>, TableError> {
        let key = Key::lease(name);
        let now = now.as_millisecond();
        let until = now.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX));
        let decide = |stored: Option<&Record>| {
            let is_free = stored.is_none_or(|held| held.until <= now || held.holder == holder);
            (is_free.then(|| Record { holder: holder.to_owned(), until }), is_free)
        };
        // Mostly nobody has ever held it; a wrong guess costs a refused write.
        let (_, is_mine) = table.change(&key, Record::attributes, decide).await?;
        Ok(is_mine.then(|| Self { key, holder: holder.to_owned() }))
    }

    /// Lets others have it at once.
    pub async fn release(self, table: &Table) -> Result<(), TableError> {
        let decide = |stored: Option<&Record>| {
            let mine = stored.filter(|held| held.holder == self.holder);
            (mine.map(|held| Record { until: 0, ..held.clone() }), ())
        };
        table.change(&self.key, Record::attributes, decide).await.map(|_| ())
    }
}
