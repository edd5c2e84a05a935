//! The journey of news about a person.

mod accept;
mod conflict;
pub(crate) mod find;
pub(crate) mod late;
pub(crate) mod lookup;
mod others;
mod refused;
pub(crate) mod ride;
pub(crate) mod sums;
pub(crate) mod write;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tajo_domain::{ContactKey, ContactRecord, CustomerNews, PersonUpdate};
use tajo_mapping::note_tries;
use tajo_state::{Attributes, Key, Stored, feed_person};

pub(crate) use accept::{Accepted, Said, accept, is_held};
pub(crate) use refused::marked;

use crate::stop::Stop;
use crate::worker::{Step, Worker};
use crate::{effects, merge};

/// Why there is no contact although the person is known.
pub(crate) const NOTHING_LEFT: &str =
    "Brevo refuses the address or number, and nothing else is known that it could know the person by";

/// Sends after the answer to the newest: more rounds mean that somebody edits faster than Brevo answers, and the
/// queue tries again later.
const ROUNDS: u32 = 5;

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
    let table = &worker.env.table;
    let known = table.get(&key).await?;
    let looked_up = lookup::look_up(worker, known.record.as_ref(), update).await?; // may ask the platform
    let (update, contradicted) = lookup::check_tags(update, looked_up.update.as_ref());
    let said = Said { update: &update, looked_up: looked_up.update.as_ref(), news };
    let mut step = hear(worker, &key, known, &said).await?;
    step.add(looked_up.step);
    step.skipped.extend(contradicted);
    Ok(step)
}

async fn hear(
    worker: &Worker<'_>,
    key: &Key,
    known: Stored<ContactRecord>,
    said: &Said<'_>,
) -> Result<Step, Stop> {
    let decide = |stored: Option<&ContactRecord>| accept(&worker.moment(), stored, said);
    let (stored, accepted) = worker.env.table.change_from(key, Some(known), Attributes::none, decide).await?;
    match &accepted.merged_into {
        Some(kept) => Box::pin(merge::late_news(worker, key, kept, said.update, said.news.is_none())).await,
        None => {
            let has_left = accepted.deleted && accepted.erased_at.is_none();
            let mut step = deliver(worker, key, stored, accepted).await?;
            if has_left {
                step.add(Box::pin(late::opt_out(worker, key, said.update)).await?);
            }
            Ok(step)
        }
    }
}

/// Where customers are switched off, what people say about being written to still counts, if we know them by an order
/// or a cart.
pub(crate) async fn consents(worker: &Worker<'_>, update: &PersonUpdate) -> Result<Step, Stop> {
    let update = update.consents();
    let off = || Step::skip("customers", "customers are switched off in the settings");
    let Some(contact) = update.identity.key() else { return Ok(off()) };
    let key = Key::contact(&worker.store.facts.store, &contact);
    let known = worker.env.table.get(&key).await?;
    if known.record.is_none() {
        return Ok(off());
    }
    let said = Said { update: &update, looked_up: None, news: Some(CustomerNews::Detail) };
    hear(worker, &key, known, &said).await
}

