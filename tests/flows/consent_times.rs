//! Dates that are missing, and dates from the future: neither freezes anything, and neither lifts an opt-out.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::{ContactKey, StoreId};
use tajo_platforms::Notice;
use tajo_sandbox::Happening;
use tajo_state::{Attributes, Key};
use tajo_testkit::{ACCOUNT, STORE};

use crate::bodies::{sample, with};
use crate::consent::{JO, account, flags};
use crate::consent_from_brevo::JOS_ID;
use crate::picture::array;
use crate::stage::Stage;

const FAR: &str = "2031-01-01T00:00:00Z";

fn said(state: &str, at: Value) -> Value {
    json!({"email_marketing_consent": {"state": state, "consent_updated_at": at}})
}

fn topic(state: &str, at: Value) -> Value {
    with(sample("customers_email_marketing_consent-update"), said(state, at))
}

const TOPIC: &str = "customers_email_marketing_consent/update";

/// A second from now: certainly after what was received before.
fn soon(stage: &Stage) -> String {
    stage.env.clock.now().saturating_add(SignedDuration::from_secs(1)).unwrap().to_string()
}

/// Somebody unsubscribes in Brevo now, and we hear of it.
async fn unsubscribes_in_brevo(stage: &Stage) {
    let now = Timestamp::now();
    let happening = Happening {
        api_key: None,
        event: "unsubscribe".to_owned(),
        email: JO.to_owned(),
        // Brevo counts whole seconds.
        ts_event: Some(now.as_second() + 1),
    };
    let body = stage.world.sandbox.happen(&happening, now).unwrap().body;
    let heard_at = now.saturating_add(SignedDuration::from_secs(2)).unwrap();
    stage.deliver(&Notice::from_brevo(ACCOUNT, body.to_string().as_bytes(), heard_at)).await;
    stage.drain().await;
}

#[tokio::test]
async fn a_profile_from_the_future_freezes_nothing() {
    let stage = Stage::new("").await;
    stage
        .tell("customers/create", &with(account(1, None), json!({"updated_at": FAR, "first_name": "Far"})))
        .await;
    let next = with(account(1, None), json!({"updated_at": soon(&stage), "first_name": "Near"}));
    stage.tell("customers/update", &next).await;
    assert_eq!(stage.contact(JO)["attributes"]["FIRSTNAME"], "Near");
}

#[tokio::test]
async fn an_opt_in_from_the_future_lifts_no_later_block_however_often_it_is_repeated() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &with(account(1, None), said("subscribed", json!(FAR)))).await;
    assert!(!flags(&stage).0, "it is an opt-in");
    unsubscribes_in_brevo(&stage).await;
    assert!(flags(&stage).0);
    // Every body of the account repeats it, later ones too.
    for minute in 2..5 {
        stage.tell("customers/update", &with(account(minute, None), said("subscribed", json!(FAR)))).await;
        stage.tell(TOPIC, &topic("subscribed", json!(FAR))).await;
        assert!(flags(&stage).0, "the same opt-in again is not a new one");
    }
}

#[tokio::test]
async fn an_opt_out_in_the_store_holds_against_an_opt_in_from_the_future() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &with(account(1, None), said("subscribed", json!(FAR)))).await;
    stage.tell(TOPIC, &topic("unsubscribed", json!(soon(&stage)))).await;
    assert!(flags(&stage).0);
    stage.tell("customers/update", &with(account(3, None), said("subscribed", json!(FAR)))).await;
    assert!(flags(&stage).0, "it was counted once");
}

#[tokio::test]
async fn an_opt_out_from_the_future_does_not_hold_against_a_later_opt_in() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &with(account(1, None), said("unsubscribed", json!(FAR)))).await;
    assert!(flags(&stage).0);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    stage.tell(TOPIC, &topic("subscribed", json!(stage.env.clock.now().to_string()))).await;
    assert!(!flags(&stage).0);
}

#[tokio::test]
async fn an_opt_in_without_a_date_lifts_no_opt_out() {
    let undated = [
        (TOPIC, topic("subscribed", Value::Null)),
        (TOPIC, topic("subscribed", json!("yesterday"))),
        ("customers/update", with(account(9, None), said("subscribed", Value::Null))),
        (
            "customers/update",
            with(account(9, None), json!({"email_marketing_consent": {"state": "subscribed"}})),
        ),
        ("customers/update", with(account(9, None), json!({"accepts_marketing": true}))),
    ];
    for (topic, body) in undated {
        let stage = Stage::new("").await;
        stage.tell("customers/create", &account(5, Some(("unsubscribed", 5)))).await;
        stage.tell(topic, &body).await;
        assert!(flags(&stage).0, "{body}");
        // Nor one that Brevo reported, of before the account began.
        let stage = Stage::new("").await;
        stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
        unsubscribes_in_brevo(&stage).await;
        stage.tell(topic, &body).await;
        assert!(flags(&stage).0, "reported by Brevo: {body}");
        // Where nobody ever opted out it is an opt-in.
        let stage = Stage::new("").await;
        stage.tell("customers/create", &account(1, None)).await;
        stage.tell(topic, &body).await;
        assert!(!flags(&stage).0, "nobody opted out: {body}");
    }
}

