//! A world with one worker in it, for tests that tell one thing after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_app::Env;
use tajo_app::sweep::{Swept, sweep};
use tajo_app::sync::{Record, Report, Source, sync};
use tajo_domain::StoreId;
use tajo_platforms::Notice;
use tajo_sandbox::{Call, Fault, Request, Response};
use tajo_state::{Attributes, Key, StoreRecord, StoreStatus};
use tajo_testkit::{BREVO_KEY, Front, Knock, Message, STORE, Verdict, World, notice, record};
use tokio::sync::mpsc::unbounded_channel;

use crate::picture::picture;

/// One store, one worker.
pub struct Stage {
    pub world: Arc<World>,
    pub env: Env,
    pub front: Front,
    deliveries: AtomicU32,
}

impl Stage {
    /// A store that was connected long ago.
    pub async fn new(settings: &str) -> Self {
        Self::with(World::new(settings).await).await
    }

    /// A store that nobody has connected yet: it may be connected with any Brevo account.
    pub async fn unconnected() -> Self {
        let stage = Self::new("").await;
        let erased = |stored: Option<&StoreRecord>| {
            let status = StoreStatus::Erased;
            (stored.map(|stored| StoreRecord { status, ..stored.clone() }), ())
        };
        let key = Key::store(&StoreId::parse(STORE).unwrap());
        stage.world.table(&stage.front).await.change(&key, Attributes::none, erased).await.unwrap();
        stage
    }

    /// In this world.
    pub async fn with(world: Arc<World>) -> Self {
        let front = world.front().await;
        let env = world.env(&front).await;
        Self { world, env, front, deliveries: AtomicU32::new(0) }
    }

    /// Delivers a body, with an id of its own.
    pub async fn tell(&self, topic: &str, body: &Value) -> Report {
        self.deliver(&self.notice(topic, body)).await
    }

    /// The same, received by the played clock: a body dated by it is not of the future.
    pub async fn tell_by_clock(&self, topic: &str, body: &Value) -> Report {
        let mut notice = self.notice(topic, body);
        notice.received_at = self.env.clock.now() + SignedDuration::from_secs(2);
        self.deliver(&notice).await
    }

    /// A notice with an id of its own.
    pub fn notice(&self, topic: &str, body: &Value) -> Notice {
        let n = self.deliveries.fetch_add(1, Ordering::Relaxed) + 1;
        notice(topic, &format!("d-{n}"), body.to_string().as_bytes())
    }

    /// Delivers a notice for the first time.
    pub async fn deliver(&self, notice: &Notice) -> Report {
        self.receive(record(notice, 1)).await
    }

    /// Hands over a record as the queue would.
    pub async fn receive(&self, record: Record) -> Report {
        self.receive_all(vec![record]).await.pop().unwrap()
    }

    /// Hands over a batch of records, with a minute left.
    pub async fn receive_all(&self, records: Vec<Record>) -> Vec<Report> {
        let deadline = self.env.clock.now().saturating_add(SignedDuration::from_secs(60)).unwrap();
        // Boxed: the whole journey is one very deep type.
        sync(&self.env, records, "request", deadline).boxed().await
    }

    /// Hands over a record to a worker of its own. Before that makes this call for the first time, `meanwhile` happens.
    pub async fn receive_while(
        &self,
        record: Record,
        call: &str,
        meanwhile: impl Future<Output = ()>,
    ) -> Report {
        let (sender, mut knocks) = unbounded_channel::<Knock>();
        let front = Front::open(self.world.clone(), Some(sender)).await;
        let env = self.world.patient_env(&front).await;
        let deadline = env.clock.now().saturating_add(SignedDuration::from_secs(60)).unwrap();
        let mut task = tokio::spawn(async move { sync(&env, vec![record], "slow", deadline).boxed().await });
        let mut meanwhile = Some(meanwhile);
        loop {
            tokio::select! {
                knock = knocks.recv() => {
                    let knock = knock.unwrap();
                    if !knock.answered && knock.call.starts_with(call)
                        && let Some(meanwhile) = meanwhile.take()
                    {
                        meanwhile.await;
                    }
                    let _ = knock.verdict.send(Verdict::Go);
                }
                reports = &mut task => {
                    assert!(meanwhile.is_none(), "nobody called {call}");
                    return reports.unwrap().pop().unwrap();
                }
            }
        }
    }

