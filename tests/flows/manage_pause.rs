//! A paused store: everything is kept, nothing is sent but opt-outs, and all of it goes on afterwards.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_state::{backlog, list_parked};
use tajo_testkit::STORE;

use crate::bodies::{sample, with};
use crate::consent::{JO, account, flags};
use crate::manage::{Office, at};

/// A worker that has not heard of the store before.
async fn afresh(office: &mut Office) {
    *office = Office::beside(office).await;
}

async fn pause(office: &mut Office) {
    let paused = office.post(&at("/pause"), Value::Null).await;
    assert_eq!((&paused["state"], &paused["connected"]), (&json!("paused"), &json!(false)));
    afresh(office).await;
}

/// Resumes, and works off what comes of it.
async fn resume(office: &mut Office) -> Vec<Outcome> {
    assert_eq!(office.post(&at("/resume"), Value::Null).await["state"], "active");
    office.stage.drain().await.into_iter().map(|report| report.outcome).collect()
}

#[tokio::test]
async fn what_comes_while_a_store_is_paused_is_held_and_goes_on_when_it_is_resumed() {
    let mut office = Office::new("").await;
    pause(&mut office).await;
    for (topic, body) in [
        ("customers/create", sample("customers-create")),
        ("orders/create", sample("orders-create.paid")),
        ("products/create", sample("products-create")),
    ] {
        assert_eq!(office.stage.tell(topic, &body).await.outcome, Outcome::Held, "{topic}");
    }
    let brevo = office.stage.world.sandbox.state();
    assert!(brevo.events.is_empty() && office.stage.contact(JO) == Value::Null, "nothing was sent");
    let status = office.get(&at("")).await;
    assert_eq!((&status["heldCount"], &status["parkedCount"]), (&json!(3), &json!(0)));
    // It waits for nobody: no list of parked work and no alarm counts it.
    let table = &office.stage.world.table(&office.stage.front).await;
    assert!(list_parked(table, STORE, 10).await.unwrap().is_empty());
    assert_eq!(backlog(table).await.unwrap().count, 0);
    let outcomes = resume(&mut office).await;
    assert_eq!(outcomes, [Outcome::Applied; 4], "the resumption, and each notice");
    assert_eq!(office.stage.count("order_placed"), 1);
    assert_ne!(office.stage.contact(JO), Value::Null);
    assert_eq!(office.get(&at("")).await["heldCount"], 0);
    // Safe to repeat: there is nothing left, and nothing is told twice.
    assert_eq!(resume(&mut office).await, [Outcome::Unchanged]);
    assert_eq!(office.stage.count("order_placed"), 1);
}

#[tokio::test]
async fn an_opt_out_goes_out_while_the_store_is_paused_and_counts_afterwards() {
    let mut office = Office::new("").await;
    office.stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    assert!(!flags(&office.stage).0, "subscribed");
    pause(&mut office).await;
    let said = json!({"customer_id": sample("customers-create")["id"], "email_address": JO,
        "email_marketing_consent": {"state": "unsubscribed", "consent_updated_at": "2026-11-03T09:05:00Z",
            "opt_in_level": "single_opt_in"}});
    let report = office.stage.tell("customers_email_marketing_consent/update", &said).await;
    assert_eq!(report.outcome, Outcome::Held, "{report:?}");
    assert!(flags(&office.stage).0, "blocked at once");
    // What comes out of the held ones cannot undo it.
    office.stage.tell("customers/update", &account(3, Some(("subscribed", 3)))).await;
    resume(&mut office).await;
    assert!(flags(&office.stage).0, "still blocked");
}

#[tokio::test]
async fn nobody_is_reminded_of_a_cart_while_the_store_is_paused() {
    let mut office = Office::new("").await;
    let time = office.manage.connect.clock.now();
    let cart = with(
        sample("checkouts-create"),
        json!({"created_at": time.to_string(), "updated_at": time.to_string(), "email": JO}),
    );
    office.stage.tell("checkouts/create", &cart).await;
    pause(&mut office).await;
    let reports = office.stage.pass(SignedDuration::from_mins(40)).await;
    assert!(
        !reports.is_empty() && reports.iter().all(|report| report.outcome == Outcome::Skipped),
        "{reports:?}"
    );
    resume(&mut office).await;
    office.stage.pass(SignedDuration::from_mins(40)).await;
    assert_eq!(office.stage.count("cart_abandoned"), 0);
}

#[tokio::test]
async fn what_is_held_by_a_worker_that_had_not_heard_of_the_resumption_is_not_forgotten() {
    let mut office = Office::new("").await;
    pause(&mut office).await;
    // The worker reads the store as paused; before it holds the notice, the store is resumed and emptied.
    let notice = office.stage.notice("customers/create", &sample("customers-create"));
    let record = tajo_testkit::record(&notice, 1);
    let report = office
        .stage
        .receive_while(record, "DynamoDB TransactWriteItems", async {
            resume(&mut Office::beside(&office).await).await;
        })
        .await;
    assert_eq!(report.outcome, Outcome::Held);
    assert_eq!(office.get(&at("")).await["heldCount"], 1);
    office.stage.drain().await;
    assert_eq!(office.get(&at("")).await["heldCount"], 0, "whoever held it asked for another look");
    assert_ne!(office.stage.contact(JO), Value::Null);
}

#[tokio::test]
async fn what_the_law_asks_and_the_end_of_the_app_wait_for_nobody() {
    let mut office = Office::new("").await;
    office.stage.tell("customers/create", &sample("customers-create")).await;
    pause(&mut office).await;
    let report = office.stage.tell("customers/redact", &crate::privacy::redact()).await;
    assert_ne!(report.outcome, Outcome::Held);
    office.stage.drain().await;
    assert_eq!(office.stage.contact(JO), Value::Null);
}

#[tokio::test]
async fn trouble_does_not_resume_a_store_and_a_store_in_trouble_is_not_resumed_out_of_it() {
    let mut office = Office::new("").await;
    office
        .stage
        .fault(json!({"path": "/v3/contacts", "action": {"status": 401, "body": {"code": "unauthorized"}}}));
    office.stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(office.get(&at("")).await["state"], "needs_attention");
    assert_eq!(office.post(&at("/resume"), Value::Null).await["state"], "needs_attention");
    pause(&mut office).await;
    assert_eq!(office.get(&at("")).await["state"], "paused");
}
