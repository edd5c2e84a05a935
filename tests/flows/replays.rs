//! A genuine webhook, kept and sent again: nothing in a demand says when it was made, and its delivery id is the sender's
//! word.

use futures::FutureExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::{Demand, StoreId};
use tajo_platforms::Notice;
use tajo_state::{
    Attributes, ERASE_AFTER, Key, Parked, StoreRecord, StoreStatus, list_parked, park, read_parked,
};
use tajo_testkit::{STORE, notice};

use crate::bodies::{LISTS, sample, with};
use crate::manage::Office;
use crate::privacy::{assert_gone, demands, life, redact, store, table, tell_all};
use crate::stage::{Stage, ending};

async fn record(stage: &Stage) -> StoreRecord {
    table(stage).await.get_newest::<StoreRecord>(&Key::store(&store())).await.unwrap().record.unwrap()
}

async fn parked(stage: &Stage) -> Vec<Parked> {
    list_parked(&table(stage).await, STORE, 100).await.unwrap()
}

/// An account that began now.
fn newcomer(stage: &Stage, id: i64) -> Value {
    let at = jiff::Timestamp::from_second(stage.env.clock.now().as_second()).unwrap().to_string();
    with(
        sample("customers-create"),
        json!({"id": id, "admin_graphql_api_id": null, "created_at": at, "updated_at": at}),
    )
}

/// The same body, under a delivery id that the sender chose.
fn again(n: u32, topic: &str, body: &Value) -> Notice {
    notice(topic, &format!("replay-{n}"), body.to_string().as_bytes())
}

async fn confirm(stage: &Stage, id: &str) {
    let queue = format!("{}/queue/live", stage.front.url);
    tajo_app::privacy::confirm(Some(&stage.front.url), "state", &queue, &store(), id).await.unwrap();
}

#[tokio::test]
async fn a_replayed_redact_erases_nobody_who_came_back_until_a_person_says_so() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).boxed().await;
    stage.tell("customers/redact", &redact()).boxed().await;
    // Nobody is there: the same demand has nothing to do, under whatever name it comes.
    let end = ending(&stage.deliver(&again(0, "customers/redact", &redact())).boxed().await);
    assert_eq!(end, "customers/redact → skipped: privacy: this demand was met already");

    stage.world.advance(SignedDuration::from_hours(1));
    stage.tell_by_clock("customers/create", &newcomer(&stage, 72)).boxed().await;
    for n in 1..=5 {
        let report = stage.deliver(&again(n, "customers/redact", &redact())).boxed().await;
        assert_eq!(report.outcome, Outcome::Parked, "{}", ending(&report));
    }
    assert!(!stage.contact("jo@example.com").is_null(), "who came back is there");
    assert_eq!(demands(&stage).await.len(), 1);
    let waiting = parked(&stage).await;
    assert_eq!(waiting.len(), 1, "one demand, however often it is sent: {waiting:?}");
    assert!(waiting[0].hint.as_ref().unwrap().contains("tajo privacy confirm"));

    // The person really asked once more.
    confirm(&stage, &waiting[0].id).await;
    let report = stage.drain().boxed().await.pop().unwrap();
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    assert!(stage.contact("jo@example.com").is_null());
    assert!(parked(&stage).await.is_empty());
}

#[tokio::test]
async fn a_redact_that_is_older_than_the_persons_new_beginning_does_not_erase_them() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).boxed().await;
    stage.tell("customers/redact", &redact()).boxed().await;
    stage.world.advance(SignedDuration::from_hours(1));
    stage.tell_by_clock("customers/create", &newcomer(&stage, 72)).boxed().await;
    // Another body, by address alone: made before they came, made after, and made of the account that was erased.
    let of_address = sample("customers-redact.address");
    let mut late = again(1, "customers/redact", &of_address);
    late.received_at = stage.env.clock.now();
    late.triggered_at = Some(stage.env.clock.now() - SignedDuration::from_mins(30));
    let end = ending(&stage.deliver(&late).boxed().await);
    assert!(end.contains("skipped: privacy: the person came to the store after this demand"), "{end}");
    let of_account = with(redact(), json!({"orders_to_redact": null}));
    let report = stage.deliver(&again(2, "customers/redact", &of_account)).boxed().await;
    assert_ne!(report.outcome, Outcome::Applied, "{}", ending(&report));
    assert!(!stage.contact("jo@example.com").is_null());

    stage.world.advance(SignedDuration::from_hours(1));
    let mut genuine = again(3, "customers/redact", &of_address);
    genuine.received_at = stage.env.clock.now();
    assert_eq!(stage.deliver(&genuine).boxed().await.outcome, Outcome::Applied);
    assert_gone(&stage, "a demand of the one who came back").await;
}

