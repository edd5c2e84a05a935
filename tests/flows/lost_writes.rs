//! DynamoDB took a write and its answer was lost: the SDK tries again by itself, and finds its own write there. Nobody else is
//! at work on it, so nothing may be left to somebody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use jiff::SignedDuration;
use serde_json::json;
use tajo_app::sync::{Outcome, Record, Report, sync};
use tajo_platforms::Notice;
use tajo_testkit::{Front, Knock, Verdict, World, notice, record};
use tokio::sync::mpsc::unbounded_channel;

use crate::bodies::{cast, only, sample, with};
use crate::picture::essence;
use crate::stage::Stage;

const LISTS: &str = "connectors: {shopify: {lists: {all_customers: 2, buyers: 4, abandoned_cart: 6}}}";

/// A buyer's first hour.
const STORY: [(&str, &str); 4] = [
    ("checkouts/create", "checkouts-create"),
    ("customers/create", "customers-create"),
    ("orders/create", "orders-create.paid"),
    ("orders/updated", "orders-updated.refunded"),
];

const FIRST: u32 = 20_000_000;

fn notices(n: u32) -> impl Iterator<Item = Notice> {
    STORY.into_iter().enumerate().map(move |(index, (topic, file))| {
        let body = cast(&sample(file), n).to_string();
        notice(topic, &format!("d-{n}-{index}"), body.as_bytes())
    })
}

/// A way to the world on which the answer to one write of an item is lost: the `nth` that DynamoDB takes.
async fn losing(world: &Arc<World>, nth: u32) -> (Front, Arc<AtomicU32>) {
    let (sender, mut knocks) = unbounded_channel::<Knock>();
    let taken = Arc::new(AtomicU32::new(0));
    let counted = taken.clone();
    tokio::spawn(async move {
        while let Some(knock) = knocks.recv().await {
            let is_write = knock.call == "DynamoDB PutItem" && knock.answered && knock.took;
            let is_lost = is_write && counted.fetch_add(1, Ordering::Relaxed) + 1 == nth;
            let _ = knock.verdict.send(if is_lost { Verdict::Break } else { Verdict::Go });
        }
    });
    (Front::open(world.clone(), Some(sender)).await, taken)
}

async fn receive(world: &Arc<World>, front: &Front, record: Record) -> Report {
    let env = world.insistent_env(front).await;
    let deadline = env.clock.now().saturating_add(SignedDuration::from_secs(60)).unwrap();
    sync(&env, vec![record], "request", deadline).boxed().await.pop().unwrap()
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_known_again_and_nothing_is_left_undone() {
    let stage = Stage::new(LISTS).await;
    let (front, taken) = losing(&stage.world, 0).await;
    for notice in notices(FIRST) {
        let report = receive(&stage.world, &front, record(&notice, 1)).await;
        assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
    }
    let expected = essence(&only(&stage.world.brevo(), FIRST));
    let writes = taken.load(Ordering::Relaxed);
    assert!(writes > 8, "{writes}");
    for nth in 1..=writes {
        let n = FIRST + nth;
        let (front, taken) = losing(&stage.world, nth).await;
        for notice in notices(n) {
            let report = receive(&stage.world, &front, record(&notice, 1)).await;
            assert_eq!(report.outcome, Outcome::Applied, "write {nth}: {report:?}");
        }
        assert!(taken.load(Ordering::Relaxed) >= writes, "nothing was lost");
        assert_eq!(essence(&only(&stage.world.brevo(), n)), expected, "write {nth} of {writes}");
    }
}

#[tokio::test]
async fn where_somebody_wrote_after_the_lost_write_the_notice_comes_again_and_is_told_once() {
    let stage = Stage::new(LISTS).await;
    let (sender, mut knocks) = unbounded_channel::<Knock>();
    let front = Front::open(stage.world.clone(), Some(sender)).await;
    let news = stage.notice("customers/create", &sample("customers-create"));
    let first = record(&news, 1);
    let world = stage.world.clone();
    let mut task = tokio::spawn(async move { receive(&world, &front, first).await });
    let later = with(
        sample("customers-create"),
        json!({"first_name": "Joanna", "updated_at": "2026-11-20T09:00:00Z"}),
    );
    let mut later = Some(later);
    let first = loop {
        tokio::select! {
            Some(knock) = knocks.recv() => {
                let is_it = knock.call == "DynamoDB PutItem" && knock.about.starts_with("customer#");
                let is_lost = is_it && knock.answered && knock.took && later.is_some();
                if is_lost && let Some(body) = later.take() {
                    stage.tell("customers/update", &body).await;
                }
                let _ = knock.verdict.send(if is_lost { Verdict::Break } else { Verdict::Go });
            }
            report = &mut task => break report.unwrap(),
        }
    };
    assert_eq!(first.outcome, Outcome::Retried, "{first:?}");
    assert_eq!(first.line.reason.as_deref(), Some("DynamoDB PutItem failed: no clear answer"));
    stage.world.advance(SignedDuration::from_secs(360));
    assert_eq!(stage.receive(record(&news, 2)).await.outcome, Outcome::Applied);
    assert_eq!(stage.count("customer_created"), 1);
    assert_eq!(stage.contact("jo@example.com")["attributes"]["FIRSTNAME"], "Joanna");
}
