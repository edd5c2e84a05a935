//! The items of one kind on their way: which calls they leave in, with what right, and what became of each.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use tajo_brevo::{
    Answer, Bucket, Error, Host, Item, Kind, Request, Supply, Unit, can_batch, collapse, needs, plan,
};

use tracing::warn;

use super::calls::Held;
use crate::budget::Lane;
use crate::stop::Stop;
use crate::{Delivery, Env, Store, Urgency, trace};

/// Calls under way at the same time for one flush.
const AT_ONCE: usize = 10;

/// A batch of fewer is not worth a call of an hourly budget while single calls are to be had.
const WORTH_A_BATCH: usize = 5;

/// When to come again for what had no time, or no answer about its tickets.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// The items of one road on their way.
pub(super) struct Road<'a> {
    pub env: &'a Env,
    pub store: &'a Store,
    pub kind: Kind,
    pub urgency: Urgency,
    pub latest: Timestamp,
    pub end: Timestamp,
    pub gathers: bool,
}

impl Road<'_> {
    /// Sends items of one kind. Answers a result and a count of calls for each.
    pub async fn send(&self, items: Vec<Item>) -> (Vec<Result<(), Error>>, Vec<u32>) {
        let account = &self.store.record.account;
        let lane = |bucket| self.env.budgets.lane(account, bucket);
        let (alone, together) = (self.kind.alone().map(lane), lane(self.kind.together()));
        let mut results: Vec<Option<Result<(), Error>>> = items.iter().map(|_| None).collect();
        let mut calls = vec![0; items.len()];
        let mut units = collapse(&items);
        let mut held = Held::default();
        while !units.is_empty() {
            let ready = match self.supply(alone.as_deref(), &together, &units).await {
                Ok(ready) => ready,
                Err(error) => {
                    note(&mut results, &units, &Err(error));
                    units.clear();
                    break;
                }
            };
            let plan = plan(self.kind, &units, ready.supply());
            if plan.alone.is_empty() && plan.together.is_empty() {
                break;
            }
            let mut moments = ready.alone.iter().copied();
            // What one journey asks for goes one after another, as it would by itself.
            let one_journey = || {
                let mut chain = plan.alone.concat();
                chain.sort_unstable();
                vec![chain]
            };
            let chains = if self.gathers { plan.alone.clone() } else { one_journey() };
            let chains = chains.iter().map(|chain| {
                let chain: Vec<(usize, Option<Timestamp>)> =
                    chain.iter().map(|unit| (*unit, moments.next().flatten())).collect();
                self.chain(alone.as_deref(), &units, chain)
            });
            let chains: Vec<_> = chains.collect();
            let singles = stream::iter(chains).buffer_unordered(AT_ONCE).collect::<Vec<_>>();
            let batches = self.batches(&together, &units, &plan, &ready.together);
            let (singles, batches) = futures::future::join(singles, batches).await;
            for (unit, result, counted) in singles.into_iter().flatten().chain(batches) {
                held.note(&units[unit].item, &result);
                for member in &units[unit].members {
                    results[*member] = Some(result.clone());
                }
                calls[units[unit].members[0]] += counted;
            }
            drop(ready.explorer);
            units = plan.left.iter().map(|unit| units[*unit].clone()).collect();
            // The rest of a subject must not overtake what of it comes again.
            units.retain(|unit| match held.error_of(&unit.item) {
                Some(error) => {
                    note(&mut results, std::slice::from_ref(unit), &Err(error.clone()));
                    false
                }
                None => true,
            });
        }
        let lanes = alone.iter().chain(std::iter::once(&together));
        let after = lanes.map(|lane| lane.wait(self.env.clock.now())).min().unwrap_or_default();
        note(&mut results, &units, &Err(Error::Scarce { after }));
        let lost = || Err(Error::Unclear("the connector lost the answer to a call".to_owned()));
        (results.into_iter().map(|result| result.unwrap_or_else(lost)).collect(), calls)
    }

    /// What may be sent now: free, or with tickets.
    async fn supply<'l>(
        &self,
        alone: Option<&'l Lane>,
        together: &'l Lane,
        units: &[Unit],
    ) -> Result<Ready<'l>, Error> {
        let need = needs(self.kind, units);
        if self.env.delivery == Delivery::OneByOne {
            return Ok(match alone {
                Some(_) => Ready::free(need.alone, 0),
                None => Ready::free(0, need.together),
            });
        }
        if self.kind == Kind::Events
            && let Some(alone) = alone
            && let Some(ready) = self.probe(alone).await?
        {
            return Ok(ready);
        }
        // Nothing that a batch can carry: only single calls help.
        let can_batch = can_batch(self.kind, units);
        let is_many = can_batch && WORTH_A_BATCH <= units.len();
        // Of a road nobody has heard of, one call finds out.
        if let Some(alone) = alone
            && !is_many
            && let Some(explorer) = alone.explore(&self.env.clock).await
        {
            return Ok(Ready { explorer: Some(explorer), ..Ready::free(1, 0) });
        }
        if (alone.is_none() || is_many)
            && let Some(explorer) = together.explore(&self.env.clock).await
        {
            return Ok(Ready { explorer: Some(explorer), ..Ready::free(0, 1) });
        }
        let now = self.env.clock.now();
        let is_worth_it = is_many || (can_batch && together.is_fast() && 1 < units.len());
        if (is_worth_it || alone.is_none())
            && together.takes_free(need.together, self.urgency, now, self.gathers)
        {
            return Ok(Ready::free(0, need.together));
        }
        if let Some(alone) = alone
            && !(self.gathers && self.urgency == Urgency::Patient && is_worth_it)
            && alone.takes_free(need.alone, self.urgency, now, self.gathers)
        {
            return Ok(Ready::free(need.alone, 0));
        }
        // Nothing was sent.
        let failed = |stop: Stop| {
            warn!(reason = stop.reason(), "tickets could not be taken");
            Error::Scarce { after: SOON }
        };
        let (table, urgency, latest) = (&self.env.table, self.urgency, self.latest);
        let mut ready = Ready::default();
        if is_worth_it || alone.is_none() {
            let moments =
                together.moments(table, need.together, urgency, now, latest).await.map_err(failed)?;
            ready.together = moments.into_iter().map(Some).collect();
        }
        let missing = if ready.together.len() < need.together { units.len() } else { 0 };
        let missing = missing.saturating_sub(ready.together.len() * self.kind.most().0);
        // The patient wait for a batch: single calls are for what somebody waits for.
        let may_go_alone = !(self.gathers && urgency == Urgency::Patient && is_worth_it);
        if let Some(alone) = alone.filter(|_| may_go_alone && 0 < missing) {
            let moments = alone.moments(table, missing, urgency, now, latest).await.map_err(failed)?;
            ready.alone = moments.into_iter().map(Some).collect();
        }
        Ok(ready)
    }

    /// While answers about events are lost, one event in one call finds out whether that is over: an event whose answer is
    /// lost is sent again, and Brevo keeps both. `None`: no answers are lost.
    async fn probe<'l>(&self, alone: &'l Lane) -> Result<Option<Ready<'l>>, Error> {
        let Some(guard) = alone.probe_lost().await else { return Ok(None) };
        match alone.silent_for(self.env.clock.now()) {
            Some(after) => Err(Error::Scarce { after }),
            None => Ok(Some(Ready { explorer: Some(guard), ..Ready::free(1, 0) })),
        }
    }
}