#[tokio::test]
async fn a_demand_that_an_earlier_release_began_is_not_begun_again() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).boxed().await;
    let old = with(
        json!({"id": "d-old", "store": STORE, "demand": "erase", "asked_at": "2026-11-01T00:00:00Z", "counts": {}}),
        json!({"finished_at": "2026-11-01T00:00:01Z"}),
    );
    let put = |_: Option<&Value>| (Some(old.clone()), ());
    table(&stage).await.change(&Key::privacy(STORE, "d-old"), Attributes::none, put).await.unwrap();
    let same = notice("customers/redact", "d-old", redact().to_string().as_bytes());
    assert!(ending(&stage.deliver(&same).boxed().await).contains("met already"));
}

#[tokio::test]
async fn an_uninstall_and_a_shop_redact_sent_again_leave_a_live_store_alone() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).boxed().await;
    let end = ending(&stage.deliver(&again(1, "app/uninstalled", &sample("app-uninstalled"))).await);
    assert!(end.contains("Shopify still takes the app's token"), "{end}");
    for n in 2..6 {
        let report = stage.deliver(&again(n, "shop/redact", &sample("shop-redact"))).await;
        assert_eq!(report.outcome, Outcome::Parked, "{}", ending(&report));
    }
    assert_eq!(parked(&stage).await.len(), 1);
    stage.pass(SignedDuration::from_hours(72)).boxed().await;
    assert_eq!(record(&stage).await.status, StoreStatus::Active);
    assert!(!stage.contact("jo@example.com").is_null());
}

/// A store whose shop removed the app a moment ago and demanded to be erased.
async fn left() -> Stage {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).boxed().await;
    stage.world.set_up_shop(json!({"access_token": "shpat_another"}));
    // Its time is the sender's word: as if it had been long ago.
    let mut left = stage.notice("app/uninstalled", &sample("app-uninstalled"));
    left.triggered_at = Some("2026-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(stage.deliver(&left).await.outcome, Outcome::Applied);
    let end = ending(&stage.tell("shop/redact", &sample("shop-redact")).await);
    assert!(
        end.starts_with("shop/redact → applied: privacy: everything of the store is erased at 20"),
        "{end}"
    );
    stage
}

#[tokio::test]
async fn a_shop_is_erased_47_hours_after_its_uninstall_was_confirmed_and_its_status_says_so() {
    let stage = left().boxed().await;
    // However often it is asked for.
    stage.deliver(&again(7, "shop/redact", &sample("shop-redact"))).await;
    let reports = stage.pass(ERASE_AFTER - SignedDuration::from_mins(10)).boxed().await;
    assert!(reports.is_empty() && !stage.contact("jo@example.com").is_null(), "{reports:?}");
    let office = Office::at(Stage::with(stage.world.clone()).await).await;
    let status = office.ask("GET", &format!("/v1/stores/{STORE}"), Value::Null).await.body;
    assert_eq!(status["state"], "uninstalled");
    assert!(
        status["attention"].as_str().unwrap().starts_with("everything of the store is erased at"),
        "{status}"
    );

    let reports = stage.pass(SignedDuration::from_mins(11)).boxed().await;
    assert!(reports.iter().any(|report| report.outcome == Outcome::Applied), "{reports:?}");
    assert_eq!(record(&stage).await.status, StoreStatus::Erased);
    assert!(stage.contact("jo@example.com").is_null());
    let proofs = demands(&stage).await;
    assert!(proofs.len() == 1 && proofs[0].finished_at.is_some() && proofs[0].demand == Demand::EraseShop);
    // Nothing waits any more.
    assert!(stage.pass(SignedDuration::from_hours(48)).boxed().await.is_empty());
}

