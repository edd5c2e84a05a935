//! Every minute: carts that may be abandoned by now become notices. Nothing is decided here: the index may be
//! stale, and an order may be on its way. And how much work is parked is counted for the alarms.

mod webhooks;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_domain::CartRecord;
use tajo_platforms::{Notice, Platform};
use tajo_state::{DUE_SHARDS, DueCart, Key, StoreRecord, Table, backlog, due_carts};
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

/// A cart that is due for less than a run's time is seen for the first time.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(60);

/// What the sweeper works with.
pub struct Sweeper {
    /// State.
    pub table: Table,
    /// Where its notices go.
    pub queue: Queue,
    /// The time.
    pub clock: Clock,
}

/// What one run found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Carts that became notices.
    pub due: u32,
    /// Carts of no connected store.
    pub dropped: u32,
    /// Carts that could not be read or written: the next run tries them again.
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
        })
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
    if let Err(error) = webhooks::sweep(sweeper, deadline).await {
        // The carts are done all the same, and the next minute tries again.
        error!(%error, "whose webhooks are to be looked through could not be found out");
    }
    swept.parked = tell_of_parked(sweeper).await;
    match swept.failed {
        0 => Ok(swept),
        failed => Err(format!("{failed} due carts could not be worked on; {} could", swept.due).into()),
    }
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
        notice.received_at = now;
        sweeper.queue.send(&notice, Duration::ZERO).await?;
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
