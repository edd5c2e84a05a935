//! The one way out to Brevo: what journeys ask for leaves in as few calls as the account's limits ask for.
//!
//! While there is plenty, whatever a journey asks for leaves at once. In a batch that was gathered, journeys wait for each
//! other: when nobody can go on without an answer, everything that was asked for leaves together.

mod calls;
mod road;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tajo_brevo::{Answer, Bucket, Error, Item, Kind, Request};
use tokio::sync::oneshot;

use crate::stop::Stop;
use crate::worker::LEAST_TIME;
use crate::{Delivery, Env, Store, Urgency};
use road::{Road, exchange};

/// How long a notice that came alone may wait for its calls; a gathered one may use the whole invocation.
const PATIENCE: SignedDuration = SignedDuration::from_secs(4);

/// The way out of one invocation.
pub(crate) struct Outbox<'a> {
    env: &'a Env,
    /// How urgent the most urgent of what was gathered is; `None`: it came alone.
    gathered: Option<Urgency>,
    deadline: Timestamp,
    waiting: Mutex<Waiting>,
}

/// Journeys that wait for each other.
#[derive(Default)]
struct Waiting {
    /// Journeys that can go on by themselves.
    active: usize,
    asked: Vec<Asked>,
}

/// What one journey asked for.
struct Asked {
    store: Arc<Store>,
    urgency: Urgency,
    items: Vec<Item>,
    answer: oneshot::Sender<Sent>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// One result for each item, in their order.
    pub results: Vec<Result<(), Error>>,
    /// Calls that began with one of the items: a call with many is counted once.
    pub calls: u32,
}

impl<'a> Outbox<'a> {
    pub(crate) fn new(env: &'a Env, gathered: Option<Urgency>, deadline: Timestamp) -> Self {
        Self { env, gathered, deadline, waiting: Mutex::default() }
    }

