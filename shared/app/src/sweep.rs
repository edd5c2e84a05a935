//! Every minute: carts that may be abandoned by now become notices. Nothing is decided here: the index may be
//! stale, and an order may be on its way. How much work is parked is counted for the alarms, and once a night each Brevo
//! account is compared.

mod erasures;
mod webhooks;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_domain::CartRecord;
use tajo_platforms::{Notice, Platform};
use tajo_state::{
    DUE_SHARDS, DueCart, Key, Reconcile, StoreRecord, Table, backlog, due_accounts, due_carts, next_night,
};
use tracing::{error, info, warn};

use crate::cart::attributes;
use crate::config::SweeperConfig;
use crate::{Clock, Queue};

/// Carts asked for in one query.
const PAGE: i32 = 100;

/// Pages of one partition in one run; what is left is due in the next minute too.
const PAGES: u32 = 20;

/// When a cart is looked at again if its notice is not worked off by then. The ledger keeps a second notice
/// from becoming a second event.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// Carts of one run are worked on one a second: a reminder asks for two calls, and an evening's minute may bring more carts
/// than Brevo takes at once, with orders waiting behind them. So many may begin together.
const AT_ONCE: u32 = 2;

/// All of them begin within the minute until the next run.
const SPREAD_SECONDS: u32 = 50;

/// A cart that is due for less than a run's time is seen for the first time.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(60);

/// How often a process looks for what is due once a day: each look is paid for, and an idle store has most of them.
pub const DAILY_WORK: SignedDuration = SignedDuration::from_mins(10);

/// What the sweeper works with.
pub struct Sweeper {
    /// State.
    pub table: Table,
    /// Where its notices go.
    pub queue: Queue,
    /// The time.
    pub clock: Clock,
    /// When this process last looked for what is due once a day.
    looked_at: Mutex<Option<Timestamp>>,
}

/// What one run found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Carts that became notices.
    pub due: u32,
    /// Brevo accounts whose nightly comparison began.
    pub compared: u32,
    /// Carts of no connected store.
    pub dropped: u32,
    /// Carts, or the comparison, that could not be read or written: the next run tries them again.
    pub failed: u32,
    /// Whether carts are left for the next run.
    pub more: bool,
    /// Notices that wait for a person, in all stores together; more than a thousand are not counted.
    pub parked: usize,
}

impl Sweeper {
    /// Clients for this configuration.
    pub async fn new(config: &SweeperConfig) -> Result<Self, tajo_state::AwsError> {
        let aws = tajo_state::sdk_config(config.endpoint.as_deref()).await?;
        Ok(Self {
            table: Table::new(aws_sdk_dynamodb::Client::new(&aws), &config.table),
            queue: Queue::new(aws_sdk_sqs::Client::new(&aws), &config.live_queue_url),
            clock: Clock::default(),
            looked_at: Mutex::default(),
        })
    }

    /// Whether it is time to look for what is due once a day.
    fn looks(&self) -> bool {
        let now = self.clock.now();
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = looked_at.is_none_or(|at| DAILY_WORK <= now.duration_since(at));
        if is_time {
            *looked_at = Some(now);
        }
        is_time
    }
}

/// One run over all partitions of the due index, until `deadline`. Fails if the index cannot be read, or if a cart
/// could not be worked on; the others were all the same. The next minute tries again.
pub async fn sweep(
    sweeper: &Sweeper,
    deadline: Timestamp,
) -> Result<Swept, Box<dyn std::error::Error + Send + Sync>> {
    let mut swept = Swept::default();
    for shard in 0..DUE_SHARDS {
        let mut next = None;
        for page in 0..=PAGES {
            if page == PAGES || deadline <= sweeper.clock.now() {
                swept.more = true;
                break;
            }
            let (due, rest) = due_carts(&sweeper.table, shard, sweeper.clock.now(), PAGE, next).await?;
            for cart in &due {
                // The queue may be out of reach: then every cart waits for its answer.
                if deadline <= sweeper.clock.now() {
                    swept.more = true;
                    break;
                }
                if let Err(error) = announce(sweeper, cart, &mut swept).await {
                    error!(store.id = %cart.store, %error, "a due cart could not be worked on");
                    swept.failed += 1;
                }
            }
            next = rest;
            if next.is_none() {
                break;
            }
        }
    }
    info!(carts.due = swept.due, carts.dropped = swept.dropped, more = swept.more, "swept the due carts");
    if sweeper.looks() {
        if let Err(error) = compare_accounts(sweeper, &mut swept).await {
            error!(%error, "the nightly comparison with Brevo could not be begun");
            swept.failed += 1;
        }
        if let Err(error) = erasures::sweep(sweeper, deadline).await {
            error!(%error, "which shops are to be erased could not be found out");
            swept.failed += 1;
        }
        if let Err(error) = webhooks::sweep(sweeper, deadline).await {
            // The carts are done all the same, and the next look tries again.
            error!(%error, "whose webhooks are to be looked through could not be found out");
        }
    }
    swept.parked = tell_of_parked(sweeper).await;
    match swept.failed {
        0 => Ok(swept),
        failed => {
            Err(format!("{failed} due carts or accounts could not be worked on; {} could", swept.due).into())
        }
    }
}

