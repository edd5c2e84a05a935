//! Once a day each store's webhooks are looked through: Shopify removes those whose deliveries fail (shopify.dev, "Verify
//! webhook deliveries"). Here it is only found out whose turn it is.

use std::time::Duration;

use jiff::Timestamp;
use tajo_domain::StoreId;
use tajo_platforms::notice::CHECK_WEBHOOKS;
use tajo_platforms::{Notice, Platform};
use tajo_state::{Key, StoreRecord, WebhookCheck, due_webhook_checks};
use tracing::{error, info};

use super::Sweeper;
use crate::connect::set_up::CHECK_EVERY;

/// Stores of one run; the others are due at the next look too.
const MOST: i32 = 50;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Puts a notice on the queue for each store whose turn it is. Answers how many.
pub(super) async fn sweep(sweeper: &Sweeper, deadline: Timestamp) -> Result<u32, Failure> {
    let mut announced = 0;
    for store in due_webhook_checks(&sweeper.table, sweeper.clock.now(), MOST).await? {
        if deadline <= sweeper.clock.now() {
            break;
        }
        match announce(sweeper, &store).await {
            Ok(is_announced) => announced += u32::from(is_announced),
            Err(error) => {
                error!(store.id = %store, %error, "the webhooks of a store cannot be looked through")
            }
        }
    }
    if announced > 0 {
        info!(stores = announced, "webhooks are looked through");
    }
    Ok(announced)
}

/// The notice first, then the index: a crash in between sends a second notice, which finds nothing to do.
async fn announce(sweeper: &Sweeper, store: &StoreId) -> Result<bool, Failure> {
    let now = sweeper.clock.now();
    let record = sweeper.table.get::<StoreRecord>(&Key::store(store)).await?.record;
    let record = record.filter(|record| !record.status.has_left());
    let known = record.and_then(|record| Some((Platform::parse(&record.platform)?, record.shop)));
    if let Some((platform, shop)) = &known {
        let notice = Notice::of_ours(CHECK_WEBHOOKS, store, *platform, shop, now);
        sweeper.queue.send(&notice, Duration::ZERO).await?;
    }
    // A store that has left is asked about again only when it is connected again; its entry moves out of the way.
    let again = WebhookCheck::at(now.saturating_add(CHECK_EVERY)?);
    let decide = |stored: Option<&WebhookCheck>| {
        let is_due = stored.is_some_and(|check| check.due_at <= now.as_millisecond());
        (is_due.then(|| again.clone()), ())
    };
    sweeper.table.change(&Key::webhook_check(store), WebhookCheck::attributes, decide).await?;
    Ok(known.is_some())
}
