//! Shipments: only what left is told, whatever is known only later is told once, and nothing goes back.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::StoreId;
use tajo_state::{Attributes, Key};
use tajo_testkit::{STORE, record};

use crate::bodies::{LISTS, cast, each, sample, with};
use crate::order_of_arrival::permutations;
use crate::picture::array;
use crate::stage::Stage;

const ID: u64 = 84_404;

/// A shipment of Jo's order, last touched at this hour of 3 November.
fn shipment(status: &str, numbers: &[&str], hour: u32) -> Value {
    let urls: Vec<String> = numbers.iter().map(|number| format!("https://t.example/{number}")).collect();
    json!({
        "id": ID, "order_id": 6_101_400_001_001_u64, "status": status,
        "created_at": "2026-11-03T08:00:00Z", "updated_at": format!("2026-11-03T{hour:02}:00:00Z"),
        "tracking_company": "DHL", "tracking_number": numbers.first(), "tracking_numbers": numbers,
        "tracking_url": urls.first(), "tracking_urls": urls, "line_items": sample("fulfillments-create")["line_items"],
    })
}

/// Jo's order with this shipment, as of its hour.
fn order(shipment: &Value) -> Value {
    let touched = json!({"fulfillments": [shipment], "updated_at": shipment["updated_at"]});
    with(sample("orders-create.paid"), touched)
}

