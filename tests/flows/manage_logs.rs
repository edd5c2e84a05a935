//! The log over the API: newest first, in pages that neither skip nor repeat a line.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_state::{LogLine, write_log};
use tajo_testkit::STORE;

use crate::manage::{Office, at};

/// Writes a line down, `number` in its delivery.
async fn write(office: &Office, at: Timestamp, number: usize, topic: &str, outcome: &str, count: usize) {
    let line = |n: usize| LogLine {
        at,
        delivery: format!("d-{}", number + n),
        topic: topic.to_owned(),
        outcome: outcome.to_owned(),
        reason: None,
        calls: 1,
        person: None,
        order: None,
        order_name: None,
    };
    let lines: Vec<LogLine> = (0..count).map(line).collect();
    let table = office.stage.world.table(&office.stage.front).await;
    write_log(&table, STORE, &format!("request-{number}"), at, &lines).await.unwrap();
}

/// Every delivery, page by page.
async fn read(office: &Office, query: &str, limit: usize) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..1_000 {
        let page = office.get(&at(&format!("/logs?limit={limit}{query}{cursor}"))).await;
        let lines = page["lines"].as_array().unwrap();
        assert!(lines.len() <= limit);
        seen.extend(lines.iter().map(|line| line["delivery"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
    panic!("the pages never end");
}

#[tokio::test]
async fn pages_of_any_size_show_every_line_once_newest_first() {
    let office = Office::new("").await;
    let now: Timestamp = "2026-11-24T12:00:30Z".parse().unwrap();
    office.manage.connect.clock.play(now);
    // Many in one hour, more than one query hands out; some in hours long ago; several in one item.
    let mut wanted = Vec::new();
    for n in 0..900 {
        let at = now.saturating_sub(SignedDuration::from_millis(30_000 + n * 7)).unwrap();
        let number = usize::try_from(n).unwrap() * 10;
        let count = if n % 50 == 0 { 3 } else { 1 };
        write(&office, at, number, "orders/create", "applied", count).await;
        wanted.extend((0..count).rev().map(|line| format!("d-{}", number + line)));
    }
    for (n, hours) in [(90_000, 1), (90_010, 30), (90_020, 31), (90_030, 200), (90_040, 335)] {
        write(
            &office,
            now.saturating_sub(SignedDuration::from_hours(hours)).unwrap(),
            n,
            "orders/create",
            "applied",
            1,
        )
        .await;
        wanted.push(format!("d-{n}"));
    }
    for limit in [500, 97, 13] {
        assert_eq!(read(&office, "", limit).await, wanted, "limit {limit}");
    }
    let last_day: Vec<String> = wanted.iter().take(wanted.len() - 4).cloned().collect();
    assert_eq!(read(&office, "&since=24h", 500).await, last_day);
    assert_eq!(read(&office, "&since=2026-11-23", 500).await[..], wanted[..wanted.len() - 2]);
}

#[tokio::test]
async fn what_is_written_meanwhile_moves_no_page() {
    let office = Office::new("").await;
    let now: Timestamp = "2026-11-24T12:00:30Z".parse().unwrap();
    office.manage.connect.clock.play(now);
    for n in 0..10 {
        let at = now.saturating_sub(SignedDuration::from_secs(100 - n)).unwrap();
        write(&office, at, usize::try_from(n).unwrap(), "orders/create", "applied", 1).await;
    }
    let first = office.get(&at("/logs?limit=4")).await;
    write(&office, now, 77, "orders/create", "applied", 1).await;
    let second = office.get(&at(&format!("/logs?limit=4&cursor={}", first["next"].as_str().unwrap()))).await;
    let names = |page: &Value| -> Vec<String> {
        page["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["delivery"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        (names(&first), names(&second)),
        (
            vec!["d-9".into(), "d-8".into(), "d-7".into(), "d-6".into()],
            vec!["d-5".into(), "d-4".into(), "d-3".into(), "d-2".into()]
        )
    );
}

#[tokio::test]
async fn lines_are_found_by_kind_topic_and_outcome() {
    let office = Office::new("").await;
    let now: Timestamp = "2026-11-24T12:00:30Z".parse().unwrap();
    office.manage.connect.clock.play(now);
    for (n, (topic, outcome)) in [
        ("orders/create", "applied"),
        ("customers/update", "skipped"),
        ("tajo/cart_due", "applied"),
        ("tajo/brevo_news", "applied"),
        ("orders/create", "parked"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = now.saturating_sub(SignedDuration::from_secs(60 - i64::try_from(n).unwrap())).unwrap();
        write(&office, at, n, topic, outcome, 1).await;
    }
    for (query, wanted) in [
        ("&type=webhook", vec!["d-4", "d-1", "d-0"]),
        ("&type=own", vec!["d-2"]),
        ("&type=brevo", vec!["d-3"]),
        ("&topic=orders/create", vec!["d-4", "d-0"]),
        ("&topic=orders%2Fcreate&outcome=parked", vec!["d-4"]),
        ("&outcome=deferred", vec![]),
    ] {
        assert_eq!(read(&office, query, 1).await, wanted, "{query}");
    }
    for bad in
        ["type=all", "outcome=lost", "since=tomorrow", "limit=1000", "until=24h", "type=webhook&type=own"]
    {
        let answer = office.ask("GET", &at(&format!("/logs?{bad}")), Value::Null).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid_request")), "{bad}");
    }
}
