//! Notices that only name a thing: it is fetched, and handled as if the notice had carried it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tajo_domain::{
    Change, Changes, ContactKey, ContactRecord, OrderRecord, ProductNews, ProductRecord, Skipped,
};
use tajo_platforms::shopify::api::{self, Answer, Error, NextStep, Query, Wanted, body};
use tajo_platforms::{Context, Notice, Platform};
use tajo_state::Key;

use crate::shopify::{CANNOT_BE_ASKED, NO_TOKEN, Shop};
use crate::stop::Stop;
use crate::worker::LEAST_TIME;
use crate::{Env, Store};

/// Why an opt-in is left out.
const UNSIGNED: &str = "it was forwarded without its signature, by a key that may not vouch for an opt-in";

/// Pages of an order's lines: more lines than this leave the rest out.
const MOST_PAGES: usize = 20;

/// What a notice means. Calls the platform only if the notice does not carry what it is about.
pub(super) async fn changes(
    env: &Env,
    store: &Store,
    notice: &Notice,
    deadline: Timestamp,
) -> Result<Changes, Stop> {
    let context = store.context(notice.time(), notice.received_at);
    let topic = &notice.topic;
    let (wanted, carried) = match (notice.platform, notice.id_only()) {
        (Platform::Shopify, Some(named)) => (Wanted::of_too_large(topic, named), None),
        (Platform::Shopify, None) => {
            let body = notice.body()?;
            (Wanted::instead_of(topic, &body), Some(body))
        }
    };
    let Some(wanted) = wanted else {
        let body = carried.map_or_else(|| notice.body(), Ok)?;
        let changes = notice.platform.changes(topic, &body, &context)?;
        // Only of the body itself: what Shopify answers when it is asked needs no signature.
        let changes = if notice.unsigned { changes.without_opt_ins(UNSIGNED) } else { changes };
        return Ok(changes.triggered(trigger(notice)));
    };
    if let Some(reason) = left(env, store, &wanted).await? {
        let skipped = vec![Skipped::new("the whole notice", reason)];
        return Ok(Changes { changes: Vec::new(), skipped });
    }
    let what = wanted.what();
    let Some(shop) = store.shop() else {
        return Err(Stop::park(format!(
            "the notice only names the {what} it is about, and {CANNOT_BE_ASKED}{NO_TOKEN}"
        )));
    };
    match fetch(env, shop, &store.metafields(), &wanted, deadline).await? {
        Some(fetched) => read(env, store, notice, &wanted, &fetched),
        None => gone(env, store, &wanted).await,
    }
}

/// What it means that the platform does not have it. A product that Brevo was told of was there, so it was deleted,
/// whether or not `products/delete` ever comes. One that nobody has heard of may only be too new to be found: a deletion
/// is final, so that is not guessed.
async fn gone(env: &Env, store: &Store, wanted: &Wanted) -> Result<Changes, Stop> {
    if let Wanted::Product(product) = wanted {
        let key = Key::product(&store.facts.store, product);
        let record = env.table.get::<ProductRecord>(&key).await?.record;
        if record.is_some_and(|record| record.version.is_some()) {
            let gone = ProductNews::Gone { product: product.clone(), at: env.clock.now() };
            return Ok(Changes { changes: vec![Change::Product(gone)], skipped: Vec::new() });
        }
    }
    let reason = format!("Shopify has no such {} (any more)", wanted.what());
    Ok(Changes { changes: Vec::new(), skipped: vec![Skipped::new("the whole notice", reason)] })
}

/// Why the platform is not asked: nobody who left, or was erased, is asked about.
async fn left(env: &Env, store: &Store, wanted: &Wanted) -> Result<Option<&'static str>, Stop> {
    let id = &store.facts.store;
    Ok(match wanted {
        Wanted::Customer(customer) => {
            let key = Key::contact(id, &ContactKey::Customer(customer.clone()));
            let record = env.table.get::<ContactRecord>(&key).await?.record;
            let is_over = record.is_some_and(|record| record.deleted_at.is_some());
            is_over.then_some("the customer left the store, or was erased")
        }
        Wanted::Order(order) => {
            let record = env.table.get::<OrderRecord>(&Key::order(id, order)).await?.record;
            record.is_some_and(|record| record.erased).then_some("the buyer of this order was erased")
        }
        Wanted::Product(_) => None,
    })
}

