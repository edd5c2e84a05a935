//! Parked work: found again, put back, dropped, counted. Nothing of it is lost and nothing is sent twice.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tajo_app::Queue;
use tajo_app::parked::{Fate, Selection, discard, retry, select, show};
use tajo_app::sync::Outcome;
use tajo_state::{Parked, Span, Table, list_parked, park, read_parked};
use tajo_testkit::{Front, STORE, Verdict};

use crate::bodies::sample;
use crate::privacy::redact;
use crate::stage::Stage;

async fn table(stage: &Stage) -> Table {
    stage.world.table(&stage.front).await
}

/// The live queue, through this front.
async fn queue(front: &Front) -> Queue {
    let aws = tajo_state::sdk_config(Some(&front.url)).await.unwrap();
    Queue::new(aws_sdk_sqs::Client::new(&aws), format!("{}/queue/live", front.url))
}

async fn all(stage: &Stage) -> Vec<Parked> {
    list_parked(&table(stage).await, STORE, 100).await.unwrap()
}

/// An order that is parked because Brevo refuses one of its events.
async fn refused(stage: &Stage) -> Parked {
    let refusal = json!({"status": 400, "body": {"code": "invalid_parameter", "message": "no"}});
    stage.fault(json!({"path": "/v3/events", "action": refusal}));
    let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(report.outcome, Outcome::Parked);
    all(stage).await.remove(0)
}

#[tokio::test]
async fn what_is_put_back_is_worked_on_like_any_redelivery_and_is_parked_no_more() {
    let stage = Stage::new("").await;
    let parked = refused(&stage).await;
    let late = Timestamp::now().saturating_add(SignedDuration::from_hours(72)).unwrap();
    let fate = retry(&table(&stage).await, &queue(&stage.front).await, &parked, late).await.unwrap();
    assert_eq!((fate, all(&stage).await), (Fate::Retried, Vec::new()));
    let message = stage.world.take_messages().pop().unwrap();
    let notice = tajo_platforms::Notice::from_json(&message.body).unwrap();
    assert_eq!((notice.attempts, notice.redelivered, notice.received_at), (0, true, late));
    assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Applied);
    // What had arrived before does not arrive again.
    assert_eq!(stage.events(), ["order_completed", "order_paid", "order_placed"]);
    let again = retry(&table(&stage).await, &queue(&stage.front).await, &parked, late).await.unwrap();
    assert_eq!((again, stage.world.take_messages().len()), (Fate::Gone, 0));
}

#[tokio::test]
async fn a_crash_between_sending_and_forgetting_makes_a_double_that_changes_nothing() {
    let stage = Stage::new("").await;
    let parked = refused(&stage).await;
    let (knocks, mut door) = tokio::sync::mpsc::unbounded_channel();
    let broken = Front::open(stage.world.clone(), Some(knocks)).await;
    tokio::spawn(async move {
        while let Some(knock) = door.recv().await {
            let forgets = knock.call.ends_with("TransactWriteItems");
            let _ = knock.verdict.send(if forgets { Verdict::Break } else { Verdict::Go });
        }
    });
    let now = Timestamp::now();
    let half = retry(&stage.world.table(&broken).await, &queue(&broken).await, &parked, now).await;
    assert!(half.is_err(), "the deletion never left");
    assert_eq!(all(&stage).await.len(), 1, "it is still parked");
    let fate = retry(&table(&stage).await, &queue(&stage.front).await, &parked, now).await.unwrap();
    assert_eq!(fate, Fate::Retried);
    let ends: Vec<Outcome> = stage.drain().await.into_iter().map(|report| report.outcome).collect();
    assert_eq!(ends.len(), 2, "both copies were worked on");
    assert_eq!(stage.events(), ["order_completed", "order_paid", "order_placed"]);
    assert!(all(&stage).await.is_empty());
}

#[tokio::test]
async fn what_was_parked_again_meanwhile_is_not_forgotten_with_the_older_one() {
    let stage = Stage::new("").await;
    let older = refused(&stage).await;
    let table = table(&stage).await;
    let (_, text) = read_parked(&table, STORE, &older.id).await.unwrap().unwrap();
    let at = older.at.saturating_add(SignedDuration::from_secs(1)).unwrap();
    park(&table, Parked { at, reason: "once more".to_owned(), ..older.clone() }, &text).await.unwrap();
    assert_eq!(discard(&table, &older).await.unwrap(), Fate::Gone);
    let newer = all(&stage).await.remove(0);
    assert_eq!(newer.reason, "once more");
    assert!(read_parked(&table, STORE, &newer.id).await.unwrap().unwrap().1 == text, "all of it is there");
    assert_eq!(discard(&table, &newer).await.unwrap(), Fate::Dropped);
    assert!(
        table.page(None, 100).await.unwrap().items.iter().all(|item| !item.key.pk.starts_with("parked#"))
    );
}

#[tokio::test]
async fn a_retry_brings_no_erased_person_back() {
    let stage = Stage::new("").await;
    let parked = refused(&stage).await;
    retry(&table(&stage).await, &queue(&stage.front).await, &parked, Timestamp::now()).await.unwrap();
    let on_its_way = stage.world.take_messages().pop().unwrap();
    stage.tell("customers/redact", &redact()).await;
    stage.drain().await;
    let notice = tajo_platforms::Notice::from_json(&on_its_way.body).unwrap();
    let report = stage.deliver(&notice).await;
    assert_eq!(report.outcome, Outcome::Skipped, "{report:?}");
    assert_eq!(stage.contact("jo@example.com"), serde_json::Value::Null);
}