/// What was told of shipments: each event's name and tracking numbers.
fn told(stage: &Stage) -> Vec<(String, Vec<String>)> {
    let texts = |value: &Value| {
        value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let state = stage.world.brevo();
    // Whether something is still to come is not what is looked at here.
    let is_looked_at = |event: &&Value| {
        let is_shipment = event["event_properties"]["fulfillment_id"] != Value::Null;
        is_shipment && event["event_name"] != "order_partially_fulfilled"
    };
    array(&state, "events")
        .iter()
        .filter(is_looked_at)
        .map(|event| {
            let numbers = texts(&event["event_properties"]["tracking_numbers"]);
            (event["event_name"].as_str().unwrap().to_owned(), numbers)
        })
        .collect()
}

fn expected(lines: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    lines.iter().map(|(name, numbers)| ((*name).to_owned(), owned(numbers))).collect()
}

const FULFILLED: &str = "order_fulfilled";
const UPDATED: &str = "order_shipment_updated";

#[tokio::test]
async fn a_shipment_is_told_only_once_it_left() {
    for status in ["pending", "open"] {
        for alone in [false, true] {
            let stage = Stage::new(LISTS).await;
            let waiting = shipment(status, &[], 9);
            stage.tell("orders/updated", &order(&waiting)).await;
            if alone {
                stage.tell("fulfillments/create", &waiting).await;
            }
            assert!(told(&stage).is_empty(), "{status}");
            let left = shipment("success", &["A1"], 10);
            let (topic, body) =
                if alone { ("fulfillments/update", left) } else { ("orders/fulfilled", order(&left)) };
            stage.tell(topic, &body).await;
            stage.tell(topic, &body).await;
            assert_eq!(told(&stage), expected(&[(FULFILLED, &["A1"])]), "{status}");
        }
    }
}

#[tokio::test]
async fn a_shipment_that_never_left_is_never_told() {
    for status in ["failure", "error", "cancelled"] {
        let stage = Stage::new(LISTS).await;
        let report = stage.tell("orders/updated", &order(&shipment("pending", &[], 9))).await;
        assert_eq!(report.outcome, Outcome::Applied);
        let ended = shipment(status, &["A1"], 10);
        assert_eq!(stage.tell("fulfillments/update", &ended).await.outcome, Outcome::Skipped);
        stage.tell("orders/updated", &order(&ended)).await;
        // Late: it is not told as shipped after it has failed.
        stage.tell("fulfillments/update", &shipment("success", &["A1"], 9)).await;
        assert!(told(&stage).is_empty(), "{status}: {:?}", told(&stage));
    }
}

#[tokio::test]
async fn a_shipment_that_fails_or_is_cancelled_later_is_told_once() {
    for (status, event) in [
        ("failure", "order_shipment_failed"),
        ("error", "order_shipment_failed"),
        ("cancelled", "order_shipment_cancelled"),
    ] {
        let stage = Stage::new(LISTS).await;
        stage.tell("orders/updated", &order(&shipment("success", &["A1"], 9))).await;
        let ended = shipment(status, &["A1"], 10);
        stage.tell("fulfillments/update", &ended).await;
        stage.tell("orders/updated", &order(&ended)).await;
        stage.tell("fulfillments/update", &ended).await;
        // What was said before it ended changes nothing.
        stage.tell("fulfillments/create", &shipment("success", &["B2"], 9)).await;
        assert_eq!(told(&stage), expected(&[(FULFILLED, &["A1"]), (event, &["A1"])]), "{status}");
    }
}

#[tokio::test]
async fn what_is_not_on_its_way_yet_does_not_complete_an_order() {
    let stage = Stage::new(LISTS).await;
    let mut body = sample("orders-fulfilled");
    body["fulfillment_status"] = json!("partial");
    body["fulfillments"][1]["status"] = json!("open");
    stage.tell("orders/updated", &body).await;
    let state = stage.world.brevo();
    let events = array(&state, "events").iter().filter(|event| event["event_name"] == FULFILLED);
    let in_full: Vec<&Value> = events.map(|event| &event["event_properties"]["fulfilled_in_full"]).collect();
    assert_eq!(in_full, [&json!(false)]);
}

#[tokio::test]
async fn every_parcel_of_a_shipment_is_told_with_its_link() {
    let stage = Stage::new(LISTS).await;
    stage.tell("orders/fulfilled", &order(&shipment("success", &["A1", "B2", "C3"], 9))).await;
    let state = stage.world.brevo();
    let event = array(&state, "events").iter().find(|event| event["event_name"] == FULFILLED).unwrap();
    let properties = &event["event_properties"];
    assert_eq!(properties["tracking_numbers"], json!(["A1", "B2", "C3"]));
    let urls = ["A1", "B2", "C3"].map(|number| format!("https://t.example/{number}"));
    assert_eq!(properties["tracking_urls"], json!(urls));
    assert_eq!(
        (&properties["tracking_number"], &properties["tracking_url"]),
        (&json!("A1"), &json!(urls[0]))
    );
}

#[tokio::test]
async fn a_number_that_comes_after_the_shipment_is_told_once_per_set() {
    let stage = Stage::new(LISTS).await;
    let one = shipment("success", &["A1"], 15);
    let two = shipment("success", &["A1", "B2"], 16);
    let turned = shipment("success", &["B2", "A1"], 17);
    stage.tell("orders/fulfilled", &order(&shipment("success", &[], 9))).await;
    for body in [&one, &one] {
        stage.tell("fulfillments/update", body).await;
        stage.tell("orders/updated", &order(body)).await;
    }
    stage.tell("orders/updated", &order(&two)).await;
    for late in [&two, &turned, &one, &shipment("success", &[], 9)] {
        stage.tell("fulfillments/update", late).await;
    }
    assert_eq!(told(&stage), expected(&[(FULFILLED, &[]), (UPDATED, &["A1"]), (UPDATED, &["A1", "B2"])]));
}

#[tokio::test]
async fn a_number_added_within_the_second_of_the_shipment_is_told_too() {
    let stage = Stage::new(LISTS).await;
    stage.tell("orders/fulfilled", &order(&shipment("success", &[], 8))).await;
    stage.tell("fulfillments/update", &shipment("success", &["A1"], 8)).await;
    assert_eq!(told(&stage), expected(&[(FULFILLED, &[]), (UPDATED, &["A1"])]));
}

#[tokio::test]
async fn a_number_that_comes_before_the_order_is_told_with_the_shipment() {
    let stage = Stage::new(LISTS).await;
    let with_number = shipment("success", &["A1"], 15);
    assert_eq!(stage.tell("fulfillments/update", &with_number).await.outcome, Outcome::Skipped);
    assert_eq!(
        stage.tell("fulfillments/create", &shipment("success", &[], 9)).await.outcome,
        Outcome::Skipped
    );
    stage.tell("orders/updated", &order(&shipment("success", &[], 9))).await;
    stage.tell("fulfillments/update", &with_number).await;
    assert_eq!(told(&stage), expected(&[(FULFILLED, &["A1"])]));
}

#[tokio::test]
async fn a_number_waits_for_the_event_of_its_shipment() {
    let stage = Stage::new(LISTS).await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    let first = stage.notice("orders/fulfilled", &order(&shipment("success", &[], 9)));
    let later = stage.notice("fulfillments/update", &shipment("success", &["A1"], 15));
    let meanwhile = async {
        let report = stage.deliver(&later).await;
        assert_eq!(report.outcome, Outcome::Deferred, "{report:?}");
        assert!(told(&stage).is_empty());
    };
    stage.receive_while(record(&first, 1), "Brevo POST /v3/events", meanwhile).await;
    stage.drain().await;
    assert_eq!(told(&stage), expected(&[(FULFILLED, &[]), (UPDATED, &["A1"])]));
}

#[tokio::test]
async fn shipments_end_alike_in_every_order_of_arrival() {
    let bodies = [
        ("orders/updated", order(&shipment("open", &[], 9))),
        ("fulfillments/create", shipment("success", &[], 10)),
        ("fulfillments/update", shipment("success", &["A1"], 11)),
        ("orders/updated", order(&shipment("success", &["A1", "B2"], 12))),
    ];
    let stage = Stage::new(LISTS).await;
    let first = 41_000_000;
    for (index, order) in permutations(bodies.len()).iter().enumerate() {
        let n = first + u32::try_from(index).unwrap();
        for step in order.iter().chain(order.first()) {
            let (topic, body) = &bodies[*step];
            let body = body.to_string().replace("84404", &format!("84{n}"));
            stage.tell(topic, &cast(&serde_json::from_str(&body).unwrap(), n)).await;
        }
    }
    let state = stage.world.brevo();
    let each = each(&state);
    for (index, order) in permutations(bodies.len()).iter().enumerate() {
        let mine = &each[&(first + u32::try_from(index).unwrap())];
        let events: Vec<&Value> = array(mine, "events")
            .iter()
            .filter(|event| event["event_properties"]["fulfillment_id"] != Value::Null)
            .filter(|event| event["event_name"] != "order_partially_fulfilled")
            .collect();
        let names: Vec<&str> = events.iter().map(|event| event["event_name"].as_str().unwrap()).collect();
        assert_eq!(names[0], FULFILLED, "{order:?}: the shipment comes first");
        assert_eq!(names.iter().filter(|name| **name == FULFILLED).count(), 1, "{order:?}: {names:?}");
        let last = &events.last().unwrap()["event_properties"]["tracking_numbers"];
        assert_eq!(last, &json!(["A1", "B2"]), "{order:?}: {events:#?}");
        let mut sets: Vec<String> =
            events.iter().map(|event| event["event_properties"]["tracking_numbers"].to_string()).collect();
        let count = sets.len();
        sets.sort();
        sets.dedup();
        assert_eq!(sets.len(), count, "{order:?}: each set once");
    }
}

#[tokio::test]
async fn a_shipment_that_the_version_before_told_is_told_no_second_time_and_its_later_number_is() {
    let stage = Stage::new(LISTS).await;
    let key = Key::order(&StoreId::parse(STORE).unwrap(), "6101400001001");
    let newest = json!({"id": "6101400001001", "createdAt": "2026-11-02T08:15:00Z", "status": "paid",
        "amount": 107.5, "storeId": "demo-shop", "products": [], "identifiers": {"email_id": "jo@example.com"}});
    let old = json!({
        "v": "2026-11-03T08:00:01Z", "n": 1, "b": newest.to_string(), "c": true,
        "e": {"placed": 0, "completed": 0, "paid": 0, "fulfilled:84404": 0},
        "h": {"n": "#1001", "i": {"email": "jo@example.com"}, "c": "EUR", "t": "107.50", "w": "107.50", "b": "0"},
    });
    let table = stage.world.table(&stage.front).await;
    table.put(&key, 0, &old, &Attributes::default()).await.unwrap();
    stage.tell("orders/updated", &order(&shipment("success", &["A1"], 8))).await;
    assert!(told(&stage).is_empty(), "{:?}", told(&stage));
    stage.tell("fulfillments/update", &shipment("success", &["A1", "B2"], 15)).await;
    assert_eq!(told(&stage), expected(&[(UPDATED, &["A1", "B2"])]));
}

#[tokio::test]
async fn a_shipment_kept_by_the_version_before_is_told_with_its_order() {
    let stage = Stage::new(LISTS).await;
    let key = Key::order(&StoreId::parse(STORE).unwrap(), "6101400001001");
    let kept = json!({"f": {"id": "84404", "at": "2026-11-03T08:00:00Z", "carrier": "DHL", "tracking_number": "A1",
        "tracking_url": null, "items": []}});
    let old = json!({"v": "1970-01-01T00:00:00Z", "n": 0, "b": "", "f": [kept]});
    let table = stage.world.table(&stage.front).await;
    table.put(&key, 0, &old, &Attributes::default()).await.unwrap();
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(told(&stage), expected(&[(FULFILLED, &["A1"])]));
}

#[tokio::test]
async fn a_late_shipped_after_delivered_tells_nothing_again() {
    let stage = Stage::new(LISTS).await;
    let delivered = with(shipment("success", &["A1"], 18), json!({"shipment_status": "delivered"}));
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    stage.tell("fulfillments/update", &delivered).await;
    for late in [shipment("success", &[], 9), shipment("open", &[], 8), shipment("success", &["B2"], 10)] {
        stage.tell("fulfillments/create", &late).await;
        stage.tell("orders/updated", &order(&late)).await;
    }
    assert_eq!(told(&stage), expected(&[(FULFILLED, &["A1"])]));
}
