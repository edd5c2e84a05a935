//! Every way in which Brevo can refuse has one clear end.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::{Outcome, sync};
use tajo_domain::StoreId;
use tajo_state::{Key, StoreRecord, StoreStatus, list_parked};
use tajo_testkit::{STORE, record};

use crate::bodies::sample;
use crate::picture::essence;
use crate::stage::{Stage, ending};

/// What Brevo knows if nothing goes wrong.
async fn expected() -> Vec<String> {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    essence(&stage.world.brevo())
}

async fn store(stage: &Stage) -> StoreRecord {
    let key = Key::store(&StoreId::parse(STORE).unwrap());
    stage.world.table(&stage.front).await.get_newest(&key).await.unwrap().record.unwrap()
}

/// Each call of a paid order goes wrong like this once; the notice is put off, and all is well in the end.
async fn assert_put_off(action: Value, duplicates: bool) {
    for path in ["/v3/contacts", "/v3/events", "/v3/orders/status"] {
        let stage = Stage::new("").await;
        stage.fault(json!({"method": "POST", "path": path, "action": action}));
        let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
        assert_eq!(report.outcome, Outcome::Deferred, "{path} {action}: {}", ending(&report));
        let later = stage.drain().await;
        assert!(later.iter().all(|report| report.outcome == Outcome::Applied), "{later:?}");
        let mut found = essence(&stage.world.brevo());
        if duplicates {
            found.dedup();
        }
        assert_eq!(found, expected().await, "{path} {action}");
    }
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_as_long_as_brevo_says() {
    let action = json!({"status": 429, "headers": {"x-sib-ratelimit-reset": 77}});
    let stage = Stage::new("").await;
    stage.fault(json!({"path": "/v3/events", "action": action}));
    let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(report.outcome, Outcome::Deferred);
    let waiting = stage.world.take_messages();
    assert_eq!(waiting.iter().map(|message| message.delay).collect::<Vec<_>>(), [77]);
    assert_put_off(action, false).await;
}

#[tokio::test]
async fn a_contact_that_is_still_being_processed_is_tried_again() {
    assert_put_off(json!({"status": 425, "body": {"code": "account_in_process", "message": "wait"}}), false)
        .await;
}

#[tokio::test]
async fn a_failure_of_brevo_is_tried_again() {
    assert_put_off(json!({"status": 500}), false).await;
    assert_put_off(json!({"status": 503, "body": {"code": "x", "message": "y"}}), false).await;
}

#[tokio::test]
async fn a_connection_that_drops_before_brevo_took_the_call_loses_nothing() {
    assert_put_off(json!({"drop": true}), false).await;
}

#[tokio::test]
async fn a_connection_that_drops_after_brevo_took_the_call_loses_nothing() {
    // Brevo has no idempotency key: an event without an answer is sent again.
    assert_put_off(json!({"apply_then_drop": true}), true).await;
}

#[tokio::test]
async fn half_an_answer_and_a_web_page_are_no_answer() {
    assert_put_off(json!({"truncate": true}), true).await;
    assert_put_off(json!({"not_json": true}), true).await;
}

#[tokio::test]
async fn a_bad_key_and_a_blocked_address_are_parked_with_hints_of_their_own_until_the_store_works_again() {
    let key = json!({"code": "unauthorized", "message": "Key not found"});
    let address = json!({"code": "unauthorized", "message": "We have detected you are using an unrecognised IP address 203.0.113.7"});
    let forbidden = json!({"code": "permission_denied", "message": "Your account is not activated"});
    for (status, body, hint) in
        [(401, key, "new API key"), (401, address, "Authorised IPs"), (403, forbidden, "plan")]
    {
        let stage = Stage::new("").await;
        stage.fault(json!({"action": {"status": status, "body": body}}));
        let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
        assert_eq!(report.outcome, Outcome::Parked, "{report:?}");
        let parked =
            list_parked(&stage.world.table(&stage.front).await, STORE, 10).await.unwrap().pop().unwrap();
        assert!(parked.hint.as_ref().unwrap().contains(hint), "{parked:?}");
        let warned = store(&stage).await;
        assert_eq!((warned.status, warned.attention), (StoreStatus::NeedsAttention, Some(parked.reason)));
        // That something was only written down says nothing of Brevo.
        let end = stage.tell("bulk_operations/finish", &sample("bulk_operations-finish")).await;
        assert_eq!((end.outcome, end.line.calls), (Outcome::Applied, 0));
        assert_eq!(store(&stage).await.status, StoreStatus::NeedsAttention);
        stage.tell("orders/create", &sample("orders-create.paid")).await;
        let well = store(&stage).await;
        assert_eq!((well.status, well.attention), (StoreStatus::Active, None));
        assert_eq!(essence(&stage.world.brevo()), expected().await);
    }
}

#[tokio::test]
async fn an_event_that_brevo_can_never_take_does_not_hold_up_the_others() {
    let stage = Stage::new("").await;
    let refusal = json!({"status": 400, "body": {"code": "invalid_parameter", "message": "no"}});
    stage.fault(json!({"path": "/v3/events", "action": refusal}));
    let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(
        ending(&report),
        "orders/create → parked: Brevo refused the request with 400 invalid_parameter: no"
    );
    assert_eq!(stage.events(), ["order_completed", "order_paid"]);
    assert_eq!(stage.world.brevo()["orders"][0]["status"], "paid");
    // Once the cause is gone, what was refused goes and nothing else.
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(stage.events(), ["order_completed", "order_paid", "order_placed"]);
}

#[tokio::test]
async fn without_enough_time_left_nothing_is_begun() {
    let stage = Stage::new("").await;
    let notice = stage.notice("orders/create", &sample("orders-create.paid"));
    let deadline = stage.env.clock.now().saturating_add(SignedDuration::from_secs(5)).unwrap();
    let reports = Box::pin(sync(&stage.env, vec![record(&notice, 1)], "request", deadline)).await;
    assert_eq!(reports[0].outcome, Outcome::Deferred, "{reports:?}");
    assert!(stage.world.sandbox.calls().iter().all(|call| call.path != "/v3/events"));
    stage.drain().await;
    assert_eq!(essence(&stage.world.brevo()), expected().await);
}

#[tokio::test]
async fn what_brevo_does_not_take_for_a_day_is_parked() {
    let stage = Stage::new("").await;
    stage.fault(json!({"times": 1000, "action": {"status": 500}}));
    assert_eq!(stage.tell("orders/create", &sample("orders-create.paid")).await.outcome, Outcome::Deferred);
    let mut rounds = 0;
    let last = loop {
        rounds += 1;
        assert!(rounds < 200, "it goes round in circles");
        let message = stage.world.take_messages().pop().unwrap();
        assert!((1..=900).contains(&message.delay), "{message:?}");
        stage.world.advance(SignedDuration::from_secs(i64::try_from(message.delay).unwrap()));
        let notice = tajo_platforms::Notice::from_json(&message.body).unwrap();
        let report = stage.deliver(&notice).await;
        if report.outcome != Outcome::Deferred {
            break report;
        }
    };
    assert_eq!(
        ending(&last),
        "orders/create → parked: not taken for 24 hours; the last reason: Brevo answered 500"
    );
    assert!(stage.world.take_messages().is_empty());
}
