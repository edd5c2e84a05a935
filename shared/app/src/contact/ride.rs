//! Attributes that ride along in an event of their contact: one call less, where nothing else of the contact is to be
//! written (Brevo, "Create an event": `contact_properties`).

use jiff::Timestamp;
use tajo_brevo::{ContactWrite, Identifier};
use tajo_domain::ContactRecord;
use tajo_mapping::{StoreFacts, identifier_of, may_ride, update};
use tajo_state::{Attributes, Key, Stored};

use super::{converge, write};
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

/// The ride of a contact of which nothing but attributes is news; `None`: it must be written by itself. Pure.
pub(crate) fn of(
    key: &Key,
    stored: &Stored<ContactRecord>,
    record: &ContactRecord,
    facts: &StoreFacts,
    now: Timestamp,
) -> Option<Ride> {
    let email = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    if !write::is_known(record) || record.sent_email.as_ref() != email {
        return None;
    }
    let (write, skipped) = update(record, facts, now);
    let who = identifier_of(record, facts)?;
    (skipped.is_empty() && may_ride(&write, record)).then(|| Ride {
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
    let Some(Ride { key, stored, record, write, has_arrived, .. }) = worker.take_ride() else {
        return Ok(Step::default());
    };
    let written = if has_arrived {
        write::Written::carried(record, write)
    } else {
        write::write(worker, &key, &record).await?
    };
    let sent = written.sent.clone();
    let settle = |newest: &mut ContactRecord| written.settle(newest, &worker.store.facts);
    let newest = worker.env.table.settle(&key, stored, Attributes::none, settle).await?;
    let mut step = Step { applied: true, ..Step::default() };
    step.skipped.extend(written.skipped());
    match Box::pin(converge(worker, &key, newest, sent, true)).await? {
        Some(gone) => Ok(gone),
        None => Ok(step),
    }
}
