//! What the law asks is done in full: shown, erased, proved; and nobody who was erased comes back by a late notice.

use std::fmt::Write;

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Report, sync};
use tajo_domain::{Demand, Email, StoreId};
use tajo_platforms::Notice;
use tajo_sandbox::shopify::nodes;
use tajo_state::{
    Key, PrivacyRecord, StoreRecord, StoreStatus, Table, feed_person, list_demands, list_parked, read_export,
};
use tajo_testkit::{STORE, record};

use crate::bodies::{LISTS, moved, recent, sample, with};
use crate::stage::{Stage, ending};

/// Every name of Jo's in `events/` that says something of her.
pub const CANARIES: [&str; 6] =
    ["jo@example.com", "johanna", "müller", "1711234567", "gartenweg", "key=not-a-real-key"];

pub fn redact() -> Value {
    sample("customers-redact")
}

/// A body whose times are all past.
pub fn past(name: &str) -> Value {
    moved(&recent(&sample(name)), SignedDuration::from_hours(-24 * 30))
}

pub fn life() -> Vec<(&'static str, Value)> {
    [
        ("customers/create", "customers-create"),
        ("customers/update", "customers-update"),
        ("checkouts/create", "checkouts-create"),
        ("checkouts/update", "checkouts-update"),
        ("orders/create", "orders-create.paid"),
        ("orders/updated", "orders-updated.refunded"),
    ]
    .map(|(topic, file)| (topic, past(file)))
    .to_vec()
}

pub async fn table(stage: &Stage) -> Table {
    stage.world.table(&stage.front).await
}

pub fn store() -> StoreId {
    StoreId::parse(STORE).unwrap()
}

/// The whole table as text, parked bodies opened.
pub async fn dump(stage: &Stage) -> String {
    let table = table(stage).await;
    let mut text = String::new();
    let mut after = None;
    loop {
        let page = table.page(after.as_ref(), 100).await.unwrap();
        for held in &page.items {
            writeln!(text, "{} {} {}", held.key.pk, held.key.sk, held.shown()).unwrap();
            let part: Option<String> = held.read();
            let body = part.and_then(|part| Notice::from_json(&part).ok()?.body().ok());
            writeln!(text, "{}", String::from_utf8_lossy(&body.unwrap_or_default())).unwrap();
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return text.to_lowercase(),
        }
    }
}

/// Neither the table nor Brevo's contacts and orders know Jo.
pub async fn assert_gone(stage: &Stage, story: &str) {
    let held = dump(stage).await;
    let brevo = stage.world.brevo();
    let brevo = format!("{}{}", brevo["contacts"], brevo["orders"]).to_lowercase();
    for canary in CANARIES {
        let line = held.lines().find(|line| line.contains(canary));
        assert!(line.is_none(), "{story}: the table still says `{canary}`: {}", line.unwrap_or_default());
        assert!(!brevo.contains(canary), "{story}: Brevo still says `{canary}`: {brevo}");
    }
}

pub async fn demands(stage: &Stage) -> Vec<PrivacyRecord> {
    list_demands(&table(stage).await, STORE, 10).await.unwrap()
}

/// A demand as `tajo privacy list` would show it, without its times.
fn shown(record: &PrivacyRecord) -> String {
    let done = if record.finished_at.is_some() { "done" } else { "open" };
    let mut text = format!("{:?} {} {done}", record.demand, record.id);
    for (what, count) in &record.counts {
        write!(text, "\n  {count} {what}").unwrap();
    }
    for note in &record.notes {
        write!(text, "\n  note: {note}").unwrap();
    }
    text
}

pub async fn tell_all(stage: &Stage, bodies: &[(&str, Value)]) -> Vec<String> {
    let mut ends = Vec::new();
    for (topic, body) in bodies {
        ends.push(ending(&stage.tell(topic, body).await));
    }
    ends
}

#[tokio::test]
async fn a_data_request_collects_everything_and_says_where() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    let broken = br#"{"id": 1, "email": "jo@example.com", "total_price": "#;
    stage.deliver(&tajo_testkit::notice("orders/create", "d-broken", broken)).await;
    stage
        .tell(
            "customers/create",
            &with(recent(&sample("customers-create")), json!({"id": 9, "email": "sam@example.com"})),
        )
        .await;

    let end = ending(&stage.tell("customers/data_request", &sample("customers-data_request")).await);
    let record = demands(&stage).await.remove(0);
    let entries = read_export(&table(&stage).await, &record).await.unwrap();
    let mut kinds: Vec<String> = entries
        .iter()
        .map(|entry| {
            let key = entry["key"].as_str().unwrap_or_default();
            format!("{} {key}", entry["kind"].as_str().unwrap()).trim_end().to_owned()
        })
        .collect();
    kinds.sort();
    let text = json!(entries).to_string();
    assert!(text.contains("jo@example.com") && text.contains("Gartenweg") && !text.contains("sam@example"));
    insta::assert_snapshot!(format!("{end}\n\n{}\n\n{}", shown(&record), kinds.join("\n")));
}