    /// Changes the settings of the store.
    pub async fn set(&self, settings: &str) -> Self {
        let key = Key::store(&StoreId::parse(STORE).unwrap());
        let table = self.world.table(&self.front).await;
        let edit = |stored: Option<&StoreRecord>| {
            let record = StoreRecord { settings: settings.to_owned(), ..stored.unwrap().clone() };
            (Some(record), ())
        };
        table.change(&key, Attributes::none, edit).await.unwrap();
        Self::with(self.world.clone()).await
    }

    /// Works off the queue until it is empty.
    pub async fn drain(&self) -> Vec<Report> {
        let mut reports = Vec::new();
        for round in 0.. {
            assert!(round < 20, "the queue never empties: {reports:?}");
            let messages = self.world.take_messages();
            if messages.is_empty() {
                break;
            }
            let record = |source, message: (usize, Message)| Record {
                message_id: format!("m-{round}-{}", message.0),
                body: message.1.body,
                received: 1,
                source,
            };
            let (live, gathered): (Vec<_>, Vec<_>) =
                messages.into_iter().enumerate().partition(|(_, message)| message.queue == "live");
            for message in live {
                reports.push(self.receive(record(Source::Live, message)).await);
            }
            let longest = gathered.iter().map(|(_, message)| message.delay).max().unwrap_or(0);
            let gathered: Vec<Record> =
                gathered.into_iter().map(|message| record(Source::Gather, message)).collect();
            if !gathered.is_empty() {
                // What waits for a rate limit comes when it opens.
                self.world.advance(SignedDuration::from_secs(i64::try_from(longest).unwrap()));
                reports.extend(self.receive_all(gathered).await);
            }
        }
        reports
    }

    /// One run of the sweeper. Its notices are on the queue.
    pub async fn sweep(&self) -> Swept {
        let sweeper = self.world.sweeper(&self.front).await;
        sweep(&sweeper, Timestamp::MAX).await.unwrap()
    }

    /// Time passes, the sweeper runs, its notices are worked off.
    pub async fn pass(&self, time: SignedDuration) -> Vec<Report> {
        self.world.advance(time);
        self.sweep().await;
        self.drain().await
    }

    /// Somebody else than the connector calls Brevo.
    pub fn brevo(&self, method: &str, target: &str, body: &Value) -> Response {
        self.world.sandbox.call(Request::new(method, target).key(BREVO_KEY).json(body))
    }

    /// What goes wrong next in Brevo.
    pub fn fault(&self, fault: Value) {
        self.world.sandbox.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
    }

    /// The contact of an address, or null.
    pub fn contact(&self, email: &str) -> Value {
        json!(self.world.sandbox.state().contact(email))
    }

    /// Names of all events, in the order of their arrival.
    pub fn events(&self) -> Vec<String> {
        self.world.sandbox.state().events.into_iter().map(|event| event.event_name).collect()
    }

    /// How many events of this name arrived.
    pub fn count(&self, name: &str) -> usize {
        self.events().iter().filter(|event| *event == name).count()
    }

    /// Calls that the connector (or somebody else) made since the world began, with this method and path.
    pub fn calls(&self, method: &str, path: &str) -> Vec<Call> {
        let calls = self.world.sandbox.calls();
        calls.into_iter().filter(|call| call.method == method && call.path.starts_with(path)).collect()
    }

    /// What Brevo knows, for people.
    pub fn picture(&self) -> String {
        picture(&self.world.brevo())
    }
}

/// The end of a notice in a line: topic, outcome, reason.
pub fn ending(report: &Report) -> String {
    let reason = report.line.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} → {}{reason}", report.line.topic, report.outcome.as_str())
}
