//! Which collections a product is in. No webhook of a product tells, so Shopify is asked, in the moment in which the
//! product is sent anyway (`docs/decisions/0016`).

use tajo_domain::{Membership, Product, ProductRecord, Skipped};
use tajo_mapping::{StoreFacts, contents};
use tajo_platforms::shopify::api::{self, COLLECTIONS_PER_PRODUCT};
use tajo_state::{forget_member, note_member};

use super::accept::{Known, wants};
use crate::category;
use crate::shopify::{Ask, CANNOT_BE_ASKED, NO_TOKEN, unanswered, without};
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// What is missing where nobody answers: the product goes without it.
const WHAT: &str = "collections of the product";

/// Whether to ask before this body is accepted: its content is to be sent, and what is known of its collections is from
/// before it. Another tag, price or type may have moved it in or out of a collection with conditions, and Shopify sends
/// no `collections/update` for that. Pure.
pub(super) fn is_due(record: &ProductRecord, product: &Product, facts: &StoreFacts) -> bool {
    let is_older = record.collections_at < product.updated_at.as_millisecond().max(1);
    product.collections.is_none()
        && is_older
        && contents(product, &record.collections, facts).iter().any(|content| !wants(record, content))
}

/// What accepting a product's collections changed.
#[derive(Default)]
pub(super) struct Taken {
    /// Collections that it is in now, and was not.
    pub joined: Vec<String>,
    /// Collections that it was in, and is no more.
    pub left: Vec<String>,
    /// Those that are left out, and why.
    pub skipped: Option<Skipped>,
}

/// Writes down the collections that were found out, unless newer ones are known. Pure.
pub(super) fn take(record: &mut ProductRecord, known: &Known) -> Taken {
    let is_news = |found: &&Membership| record.collections_at <= found.asked_at.as_millisecond();
    let Some(found) = known.membership.as_ref().filter(is_news) else { return Taken::default() };
    let before = std::mem::replace(&mut record.collections, found.ids());
    record.collections_at = found.asked_at.as_millisecond();
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        all.iter().filter(|id| !others.contains(id)).cloned().collect()
    };
    let reason = format!("only the first {COLLECTIONS_PER_PRODUCT} are asked for");
    Taken {
        joined: without(&record.collections, &before),
        left: without(&before, &record.collections),
        skipped: (!found.is_whole).then(|| Skipped::new("further collections of the product", reason)),
    }
}

/// Asks Shopify. Waiting for it ends the journey for now, but only so often.
pub(super) async fn look_up(worker: &Worker<'_>, product: &str) -> Result<(Option<Membership>, Step), Stop> {
    let Some(shop) = worker.store.shop() else {
        return Ok((None, without(WHAT, format!("{CANNOT_BE_ASKED}{NO_TOKEN}"))));
    };
    worker.has_time()?;
    let asked_at = worker.now();
    match worker.env.shopify.node(shop, &Ask::Collections, product, &worker.env.clock).await {
        Ok(node) => {
            let step = Step { asked_platform: true, ..Step::default() };
            Ok((Some(api::membership(&node.unwrap_or_default(), asked_at)), step))
        }
        Err(error) => Ok((None, unanswered(WHAT, &error, worker.attempts)?)),
    }
}

/// Tells these collections that the product is in them, before the product itself is written: so one that knows nothing
/// of a product never had it.
pub(super) async fn note(
    worker: &Worker<'_>,
    product: &str,
    joined: &[String],
    found: &Membership,
) -> Result<(), Stop> {
    for news in found.collections.iter().filter(|news| joined.iter().any(|id| id == news.id())) {
        category::remember(worker, news).await?;
        note_member(&worker.env.table, &worker.store.facts.store, news.id(), product).await?;
    }
    Ok(())
}

/// Tells these collections that the product left them, after the product itself is written.
pub(super) async fn forget(worker: &Worker<'_>, product: &str, left: &[String]) -> Result<(), Stop> {
    for collection in left {
        forget_member(&worker.env.table, &worker.store.facts.store, collection, product).await?;
    }
    Ok(())
}
