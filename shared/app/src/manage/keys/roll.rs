//! A new key in an old one's place. Both work for a while, so that programs can change over one after the other.

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tajo_api::{KeyCreated, KeyRolled, RollRequest};
use tajo_state::{Key, Table};

use super::calls::{is_room, no_such_key, of_all_stores};
use super::{Stored, life, store};
use crate::manage::call::Call;
use crate::manage::fault::Fault;
use crate::manage::wire::Reply;

/// How long the old key works on, unless the caller says otherwise.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// The longest that it may.
const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(30 * 24);

/// `rollKey`. The new key is stored first: a crash in between leaves the old one as it was, and one that nobody has the secret of.
/// Then one conditional write gives the old one its end, so that of two who roll it at once only one does.
pub(in crate::manage) async fn roll(call: &Call<'_>) -> Result<Reply, Fault> {
    of_all_stores(call)?;
    let asked: RollRequest = call.body()?;
    let (table, id, now) = (&call.manage.connect.table, call.part(0), call.manage.connect.clock.now());
    let overlap =
        asked.overlap_seconds.map_or(OVERLAP, |seconds| SignedDuration::from_secs(i64::from(seconds)));
    if LONGEST_OVERLAP < overlap {
        return Err(Fault::invalid("`overlap_seconds` is more than thirty days"));
    }
    life::may_expire(asked.expires_at, now)?;
    let old = table.get_newest::<Stored>(&Key::api_key(id)).await?.record.ok_or_else(no_such_key)?;
    may_be_rolled(table, &old, now).await?;
    is_room(table).await?;
    let (key, secret) = store(table, old.successor(asked.expires_at, now)).await?;

    let until = now.saturating_add(overlap).map_err(|error| Fault::internal(error.to_string()))?;
    let end = |stored: Option<&Stored>| match stored {
        Some(stored) if stored.replaced_by == old.replaced_by => {
            (Some(stored.replaced(&key.id, until)), true)
        }
        // Revoked, or rolled by another call, while the new one was made.
        _ => (None, false),
    };
    let (after, was_ended) = table.change(&Key::api_key(id), Stored::attributes, end).await?;
    match after.record {
        Some(replaced) if was_ended => {
            call.notes.add(format!("new key {}", key.id));
            let made = KeyCreated { key, secret: secret.expose_secret().to_owned() };
            Reply::with(201, &KeyRolled { made, replaced: replaced.shown(id) })
        }
        there => {
            table.delete(&Key::api_key(&key.id)).await?;
            Err(there.map_or_else(no_such_key, |stored| was_rolled(&stored)))
        }
    }
}

/// A key that opens nothing has nothing to hand over, and one that was rolled has done so. If its successor is gone, since somebody
/// lost the secret and revoked it, it may do so again.
async fn may_be_rolled(table: &Table, old: &Stored, now: Timestamp) -> Result<(), Fault> {
    if old.has_expired(now) {
        return Err(Fault::conflict("this key has expired").hint("make a new one with `tajo keys create`"));
    }
    let Some(successor) = &old.replaced_by else { return Ok(()) };
    match table.get_newest::<Stored>(&Key::api_key(successor)).await?.record {
        Some(_) => Err(was_rolled(old)),
        None => Ok(()),
    }
}

fn was_rolled(stored: &Stored) -> Fault {
    let successor = stored.replaced_by.as_deref().unwrap_or_default();
    Fault::conflict(format!("this key was rolled already: `{successor}` takes its place"))
        .hint(format!("if its secret was lost, revoke `{successor}` and roll this one again"))
}

impl Stored {
    /// The key that takes its place: it may do the same. It lives as long as this one was to live, unless somebody says otherwise.
    fn successor(&self, expires_at: Option<Timestamp>, now: Timestamp) -> Self {
        let life = self.own_end().map(|end| end.duration_since(self.created_at));
        let as_long = || life.and_then(|life| now.checked_add(life).ok());
        Self {
            created_at: now,
            expires_at: expires_at.or_else(as_long),
            last_used_at: None,
            replaced_by: None,
            would_expire_at: None,
            hash: String::new(),
            ..self.clone()
        }
    }

    /// This key with an end, and with who takes its place. It never lives longer than before.
    fn replaced(&self, successor: &str, until: Timestamp) -> Self {
        let own_end = self.own_end();
        Self {
            expires_at: Some(own_end.map_or(until, |end| end.min(until))),
            replaced_by: Some(successor.to_owned()),
            would_expire_at: own_end,
            ..self.clone()
        }
    }

    /// When it was made to expire, whatever became of it since.
    fn own_end(&self) -> Option<Timestamp> {
        if self.replaced_by.is_some() { self.would_expire_at } else { self.expires_at }
    }
}
