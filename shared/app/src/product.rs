//! The journey of a product, and of what is said about its stock.

mod accept;
mod count;
mod deliver;
mod membership;

use jiff::SignedDuration;
use tajo_domain::{
    Change, ItemRecord, Product, ProductNews, ProductRecord, Skipped, Stock, StockNews, StockOf,
};
use tajo_mapping::{categories, contents};
use tajo_state::{Attributes, Key};
use tracing::info;

use crate::effects;
use crate::stop::Stop;
use crate::worker::{Step, Worker};
use accept::Missing;
pub(crate) use accept::{Accepted, Known, gone, news, told};
pub(crate) use deliver::due;
use deliver::{Door, deliver};

/// What a deleted product leaves behind is forgotten after this long: webhooks are not later than that.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What an inventory item said is kept this long for a product that never comes.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Rounds of finding out what a body leaves open: one for each thing, and others only if the product changed meanwhile.
const ROUNDS: u32 = 8;

/// Accepts a product's state and brings Brevo's products, categories and stock up to date.
pub(crate) async fn product(worker: &Worker<'_>, news: &ProductNews) -> Result<Step, Stop> {
    match news {
        ProductNews::Now(product) => present(worker, product).await,
        ProductNews::Gone { product, at } => {
            let key = Key::product(&worker.store.facts.store, product);
            let decide = |stored: Option<&ProductRecord>| gone(&worker.moment(), stored, product, *at);
            let (stored, accepted) = worker.env.table.change(&key, attributes, decide).await?;
            membership::forget(worker, product, &accepted.left).await?;
            let door = Door { key: &key, product, contents: &[], categories: &[] };
            conclude(worker, &door, stored, accepted).await
        }
    }
}

async fn present(worker: &Worker<'_>, product: &Product) -> Result<Step, Stop> {
    let facts = &worker.store.facts;
    let key = Key::product(&facts.store, &product.id);
    let mut known = Known {
        membership: product.collections.clone(),
        asked: product.collections.is_some(),
        ..Known::default()
    };
    let mut asked = Step::default();
    for _ in 0..ROUNDS {
        let decide = |stored: Option<&ProductRecord>| news(&worker.moment(), stored, product, &known);
        let (stored, accepted) = worker.env.table.change(&key, attributes, decide).await?;
        match &accepted.missing {
            Some(Missing::Links(links)) => {
                for (item, variant) in links {
                    let said = link(worker, item, &product.id, variant).await?;
                    known.kept.insert(variant.clone(), said);
                }
            }
            Some(Missing::Membership) => {
                known.asked = true;
                (known.membership, asked) = membership::look_up(worker, &product.id).await?; // asks the platform
            }
            Some(Missing::Notes(joined)) => {
                if let Some(found) = &known.membership {
                    membership::note(worker, &product.id, joined, found).await?;
                }
                known.noted = true;
            }
            None if accepted.overtaken => {
                return Err(later("the product changed while it was being fetched"));
            }
            None => {
                membership::forget(worker, &product.id, &accepted.left).await?;
                let collections = stored.record.as_ref().map_or(&[][..], |record| &record.collections);
                let contents = contents(product, collections, facts);
                let categories = categories(product, facts);
                let door =
                    Door { key: &key, product: &product.id, contents: &contents, categories: &categories };
                asked.add(conclude(worker, &door, stored, accepted).await?);
                return Ok(asked);
            }
        }
    }
    Err(later("the product changed faster than it could be read"))
}

fn later(reason: &str) -> Stop {
    Stop::Later { after: None, reason: reason.to_owned() }
}