#[tokio::test]
async fn an_erased_person_is_gone_from_brevo_and_from_the_table() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    for (n, body) in
        [r#"{"id": 1, "email": "jo@example.com", "total"#, r#"{"customer": {"id": 7201400000011}, "id": 5}"#]
            .iter()
            .enumerate()
    {
        let report = stage
            .deliver(&tajo_testkit::notice("orders/create", &format!("d-parked-{n}"), body.as_bytes()))
            .await;
        assert_eq!(report.outcome, Outcome::Parked);
    }
    let other = br#"{"id": 1, "email": "marjo@example.org", "total"#;
    stage.deliver(&tajo_testkit::notice("orders/create", "d-other", other)).await;
    stage.tell("customers/data_request", &sample("customers-data_request")).await;
    // A block is no reason to keep somebody who is to be erased.
    stage.brevo("PUT", "/v3/contacts/jo%40example.com", &json!({"emailBlacklisted": true}));

    let end = ending(&stage.tell("customers/redact", &redact()).await);
    assert_gone(&stage, "after the erasure").await;
    assert!(stage.contact("jo@example.com").is_null());
    let parked = list_parked(&table(&stage).await, STORE, 10).await.unwrap();
    let left = tajo_testkit::notice("orders/create", "d-other", other).digest();
    assert_eq!(parked.into_iter().map(|parked| parked.id).collect::<Vec<_>>(), [left]);
    let mut records = demands(&stage).await;
    records.sort_by_key(|record| record.demand != Demand::Erase);
    let records: Vec<String> = records.iter().map(shown).collect();
    let picture = stage.picture();
    // Brevo can delete neither events nor orders: the order stays without its buyer.
    let left: Vec<&str> = picture.lines().filter(|line| !line.starts_with("event")).collect();
    insta::assert_snapshot!(format!("{end}\n\n{}\n\n{}", records.join("\n"), left.join("\n")));
}