/// Puts a contact into the list of abandoned carts because of this cart, or takes it out if this is the cart it is
/// there for. Says of somebody who is put in whether they are gone, whatever the lists are.
pub(crate) async fn set_abandoned(
    worker: &Worker<'_>,
    contact: &ContactKey,
    cart: &str,
    is_abandoned: bool,
) -> Result<Step, Stop> {
    let key = Key::contact(&worker.store.facts.store, contact);
    let table = &worker.env.table;
    let Some(abandoned_list) = worker.store.facts.settings.lists.abandoned_cart else {
        if !is_abandoned {
            return Ok(Step::default());
        }
        let known = table.get_newest::<ContactRecord>(&key).await?.record;
        let is_stranger = find::is_stranger(&worker.store.facts, known.as_ref());
        let is_gone = known.is_some_and(|record| record.deleted_at.is_some());
        return Ok(match (is_gone, is_stranger) {
            (true, _) => Step::deleted(),
            (false, true) => Step { deleted: true, ..find::turned_away() },
            (false, false) => Step::default(),
        });
    };
    let decide = |stored: Option<&ContactRecord>| {
        let Some(mut record) = stored.cloned().filter(|record| record.deleted_at.is_none()) else {
            return (None, Accepted { deleted: true, ..Accepted::default() });
        };
        let is_theirs = is_abandoned || record.abandoned_cart.as_deref() == Some(cart);
        let changed = is_theirs
            && record.change(|record| record.abandoned_cart = is_abandoned.then(|| cart.to_owned()));
        if is_abandoned && changed {
            // Another cart: the merchant's automation may have taken them off the list since.
            record.joined.retain(|list| *list != abandoned_list);
        }
        if !changed && record.in_abandoned_list == record.abandoned_cart.is_some() {
            return (None, Accepted { listed: true, ..Accepted::default() });
        }
        note_tries(&mut record, &worker.store.facts, worker.now());
        let write = stored != Some(&record);
        // Also where an earlier try wrote it down and got no further: Brevo has it otherwise.
        (write.then_some(record), Accepted { changed: true, ..Accepted::default() })
    };
    let (stored, accepted) = table.change(&key, Attributes::none, decide).await?;
    if accepted.listed {
        return Ok(Step::default());
    }
    deliver(worker, &key, stored, accepted).await
}

/// Brings Brevo's contact up to date with what was accepted, and sends its events. Boxed: it is part of nearly every
/// journey, and their futures together would fill the stack.
pub(crate) fn deliver<'a>(
    worker: &'a Worker<'a>,
    key: &'a Key,
    stored: Stored<ContactRecord>,
    accepted: Accepted,
) -> BoxFuture<'a, Result<Step, Stop>> {
    async move {
        let must_wait = accepted.must_wait;
        let before = sums::are_wanted(worker).then(|| stored.record.clone());
        let mut step = bring_up_to_date(worker, key, stored, accepted).await?;
        if let Some(before) = before {
            step.skipped.extend(sums::tell(worker, key, before.as_ref()).await?);
        }
        if must_wait { Err(effects::held()) } else { Ok(step) }
    }
    .boxed()
}

async fn bring_up_to_date(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<ContactRecord>,
    accepted: Accepted,
) -> Result<Step, Stop> {
    let Some(mut record) = stored.record.clone().filter(|_| !accepted.deleted) else {
        // A send of an earlier try may have come after the delete.
        let may_be_there = stored.record.as_ref().is_some_and(|record| !record.is_forgotten());
        if worker.redelivered && accepted.deleted && may_be_there {
            crate::delete::take_back(worker, key, stored).await?;
        }
        return Ok(match accepted {
            Accepted { erased_at: Some(_), .. } => Step::erased(),
            Accepted { deleted: true, .. } => Step::deleted(),
            _ => Step::default(),
        });
    };
    if accepted.held {
        let reason = "kept until the store tells who this customer is: they were never seen here";
        return Ok(Step::skip("contact", reason));
    }
    worker.note_refused(&record);
    let mut sent = effects::Sent::nothing(&accepted.claimed);
    let was_known = write::is_known(&record);
    let stored = match find::look(worker, key, stored, &sent).await? {
        find::Look::Go(stored) => *stored,
        find::Look::Stranger(step) => return Ok(step),
    };
    record = stored.record.clone().unwrap_or(record);
    let must_send = accepted.changed || worker.redelivered || !was_known;
    if !must_send && accepted.claimed.is_empty() {
        return Ok(Step { skipped: accepted.skipped, ..Step::default() });
    }
    let mut step = Step { applied: true, skipped: accepted.skipped, ..Step::default() };
    let mut written = None;
    if must_send {
        let fact = worker.fact_at.or(accepted.born_at);
        if let Some(erased_at) = feed(worker, &record, fact).await? {
            return crate::privacy::refuse(worker, key, erased_at, fact.is_some()).await;
        }
        let now = worker.now();
        // The sum of totals is written after the contact.
        if worker.may_ride(key)
            && !sums::are_wanted(worker)
            && accepted.claimed.is_empty()
            && let Some(ride) =
                ride::of(key, &stored, &record, &worker.store.facts, now, worker.outbox.gathers())
        {
            worker.put_ride(ride);
            return Ok(step);
        }
        match Box::pin(write::write(worker, key, &record)).await {
            Ok(done) => {
                record = done.sent.clone();
                worker.note_refused(&record);
                written = Some(done);
            }
            Err(stop) => sent.stop = Some(stop),
        }
    }
    let is_gone = written.as_ref().is_some_and(write::Written::is_gone);
    let is_nobody = written.as_ref().is_some_and(write::Written::is_nobody);
    if sent.stop.is_none() && !is_gone && !is_nobody {
        // An event waits for its own contact.
        let claimed = refused::redirected(accepted.claimed, &record, &worker.store.facts);
        sent = effects::send(worker, claimed).await;
    }
    let settled = worker.env.table.settle(key, stored, Attributes::none, |newest| {
        if must_send {
            remember_tried(newest, &record);
        }
        if let Some(written) = &written {
            written.settle(newest, &worker.store.facts);
        }
        sent.settle(&mut newest.effects);
        newest.settle_tags();
    });
    let newest = settled.await?;
    let is_written = written.is_some();
    if let Some(written) = written {
        step.skipped.extend(written.skipped());
    }
    if is_gone {
        return Ok(Step { deleted: true, ..step });
    }
    if is_nobody {
        return Ok(Step { applied: false, ..step });
    }
    if must_send && let Some(gone) = Box::pin(converge(worker, key, newest, record, is_written)).await? {
        return Ok(gone);
    }
    match sent.stop {
        Some(stop) => Err(stop),
        None => Ok(step),
    }
}

