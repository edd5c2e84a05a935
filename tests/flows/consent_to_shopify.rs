//! With `consent: two_way`, an opt-out in Brevo reaches the shop: once, with Brevo's time, and never an opt-in.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::StoreId;
use tajo_sandbox::Call;
use tajo_sandbox::shopify::nodes;
use tajo_state::{Key, StoreRecord, StoreStatus};
use tajo_testkit::{SHOP, STORE};

use crate::bodies::sample;
use crate::consent::{JO, account, flags};
use crate::consent_from_brevo::{JOS_ID, at, brevo_says, happens, heard};
use crate::stage::Stage;

pub(crate) const TWO_WAY: &str = "connectors: {shopify: {consent: two_way}}";

async fn stage(settings: &str) -> Stage {
    let stage = Stage::new(settings).await;
    stage.world.set_up_shop(json!({ "customers": [nodes::customer(&sample("customers-create"))] }));
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    stage
}

pub(crate) fn mutations(stage: &Stage) -> Vec<Call> {
    let is_one =
        |call: &Call| call.request["query"].as_str().is_some_and(|query| query.starts_with("mutation"));
    stage.world.sandbox.calls().into_iter().filter(is_one).collect()
}

fn in_shop(stage: &Stage) -> (Value, Value) {
    let customer =
        stage.world.sandbox.shop_object(SHOP, &format!("gid://shopify/Customer/{JOS_ID}")).unwrap();
    let address = &customer["defaultEmailAddress"];
    (address["marketingState"].clone(), address["marketingUpdatedAt"].clone())
}

/// What Shopify tells us after that.
fn echo(minute: u32) -> Value {
    json!({
        "customer_id": JOS_ID.parse::<u64>().unwrap(), "email_address": JO,
        "email_marketing_consent": {"state": "unsubscribed", "consent_updated_at": at(minute)},
    })
}

#[tokio::test]
async fn an_opt_out_in_brevo_reaches_the_shop_once_and_its_echo_settles_quietly() {
    let stage = stage(TWO_WAY).await;
    let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
    let reports = heard(&stage, &body).await;
    assert_eq!(reports[1].outcome, Outcome::Applied);
    assert_eq!(in_shop(&stage), (json!("UNSUBSCRIBED"), json!("2026-11-03T09:05:00Z")));
    heard(&stage, &body).await;
    assert_eq!(mutations(&stage).len(), 1, "once");
    let calls = stage.calls("PUT", "/v3/contacts/").len();
    stage.tell("customers_email_marketing_consent/update", &echo(5)).await;
    stage.tell("customers_email_marketing_consent/update", &echo(5)).await;
    let puts = stage.calls("PUT", "/v3/contacts/");
    assert_eq!(puts.len(), calls + 1, "the attribute EMAIL_CONSENT, and nothing after that");
    assert!(puts.iter().all(|call| call.request.get("emailBlacklisted").is_none()), "it is blocked already");
    assert_eq!(mutations(&stage).len(), 1, "the echo is no opt-out of its own");
    assert!(flags(&stage).0);
}

#[tokio::test]
async fn nothing_is_written_to_the_shop_unless_it_was_asked_for() {
    let stage = stage("").await;
    brevo_says(&stage, "unsubscribe", 5).await;
    assert_eq!(mutations(&stage), []);
}

#[tokio::test]
async fn a_shop_that_knows_of_it_or_heard_a_newer_yes_is_not_told() {
    let stage = stage(TWO_WAY).await;
    let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
    stage.tell("customers/update", &account(6, Some(("subscribed", 6)))).await;
    heard(&stage, &body).await;
    assert_eq!(mutations(&stage), [], "the newer yes is the shop's own");
    assert!(!flags(&stage).0);
    stage.tell("customers/update", &account(7, Some(("unsubscribed", 7)))).await;
    brevo_says(&stage, "unsubscribe", 8).await;
    assert_eq!(mutations(&stage), [], "it is out there already");
}