/// Leads an inventory item's notices to its product from now on. Answers what they said until now.
async fn link(worker: &Worker<'_>, item: &str, product: &str, variant: &str) -> Result<Stock, Stop> {
    let key = Key::item(&worker.store.facts.store, item);
    let home = Some((product.to_owned(), variant.to_owned()));
    let decide = |stored: Option<&ItemRecord>| {
        let mut record = stored.cloned().unwrap_or_default();
        let said = record.stock.clone();
        let is_new = record.variant != home;
        record.variant.clone_from(&home);
        (is_new.then_some(record), said)
    };
    let (_, said) = worker.env.table.change(&key, kept_for_a_while, decide).await?;
    Ok(said)
}

/// Accepts a statement about a stock; one about an inventory item whose product is not known yet is kept for it.
pub(crate) async fn stock(worker: &Worker<'_>, news: &StockNews) -> Result<Step, Stop> {
    let store = &worker.store.facts.store;
    let (product, variant) = match &news.of {
        StockOf::Variant { product, variant } => (product.clone(), variant.clone()),
        StockOf::Item(item) => {
            let decide = |stored: Option<&ItemRecord>| keep(stored, news);
            let (_, home) =
                worker.env.table.change(&Key::item(store, item), kept_for_a_while, decide).await?;
            match home {
                Some(home) => home,
                None => return Ok(Step { applied: true, ..Step::skip("stock", UNKNOWN_ITEM) }),
            }
        }
    };
    let key = Key::product(store, &product);
    let decide = |stored: Option<&ProductRecord>| told(&worker.moment(), stored, &product, &variant, news);
    let (stored, accepted) = worker.env.table.change(&key, attributes, decide).await?;
    let door = Door { key: &key, product: &product, contents: &[], categories: &[] };
    conclude(worker, &door, stored, accepted).await
}

/// Why nothing more is done about an inventory item that no product has named.
pub(crate) const UNKNOWN_ITEM: &str = "no product has named this inventory item yet: kept until one does";

/// Where an item's statement belongs; if nobody knows, it is written down. Pure.
fn keep(stored: Option<&ItemRecord>, news: &StockNews) -> (Option<ItemRecord>, Option<(String, String)>) {
    let mut record = stored.cloned().unwrap_or_default();
    if record.variant.is_some() {
        return (None, record.variant);
    }
    news.tell(&mut record.stock);
    let write = stored != Some(&record);
    (write.then_some(record), None)
}

async fn conclude(
    worker: &Worker<'_>,
    door: &Door<'_>,
    stored: tajo_state::Stored<ProductRecord>,
    accepted: Accepted,
) -> Result<Step, Stop> {
    for crossing in &accepted.crossed {
        info!(
            store.id = %worker.store.facts.store,
            product = door.product,
            crossing = crossing.event(),
            "a stock crossed a threshold"
        );
    }
    let skipped: Vec<Skipped> = accepted.skipped.clone();
    let is_held = accepted.is_held;
    let mut step = deliver(worker, door, stored, accepted).await?;
    step.skipped.extend(skipped);
    if is_held { Err(effects::held()) } else { Ok(step) }
}

/// What notices are worked on one after another for: the product, or the inventory item.
pub(crate) fn subject(change: &Change) -> Option<String> {
    match change {
        Change::Product(news) => Some(format!("product {}", news.product())),
        Change::Stock(StockNews { of: StockOf::Variant { product, .. }, .. }) => {
            Some(format!("product {product}"))
        }
        Change::Stock(StockNews { of: StockOf::Item(item), .. }) => Some(format!("item {item}")),
        Change::Collection(news) => Some(format!("collection {}", news.id())),
        _ => None,
    }
}

fn attributes(record: &ProductRecord) -> Attributes {
    let expires = record.deleted_at.and_then(|at| at.saturating_add(REMEMBERED).ok());
    Attributes { due: None, expires_at: expires.map(|at| at.as_second()) }
}

fn kept_for_a_while(record: &ItemRecord) -> Attributes {
    let expires = record.stock.newest().saturating_add(KEPT).ok().filter(|_| record.variant.is_none());
    Attributes { due: None, expires_at: expires.map(|at| at.as_second()) }
}
