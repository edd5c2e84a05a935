//! How many events arrive twice when something goes wrong between Brevo taking them and the connector knowing it.
//!
//! Brevo has no idempotency key for events. Whoever cannot know whether an event arrived sends it again: a lost answer
//! duplicates like a crash does. Counted here for each kind of fault, with one notice at a time and with gathered ones,
//! whose events leave in batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::Env;
use tajo_app::sync::{Record, Source, sync};
use tajo_platforms::Notice;
use tajo_sandbox::Fault;
use tajo_testkit::{Front, Message, Verdict, World, notice, record};
use tokio::sync::mpsc::unbounded_channel;

use crate::Error;
use crate::table::Table;

/// Orders of each run, of as many buyers.
const ORDERS: u32 = 12;

/// Calls of each run that go wrong, one after another.
const FAULTS: u32 = 20;

/// A crash needs a process of its own: fewer of them.
const CRASHES: usize = 5;

/// What goes wrong.
#[derive(Clone, Copy)]
enum Kind {
    /// The answer of the sandbox is this instead.
    Answer(&'static str),
    /// The process ends when Brevo has taken the events, before it sees the answer.
    Crash,
}

/// The kinds of faults.
const KINDS: [(&str, Kind); 7] = [
    ("nothing", Kind::Answer("{}")),
    ("the answer is lost", Kind::Answer(r#"{"apply_then_drop": true}"#)),
    ("half of the answer arrives", Kind::Answer(r#"{"truncate": true}"#)),
    ("a proxy's page instead of the answer", Kind::Answer(r#"{"not_json": true}"#)),
    ("the call never arrives", Kind::Answer(r#"{"drop": true}"#)),
    ("503, and nothing is taken", Kind::Answer(r#"{"status": 503}"#)),
    ("the process ends after the call", Kind::Crash),
];

/// What one run came to.
#[derive(Default)]
struct Counted {
    faults: usize,
    events: usize,
    twice: usize,
}

/// One row for each kind of fault.
pub async fn table() -> Result<Table, Error> {
    let columns = &[
        "what goes wrong with calls that carry events",
        "one by one: faults",
        "events",
        "sent once too often",
        "gathered: faults",
        "events ",
        "sent once too often ",
    ];
    let mut table = Table::new("Events that arrive twice", columns);
    for (name, kind) in KINDS {
        let alone = run(kind, false).await?;
        let gathered = run(kind, true).await?;
        let cells =
            |counted: &Counted| [counted.faults, counted.events, counted.twice].map(|n| n.to_string());
        let mut row = vec![name.to_owned()];
        row.extend(cells(&alone));
        row.extend(cells(&gathered));
        table.rows.push(row);
    }
    table.note(format!(
        "{ORDERS} orders; up to {FAULTS} calls of events go wrong one after another ({CRASHES} processes end). Nothing is \
         lost in any of them. Brevo takes no idempotency key, so whatever may have arrived is sent again: one lost answer \
         duplicates what its call carried, like a crash does. After the first lost answer a process sends one event in one \
         call, at growing intervals, until an answer comes."
    ));
    Ok(table)
}

async fn run(kind: Kind, gathered: bool) -> Result<Counted, Error> {
    let world = World::new("").await;
    let mut faults = 0;
    if let Kind::Answer(action) = kind
        && action != "{}"
    {
        let action: Value = serde_json::from_str(action)?;
        let fault = json!({"method": "POST", "path": "/v3/events*", "times": FAULTS, "action": action});
        world.sandbox.add_fault(serde_json::from_value::<Fault>(fault)?);
    }
    let notices: Vec<Notice> = (0..ORDERS).map(order).collect();
    let batches: Vec<Vec<Notice>> =
        if gathered { vec![notices] } else { notices.into_iter().map(|notice| vec![notice]).collect() };
    let source = if gathered { Source::Gather } else { Source::Live };
    let front = world.front().await;
    let env = world.env(&front).await;
    for (index, batch) in batches.iter().enumerate() {
        let records =
            |received| batch.iter().map(|notice| Record { source, ..record(notice, received) }).collect();
        if matches!(kind, Kind::Crash) && index < CRASHES {
            faults += usize::from(crashes(&world, records(1)).await);
            // The claims of the dead are free after this, and the queue hands the messages out again.
            world.advance(SignedDuration::from_mins(15));
            work(&world, &env, records(2)).await;
        } else {
            work(&world, &env, records(1)).await;
        }
    }
    drain(&world, &env).await;
    let state = world.sandbox.state();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for event in &state.events {
        let name = json!([event.event_name, event.identifiers, event.event_date, event.event_properties]);
        *seen.entry(name.to_string()).or_default() += 1;
    }
    faults += world.sandbox.calls().iter().filter(|call| call.fault.is_some()).count();
    Ok(Counted { faults, events: seen.len(), twice: state.events.len() - seen.len() })
}

/// A paid order of the n-th buyer.
fn order(n: u32) -> Notice {
    let mut text = String::from_utf8_lossy(&tajo_testkit::body("orders-create.paid")).into_owned();
    for (one, nth) in [
        ("jo@example.com", format!("jo{n}@example.com")),
        ("7201400000011", format!("72014{n:08}")),
        ("6101400001001", format!("61014{n:08}")),
        ("5001400001000", format!("50014{n:08}")),
        ("cart-3f6a1c9e", format!("cart-{n}")),
        ("chk-b81d20f4", format!("chk-{n}")),
        ("491711234567", format!("49171{n:07}")),
    ] {
        text = text.replace(one, &nth);
    }
    notice("orders/create", &format!("d-{n}"), text.as_bytes())
}

/// A process works on the records and ends when Brevo has taken its first events. Whether it came so far.
async fn crashes(world: &Arc<World>, records: Vec<Record>) -> bool {
    let (sender, mut knocks) = unbounded_channel();
    let front = Front::open(world.clone(), Some(sender)).await;
    let env = world.patient_env(&front).await;
    let deadline = env.clock.now().saturating_add(SignedDuration::from_mins(1)).unwrap_or_default();
    let mut process = tokio::spawn(async move { sync(&env, records, "crash", deadline).await });
    loop {
        tokio::select! {
            knock = knocks.recv() => {
                let Some(knock) = knock else { return false };
                if knock.answered && knock.call.starts_with("Brevo POST /v3/events") {
                    process.abort();
                    return true;
                }
                // Whoever is gone needs no verdict.
                let _ = knock.verdict.send(Verdict::Go);
            }
            _ = &mut process => return false,
        }
    }
}

async fn work(world: &World, env: &Env, records: Vec<Record>) {
    let deadline = world.clock.now().saturating_add(SignedDuration::from_mins(1)).unwrap_or_default();
    sync(env, records, "bench", deadline).await;
}

/// Works off what waits, until nothing does. Each round begins when the last of it is due.
async fn drain(world: &World, env: &Env) {
    loop {
        let messages: Vec<Message> = world.take_messages();
        let Some(longest) = messages.iter().map(|message| message.delay).max() else { return };
        world.advance(SignedDuration::from_secs(i64::try_from(longest).unwrap_or(0).max(1)));
        let record = |(n, message): (usize, Message)| Record {
            message_id: format!("m-{n}"),
            source: if message.queue == "gather" { Source::Gather } else { Source::Live },
            body: message.body,
            received: 1,
        };
        let (gathered, live): (Vec<Record>, Vec<Record>) =
            messages.into_iter().enumerate().map(record).partition(|record| record.source == Source::Gather);
        for one in live {
            work(world, env, vec![one]).await;
        }
        if !gathered.is_empty() {
            work(world, env, gathered).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lost_answer_duplicates_like_a_crash_and_a_long_outage_only_what_its_few_calls_carried() {
        let nothing = run(Kind::Answer("{}"), true).await.unwrap();
        assert_eq!((nothing.faults, nothing.twice), (0, 0));
        let never = run(Kind::Answer(r#"{"drop": true}"#), true).await.unwrap();
        assert_eq!((never.twice, never.events), (0, nothing.events));
        let lost = run(Kind::Answer(r#"{"apply_then_drop": true}"#), true).await.unwrap();
        assert_eq!((lost.events, lost.faults), (nothing.events, FAULTS as usize), "nothing is lost");
        // The first call is a batch, every further one a single event.
        let first = nothing.events.min(200);
        assert!(0 < lost.twice && lost.twice <= first + FAULTS as usize, "{}", lost.twice);
        let crash = run(Kind::Crash, false).await.unwrap();
        assert!(0 < crash.twice && crash.events == nothing.events, "{}", crash.twice);
    }
}
