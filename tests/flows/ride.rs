//! Attributes that ride along in an event of their contact.

use serde_json::json;
use tajo_app::sync::{Outcome, Record, Report, Source};
use tajo_platforms::Notice;
use tajo_testkit::record;

use crate::bodies::{LISTS, cast, sample};
use crate::stage::Stage;

const JO: &str = "jo@example.com";

async fn known() -> Stage {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &sample("customers-create")).await;
    stage
}

#[tokio::test]
async fn an_order_of_a_known_buyer_takes_their_attributes_along_and_needs_no_call_for_them() {
    let stage = known().await;
    let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
    assert_eq!(stage.calls("PUT", "/v3/contacts").len(), 0);
    assert_eq!(stage.contact(JO)["attributes"]["LAST_ORDER_DATE"], "2026-11-02");
    // What Brevo has is not said again, unless nobody knows what was sent.
    let mut again = record(&stage.notice("orders/create", &sample("orders-create.paid")), 2);
    again.received = 2;
    stage.receive(again).await;
    assert_eq!(stage.calls("PUT", "/v3/contacts").len(), 1);
}

#[tokio::test]
async fn an_event_is_not_lost_for_what_rode_along() {
    let stage = known().await;
    let body = json!({"code": "invalid_parameter", "message": "contact_properties is not valid"});
    stage.fault(json!({"path": "/v3/events*", "action": {"status": 400, "body": body}}));
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(stage.count("order_placed"), 1);
    assert_eq!(stage.calls("PUT", "/v3/contacts").len(), 1, "it is written by itself then");
    assert_eq!(stage.contact(JO)["attributes"]["LAST_ORDER_DATE"], "2026-11-02");
}

#[tokio::test]
async fn what_is_passed_on_still_says_that_it_may_have_been_worked_on() {
    let stage = known().await;
    stage.fault(
        json!({"path": "/v3/events", "action": {"status": 429, "headers": {"x-sib-ratelimit-reset": 60}}}),
    );
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    stage.world.take_messages();
    let notice = stage.notice("orders/updated", &sample("orders-create.paid"));
    for (received, says_so) in [(1, false), (2, true)] {
        let report = stage.receive(record(&notice, received)).await;
        assert_eq!(report.outcome, Outcome::Deferred);
        let passed_on = stage.world.take_messages().pop().unwrap();
        assert_eq!((passed_on.queue.as_str(), record(&notice, 1).source), ("gather", Source::Live));
        assert_eq!(Notice::from_json(&passed_on.body).unwrap().redelivered, says_so);
    }
}

/// These Jos.
const BUYERS: std::ops::Range<u32> = 10_000_001..10_000_004;

/// A stage on which Brevo knows them.
async fn buyers_are_known() -> Stage {
    let stage = Stage::new(LISTS).await;
    for n in BUYERS {
        stage.tell("customers/create", &cast(&sample("customers-create"), n)).await;
    }
    stage
}

/// The order of each, as one batch that was gathered.
async fn gathered_orders(stage: &Stage) -> Vec<Report> {
    let order = |n: u32| {
        let notice = stage.notice("orders/create", &cast(&sample("orders-create.paid"), n));
        Record { message_id: n.to_string(), source: Source::Gather, ..record(&notice, 1) }
    };
    stage.receive_all(BUYERS.map(order).collect()).await
}

fn are_buyers_in_brevo(stage: &Stage) -> bool {
    BUYERS.map(|n| stage.contact(&format!("jo{n}@example.com"))).all(|jo| {
        let lists = jo["listIds"].as_array().unwrap();
        lists.contains(&json!(2))
            && lists.contains(&json!(4))
            && jo["attributes"]["LAST_ORDER_DATE"] == "2026-11-02"
    })
}

const JOIN: &str = "/v3/contacts/lists/4/contacts/add";

#[tokio::test]
async fn the_buyers_of_a_gathered_batch_join_their_list_with_one_call() {
    let stage = buyers_are_known().await;
    let reports = gathered_orders(&stage).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Applied), "{reports:?}");
    assert_eq!(stage.calls("PUT", "/v3/contacts").len(), 0);
    assert_eq!(stage.calls("POST", JOIN).len(), 1);
    assert!(are_buyers_in_brevo(&stage));
    // Each list is joined once.
    gathered_orders(&stage).await;
    assert_eq!(stage.calls("POST", JOIN).len(), 1);
}

#[tokio::test]
async fn whoever_cannot_join_a_list_with_others_is_written_by_themselves() {
    let stage = buyers_are_known().await;
    let first = json!({"emails": [format!("jo{}@example.com", BUYERS.start)]});
    stage.brevo("POST", JOIN, &first);
    let reports = gathered_orders(&stage).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Applied), "{reports:?}");
    assert_eq!(stage.calls("PUT", "/v3/contacts").len(), 1, "the merchant was first with one of them");
    assert!(are_buyers_in_brevo(&stage));

    let stage = buyers_are_known().await;
    stage.fault(json!({"path": JOIN, "action": {"status": 400, "body": {"code": "invalid_parameter", "message": "x"}}}));
    gathered_orders(&stage).await;
    assert_eq!(stage.calls("PUT", "/v3/contacts").len(), BUYERS.len());
    assert!(are_buyers_in_brevo(&stage));
}

#[tokio::test]
async fn whoever_was_deleted_in_brevo_comes_back_although_they_were_to_join_a_list_with_others() {
    let stage = buyers_are_known().await;
    let gone = format!("/v3/contacts/jo{}%40example.com?identifierType=email_id", BUYERS.start);
    stage.brevo("DELETE", &gone, &json!(null));
    gathered_orders(&stage).await;
    assert!(are_buyers_in_brevo(&stage));
    let back = stage.contact(&format!("jo{}@example.com", BUYERS.start));
    assert_eq!(back["emailBlacklisted"], true, "what they said in Brevo is not known any more");
}
