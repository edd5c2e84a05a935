//! Is what a webhook says is gone really gone? Its topic is not signed, so the shop is asked, where it can be asked.
//!
//! What cannot be asked (a checkout; a shop without a token or that does not answer) is believed by the exact keys of its
//! body alone (`tajo_platforms`, `shape.rs`). A deletion that was wrong all the same is put right by the next genuine
//! update. Why it is so: `docs/decisions/0034-topics-are-not-signed.md`.

use tajo_domain::{
    Change, CollectionNews, ContactKey, ContactRecord, OrderRecord, ProductNews, ProductRecord, StockOf,
};
use tajo_platforms::shopify::Topic;
use tajo_platforms::shopify::api::{self, Thing};
use tajo_state::Key;

use crate::shopify::unanswered;
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// What goes on without an answer.
const WHAT: &str = "whether it still exists";

/// What the shop says of a change.
pub(crate) enum Verdict {
    /// It is no deletion, or it is one. With what is to be said of the asking.
    GoesOn(Step),
    /// The thing is still there: nothing of it is deleted.
    StillThere(Step),
}

/// Asks the shop for what a change says is gone.
pub(crate) async fn judge(worker: &Worker<'_>, change: &Change) -> Result<Verdict, Stop> {
    let goes_on = |step| Ok(Verdict::GoesOn(step));
    let said_gone = is_said_gone(&worker.notice.topic, change);
    let (Some((thing, id)), Some(shop)) = (said_gone, worker.store.shop()) else {
        return goes_on(Step::default());
    };
    if is_known_gone(worker, thing, id).await? {
        return goes_on(Step::default());
    }
    worker.has_time()?;
    match worker.env.shopify.ask(shop, &api::exists(thing, id), &worker.env.clock).await {
        Ok(answer) if api::is_there(&answer) => {
            let what = thing.what();
            let reason = format!("the shop still has this {what}: the webhook is not believed");
            Ok(Verdict::StillThere(Step { asked_platform: true, ..Step::skip(what, reason) }))
        }
        Ok(_) => goes_on(Step { asked_platform: true, ..Step::default() }),
        Err(error) => goes_on(unanswered(WHAT, &error, worker.attempts)?),
    }
}

/// What a change says is gone. Only where the topic says so: what we found out by asking is not asked for again.
fn is_said_gone<'a>(topic: &str, change: &'a Change) -> Option<(Thing, &'a str)> {
    if !Topic::parse(topic).is_deletion() {
        return None;
    }
    match change {
        Change::PersonDeleted { customer, .. } => Some((Thing::Customer, customer)),
        Change::PersonMerged { gone, .. } => Some((Thing::Customer, gone)),
        Change::OrderDeleted { order, .. } => Some((Thing::Order, order)),
        Change::Product(ProductNews::Gone { product, .. }) => Some((Thing::Product, product)),
        Change::Collection(CollectionNews::Gone { id, .. }) => Some((Thing::Collection, id)),
        Change::Stock(news) => match &news.of {
            StockOf::Item(item) => Some((Thing::InventoryItem, item)),
            StockOf::Variant { .. } => None,
        },
        Change::Product(ProductNews::Now(_))
        | Change::Collection(CollectionNews::Now { .. })
        | Change::Person { .. }
        | Change::Order(_)
        | Change::Cart(_)
        | Change::OrderFact(_)
        | Change::CartDeleted { .. }
        | Change::CartsOrdered { .. }
        | Change::Privacy(_)
        | Change::App(_) => None,
    }
}

/// Whether it was deleted or erased here before: nobody who left is asked about.
async fn is_known_gone(worker: &Worker<'_>, thing: Thing, id: &str) -> Result<bool, Stop> {
    let (table, store) = (&worker.env.table, &worker.store.facts.store);
    Ok(match thing {
        Thing::Customer => {
            let key = Key::contact(store, &ContactKey::Customer(id.to_owned()));
            let record = table.get::<ContactRecord>(&key).await?.record;
            record.is_some_and(|record| record.deleted_at.is_some())
        }
        Thing::Order => {
            let record = table.get::<OrderRecord>(&Key::order(store, id)).await?.record;
            record.is_some_and(|record| record.erased || record.deleted_at.is_some())
        }
        Thing::Product => {
            let record = table.get::<ProductRecord>(&Key::product(store, id)).await?.record;
            record.is_some_and(|record| record.deleted_at.is_some())
        }
        Thing::Collection | Thing::InventoryItem => false,
    })
}
