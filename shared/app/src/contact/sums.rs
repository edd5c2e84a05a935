//! `totals: summed`: what the stores of one Brevo account sold to somebody, added up.
//!
//! Each store notes what it knows beside that it feeds the person; the sum is a write of its own. Whoever notes asks for
//! everybody's notes *afterwards*, and once more after Brevo's answer: of two stores at once, the one whose write lands last
//! sees what the other noted, and says it again.

use tajo_brevo::{ContactWrite, Error, Identifier, update_contact};
use tajo_domain::{ContactRecord, Email, FedTotals, Skipped};
use tajo_mapping::{TotalsOf, summed};
use tajo_state::{GUEST, Key, feeds_of_person, note_totals};

use super::write::is_known;
use crate::stop::Stop;
use crate::worker::Worker;

/// Writes until the sum stands still: more rounds mean that stores sell faster than Brevo answers.
const ROUNDS: u32 = 5;

pub(super) fn are_wanted(worker: &Worker<'_>) -> bool {
    worker.store.facts.settings.totals == TotalsOf::Summed
}

/// Notes what this store adds, and writes the sum if that is news. `before`: the record as the notice found it.
pub(super) async fn tell(
    worker: &Worker<'_>,
    key: &Key,
    before: Option<&ContactRecord>,
) -> Result<Vec<Skipped>, Stop> {
    let newest = worker.env.table.get_newest::<ContactRecord>(key).await?.record;
    let Some(record) = newest.filter(|record| record.deleted_at.is_none() && is_known(record)) else {
        return Ok(Vec::new());
    };
    let Some(email) = &record.sent_email else { return Ok(Vec::new()) };
    let old = before.and_then(|before| before.sent_email.as_ref()).filter(|old| *old != email);
    if let (Some(before), Some(old)) = (before, old) {
        withdraw(worker, before).await?;
        tell_rest(worker, old).await?;
    }
    let fed = FedTotals {
        totals: record.totals.as_ref().map(|totals| totals.value.clone()),
        last_order_at: record.last_order_at,
    };
    let fed = (fed != FedTotals::default()).then_some(fed);
    let is_news = note(worker, &record, email, fed.as_ref()).await?;
    // A contact that was just made shows nothing yet, and after an answer that was lost nobody knows.
    let is_another = before.is_none_or(|before| {
        !is_known(before) || before.sent_email != record.sent_email || before.email_out != record.email_out
    });
    if !(is_news || is_another || worker.redelivered) {
        return Ok(Vec::new());
    }
    send(worker, email).await?.ok_or_else(|| {
        // The notice comes again, writes the whole contact, and finds out what became of it.
        let reason = "the contact is not in Brevo under this address any more".to_owned();
        Stop::Later { after: None, reason }
    })
}

/// Takes back what this account or guest adds: it has another address now, or left.
pub(crate) async fn withdraw(worker: &Worker<'_>, record: &ContactRecord) -> Result<(), Stop> {
    match record.sent_email.as_ref().filter(|_| are_wanted(worker)) {
        Some(email) => note(worker, record, email, None).await.map(drop),
        None => Ok(()),
    }
}

/// Writes what the others add, if anybody does: our attributes of a contact were emptied.
pub(crate) async fn tell_rest(worker: &Worker<'_>, email: &Email) -> Result<(), Stop> {
    if are_wanted(worker) { send(worker, email).await.map(drop) } else { Ok(()) }
}

async fn note(
    worker: &Worker<'_>,
    record: &ContactRecord,
    email: &Email,
    fed: Option<&FedTotals>,
) -> Result<bool, Stop> {
    let (account, store) = (&worker.store.record.account, &worker.store.facts.store);
    let who = record.customer.as_deref().unwrap_or(GUEST);
    Ok(note_totals(&worker.env.table, account, email, store, who, fed).await?)
}

/// `None`: Brevo has no contact of this address.
async fn send(worker: &Worker<'_>, email: &Email) -> Result<Option<Vec<Skipped>>, Stop> {
    let mut sent = None;
    for _ in 0..ROUNDS {
        let feeds = feeds_of_person(&worker.env.table, &worker.store.record.account, email).await?;
        let fed: Vec<FedTotals> = feeds
            .into_iter()
            .filter(|(_, feed)| feed.feeds())
            .flat_map(|(_, feed)| feed.totals.into_values())
            .collect();
        if fed.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let attributes = match summed(&fed, &worker.store.facts.settings, worker.now()) {
            Ok(attributes) => attributes,
            Err(currencies) => {
                let names = currencies.into_iter().collect::<Vec<_>>().join(" and ");
                let reason = format!("the stores of the account sell in {names}, which cannot be added up");
                return Ok(Some(vec![Skipped::new("totals", reason)]));
            }
        };
        if attributes.is_empty() || sent.as_ref() == Some(&attributes) {
            return Ok(Some(Vec::new()));
        }
        let write = ContactWrite { attributes: attributes.clone(), ..ContactWrite::default() };
        match worker.send(&update_contact(&Identifier::Email(email.clone()), &write)).await? {
            Ok(_) => sent = Some(attributes),
            Err(Error::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Stop::Later { after: None, reason: "the totals changed faster than Brevo answered".to_owned() })
}
