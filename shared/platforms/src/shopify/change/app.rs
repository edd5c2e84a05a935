//! `app/uninstalled`, `app/scopes_update` and `bulk_operations/finish`.

use serde::Deserialize;
use tajo_domain::{AppNews, Change, Changes, Unusable};

use super::{expect_kind, parts};
use crate::Context;
use crate::lenient::{Id, List, Text, Time};
use crate::shopify::payload;

/// The Shop object, as far as it tells that it is one. Its address may be absent, and its name is never read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Shop<'a> {
    id: Id,
    #[serde(borrow)]
    admin_graphql_api_id: Text<'a>,
    myshopify_domain: Text<'a>,
    /// Keys that nothing but a Shop has.
    plan_name: Text<'a>,
    money_format: Text<'a>,
    shop_owner: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Scopes<'a> {
    #[serde(borrow)]
    shop_id: Text<'a>,
    previous: Option<List<Text<'a>>>,
    current: Option<List<Text<'a>>>,
    updated_at: Time,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BulkOperation<'a> {
    #[serde(borrow)]
    admin_graphql_api_id: Text<'a>,
    status: Text<'a>,
    error_code: Text<'a>,
    completed_at: Time,
}

/// The shop removed the app. A genuine `shop/update` has the same body: what this does can be taken back by connecting
/// the store again.
pub fn uninstalled(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let shop: Shop<'_> = payload::parse(body, "the body is not a shop")?;
    expect_kind(shop.admin_graphql_api_id.get(), "Shop", "a shop")?;
    let is_shop =
        [&shop.plan_name, &shop.money_format, &shop.shop_owner].iter().any(|text| text.get().is_some());
    if shop.id.0.is_none() || !is_shop {
        return Err(Unusable::new("the body is not a shop"));
    }
    if shop.myshopify_domain.get().is_some_and(|domain| !domain.eq_ignore_ascii_case(&context.shop_domain)) {
        return Err(Unusable::new("the body is about another shop than the headers say"));
    }
    Ok(news(AppNews::Uninstalled { shop: shop.id.0, at: context.time }))
}

/// The shop granted other rights than before.
pub fn scopes(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let scopes: Scopes<'_> = payload::parse(body, "the body lists no scopes")?;
    expect_kind(scopes.shop_id.get(), "Shop", "a shop")?;
    let (Some(_), Some(current)) = (&scopes.previous, &scopes.current) else {
        return Err(Unusable::new("the body does not list the scopes before and now"));
    };
    let granted = current.texts().map(str::to_owned).collect();
    Ok(news(AppNews::Scopes { granted, at: parts::first_time([&scopes.updated_at], context.time) }))
}

/// A bulk operation came to its end; where its result lies is asked for by its id, and only then.
pub fn bulk_finished(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let bulk: BulkOperation<'_> = payload::parse(body, "the body names no bulk operation")?;
    expect_kind(bulk.admin_graphql_api_id.get(), "BulkOperation", "a bulk operation")?;
    let (Some(operation), Some(status)) =
        (bulk.admin_graphql_api_id.get().and_then(|gid| gid.rsplit('/').next()), bulk.status.owned())
    else {
        return Err(Unusable::new("the body names no bulk operation and its status"));
    };
    Ok(news(AppNews::BulkFinished {
        operation: operation.to_owned(),
        status: status.to_lowercase(),
        error: bulk.error_code.owned(),
        at: parts::first_time([&bulk.completed_at], context.time),
    }))
}

fn news(news: AppNews) -> Changes {
    Changes { changes: vec![Change::App(news)], skipped: Vec::new() }
}
