//! Which products are in a collection. `collections/update` tells that a merchant added or removed some, and not which:
//! the collection is read, and every product for which it matters is sent again.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde_json::json;
use tajo_domain::{CategoryRecord, ProductRecord, Skipped};
use tajo_platforms::Notice;
use tajo_platforms::shopify::api::{self, MEMBERS_PER_QUERY};
use tajo_state::{Attributes, Key, TableError, forget_member, members};

use crate::shopify::{CANNOT_BE_ASKED, NO_TOKEN, unanswered, without};
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// Pages of a collection that are read: together a thousand points, half of what the smallest plan's bucket holds.
const MOST_PAGES: usize = 4;

/// A collection is read again after this long at the earliest, in milliseconds: a merchant who adds fifty products one
/// by one causes a reading a minute, not fifty.
const AGAIN_AFTER: i64 = 60_000;

/// A change may be told of by another clock, and seen by a reading a little later, in milliseconds.
const LAG: i64 = 5_000;

/// Products sent again each second: each is fetched, and orders ask for their customers from the same bucket of points.
const PRODUCTS_PER_SECOND: usize = 2;

/// Records of products read at the same time.
const AT_ONCE: usize = 10;

/// What is missing where nobody answers.
const WHAT: &str = "which products are in the collection";

/// Reads the collection's products, and sends those again that joined or left it. `read_at`: when they were last read.
pub(super) async fn refresh(
    worker: &Worker<'_>,
    collection: &str,
    key: &Key,
    read_at: i64,
) -> Result<Step, Stop> {
    let asked_at = worker.now();
    match is_due(worker.notice.time(), read_at, asked_at) {
        Due::Seen => return Ok(Step::default()),
        Due::In(wait) => {
            let reason = "the collection was read a moment ago".to_owned();
            return Err(Stop::Later { after: Some(wait), reason });
        }
        Due::Now => {}
    }
    let found = match read(worker, collection).await? {
        Ok(found) => found,
        Err(step) => return Ok(step),
    };
    let mut step = Step { asked_platform: true, ..Step::default() };
    let told = tell(worker, collection, &found, asked_at).await?;
    step.applied = told > 0;
    if !found.is_whole {
        let most = MOST_PAGES * MEMBERS_PER_QUERY as usize;
        let reason = format!("only its newest {most} products are read; the others follow when they change");
        step.skipped.push(Skipped::new("further products of the collection", reason));
    }
    let decide = |stored: Option<&CategoryRecord>| {
        let read_at = asked_at.as_millisecond();
        let record = stored.cloned().filter(|record| record.members_at < read_at);
        (record.map(|record| CategoryRecord { members_at: read_at, ..record }), ())
    };
    worker.env.table.change(key, Attributes::none, decide).await?;
    Ok(step)
}

#[derive(Debug, PartialEq, Eq)]
enum Due {
    /// What the notice tells of was there when the collection was last read.
    Seen,
    Now,
    In(Duration),
}

/// Whether to read the collection for a notice of this time. Pure.
fn is_due(told_at: Timestamp, read_at: i64, now: Timestamp) -> Due {
    if told_at.as_millisecond().saturating_add(LAG) < read_at {
        return Due::Seen;
    }
    match read_at.saturating_add(AGAIN_AFTER).saturating_sub(now.as_millisecond()) {
        wait if wait > 0 => Due::In(Duration::from_millis(wait.unsigned_abs())),
        _ => Due::Now,
    }
}

/// What was read of a collection.
struct Found {
    /// Its products, the newest first.
    products: Vec<String>,
    /// Whether these are all.
    is_whole: bool,
}

/// Reads the collection, page by page. The inner error is what the work goes on with.
async fn read(worker: &Worker<'_>, collection: &str) -> Result<Result<Found, Step>, Stop> {
    let Some(shop) = worker.store.shop() else {
        return Ok(Err(without(WHAT, format!("{CANNOT_BE_ASKED}{NO_TOKEN}"))));
    };
    let mut products = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        worker.has_time()?;
        let query = api::collection_products(collection, after.as_deref());
        let answer = match worker.env.shopify.ask(shop, &query, &worker.env.clock).await {
            Ok(answer) => answer,
            // Nothing waits for this one, so it may wait for as long as any work may.
            Err(error) => return unanswered(WHAT, &error, 0).map(Err),
        };
        let page = &answer.data["collection"]["products"];
        if !page.is_object() {
            let mut step = without(WHAT, "Shopify has no such collection (any more)".to_owned());
            step.asked_platform = true;
            return Ok(Err(step));
        }
        products.extend(api::product_ids(page));
        after = page["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        if page["pageInfo"]["hasNextPage"] != true || after.is_none() {
            return Ok(Ok(Found { products, is_whole: true }));
        }
    }
    Ok(Ok(Found { products, is_whole: false }))
}

