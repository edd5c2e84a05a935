//! Whatever comes in ends in a clear outcome with a reason, and never goes round in circles.

use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Record, Report, Source};
use tajo_domain::StoreId;
use tajo_state::{Parked, list_parked, read_parked};
use tajo_testkit::{STORE, notice, record};

use crate::bodies::{sample, with};
use crate::stage::Stage;

async fn parked(stage: &Stage, store: &str) -> Vec<Parked> {
    list_parked(&stage.world.table(&stage.front).await, store, 10).await.unwrap()
}

/// The notice was parked for this reason, is listed, and can be read back as it was.
async fn assert_parked(stage: &Stage, report: &Report, text: &str, store: &str, reason: &str) -> Parked {
    assert_eq!(report.outcome, Outcome::Parked, "{report:?}");
    let listed = parked(stage, store).await.pop().unwrap();
    assert!(listed.reason.contains(reason), "{listed:?}");
    assert_eq!(report.line.reason.as_ref(), Some(&listed.reason));
    let table = stage.world.table(&stage.front).await;
    let (_, kept) = read_parked(&table, store, &listed.id).await.unwrap().unwrap();
    assert!(kept == text, "the notice is kept as it was");
    assert!(stage.world.take_messages().is_empty(), "nothing goes round in circles");
    listed
}

async fn assert_body_parked(topic: &str, body: &[u8], reason: &str) {
    let stage = Stage::new("").await;
    let notice = notice(topic, "d-1", body);
    let report = stage.deliver(&notice).await;
    assert_parked(&stage, &report, &notice.to_json(), STORE, reason).await;
    assert!(stage.picture().is_empty());
}

#[tokio::test]
async fn a_body_that_is_not_json_is_parked() {
    assert_body_parked("orders/create", b"<html>Bad Gateway</html>", "not JSON").await;
    assert_body_parked("customers/update", b"", "not JSON").await;
    assert_body_parked("customers/update", &[0xff, 0xfe, 0x00], "not JSON").await;
}

#[tokio::test]
async fn json_of_another_shape_is_parked() {
    for body in [&b"[1, 2, 3]"[..], b"null", b"42", b"{}", br#"{"id": {}}"#, br#"{"order": {"id": 1}}"#] {
        assert_body_parked("orders/create", body, "order id").await;
        assert_body_parked("customers/create", body, "customer id").await;
        assert_body_parked("checkouts/create", body, "checkout token").await;
    }
}

#[tokio::test]
async fn a_body_of_another_kind_than_its_topic_is_parked() {
    let order = sample("orders-create.paid").to_string();
    assert_body_parked("customers/update", order.as_bytes(), "about something else").await;
    let customer = sample("customers-update").to_string();
    assert_body_parked("customers/delete", customer.as_bytes(), "exists").await;
}

#[tokio::test]
async fn an_order_of_600_lines_is_complete_and_its_events_say_what_they_leave_out() {
    let mut order = sample("orders-create.paid");
    let line = order["line_items"][0].clone();
    let lines = (0..600).map(|n| with(line.clone(), json!({"product_id": 9_101_400_100_000u64 + n, "title": format!("Wool blanket of the year {n}, hand-woven")})));
    order["line_items"] = lines.collect();
    let stage = Stage::new("").await;
    let report = stage.tell("orders/create", &order).await;
    assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
    let state = stage.world.sandbox.state();
    assert_eq!(state.orders[0].fields["products"].as_array().unwrap().len(), 600);
    assert_eq!(state.events.len(), 3);
    for event in &state.events {
        let properties = &event.event_properties;
        assert!(properties.to_string().len() < 50_000, "{}", properties.to_string().len());
        let kept = properties["items"].as_array().unwrap().len() as u64;
        assert!(kept > 100);
        assert_eq!(
            (properties["items_omitted"].as_u64().unwrap() + kept, &properties["items_count"]),
            (600, &json!(600))
        );
    }
}

