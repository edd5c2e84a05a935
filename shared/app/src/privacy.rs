//! What the law asks: to show what is held about a person, to erase a person, to erase a shop.
//!
//! Erasing is a road with one direction: first everything that could bring the person back is barred (the records stay,
//! as tombstones), then Brevo lets go, then our own state is emptied, and a proof is left. Every step may be repeated.
//! Why it is so: `docs/decisions/0012-erasure.md`.

mod again;
mod confirm;
mod export;
mod person;
mod shop;
mod who;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tajo_brevo::{Error, Identifier, Item, delete_contact, get_contact, update_contact};
use tajo_domain::{ContactRecord, Demand, Email, Identity, OrderRecord, PrivacyDemand, Skipped};
use tajo_mapping::{StoreFacts, clearing, sent_order};
use tajo_state::{Attributes, Key, PrivacyRecord, StoreStatus, demand_attributes, stores_of_person};

pub use confirm::{ConfirmError, Confirmed, confirm};
pub(crate) use shop::{erase_due, waiting};
pub(crate) use who::has_word;

use crate::contact::sums;
use crate::stop::Stop;
use crate::sync::outcome::{delivery_id, work_id};
use crate::worker::{Step, Worker};

/// Items looked at in one request of a walk over the table; DynamoDB ends a page at 1 MB by itself.
const PAGE: i32 = 1_000;

/// Does what a demand asks.
pub(crate) async fn answer(worker: &Worker<'_>, demand: &PrivacyDemand) -> Result<Step, Stop> {
    if worker.store.record.status == StoreStatus::Erased {
        return Ok(Step::skip("privacy", "everything of this store was erased already: nothing is held"));
    }
    // Once the shop's id is known a demand must name it: topic and shop are headers, and those are not signed.
    match (&worker.store.record.shop_id, &demand.shop) {
        (Some(known), Some(named)) if known != named => {
            return Err(Stop::park("the demand names another shop than this store's"));
        }
        (Some(_), None) => return Err(Stop::park("the demand does not name the shop's id, which is known")),
        _ => {}
    }
    match demand.demand {
        Demand::Show => export::show(worker, demand).await,
        Demand::Erase => match again::repeats(worker, demand).await? {
            Some(step) => Ok(step),
            None => person::erase(worker, demand, asked_at(worker)).await,
        },
        Demand::EraseShop => shop::erase(worker).await,
    }
}

/// Erases a customer whom the store had merged into one that was erased then: they are the same person.
pub(crate) async fn erase_merged(
    worker: &Worker<'_>,
    customer: &str,
    erased_at: Timestamp,
) -> Result<Step, Stop> {
    let person = Identity { customer: Some(customer.to_owned()), ..Identity::default() };
    let demand =
        PrivacyDemand { demand: Demand::Erase, shop: None, person, orders: Vec::new(), request: None };
    person::erase(worker, &demand, erased_at).await
}

/// An order of somebody who was erased came late: what came of it without a name, before or after, goes too.
pub(crate) async fn bar_order(worker: &Worker<'_>, order: &str) -> Result<(), Stop> {
    person::erase_order(worker, order, &mut Tally::default()).await
}

/// A demand in a sentence, for `tajo explain`.
pub(crate) fn meaning(demand: Demand) -> &'static str {
    match demand {
        Demand::Show => {
            "everything held about the person is collected for the store owner (`tajo privacy list`)"
        }
        Demand::Erase => {
            "the person is erased in Brevo and here; late notices do not bring them back (`tajo privacy list`)"
        }
        Demand::EraseShop => {
            "everything of the store is erased, 47 hours after Shopify confirmed that the app was removed"
        }
    }
}

/// News of somebody who was erased came under another name: what was just noted of them goes again.
///
/// `dated`: with a time of their own, the news are from before the erasure, and the account is the erased person's.
/// Without one nobody can tell: then the account is neither noted nor barred.
pub(crate) async fn refuse(
    worker: &Worker<'_>,
    key: &Key,
    erased_at: Timestamp,
    dated: bool,
) -> Result<Step, Stop> {
    let bar = |stored: Option<&ContactRecord>| {
        let mut record = stored.cloned().unwrap_or_default();
        if dated {
            record.erase(erased_at);
        } else if record.deleted_at.is_none() {
            record = ContactRecord { accepted: record.accepted + 1, ..ContactRecord::default() };
        }
        (Some(record), ())
    };
    let (stored, ()) = worker.env.table.change(key, Attributes::none, bar).await?;
    if dated {
        crate::delete::take_back(worker, key, stored).await?;
    }
    Ok(Step::erased())
}

/// Takes a person out of Brevo, by everything Brevo may know them by. True if Brevo knew them.
pub(crate) async fn erase_contact(worker: &Worker<'_>, record: &ContactRecord) -> Result<bool, Stop> {
    let gone = take_out(worker, record, identifiers(&worker.store.facts, record)).await?;
    Ok(gone.deleted + gone.cleared > 0)
}

