//! Settings over the API: checked with the place of what is wrong, and applied only when Brevo is ready for them.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_domain::StoreId;
use tajo_state::{Attributes, Key, StoreRecord};
use tajo_testkit::STORE;

use crate::manage::{Office, at};
use crate::set_up::connected;
use crate::stage::Stage;

/// An office whose store was connected; with the second, that one fills the totals of the account.
async fn office(second: bool) -> Office {
    let stage = Stage::unconnected().await;
    if second {
        connected(&stage, "second", json!({})).await.unwrap();
    }
    let settings = if second { "field_mapping: {email: email}" } else { "" };
    connected(&stage, STORE, json!({ "settings": settings })).await.unwrap();
    Office::at(stage).await
}

fn yaml(text: &str) -> Value {
    json!({ "yaml": text })
}

#[tokio::test]
async fn settings_are_applied_with_what_they_need_in_brevo_and_read_back_as_they_were_written() {
    let office = office(false).await;
    let text = "# ours\nconnectors: {shopify: {lists: {buyers: Buyers of ours}}}\nfield_mapping: {first_name: PET_NAME, email: email}\n";
    let put = office.ask("PUT", &at("/settings"), yaml(text)).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let warnings = put.body["warnings"].to_string();
    assert!(
        warnings.contains("PET_NAME")
            && warnings.contains("Buyers of ours")
            && warnings.contains("3 more minutes"),
        "{warnings}"
    );
    let got = office.get(&at("/settings")).await;
    assert_eq!(got["yaml"], text);
    office.stage.world.advance(SignedDuration::from_mins(4));
    let state = office.stage.world.brevo().to_string();
    assert!(state.contains("PET_NAME") && state.contains("Buyers of ours"));
    // A second time nothing is made.
    let again = office.ask("PUT", &at("/settings"), yaml(text)).await;
    assert!(again.status == 200 && !again.body.to_string().contains("made in Brevo"), "{}", again.body);
}

#[tokio::test]
async fn a_currency_that_is_not_known_is_warned_of() {
    let office = office(false).await;
    let unknown = |stored: Option<&StoreRecord>| {
        (stored.map(|stored| StoreRecord { currency: None, ..stored.clone() }), ())
    };
    let key = Key::store(&StoreId::parse(STORE).unwrap());
    office.manage.connect.table.change(&key, Attributes::none, unknown).await.unwrap();
    let put = office.ask("PUT", &at("/settings"), yaml("")).await;
    assert!(put.status == 200 && put.body["warnings"].to_string().contains("--currency"), "{}", put.body);
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_place_and_changes_nothing() {
    let office = office(false).await;
    for (text, line, key) in [
        (
            "connectors:\n  shopify:\n    sync:\n      custmers: true\n",
            Some(4),
            "connectors.shopify.sync.custmers",
        ),
        ("connectors: [", None, ""),
        ("field_mapping:\n  first_name: [1\n", None, ""),
        ("connectors: {shopify: {shop_url: other-shop.myshopify.com}}", None, ""),
    ] {
        for (method, path) in [("PUT", "/settings"), ("POST", "/settings/validate")] {
            let answer = office.ask(method, &at(path), yaml(text)).await;
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (422, &json!("refused")),
                "{text}: {}",
                answer.body
            );
            if let Some(line) = line {
                assert_eq!(
                    answer.body["place"],
                    json!({"line": line, "column": 7, "key": key}),
                    "{}",
                    answer.body
                );
            }
        }
    }
    // Brevo has such an attribute, of another kind.
    office.stage.brevo("POST", "/v3/contacts/attributes/normal/WHEN", &json!({"type": "date"}));
    let wrong = office.ask("PUT", &at("/settings"), yaml("field_mapping: {first_name: WHEN}")).await;
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    assert!(wrong.body["detail"].as_str().unwrap().contains("WHEN"), "{}", wrong.body);
    let missing =
        office.ask("PUT", &at("/settings"), yaml("connectors: {shopify: {lists: {buyers: 987}}}")).await;
    assert_eq!(missing.status, 422, "{}", missing.body);
    assert_eq!(office.get(&at("/settings")).await["yaml"], "");
    for bad in [json!({}), json!({"yaml": 1}), json!({"yaml": "", "more": 1})] {
        assert_eq!(office.ask("PUT", &at("/settings"), bad.clone()).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn totals_that_another_store_of_the_account_fills_are_refused() {
    let office = office(true).await;
    let totals = "field_mapping: {email: email, orders_count: ORDER_COUNT}";
    for (method, path) in [("POST", "/settings/validate"), ("PUT", "/settings")] {
        let answer = office.ask(method, &at(path), yaml(totals)).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains("second"), "{}", answer.body);
        assert!(answer.body["hint"].is_string(), "{}", answer.body);
    }
    let own = office
        .ask("PUT", &at("/settings"), yaml("field_mapping: {email: email, orders_count: ORDERS_OF_DEMO}"))
        .await;
    assert_eq!(own.status, 200, "{}", own.body);
}

#[tokio::test]
async fn a_key_that_brevo_does_not_take_is_said_and_the_settings_before_stay() {
    let office = office(false).await;
    office.stage.fault(json!({"path": "/v3/account", "action": {"status": 401, "body": {"code": "unauthorized", "message": "Key not found"}}}));
    let answer =
        office.ask("PUT", &at("/settings"), yaml("connectors: {shopify: {sync: {carts: false}}}")).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(office.get(&at("/settings")).await["yaml"], "");
}
