//! Whether a block that was found in Brevo is one that nobody told us of.
//!
//! Between the night's look and now somebody may have lifted it, or we may be about to: so the record is read, Brevo is
//! asked once more, and the answer counts only if the record is the same still ([`super::Heard::Moved`]).

use tajo_brevo::{Error, Identifier, get_contact};
use tajo_domain::{Channel, ContactRecord};
use tajo_platforms::notice::NewsForStore;
use tajo_state::{Key, Stored};

use super::concerns;
use crate::stop::Stop;
use crate::worker::Worker;

/// What came of looking.
pub(super) enum Look {
    /// The record is not this person's.
    Nobody,
    /// We knew, or it is gone.
    Ours,
    /// It is news to this record.
    News(Box<Stored<ContactRecord>>),
}

pub(super) async fn look(worker: &Worker<'_>, key: &Key, told: &NewsForStore) -> Result<Look, Stop> {
    let stored = worker.env.table.get_newest::<ContactRecord>(key).await?;
    let Some(record) = stored.record.as_ref().filter(|record| concerns(record, &told.news)) else {
        return Ok(Look::Nobody);
    };
    let Some(channel) = told.news.said.channel() else { return Ok(Look::Ours) };
    // The same notice again: it was believed then, and what follows from it may not be done yet.
    if record.brevo_out(channel).is_some_and(|out| out.at == told.news.at) {
        return Ok(Look::News(Box::new(stored)));
    }
    if !record.misses_block(channel) {
        return Ok(Look::Ours);
    }
    let identifier = Identifier::Email(told.news.email.clone());
    let is_blocked = match worker.send(&get_contact(&identifier)).await? {
        Ok(answer) => answer.body[flag(channel)] == true,
        // Whoever is deleted has no block. The next write finds out and makes up for it.
        Err(Error::NotFound) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(if is_blocked { Look::News(Box::new(stored)) } else { Look::Ours })
}

/// As Brevo spells it.
pub(crate) fn flag(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "smsBlacklisted",
        Channel::Email | Channel::Whatsapp => "emailBlacklisted",
    }
}
