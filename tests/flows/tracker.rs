//! `reserved_events: tracker`: the events that Brevo's commerce automations know by name take Brevo's older road.

use serde_json::{Value, json};
use tajo_app::connect::ConnectError;
use tajo_app::sync::Outcome;
use tajo_sandbox::{AccountSettings, Call};
use tajo_state::{Key, StoreRecord, StoreStatus};
use tajo_testkit::{BREVO_KEY, STORE};

use crate::bodies::{sample, with};
use crate::consent::JO;
use crate::set_up::{begun, connected};
use crate::stage::Stage;

const TRACKER: &str = "connectors: {shopify: {reserved_events: tracker}}";
const KEY: &str = "sandbox-tracker-key-account-1";

async fn stage() -> Stage {
    let stage = Stage::new(TRACKER).await;
    with_key(&stage);
    Stage::with(stage.world.clone()).await
}

fn with_key(stage: &Stage) {
    let secret = json!({ "v": 1, "brevo_api_key": BREVO_KEY, "brevo_tracker_key": KEY });
    stage.world.put_secret(&format!("test/store/{STORE}"), &secret.to_string());
}

fn tracked(stage: &Stage) -> Vec<Call> {
    stage.calls("POST", "/api/v2/trackEvent")
}

fn names(calls: &[Call], field: &str) -> Vec<String> {
    calls.iter().map(|call| call.request[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn reserved_events_go_to_the_tracker_and_all_others_where_they_went() {
    let stage = stage().await;
    stage.tell("checkouts/create", &sample("checkouts-create")).await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    let calls = tracked(&stage);
    assert_eq!(names(&calls, "event"), ["cart_updated", "order_completed"]);
    assert_eq!(names(&calls, "email"), [JO, JO]);
    let cart = &calls[0].request["eventdata"];
    assert!(cart["id"].as_str().unwrap().starts_with("cart:"));
    assert!(cart["data"]["items"].is_array() && cart["data"].get("cart_id").is_none());
    let others = stage.calls("POST", "/v3/events");
    assert!(
        names(&others, "event_name")
            .iter()
            .all(|name| !["cart_updated", "cart_deleted", "order_completed"].contains(&name.as_str()))
    );
    assert_eq!(stage.count("order_placed"), 1);
    assert_eq!((stage.count("cart_updated"), stage.count("order_completed")), (1, 1));
    let seen = tracked(&stage).len();
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(tracked(&stage).len(), seen, "once, as on the other road");
}

#[tokio::test]
async fn without_the_setting_nothing_goes_to_the_tracker() {
    let stage = Stage::new("").await;
    with_key(&stage);
    stage.tell("checkouts/create", &sample("checkouts-create")).await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(tracked(&stage), []);
    assert_eq!((stage.count("cart_updated"), stage.count("order_completed")), (1, 1));
}

#[tokio::test]
async fn who_has_no_address_is_told_of_by_the_events_api() {
    let stage = stage().await;
    let order = with(sample("orders-create.paid"), json!({"email": null, "contact_email": null}));
    let customer = with(order["customer"].clone(), json!({"email": null}));
    stage.tell("orders/create", &with(order, json!({"customer": customer}))).await;
    assert_eq!(tracked(&stage), []);
    assert_eq!(stage.count("order_completed"), 1);
}

#[tokio::test]
async fn trouble_of_the_tracker_loses_nothing_and_repeats_nothing_else() {
    for (action, waits) in [
        (json!({"status": 429}), true),
        (json!({"status": 503}), true),
        (json!({"drop": true}), true),
        (json!({"status": 400, "body": {"code": "invalid_parameter", "message": "no"}}), false),
        (json!({"status": 401, "body": {"code": "unauthorized", "message": "Key not found"}}), false),
    ] {
        let stage = stage().await;
        stage.fault(json!({"method": "POST", "path": "/api/v2/trackEvent", "action": action}));
        let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
        let wanted = if waits { Outcome::Deferred } else { Outcome::Parked };
        assert_eq!(report.outcome, wanted, "{action}");
        stage.drain().await;
        assert_eq!(stage.count("order_completed"), usize::from(waits), "{action}");
        assert_eq!(stage.count("order_placed"), 1, "{action}: the others were not held up");
    }
}

#[tokio::test]
async fn a_store_without_the_key_waits_for_it_with_a_hint_and_the_rest_goes_on() {
    let stage = Stage::new(TRACKER).await;
    let report = stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(report.outcome, Outcome::Parked);
    assert!(report.line.reason.unwrap().contains("the key of Brevo's tracker is not known"));
    let table = stage.world.table(&stage.front).await;
    let parked = tajo_state::list_parked(&table, STORE, 10).await.unwrap();
    assert!(parked[0].hint.as_ref().unwrap().contains("marketing automation"));
    assert_eq!((stage.count("order_placed"), tracked(&stage).len()), (1, 0));
}

fn secret(stage: &Stage) -> Value {
    serde_json::from_str(&stage.world.secret(&format!("test/store/{STORE}")).unwrap()).unwrap()
}

#[tokio::test]
async fn connecting_keeps_the_key_and_refuses_the_tracker_where_there_is_none() {
    let stage = Stage::unconnected().await;
    connected(&stage, STORE, json!({ "settings": "" })).await.unwrap();
    assert_eq!(secret(&stage)["brevo_tracker_key"], KEY, "kept whatever the settings say today");
    let off = json!({ "api_key": BREVO_KEY, "automation": false });
    stage.world.sandbox.configure(&serde_json::from_value::<AccountSettings>(off).unwrap());
    let before = stage.world.sandbox.calls().len();
    let refused = begun(&stage, STORE, json!({ "settings": TRACKER })).await.unwrap_err();
    assert!(matches!(refused, ConnectError::NoTracker));
    assert!(stage.world.sandbox.calls().iter().skip(before).all(|call| call.method == "GET"));
    connected(&stage, STORE, json!({ "settings": "" })).await.unwrap();
    assert_eq!(secret(&stage).get("brevo_tracker_key"), None);
    let key = Key::store(&tajo_domain::StoreId::parse(STORE).unwrap());
    let table = stage.world.table(&stage.front).await;
    let record = table.get_newest::<StoreRecord>(&key).await.unwrap().record.unwrap();
    assert_eq!(record.status, StoreStatus::Active);
    assert!(!format!("{record:?}").contains("tracker-key"), "keys are in the secret only");
}
