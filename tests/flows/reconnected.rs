//! What happens to a store that is connected: it leaves and comes back, twice at once, with other credentials. All end in one
//! consistent store.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::connect::{Authority, edit};
use tajo_app::sync::{Outcome, Report};
use tajo_domain::StoreId;
use tajo_state::StoreStatus;
use tajo_testkit::{SHOP, STORE};

use crate::bodies::{sample, with};
use crate::browser::{CLIENT_ID, CLIENT_SECRET, Road};
use crate::stage::ending;

fn store() -> StoreId {
    StoreId::parse(STORE).unwrap()
}

#[tokio::test]
async fn an_old_uninstall_that_comes_late_does_not_undo_a_new_install() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    let mut late = road.stage.notice("app/uninstalled", &sample("app-uninstalled"));
    late.triggered_at = Some(road.env.clock.now() - SignedDuration::from_hours(1));
    let report = road.stage.deliver(&late).await;
    assert!(ending(&report).contains("a late notice"), "{}", ending(&report));
    assert_eq!(road.record().await.status, StoreStatus::Active);
}

#[tokio::test]
async fn a_shop_that_leaves_while_it_is_being_installed_has_left_and_may_come_back() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    let set_up = road.stage.world.take_messages();
    road.stage.world.advance(SignedDuration::from_secs(5));
    road.shop(json!({ "installed": false }));
    let mut left = road.stage.notice("app/uninstalled", &sample("app-uninstalled"));
    left.triggered_at = Some(road.env.clock.now());
    road.stage.deliver(&left).await;
    assert_eq!(road.record().await.status, StoreStatus::Uninstalled);
    for message in set_up {
        let record = tajo_app::sync::Record {
            message_id: "m".to_owned(),
            body: message.body,
            received: 1,
            source: tajo_app::sync::Source::Live,
        };
        assert_eq!(road.stage.receive(record).await.outcome, Outcome::Skipped);
    }
    assert!(road.webhooks().is_empty());
    // It comes back: one consistent store again.
    road.stage.world.advance(SignedDuration::from_secs(5));
    let page = road.browser().walk(&road.link(json!({})).await).await;
    assert_eq!(page.status, 200);
    road.stage.drain().await;
    let record = road.record().await;
    assert_eq!((record.status, record.uninstalled_at), (StoreStatus::Active, None));
    assert!(!road.webhooks().is_empty());
}

#[tokio::test]
async fn two_callbacks_that_race_leave_one_consistent_store() {
    let road = Road::new().await;
    let link = road.link(json!({})).await;
    let (mut one, mut other) = (road.browser(), road.browser());
    let (first, second) = (one.walk_until_callback(&link).await, other.walk_until_callback(&link).await);
    let (first, second) = futures::join!(one.open(&first), other.open(&second));
    assert_eq!((first.status, second.status), (200, 200));
    let secret = road.secret();
    road.stage.drain().await;
    assert_eq!(road.record().await.status, StoreStatus::Active);
    assert_eq!(
        road.secret()["shopify_access_token"],
        secret["shopify_access_token"],
        "and its token is good"
    );
    let topics = road.webhooks();
    let mut once = topics.clone();
    once.dedup();
    assert_eq!(topics, once);
}

#[tokio::test]
async fn a_store_that_works_is_connected_again_without_losing_anything() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    let before = road.record().await;
    road.stage.world.advance(SignedDuration::from_hours(1));
    // Another app is to speak for it; until its merchant agrees, the first one goes on.
    let other = json!({ "api_key": "other-app", "api_secret": "other-secret" });
    let link = road.link(other).await;
    road.stage.drain().await;
    assert_eq!(road.secret()["app"]["client_id"], CLIENT_ID);
    assert_eq!(road.record().await.status, StoreStatus::Active);
    road.app(json!({ "client_id": "other-app", "client_secrets": ["other-secret"] }));
    assert_eq!(road.browser().walk(&link).await.status, 200);
    road.stage.drain().await;
    let after = road.record().await;
    assert_eq!((after.status, after.connected_at), (StoreStatus::Active, before.connected_at));
    assert_eq!(road.secret()["app"]["client_id"], "other-app");
}

#[tokio::test]
async fn new_credentials_are_tried_before_they_are_stored() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    let news = |value: Value| serde_json::from_value(value).unwrap();
    let before = road.secret();
    for wrong in [json!({ "brevo_api_key": "xkeysib-wrong" }), json!({ "access_token": "shpat_wrong" })] {
        edit(&road.env, Authority::Deployment, &store(), &news(wrong)).await.unwrap_err();
        assert_eq!(road.secret(), before);
    }
    let other = json!({ "api_key": "xkeysib-other", "name": "other" });
    road.stage.world.sandbox.configure(&serde_json::from_value(other).unwrap());
    let error =
        edit(&road.env, Authority::Deployment, &store(), &news(json!({ "brevo_api_key": "xkeysib-other" })))
            .await
            .unwrap_err();
    assert!(error.to_string().contains("another Brevo account"), "{error}");
    // The app's secret was rotated.
    edit(&road.env, Authority::Deployment, &store(), &news(json!({ "api_secret": "rotated" })))
        .await
        .unwrap();
    assert_eq!(road.secret()["app"]["client_secrets"], json!(["rotated", CLIENT_SECRET]));
    assert_eq!(road.keyring()["apps"][CLIENT_ID]["secrets"], json!(["rotated", CLIENT_SECRET]));
    assert_eq!(
        with(road.secret(), json!({ "app": null })),
        with(before, json!({ "app": null })),
        "nothing else"
    );
}

#[tokio::test]
async fn webhooks_that_shopify_removed_are_back_the_next_day() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    let all = road.webhooks();
    let gone = road.stage.world.sandbox.webhooks(SHOP)[3]["id"].clone();
    road.shop(json!({ "forget": [gone] }));
    assert_eq!(road.webhooks().len(), all.len() - 1);
    road.stage.world.take_meter();
    // Every night the Brevo account is compared, too.
    let checks = |reports: Vec<Report>| -> Vec<String> {
        let of_webhooks = reports.iter().filter(|report| report.line.topic != "tajo/reconcile");
        of_webhooks.map(ending).collect()
    };
    let reports = road.stage.pass(SignedDuration::from_hours(23)).await;
    assert!(checks(reports).is_empty(), "not before a day is over");
    let reports = road.stage.pass(SignedDuration::from_mins(61)).await;
    assert_eq!(checks(reports), ["tajo/check_webhooks → applied"]);
    assert_eq!(road.webhooks(), all);
    // A store with nothing to put right costs one question a day.
    road.stage.pass(SignedDuration::from_hours(25)).await;
    road.stage.world.take_meter();
    let reports = road.stage.pass(SignedDuration::from_hours(25)).await;
    assert_eq!(checks(reports), ["tajo/check_webhooks → unchanged"]);
}