/// What was fetched, read as the body that the notice would have had.
fn read(
    env: &Env,
    store: &Store,
    notice: &Notice,
    wanted: &Wanted,
    fetched: &Fetched,
) -> Result<Changes, Stop> {
    // What is fetched may have changed since the webhook was received.
    let fetched_at = notice.received_at.max(env.clock.now());
    let context = &store.context(notice.time(), fetched_at);
    let Fetched { asked_at, node, lines, has_all_lines } = fetched;
    let body = match wanted {
        Wanted::Customer(_) => body::customer(node),
        Wanted::Order(_) => body::order(node, lines),
        Wanted::Product(_) => body::product(node),
    };
    let mut changes = notice.platform.changes(&notice.topic, body.to_string().as_bytes(), context)?;
    if let Wanted::Order(_) = wanted {
        changes.skipped.extend(body::left_out(node, *has_all_lines));
    }
    if let Wanted::Product(_) = wanted {
        for change in &mut changes.changes {
            if let Change::Product(ProductNews::Now(product)) = change {
                product.collections = Some(api::membership(node, *asked_at));
            }
        }
    }
    if let Wanted::Customer(_) = wanted {
        // The whole of a customer is known now: nobody needs to look it up again.
        let context = Context { time: fetched_at, ..context.clone() };
        for change in &mut changes.changes {
            if let Change::Person { update, .. } = change {
                **update = api::person(node, &store.metafields(), &context)?;
            }
        }
    }
    // It shows what was there when it was asked for, however old the notice is.
    Ok(changes.triggered(Some(*asked_at)))
}

/// When the platform triggered the webhook. The header is not signed: a moment that has not come is none to order by.
fn trigger(notice: &Notice) -> Option<Timestamp> {
    notice.triggered_at.map(|at| at.min(notice.received_at))
}

/// A thing as the platform has it now.
struct Fetched {
    /// When it was asked for.
    asked_at: Timestamp,
    node: Value,
    /// The lines of an order.
    lines: Vec<Value>,
    has_all_lines: bool,
}

async fn fetch(
    env: &Env,
    shop: Shop<'_>,
    metafields: &[String],
    wanted: &Wanted,
    deadline: Timestamp,
) -> Result<Option<Fetched>, Stop> {
    let asked_at = env.clock.now();
    let found = match wanted {
        Wanted::Customer(id) => {
            ask(env, shop, &api::customers(std::slice::from_ref(id), metafields), deadline).await?
        }
        Wanted::Order(id) => ask(env, shop, &api::order(id), deadline).await?,
        Wanted::Product(id) => ask(env, shop, &api::product(id), deadline).await?,
    };
    let node = match wanted {
        Wanted::Customer(_) => found.data["nodes"][0].clone(),
        Wanted::Order(_) => found.data["order"].clone(),
        Wanted::Product(_) => found.data["product"].clone(),
    };
    if !node.is_object() {
        return Ok(None);
    }
    let (lines, has_all_lines) = match wanted {
        Wanted::Order(id) => lines(env, shop, id, &node["updatedAt"], deadline).await?,
        Wanted::Customer(_) | Wanted::Product(_) => (Vec::new(), true),
    };
    Ok(Some(Fetched { asked_at, node, lines, has_all_lines }))
}

/// The lines of an order, and whether these are all.
async fn lines(
    env: &Env,
    shop: Shop<'_>,
    id: &str,
    version: &Value,
    deadline: Timestamp,
) -> Result<(Vec<Value>, bool), Stop> {
    let mut lines = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = ask(env, shop, &api::order_lines(id, after.as_deref()), deadline).await?;
        let order = &page.data["order"];
        if order["updatedAt"] != *version {
            let reason = "the order changed while it was being read".to_owned();
            return Err(Stop::Later { after: None, reason });
        }
        let connection = &order["lineItems"];
        lines.extend(connection["nodes"].as_array().into_iter().flatten().cloned());
        after = connection["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        if connection["pageInfo"]["hasNextPage"] != true || after.is_none() {
            return Ok((lines, true));
        }
    }
    Ok((lines, false))
}

/// One query. An order in pages would never get to its end if each wait put the whole notice off, so a wait that fits
/// before the deadline is waited for here.
async fn ask(env: &Env, shop: Shop<'_>, query: &Query, deadline: Timestamp) -> Result<Answer, Stop> {
    loop {
        let left = deadline.duration_since(env.clock.now()) - LEAST_TIME;
        if left < SignedDuration::ZERO {
            let reason = "too little time was left for another call".to_owned();
            return Err(Stop::Later { after: None, reason });
        }
        let error = match env.shopify.ask(shop, query, &env.clock).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match (&error, error.next_step()) {
            (Error::Throttled { after }, _)
                if SignedDuration::try_from(*after).is_ok_and(|wait| wait < left) =>
            {
                tokio::time::sleep(*after).await;
            }
            (_, NextStep::Retry { after }) => return Err(Stop::Later { after, reason: error.to_string() }),
            (_, NextStep::AskMerchant { hint }) => {
                let reason = format!("{CANNOT_BE_ASKED}{error}");
                env.set_attention(shop.store, Some(&reason)).await?;
                return Err(Stop::Park { reason, hint: Some(hint) });
            }
            (_, NextStep::Park) => return Err(Stop::park(error.to_string())),
        }
    }
}