#[tokio::test]
async fn ids_above_2_to_the_53_stay_exact() {
    let id = 9_007_199_254_740_993u64;
    let mut order = with(sample("orders-create.paid"), json!({"id": id, "admin_graphql_api_id": null}));
    order["customer"]["id"] = json!(u64::MAX);
    order["line_items"][0]["product_id"] = json!(id + 2);
    let stage = Stage::new("").await;
    stage.tell("orders/create", &order).await;
    let state = stage.world.brevo();
    assert_eq!(state["orders"][0]["id"], "9007199254740993");
    assert_eq!(state["orders"][0]["products"][0]["productId"], "9007199254740995");
    assert_eq!(state["contacts"][0]["ext_id"], "shopify:demo-shop:18446744073709551615");
}

#[tokio::test]
async fn unknown_words_are_taken_as_they_are() {
    let words = json!({"financial_status": "paid_by_barter", "cancel_reason": "mood", "fulfillment_status": "teleported"});
    let mut order = with(sample("orders-updated.fulfilled"), words);
    order["fulfillments"][0]["status"] = json!("beamed");
    order["customer"]["state"] = json!("asleep");
    order["customer"]["email_marketing_consent"] = json!({"state": "perhaps"});
    let stage = Stage::new("").await;
    assert_eq!(stage.tell("orders/updated", &order).await.outcome, Outcome::Applied);
    assert_eq!(stage.world.brevo()["orders"][0]["status"], "paid_by_barter");
    assert_eq!(stage.count("order_fulfilled"), 1);
    assert_eq!(stage.contact("jo@example.com")["emailBlacklisted"], true, "perhaps is no opt-in");
}

#[tokio::test]
async fn a_customer_without_a_usable_identity_is_no_contact() {
    for email in [Value::Null, json!(""), json!("not an address")] {
        let stage = Stage::new("").await;
        let body = with(sample("customers-create"), json!({"email": email}));
        let report = stage.tell("customers/create", &body).await;
        assert_eq!(report.outcome, Outcome::Skipped, "{email}: {:?}", report.line.reason);
        assert_eq!(stage.world.brevo()["contacts"], json!([]), "{email}");
        assert!(stage.events().is_empty(), "{email}");
    }
}

#[tokio::test]
async fn an_order_of_nobody_is_an_order_without_events() {
    let nobody = json!({"email": null, "contact_email": null, "phone": null, "customer": null});
    let stage = Stage::new("").await;
    let report = stage.tell("orders/create", &with(sample("orders-create.paid"), nobody)).await;
    assert!(report.line.reason.unwrap().contains("the order names nobody"));
    let state = stage.world.brevo();
    let counts = ["contacts", "events", "orders"].map(|kind| state[kind].as_array().unwrap().len());
    assert_eq!(counts, [0, 0, 1]);
}

#[tokio::test]
async fn names_in_any_script_arrive_as_they_were_written() {
    let stage = Stage::new("").await;
    let body =
        with(sample("customers-create"), json!({"first_name": "小明 👩‍🚀", "last_name": "Ñuño-Ó'Brien สมชาย"}));
    stage.tell("customers/create", &body).await;
    let attributes = stage.contact("jo@example.com")["attributes"].clone();
    assert_eq!(
        (&attributes["FIRSTNAME"], &attributes["LASTNAME"]),
        (&json!("小明 👩‍🚀"), &json!("Ñuño-Ó'Brien สมชาย"))
    );
}

#[tokio::test]
async fn a_body_that_did_not_fit_a_message_is_parked_with_its_id() {
    // Nothing deflates this.
    let mut seed = 7u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + (seed >> 24) as u8 % 90).to_string().replace(['"', '\\'], "x")
    };
    let note: String = (0..1_600_000).map(|_| noise()).collect();
    // A checkout cannot be fetched.
    let body = with(sample("checkouts-create"), json!({"note": note})).to_string();
    let notice = notice("checkouts/create", "d-1", body.as_bytes());
    assert!(notice.id_only().unwrap().id.is_some());
    let stage = Stage::new("").await;
    let report = stage.deliver(&notice).await;
    assert_parked(&stage, &report, &notice.to_json(), STORE, "did not fit a message").await;
}

