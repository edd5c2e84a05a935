//! Who says no in Brevo is not written to again because a store knows no better.

use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Report};
use tajo_domain::{ContactKey, ContactRecord, OutReason, StoreId};
use tajo_platforms::Notice;
use tajo_sandbox::Happening;
use tajo_state::{Key, StoreRecord, StoreStatus};
use tajo_testkit::{ACCOUNT, STORE};

use crate::bodies::{sample, with};
use crate::consent::{JO, account, flags};
use crate::stage::Stage;

/// Jo's account in the sample bodies.
pub(crate) const JOS_ID: &str = "7201400000011";

pub(crate) fn at(minute: u32) -> jiff::Timestamp {
    format!("2026-11-03T09:{minute:02}:00Z").parse().unwrap()
}

/// Something happens in Brevo; answers the body that Brevo posts.
pub(crate) fn happens(stage: &Stage, event: &str, email: &str, minute: u32) -> Option<Value> {
    let wanted = Happening {
        api_key: None,
        event: event.to_owned(),
        email: email.to_owned(),
        ts_event: Some(at(minute).as_second()),
    };
    Some(stage.world.sandbox.happen(&wanted, at(minute)).ok()?.body)
}

/// The webhook arrives and is worked off, with all that follows from it.
pub(crate) async fn heard(stage: &Stage, body: &Value) -> Vec<Report> {
    let notice = Notice::from_brevo(ACCOUNT, body.to_string().as_bytes(), stage.env.clock.now());
    let mut reports = vec![stage.deliver(&notice).await];
    reports.extend(stage.drain().await);
    reports
}

pub(crate) async fn brevo_says(stage: &Stage, event: &str, minute: u32) -> Vec<Report> {
    let body = happens(stage, event, JO, minute).unwrap();
    heard(stage, &body).await
}

pub(crate) async fn record_of(stage: &Stage, customer: &str) -> Option<ContactRecord> {
    let key = Key::contact(&StoreId::parse(STORE).unwrap(), &ContactKey::Customer(customer.to_owned()));
    stage.world.table(&stage.front).await.get_newest(&key).await.unwrap().record
}

fn says_yes(minute: u32) -> Value {
    account(minute, Some(("subscribed", minute)))
}

#[tokio::test]
async fn an_unsubscribe_in_brevo_holds_until_a_newer_opt_in() {
    for event in ["unsubscribe", "spam", "hard_bounce"] {
        let stage = Stage::new("").await;
        stage.tell("customers/create", &says_yes(1)).await;
        let reports = brevo_says(&stage, event, 5).await;
        assert_eq!(reports.iter().map(|report| report.outcome).collect::<Vec<_>>(), [Outcome::Applied; 2]);
        stage.tell("customers/update", &account(6, Some(("subscribed", 4)))).await;
        stage.tell("customers/update", &account(7, Some(("subscribed", 5)))).await;
        assert!(flags(&stage).0, "{event}: the opt-in is no newer than the opt-out");
        stage.tell("customers/update", &says_yes(8)).await;
        assert!(!flags(&stage).0, "{event}: a newer opt-in counts");
    }
}

#[tokio::test]
async fn the_end_is_the_same_whichever_arrives_first() {
    for (opt_in, is_open) in [(3, false), (7, true)] {
        for brevo_first in [true, false] {
            let stage = Stage::new("").await;
            stage.tell("customers/create", &says_yes(1)).await;
            let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
            if brevo_first {
                heard(&stage, &body).await;
            }
            stage.tell("customers/update", &says_yes(opt_in)).await;
            if !brevo_first {
                heard(&stage, &body).await;
            }
            assert_eq!(!flags(&stage).0, is_open, "opt-in at {opt_in}, Brevo first: {brevo_first}");
        }
    }
}

#[tokio::test]
async fn the_same_webhook_again_closes_nothing_that_was_opened_since() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
    heard(&stage, &body).await;
    stage.tell("customers/update", &says_yes(8)).await;
    let calls = stage.world.sandbox.calls().len();
    let reports = heard(&stage, &body).await;
    assert_eq!(reports[1].outcome, Outcome::Unchanged);
    assert_eq!(stage.world.sandbox.calls().len(), calls, "nothing to say");
    assert!(!flags(&stage).0);
}

#[tokio::test]
async fn a_contact_that_was_deleted_in_brevo_comes_back_blocked_and_opens_with_a_newer_opt_in() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    brevo_says(&stage, "contact_deleted", 5).await;
    assert_eq!(stage.contact(JO), Value::Null, "nothing is created by it");
    stage.tell("customers/update", &account(6, None)).await;
    assert_eq!(flags(&stage), (true, true));
    assert_eq!(stage.calls("PUT", "/v3/contacts/").len(), 0, "it was known to be gone");
    stage.tell("customers/update", &says_yes(8)).await;
    assert_eq!(flags(&stage), (false, true));
}

#[tokio::test]
async fn a_deletion_that_we_found_ourselves_is_no_news_when_brevo_tells_of_it() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    let body = happens(&stage, "contact_deleted", JO, 5).unwrap();
    stage.tell("customers/update", &account(6, None)).await;
    assert_eq!(flags(&stage), (true, true));
    let reports = heard(&stage, &body).await;
    assert_eq!(reports[1].outcome, Outcome::Unchanged);
    stage.tell("customers/update", &account(7, None)).await;
    let creations =
        stage.calls("POST", "/v3/contacts").into_iter().filter(|call| call.path == "/v3/contacts");
    assert_eq!(creations.count(), 2, "it is there, and known to be");
}

