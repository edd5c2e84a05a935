//! `collections/create`, `collections/update` and `collections/delete`. Which products are in a collection is not told.

use tajo_domain::{Change, Changes, CollectionNews, Unusable};

use super::{expect_kind, parts};
use crate::Context;
use crate::shopify::payload;
use crate::shopify::payload_product::Collection;

const NO_ID: &str = "the body has no collection id";

/// The collection as it is now.
pub fn news(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let (id, payload) = read(body)?;
    let Some(name) = payload.title.owned() else {
        return Err(Unusable::new("the body names a collection, but not its title"));
    };
    let updated_at = parts::first_time([&payload.updated_at], context.time);
    let handle = payload.handle.owned();
    Ok(one(CollectionNews::Now { id, name, handle, updated_at, triggered_at: None }))
}

/// A collection that is gone. The body has nothing to tell the time by.
pub fn deleted(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let (id, payload) = read(body)?;
    if payload.title.get().is_some() {
        return Err(Unusable::new("the topic says deleted, but the body is a collection that exists"));
    }
    Ok(one(CollectionNews::Gone { id, at: context.time }))
}

fn one(news: CollectionNews) -> Changes {
    Changes { changes: vec![Change::Collection(news)], skipped: Vec::new() }
}

fn read(body: &[u8]) -> Result<(String, Collection<'_>), Unusable> {
    let payload: Collection<'_> = payload::parse(body, NO_ID)?;
    let id = payload.id.0.clone().ok_or_else(|| Unusable::new(NO_ID))?;
    expect_kind(payload.admin_graphql_api_id.get(), "Collection", "a collection")?;
    Ok((id, payload))
}