#[tokio::test]
async fn a_message_that_is_no_notice_is_parked_as_it_is() {
    for text in ["hello", "{}", r#"{"v": 1}"#, r#"{"v": 99, "store": "demo-shop"}"#] {
        let stage = Stage::new("").await;
        let record =
            Record { message_id: "m-1".to_owned(), body: text.to_owned(), received: 1, source: Source::Live };
        let report = stage.receive(record).await;
        assert_parked(&stage, &report, text, "unknown", "notice").await;
    }
}

#[tokio::test]
async fn a_store_that_is_not_connected_and_a_shop_without_a_store_are_parked() {
    let stage = Stage::new("").await;
    let mut other = notice("orders/create", "d-1", b"{}");
    other.store = Some(StoreId::parse("other-shop").unwrap());
    let report = stage.deliver(&other).await;
    let parked = assert_parked(&stage, &report, &other.to_json(), "other-shop", "not connected").await;
    assert!(parked.hint.unwrap().contains("connect it"));
    let mut gone = notice("customers/redact", "d-2", b"{}");
    gone.store = None;
    let report = stage.deliver(&gone).await;
    assert_parked(&stage, &report, &gone.to_json(), "demo-shop.myshopify.com", "no connected store").await;
}

#[tokio::test]
async fn what_the_law_wants_is_parked_where_it_cannot_be_read_and_other_topics_are_skipped() {
    for topic in ["customers/redact", "customers/data_request", "shop/redact", "app/uninstalled"] {
        assert_body_parked(topic, br#"{"shop_id": 1}"#, "the body").await;
    }
    let stage = Stage::new("").await;
    for topic in ["themes/publish", "moons/eclipsed"] {
        let report = stage.tell(topic, &json!({"id": 1})).await;
        assert_eq!(report.outcome, Outcome::Skipped, "{topic}");
        assert!(report.line.reason.unwrap().contains("topic"));
    }
    assert!(parked(&stage, STORE).await.is_empty());
}

#[tokio::test]
async fn a_dead_letter_is_parked_and_never_worked_on() {
    let stage = Stage::new("").await;
    let notice = stage.notice("customers/create", &sample("customers-create"));
    let report = stage.receive(Record { source: Source::DeadLetters, ..record(&notice, 1) }).await;
    assert_parked(&stage, &report, &notice.to_json(), STORE, "in five tries").await;
    assert!(stage.picture().is_empty());
}

#[tokio::test]
async fn a_record_that_was_handed_out_again_and_again_waits_for_a_batch_of_its_own() {
    let stage = Stage::new("").await;
    let suspect = stage.notice("customers/create", &sample("customers-create"));
    let other = stage.notice("orders/create", &sample("orders-create.guest"));
    let reports = stage.receive_all(vec![record(&suspect, 3), record(&other, 1)]).await;
    let outcome =
        |delivery: &str| reports.iter().find(|report| report.message_id == delivery).unwrap().outcome;
    assert_eq!((outcome(&suspect.delivery), outcome(&other.delivery)), (Outcome::Retried, Outcome::Applied));
    assert_eq!(stage.receive(record(&suspect, 4)).await.outcome, Outcome::Applied);
}

#[tokio::test]
async fn half_a_character_in_one_field_costs_no_order() {
    let stage = Stage::new("").await;
    let body = with(sample("orders-create.paid"), json!({"note": "NOTE"})).to_string();
    for (index, half) in [r"see you \ud83d", r"\uDE00 bye"].iter().enumerate() {
        let broken = body.replace("NOTE", half);
        let broken = broken.replace("6101400001001", &format!("610140000200{index}"));
        let notice = notice("orders/create", &format!("d-half-{index}"), broken.as_bytes());
        assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Applied, "{half}");
    }
    assert_eq!(
        (stage.count("order_placed"), stage.world.brevo()["orders"].as_array().unwrap().len()),
        (2, 2)
    );
}