    /// Whether journeys wait for each other.
    pub(crate) fn gathers(&self) -> bool {
        self.gathered.is_some()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A journey begins.
    pub(crate) fn enter(&self) {
        self.waiting().active += 1;
    }

    /// A journey is over: those that waited for it may go.
    pub(crate) async fn leave(&self) {
        self.step_aside().await;
    }

    /// The journey cannot go on by itself. The last one sees to everything that was asked for.
    async fn step_aside(&self) {
        let asked = {
            let mut waiting = self.waiting();
            waiting.active = waiting.active.saturating_sub(1);
            if waiting.active > 0 { Vec::new() } else { std::mem::take(&mut waiting.asked) }
        };
        if !asked.is_empty() {
            self.flush(asked).await;
        }
    }

    /// Until when a call for this work may be made.
    fn latest(&self) -> Timestamp {
        if self.gathers() {
            return self.end();
        }
        self.env.clock.now().saturating_add(PATIENCE).unwrap_or(Timestamp::MAX).min(self.end())
    }

    /// No call begins after it: it could not end in time.
    fn end(&self) -> Timestamp {
        self.deadline.saturating_sub(LEAST_TIME).unwrap_or(Timestamp::MIN)
    }

    /// One call that goes alone whatever there is to send: a contact, a question.
    pub(crate) async fn call(
        &self,
        store: &Store,
        urgency: Urgency,
        request: &Request,
    ) -> Result<Result<Answer, Error>, Stop> {
        let lane = self.env.budgets.lane(&store.record.account, Bucket::of(request));
        // Journeys wait for each other: whoever keeps the urgent waiting is as urgent as they.
        let urgency = self.gathered.map_or(urgency, |gathered| gathered.min(urgency));
        let planned = self.env.delivery == Delivery::Planned;
        let explorer = if planned { lane.explore(&self.env.clock).await } else { None };
        let is_free = || lane.takes_free(1, urgency, self.env.clock.now(), self.gathers());
        if planned && explorer.is_none() && !is_free() {
            let latest = self.latest();
            match lane.moment(&self.env.table, urgency, &self.env.clock, latest).await? {
                Some(moment) => self.env.clock.sleep_until(moment).await,
                None => return Ok(Err(Error::Scarce { after: lane.wait(self.env.clock.now()) })),
            }
        }
        Ok(exchange(self.env, store, &lane, request, self.end()).await)
    }

    /// Items that may leave together with others.
    pub(crate) async fn send(
        &self,
        store: &Arc<Store>,
        urgency: Urgency,
        items: Vec<Item>,
    ) -> Result<Sent, Stop> {
        if items.is_empty() {
            return Ok(Sent::default());
        }
        let (answer, sent) = oneshot::channel();
        let asked = Asked { store: store.clone(), urgency, items, answer };
        if self.gathers() {
            self.waiting().asked.push(asked);
            self.step_aside().await;
        } else {
            self.flush(vec![asked]).await;
        }
        sent.await.map_err(|_| Stop::Retry { reason: "the connector lost the answer to a call".to_owned() })
    }

    /// Sends everything that was asked for, account by account and road by road, and answers everybody.
    async fn flush(&self, asked: Vec<Asked>) {
        let journeys = asked.len();
        let mut by_key: BTreeMap<(String, String), Vec<Asked>> = BTreeMap::new();
        for asked in asked {
            let key = asked.store.key.expose_secret().to_owned();
            by_key.entry((asked.store.record.account.clone(), key)).or_default().push(asked);
        }
        let accounts = by_key.into_values().map(|asked| self.flush_account(asked));
        let answers: Vec<(Sent, oneshot::Sender<Sent>)> =
            futures::future::join_all(accounts).await.into_iter().flatten().collect();
        if self.gathers() {
            // Before anybody wakes up, or the first one would think itself alone.
            self.waiting().active += journeys;
        }
        for (sent, answer) in answers {
            // A journey that has ended meanwhile asks for no answer.
            let _ = answer.send(sent);
        }
    }

    async fn flush_account(&self, mut asked: Vec<Asked>) -> Vec<(Sent, oneshot::Sender<Sent>)> {
        in_turn(&mut asked);
        let mut roads: BTreeMap<Kind, Vec<(usize, usize)>> = BTreeMap::new();
        for (journey, asked) in asked.iter().enumerate() {
            for (place, item) in asked.items.iter().enumerate() {
                roads.entry(item.kind()).or_default().push((journey, place));
            }
        }
        let mut sent: Vec<Sent> = asked.iter().map(|_| Sent::default()).collect();
        for (sent, asked) in sent.iter_mut().zip(&asked) {
            let unsent = || Err(Error::Unclear("the connector lost the answer to a call".to_owned()));
            sent.results = asked.items.iter().map(|_| unsent()).collect();
        }
        let roads = roads.into_iter().map(|(kind, places)| {
            let items: Vec<Item> =
                places.iter().map(|(journey, place)| asked[*journey].items[*place].clone()).collect();
            let urgency =
                places.iter().map(|(journey, _)| asked[*journey].urgency).min().unwrap_or(Urgency::Soon);
            let road = Road {
                env: self.env,
                store: &asked[places[0].0].store,
                kind,
                urgency,
                latest: self.latest(),
                end: self.end(),
                gathers: self.gathers(),
            };
            async move { (places, road.send(items).await) }
        });
        for (places, (results, calls)) in futures::future::join_all(roads).await {
            for (((journey, place), result), calls) in places.into_iter().zip(results).zip(calls) {
                sent[journey].results[place] = result;
                sent[journey].calls += calls;
            }
        }
        sent.into_iter().zip(asked).map(|(sent, asked)| (sent, asked.answer)).collect()
    }
}

/// The urgent first, and of equally urgent work the stores take turns: one that asks for much does not keep the others
/// waiting. What one store asks for keeps its order.
fn in_turn(asked: &mut [Asked]) {
    let mut seen: BTreeMap<(Urgency, String), usize> = BTreeMap::new();
    asked.sort_by_cached_key(|asked| {
        let turn = seen.entry((asked.urgency, asked.store.facts.store.as_str().to_owned())).or_default();
        *turn += 1;
        (asked.urgency, *turn)
    });
}
