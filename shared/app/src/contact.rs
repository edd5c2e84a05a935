//! The journey of news about a person.

pub(crate) mod write;

use jiff::Timestamp;
use tajo_domain::{Admission, ContactKey, ContactRecord, CustomerNews, PersonUpdate};
use tajo_mapping::{Planned, customer_events, note_creation};
use tajo_state::{Attributes, Key, Stored, feed_person};

use crate::effects;
use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};

/// Sends after the answer to the newest: more rounds mean that somebody edits faster than Brevo answers, and the
/// queue tries again later.
const ROUNDS: u32 = 5;

/// What accepting found.
#[derive(Default)]
pub(crate) struct Accepted {
    changed: bool,
    deleted: bool,
    /// The person was erased, and this is not about somebody who came afterwards.
    erased: bool,
    pub claimed: Vec<Planned>,
}

/// Accepts what a notice says about a person, brings Brevo's contact up to date, and fires the events of customer
/// news.
pub(crate) async fn person(
    worker: &Worker<'_>,
    update: &PersonUpdate,
    news: Option<CustomerNews>,
) -> Result<Step, Stop> {
    let Some(contact) = update.identity.key() else {
        return Ok(Step::skip("contact", "there is no email, customer or phone to know the person by"));
    };
    let key = Key::contact(&worker.store.facts.store, &contact);
    let (stored, accepted) = worker
        .env
        .table
        .change(&key, Attributes::none, |stored| accept(&worker.moment(), stored, update, news))
        .await?;
    deliver(worker, &key, stored, accepted).await
}

/// Puts a contact into the list of abandoned carts, or takes it out.
pub(crate) async fn set_abandoned(
    worker: &Worker<'_>,
    contact: &ContactKey,
    cart: Option<&str>,
) -> Result<Step, Stop> {
    if worker.store.facts.settings.lists.abandoned_cart.is_none() {
        return Ok(Step::default());
    }
    let key = Key::contact(&worker.store.facts.store, contact);
    let (stored, accepted) = worker
        .env
        .table
        .change(&key, Attributes::none, |stored: Option<&ContactRecord>| {
            let Some(mut record) = stored.cloned().filter(|record| record.deleted_at.is_none()) else {
                return (None, Accepted { deleted: true, ..Accepted::default() });
            };
            let changed = record.change(|record| record.abandoned_cart = cart.map(str::to_owned));
            note_creation(&mut record, worker.now());
            let write = stored != Some(&record);
            (write.then_some(record), Accepted { changed, ..Accepted::default() })
        })
        .await?;
    deliver(worker, &key, stored, accepted).await
}

/// What a person's record becomes, and what is to be done about it. Pure.
pub(crate) fn accept(
    moment: &Moment<'_>,
    stored: Option<&ContactRecord>,
    update: &PersonUpdate,
    news: Option<CustomerNews>,
) -> (Option<ContactRecord>, Accepted) {
    let mut record = stored.cloned().unwrap_or_default();
    match record.admits(moment.fact_at, update.identity.customer.is_none()) {
        Admission::Known => {}
        Admission::Anew => {
            let ContactRecord { accepted, erased_at, .. } = record;
            record = ContactRecord { accepted, erased_at, ..ContactRecord::default() };
        }
        Admission::Deleted => return (None, Accepted { deleted: true, ..Accepted::default() }),
        Admission::Erased => {
            return (None, Accepted { deleted: true, erased: true, ..Accepted::default() });
        }
    }
    let before = record.profile.as_ref().map(|profile| profile.value.clone());
    let changed = record.accept(update);
    let has_new_profile = before != record.profile.as_ref().map(|profile| profile.value.clone());
    if has_new_profile {
        record.effects.forget_done(UPDATED);
    }
    let planned = news.map(|news| customer_events(update, news, moment.facts)).unwrap_or_default();
    let may_start = |key: &str| has_new_profile || !key.starts_with(UPDATED);
    let claimed = effects::claim(&mut record.effects, planned, may_start, moment);
    note_creation(&mut record, moment.now);
    let write = stored != Some(&record);
    (write.then_some(record), Accepted { changed, claimed, ..Accepted::default() })
}

/// Keys of `customer_updated` begin like this (`tajo_mapping::customer_events`).
const UPDATED: &str = "updated:";

async fn deliver(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<ContactRecord>,
    accepted: Accepted,
) -> Result<Step, Stop> {
    let Some(mut record) = stored.record.clone().filter(|_| !accepted.deleted) else {
        return Ok(match accepted {
            Accepted { erased: true, .. } => Step::erased(),
            Accepted { deleted: true, .. } => Step::deleted(),
            _ => Step::default(),
        });
    };
    let must_send = accepted.changed || worker.redelivered || !write::is_known(&record);
    if !must_send && accepted.claimed.is_empty() {
        return Ok(Step::default());
    }
    let mut step = Step { applied: true, ..Step::default() };
    let mut written = None;
    let mut sent = effects::Sent::nothing(&accepted.claimed);
    if must_send {
        if let Some(erased_at) = feed(worker, &record).await? {
            return crate::privacy::refuse(worker, key, erased_at).await;
        }
        match write::write(worker, key, &record).await {
            Ok(done) => {
                record = done.sent.clone();
                written = Some(done);
            }
            Err(stop) => sent.stop = Some(stop),
        }
    }
    if sent.stop.is_none() {
        // An event waits for its own contact.
        sent = effects::send(worker, accepted.claimed).await;
    }
    let settled = worker.env.table.settle(key, stored, Attributes::none, |newest| {
        if let Some(written) = &written {
            written.settle(newest);
        }
        sent.settle(&mut newest.effects);
    });
    let mut newest = settled.await?;
    if let Some(written) = written {
        step.skipped.extend(written.skipped);
    }
    if let Some(stop) = sent.stop {
        return Err(stop);
    }
    // Whoever wrote meanwhile may have been overtaken by our send: send what is newest until nothing moved.
    for _ in 0..ROUNDS {
        let Some(now) = newest.record.clone().filter(|now| must_send && now.accepted != record.accepted)
        else {
            return Ok(step);
        };
        if now.deleted_at.is_some() {
            crate::delete::take_back(worker, key, newest).await?;
            return Ok(Step::deleted());
        }
        let written = write::write(worker, key, &now).await?;
        record = written.sent.clone();
        newest =
            worker.env.table.settle(key, newest, Attributes::none, |newest| written.settle(newest)).await?;
    }
    Err(Stop::Later { after: None, reason: "the contact changed faster than Brevo answered".to_owned() })
}

/// Notes, before Brevo first hears of an address, that this store feeds its contact: another store's delete must
/// not take it away. Answers when the person behind the address was erased, if that stands in the way.
async fn feed(worker: &Worker<'_>, record: &ContactRecord) -> Result<Option<Timestamp>, Stop> {
    let email = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    let Some(email) = email.filter(|email| record.sent_email.as_ref() != Some(email)) else {
        return Ok(None);
    };
    let store = &worker.store.facts.store;
    let account = &worker.store.record.account;
    // A known contact takes the address over when its profile says so.
    let taken_over = record.profile.as_ref().filter(|_| write::is_known(record)).map(|profile| profile.at);
    let fact = worker.fact_at.max(taken_over);
    let customer = record.customer.as_deref();
    Ok(feed_person(&worker.env.table, account, email, store, customer, fact).await?)
}
