//! Stores that share a Brevo account share its contacts: an older opt-in of one must not undo an opt-out of another.

use jiff::Timestamp;
use tajo_brevo::ContactWrite;
use tajo_domain::{ConsentState, ContactRecord};
use tajo_state::{OptOuts, note_opt_outs, opt_outs_of_person};

use crate::stop::Stop;
use crate::worker::Worker;

/// Before a block is set for an opt-out, notes it for the other stores; before one is lifted, asks what they noted.
/// Any other write costs nothing.
pub(super) async fn mind(
    worker: &Worker<'_>,
    record: &ContactRecord,
    write: &mut ContactWrite,
) -> Result<(), Stop> {
    let profile = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    let Some(email) = profile.or(record.sent_email.as_ref()) else { return Ok(()) };
    let (table, account) = (&worker.env.table, &worker.store.record.account);
    let said = Said::of(record);
    let out = |flag: Option<bool>, said: Option<(ConsentState, Timestamp)>| match (flag, said) {
        (Some(true), Some((ConsentState::OptedOut, at))) => Some(at),
        _ => None,
    };
    let opt_outs = OptOuts {
        email: out(write.email_blacklisted, said.email),
        sms: out(write.sms_blacklisted, said.sms),
    };
    if !opt_outs.is_empty() {
        note_opt_outs(table, account, email, &worker.store.facts.store, opt_outs).await?;
    }
    if write.email_blacklisted == Some(false) || write.sms_blacklisted == Some(false) {
        let latest = opt_outs_of_person(table, account, email).await?;
        write.email_blacklisted = lifted(write.email_blacklisted, said.email, latest.email);
        write.sms_blacklisted = lifted(write.sms_blacklisted, said.sms, latest.sms);
    }
    Ok(())
}

/// What the person said in this store, and when.
struct Said {
    email: Option<(ConsentState, Timestamp)>,
    sms: Option<(ConsentState, Timestamp)>,
}

impl Said {
    fn of(record: &ContactRecord) -> Self {
        let email = record.email_consent.as_ref().map(|consent| (consent.state, consent.at));
        let sms = record.sms_consent.as_ref().map(|consent| (consent.said.state, consent.said.at));
        Self { email, sms }
    }
}

/// The flag, unless it lifts a block that is newer than the opt-in: then the block is said again.
fn lifted(
    flag: Option<bool>,
    said: Option<(ConsentState, Timestamp)>,
    out: Option<Timestamp>,
) -> Option<bool> {
    let is_older = out.is_some_and(|out| said.is_none_or(|(_, at)| at <= out));
    if flag == Some(false) && is_older { Some(true) } else { flag }
}