/// Whatever order the notices of a life, some of them twice, and the erasure arrive in: once all are there, nobody is.
#[tokio::test]
async fn no_late_notice_brings_an_erased_person_back() {
    // The same person under an account that nobody has heard of, and as a guest with a phone of their own.
    let other_account = json!({"id": 7_201_400_000_099_i64});
    let mut customer = past("orders-create.paid")["customer"].clone();
    customer.as_object_mut().unwrap().extend(other_account.as_object().unwrap().clone());
    let mut notices = life();
    notices.push(("customers/update", with(past("customers-update"), other_account)));
    notices
        .push(("orders/updated", with(past("orders-create.paid"), json!({"id": 61, "customer": customer}))));
    let guest =
        json!({"id": 62, "customer": null, "token": "other", "cart_token": null, "checkout_token": null});
    notices.push(("orders/create", with(past("orders-create.paid"), guest)));
    notices.push(("customers/delete", sample("customers-delete")));
    notices.push(("customers/create", past("customers-create")));
    notices.extend(rest());
    for redact in ["customers-redact", "customers-redact.address"] {
        let mut all = notices.clone();
        all.push(("customers/redact", sample(redact)));
        let mut runner = TestRunner::new_with_rng(
            Config::default(),
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let orders = Just((0..all.len()).collect::<Vec<_>>()).prop_shuffle();
        for _ in 0..4 {
            let order = orders.new_tree(&mut runner).unwrap().current();
            let stage = Stage::new(LISTS).await;
            stage.world.set_up_shop(json!({"customers": [nodes::customer(&past("customers-create"))]}));
            let mut story = String::new();
            for index in order {
                let (topic, body) = &all[index];
                let report = stage.tell(topic, body).boxed().await;
                writeln!(story, "{}", ending(&report)).unwrap();
                assert!(!matches!(report.outcome, Outcome::Parked | Outcome::Retried), "{story}");
            }
            stage.drain().boxed().await;
            stage.pass(SignedDuration::from_hours(1)).boxed().await;
            assert_gone(&stage, &story).await;
            assert_eq!(stage.world.brevo()["contacts"], json!([]), "{story}");
        }
    }
}

/// What else a store tells of Jo, without a word about when she came; and that another account of hers was merged.
fn rest() -> Vec<(&'static str, Value)> {
    let gone = json!({"id": 7_201_400_000_012_i64, "admin_graphql_api_id": null});
    let mut notices: Vec<(&str, Value)> = [
        ("customer.tags_added", "customer-tags_added"),
        ("customer.tags_removed", "customer-tags_removed"),
        ("customers/purchasing_summary", "customers-purchasing_summary"),
        ("customers_email_marketing_consent/update", "customers_email_marketing_consent-update"),
        ("customers_marketing_consent/update", "customers_marketing_consent-update"),
        ("customers_whats_app_marketing_consent/update", "customers_whats_app_marketing_consent-update"),
        ("refunds/create", "refunds-create"),
        ("fulfillments/create", "fulfillments-create"),
        ("carts/create", "carts-create"),
        ("carts/update", "carts-update"),
        ("customers/merge", "customers-merge"),
    ]
    .map(|(topic, file)| (topic, past(file)))
    .to_vec();
    notices.push(("customers/create", with(past("customers-create"), gone)));
    notices
}

fn born_after(body: Value, at: Timestamp, id: i64) -> Value {
    let at = Timestamp::from_second(at.as_second()).unwrap().to_string();
    with(body, json!({"id": id, "created_at": at, "processed_at": at, "updated_at": at}))
}

#[tokio::test]
async fn somebody_who_comes_after_their_erasure_is_somebody_new() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    stage.tell("customers/redact", &redact()).await;
    stage.world.advance(SignedDuration::from_hours(1));
    let later = stage.env.clock.now();
    let guest = with(
        born_after(sample("orders-create.paid"), later, 71),
        json!({"customer": null, "cart_token": "c-71", "checkout_token": "k-71"}),
    );
    let account = born_after(sample("customers-create"), later, 72);
    let ends = tell_all(
        &stage,
        &[
            ("orders/create", guest),
            ("customers/create", account),
            // The account that was erased never comes back, and an order from before neither.
            ("customers/update", past("customers-update")),
            ("orders/updated", past("orders-updated.refunded")),
        ],
    )
    .await;
    let contact = stage.contact("jo@example.com");
    assert_eq!(contact["ext_id"], "shopify:demo-shop:72");
    assert_eq!((&contact["emailBlacklisted"], &contact["smsBlacklisted"]), (&json!(true), &json!(true)));
    insta::assert_snapshot!(ends.join("\n"));

    // And can be erased again.
    let again =
        with(redact(), json!({"customer": {"id": 72, "email": "jo@example.com"}, "orders_to_redact": [71]}));
    assert_eq!(stage.tell("customers/redact", &again).await.outcome, Outcome::Applied);
    assert_gone(&stage, "the second erasure").await;
}

/// A notice without a time of its own cannot tell whether it is about before or after: it neither brings the erased
/// back nor bars who came anew.
#[tokio::test]
async fn a_notice_without_a_time_decides_nothing() {
    let stage = Stage::new(LISTS).await;
    stage.tell("customers/redact", &redact()).await;
    let timeless = json!({"id": 72, "email": "jo@example.com", "first_name": "Johanna"});
    assert_eq!(stage.tell("customers/update", &timeless).await.outcome, Outcome::Skipped);
    assert_gone(&stage, "a notice without a time").await;
    stage.world.advance(SignedDuration::from_hours(1));
    let account = born_after(sample("customers-create"), stage.env.clock.now(), 72);
    assert_eq!(stage.tell("customers/create", &account).await.outcome, Outcome::Applied);
    assert_eq!(stage.contact("jo@example.com")["ext_id"], "shopify:demo-shop:72");
}

#[tokio::test]
async fn a_contact_that_another_store_feeds_stays_without_what_we_gave_it() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    let other = StoreId::parse("other-shop").unwrap();
    let jo = Email::parse("jo@example.com").unwrap();
    feed_person(&table(&stage).await, tajo_testkit::ACCOUNT, &jo, &other, None, None).await.unwrap();
    let report = stage.tell("customers/redact", &redact()).await;
    assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
    let contact = stage.contact("jo@example.com");
    assert_eq!(
        (&contact["ext_id"], &contact["listIds"], &contact["attributes"]),
        (&Value::Null, &json!([]), &json!({}))
    );
    let record = demands(&stage).await.remove(0);
    assert!(record.counts.keys().any(|what| what.contains("another store")), "{record:?}");
}

