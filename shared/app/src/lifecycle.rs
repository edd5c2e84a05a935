//! What happens between a shop and the app: it leaves, or grants other rights.

mod installed;

use jiff::Timestamp;
use tajo_domain::{AppNews, Skipped};
use tajo_platforms::shopify::oauth::{lacking, needed};
use tajo_state::{BulkEnd, Key, Scopes, StoreRecord, StoreStatus};
use tracing::warn;

pub(crate) use installed::{Installed, is_installed};

use crate::shopify::wants;
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// Takes news about the app into the store's record.
pub(crate) async fn app(worker: &Worker<'_>, news: &AppNews) -> Result<Step, Stop> {
    match news {
        AppNews::Uninstalled { shop, at } => uninstalled(worker, shop.as_deref(), *at).await,
        AppNews::Scopes { granted, at } => scopes(worker, granted, *at).await,
        AppNews::BulkFinished { operation, status, error, at } => {
            let end = BulkEnd { status: status.clone(), error: error.clone(), at: *at };
            bulk_finished(worker, operation, end).await
        }
    }
}

/// News in a sentence, for `tajo explain`.
pub(crate) fn meaning(news: &AppNews) -> &'static str {
    match news {
        AppNews::Uninstalled { .. } => {
            "the store's notices are skipped from then on, and no cart is reminded of; nothing is erased yet"
        }
        AppNews::Scopes { .. } => {
            "the granted scopes are noted, with a warning where a needed one is missing"
        }
        AppNews::BulkFinished { .. } => {
            "the end of the bulk operation is noted for the run that waits for it"
        }
    }
}

/// Nothing is erased yet: `shop/redact` follows after 48 hours, unless the shop comes back before. Believed only if Shopify
/// refuses the app's token, since an old notice can be sent again; counted from now, since its time is the sender's word.
async fn uninstalled(worker: &Worker<'_>, shop: Option<&str>, at: Timestamp) -> Result<Step, Stop> {
    if let Some(known) = worker.store.record.shop_id.as_deref()
        && shop != Some(known)
    {
        return Err(Stop::park(
            "the notice that the app was removed is about another shop than this store's",
        ));
    }
    if let Some(reason) = not_left(&worker.store.record, at) {
        return Ok(Step::skip("store", reason));
    }
    if is_installed(worker).await? == Installed::Yes {
        let reason = "Shopify still takes the app's token: the webhook is not believed";
        return Ok(Step { asked_platform: true, ..Step::skip("store", reason) });
    }
    let now = worker.now();
    let decide = |stored: Option<&StoreRecord>| {
        let stored = stored.filter(|stored| not_left(stored, at).is_none())?;
        Some(StoreRecord {
            status: StoreStatus::Uninstalled,
            uninstalled_at: Some(now),
            attention: None,
            shop_id: shop.map(str::to_owned).or_else(|| stored.shop_id.clone()),
            scopes: None,
            ..stored.clone()
        })
    };
    worker.env.change_store(&worker.store.facts.store, decide).await?;
    let reason = "the app was removed from the shop: its notices are skipped, its carts are not reminded of";
    Ok(Step { applied: true, skipped: vec![Skipped::new("store", reason)], ..Step::default() })
}

/// Why a notice that the app was removed is none about the present. Pure.
fn not_left(store: &StoreRecord, at: Timestamp) -> Option<&'static str> {
    if store.status.has_left() {
        return Some("it was known that the app was removed");
    }
    let connected = store.installed_at.unwrap_or(store.connected_at);
    (at <= connected).then_some("a late notice: the store was connected again since")
}

async fn scopes(worker: &Worker<'_>, granted: &[String], at: Timestamp) -> Result<Step, Stop> {
    let missing = lacking(&needed(&wants(&worker.store.facts.settings)), granted);
    let now = worker.now();
    // Scopes from the future were stored by a version that believed such times.
    let is_old = |stored: &StoreRecord| {
        stored.scopes.as_ref().is_some_and(|scopes| scopes.at > at && scopes.at <= now)
    };
    if is_old(&worker.store.record) {
        return Ok(Step::skip("store", "newer news of the scopes was here before"));
    }
    let warning = (!missing.is_empty()).then(|| warning(&missing));
    let decide = |stored: Option<&StoreRecord>| {
        let stored = stored.filter(|stored| !is_old(stored) && !stored.status.has_left())?;
        let missing = missing.iter().map(|scope| (*scope).to_owned()).collect();
        let scopes = Some(Scopes { at, granted: granted.to_vec(), missing });
        // A store that waits for its merchant has a reason of its own; one that works only carries the warning.
        let attention = match stored.status {
            StoreStatus::NeedsAttention => stored.attention.clone(),
            _ => warning.clone(),
        };
        let news = StoreRecord { scopes, attention, ..stored.clone() };
        (news != *stored).then_some(news)
    };
    let store = &worker.store.facts.store;
    worker.env.change_store(store, decide).await?;
    let skipped = warning.iter().map(|warning| {
        warn!(store.id = %store, "{warning}");
        Skipped::new("scopes", warning.clone())
    });
    Ok(Step { applied: true, skipped: skipped.collect(), ..Step::default() })
}

/// Notes the end: whoever started the operation reads it there. What has ended does not end again.
async fn bulk_finished(worker: &Worker<'_>, operation: &str, end: BulkEnd) -> Result<Step, Stop> {
    let key = Key::bulk(&worker.store.facts.store, operation);
    let decide = |stored: Option<&BulkEnd>| (stored.is_none().then(|| end.clone()), stored.is_none());
    let (_, is_news) = worker.env.table.change(&key, BulkEnd::attributes, decide).await?;
    Ok(Step { applied: is_news, ..Step::default() })
}

/// What a person should know of a store's scopes.
pub(crate) fn warning_of(scopes: &Scopes) -> Option<String> {
    let missing: Vec<&str> = scopes.missing.iter().map(String::as_str).collect();
    (!missing.is_empty()).then(|| warning(&missing))
}

fn warning(missing: &[&str]) -> String {
    let scopes = missing.join(", ");
    format!(
        "the shop no longer grants {scopes}: its webhooks stop coming; ask for the scope again, or switch off what needs it"
    )
}
