//! The items of one kind on their way: which calls they leave in, with what right, and what became of each.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use tajo_brevo::{
    Answer, Error, Fate, Host, Item, Kind, NextStep, Plan, Request, Supply, Unit, collapse, needs, plan,
};

use tracing::warn;

use crate::budget::Lane;
use crate::stop::Stop;
use crate::{Delivery, Env, Store, Urgency, trace};

/// Calls under way at the same time for one flush.
const AT_ONCE: usize = 10;

/// A batch of fewer is not worth a call of an hourly budget while single calls are to be had.
const WORTH_A_BATCH: usize = 5;

/// When to come again for what had no time, or no answer about its tickets.
const SOON: Duration = Duration::from_secs(1);

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
                for member in &units[unit].members {
                    results[*member] = Some(result.clone());
                }
                calls[units[unit].members[0]] += counted;
            }
            drop(ready.explorer);
            units = plan.left.iter().map(|unit| units[*unit].clone()).collect();
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
        // Of a road nobody has heard of, one call finds out.
        if let Some(alone) = alone
            && units.len() < WORTH_A_BATCH
            && let Some(explorer) = alone.explore(&self.env.clock).await
        {
            return Ok(Ready { explorer: Some(explorer), ..Ready::free(1, 0) });
        }
        if (alone.is_none() || WORTH_A_BATCH <= units.len())
            && let Some(explorer) = together.explore(&self.env.clock).await
        {
            return Ok(Ready { explorer: Some(explorer), ..Ready::free(0, 1) });
        }
        let now = self.env.clock.now();
        let is_worth_it = WORTH_A_BATCH <= units.len() || (together.is_fast() && 1 < units.len());
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

    /// Single calls about one subject, one after another.
    async fn chain(
        &self,
        lane: Option<&Lane>,
        units: &[Unit],
        chain: Vec<(usize, Option<Timestamp>)>,
    ) -> Vec<(usize, Result<(), Error>, u32)> {
        let mut done = Vec::with_capacity(chain.len());
        let Some(lane) = lane else { return done };
        let mut over: Option<Error> = None;
        for (unit, moment) in chain {
            if let Some(error) = &over {
                // The later one must not overtake the earlier.
                done.push((unit, Err(error.clone()), 0));
                continue;
            }
            if let Some(moment) = moment {
                self.env.clock.sleep_until(moment).await;
            }
            let answer = exchange(self.env, self.store, lane, &units[unit].item.request(), self.end).await;
            if let Err(error) = &answer {
                over = (error.next_step() != NextStep::Park).then(|| error.clone());
            }
            done.push((unit, answer.map(drop), 1));
        }
        done
    }

    /// Batches, one after another; one that is refused as a whole is halved until the bad item is found.
    async fn batches(
        &self,
        lane: &Lane,
        units: &[Unit],
        plan: &Plan,
        moments: &[Option<Timestamp>],
    ) -> Vec<(usize, Result<(), Error>, u32)> {
        let mut done = Vec::new();
        let mut moments = moments.iter().copied();
        let mut to_do: Vec<(Vec<usize>, Option<Timestamp>)> =
            plan.together.iter().map(|batch| (batch.clone(), moments.next().flatten())).collect();
        to_do.reverse();
        while let Some((batch, moment)) = to_do.pop() {
            if let Some(moment) = moment {
                self.env.clock.sleep_until(moment).await;
            } else if lane.is_spent(self.env.clock.now()) && self.env.delivery == Delivery::Planned {
                // Others used up what there was when these batches were planned.
                let after = lane.wait(self.env.clock.now());
                done.extend(batch.iter().map(|unit| (*unit, Err(Error::Scarce { after }), 0)));
                continue;
            }
            let answer = {
                let request = Plan::batch(self.kind, units, &batch);
                exchange(self.env, self.store, lane, &request, self.end).await
            };
            match Fate::of(answer, batch.iter().map(|unit| &units[*unit].item)) {
                Fate::Each(results) => {
                    let counted = std::iter::once(1).chain(std::iter::repeat(0));
                    done.extend(
                        batch
                            .iter()
                            .zip(results)
                            .zip(counted)
                            .map(|((unit, result), calls)| (*unit, result, calls)),
                    );
                }
                Fate::Split => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    for half in [second, first] {
                        match self.another(lane).await {
                            Some(moment) => to_do.push((half.to_vec(), moment)),
                            None => {
                                let after = lane.wait(self.env.clock.now());
                                done.extend(half.iter().map(|unit| (*unit, Err(Error::Scarce { after }), 0)));
                            }
                        }
                    }
                }
            }
        }
        done
    }

    /// The right to one more call: at once, or at a moment; `None`: not in time.
    async fn another(&self, lane: &Lane) -> Option<Option<Timestamp>> {
        if self.env.delivery == Delivery::OneByOne
            || lane.takes_free(1, self.urgency, self.env.clock.now(), self.gathers)
        {
            return Some(None);
        }
        let moment = lane.moment(&self.env.table, self.urgency, &self.env.clock, self.latest).await;
        moment.ok().flatten().map(Some)
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