#[tokio::test]
async fn a_demand_is_met_once_and_a_repetition_harms_nobody() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    let demand = stage.notice("customers/redact", &redact());
    stage.deliver(&demand).await;
    stage.world.advance(SignedDuration::from_hours(1));
    stage.tell("customers/create", &born_after(sample("customers-create"), stage.env.clock.now(), 72)).await;
    let again = stage.receive(record(&demand, 2)).await;
    assert_eq!(ending(&again), "customers/redact → skipped: privacy: this demand was met already");
    assert!(!stage.contact("jo@example.com").is_null());
}

/// Workers that had begun before the erasure finish beside it: what they send is taken back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_beside_other_work_on_the_person_wins() {
    for round in 0..10_usize {
        let stage = Stage::new(LISTS).await;
        if round % 2 == 0 {
            tell_all(&stage, &life()[..2]).await;
        }
        let mut bodies = life();
        bodies
            .push(("orders/updated", with(past("orders-create.paid"), json!({"id": 61, "customer": null}))));
        bodies.rotate_left(round % 5);
        bodies.truncate(4);
        bodies.insert(round % 4, ("customers/redact", redact()));
        let mut workers = Vec::new();
        for _ in &bodies {
            workers.push(Stage::with(stage.world.clone()).await);
        }
        let work = workers.iter().zip(&bodies).enumerate().map(|(n, (worker, (topic, body)))| {
            let notice = tajo_testkit::notice(topic, &format!("beside-{n}"), body.to_string().as_bytes());
            async move { worker.deliver(&notice).boxed().await }
        });
        let reports = futures::future::join_all(work).await;
        stage.drain().boxed().await;
        let story: Vec<String> = reports.iter().map(ending).collect();
        assert_gone(&stage, &format!("round {round}: {}", story.join("\n"))).await;
        assert_eq!(stage.world.brevo()["contacts"], json!([]), "round {round}: {}", story.join("\n"));
    }
}

/// With this much time left, no second piece of a long work begins.
pub async fn deliver_in_haste(stage: &Stage, notice: &Notice) -> Report {
    let deadline = stage.env.clock.now().saturating_add(SignedDuration::from_secs(20)).unwrap();
    sync(&stage.env, vec![record(notice, 1)], "request", deadline).boxed().await.pop().unwrap()
}

#[tokio::test]
async fn a_long_demand_goes_on_in_the_next_invocation() {
    for (topic, file) in
        [("customers/redact", "customers-redact"), ("customers/data_request", "customers-data_request")]
    {
        let stage = Stage::new(LISTS).await;
        tell_all(&stage, &life()).await;
        let report = deliver_in_haste(&stage, &stage.notice(topic, &sample(file))).await;
        assert_eq!(report.outcome, Outcome::Deferred, "{report:?}");
        assert!(demands(&stage).await[0].finished_at.is_none());
        let reports = stage.drain().await;
        assert_eq!(reports.last().unwrap().outcome, Outcome::Applied);
        assert!(demands(&stage).await[0].finished_at.is_some());
        if topic == "customers/redact" {
            assert_gone(&stage, "in two invocations").await;
        }
    }
}

/// The shop removes the app: Shopify refuses its token from then on.
fn removed(stage: &Stage) {
    stage.world.set_up_shop(json!({"access_token": "shpat_another"}));
}

/// The same, told, and long enough ago for the shop to be erased.
async fn left_long_ago(stage: &Stage) {
    removed(stage);
    stage.tell("app/uninstalled", &sample("app-uninstalled")).await;
    stage.world.advance(SignedDuration::from_hours(48));
}

async fn store_record(stage: &Stage) -> StoreRecord {
    table(stage).await.get_newest::<StoreRecord>(&Key::store(&store())).await.unwrap().record.unwrap()
}

#[tokio::test]
async fn a_shop_that_removed_the_app_is_left_alone() {
    let stage = Stage::new(LISTS).await;
    stage.tell("checkouts/create", &recent(&sample("checkouts-create"))).await;
    removed(&stage);
    let mut ends = tell_all(&stage, &[("app/uninstalled", sample("app-uninstalled"))]).await;
    ends.extend(tell_all(&stage, &life()[..1]).await);
    let swept = stage.pass(SignedDuration::from_hours(1)).await;
    assert!(
        swept.is_empty() && stage.count("cart_abandoned") == 0,
        "nobody is reminded for a shop that left"
    );
    ends.extend(tell_all(&stage, &[("app/uninstalled", sample("app-uninstalled"))]).await);
    insta::assert_snapshot!(ends.join("\n"));
    assert_eq!(store_record(&stage).await.status, StoreStatus::Uninstalled);
    // What the law asks is still done.
    assert_eq!(stage.tell("customers/redact", &redact()).await.outcome, Outcome::Applied);
    assert_gone(&stage, "after the uninstall").await;
}

