//! Attributes that ride along in an event of their contact.

use serde_json::json;
use tajo_app::sync::{Outcome, Source};
use tajo_platforms::Notice;
use tajo_testkit::record;

use crate::bodies::sample;
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
