//! `customers/redact`: a person is erased.

use jiff::Timestamp;
use tajo_brevo::Identifier;
use tajo_domain::{CartRecord, ContactRecord, OrderRecord, PrivacyDemand};
use tajo_state::{Attributes, Held, Key, PrivacyRecord, demand_attributes, forget_parked, read_parked};

use super::who::{self, Kind, Records, Who};
use super::{PAGE, Resume, Tally, begin, done, empty_order, identifiers, settle, take_out};
use crate::cart::attributes;
use crate::delete;
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// Bars, takes out of Brevo, empties, forgets, and leaves the proof. What the person is known by is forgotten last:
/// until then a repetition finds all of it again.
pub(super) async fn erase(worker: &Worker<'_>, demand: &PrivacyDemand, at: Timestamp) -> Result<Step, Stop> {
    let Some(record) = begin(worker, demand, at).await? else {
        return Ok(Step::skip("privacy", "this demand was met already"));
    };
    let (mut who, records) = who::find(worker, demand, Some(at)).await?;
    let mut tally = Tally::default();
    if worker.notice.resume.is_none() {
        if let Err(stop) = take_out_of_brevo(worker, &who, &records, &mut tally).await {
            // Only a person can help: until then as much as possible is gone. What Brevo must still be asked with stays.
            if matches!(stop, Stop::Park { .. }) {
                Box::pin(walk(worker, &record, &who, &records, &Resume::default(), Scope::Own)).await?;
            }
            return Err(stop);
        }
        for order in &who.orders {
            erase_order(worker, order, &mut tally).await?;
        }
        settle(worker, &record, &mut tally, false).await?;
    }
    let resume = who::add_merged(worker, &mut who).await?;
    walk(worker, &record, &who, &records, &resume, Scope::All).await?;
    for (key, stored) in records {
        let was_known = stored.record.as_ref().is_some_and(|record| !record.is_forgotten());
        delete::forget(worker, &key, stored).await?;
        tally.count("contacts emptied", u64::from(was_known));
    }
    settle(worker, &record, &mut tally, true).await?;
    Ok(done(format!("the person is erased; the proof is `{}` in `tajo privacy list`", record.id)))
}

async fn take_out_of_brevo(
    worker: &Worker<'_>,
    who: &Who,
    records: &Records,
    tally: &mut Tally,
) -> Result<(), Stop> {
    let facts = &worker.store.facts;
    let known: Vec<&ContactRecord> =
        records.iter().filter_map(|(_, stored)| stored.record.as_ref()).collect();
    let mut by: Vec<Identifier> = who.emails.iter().cloned().map(Identifier::Email).collect();
    by.extend(who.customers.iter().map(|id| Identifier::ExtId(facts.ext_id(id))));
    for found in known.iter().flat_map(|record| identifiers(facts, record)) {
        if !by.contains(&found) {
            by.push(found);
        }
    }
    if by.is_empty() {
        by.extend(who.phone.clone().map(Identifier::Phone));
    }
    // What was sent decides what is emptied where the contact must stay.
    let mut sent = ContactRecord::default();
    for record in known {
        sent.sent_email = sent.sent_email.or_else(|| record.sent_email.clone());
        sent.sent_phone = sent.sent_phone.or_else(|| record.sent_phone.clone());
        sent.sent_whatsapp = sent.sent_whatsapp.or_else(|| record.sent_whatsapp.clone());
    }
    let gone = take_out(worker, &sent, by).await?;
    tally.count("Brevo contacts deleted", gone.deleted);
    tally.count("Brevo contacts emptied, as another store feeds them", gone.cleared);
    Ok(())
}

/// What a walk empties.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Everything.
    All,
    /// What Brevo need not be asked about.
    Own,
}

