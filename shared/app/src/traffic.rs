//! How busy the door is for each store, as one process sees it.
//!
//! Every store by itself: what a neighbour brings changes nothing for a quiet one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tajo_domain::StoreId;

use crate::Urgency;

/// So many webhooks of one store within so long are a busy time: 8,600 a day. Below it, what arrives is worked on as it
/// comes; above it, what nobody waits for is gathered, since a batch of a hundred products is one call to Brevo and costs a
/// hundredth of the requests to SQS and Lambda.
const BUSY: (usize, Duration) = (60, Duration::from_secs(600));

/// So many within so long are a rush: ten a second, which is what Brevo takes of events or contacts one by one. Above it,
/// everything would have to wait for company anyway, and is gathered from here on, before it costs anything.
const RUSH: (usize, Duration) = (40, Duration::from_secs(4));

/// Stores that are remembered; one that was forgotten is quiet until it has shown itself again.
const STORES: usize = 1_000;

/// The times of the last webhooks of each store.
#[derive(Debug, Default)]
pub struct Traffic {
    last: Mutex<HashMap<Option<StoreId>, VecDeque<Instant>>>,
}

impl Traffic {
    /// Notes one more, and answers whether work of this urgency is to be gathered.
    pub(crate) fn gathers(&self, store: Option<&StoreId>, urgency: Urgency, now: Instant) -> bool {
        let mut stores = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if STORES <= stores.len() && !stores.contains_key(&store.cloned()) {
            stores.retain(|_, last| last.back().is_some_and(|last| is_within(*last, now, BUSY.1)));
            if STORES <= stores.len() {
                stores.clear();
            }
        }
        let last = stores.entry(store.cloned()).or_default();
        let (most, _) = BUSY;
        let brought = |(count, time): (usize, Duration)| {
            let nth = last.len().checked_sub(count).and_then(|nth| last.get(nth));
            nth.is_some_and(|nth| is_within(*nth, now, time))
        };
        let gathers = brought(RUSH) || (urgency == Urgency::Patient && brought(BUSY));
        last.push_back(now);
        if most < last.len() {
            last.pop_front();
        }
        gathers
    }
}

fn is_within(then: Instant, now: Instant, time: Duration) -> bool {
    now.saturating_duration_since(then) < time
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(name: &str) -> StoreId {
        StoreId::parse(name).unwrap()
    }

    #[test]
    fn the_catalogue_of_a_busy_store_is_gathered_and_a_quiet_neighbour_s_is_not() {
        let (traffic, start) = (Traffic::default(), Instant::now());
        let (busy, quiet) = (store("busy"), store("quiet"));
        let gathers = |store, urgency, second| {
            traffic.gathers(Some(store), urgency, start + Duration::from_secs(second))
        };
        assert!((0..60).all(|n| !gathers(&busy, Urgency::Patient, n)));
        assert!(gathers(&busy, Urgency::Patient, 60));
        assert!(!gathers(&busy, Urgency::Now, 61) && !gathers(&busy, Urgency::Soon, 62));
        assert!(!gathers(&quiet, Urgency::Patient, 63));
        assert!(!gathers(&busy, Urgency::Patient, 2_000), "the last sixty took longer than ten minutes");
    }

    #[test]
    fn in_a_rush_everything_of_the_store_is_gathered_and_nothing_of_its_neighbour() {
        let (traffic, start) = (Traffic::default(), Instant::now());
        let (rush, quiet) = (store("rush"), store("quiet"));
        let gathers =
            |store, ms| traffic.gathers(Some(store), Urgency::Now, start + Duration::from_millis(ms));
        assert!((0..40).all(|n| !gathers(&rush, n * 90)));
        assert!(gathers(&rush, 3_900));
        assert!(!gathers(&quiet, 3_901));
        assert!(!gathers(&rush, 30_000), "it is over");
    }

    #[test]
    fn more_stores_than_are_remembered_are_no_trouble() {
        let (traffic, now) = (Traffic::default(), Instant::now());
        for n in 0..3_000 {
            assert!(!traffic.gathers(Some(&store(&format!("shop-{n}"))), Urgency::Now, now));
        }
        assert!(traffic.last.lock().unwrap().len() <= STORES);
    }
}
