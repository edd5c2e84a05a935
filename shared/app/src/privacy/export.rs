//! `customers/data_request`: everything held about a person, for the store owner.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tajo_brevo::{Error, NextStep, get_contact, get_events, limits};
use tajo_domain::{CartRecord, ContactRecord, OrderRecord, PrivacyDemand};
use tajo_platforms::Notice;
use tajo_state::{EXPORT_KEPT_SECONDS, Held, PrivacyRecord, read_parked, write_export};

use super::who::{self, Kind, Records, Who};
use super::{PAGE, Resume, Tally, asked_at, begin, done, identifiers, settle};
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// Pages of a contact's events: the bucket of this endpoint holds 100 calls an hour.
const EVENT_PAGES: usize = 20;

/// Collects what the table holds, then what Brevo has.
pub(super) async fn show(worker: &Worker<'_>, demand: &PrivacyDemand) -> Result<Step, Stop> {
    let Some(record) = begin(worker, demand, asked_at(worker)).await? else {
        return Ok(Step::skip("privacy", "this demand was met already"));
    };
    let (mut who, records) = who::find(worker, demand, None).await?;
    let resume = who::add_merged(worker, &mut who).await?;
    let parts = walk(worker, &record, &who, &resume).await?;
    let mut tally = Tally::default();
    let entries = ask_brevo(worker, &records, &mut tally).await?;
    for (what, kind) in [("Brevo contacts", "Brevo contact"), ("Brevo events", "Brevo event")] {
        tally.count(what, entries.iter().filter(|entry| entry["kind"] == kind).count() as u64);
    }
    tally.parts = Some(write_export(&worker.env.table, &record, parts, &entries).await?);
    settle(worker, &record, &mut tally, true).await?;
    let days = EXPORT_KEPT_SECONDS / 86_400;
    let (store, id) = (&record.store, &record.id);
    Ok(done(format!(
        "what is held is collected and kept for {days} days: `tajo privacy export --store {store} --id {id}`"
    )))
}

async fn walk(
    worker: &Worker<'_>,
    record: &PrivacyRecord,
    who: &Who,
    resume: &Resume,
) -> Result<usize, Stop> {
    let (mut after, mut parts) = (resume.after(), resume.parts);
    loop {
        if !worker.has_time_for_more() {
            return Err(resume.at(after, parts).stop());
        }
        let page = worker.env.table.page(after.as_ref(), PAGE).await?;
        let mut tally = Tally::default();
        let mut entries = Vec::new();
        for held in page.items {
            if let Some((what, entry)) = entry(worker, record, who, held).await? {
                tally.count(what, 1);
                entries.push(entry);
            }
        }
        // A repeated page lands on the same parts.
        parts = write_export(&worker.env.table, record, parts, &entries).await?;
        tally.parts = (!entries.is_empty()).then_some(parts);
        settle(worker, record, &mut tally, false).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(parts),
        }
    }
}

async fn entry(
    worker: &Worker<'_>,
    demand: &PrivacyRecord,
    who: &Who,
    held: Held,
) -> Result<Option<(&'static str, Value)>, Stop> {
    let key = &held.key;
    let is_theirs = |record: &ContactRecord| who.is_contact(record) && !record.is_forgotten();
    let (what, data) = match who::kind(worker, key) {
        Some(Kind::Contact) if held.read().is_some_and(|record| is_theirs(&record)) => {
            ("contacts", held.shown())
        }
        Some(Kind::Order(id))
            if held.read().is_some_and(|record: OrderRecord| who.is_order(&id, &record)) =>
        {
            ("orders", held.shown())
        }
        Some(Kind::Cart) if held.read().is_some_and(|record: CartRecord| who.is_cart(&record)) => {
            ("carts", held.shown())
        }
        Some(Kind::Feed) => {
            let hash = key.pk.rsplit('#').next().unwrap_or_default();
            if !who.emails.iter().any(|email| worker.env.table.is_pseudonym(hash, &email.hash())) {
                return Ok(None);
            }
            ("persons", held.shown())
        }
        Some(Kind::Parked(id)) if id != demand.id => {
            let store = key.pk.split('#').nth(1).unwrap_or_default();
            let parked = read_parked(&worker.env.table, store, &id).await?;
            let Some((parked, text)) = parked.filter(|(_, text)| who.is_parked(text)) else {
                return Ok(None);
            };
            let body = Notice::from_json(&text).ok().and_then(|notice| notice.body().ok());
            let body = body.map_or(text, |body| String::from_utf8_lossy(&body).into_owned());
            let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
            ("parked notices", json!({ "topic": parked.topic, "reason": parked.reason, "body": body }))
        }
        _ => return Ok(None),
    };
    Ok(Some((what, json!({ "kind": what.trim_end_matches('s'), "key": key.pk, "held": data }))))
}

/// What Brevo has. If it refuses, the rest is worth showing all the same.
async fn ask_brevo(worker: &Worker<'_>, records: &Records, tally: &mut Tally) -> Result<Vec<Value>, Stop> {
    let known = records.iter().filter_map(|(_, stored)| stored.record.as_ref());
    let by: Vec<_> = known.flat_map(|record| identifiers(&worker.store.facts, record)).collect();
    let mut seen = BTreeSet::new();
    let mut entries = Vec::new();
    for who in by {
        let contact = match worker.send(&get_contact(&who)).await? {
            Ok(answer) => answer.body,
            Err(error) if error.is_nobody() => continue,
            Err(error) if !matches!(error.next_step(), NextStep::Retry { .. } | NextStep::Wait { .. }) => {
                tally.note(format!("Brevo's own data is not in it: {error}"));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let Some(id) = contact.get("id").and_then(Value::as_u64).filter(|id| seen.insert(*id)) else {
            continue;
        };
        entries.push(json!({ "kind": "Brevo contact", "held": contact }));
        entries.extend(events(worker, id, tally).await?);
    }
    Ok(entries)
}

async fn events(worker: &Worker<'_>, contact: u64, tally: &mut Tally) -> Result<Vec<Value>, Stop> {
    let mut entries = Vec::new();
    for page in 0..EVENT_PAGES {
        match worker.send(&get_events(contact, page * limits::EVENTS_PER_PAGE)).await? {
            Ok(answer) => {
                let events = answer.body["events"].as_array().cloned().unwrap_or_default();
                let is_last = events.len() < limits::EVENTS_PER_PAGE;
                entries
                    .extend(events.into_iter().map(|event| json!({ "kind": "Brevo event", "held": event })));
                if is_last {
                    return Ok(entries);
                }
            }
            Err(error @ (Error::RateLimited { .. } | Error::Scarce { .. })) => return Err(error.into()),
            Err(error) => {
                tally.note(format!("not all of Brevo's events are in it: {error}"));
                return Ok(entries);
            }
        }
    }
    tally.note("only the newest of Brevo's events are in it");
    Ok(entries)
}