/// Once a night for each Brevo account: a notice that has it compared with what we know. The notice first, then the next
/// night: a crash in between has it compared twice, which changes nothing.
async fn compare_accounts(
    sweeper: &Sweeper,
    swept: &mut Swept,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let now = sweeper.clock.now();
    for account in due_accounts(&sweeper.table, now, PAGE).await? {
        let key = Key::reconcile(&account);
        let stored = sweeper.table.get_newest::<Reconcile>(&key).await?;
        // The index may be behind.
        if stored.record.as_ref().is_none_or(|record| now.as_millisecond() < record.due_at) {
            continue;
        }
        sweeper.queue.send(&Notice::reconcile(&account, now), Duration::ZERO).await?;
        swept.compared += 1;
        let next = next_night(&account, now).as_millisecond();
        let rearm = |record: &mut Reconcile| record.due_at = record.due_at.max(next);
        sweeper.table.settle(&key, stored, Reconcile::attributes, rearm).await?;
    }
    Ok(())
}

/// Says how much work waits for a person, and since when: two metrics are made of this line, and alarms of those
/// (template.yaml). Silent while there is none, which costs nothing.
async fn tell_of_parked(sweeper: &Sweeper) -> usize {
    let backlog = match backlog(&sweeper.table).await {
        Ok(backlog) => backlog,
        Err(error) => {
            warn!(%error, "how much work is parked could not be counted");
            return 0;
        }
    };
    if let Some(oldest) = backlog.oldest {
        let hours = sweeper.clock.now().duration_since(oldest).as_hours();
        // The filters know these two names: dots in a name would need quoting there.
        info!(parked_count = backlog.count, parked_oldest_hours = hours, "work waits for a person");
    }
    backlog.count
}

/// When the next cart of a run has its turn, after so many others.
fn slot(others: u32) -> Duration {
    Duration::from_secs(u64::from((others + 1).saturating_sub(AT_ONCE) % SPREAD_SECONDS))
}

/// The notice first, then the index: a crash in between sends a second notice, which finds nothing to do.
async fn announce(
    sweeper: &Sweeper,
    cart: &DueCart,
    swept: &mut Swept,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let now = sweeper.clock.now();
    let store = sweeper.table.get::<StoreRecord>(&Key::store(&cart.store)).await?.record;
    // Nobody is reminded for a shop that has left.
    let store = store.filter(|store| !store.status.has_left());
    let store = store.and_then(|store| Platform::parse(&store.platform).map(|platform| (store, platform)));
    if let Some((store, platform)) = &store {
        let mut notice = Notice::cart_due(&cart.store, *platform, &store.shop, &cart.token, cart.due_at);
        let delay = slot(swept.due);
        notice.received_at = now.saturating_add(delay).unwrap_or(now);
        sweeper.queue.send(&notice, delay).await?;
        swept.due += 1;
        // Nearly always the notice is worked off before the next run: the index entry moves only if it was not.
        if now.duration_since(cart.due_at) < FIRST_LOOK {
            return Ok(());
        }
    } else {
        warn!(store.id = %cart.store, "a due cart belongs to no connected store, or to one that has left");
        swept.dropped += 1;
    }
    let key = Key::cart(&cart.store, &cart.token);
    let stored = sweeper.table.get::<CartRecord>(&key).await?;
    let again = now.saturating_add(LOOK_AGAIN)?.as_millisecond();
    let rearm = |record: &mut CartRecord| {
        // Whoever worked the notice off meanwhile knows better.
        if record.due_at.is_some_and(|at| at <= now.as_millisecond()) {
            record.due_at = store.as_ref().map(|_| again);
        }
    };
    sweeper.table.settle(&key, stored, attributes, rearm).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_carts_have_their_turn_at_once_and_many_spread_over_the_minute() {
        assert_eq!([0, 1, 2, 5].map(|others| slot(others).as_secs()), [0, 0, 1, 4]);
        let mut turns = [0_u32; 60];
        (0..1_000).for_each(|others| turns[usize::try_from(slot(others).as_secs()).unwrap()] += 1);
        assert!(turns[..50].iter().all(|count| (19..=21).contains(count)), "{turns:?}");
        assert!(turns[50..].iter().all(|count| *count == 0));
    }
}
