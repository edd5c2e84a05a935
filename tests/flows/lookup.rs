//! What webhooks leave out of a customer is asked for once, before Brevo hears of them.

use std::sync::Arc;

use futures::FutureExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::StoreId;
use tajo_sandbox::Call;
use tajo_sandbox::shopify::nodes;
use tajo_state::{Key, StoreRecord, StoreStatus};
use tajo_testkit::{SHOP, STORE, record};

use crate::bodies::{LISTS, cast, sample, with};
use crate::stage::{Stage, ending};

const JO: &str = "jo@example.com";

/// Jo as the shop records her, with these words about emails.
fn jo(state: &str) -> Value {
    let mut node = nodes::customer(&sample("customers-create"));
    node["defaultEmailAddress"]["marketingState"] = json!(state);
    node["defaultEmailAddress"]["marketingUpdatedAt"] = json!("2026-11-02T08:00:00Z");
    with(
        node,
        json!({"tags": ["vip", "blue"], "numberOfOrders": "4", "amountSpent": {"amount": "120.50", "currencyCode": "EUR"},
            "lastOrder": {"createdAt": "2026-10-30T10:00:00Z"}}),
    )
}

async fn stage_with(customer: Value) -> Stage {
    let stage = Stage::new(LISTS).await;
    stage.world.set_up_shop(json!({"customers": [customer]}));
    stage
}

fn queries(stage: &Stage) -> Vec<Call> {
    stage.calls("POST", "/admin/api/")
}

fn shop_fails(stage: &Stage, times: u32, action: Value) {
    stage.fault(json!({"path": "/admin/api/*", "times": times, "action": action}));
}

fn reason(report: &tajo_app::sync::Report) -> &str {
    report.line.reason.as_deref().unwrap_or("")
}

async fn store(stage: &Stage) -> StoreRecord {
    let key = Key::store(&StoreId::parse(STORE).unwrap());
    stage.world.table(&stage.front).await.get_newest::<StoreRecord>(&key).await.unwrap().record.unwrap()
}

#[tokio::test]
async fn the_first_write_to_brevo_carries_the_recorded_consent_tags_and_totals() {
    let stage = stage_with(jo("SUBSCRIBED")).await;
    let report = stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(report.outcome, Outcome::Applied);
    insta::assert_snapshot!(stage.picture());
    let mut writes = stage.calls("POST", "/v3/contacts");
    writes.retain(|call| call.path == "/v3/contacts");
    assert_eq!(writes.len(), 1, "one write, not a blocked contact that is opened later");
    assert_eq!(writes[0].request.get("emailBlacklisted"), None);
    assert!(stage.calls("PUT", "/v3/contacts/").is_empty());
}

#[tokio::test]
async fn what_the_shop_does_not_record_as_an_opt_in_stays_blocked() {
    for state in ["NOT_SUBSCRIBED", "PENDING", "UNSUBSCRIBED", "INVALID", "REDACTED"] {
        let stage = stage_with(jo(state)).await;
        stage.tell("customers/create", &sample("customers-create")).await;
        assert_eq!(stage.contact(JO)["emailBlacklisted"], true, "{state}");
    }
}

#[tokio::test]
async fn recorded_whatsapp_consent_is_read_by_the_look_up() {
    for (state, number) in [("SUBSCRIBED", json!("491711234567")), ("UNSUBSCRIBED", Value::Null)] {
        let mut customer = jo("SUBSCRIBED");
        customer["defaultPhoneNumber"]["phoneNumber"] = json!("+491711234567");
        customer["defaultPhoneNumber"]["whatsAppMarketingConsent"] =
            json!({"state": state, "updatedAt": "2026-11-02T08:00:00Z"});
        let stage = Stage::new("connectors: {shopify: {contacts: {whatsapp: true}}}").await;
        stage.world.set_up_shop(json!({"customers": [customer]}));
        let body = with(sample("customers-create"), json!({"phone": "+491711234567"}));
        stage.tell("customers/create", &body).await;
        let attributes = &stage.contact(JO)["attributes"];
        assert_eq!(attributes["WHATSAPP"], number, "{state}");
        assert_eq!(attributes["WHATSAPP_CONSENT_DATE"], "2026-11-02", "{state}");
    }
}