#[tokio::test]
async fn whose_word_counts_decides_what_is_written_over_a_recorded_yes() {
    for (truth, writes) in [("newest", 1), ("brevo", 1), ("store", 0)] {
        let settings =
            format!("connectors: {{shopify: {{consent: {{direction: two_way, source_of_truth: {truth}}}}}}}");
        let stage = stage(&settings).await;
        brevo_says(&stage, "unsubscribe", 5).await;
        assert_eq!(mutations(&stage).len(), writes, "{truth}");
        assert!(flags(&stage).0, "{truth}: in Brevo it holds");
    }
}

#[tokio::test]
async fn a_bounce_or_a_deletion_is_nobodys_word_and_is_not_written_to_the_shop() {
    let stage = stage(TWO_WAY).await;
    brevo_says(&stage, "hard_bounce", 5).await;
    brevo_says(&stage, "contact_deleted", 6).await;
    assert_eq!(mutations(&stage), []);
}

#[tokio::test]
async fn a_missing_scope_parks_the_opt_out_and_asks_for_it_until_the_shop_takes_one() {
    let mut stage = stage(TWO_WAY).await;
    stage.world.set_up_shop(json!({ "scopes": ["read_customers", "read_orders"] }));
    let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
    let reports = heard(&stage, &body).await;
    assert_eq!(reports[1].outcome, Outcome::Parked);
    let needy = store(&stage).await;
    assert_eq!(needy.status, StoreStatus::NeedsAttention);
    assert!(needy.attention.unwrap().contains("write_customers"));
    let table = stage.world.table(&stage.front).await;
    let parked = tajo_state::list_parked(&table, STORE, 10).await.unwrap();
    assert!(parked[0].hint.as_ref().unwrap().contains("write_customers"));
    // The opt-out holds in Brevo meanwhile, and reading goes on.
    assert!(flags(&stage).0);
    stage.env = stage.world.env(&stage.front).await;
    let other = nodes::customer(&json!({"id": 8, "email": "al@example.com"}));
    stage.world.set_up_shop(json!({ "customers": [other] }));
    let report = stage
        .tell(
            "customers/create",
            &json!({"id": 8, "email": "al@example.com",
        "created_at": at(1), "updated_at": at(1)}),
        )
        .await;
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!(report.line.reason, None, "{report:?}");
    let asked = store(&stage).await.attention;
    assert!(
        asked.is_some_and(|reason| reason.contains("write_customers")),
        "that Shopify answers ends nothing"
    );
    // With the scope, the same webhook finishes it.
    stage.world.set_up_shop(json!({ "scopes": ["read_customers", "read_orders", "write_customers"] }));
    stage.env = stage.world.env(&stage.front).await;
    let reports = heard(&stage, &body).await;
    assert_eq!(reports[1].outcome, Outcome::Applied);
    assert_eq!(in_shop(&stage).0, json!("UNSUBSCRIBED"));
    assert_eq!(store(&stage).await.attention, None);
}

async fn store(stage: &Stage) -> StoreRecord {
    let key = Key::store(&StoreId::parse(STORE).unwrap());
    stage.world.table(&stage.front).await.get_newest(&key).await.unwrap().record.unwrap()
}

#[tokio::test]
async fn what_the_shop_refuses_is_told_with_its_reason_and_not_tried_again() {
    let stage = stage(TWO_WAY).await;
    stage.world.set_up_shop(json!({ "forget": [format!("gid://shopify/Customer/{JOS_ID}")] }));
    let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
    let reports = heard(&stage, &body).await;
    let reason = reports[1].line.reason.clone().unwrap();
    assert_eq!(reason, "consent in the store: Shopify did not take the opt-out: INVALID (input.customerId)");
    heard(&stage, &body).await;
    assert_eq!(mutations(&stage).len(), 1);
}

#[tokio::test]
async fn a_shop_that_does_not_answer_is_told_later() {
    let stage = stage(TWO_WAY).await;
    stage.fault(json!({"path": "/admin/api/*", "times": 1, "action": {"status": 500}}));
    let body = happens(&stage, "unsubscribe", JO, 5).unwrap();
    let reports = heard(&stage, &body).await;
    assert_eq!(reports[1].outcome, Outcome::Deferred);
    assert_eq!(in_shop(&stage).0, json!("UNSUBSCRIBED"), "the queue was drained");
}
