//! Every change that the management API is asked for leaves a record: who, which store, what, when, and how it ended.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_api::OPERATIONS;
use tajo_testkit::{Front, Knock, STORE, Verdict};
use tokio::sync::mpsc::unbounded_channel;

use crate::manage::{Office, at};
use crate::set_up::connected;
use crate::stage::Stage;

fn id_of(key: &str) -> &str {
    key.split('_').nth(1).unwrap()
}

/// What the log shows, oldest first: operation, store, outcome.
async fn shown(office: &Office, key: &str, query: &str) -> Vec<String> {
    let answer = office.ask_as(key, "GET", &format!("/v1/audit{query}"), Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let entries = answer.body["entries"].as_array().unwrap().iter().rev();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    entries
        .map(|entry| {
            format!("{} {} {}", text(&entry["operation"]), text(&entry["store"]), text(&entry["outcome"]))
        })
        .collect()
}

#[tokio::test]
async fn a_change_is_recorded_with_who_what_when_and_how_it_ended_and_without_secrets() {
    let stage = Stage::unconnected().await;
    connected(&stage, STORE, json!({})).await.unwrap();
    let office = Office::at(stage).await;
    office.post(&at("/pause"), json!({})).await;
    office.stage.world.advance(SignedDuration::from_secs(1));
    let settings = json!({"yaml": "sync: {carts: false}\n"});
    assert_eq!(office.ask("PUT", "/v1/stores/_/settings", settings).await.status, 200);
    office.stage.world.advance(SignedDuration::from_secs(1));
    let credentials = json!({"brevo_api_key": "xkeysib-very-secret"});
    assert!(office.ask("PATCH", &at(""), credentials).await.status >= 400);
    let page = office.get("/v1/audit").await;
    let [edited, put, paused] = page["entries"].as_array().unwrap().as_slice() else { panic!("{page}") };
    assert_eq!(
        (&paused["operation"], &paused["store"], &paused["outcome"], &paused["status"]),
        (&json!("pause"), &json!(STORE), &json!("done"), &json!(200))
    );
    assert_eq!((&paused["key"], &paused["key_name"]), (&json!(id_of(&office.key)), &json!("first")));
    assert_eq!(put["store"], STORE, "`_` is put right");
    assert_eq!(put["what"], "putSettings, yaml; changed: sync.carts");
    assert_eq!(
        (&edited["what"], &edited["outcome"]),
        (&json!("editCredentials, brevo_api_key"), &json!("refused"))
    );
    assert!(!page.to_string().contains("very-secret"));
    // It is in the table without it, too, and ends by itself after 400 days.
    let table = office.stage.world.table(&office.stage.front).await;
    let held = table.page(None, 100).await.unwrap().items;
    assert!(held.iter().filter(|held| held.key.pk.starts_with("audit#")).count() == 3);
    assert!(held.iter().all(|held| !held.shown().to_string().contains("very-secret")));
    let now = office.manage.connect.clock.now();
    office.stage.world.advance(SignedDuration::from_hours(24 * 399));
    assert_eq!(shown(&office, &office.key, "").await.len(), 3);
    office.stage.world.advance(SignedDuration::from_hours(48));
    assert!(now < office.manage.connect.clock.now() && shown(&office, &office.key, "").await.is_empty());
}

#[tokio::test]
async fn no_operation_that_changes_something_goes_without_a_record_and_none_that_asks_has_one() {
    let office = Office::new("").await;
    for operation in OPERATIONS {
        let path = operation.path.replace("{store}", "nobody").replace("{run}", "r").replace("{id}", "p");
        let path = path.replace("{key}", "nobody");
        if operation.id == "shopifyAppConfig" {
            continue;
        }
        let before = shown(&office, &office.key, "?limit=500").await.len();
        office.ask(operation.method, &path, Value::Null).await;
        let after = shown(&office, &office.key, "?limit=500").await.len();
        let changes =
            !matches!(operation.id, "test" | "trace" | "validateSettings") && operation.method != "GET";
        assert_eq!(after - before, usize::from(changes), "{}", operation.id);
    }
}

#[tokio::test]
async fn what_a_key_may_not_do_is_recorded_and_what_no_key_asks_is_not() {
    let office = Office::new("").await;
    let reader = office.new_key("read", None).await;
    assert_eq!(office.ask_as(&reader, "POST", &at("/pause"), json!({})).await.status, 403);
    assert_eq!(office.ask_as("tajo_0123456789ab_wrong", "POST", &at("/pause"), json!({})).await.status, 401);
    assert_eq!(shown(&office, &office.key, &format!("?store={STORE}")).await, ["pause demo-shop refused"]);
    assert_eq!(office.ask_as(&reader, "GET", "/v1/audit", Value::Null).await.status, 403);
}

#[tokio::test]
async fn a_bound_key_sees_what_was_about_its_stores_and_nothing_else() {
    let office = Office::new("").await;
    office.add_store("other").await;
    let bound = office.new_key("admin", Some(&["other"])).await;
    office.post(&at("/pause"), json!({})).await;
    office.post("/v1/stores/other/pause", json!({})).await;
    // What it tried with a store that is not its own is that store's owner's to see.
    assert_eq!(office.ask_as(&bound, "POST", &at("/resume"), json!({})).await.status, 403);
    let mut all = shown(&office, &office.key, "").await;
    all.sort();
    let everything =
        ["createKey - done", "pause demo-shop done", "pause other done", "resume demo-shop refused"];
    assert_eq!(all, everything);
    assert_eq!(shown(&office, &bound, "").await, ["pause other done"]);
    assert_eq!(shown(&office, &bound, "?store=other").await, ["pause other done"]);
    let foreign = office.ask_as(&bound, "GET", &format!("/v1/audit?store={STORE}"), Value::Null).await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn pages_of_the_log_show_every_change_once_newest_first_over_months() {
    let office = Office::new("").await;
    for turn in 0..7 {
        let what = if turn % 2 == 0 { "/pause" } else { "/resume" };
        office.post(&at(what), json!({})).await;
        office.stage.world.advance(SignedDuration::from_hours(24 * 12));
    }
    for limit in [1, 2, 3, 7, 50] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = office.get(&format!("/v1/audit?limit={limit}{cursor}")).await;
            seen.extend(
                page["entries"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|entry| entry["at"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 7, "{limit}");
        assert!(seen.windows(2).all(|pair| pair[1] < pair[0]), "{seen:?}");
    }
    assert_eq!(office.get("/v1/audit?since=30d").await["entries"].as_array().unwrap().len(), 2);
    assert_eq!(office.ask("GET", "/v1/audit?cursor=AAAA", Value::Null).await.status, 400);
}

#[tokio::test]
async fn nothing_is_changed_that_could_not_be_recorded_and_a_change_that_dies_is_seen() {
    let office = Office::new("").await;
    for (refused, status, state, outcomes) in [
        // The record before: nothing is done.
        (1, 500, "active", vec![]),
        // The record of its end: it is done, and stands there as begun.
        (2, 200, "paused", vec!["pause demo-shop unfinished"]),
    ] {
        let (sender, mut knocks) = unbounded_channel::<Knock>();
        let front = Front::open(office.stage.world.clone(), Some(sender)).await;
        let manage = office.stage.world.manage(&front).await;
        let other =
            Office { manage, stage: Stage::with(office.stage.world.clone()).await, key: office.key.clone() };
        let mut asking =
            tokio::spawn(async move { other.ask("POST", &at("/pause"), json!({})).await.status });
        let mut seen = 0;
        let answered = loop {
            tokio::select! {
                knock = knocks.recv() => {
                    let knock = knock.unwrap();
                    let is_record = !knock.answered && knock.about.starts_with("audit#");
                    // The client tries three times.
                    seen += usize::from(is_record);
                    let is_refused = is_record && (refused..refused + 3).contains(&seen);
                    let _ = knock.verdict.send(if is_refused { Verdict::Break } else { Verdict::Go });
                }
                answered = &mut asking => break answered.unwrap(),
            }
        };
        assert_eq!(answered, status);
        assert_eq!(office.get(&at("")).await["state"], state);
        assert_eq!(shown(&office, &office.key, "").await, outcomes);
    }
}
