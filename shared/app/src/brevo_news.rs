//! The journey of what Brevo tells of people: noted at every store that knows them.
//!
//! A webhook is of an account, and stores share accounts: it becomes one notice for each store that feeds the contact
//! ([`fan_out`]), and that one is worked on like any other ([`hear`]). Who is not known is not made known by it.

pub(crate) mod found;

use std::time::Duration;

use jiff::Timestamp;
use tajo_domain::{BrevoNews, ContactKey, ContactRecord};
use tajo_mapping::{flags_due, note_tries};
use tajo_platforms::notice::NewsForStore;
use tajo_platforms::{Notice, Platform, brevo};
use tajo_state::{Attributes, Key, feeds_of_person};

use crate::contact::{self, Accepted};
use crate::stop::Stop;
use crate::sync::Outcome;
use crate::worker::{LEAST_TIME, Step, Worker};
use crate::write_back::{self, Owed};
use crate::{Env, Store, reconcile};

/// Turns one webhook into notices for the stores that know the people in it.
pub(crate) async fn fan_out(
    env: &Env,
    notice: &Notice,
    deadline: Timestamp,
) -> Result<(Outcome, String), Stop> {
    let (news, left_out) = brevo::news(&notice.body()?, notice.received_at)?; // pure
    let account = &notice.shop;
    let from: usize = notice.resume.as_deref().and_then(|at| at.parse().ok()).unwrap_or_default();
    let people = news.len();
    let mut notices = 0;
    for (index, news) in news.iter().enumerate().skip(from) {
        if deadline.duration_since(env.clock.now()) < LEAST_TIME {
            let reason = format!("{index} of {people} events are passed on, the rest follows");
            return Err(Stop::Continue { resume: index.to_string(), reason });
        }
        for (store, feed) in feeds_of_person(&env.table, account, &news.email).await? {
            if !feed.feeds() {
                continue;
            }
            let Some(store) = env.store(&store).await?.filter(|store| store.record.account == *account)
            else {
                continue;
            };
            let Some(platform) = Platform::parse(&store.record.platform) else { continue };
            let told = NewsForStore { news: news.clone(), customers: feed.customers, found: None };
            tell(env, &store, platform, &told, notice.received_at).await?; // calls SQS
            reconcile::arm(env, &store).await; //                           once per process and store
            notices += 1;
        }
    }
    let outcome = if notices == 0 { Outcome::Skipped } else { Outcome::Applied };
    Ok((
        outcome,
        format!("{people} opt-outs, bounces and deletions for {notices} stores; {left_out} other events"),
    ))
}

/// Puts what happened to somebody on the queue, for one of the stores that know them.
pub(crate) async fn tell(
    env: &Env,
    store: &Store,
    platform: Platform,
    told: &NewsForStore,
    heard_at: Timestamp,
) -> Result<(), Stop> {
    let who = env.table.pseudonym(&told.news.email.hash());
    let notice = Notice::brevo_news(&store.facts.store, platform, &store.record.shop, told, &who, heard_at);
    let sent = env.queue.send(&notice, Duration::ZERO).await;
    sent.map_err(|error| Stop::Retry { reason: error.to_string() })
}

/// What accepting found.
enum Heard {
    /// Nobody here, or somebody who left, was erased, or has another address now.
    Nobody,
    /// Something else came meanwhile: what Brevo answered may be the effect of that.
    Moved,
    /// Somebody.
    Them {
        /// It was news.
        is_news: bool,
        /// What is to be written to the store, claimed.
        owed: Option<Owed>,
        /// A flag is to be set or lifted in Brevo.
        is_due: bool,
    },
}

/// Notes what Brevo told at everybody of one store who has the address, and does what follows from it.
pub(crate) async fn hear(worker: &Worker<'_>, told: &NewsForStore) -> Result<Step, Stop> {
    let guest = ContactKey::Guest(told.news.email.hash());
    let everybody = told.customers.iter().cloned().map(ContactKey::Customer).chain([guest]);
    let mut step = Step::default();
    let (mut is_known, mut stop) = (false, None);
    for contact in everybody {
        let key = Key::contact(&worker.store.facts.store, &contact);
        // What stops one of them does not stop the others; the notice comes again for it.
        match hear_one(worker, &key, told).await {
            Ok(found) => {
                is_known |= found.is_some();
                step.add(found.unwrap_or_default());
            }
            Err(stopped) => stop = Some(stopped),
        }
    }
    match stop {
        Some(stop) => Err(stop),
        None if !is_known => Ok(Step::skip("contact", "nobody in this store has the address (any more)")),
        None => Ok(step),
    }
}

/// `None`: the record is not this person's.
async fn hear_one(worker: &Worker<'_>, key: &Key, told: &NewsForStore) -> Result<Option<Step>, Stop> {
    let moment = worker.moment();
    let seen = match told.found {
        Some(_) => match found::look(worker, key, told).await? {
            found::Look::Ours => return Ok(Some(Step::default())),
            found::Look::Nobody => return Ok(None),
            found::Look::News(stored) => Some(*stored),
        },
        None => None,
    };
    let decide = |stored: Option<&ContactRecord>| {
        let Some(mut record) = stored.filter(|record| concerns(record, &told.news)).cloned() else {
            return (None, Heard::Nobody);
        };
        if seen.as_ref().is_some_and(|seen| seen.record.as_ref() != stored) {
            return (None, Heard::Moved);
        }
        let mut is_news = false;
        record.change(|record| {
            record.heal(moment.now);
            is_news = record.hear_brevo(&told.news);
        });
        let owed = Some(&told.news).filter(|_| works(worker.store));
        let owed = owed.and_then(|news| write_back::claim(&mut record, news, told.found.as_ref(), &moment));
        // The store had a newer opt-in before we heard of this, or a lift of ours was on its way: Brevo is told what
        // holds.
        let is_due = works(worker.store)
            && contact::write::is_known(&record)
            && flags_due(&record, moment.facts, moment.now);
        if is_due {
            note_tries(&mut record, moment.facts, moment.now);
        }
        let write = stored != Some(&record);
        (write.then_some(record), Heard::Them { is_news, owed, is_due })
    };
    let (stored, heard) = worker.env.table.change_from(key, seen.clone(), Attributes::none, decide).await?;
    let (is_news, owed, is_due) = match heard {
        Heard::Them { is_news, owed, is_due } => (is_news, owed, is_due),
        Heard::Nobody => return Ok(None),
        Heard::Moved => {
            let reason = "the person's record changed while Brevo was asked about them".to_owned();
            return Err(Stop::Later { after: None, reason });
        }
    };
    let mut step = Step { applied: is_news, ..Step::default() };
    let told_the_store = match owed {
        Some(owed) => write_back::tell_the_store(worker, key, &owed).await,
        None => Ok(Step::default()),
    };
    if is_due {
        let accepted = Accepted { changed: true, ..Accepted::default() };
        step.add(contact::deliver(worker, key, stored, accepted).await?);
    }
    step.add(told_the_store?);
    Ok(Some(step))
}

/// Whether the record is of somebody who has this address in Brevo, and had it then.
pub(crate) fn concerns(record: &ContactRecord, news: &BrevoNews) -> bool {
    let profile = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    let is_theirs = record.sent_email.as_ref().or(profile) == Some(&news.email);
    let is_from_before = record.erased_at.is_some_and(|erased| news.at <= erased);
    is_theirs && record.deleted_at.is_none() && !is_from_before
}

/// Whether the store's work goes on. What people say is noted in any case.
fn works(store: &Store) -> bool {
    store.facts.settings.enabled && !store.record.status.has_left()
}