#[tokio::test]
async fn a_late_notice_of_an_earlier_uninstall_changes_nothing() {
    let stage = Stage::new(LISTS).await;
    let mut late = stage.notice("app/uninstalled", &sample("app-uninstalled"));
    late.triggered_at = Some("2019-12-31T00:00:00Z".parse().unwrap());
    let end = ending(&stage.deliver(&late).await);
    assert_eq!(end, "app/uninstalled → skipped: store: a late notice: the store was connected again since");
    assert_eq!(store_record(&stage).await.status, StoreStatus::Active);
}

#[tokio::test]
async fn a_shop_that_is_to_be_erased_leaves_only_the_proof() {
    let stage = Stage::new(LISTS).await;
    let before = json!({"email": "sam@example.com", "listIds": [2]});
    stage.brevo("POST", "/v3/contacts", &before);
    tell_all(&stage, &life()).await;
    stage
        .tell(
            "orders/create",
            &with(recent(&sample("orders-create.guest")), json!({"email": "sam@example.com", "phone": null})),
        )
        .await;
    stage
        .deliver(&tajo_testkit::notice("orders/create", "d-broken", br#"{"id": 1, "email": "jo@example.com"#))
        .await;
    left_long_ago(&stage).await;
    let end = ending(&stage.tell("shop/redact", &sample("shop-redact")).await);

    let record = demands(&stage).await.remove(0);
    let held = dump(&stage).await;
    let mut left: Vec<&str> =
        held.lines().filter_map(|line| line.split('#').next()).filter(|kind| !kind.is_empty()).collect();
    left.sort_unstable();
    left.dedup();
    // The log holds the line of the erasure itself, on a day of its own.
    assert_eq!(left, ["days", "log", "privacy", "store"], "{held}");
    assert_eq!(store_record(&stage).await.status, StoreStatus::Erased);
    let contacts = stage.world.brevo()["contacts"].clone();
    assert_eq!(
        contacts.as_array().unwrap().len(),
        1,
        "the contact that Brevo had before us stays: {contacts}"
    );
    assert_eq!(contacts[0]["listIds"], json!([]));
    let late = tell_all(&stage, &life()[..1]).await;
    // Its name holds when the shop left.
    let story = format!("{end}\n{}\n\n{}", late.join("\n"), shown(&record));
    insta::assert_snapshot!(story.replace(&record.id, "(id)"));
}

#[tokio::test]
async fn a_shop_that_took_its_brevo_key_along_is_erased_here_all_the_same() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    left_long_ago(&stage).await;
    stage.fault(json!({"path": "/v3/contacts*", "times": 100, "action": {"status": 401, "body": {"code": "unauthorized", "message": "Key not found"}}}));
    assert_eq!(stage.tell("shop/redact", &sample("shop-redact")).await.outcome, Outcome::Applied);
    let held = dump(&stage).await;
    assert!(CANARIES.iter().all(|canary| !held.contains(canary)), "{held}");
    let record = demands(&stage).await.remove(0);
    assert!(record.notes.iter().any(|note| note.contains("stay in Brevo")), "{record:?}");
    assert_eq!(store_record(&stage).await.status, StoreStatus::Erased);
}

#[tokio::test]
async fn a_person_is_erased_here_even_if_brevo_refuses_the_key_and_there_once_it_takes_it() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    let refused = json!({"status": 401, "body": {"code": "unauthorized", "message": "Key not found"}});
    stage.fault(json!({"path": "/v3/contacts*", "times": 1, "action": refused}));
    let notice = stage.notice("customers/redact", &redact());
    assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Parked);
    assert_eq!(store_record(&stage).await.status, StoreStatus::NeedsAttention);
    let cart = Key::cart(&store(), "cart-3f6a1c9e");
    let cart = table(&stage).await.get_newest::<tajo_domain::CartRecord>(&cart).await.unwrap().record;
    assert!(cart.is_none_or(|cart| cart.erased));
    stage.deliver(&notice).await;
    let jo = Key::contact(&store(), &tajo_domain::ContactKey::Customer("7201400000011".to_owned()));
    let jo = table(&stage).await.get_newest::<tajo_domain::ContactRecord>(&jo).await.unwrap().record;
    assert!(jo.unwrap().is_forgotten());
    assert_eq!(stage.world.brevo()["contacts"], json!([]));
}