#[tokio::test]
async fn a_message_that_is_no_notice_stays_parked_until_it_is_dropped() {
    let stage = Stage::new("").await;
    let record = tajo_app::sync::Record {
        message_id: "m-1".to_owned(),
        body: "jo@example.com".to_owned(),
        received: 1,
        source: tajo_app::sync::Source::Live,
    };
    stage.receive(record).await;
    let table = table(&stage).await;
    let parked = list_parked(&table, "unknown", 10).await.unwrap().remove(0);
    let fate = retry(&table, &queue(&stage.front).await, &parked, Timestamp::now()).await.unwrap();
    assert_eq!((fate, stage.world.take_messages().len()), (Fate::Unreadable, 0));
    let shown = show(&table, "unknown", &parked.id, false).await.unwrap().unwrap();
    assert!(!serde_json::to_string(&shown).unwrap().contains("jo@"), "the body is shown only if asked for");
    let opened = show(&table, "unknown", &parked.id, true).await.unwrap().unwrap();
    assert_eq!(opened.body, Some(json!("jo@example.com")));
    assert_eq!(discard(&table, &parked).await.unwrap(), Fate::Dropped);
    assert_eq!(show(&table, "unknown", &parked.id, true).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_meant_is_found_by_id_reason_topic_and_time_however_much_there_is() {
    let stage = Stage::new("").await;
    let table = table(&stage).await;
    let start: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    for n in 0..250i64 {
        let parked = Parked {
            id: format!("d-{n}"),
            store: STORE.to_owned(),
            topic: if n % 2 == 0 { "orders/create" } else { "customers/update" }.to_owned(),
            reason: if n % 5 == 0 { "Brevo does not know the API key" } else { "the body is not JSON" }
                .to_owned(),
            hint: None,
            attempts: 1,
            at: start.saturating_add(SignedDuration::from_hours(n)).unwrap(),
            parts: 0,
        };
        park(&table, parked, "{}").await.unwrap();
    }
    let hour = |n| start.saturating_add(SignedDuration::from_hours(n)).unwrap();
    let count =
        async |selection: &Selection| select(&table, STORE, selection, usize::MAX).await.unwrap().len();
    let key = Selection { reason: Some("api KEY".to_owned()), ..Selection::default() };
    assert_eq!(count(&Selection::default()).await, 250);
    assert_eq!(count(&key).await, 50);
    assert_eq!(count(&Selection { topic: Some("orders/create".to_owned()), ..key.clone() }).await, 25);
    let span = Span { since: Some(hour(10)), until: Some(hour(19)) };
    assert_eq!(count(&Selection { span, ..key.clone() }).await, 2);
    assert_eq!(count(&Selection { ids: vec!["d-5".to_owned(), "d-6".to_owned()], ..key }).await, 1);
    let backwards = Span { since: Some(hour(19)), until: Some(hour(10)) };
    assert_eq!(count(&Selection { span: backwards, ..Selection::default() }).await, 0);
    let newest = select(&table, STORE, &Selection::default(), 2).await.unwrap();
    assert_eq!(newest.iter().map(|work| work.id.as_str()).collect::<Vec<_>>(), ["d-249", "d-248"]);
}

#[tokio::test]
async fn the_sweeper_counts_what_is_parked_in_all_stores_and_since_when() {
    let stage = Stage::new("").await;
    assert_eq!(stage.sweep().await.parked, 0);
    let parked = refused(&stage).await;
    let other = Parked { id: "m-2".to_owned(), store: "unknown".to_owned(), ..parked.clone() };
    park(&table(&stage).await, other, &"x".repeat(800_000)).await.unwrap();
    stage.world.advance(SignedDuration::from_hours(80));
    let lines = crate::canary::Lines::default();
    let json = tracing_subscriber::fmt().json().flatten_event(true).with_writer(lines.clone());
    let guard = tracing::subscriber::set_default(json.finish());
    assert_eq!(stage.sweep().await.parked, 2, "however many parts each has");
    drop(guard);
    // The names that the metric filters of template.yaml look for.
    let text = lines.text();
    let line = text.lines().find(|line| line.contains("work waits for a person")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["parked_count"], &line["parked_oldest_hours"]), (&json!(2), &json!(80)));
    let template = include_str!("../../template.yaml");
    for name in ["parked_count", "parked_oldest_hours"] {
        assert!(template.contains(&format!("$.{name}")), "{name}");
    }
}

#[test]
fn the_alarm_on_failing_webhooks_is_on_a_rate_and_not_on_one() {
    let template = include_str!("../../template.yaml");
    let alarm = template.split_once("\n  WebhooksFailAlarm:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let expression = alarm.lines().find_map(|line| line.trim().strip_prefix("Expression: ")).unwrap();
    // What it says, by hand: the numbers of failures and of requests, and whether somebody is called.
    assert_eq!(expression, "IF(failures >= 50 OR (failures >= 3 AND failures >= 0.05 * requests), 1, 0)");
    for part in ["MetricName: 5xx", "MetricName: Count", "ReturnData: true", "Threshold: 1"] {
        assert!(alarm.contains(part), "{part}");
    }
    assert_eq!(alarm.matches("ReturnData: true").count(), 1);
}
