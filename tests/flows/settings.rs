//! A store's own choices, from the document to Brevo.

use serde_json::{Value, json};
use tajo_domain::{ContactKey, ContactRecord, StoreId};
use tajo_state::Key;
use tajo_testkit::STORE;

use crate::bodies::{sample, with};
use crate::canary::Lines;
use crate::stage::{Stage, ending};

const MAPPED: &str = "field_mapping:
  email: EMAIL
  phone: SMS
  first_name: FIRSTNAME
  default_address.city: CITY
  note: NOTE
  loyalty_tier: VIP_TIER
  metafields.custom.birthday: { attribute: BIRTHDAY, kind: date }
  note_attributes.gift: { attribute: GIFT, kind: boolean }
";

/// A store that connected with these settings: Brevo has its attributes.
async fn connected(settings: &str) -> Stage {
    let stage = Stage::unconnected().await;
    crate::set_up::connected(&stage, STORE, json!({ "settings": settings })).await.unwrap();
    stage
}

async fn record(stage: &Stage) -> ContactRecord {
    let customer = ContactKey::Customer("7201400000011".to_owned());
    let key = Key::contact(&StoreId::parse(STORE).unwrap(), &customer);
    stage.env.table.get_newest::<ContactRecord>(&key).await.unwrap().record.unwrap()
}

fn attributes(stage: &Stage) -> Value {
    stage.contact("jo@example.com")["attributes"].clone()
}

/// Jo's paid order, with what she was asked.
fn order_with(gift: &str, id: u64, created_at: &str) -> Value {
    let order = sample("orders-create.paid");
    let asked = json!([{ "name": "gift", "value": gift }, { "name": "not mapped", "value": "x" }]);
    with(
        order,
        json!({ "id": id, "admin_graphql_api_id": null, "created_at": created_at, "processed_at": created_at,
               "note_attributes": asked }),
    )
}

#[tokio::test]
async fn mapped_fields_arrive_from_customers_metafields_and_orders_and_nothing_else_is_kept() {
    let stage = connected(MAPPED).await;
    stage.tell("customers/update", &sample("customers-update.metafields")).await;
    stage.tell("orders/create", &order_with("yes", 6_101_400_001_777, "2026-11-04T10:00:00+01:00")).await;
    let known = attributes(&stage);
    assert_eq!(known["CITY"], "Freiburg im Breisgau");
    assert_eq!(known["NOTE"], "Prefers delivery in the morning");
    assert_eq!((&known["VIP_TIER"], &known["BIRTHDAY"]), (&json!("gold"), &json!("1991-05-17")));
    assert_eq!((&known["GIFT"], &known["LASTNAME"]), (&json!(true), &Value::Null));
    let kept: Vec<String> = record(&stage).await.custom.into_keys().collect();
    let mapped = [
        "default_address.city",
        "metafields.custom.birthday",
        "metafields.custom.loyalty_tier",
        "note",
        "note_attributes.gift",
    ];
    assert_eq!(kept, mapped);
}

#[tokio::test]
async fn what_is_emptied_in_the_shop_is_emptied_in_brevo_and_what_it_never_knew_is_left_alone() {
    let stage = connected(MAPPED).await;
    let full = sample("customers-update.metafields");
    stage.tell("customers/create", &with(full.clone(), json!({ "note": null }))).await;
    stage.brevo(
        "PUT",
        "/v3/contacts/jo%40example.com",
        &json!({ "attributes": { "NOTE": "from the call centre" } }),
    );
    let later = json!({ "note": null, "default_address": null, "updated_at": "2026-11-06T08:00:00+01:00" });
    stage.tell("customers/update", &with(full.clone(), later)).await;
    assert_eq!(attributes(&stage)["CITY"], Value::Null);
    assert_eq!(attributes(&stage)["NOTE"], "from the call centre");
    // The older body comes late.
    stage.tell("customers/update", &full).await;
    assert_eq!(attributes(&stage)["CITY"], Value::Null);
}

#[tokio::test]
async fn the_latest_order_answers_for_its_buyer_however_the_orders_arrive() {
    let stage = connected(MAPPED).await;
    stage.tell("orders/create", &order_with("no", 6_101_400_001_778, "2026-11-05T10:00:00+01:00")).await;
    stage.tell("orders/create", &order_with("yes", 6_101_400_001_777, "2026-11-04T10:00:00+01:00")).await;
    assert_eq!(attributes(&stage)["GIFT"], false);
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_attribute_is_left_out_and_said() {
    let stage = connected("field_mapping: {loyalty_tier: {attribute: TIER, kind: number}}").await;
    let report = stage.tell("customers/create", &sample("customers-update.metafields")).await;
    assert_eq!(ending(&report), "customers/create → applied: TIER: the value is no number");
    assert_eq!(attributes(&stage)["TIER"], Value::Null);
}

#[tokio::test]
async fn a_store_without_a_mapping_keeps_no_custom_field() {
    let stage = Stage::new("").await;
    stage.tell("customers/update", &sample("customers-update.metafields")).await;
    assert!(record(&stage).await.custom.is_empty());
}

#[tokio::test]
async fn an_attribute_of_another_kind_is_refused_at_connect() {
    let stage = Stage::unconnected().await;
    stage.brevo("POST", "/v3/contacts/attributes/normal/BIRTHDAY", &json!({ "type": "text" }));
    let error = crate::set_up::begun(&stage, STORE, json!({ "settings": MAPPED })).await.unwrap_err();
    assert!(error.to_string().contains("BIRTHDAY is of type `text`"), "{error}");
}

/// What one webhook leaves in the function's log.
async fn logged(settings: &str) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_env_filter("off,tajo_app=info");
    // With one subscriber alone, a place that another test's thread reaches first would be silent for good.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let stage = Stage::new(settings).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    lines.text()
}

#[tokio::test]
async fn each_store_has_logged_what_it_asks_for() {
    let of = |choice: &str| format!("connectors: {{shopify: {{{choice}}}}}");
    let (ended, called, arrived) = ("a notice ended", "Brevo was called", "a webhook arrived");
    let normal = logged("").await;
    assert!(normal.contains(ended) && !normal.contains(called) && !normal.contains(arrived), "{normal}");
    let quiet = logged(&of("log_level: quiet")).await;
    assert!(!quiet.contains(ended), "{quiet}");
    let verbose = logged(&of("log_level: verbose")).await;
    assert!(verbose.contains("call.path=\"/contacts\" call.status=201"), "{verbose}");
    assert!(!verbose.contains("FIRSTNAME"), "{verbose}");
    let debug = logged(&of("debug: true")).await;
    assert!(debug.contains("attributes.FIRSTNAME") && !debug.contains("jo@example.com"), "{debug}");
    let webhooks = logged(&of("log_webhooks: true")).await;
    let line = webhooks.lines().find(|line| line.contains(arrived)).unwrap();
    for part in ["topic=\"customers/create\"", "delivery=\"d-1\"", "body.bytes=", "api.wanted=\"2026-10\""] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
}

#[test]
fn the_version_of_the_settings_is_the_one_that_is_spoken() {
    assert_eq!(tajo_mapping::API_VERSION, tajo_platforms::shopify::api::VERSION);
}