#[tokio::test]
async fn what_the_law_asks_never_becomes_too_old() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    let busy = json!({"status": 429, "headers": {"x-sib-ratelimit-reset": 1}});
    stage.fault(json!({"path": "/v3/contacts*", "times": 2, "action": busy}));
    let notice = stage.notice("customers/redact", &redact());
    assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Deferred);
    stage.world.advance(SignedDuration::from_hours(30));
    stage.drain().await;
    assert_gone(&stage, "after a day and a quarter").await;
}

#[tokio::test]
async fn a_working_shop_is_erased_only_once_a_person_confirms() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).await;
    let report = stage.tell("shop/redact", &sample("shop-redact")).await;
    assert_eq!(report.outcome, Outcome::Parked);
    assert!(!stage.contact("jo@example.com").is_null());
    let parked = list_parked(&table(&stage).await, STORE, 10).await.unwrap().remove(0);
    assert!(parked.hint.unwrap().contains("tajo privacy confirm"));
    let queue = format!("{}/queue/live", stage.front.url);
    tajo_app::privacy::confirm(Some(&stage.front.url), "state", &queue, &store(), &parked.id).await.unwrap();
    // Another process marked it: a worker believes what it read for some minutes.
    let fresh = Stage::with(stage.world.clone()).await;
    assert_eq!(fresh.drain().await.pop().unwrap().outcome, Outcome::Applied);
    assert!(stage.contact("jo@example.com").is_null());
    assert!(list_parked(&table(&stage).await, STORE, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_scope_that_was_taken_away_is_noted_and_said() {
    let stage = Stage::new("sync: {products: false}").await;
    let taken = recent(&sample("app-scopes_update"));
    let mut ends = tell_all(&stage, &[("app/scopes_update", taken.clone())]).await;
    let record = store_record(&stage).await;
    assert_eq!(
        (record.status, record.scopes.unwrap().missing),
        (StoreStatus::Active, vec!["read_orders".to_owned()])
    );
    assert!(record.attention.unwrap().contains("read_orders"));
    // Older news of the scopes, and then newer.
    let body = |at: &str| {
        with(taken.clone(), json!({"updated_at": at, "current": ["read_customers", "write_orders"]}))
    };
    ends.extend(
        tell_all(
            &stage,
            &[
                ("app/scopes_update", body("2019-01-01T00:00:00Z")),
                ("app/scopes_update", body("2099-01-01T00:00:00Z")),
            ],
        )
        .await,
    );
    assert_eq!(store_record(&stage).await.attention, None);
    insta::assert_snapshot!(ends.join("\n"));
}

#[tokio::test]
async fn a_demand_names_the_shops_id_once_it_is_known() {
    let stage = Stage::new(LISTS).await;
    stage.tell("customers/create", &past("customers-create")).await;
    let known = |stored: Option<&StoreRecord>| {
        let shop_id = Some("91400000001".to_owned());
        (stored.map(|stored| StoreRecord { shop_id, ..stored.clone() }), ())
    };
    table(&stage).await.change(&Key::store(&store()), tajo_state::Attributes::none, known).await.unwrap();
    // What it read of the store before is not believed any more.
    let stage = Stage::with(stage.world.clone()).await;
    for (shop_id, reason) in [(json!(null), "does not name the shop's id"), (json!(7), "names another shop")]
    {
        for name in ["customers-redact", "customers-data_request", "shop-redact"] {
            let report =
                stage.tell(&name.replace('-', "/"), &with(sample(name), json!({ "shop_id": shop_id }))).await;
            assert_eq!(report.outcome, Outcome::Parked, "{}", ending(&report));
            assert!(ending(&report).contains(reason), "{}", ending(&report));
        }
    }
    let left = stage.tell("app/uninstalled", &with(sample("app-uninstalled"), json!({ "id": 7 }))).await;
    assert_eq!(left.outcome, Outcome::Parked, "{}", ending(&left));
    assert_ne!(stage.contact("jo@example.com"), Value::Null);
    let met = stage.tell("customers/redact", &redact()).await;
    assert_eq!(met.outcome, Outcome::Applied, "{}", ending(&met));
    assert_eq!(stage.contact("jo@example.com"), Value::Null);
}