#[tokio::test]
async fn echoes_and_additions_to_lists_are_counted_and_nothing_follows() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    let calls = stage.world.sandbox.calls().len();
    stage.world.take_meter();
    for event in ["contact_updated", "list_addition"] {
        let reports = brevo_says(&stage, event, 5).await;
        assert_eq!((reports.len(), reports[0].outcome), (1, Outcome::Skipped));
        assert!(reports[0].line.reason.as_ref().unwrap().ends_with("1 other events"));
    }
    assert_eq!(stage.world.sandbox.calls().len(), calls);
    assert_eq!(stage.world.take_meter().sqs_sends, 0);
}

#[tokio::test]
async fn whom_nobody_knows_is_not_made_known_by_an_opt_out() {
    let stage = Stage::new("").await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": "stranger@example.com"}));
    let body = happens(&stage, "unsubscribe", "stranger@example.com", 5).unwrap();
    let reports = heard(&stage, &body).await;
    assert_eq!((reports.len(), reports[0].outcome), (1, Outcome::Skipped));
    assert_eq!(stage.calls("PUT", "/v3/contacts").len(), 0);
}

#[tokio::test]
async fn who_was_erased_stays_erased() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
    let redact = sample("customers-redact");
    stage.tell("customers/redact", &redact).await;
    stage.drain().await;
    assert_eq!(stage.contact(JO), Value::Null);
    let before = record_of(&stage, JOS_ID).await;
    let reports = heard(&stage, &body).await;
    assert_eq!(reports.iter().map(|report| report.outcome).collect::<Vec<_>>(), [Outcome::Skipped]);
    assert_eq!(record_of(&stage, JOS_ID).await, before);
    assert_eq!(stage.contact(JO), Value::Null);
}

#[tokio::test]
async fn every_store_of_the_account_that_knows_the_person_hears_of_it() {
    let stage = Stage::new("").await;
    stage.world.add_store(&stage.front, "second-shop", "second-shop.myshopify.com", "").await;
    stage.world.add_store(&stage.front, "third-shop", "third-shop.myshopify.com", "").await;
    stage.tell("customers/create", &says_yes(1)).await;
    let second = |body: Value| {
        let mut notice = stage.notice("customers/update", &with(body, json!({"id": 42})));
        notice.store = StoreId::parse("second-shop").ok();
        notice.shop = "second-shop.myshopify.com".to_owned();
        notice
    };
    stage.deliver(&second(says_yes(2))).await;
    let reports = brevo_says(&stage, "unsubscribe", 5).await;
    let mut stores: Vec<&str> = reports.iter().skip(1).map(|report| report.store.as_str()).collect();
    stores.sort_unstable();
    assert_eq!(stores, [STORE, "second-shop"], "the third knows nobody of this name");
    // Neither store lifts it with what it knew before.
    stage.deliver(&second(account(6, Some(("subscribed", 3))))).await;
    assert!(flags(&stage).0);
}

#[tokio::test]
async fn a_store_that_has_left_remembers_what_was_said_meanwhile() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &account(1, None)).await;
    set_status(&stage, StoreStatus::Uninstalled).await;
    brevo_says(&stage, "unsubscribe", 5).await;
    let record = record_of(&stage, JOS_ID).await.unwrap();
    assert_eq!(record.email_out.map(|out| (out.at, out.why)), Some((at(5), OutReason::Unsubscribed)));
    let back = Stage::with(stage.world.clone()).await;
    set_status(&back, StoreStatus::Active).await;
    back.tell("customers/update", &says_yes(3)).await;
    assert!(flags(&back).0, "the opt-in was before it");
}

pub(crate) async fn set_status(stage: &Stage, status: StoreStatus) {
    let key = Key::store(&StoreId::parse(STORE).unwrap());
    let table = stage.world.table(&stage.front).await;
    let change =
        |stored: Option<&StoreRecord>| (stored.map(|record| StoreRecord { status, ..record.clone() }), ());
    table.change(&key, tajo_state::Attributes::none, change).await.unwrap();
}

#[tokio::test]
async fn what_a_guest_said_in_brevo_holds_for_the_account_that_they_open() {
    for (opt_in, is_open) in [(3, false), (5, false), (8, true)] {
        let stage = Stage::new("").await;
        stage.tell("orders/create", &with(sample("orders-create.paid"), json!({"customer": null}))).await;
        brevo_says(&stage, "unsubscribe", 5).await;
        stage.tell("customers/create", &says_yes(opt_in)).await;
        assert_eq!(!flags(&stage).0, is_open, "opt-in at {opt_in}");
        let out = record_of(&stage, JOS_ID).await.unwrap().email_out;
        assert_eq!(out.map(|out| out.at), Some(at(5)));
    }
}

#[tokio::test]
async fn with_brevo_as_the_truth_no_opt_in_of_the_store_lifts_it() {
    let stage = Stage::new("connectors: {shopify: {consent_source: brevo}}").await;
    stage.tell("customers/create", &says_yes(1)).await;
    brevo_says(&stage, "unsubscribe", 5).await;
    stage.tell("customers/update", &says_yes(8)).await;
    assert!(flags(&stage).0);
    let lifts = stage.calls("PUT", "/v3/contacts/");
    assert!(lifts.iter().all(|call| call.request["emailBlacklisted"] != false));
}

#[tokio::test]
async fn a_body_of_many_events_is_read_whole_and_what_is_no_event_is_parked() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
    let reports = heard(&stage, &json!([{"event": "delivered", "email": JO}, body, body])).await;
    assert_eq!(reports.len(), 3);
    assert_eq!(reports[2].outcome, Outcome::Unchanged);
    let reports = heard(&stage, &json!("hello")).await;
    assert_eq!(reports[0].outcome, Outcome::Parked);
}