#[tokio::test]
async fn a_customer_is_looked_up_once() {
    let stage = stage_with(jo("SUBSCRIBED")).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.tell("customers/update", &sample("customers-update")).await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    stage.tell("checkouts/create", &sample("checkouts-create")).await;
    assert_eq!(queries(&stage).len(), 1);
    assert_eq!(stage.count("customer_updated"), 1, "what was looked up does not swallow news");
}

#[tokio::test]
async fn a_customer_that_the_shop_does_not_have_is_asked_for_once_too() {
    let stage = Stage::new(LISTS).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    let report = stage.tell("customers/update", &sample("customers-update")).await;
    assert_eq!(ending(&report), "customers/update → applied");
    assert_eq!(queries(&stage).len(), 1);
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true);
}

#[tokio::test]
async fn a_guest_is_not_looked_up() {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &sample("orders-create.guest")).await;
    assert!(queries(&stage).is_empty());
}

#[tokio::test]
async fn customers_of_one_batch_are_asked_for_in_one_query() {
    let people = 30_000_000..30_000_008u32;
    let stage = Stage::new("").await;
    let nodes: Vec<Value> = people.clone().map(|n| cast(&jo("SUBSCRIBED"), n)).collect();
    stage.world.set_up_shop(json!({"customers": nodes}));
    let bodies = people.map(|n| cast(&sample("customers-create"), n));
    let records = bodies.map(|body| record(&stage.notice("customers/create", &body), 1)).collect();
    let reports = stage.receive_all(records).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Applied), "{reports:?}");
    assert!(queries(&stage).len() <= 4, "{} queries for 8 customers, five at once", queries(&stage).len());
    let contacts = stage.world.brevo()["contacts"].as_array().unwrap().clone();
    assert_eq!(contacts.len(), 8);
    assert!(contacts.iter().all(|contact| contact["emailBlacklisted"] == false));
}

#[tokio::test]
async fn a_ticked_box_prompts_a_question_and_is_no_answer() {
    let ticked = json!({"buyer_accepts_marketing": true, "cart_token": null, "checkout_token": null});
    let order = with(sample("orders-create.paid"), ticked);
    let another = |id: u64| with(order.clone(), json!({"id": id, "admin_graphql_api_id": null}));
    let stage = stage_with(jo("NOT_SUBSCRIBED")).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.tell("orders/create", &order).await;
    assert_eq!(queries(&stage).len(), 1, "asked within the last day");
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true, "a ticked box is no recorded consent");

    stage.world.set_up_shop(json!({"customers": [jo("SUBSCRIBED")]}));
    stage.world.advance(SignedDuration::from_hours(25));
    stage
        .tell("orders/create", &with(another(6101400001002), json!({"buyer_accepts_marketing": false})))
        .await;
    assert_eq!(queries(&stage).len(), 1, "an unticked box is silence: no question, no opt-out");
    stage.tell("orders/create", &another(6101400001003)).await;
    assert_eq!(queries(&stage).len(), 2);
    assert_eq!(stage.contact(JO)["emailBlacklisted"], false, "the shop recorded an opt-in");

    stage.world.advance(SignedDuration::from_hours(25));
    stage.tell("orders/create", &another(6101400001004)).await;
    assert_eq!(queries(&stage).len(), 2, "she is opted in: nothing to ask");
}

#[tokio::test]
async fn a_lookup_never_undoes_a_newer_opt_out() {
    let said = json!({"email_marketing_consent": {"state": "unsubscribed", "consent_updated_at": "2026-11-03T09:00:00Z"}});
    let stage = stage_with(jo("SUBSCRIBED")).await;
    stage.tell("customers/create", &with(sample("customers-create"), said)).await;
    assert_eq!(queries(&stage).len(), 1);
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true);
}