#[tokio::test]
async fn a_shop_that_is_connected_again_is_not_erased() {
    let stage = left().boxed().await;
    let back = |stored: Option<&StoreRecord>| {
        let back = stored.map(|stored| StoreRecord {
            status: StoreStatus::Active,
            uninstalled_at: None,
            installed_at: Some(stage.env.clock.now()),
            ..stored.clone()
        });
        (back, ())
    };
    table(&stage).await.change(&Key::store(&store()), Attributes::none, back).await.unwrap();
    let reports = stage.pass(SignedDuration::from_hours(48)).boxed().await;
    let ends: Vec<String> = reports.iter().map(ending).collect();
    assert!(ends.iter().any(|end| end.contains("was connected again: nothing is erased")), "{ends:?}");
    assert_eq!(record(&stage).await.status, StoreStatus::Active);
    assert!(!stage.contact("jo@example.com").is_null());
    assert!(stage.pass(SignedDuration::from_hours(48)).boxed().await.is_empty());
}

/// The token was refused for another reason, and is good again when the time has come.
#[tokio::test]
async fn a_shop_that_takes_the_token_after_all_is_not_erased() {
    let stage = left().boxed().await;
    stage.world.set_up_shop(json!({"access_token": tajo_testkit::SHOPIFY_TOKEN}));
    let reports = stage.pass(SignedDuration::from_hours(48)).boxed().await;
    let ends: Vec<String> = reports.iter().map(ending).collect();
    assert!(ends.iter().any(|end| end.contains("takes the app's token: nothing is erased")), "{ends:?}");
    assert!(!stage.contact("jo@example.com").is_null());
}

/// Shopify sends it 48 hours after the uninstall: then it does not wait.
#[tokio::test]
async fn a_shop_redact_that_comes_late_enough_is_met_at_once() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &life()).boxed().await;
    stage.world.set_up_shop(json!({"access_token": "shpat_another"}));
    stage.tell("app/uninstalled", &sample("app-uninstalled")).await;
    stage.world.advance(SignedDuration::from_hours(48));
    assert_eq!(stage.tell("shop/redact", &sample("shop-redact")).boxed().await.outcome, Outcome::Applied);
    assert_eq!(record(&stage).await.status, StoreStatus::Erased);
}

#[tokio::test]
async fn parked_work_does_not_multiply_by_its_delivery_ids() {
    let stage = Stage::new("").await;
    let broken = br#"{"id": 1, "email": "jo@example.com", "total"#;
    for n in 0..20 {
        stage.deliver(&notice("orders/create", &format!("n-{n}"), broken)).await;
    }
    assert_eq!(parked(&stage).await.len(), 1);
    // Another body, or another topic, is other work; a topic that nobody knows is none.
    stage.deliver(&notice("orders/updated", "n-21", broken)).await;
    stage.deliver(&notice("orders/create", "n-22", b"{")).await;
    assert_eq!(parked(&stage).await.len(), 3);
}

#[tokio::test]
async fn what_was_parked_under_a_delivery_id_is_still_shown_and_put_back() {
    let stage = Stage::new("").await;
    let table = table(&stage).await;
    let old = notice("customers/create", "d-old", sample("customers-create").to_string().as_bytes());
    let head = Parked {
        id: "d-old".to_owned(),
        store: STORE.to_owned(),
        topic: old.topic.clone(),
        reason: "Brevo was away".to_owned(),
        hint: None,
        attempts: 1,
        at: stage.env.clock.now(),
        parts: 0,
    };
    park(&table, head.clone(), &old.to_json()).await.unwrap();
    assert!(read_parked(&table, STORE, "d-old").await.unwrap().is_some());
    let office = Office::at(Stage::with(stage.world.clone()).await).await;
    let listed = office.ask("GET", &format!("/v1/stores/{STORE}/parked"), Value::Null).await.body;
    assert_eq!(listed["parked"][0]["id"], "d-old");
    let again =
        office.ask("POST", &format!("/v1/stores/{STORE}/parked/retry"), json!({"ids": ["d-old"]})).await;
    assert_eq!(again.status, 200, "{:?}", again.body);
    assert_eq!(stage.drain().await.pop().unwrap().outcome, Outcome::Applied);
    assert!(StoreId::parse(STORE).is_ok() && parked(&stage).await.is_empty());
}
