//! Shops whose erasure has waited long enough. Here it is only found out whose time has come.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_domain::StoreId;
use tajo_platforms::notice::ERASE_SHOP;
use tajo_platforms::{Notice, Platform};
use tajo_state::{Erasure, Key, StoreRecord, due_erasures};
use tracing::{error, info};

use super::Sweeper;

/// Stores of one run; the others are due at the next look too.
const MOST: i32 = 50;

/// An erasure that is not done by then (Brevo did not answer, or a person must confirm it) is asked for again.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Puts a notice on the queue for each shop whose time has come.
pub(super) async fn sweep(sweeper: &Sweeper, deadline: Timestamp) -> Result<(), Failure> {
    for store in due_erasures(&sweeper.table, sweeper.clock.now(), MOST).await? {
        if deadline <= sweeper.clock.now() {
            break;
        }
        match announce(sweeper, &store).await {
            Ok(()) => info!(store.id = %store, "the time to erase a store has come"),
            Err(error) => error!(store.id = %store, %error, "the erasure of a store cannot be begun"),
        }
    }
    Ok(())
}

/// The notice first, then the index: a crash in between sends a second notice, which finds nothing to do.
async fn announce(sweeper: &Sweeper, store: &StoreId) -> Result<(), Failure> {
    let now = sweeper.clock.now();
    let record = sweeper.table.get_newest::<StoreRecord>(&Key::store(store)).await?.record;
    let known = record.and_then(|record| Some((Platform::parse(&record.platform)?, record.shop)));
    if let Some((platform, shop)) = known {
        let notice = Notice::of_ours(ERASE_SHOP, store, platform, &shop, now);
        sweeper.queue.send(&notice, Duration::ZERO).await?;
    }
    let again = now.saturating_add(AGAIN)?.as_millisecond();
    let rearm = |stored: Option<&Erasure>| {
        let due = stored.filter(|erasure| erasure.look_at <= now.as_millisecond());
        (due.map(|erasure| Erasure { look_at: again, ..erasure.clone() }), ())
    };
    sweeper.table.change(&Key::erasure(store), Erasure::attributes, rearm).await?;
    Ok(())
}