/// Compares what was read with what Brevo was told, and puts each product that differs on the queue: it is fetched and
/// sent like any that its notice only names. Answers how many.
async fn tell(
    worker: &Worker<'_>,
    collection: &str,
    found: &Found,
    asked_at: Timestamp,
) -> Result<usize, Stop> {
    let store = &worker.store.facts.store;
    let noted = members(&worker.env.table, store, collection).await?;
    let differing = differing(&noted, found);
    let records: Vec<(String, bool, Option<ProductRecord>)> = stream::iter(differing)
        .map(|(product, is_in)| async move {
            let stored = worker.env.table.get(&Key::product(store, &product)).await?;
            Ok::<_, TableError>((product, is_in, stored.record))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut told = 0;
    for (product, is_in, record) in records {
        let knows =
            record.as_ref().is_some_and(|record| record.collections.iter().any(|id| id == collection));
        if knows == is_in {
            // A worker that died had written the product, and not this.
            if !is_in {
                forget_member(&worker.env.table, store, collection, &product).await?;
            }
            continue;
        }
        // A product that Brevo does not have, or should not, is read with its collections when it comes.
        if !record.is_some_and(|record| is_told(&record)) {
            continue;
        }
        let delay = Duration::from_secs((told / PRODUCTS_PER_SECOND) as u64);
        let notice = again(worker, &product, asked_at);
        let sent = worker.env.queue.send(&notice, delay).await;
        sent.map_err(|error| Stop::Retry { reason: error.to_string() })?;
        told += 1;
    }
    Ok(told)
}

/// Products that are in the collection and not noted (true), or noted and not in it any more (false). Pure.
fn differing(noted: &[String], found: &Found) -> Vec<(String, bool)> {
    let number = |id: &String| id.parse::<u64>().ok();
    let noted_ids: BTreeSet<&String> = noted.iter().collect();
    let in_it: BTreeSet<&String> = found.products.iter().collect();
    // Beyond the last page, nobody knows.
    let oldest = found.products.iter().filter_map(number).min();
    let was_read = |id: &String| found.is_whole || number(id) >= oldest;
    let joined = in_it.difference(&noted_ids).map(|id| ((*id).clone(), true));
    let left = noted_ids.difference(&in_it).filter(|id| was_read(id)).map(|id| ((*id).clone(), false));
    joined.chain(left).collect()
}

/// Whether Brevo was told of the product and may have it.
fn is_told(record: &ProductRecord) -> bool {
    record.version.is_some() && record.deleted_at.is_none() && !record.left_out
}

/// A notice that only names the product. Its delivery is named after ours: a reading that is repeated asks the same.
fn again(worker: &Worker<'_>, product: &str, now: Timestamp) -> Notice {
    let delivery = format!("{}:{product}", worker.notice.delivery);
    let mut notice =
        Notice::new(worker.notice.platform, &worker.store.record.shop, "products/update", delivery, now);
    notice.store = Some(worker.store.facts.store.clone());
    notice.wrap(json!({ "id": product }).to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn who_joined_and_who_left_are_told_apart() {
        let found = Found { products: ids(&["10", "9", "2"]), is_whole: true };
        let expected = vec![("10".to_owned(), true), ("2".to_owned(), true), ("7".to_owned(), false)];
        assert_eq!(differing(&ids(&["7", "9"]), &found), expected);
    }

    #[test]
    fn nobody_left_beyond_what_was_read() {
        let found = Found { products: ids(&["10", "9"]), is_whole: false };
        assert_eq!(differing(&ids(&["8", "9", "10", "11"]), &found), [("11".to_owned(), false)]);
        let nothing = Found { products: Vec::new(), is_whole: true };
        assert_eq!(differing(&ids(&["8"]), &nothing), [("8".to_owned(), false)]);
    }

    #[test]
    fn one_reading_answers_every_notice_before_it_and_there_is_one_a_minute() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(is_due(at(100), 0, at(101)), Due::Now);
        assert_eq!(is_due(at(90), 101_000, at(102)), Due::Seen);
        assert_eq!(
            is_due(at(100), 101_000, at(102)),
            Due::In(Duration::from_secs(59)),
            "the clocks may differ"
        );
        assert_eq!(is_due(at(110), 101_000, at(111)), Due::In(Duration::from_secs(50)));
        assert_eq!(is_due(at(110), 101_000, at(161)), Due::Now);
    }
}