#[tokio::test]
async fn without_a_token_the_work_goes_on_and_says_so() {
    let stage = stage_with(jo("SUBSCRIBED")).await;
    stage.world.without_shopify_token();
    let report = stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!(
        reason(&report),
        "consent, tags and totals of the customer: Shopify cannot be asked: no access token is stored (connect the \
         store again)"
    );
    assert!(queries(&stage).is_empty());
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true);
    assert_eq!(store(&stage).await.status, StoreStatus::Active);
}

#[tokio::test]
async fn a_dead_token_and_a_missing_scope_need_attention_and_stop_nothing() {
    let denied = json!({"status": 200, "body": {"errors": [{"message": "Access denied", "extensions":
        {"code": "ACCESS_DENIED", "requiredAccess": "`read_customers` access scope."}}]}});
    for (action, why) in [
        (json!({"status": 401}), "does not know the access token"),
        (denied, "lacks the scope read_customers"),
        (json!({"status": 402}), "frozen"),
        (json!({"status": 423}), "locked"),
    ] {
        let stage = stage_with(jo("SUBSCRIBED")).await;
        shop_fails(&stage, 1, action);
        let report = stage.tell("customers/create", &sample("customers-create")).await;
        assert_eq!(report.outcome, Outcome::Applied, "{why}");
        assert!(reason(&report).contains(why), "{report:?}");
        let attention = store(&stage).await;
        assert_eq!(attention.status, StoreStatus::NeedsAttention, "{why}");
        assert!(attention.attention.unwrap().contains(why));
        // A refusal is believed for a while: the next notice asks nothing and sets nothing back.
        let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
        assert!(reason(&report).contains(why), "{report:?}");
        assert_eq!(queries(&stage).len(), 1, "{why}");
        assert_eq!(store(&stage).await.status, StoreStatus::NeedsAttention);
        // The merchant helped: the next question is answered, and that is the end of it.
        stage.world.advance(SignedDuration::from_mins(2));
        let report = stage.tell("customers/update", &sample("customers-update")).await;
        assert_eq!(ending(&report), "customers/update → applied");
        assert_eq!(store(&stage).await.status, StoreStatus::Active);
        assert_eq!(stage.contact(JO)["emailBlacklisted"], false, "and the consent arrived after all");
    }
}

#[tokio::test]
async fn a_throttled_or_broken_shop_delays_the_contact_and_loses_nothing() {
    let throttled = json!({"status": 200, "body": {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}});
    for action in [
        throttled,
        json!({"status": 429, "headers": {"retry-after": "1.0"}}),
        json!({"status": 503}),
        json!({"drop": true}),
        json!({"truncate": true}),
        json!({"not_json": true}),
    ] {
        let stage = stage_with(jo("SUBSCRIBED")).await;
        shop_fails(&stage, 1, action.clone());
        let report = stage.tell("customers/create", &sample("customers-create")).await;
        assert_eq!(report.outcome, Outcome::Deferred, "{action}");
        assert!(stage.picture().is_empty(), "{action}: no contact without the consent that can be had");
        stage.world.advance(SignedDuration::from_secs(10));
        let reports = stage.drain().await;
        assert_eq!(reports.last().unwrap().outcome, Outcome::Applied, "{action}");
        assert_eq!(stage.contact(JO)["emailBlacklisted"], false, "{action}");
        assert_eq!(stage.count("customer_created"), 1, "{action}");
    }
}

#[tokio::test]
async fn an_order_does_not_wait_for_ever() {
    let stage = stage_with(jo("SUBSCRIBED")).await;
    shop_fails(&stage, 1000, json!({"status": 503}));
    let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(report.outcome, Outcome::Deferred);
    let reports = stage.drain().await;
    let last = reports.last().unwrap();
    assert_eq!((reports.len(), last.outcome), (3, Outcome::Applied));
    assert!(reason(last).contains("Shopify answered 503; it was asked 4 times"), "{last:?}");
    assert_eq!(stage.count("order_placed"), 1);
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true);
    // The next notice asks again, and the recorded opt-in lifts the block that only we had set.
    stage.world.sandbox.clear_faults();
    stage.tell("customers/update", &sample("customers-update")).await;
    assert_eq!(stage.contact(JO)["emailBlacklisted"], false);
}