#[tokio::test]
async fn an_opt_out_without_a_date_is_of_now() {
    for (topic, body) in [
        (TOPIC, topic("unsubscribed", Value::Null)),
        ("customers/update", with(account(2, None), said("unsubscribed", Value::Null))),
    ] {
        let stage = Stage::new("").await;
        stage.tell("customers/create", &account(9, Some(("subscribed", 9)))).await;
        stage.tell(topic, &body).await;
        assert!(flags(&stage).0, "{body}");
    }
}

#[tokio::test]
async fn text_messages_keep_the_same_rules_for_dates() {
    let sms = |state: &str, at: Value| {
        let consent = json!({"state": state, "consent_updated_at": at});
        with(sample("customers_marketing_consent-update"), json!({"sms_marketing_consent": consent}))
    };
    let topic = "customers_marketing_consent/update";
    let stage = Stage::new("").await;
    stage.tell("customers/create", &with(account(1, None), json!({"phone": "+491711234567"}))).await;
    stage.tell(topic, &sms("subscribed", json!(FAR))).await;
    assert!(!flags(&stage).1);
    stage.tell(topic, &sms("unsubscribed", json!(soon(&stage)))).await;
    for at in [json!(FAR), Value::Null] {
        stage.tell(topic, &sms("subscribed", at)).await;
        assert!(flags(&stage).1);
    }
}

#[tokio::test]
async fn an_order_from_the_future_freezes_nothing_and_no_event_is_dated_later_than_now() {
    let stage = Stage::new("").await;
    let no_cart = json!({"cart_token": null, "checkout_token": null});
    let order = with(sample("orders-create.paid"), no_cart);
    let far =
        json!({"updated_at": FAR, "created_at": FAR, "processed_at": FAR, "financial_status": "pending"});
    stage.tell("orders/create", &with(order.clone(), far)).await;
    let paid =
        with(order, json!({"updated_at": soon(&stage), "created_at": FAR, "financial_status": "paid"}));
    stage.tell("orders/updated", &paid).await;
    let state = stage.world.brevo();
    assert_eq!(array(&state, "orders")[0]["status"], "paid");
    let now = Timestamp::now();
    assert!(!stage.events().is_empty());
    for event in array(&state, "events") {
        let date: Timestamp = event["event_date"].as_str().unwrap().parse().unwrap();
        assert!(date <= now, "{event}");
    }
    let day = stage.contact(JO)["attributes"]["LAST_ORDER_DATE"].clone();
    assert!(!day.as_str().unwrap().starts_with("2031"));
}

#[tokio::test]
async fn a_product_and_a_collection_from_the_future_freeze_nothing() {
    let stage = Stage::new("").await;
    for (topic, file) in
        [("products/update", "products-create"), ("collections/update", "collections-update")]
    {
        stage.tell(topic, &with(sample(file), json!({"updated_at": FAR, "title": "Far"}))).await;
        stage.tell(topic, &with(sample(file), json!({"updated_at": soon(&stage), "title": "Near"}))).await;
    }
    let state = stage.world.brevo();
    let names = |kind: &str| state[kind].to_string();
    assert!(
        names("products").contains("Near") && !names("products").contains("Far\""),
        "{}",
        names("products")
    );
    assert!(names("categories").contains("Near"), "{}", names("categories"));
}

#[tokio::test]
async fn what_was_stored_with_a_date_from_the_future_heals() {
    let stage = Stage::new("").await;
    let key = Key::contact(&StoreId::parse(STORE).unwrap(), &ContactKey::Customer(JOS_ID.to_owned()));
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    let table = stage.world.table(&stage.front).await;
    let believed = |stored: Option<&Value>| {
        let mut old = stored.unwrap().clone();
        old["profile"]["at"] = json!(FAR);
        old["email_consent"]["at"] = json!(FAR);
        old["last_order_at"] = json!(FAR);
        old["tags"] = json!({"at": FAR, "value": ["far"]});
        (Some(old), ())
    };
    table.change(&key, Attributes::none, believed).await.unwrap();
    unsubscribes_in_brevo(&stage).await;
    stage.tell("customers/update", &account(3, Some(("subscribed", 1)))).await;
    assert_eq!(stage.contact(JO)["attributes"]["FIRSTNAME"], "Jo 3");
    assert!(flags(&stage).0, "the opt-in that was believed to be of 2031 lifts nothing");
    stage
        .tell("customer.tags_removed", &with(sample("customer-tags_removed"), json!({"tags": ["far"]})))
        .await;
    assert_ne!(stage.contact(JO)["attributes"]["TAGS"], "far");
    let report = stage.tell(TOPIC, &topic("subscribed", json!(soon(&stage)))).await;
    assert!(matches!(report.outcome, Outcome::Applied), "{report:?}");
}