/// Whoever wrote meanwhile may have been overtaken by our send: sends what is newest until nothing moved. Answers if
/// the person is gone meanwhile, and then takes back what was sent.
///
/// After a write that failed (not `is_written`) nothing is sent again: the notice comes again.
async fn converge(
    worker: &Worker<'_>,
    key: &Key,
    mut newest: Stored<ContactRecord>,
    mut sent: ContactRecord,
    is_written: bool,
) -> Result<Option<Step>, Stop> {
    for _ in 0..ROUNDS {
        let Some(now) = newest.record.clone().filter(|now| now.accepted != sent.accepted) else {
            return Ok(None);
        };
        if now.deleted_at.is_some() {
            crate::delete::take_back(worker, key, newest).await?;
            return Ok(Some(if now.erased_at.is_some() { Step::erased() } else { Step::deleted() }));
        }
        if !is_written {
            return Ok(None);
        }
        let written = write::write(worker, key, &now).await?;
        sent = written.sent.clone();
        let settle = |newest: &mut ContactRecord| {
            remember_tried(newest, &sent);
            written.settle(newest, &worker.store.facts);
        };
        newest = worker.env.table.settle(key, newest, Attributes::none, settle).await?;
    }
    Err(Stop::Later { after: None, reason: "the contact changed faster than Brevo answered".to_owned() })
}

/// Whoever was deleted and forgotten while a send was on its way is known again until it is taken back.
fn remember_tried(newest: &mut ContactRecord, tried: &ContactRecord) {
    if newest.deleted_at.is_some() && newest.is_forgotten() {
        let ContactRecord { accepted, deleted_at, erased_at, merged_into, .. } = std::mem::take(newest);
        *newest = ContactRecord { accepted, deleted_at, erased_at, merged_into, ..tried.clone() };
    }
}

/// Notes, before Brevo first hears of an address, that this store feeds its contact: another store's delete must
/// not take it away. Answers when the person behind the address was erased, if that stands in the way.
async fn feed(
    worker: &Worker<'_>,
    record: &ContactRecord,
    fact: Option<Timestamp>,
) -> Result<Option<Timestamp>, Stop> {
    let Some(email) = record.email().filter(|email| record.sent_email.as_ref() != Some(email)) else {
        return Ok(None);
    };
    let store = &worker.store.facts.store;
    let account = &worker.store.record.account;
    // A known contact takes the address over when its profile says so.
    let taken_over = record.profile.as_ref().filter(|_| write::is_known(record)).map(|profile| profile.at);
    let fact = fact.max(taken_over);
    let customer = record.customer.as_deref();
    Ok(feed_person(&worker.env.table, account, email, store, customer, fact).await?)
}
