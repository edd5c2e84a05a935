//! The calls of one round: single ones in chains, and batches one after another.

use std::collections::HashMap;

use jiff::Timestamp;
use tajo_brevo::{Error, Fate, Item, Kind, NextStep, Plan, Unit};

use super::road::{Road, SOON, exchange};
use crate::Delivery;
use crate::budget::Lane;

/// What became of a unit, and how many calls began with it.
pub(super) type Done = (usize, Result<(), Error>, u32);

/// Subjects of which something comes again, with the reason: what follows of them waits for it.
#[derive(Default)]
pub(super) struct Held(HashMap<String, Error>);

impl Held {
    /// Notes what became of an item. What Brevo refuses for good holds nothing up.
    pub(super) fn note(&mut self, item: &Item, result: &Result<(), Error>) {
        if let Err(error) = result
            && error.next_step() != NextStep::Park
        {
            self.0.entry(item.subject().to_owned()).or_insert_with(|| error.clone());
        }
    }

    /// Why the item must wait.
    pub(super) fn error_of(&self, item: &Item) -> Option<&Error> {
        self.0.get(item.subject())
    }
}

impl Road<'_> {
    /// Single calls about one subject, one after another.
    pub(super) async fn chain(
        &self,
        lane: Option<&Lane>,
        units: &[Unit],
        chain: Vec<(usize, Option<Timestamp>)>,
    ) -> Vec<Done> {
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
    pub(super) async fn batches(
        &self,
        lane: &Lane,
        units: &[Unit],
        plan: &Plan,
        moments: &[Option<Timestamp>],
    ) -> Vec<Done> {
        let mut done = Vec::new();
        let mut moments = moments.iter().copied();
        let mut to_do: Vec<(Vec<usize>, Option<Timestamp>)> =
            plan.together.iter().map(|batch| (batch.clone(), moments.next().flatten())).collect();
        to_do.reverse();
        let mut held = Held::default();
        let mut is_lost = false;
        while let Some((mut batch, moment)) = to_do.pop() {
            if is_lost {
                // One lost answer makes many events doubtful: the next call is a single event.
                done.extend(batch.iter().map(|unit| (*unit, Err(Error::Scarce { after: SOON }), 0)));
                continue;
            }
            batch.retain(|unit| match held.error_of(&units[*unit].item) {
                Some(error) => {
                    done.push((*unit, Err(error.clone()), 0));
                    false
                }
                None => true,
            });
            if batch.is_empty() {
                continue;
            }
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
                    for (unit, result) in batch.iter().zip(&results) {
                        held.note(&units[*unit].item, result);
                        is_lost |= self.kind == Kind::Events
                            && self.env.delivery == Delivery::Planned
                            && matches!(result, Err(Error::Unclear(_) | Error::Server(_)));
                    }
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
