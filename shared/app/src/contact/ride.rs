//! Attributes that ride along in an event of their contact: one call less, where nothing else of the contact is to be
//! written (Brevo, "Create an event": `contact_properties`). In work that was gathered, lists may be left over: a hundred and
//! fifty contacts join or leave one with one call.

use jiff::Timestamp;
use tajo_brevo::{ContactWrite, Identifier, Item, Membership};
use tajo_domain::{ContactRecord, Email};
use tajo_mapping::{StoreFacts, identifier_of, may_ride, moves, update};
use tajo_state::{Attributes, Key, Stored};

use super::{converge, remember_tried, write};
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// Attributes that wait for an event of the same notice.
#[derive(Debug)]
pub(crate) struct Ride {
    key: Key,
    stored: Stored<ContactRecord>,
    /// What they were made of.
    record: ContactRecord,
    /// What rides.
    pub write: ContactWrite,
    /// Whose event it must be.
    pub who: Identifier,
    /// An event took them along.
    pub has_arrived: bool,
}

impl Ride {
    /// Whose record it is of.
    pub(crate) fn is_of(&self, key: &Key) -> bool {
        self.key == *key
    }

    /// What is left when an event has taken the attributes along. Only an address names a member.
    fn members(&self) -> Option<Vec<Item>> {
        let Identifier::Email(email) = &self.who else { return None };
        let member = |membership, email: &Email| Item::Member(membership, email.clone());
        let joins = self.write.list_ids.iter().map(|list| member(Membership::Joins(*list), email));
        let leaves = self.write.unlink_list_ids.iter().map(|list| member(Membership::Leaves(*list), email));
        Some(joins.chain(leaves).collect())
    }
}

/// The ride of a contact of which nothing but attributes is news, and lists if `with_lists`; `None`: it must be written by
/// itself. Pure.
pub(crate) fn of(
    key: &Key,
    stored: &Stored<ContactRecord>,
    record: &ContactRecord,
    facts: &StoreFacts,
    now: Timestamp,
    with_lists: bool,
) -> Option<Ride> {
    let email = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    // A new address that Brevo refuses is not tried again: there is nothing to move.
    let is_moved = record.sent_email.as_ref() != email && record.refused().email.is_none();
    if !write::is_known(record) || is_moved {
        return None;
    }
    let (write, skipped) = update(record, facts, now);
    let who = identifier_of(record, facts)?;
    let lists_too = with_lists && matches!(who, Identifier::Email(_));
    let may_ride = skipped.is_empty() && may_ride(&write, record) && (lists_too || !moves(&write));
    may_ride.then(|| Ride {
        key: key.clone(),
        stored: stored.clone(),
        record: record.clone(),
        write,
        who,
        has_arrived: false,
    })
}

/// Writes down what rode along; what found no event is written by itself.
pub(crate) async fn finish(worker: &Worker<'_>) -> Result<Step, Stop> {
    let Some(ride) = worker.take_ride() else { return Ok(Step::default()) };
    let is_said = ride.has_arrived && joined_and_left(worker, &ride).await?;
    let Ride { key, stored, record, write, .. } = ride;
    let written = if is_said {
        write::Written::carried(record, write)
    } else {
        write::write(worker, &key, &record).await?
    };
    let sent = written.sent.clone();
    let settle = |newest: &mut ContactRecord| {
        remember_tried(newest, &sent);
        written.settle(newest, &worker.store.facts);
    };
    let newest = worker.env.table.settle(&key, stored, Attributes::none, settle).await?;
    let mut step = Step { applied: true, ..Step::default() };
    step.skipped.extend(written.skipped());
    match Box::pin(converge(worker, &key, newest, sent, true)).await? {
        Some(gone) => Ok(gone),
        None => Ok(step),
    }
}

/// Whether the contact is in its lists now. Whoever could not be put there, for whatever reason, is written by itself: that
/// write knows what to do about it.
async fn joined_and_left(worker: &Worker<'_>, ride: &Ride) -> Result<bool, Stop> {
    let Some(members) = ride.members() else { return Ok(false) };
    Ok(worker.deliver(members).await?.iter().all(Result::is_ok))
}
