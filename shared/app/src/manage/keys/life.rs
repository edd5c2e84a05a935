//! How long a key lives, and when it was last used.

use jiff::{SignedDuration, Timestamp};
use tajo_api::Code;
use tajo_state::{Attributes, Key, Listing, Stored as Found, Table};
use tracing::warn;

use super::Stored;
use crate::manage::fault::Fault;

/// Uses within this time of the last that was noted are not noted: an hour's calls cost one write.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// How long a key that has expired stays in the list, so that its owner finds out why it opens nothing.
const LISTED_AFTERWARDS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// No key is made for longer than this, but for ever.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(3_653 * 24);

impl Stored {
    /// Whether its time is over. It is from that very moment on.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Refuses a key whose time is over. We compare ourselves: DynamoDB deletes late.
    pub(super) fn still_opens(&self, now: Timestamp) -> Result<(), Fault> {
        let Some(end) = self.expires_at.filter(|end| *end <= now) else { return Ok(()) };
        let end = end.strftime("%Y-%m-%d %H:%M:%S");
        let fault = Fault::new(Code::Unauthenticated, format!("this API key expired at {end} UTC"));
        Err(match &self.replaced_by {
            Some(other) => fault.hint(format!("it was rolled: use the key {other}, which took its place")),
            None => fault
                .hint("make a new one with `tajo keys create`; `tajo keys roll` does it before a key ends"),
        })
    }

    /// Where it is listed, and when DynamoDB may delete it.
    pub(super) fn attributes(&self) -> Attributes {
        let kept = self.expires_at.map(|end| end.duration_since(self.created_at) + LISTED_AFTERWARDS);
        Listing::Keys.attributes(self.created_at, kept.map(|kept| kept.as_secs()))
    }
}

/// Whether a key may be made that expires then.
pub(super) fn may_expire(end: Option<Timestamp>, now: Timestamp) -> Result<(), Fault> {
    match end {
        Some(end) if end <= now => Err(Fault::refused("`expires_at` is over already")),
        Some(end) if LONGEST_LIFE < end.duration_since(now) => {
            Err(Fault::refused("`expires_at` is more than ten years ahead")
                .hint("leave it out for a key that does not expire"))
        }
        _ => Ok(()),
    }
}

/// Notes that a key was used, unless that was noted within the hour. A key that was revoked meanwhile stays away, and the call goes
/// on whatever becomes of the note.
pub(super) async fn note_use(table: &Table, id: &str, revision: u64, stored: &Stored, now: Timestamp) {
    if !is_worth_noting(stored, now) {
        return;
    }
    let known = Found { revision, record: Some(stored.clone()) };
    let used = |stored: Option<&Stored>| {
        let stored = stored.filter(|stored| is_worth_noting(stored, now));
        (stored.map(|stored| Stored { last_used_at: Some(now), ..stored.clone() }), ())
    };
    if let Err(error) = table.change_from(&Key::api_key(id), Some(known), Stored::attributes, used).await {
        warn!(key.id = id, %error, "That the API key `{id}` was used could not be noted");
    }
}

fn is_worth_noting(stored: &Stored, now: Timestamp) -> bool {
    stored.last_used_at.is_none_or(|used| NOTED_EVERY <= now.duration_since(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_must_lie_ahead_and_not_too_far() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let refused = |end: &str| may_expire(Some(end.parse().unwrap()), now).is_err();
        assert!(refused("2026-11-24T12:00:00Z") && refused("2020-01-01T00:00:00Z"));
        assert!(refused("2036-11-26T00:00:00Z") && refused("9999-12-30T00:00:00Z"));
        assert!(!refused("2026-11-24T12:00:01Z") && !refused("2036-11-20T00:00:00Z"));
        assert!(may_expire(None, now).is_ok());
    }
}
