//! Brevo's categories: collections of the store, and the words of its products.

mod members;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tajo_brevo::Item;
use tajo_domain::{CategoryRecord, CollectionNews};
use tajo_mapping::{Category, category_body, collection_id};
use tajo_state::{Attributes, Key, Stored};

use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// So many types and tags a process remembers; a store has some hundred.
const MOST_REMEMBERED: usize = 10_000;

/// Types and tags that Brevo has, as this process knows: they never change and are never taken back. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Categories(Arc<Mutex<HashSet<String>>>);

impl Categories {
    /// As in a process that has just started.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn has(&self, key: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    fn note(&self, key: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_REMEMBERED {
            known.insert(key);
        }
    }
}

/// Why the end of a collection asks for nothing.
pub(crate) const NOT_THERE: &str = "Brevo does not have it: there is nothing to mark as deleted";

/// Sends after the answer to the newest.
const ROUNDS: u32 = 5;

/// Sees to it that Brevo knows these types and tags, and these collections. The content of a type or tag never changes:
/// one that Brevo has is only read, and so is a collection of which Brevo has the newest.
pub(crate) async fn ensure(
    worker: &Worker<'_>,
    categories: &[Category],
    collections: &[String],
) -> Result<(), Stop> {
    let facts = &worker.store.facts;
    for category in categories {
        let key = Key::category(&facts.store, &category.id);
        if worker.env.categories.has(&key.pk) {
            continue;
        }
        let stored = worker.env.table.get::<CategoryRecord>(&key).await?;
        if stored.record.is_some_and(|record| record.sent > 0) {
            worker.env.categories.note(key.pk);
            continue;
        }
        let record =
            CategoryRecord { name: category.name.clone(), accepted: 1, sent: 1, ..CategoryRecord::default() };
        worker.deliver_one(Item::Category(category_body(&category.id, &record, facts))).await?;
        let decide = |stored: Option<&CategoryRecord>| (stored.is_none().then(|| record.clone()), ());
        worker.env.table.change(&key, Attributes::none, decide).await?;
        worker.env.categories.note(key.pk);
    }
    for collection in collections {
        let id = collection_id(collection);
        let key = Key::category(&facts.store, &id);
        let stored = worker.env.table.get::<CategoryRecord>(&key).await?;
        if stored.record.as_ref().is_some_and(is_to_send) {
            send_newest(worker, &id, &key, stored).await?;
        }
    }
    Ok(())
}

/// Writes down a collection that somebody else than its own webhook tells of; Brevo hears of it with the product
/// ([`ensure`]).
pub(crate) async fn remember(worker: &Worker<'_>, news: &CollectionNews) -> Result<(), Stop> {
    let key = Key::category(&worker.store.facts.store, &collection_id(news.id()));
    let decide = |stored: Option<&CategoryRecord>| {
        // Read with every product: when it was read is no reason to write.
        if stored.is_some_and(|stored| is_known(stored, news)) {
            return (None, false);
        }
        accept(stored, news, worker.now())
    };
    worker.env.table.change(&key, Attributes::none, decide).await?;
    Ok(())
}

/// Accepts a collection's state and brings Brevo's category up to date, and then the products that are in it.
pub(crate) async fn collection(worker: &Worker<'_>, news: &CollectionNews) -> Result<Step, Stop> {
    let id = collection_id(news.id());
    let key = Key::category(&worker.store.facts.store, &id);
    let (stored, changed) =
        worker.env.table.change(&key, Attributes::none, |stored| accept(stored, news, worker.now())).await?;
    let Some(record) = &stored.record else { return Ok(Step::default()) };
    let is_there = record.accepted > 0 && !record.name.is_empty();
    let mut step = match (is_there, changed) {
        (true, _) if is_to_send(record) => send_newest(worker, &id, &key, stored.clone()).await?,
        (false, true) => Step::skip("collection", NOT_THERE),
        _ => Step::default(),
    };
    // Its products keep a collection that was deleted until they are sent again: Brevo shows none that is marked.
    if let (CollectionNews::Now { id, .. }, None) = (news, record.deleted_at) {
        step.add(members::refresh(worker, id, &key, record.members_at).await?);
    }
    Ok(step)
}

/// Whether Brevo does not have the newest. (One whose name nobody knows cannot be sent.)
fn is_to_send(record: &CategoryRecord) -> bool {
    record.sent < record.accepted && !record.name.is_empty()
}

async fn send_newest(
    worker: &Worker<'_>,
    id: &str,
    key: &Key,
    stored: Stored<CategoryRecord>,
) -> Result<Step, Stop> {
    let mut known = stored;
    for _ in 0..ROUNDS {
        let Some(record) = known.record.clone().filter(is_to_send) else {
            return Ok(Step { applied: true, ..Step::default() });
        };
        worker.deliver_one(Item::Category(category_body(id, &record, &worker.store.facts))).await?;
        // Not the greatest of both: ours may have come after a newer one, which then goes once more.
        let settle = |newest: &mut CategoryRecord| newest.sent = record.accepted;
        known = worker.env.table.settle(key, known, Attributes::none, settle).await?;
    }
    Err(Stop::Later { after: None, reason: "the collection changed faster than Brevo answered".to_owned() })
}

fn is_known(stored: &CategoryRecord, news: &CollectionNews) -> bool {
    let CollectionNews::Now { name, handle, updated_at, .. } = news else { return false };
    (stored.version, &stored.name, &stored.handle) == (Some(*updated_at), name, handle)
}

/// What a collection's record becomes, and whether Brevo's category changes with it. Pure.
pub(crate) fn accept(
    stored: Option<&CategoryRecord>,
    news: &CollectionNews,
    now: Timestamp,
) -> (Option<CategoryRecord>, bool) {
    let mut record = stored.cloned().unwrap_or_default();
    record.heal(now);
    match news {
        CollectionNews::Now { name, handle, updated_at, triggered_at, .. } => {
            let deleted_at = record.deleted_at;
            let shown = (Some(*updated_at), *triggered_at, name, handle);
            let is_older = shown < (record.version, record.triggered_at, &record.name, &record.handle);
            if is_older || deleted_at.is_some_and(|at| *updated_at <= at) {
                return (None, false);
            }
            // Changed after its deletion: it was none.
            record.deleted_at = None;
            let is_same = deleted_at.is_none() && record.name == *name && record.handle == *handle;
            (record.version, record.triggered_at) = (Some(*updated_at), *triggered_at);
            if is_same {
                // What another body between the two says is older all the same.
                let write = stored != Some(&record);
                return (write.then_some(record), false);
            }
            record.name.clone_from(name);
            record.handle.clone_from(handle);
        }
        CollectionNews::Gone { at, .. } => {
            if record.version.is_some_and(|version| *at < version) {
                return (None, false);
            }
            // Of two deletions the later one counts: whatever is to show that there was none must be newer than both.
            if let Some(before) = record.deleted_at {
                record.deleted_at = Some(before.max(*at));
                return ((before < *at).then_some(record), false);
            }
            record.deleted_at = Some(*at);
            if record.accepted == 0 {
                return (Some(record), true);
            }
        }
    }
    record.accepted += 1;
    (Some(record), true)
}
