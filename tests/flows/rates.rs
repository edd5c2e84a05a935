//! What processes tell each other of Brevo's rate limits.

use serde_json::json;
use tajo_app::sync::{Record, Source};
use tajo_state::{Learned, learned_of};
use tajo_testkit::{ACCOUNT, record};

use crate::bodies::{cast, sample};
use crate::stage::Stage;

/// So many people at once are more than half of what Brevo takes in a second.
const CROWD: std::ops::Range<u32> = 10_000_001..10_000_009;

async fn a_crowd_comes(stage: &Stage) {
    let order = |n: u32| {
        let notice = stage.notice("orders/create", &cast(&sample("orders-create.paid"), n));
        Record { message_id: n.to_string(), source: Source::Gather, ..record(&notice, 1) }
    };
    stage.receive_all(CROWD.map(order).collect()).await;
}

async fn learned(stage: &Stage, bucket: &str) -> Option<Learned> {
    let all = learned_of(&stage.world.table(&stage.front).await, ACCOUNT).await.unwrap();
    all.into_iter().find(|(name, _)| name == bucket).map(|(_, learned)| learned)
}

/// How often tickets were asked for since the last time.
fn tickets(stage: &Stage) -> u64 {
    stage.world.take_meter().dynamo_calls.get("UpdateItem").copied().unwrap_or(0)
}

#[tokio::test]
async fn a_new_process_begins_with_what_others_have_learned() {
    let stage = Stage::new("").await;
    stage.world.limit_rates(true, true);
    a_crowd_comes(&stage).await;
    let batches = learned(&stage, "events-batch").await.unwrap();
    assert_eq!((batches.calls, batches.seconds), (10, 1), "the headers told");
    assert!(learned(&stage, "contacts").await.is_some(), "it was scarce");

    let new = Stage::with(stage.world.clone()).await;
    new.world.take_meter();
    let report = new.tell("customers/create", &cast(&sample("customers-create"), 10_000_020)).await;
    assert_eq!(json!(new.contact("jo10000020@example.com")["email"]), "jo10000020@example.com", "{report:?}");
    assert!(0 < tickets(&new), "it does not try what is known to be scarce");
}

#[tokio::test]
async fn in_quiet_times_nothing_is_written_down_of_limits() {
    let stage = Stage::new("").await;
    stage.world.limit_rates(true, false);
    stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(tickets(&stage), 0);
    assert_eq!(learned(&stage, "contacts").await, None);
}

#[tokio::test]
async fn order_events_never_wait_behind_the_catalogue() {
    let stage = Stage::new("").await;
    stage.world.limit_rates(true, true);
    let gathered = |topic: &str, name: &str, edit: serde_json::Value| {
        let body = crate::bodies::with(sample(name), edit);
        let notice = stage.notice(topic, &body);
        Record { message_id: notice.delivery.clone(), source: Source::Gather, ..record(&notice, 1) }
    };
    let product = |n: u64| {
        let edit = json!({"id": 9_000_000 + n, "admin_graphql_api_id": format!("gid://shopify/Product/{}", 9_000_000 + n)});
        gathered("products/update", "products-update.one_variant", edit)
    };
    stage.tell("customers/create", &sample("customers-create")).await;
    // One of two calls a second is half: from here on the road of products is scarce.
    stage.receive_all(vec![product(1)]).await;
    let before = stage.world.sandbox.calls().len();
    let order = gathered("orders/create", "orders-create.paid", json!({}));
    let reports = stage.receive_all(vec![product(2), product(3), order, product(4)]).await;
    assert!(reports.iter().all(|report| report.outcome.as_str() == "applied"), "{reports:?}");
    let calls = stage.world.sandbox.calls().split_off(before);
    let first = |path: &str| calls.iter().find(|call| call.path.starts_with(path)).map(|call| call.time);
    let (event, catalogue) = (first("/v3/events").unwrap(), first("/v3/products").unwrap());
    assert!(event < catalogue, "{event} and {catalogue}");
}
