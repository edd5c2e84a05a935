//! Brevo's categories: collections of the store, and the words of its products.

use tajo_brevo::Item;
use tajo_domain::{CategoryRecord, CollectionNews};
use tajo_mapping::{Category, category_body, collection_id};
use tajo_state::{Attributes, Key};

use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// Why the end of a collection asks for nothing.
pub(crate) const NOT_THERE: &str = "Brevo does not have it: there is nothing to mark as deleted";

/// Sends after the answer to the newest.
const ROUNDS: u32 = 5;

/// Sees to it that Brevo knows these types and tags. Their content never changes: one that Brevo has is only read.
pub(crate) async fn ensure(worker: &Worker<'_>, categories: &[Category]) -> Result<(), Stop> {
    let facts = &worker.store.facts;
    for category in categories {
        let key = Key::category(&facts.store, &category.id);
        let stored = worker.env.table.get::<CategoryRecord>(&key).await?;
        if stored.record.is_some_and(|record| record.sent > 0) {
            continue;
        }
        let record =
            CategoryRecord { name: category.name.clone(), accepted: 1, sent: 1, ..CategoryRecord::default() };
        worker.deliver_one(Item::Category(category_body(&category.id, &record, facts))).await?;
        let decide = |stored: Option<&CategoryRecord>| (stored.is_none().then(|| record.clone()), ());
        worker.env.table.change(&key, Attributes::none, decide).await?;
    }
    Ok(())
}

/// Accepts a collection's state and brings Brevo's category up to date.
pub(crate) async fn collection(worker: &Worker<'_>, news: &CollectionNews) -> Result<Step, Stop> {
    let facts = &worker.store.facts;
    let id = collection_id(news.id());
    let key = Key::category(&facts.store, &id);
    let (stored, changed) =
        worker.env.table.change(&key, Attributes::none, |stored| accept(stored, news)).await?;
    let Some(mut record) = stored.record.clone() else { return Ok(Step::default()) };
    if !changed && !worker.redelivered {
        return Ok(Step::default());
    }
    if record.accepted == 0 || record.name.is_empty() {
        return Ok(Step::skip("collection", NOT_THERE));
    }
    let mut known = stored;
    for _ in 0..ROUNDS {
        worker.deliver_one(Item::Category(category_body(&id, &record, facts))).await?;
        let settle = |newest: &mut CategoryRecord| newest.sent = newest.sent.max(record.accepted);
        known = worker.env.table.settle(&key, known, Attributes::none, settle).await?;
        match known.record.clone().filter(|now| now.accepted != record.accepted) {
            Some(now) => record = now,
            None => return Ok(Step { applied: true, ..Step::default() }),
        }
    }
    Err(Stop::Later { after: None, reason: "the collection changed faster than Brevo answered".to_owned() })
}

/// What a collection's record becomes, and whether Brevo's category changes with it. Pure.
pub(crate) fn accept(
    stored: Option<&CategoryRecord>,
    news: &CollectionNews,
) -> (Option<CategoryRecord>, bool) {
    let mut record = stored.cloned().unwrap_or_default();
    if record.deleted_at.is_some() {
        return (None, false);
    }
    match news {
        CollectionNews::Now { name, handle, updated_at, .. } => {
            if record.version.is_some_and(|version| *updated_at < version) {
                return (None, false);
            }
            if record.name == *name && record.handle == *handle {
                return (None, false);
            }
            record.version = Some(*updated_at);
            record.name.clone_from(name);
            record.handle.clone_from(handle);
        }
        CollectionNews::Gone { at, .. } => {
            record.deleted_at = Some(*at);
            if record.accepted == 0 {
                return (Some(record), true);
            }
        }
    }
    record.accepted += 1;
    (Some(record), true)
}