/// What became of a person's contacts in Brevo.
#[derive(Default)]
struct Gone {
    deleted: u64,
    cleared: u64,
}

/// The contact is deleted, blocked or not: erasure is a duty, and what refuses late notices here also keeps anybody
/// from subscribing the person anew. Only where another store of the same Brevo account feeds it, it stays, without
/// what this store gave it.
async fn take_out(worker: &Worker<'_>, record: &ContactRecord, who: Vec<Identifier>) -> Result<Gone, Stop> {
    let facts = &worker.store.facts;
    let account = &worker.store.record.account;
    let mut gone = Gone::default();
    for who in who {
        let contact = match worker.send(&get_contact(&who)).await? {
            Ok(answer) => answer.body,
            Err(error) if error.is_nobody() => continue,
            Err(error) => return Err(error.into()),
        };
        let email = contact.get("email").and_then(Value::as_str).and_then(|email| Email::parse(email).ok());
        let mut is_shared = false;
        if let Some(email) = &email {
            let stores = stores_of_person(&worker.env.table, account, email).await?;
            is_shared = stores.iter().any(|store| *store != facts.store);
        }
        if !is_shared {
            match worker.send(&delete_contact(&who)).await? {
                Ok(_) | Err(Error::NotFound) => {
                    gone.deleted += 1;
                    continue;
                }
                // A user of the account: Brevo keeps their contact.
                Err(Error::Refused { status: 405, .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        clear(worker, record, &who, &contact).await?;
        if let Some(email) = &email {
            sums::tell_rest(worker, email).await?;
        }
        gone.cleared += 1;
    }
    Ok(gone)
}

async fn clear(
    worker: &Worker<'_>,
    record: &ContactRecord,
    who: &Identifier,
    contact: &Value,
) -> Result<(), Stop> {
    let facts = &worker.store.facts;
    let mut write = clearing(record, facts, false);
    let ext_id = contact["attributes"]["EXT_ID"].as_str().or_else(|| contact["ext_id"].as_str());
    let is_ours = ext_id.is_some_and(|id| id.starts_with(&facts.ext_id("")));
    if is_ours {
        write.ext_id = Some(String::new());
    }
    match worker.send(&update_contact(who, &write)).await? {
        // Whether Brevo empties an EXT_ID is not documented.
        Err(Error::Refused { .. }) if is_ours => {
            write.ext_id = None;
            worker.send(&update_contact(who, &write)).await?.map(drop).or_else(gone_is_done)
        }
        answer => answer.map(drop).or_else(gone_is_done),
    }
}

fn gone_is_done(error: Error) -> Result<(), Stop> {
    if matches!(error, Error::NotFound) { Ok(()) } else { Err(error.into()) }
}

/// Everything Brevo may know a person by. A number only where there is nothing else: families share one.
fn identifiers(facts: &StoreFacts, record: &ContactRecord) -> Vec<Identifier> {
    let profile = record.profile.as_ref().map(|profile| &profile.value);
    let mut emails: Vec<Email> = record.sent_email.iter().cloned().collect();
    emails.extend(profile.and_then(|profile| profile.email.clone()));
    emails.dedup();
    let mut who: Vec<Identifier> = emails.into_iter().map(Identifier::Email).collect();
    who.extend(record.customer.as_deref().map(|id| Identifier::ExtId(facts.ext_id(id))));
    if who.is_empty() {
        let phone = record.sent_phone.clone().or_else(|| profile.and_then(|profile| profile.phone.clone()));
        who.extend(phone.map(Identifier::Phone));
    }
    who
}

/// Overwrites an order in Brevo, which cannot delete any, without the buyer. On the road that triggers nothing.
/// True if Brevo took it.
pub(crate) async fn empty_order(worker: &Worker<'_>, stored: &OrderRecord) -> Result<bool, Stop> {
    let Some(order) = emptied(stored) else { return Ok(true) };
    match worker.deliver(vec![Item::HistoricalOrder(order)]).await?.pop() {
        Some(Ok(())) | None => Ok(true),
        Some(Err(Error::Refused { .. } | Error::NotFound | Error::Forbidden(_))) => Ok(false),
        Some(Err(error)) => Err(error.into()),
    }
}

/// The body of an order without its buyer. What is only left out might stay in Brevo: it is sent empty.
fn emptied(stored: &OrderRecord) -> Option<Value> {
    let Some(Value::Object(mut order)) = sent_order(stored) else { return None };
    order.remove("identifiers");
    if let Some(billing) = order.get_mut("billing").and_then(Value::as_object_mut) {
        billing.retain(|name, _| name != "paymentMethod");
        billing.values_mut().for_each(|value| *value = json!(""));
    }
    Some(Value::Object(order))
}

/// Where a walk goes on, as it travels in the notice.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Resume {
    after: Option<(String, String)>,
    /// Parts of an export that are written.
    #[serde(default)]
    parts: usize,
    /// Accounts that were found to have been merged into the person's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    merged: BTreeSet<String>,
    /// Whether these are all: only then is anything else looked for.
    #[serde(default)]
    knows_merged: bool,
}

impl Resume {
    /// Absent or unreadable: from the beginning, which is always right.
    fn of(worker: &Worker<'_>) -> Self {
        let text = worker.notice.resume.as_deref();
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    fn after(&self) -> Option<Key> {
        self.after.as_ref().map(|(pk, sk)| Key { pk: pk.clone(), sk: sk.clone() })
    }

    fn at(&self, after: Option<Key>, parts: usize) -> Self {
        Self { after: after.map(|key| (key.pk, key.sk)), parts, ..self.clone() }
    }

    fn stop(&self) -> Stop {
        let resume = serde_json::to_string(self).unwrap_or_default();
        Stop::Continue {
            resume,
            reason: "the table is larger than one invocation can look through".to_owned(),
        }
    }
}

/// When a demand was made. Never in the future: that would bar a person who comes anew.
fn asked_at(worker: &Worker<'_>) -> Timestamp {
    worker.notice.time().min(worker.now())
}

/// What is known of the demand of this notice: by what was signed, or, if an earlier release began it, by its delivery.
async fn known(worker: &Worker<'_>, demand: Demand) -> Result<Option<PrivacyRecord>, Stop> {
    let store = worker.store.facts.store.as_str();
    for id in [work_id(worker.notice), delivery_id(worker.notice)] {
        let stored = worker.env.table.get_newest::<PrivacyRecord>(&Key::privacy(store, &id)).await?.record;
        // Anybody may give a delivery the id of another demand.
        if let Some(record) = stored.filter(|record| record.demand == demand) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Notes the demand. `None`: it was met already.
async fn begin(
    worker: &Worker<'_>,
    demand: &PrivacyDemand,
    at: Timestamp,
) -> Result<Option<PrivacyRecord>, Stop> {
    let id = match known(worker, demand.demand).await? {
        Some(record) => record.id,
        None => work_id(worker.notice),
    };
    begin_as(worker, demand, id, at).await
}

/// The same, under a name of its own.
async fn begin_as(
    worker: &Worker<'_>,
    demand: &PrivacyDemand,
    id: String,
    at: Timestamp,
) -> Result<Option<PrivacyRecord>, Stop> {
    let person = demand.person.email.as_ref().map(Email::hash);
    let by_id = || demand.person.customer.as_deref().map(tajo_domain::short_hash);
    let new = PrivacyRecord {
        id,
        delivery: Some(worker.notice.delivery.clone()),
        store: worker.store.facts.store.to_string(),
        demand: demand.demand,
        request: demand.request.clone(),
        person: person.or_else(by_id).map(|plain| worker.env.table.pseudonym(&plain)),
        asked_at: at,
        finished_at: None,
        counts: BTreeMap::new(),
        notes: Vec::new(),
        parts: 0,
        fetched_at: None,
    };
    let key = Key::privacy(&new.store, &new.id);
    let note = |stored: Option<&PrivacyRecord>| (stored.is_none().then(|| new.clone()), ());
    let (stored, ()) = worker.env.table.change(&key, demand_attributes, note).await?;
    Ok(stored.record.filter(|record| record.finished_at.is_none()))
}

/// Adds to what is known of a demand, and closes it with `finish`.
async fn settle(
    worker: &Worker<'_>,
    record: &PrivacyRecord,
    tally: &mut Tally,
    finish: bool,
) -> Result<(), Stop> {
    let tally = std::mem::take(tally);
    if tally.counts.is_empty() && tally.notes.is_empty() && tally.parts.is_none() && !finish {
        return Ok(());
    }
    let now = worker.now();
    let add = |stored: Option<&PrivacyRecord>| {
        let mut record = stored.unwrap_or(record).clone();
        for (what, count) in &tally.counts {
            *record.counts.entry((*what).to_owned()).or_default() += count;
        }
        for note in &tally.notes {
            if !record.notes.contains(note) {
                record.notes.push(note.clone());
            }
        }
        record.parts = tally.parts.unwrap_or(record.parts);
        record.finished_at = finish.then_some(now).or(record.finished_at);
        (Some(record), ())
    };
    let key = Key::privacy(&record.store, &record.id);
    worker.env.table.change(&key, demand_attributes, add).await?;
    Ok(())
}

/// What was done since it was last written down.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<&'static str, u64>,
    notes: Vec<String>,
    parts: Option<usize>,
}

impl Tally {
    fn count(&mut self, what: &'static str, more: u64) {
        if more > 0 {
            *self.counts.entry(what).or_default() += more;
        }
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

/// The end of a demand that was met, with where the rest can be read.
fn done(what: String) -> Step {
    Step { applied: true, skipped: vec![Skipped::new("privacy", what)], ..Step::default() }
}
