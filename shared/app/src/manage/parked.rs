//! Parked work: shown, put back, dropped.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tajo_api::{Fate, FateOf, Fates, ParkedPage, ParkedSelection, ParkedShown, ParkedWork, Scope};
use tajo_domain::StoreId;
use tajo_state::{Listing, Parked, Span, Table, parked_page};

use super::call::Call;
use super::cursor;
use super::fault::Fault;
use super::named::named;
use super::query::time;
use super::router::is_name;
use super::wire::Reply;
use crate::parked::{self, Selection, Shown};

/// Pieces that one call puts back or drops.
const AT_ONCE: usize = 100;

/// Items read in one request.
const PAGE: i32 = 100;

/// How long is looked for pieces that fit.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long one call puts back or drops.
const WORK: Duration = Duration::from_secs(15);

/// `listParked`
pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?.id;
    let (connect, query) = (&call.manage.connect, &call.query);
    let now = connect.clock.now();
    let selection = Selection {
        ids: Vec::new(),
        reason: query.get("reason").map(str::to_owned),
        topic: query.get("topic").map(str::to_owned),
        span: Span { since: query.time("since", now)?, until: query.time("until", now)? },
    };
    let from = query.get("cursor").map(cursor::item).transpose()?;
    let (found, next) = select(&connect.table, &store, &selection, query.limit()?, from).await?;
    Reply::ok(&ParkedPage {
        parked: found.into_iter().map(work).collect(),
        next: next.map(|(id, at)| cursor::of_item(&id, at)),
    })
}

/// `showParked`
pub(super) async fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?.id;
    let body = call.query.flag("body")?;
    if body {
        call.needs(Scope::Operate, "read bodies, which are personal data")?;
    }
    let shown = parked::show(&call.manage.connect.table, store.as_str(), call.part(1), body).await?;
    let Some(Shown { parked, notice, body }) = shown else {
        return Err(
            Fault::not_found("nothing is parked under this id").hint("`tajo parked list` shows what is")
        );
    };
    Reply::ok(&ParkedShown {
        work: work(parked),
        triggered_at: notice.as_ref().and_then(|notice| notice.triggered_at),
        body_bytes: notice.and_then(|notice| u64::try_from(notice.body_bytes?).ok()),
        body,
    })
}

/// `retryParked`
pub(super) async fn retry(call: &Call<'_>) -> Result<Reply, Fault> {
    each(call, true).await
}

/// `dropParked`
pub(super) async fn drop(call: &Call<'_>) -> Result<Reply, Fault> {
    each(call, false).await
}

async fn each(call: &Call<'_>, retry: bool) -> Result<Reply, Fault> {
    let store = named(call).await?.id;
    let connect = &call.manage.connect;
    let (table, now) = (&connect.table, connect.clock.now());
    let selection = selection(call.body()?, now)?;
    let begin = Instant::now();
    let (found, next) = select(table, &store, &selection, AT_ONCE, None).await?;
    let mut fates = Vec::with_capacity(found.len());
    let mut more = next.is_some();
    for one in &found {
        if WORK <= begin.elapsed() {
            more = true;
            break;
        }
        let fate = match retry {
            true => parked::retry(table, &connect.queue, one, now).await?,
            false => parked::discard(table, one).await?,
        };
        let fate = match fate {
            parked::Fate::Retried => Fate::Retried,
            parked::Fate::Dropped => Fate::Dropped,
            parked::Fate::Gone => Fate::Gone,
            parked::Fate::Unreadable => Fate::Unreadable,
        };
        fates.push(FateOf { id: one.id.clone(), fate });
    }
    call.notes.add(format!("{} pieces", fates.len()));
    Reply::ok(&Fates { fates, more })
}

/// All that is said must hold; nothing said needs `all`, so that nobody drops everything by an empty request.
fn selection(asked: ParkedSelection, now: Timestamp) -> Result<Selection, Fault> {
    let ParkedSelection { ids, reason, topic, since, until, all } = asked;
    if 100 < ids.len() {
        return Err(Fault::invalid("`ids` names more than 100"));
    }
    if !ids.iter().all(|id| is_name(id)) {
        return Err(
            Fault::invalid("`ids` names something that is no id").hint("`tajo parked list` shows them")
        );
    }
    let span = Span {
        since: since.map(|since| time("since", &since, now)).transpose()?,
        until: until.map(|until| time("until", &until, now)).transpose()?,
    };
    let selection = Selection { ids, reason, topic, span };
    if selection.is_everything() != all {
        let detail = if all {
            "`all` is said together with a selection"
        } else {
            "nothing says which parked work is meant"
        };
        return Err(
            Fault::invalid(detail).hint("say `ids`, `reason`, `topic`, `since` or `until`, or only `all`")
        );
    }
    Ok(selection)
}

/// At most `limit` pieces that are meant, newest first, and the last that was looked at, if there may be more.
async fn select(
    table: &Table,
    store: &StoreId,
    selection: &Selection,
    limit: usize,
    from: Option<(String, Timestamp)>,
) -> Result<(Vec<Parked>, Option<(String, Timestamp)>), Fault> {
    let begin = Instant::now();
    let listing = Listing::Parked(store);
    let mut next = from.map(|(id, at)| listing.after(&id, at));
    let mut found: Vec<Parked> = Vec::new();
    loop {
        let (page, rest) = parked_page(table, store.as_str(), selection.span, PAGE, next).await?;
        let last = page.last().map(|last| (last.id.clone(), last.at));
        for parked in page.into_iter().filter(|parked| selection.has(parked)) {
            if found.len() == limit {
                let last = found.last().map(|last| (last.id.clone(), last.at));
                return Ok((found, last));
            }
            found.push(parked);
        }
        next = rest;
        if next.is_none() {
            return Ok((found, None));
        }
        if PATIENCE <= begin.elapsed() && last.is_some() {
            return Ok((found, last));
        }
    }
}

/// One piece, as it is shown.
pub(super) fn work(parked: Parked) -> ParkedWork {
    let Parked { id, store: _, topic, reason, hint, attempts, at, parts: _ } = parked;
    ParkedWork { id, topic, reason, hint, attempts, at }
}