/// Looks through the whole table for what no key leads to: carts, orders, parked work, exports.
async fn walk(
    worker: &Worker<'_>,
    record: &PrivacyRecord,
    who: &Who,
    records: &Records,
    resume: &Resume,
    scope: Scope,
) -> Result<(), Stop> {
    let mut after = resume.after();
    loop {
        let page = worker.env.table.page(after.as_ref(), PAGE).await?;
        let mut tally = Tally::default();
        for held in page.items {
            if !worker.has_time_for_more() {
                settle(worker, record, &mut tally, false).await?;
                if scope == Scope::Own {
                    return Ok(());
                }
                return Err(resume.at(after, 0).stop());
            }
            let is_own = records.iter().any(|(key, _)| worker.env.table.is_same(key, &held.key));
            let is_brevos = matches!(who::kind(worker, &held.key), Some(Kind::Contact | Kind::Order(_)));
            let is_left = is_own || (is_brevos && scope == Scope::Own);
            if !is_left {
                item(worker, record, who, held, &mut tally).await?;
            }
        }
        settle(worker, record, &mut tally, false).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn item(
    worker: &Worker<'_>,
    demand: &PrivacyRecord,
    who: &Who,
    held: Held,
    tally: &mut Tally,
) -> Result<(), Stop> {
    let table = &worker.env.table;
    let key = held.key.clone();
    match who::kind(worker, &key) {
        Some(Kind::Contact) => {
            if held.read().is_some_and(|record: ContactRecord| who.is_contact(&record)) {
                let erased_at = demand.asked_at;
                let bar = |stored: Option<&ContactRecord>| {
                    let mut record = stored.cloned().unwrap_or_default();
                    record.erase(erased_at);
                    (Some(record), ())
                };
                let (stored, ()) = table.change(&key, Attributes::none, bar).await?;
                delete::take_back(worker, &key, stored).await?;
                tally.count("contacts emptied", 1);
            }
        }
        Some(Kind::Order(id)) => {
            let is_theirs = |record: &OrderRecord| !record.erased && who.is_order(&id, record);
            if held.read().is_some_and(|record| is_theirs(&record)) {
                erase_order(worker, &id, tally).await?;
            }
        }
        Some(Kind::Cart) => {
            if held.read().is_some_and(|record: CartRecord| who.is_cart(&record)) {
                let erase = |stored: Option<&CartRecord>| {
                    let erased = stored.cloned().map(|mut record| {
                        record.erase();
                        record
                    });
                    (erased, ())
                };
                table.change(&key, attributes, erase).await?;
                tally.count("carts emptied", 1);
            }
        }
        Some(Kind::Parked(id)) if id != demand.id => {
            let store = key.pk.split('#').nth(1).unwrap_or_default();
            // Read again if it was parked again meanwhile.
            while let Some((parked, _)) =
                read_parked(table, store, &id).await?.filter(|(_, text)| who.is_parked(text))
            {
                if forget_parked(table, &parked).await? {
                    tally.count("parked notices dropped", 1);
                    break;
                }
            }
        }
        Some(Kind::Demand) => {
            let export = held.read::<PrivacyRecord>().filter(|export| export.parts > 0);
            let theirs =
                export.filter(|export| export.person.as_deref().is_some_and(|hash| who.is_hash(table, hash)));
            if let Some(export) = theirs {
                for part in 0..export.parts {
                    table.delete(&Key::privacy_part(&export.store, &export.id, part)).await?;
                }
                let note = "what was collected was deleted when the person was erased";
                let empty = |stored: Option<&PrivacyRecord>| {
                    let mut record = stored.unwrap_or(&export).clone();
                    record.parts = 0;
                    record.notes.push(note.to_owned());
                    (Some(record), ())
                };
                table.change(&key, demand_attributes, empty).await?;
                tally.count("exports deleted", 1);
            }
        }
        Some(Kind::Parked(_) | Kind::Feed | Kind::Other) | None => {}
    }
    Ok(())
}

/// Empties an order in Brevo and here, and bars it: its late bodies tell nothing any more.
pub(super) async fn erase_order(worker: &Worker<'_>, id: &str, tally: &mut Tally) -> Result<(), Stop> {
    let key = Key::order(&worker.store.facts.store, id);
    let stored = worker.env.table.get_newest::<OrderRecord>(&key).await?.record;
    if let Some(record) = stored.as_ref().filter(|record| !record.erased) {
        if empty_order(worker, record).await? {
            tally.count("Brevo orders emptied", 1);
        } else {
            tally.note("Brevo refused to empty an order: look at the buyer's orders there");
        }
        tally.count("orders emptied", 1);
    }
    let now = worker.now();
    let erase = |stored: Option<&OrderRecord>| {
        let erased = match stored {
            Some(record) => OrderRecord::erased(record.version, record.accepted + 1),
            None => OrderRecord::erased(now, 1),
        };
        let is_news = stored.is_none_or(|stored| !stored.erased);
        (is_news.then_some(erased), ())
    };
    worker.env.table.change(&key, Attributes::none, erase).await?;
    Ok(())
}
