//! Events: claimed in the ledger of their entity, sent, and settled there.

use std::collections::BTreeMap;

use tajo_brevo::{Item, NextStep};
use tajo_domain::{Claim, Ledger};
use tajo_mapping::Planned;

use crate::stop::Stop;
use crate::worker::{Moment, Worker};

/// What came of claiming.
#[derive(Default)]
pub(crate) struct Claimed {
    /// What this worker sends.
    pub planned: Vec<Planned>,
    /// Something is held by a worker that may be an earlier life of this very message: only the message itself answers
    /// for it then, so it has to come later.
    pub is_held: bool,
}

/// Why a message comes later although it has nothing to send now.
pub(crate) fn held() -> Stop {
    let reason = "an event of it is still held by a worker that may have ended".to_owned();
    Stop::Later { after: None, reason }
}

/// Claims what is still to be done. `may_start`: whether an effect that nobody has taken yet may begin with this
/// body; one that is in the ledger is finished by whoever comes, however old its body.
pub(crate) fn claim(
    ledger: &mut Ledger,
    planned: Vec<Planned>,
    may_start: impl Fn(&str) -> bool,
    moment: &Moment<'_>,
) -> Claimed {
    let mut claimed = Claimed::default();
    for planned in planned {
        if !ledger.knows(&planned.key) && !may_start(&planned.key) {
            continue;
        }
        match ledger.claim(&planned.key, moment.now, moment.claim_until) {
            // The same key may be planned twice: by a body of an order and by what came without it.
            Claim::Busy if claimed.planned.iter().any(|mine| mine.key == planned.key) => {}
            Claim::Busy => claimed.is_held |= moment.redelivered,
            Claim::Mine => claimed.planned.push(planned),
            Claim::Done => {}
        }
    }
    claimed
}

/// What came of claimed events.
#[derive(Default)]
pub(crate) struct Sent {
    done: Vec<String>,
    undone: Vec<String>,
    /// Why some are undone.
    pub stop: Option<Stop>,
}

impl Sent {
    /// Nothing was tried: all claims go back.
    pub(crate) fn nothing(planned: &[Planned]) -> Self {
        Self { undone: planned.iter().map(|planned| planned.key.clone()).collect(), ..Self::default() }
    }

    /// Nothing was tried, for this reason.
    pub(crate) fn stopped(planned: &[Planned], stop: Stop) -> Self {
        Self { stop: Some(stop), ..Self::nothing(planned) }
    }

    pub(crate) fn any(&self) -> bool {
        !self.done.is_empty()
    }

    fn note(&mut self, key: String, result: Result<(), Stop>) {
        match result {
            Ok(()) => self.done.push(key),
            Err(stop) => {
                self.undone.push(key);
                // What is only put off must not hide what needs somebody, nor the other way round: the notice comes back.
                if self.stop.as_ref().is_none_or(|before| !before.ends_the_journey()) {
                    self.stop = Some(stop);
                }
            }
        }
    }

    /// Writes it into the ledger: done, or free again.
    pub(crate) fn settle(&self, ledger: &mut Ledger) {
        self.done.iter().for_each(|key| ledger.done(key));
        self.undone.iter().for_each(|key| ledger.release(key));
    }
}

/// Sends claimed events, each on its road. One that Brevo can never take does not hold up the others.
pub(crate) async fn send(worker: &Worker<'_>, planned: Vec<Planned>) -> Sent {
    let facts = &worker.store.facts;
    let (tracked, planned): (Vec<_>, Vec<_>) =
        planned.into_iter().partition(|planned| facts.tracked(&planned.event).is_some());
    let mut sent = through_the_api(worker, planned).await;
    for planned in tracked {
        // One in a call: the tracker knows no batches.
        let Some(request) = facts.tracked(&planned.event) else { continue };
        let result = worker.send(&request).await;
        sent.note(planned.key, result.and_then(|answer| answer.map(drop).map_err(Stop::from)));
    }
    sent
}

async fn through_the_api(worker: &Worker<'_>, planned: Vec<Planned>) -> Sent {
    let mut sent = Sent::default();
    let mut ride = worker.take_ride();
    let mut items: Vec<Item> =
        planned.iter().map(|planned| Item::Event(planned.event.clone(), BTreeMap::new())).collect();
    // The first event of the contact takes its attributes along.
    let mut rides = match (&ride, items.first_mut()) {
        (Some(ride), Some(Item::Event(event, attributes)))
            if !ride.has_arrived && event.identifier == ride.who =>
        {
            attributes.clone_from(&ride.write.attributes);
            true
        }
        _ => false,
    };
    let mut results = worker.deliver(items).await;
    if let (true, Ok(all), Some(first)) = (rides, &mut results, planned.first())
        && matches!(all.first(), Some(Err(error)) if error.next_step() == NextStep::Park)
    {
        // It may have been for what rode along: an event must not be lost for that.
        let alone = Item::Event(first.event.clone(), BTreeMap::new());
        if let Ok(mut again) = worker.deliver(vec![alone]).await
            && let Some(again) = again.pop()
        {
            all[0] = again;
        }
        rides = false;
    }
    if let (Some(ride), Ok(results)) = (&mut ride, &results) {
        ride.has_arrived |= rides && matches!(results.first(), Some(Ok(())));
    }
    worker.put_back(ride);
    let results = match results {
        Ok(results) => results,
        Err(stop) => return Sent::stopped(&planned, stop),
    };
    for (planned, result) in planned.into_iter().zip(results) {
        sent.note(planned.key, result.map_err(Stop::from));
    }
    sent
}