#[tokio::test]
async fn a_low_bucket_is_not_asked() {
    let stage = stage_with(jo("SUBSCRIBED")).await;
    let empty = json!({"status": 200, "body": {"data": {"nodes": [null]}, "extensions": {"cost": {"requestedQueryCost": 8,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 2.0, "restoreRate": 1.0}}}}});
    shop_fails(&stage, 1, empty);
    stage.tell("customers/create", &cast(&sample("customers-create"), 30_000_000)).await;
    let report = stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(report.outcome, Outcome::Deferred);
    assert_eq!(queries(&stage).len(), 1, "the answer said that too little is left");
    stage.world.advance(SignedDuration::from_secs(10));
    assert_eq!(stage.drain().await.pop().unwrap().outcome, Outcome::Applied);
    assert_eq!(queries(&stage).len(), 2);
}

#[tokio::test]
async fn the_token_goes_with_the_question_and_nowhere_else() {
    let stage = stage_with(jo("SUBSCRIBED")).await;
    let stage = Arc::new(stage);
    stage.tell("customers/create", &sample("customers-create")).boxed().await;
    let query = queries(&stage).pop().unwrap();
    assert_eq!(query.path, "/admin/api/2026-10/graphql.json");
    assert_eq!(query.account.as_deref(), Some(SHOP));
    assert!(!format!("{:?}", stage.world.sandbox.calls()).contains("shpat_"));
}

const TIERS: &str = "field_mapping: {metafields.custom.tier: TIER, metafields.custom.size: SIZE}";

#[tokio::test]
async fn the_metafields_that_a_store_maps_come_with_the_lookup_and_no_others() {
    let fields = json!([
        {"namespace": "custom", "key": "tier", "value": "gold", "updatedAt": "2026-11-02T08:00:00Z"},
        {"namespace": "custom", "key": "secret", "value": "not mapped", "updatedAt": "2026-11-02T08:00:00Z"},
    ]);
    let customer = with(jo("SUBSCRIBED"), json!({"metafields": fields}));
    for body in [sample("customers-create"), json!({"id": sample("customers-create")["id"]})] {
        let stage = Stage::new(TIERS).await;
        stage.brevo("POST", "/v3/contacts/attributes/normal/TIER", &json!({"type": "text"}));
        stage.world.set_up_shop(json!({"customers": [customer]}));
        stage.tell("customers/create", &body).await;
        assert_eq!(stage.contact(JO)["attributes"]["TIER"], "gold");
        let asked = queries(&stage).pop().unwrap();
        assert_eq!(asked.request["variables"]["keys"], json!(["custom.tier", "custom.size"]));
        assert!(!asked.response.to_string().contains("not mapped"));
    }
    let stage = stage_with(customer).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    let asked = queries(&stage).pop().unwrap().request;
    assert!(!asked.to_string().contains("metafields"), "nothing is mapped: the same question as ever");
}

#[tokio::test]
async fn what_was_said_while_the_app_was_removed_is_asked_for() {
    let stage = stage_with(jo("SUBSCRIBED")).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!((queries(&stage).len(), &stage.contact(JO)["emailBlacklisted"]), (1, &json!(false)));
    stage.world.advance(SignedDuration::from_hours(1));
    let installed_at = Some(stage.env.clock.now());
    let key = Key::store(&StoreId::parse(STORE).unwrap());
    let again = |stored: Option<&StoreRecord>| {
        (stored.map(|stored| StoreRecord { installed_at, ..stored.clone() }), ())
    };
    let table = stage.world.table(&stage.front).await;
    table.change(&key, tajo_state::Attributes::none, again).await.unwrap();
    let mut out = jo("UNSUBSCRIBED");
    out["defaultEmailAddress"]["marketingUpdatedAt"] = json!("2026-11-02T08:30:00Z");
    stage.world.set_up_shop(json!({"customers": [out]}));
    let stage = Stage::with(stage.world.clone()).await;
    stage.world.advance(SignedDuration::from_secs(1));
    for _ in 0..2 {
        stage.tell("customers/update", &sample("customers-update")).await;
    }
    assert_eq!((queries(&stage).len(), &stage.contact(JO)["emailBlacklisted"]), (2, &json!(true)));
}
