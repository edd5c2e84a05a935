//! One notice being worked on: the store's door to Brevo, with its calls counted and the deadline watched.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_brevo::{Answer, Error, Item, Request, limits};
use tajo_domain::{ContactRecord, Identity, Refused, Skipped};
use tajo_mapping::StoreFacts;
use tajo_platforms::Notice;
use tajo_state::Key;

use crate::contact::ride::Ride;
use crate::outbox::Outbox;
use crate::stop::Stop;
use crate::{Delivery, Env, Store, Urgency};

/// What a call and the settling after it may take: no call starts with less left.
pub(crate) const LEAST_TIME: SignedDuration =
    SignedDuration::from_secs(limits::CALL_TIMEOUT.as_secs() as i64 + 4);

/// Works on one notice of one store.
pub(crate) struct Worker<'a> {
    pub env: &'a Env,
    pub store: &'a Arc<Store>,
    /// The way out to Brevo.
    pub outbox: &'a Outbox<'a>,
    /// How long the notice may wait.
    pub urgency: Urgency,
    /// What is worked on.
    pub notice: &'a Notice,
    /// The newest own time of what it tells of (an account's, order's or cart's beginning): an erased person comes
    /// back only with something newer.
    pub fact_at: Option<Timestamp>,
    /// The notice was worked on before and may have been sent in part: whatever is stored is sent again, even
    /// if nothing looks new.
    pub redelivered: bool,
    /// The same, and nobody knows what was sent: not only for a rate limit was it put off.
    pub is_repetition: bool,
    /// Events follow in the same body: attributes may ride along.
    pub has_events: bool,
    /// Attributes that wait for an event.
    pub ride: Mutex<Option<Ride>>,
    /// What Brevo refuses of the person that the notice is about.
    pub refused: Mutex<Refused>,
    /// How often the notice was put off.
    pub attempts: u32,
    /// When the function is stopped.
    pub deadline: Timestamp,
    pub calls: AtomicU32,
}

/// What accepting must know besides the stored record and the change: passed in, so that accepting is pure.
pub(crate) struct Moment<'a> {
    pub facts: &'a StoreFacts,
    pub now: Timestamp,
    /// Until when an effect claimed now is held.
    pub claim_until: Timestamp,
    pub redelivered: bool,
    /// As in [`Worker`].
    pub fact_at: Option<Timestamp>,
}

impl Worker<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.env.clock.now()
    }

    pub(crate) fn moment(&self) -> Moment<'_> {
        let now = self.now();
        let claim_until = now.saturating_add(self.env.claim).unwrap_or(Timestamp::MAX);
        Moment {
            facts: &self.store.facts,
            now,
            claim_until,
            redelivered: self.redelivered,
            fact_at: self.fact_at,
        }
    }

    /// One call to Brevo. The caller sees refusals; the time running out ends the journey.
    pub(crate) async fn send(&self, request: &Request) -> Result<Result<Answer, Error>, Stop> {
        self.has_time()?;
        let answer = self.outbox.call(self.store, self.urgency, request).await?;
        if !matches!(answer, Err(Error::Scarce { .. })) {
            self.calls.fetch_add(1, Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// Things that may leave together with what others ask for: one result for each, in their order.
    pub(crate) async fn deliver(&self, items: Vec<Item>) -> Result<Vec<Result<(), Error>>, Stop> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        self.has_time()?;
        let sent = self.outbox.send(self.store, self.urgency, items).await?;
        self.calls.fetch_add(sent.calls, Ordering::Relaxed);
        Ok(sent.results)
    }

    /// One of them.
    pub(crate) async fn deliver_one(&self, item: Item) -> Result<(), Stop> {
        for result in self.deliver(vec![item]).await? {
            result?;
        }
        Ok(())
    }

    /// Whether attributes of this contact may wait for an event. Those of one contact at a time.
    pub(crate) fn may_ride(&self, key: &Key) -> bool {
        let ride = self.ride.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = ride.as_ref().is_none_or(|ride| ride.is_of(key));
        is_free && self.has_events && !self.is_repetition && self.env.delivery == Delivery::Planned
    }

    pub(crate) fn take_ride(&self) -> Option<Ride> {
        self.ride.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn ride_has_arrived(&self) -> bool {
        let ride = self.ride.lock().unwrap_or_else(PoisonError::into_inner);
        ride.as_ref().is_some_and(|ride| ride.has_arrived)
    }

    pub(crate) fn put_ride(&self, ride: Ride) {
        self.put_back(Some(ride));
    }

    pub(crate) fn put_back(&self, ride: Option<Ride>) {
        *self.ride.lock().unwrap_or_else(PoisonError::into_inner) = ride;
    }

    /// Notes what Brevo refuses of the person that the notice is about.
    pub(crate) fn note_refused(&self, record: &ContactRecord) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = record.refused();
    }

    pub(crate) fn refused(&self) -> Refused {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a call that starts now can end in time.
    pub(crate) fn has_time(&self) -> Result<(), Stop> {
        if self.deadline.duration_since(self.now()) < LEAST_TIME {
            let reason = "too little time was left for another call".to_owned();
            return Err(Stop::Later { after: Some(Duration::from_secs(1)), reason });
        }
        Ok(())
    }

    /// Whether there is time for another piece of a long work.
    pub(crate) fn has_time_for_more(&self) -> bool {
        LEAST_TIME + LEAST_TIME < self.deadline.duration_since(self.now())
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}

/// What became of one change.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// Something was sent.
    pub applied: bool,
    /// The person was deleted in the store, or erased: nothing more is to be said about them.
    pub deleted: bool,
    /// They were erased.
    pub erased: bool,
    /// The person was merged into this one: what comes with the news of them is this one's.
    pub instead: Option<Identity>,
    /// The platform answered a question of ours.
    pub asked_platform: bool,
    /// The platform took what it was told: nobody needs to look into that any more.
    pub told_platform: bool,
    /// What only the merchant can help, although the work went on without it.
    pub attention: Option<String>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
}

impl Step {
    pub(crate) fn skip(what: &str, reason: impl Into<String>) -> Self {
        Self { skipped: vec![Skipped::new(what, reason)], ..Self::default() }
    }

    pub(crate) fn deleted() -> Self {
        Self { deleted: true, ..Self::skip("contact", "the customer was deleted in the store") }
    }

    pub(crate) fn erased() -> Self {
        let reason =
            "the person was erased at their own wish; a notice about earlier does not bring them back";
        Self { deleted: true, erased: true, ..Self::skip("contact", reason) }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.applied |= other.applied;
        self.deleted |= other.deleted;
        self.erased |= other.erased;
        self.instead = other.instead.or(self.instead.take());
        self.asked_platform |= other.asked_platform;
        self.told_platform |= other.told_platform;
        self.attention = self.attention.take().or(other.attention);
        self.skipped.extend(other.skipped);
    }
}