/// Calls that may be made: at once, or each at its moment.
#[derive(Default)]
struct Ready<'l> {
    /// Held until the first answer of a lane is heard.
    explorer: Option<tokio::sync::MutexGuard<'l, ()>>,
    alone: Vec<Option<Timestamp>>,
    together: Vec<Option<Timestamp>>,
}

impl Ready<'_> {
    fn free(alone: usize, together: usize) -> Self {
        Self { explorer: None, alone: vec![None; alone], together: vec![None; together] }
    }

    fn supply(&self) -> Supply {
        Supply { alone: self.alone.len(), together: self.together.len() }
    }
}

fn note(results: &mut [Option<Result<(), Error>>], units: &[Unit], result: &Result<(), Error>) {
    for member in units.iter().flat_map(|unit| &unit.members) {
        results[*member] = Some(result.clone());
    }
}

/// One call, and what its answer says about the budget. None begins after `end`: it could not end in time.
pub(super) async fn exchange(
    env: &Env,
    store: &Store,
    lane: &Lane,
    request: &Request,
    end: Timestamp,
) -> Result<Answer, Error> {
    if end < env.clock.now() {
        return Err(Error::Scarce { after: SOON });
    }
    let key = match request.host {
        Host::Api => &store.key,
        Host::Tracker => store.tracker_key.as_ref().ok_or(Error::NoTracker)?,
    };
    let reply = env.brevo.exchange(key, request).await;
    if env.delivery == Delivery::Planned && lane.is_of_events() {
        let is_lost = matches!(reply.result, Err(Error::Unclear(_) | Error::Server(_)));
        let singles = env.budgets.lane(&store.record.account, Bucket::Events);
        singles.note_answer(is_lost, env.clock.now());
    }
    let refused = match &reply.result {
        Err(Error::RateLimited { reset }) => Some(*reset),
        _ => None,
    };
    // A call without an answer of its own says nothing.
    if !matches!(reply.result, Err(Error::Unclear(_) | Error::Server(_))) {
        lane.hear(reply.left, refused, env.clock.now());
        if env.delivery == Delivery::Planned {
            lane.tell(&env.table, env.clock.now()).await;
        }
    }
    trace::called(&store.facts, request, &reply.result);
    reply.result
}
