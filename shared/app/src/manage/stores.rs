//! Looking at stores, pausing and resuming them.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tajo_api::{State, StoreList, StoreStatus as Shown};
use tajo_state::{LogLine, LogQuery, StoreStatus, count_waiting, log_page, pending_erasure};

use super::call::Call;
use super::count::{Counts, counts};
use super::fault::Fault;
use super::named::{Named, living, named, touchable};
use super::wire::Reply;
use super::{Manage, runs};
use crate::pause;
use crate::privacy::waiting;

/// The log is kept for two weeks.
pub(super) const LOG_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// For finding when something last reached Brevo.
const PATIENCE: Duration = Duration::from_secs(2);

/// `listStores`
pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let stores = touchable(call).await?;
    let counts = counts(call.manage).await?;
    let mut shown = Vec::with_capacity(stores.len());
    for store in &stores {
        shown.push(show(call.manage, store, &counts).await?);
    }
    Reply::ok(&StoreList { stores: shown })
}

/// `status`
pub(super) async fn status(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?;
    answer(call, &store).await
}

/// `pause`
pub(super) async fn pause(call: &Call<'_>) -> Result<Reply, Fault> {
    let mut store = living(call).await?;
    store.record = pause::pause(&call.manage.connect.table, &store.id).await?;
    answer(call, &store).await
}

/// `resume`
pub(super) async fn resume(call: &Call<'_>) -> Result<Reply, Fault> {
    let mut store = living(call).await?;
    let connect = &call.manage.connect;
    store.record = pause::resume(&connect.table, &connect.queue, &store.id, connect.clock.now()).await?;
    answer(call, &store).await
}

async fn answer(call: &Call<'_>, store: &Named) -> Result<Reply, Fault> {
    Reply::ok(&show(call.manage, store, &counts(call.manage).await?).await?)
}

async fn show(manage: &Manage, store: &Named, counts: &Counts) -> Result<Shown, Fault> {
    let Named { id, record } = store;
    let (table, now) = (&manage.connect.table, manage.connect.clock.now());
    let (parked, held) = count_waiting(table, id).await?;
    let reached = |line: &LogLine| line.outcome == "applied" && line.calls > 0;
    let query = LogQuery {
        since: now.saturating_sub(LOG_KEPT).unwrap_or(now),
        from: None,
        limit: 1,
        matches: &reached,
        until: Instant::now() + PATIENCE,
    };
    let (lines, _) = log_page(table, id.as_str(), now, query).await?;
    let reached = lines.first().map(|line| line.at);
    let of_store = counts.stores.get(id.as_str()).copied().unwrap_or_default();
    Ok(Shown {
        store: id.as_str().to_owned(),
        platform: record.platform.clone(),
        shop: record.shop.clone(),
        connected: matches!(record.status, StoreStatus::Active | StoreStatus::NeedsAttention),
        state: match record.status {
            StoreStatus::Active => State::Active,
            StoreStatus::Connecting => State::Connecting,
            StoreStatus::NeedsAttention => State::NeedsAttention,
            StoreStatus::Paused => State::Paused,
            StoreStatus::Uninstalled => State::Uninstalled,
            StoreStatus::Erased => State::Erased,
        },
        attention: attention(manage, store).await?,
        connected_at: record.connected_at,
        last_sync: reached.max(runs::last_ended(table, id).await?),
        customers_count: of_store.customers,
        orders_count: of_store.orders,
        products_count: of_store.products,
        counted_at: counts.at,
        parked_count: parked,
        held_count: held,
        brevo_account: record.account.clone(),
    })
}

/// Why the store needs somebody: what is written down, or that it will be erased.
async fn attention(manage: &Manage, store: &Named) -> Result<Option<String>, Fault> {
    let pending = pending_erasure(&manage.connect.table, &store.id, &store.record).await?;
    Ok(pending.map(|erasure| waiting(erasure.due_at)).or_else(|| store.record.attention.clone()))
}
