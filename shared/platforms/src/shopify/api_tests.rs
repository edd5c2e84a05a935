use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use tajo_domain::{Consent, ConsentState};

use super::*;
use crate::Context;
use crate::notice::IdOnly;

fn context() -> Context {
    Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: Some("DE".into()),
        live: true,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
    }
}

fn read_json(body: &Value) -> Result<Answer, Error> {
    read(200, None, body.to_string().as_bytes())
}

fn refused(code: &str, extensions: Value) -> Error {
    let mut error = json!({ "message": "about jo@example.com", "extensions": { "code": code } });
    error["extensions"].as_object_mut().unwrap().extend(extensions.as_object().cloned().unwrap_or_default());
    read_json(&json!({ "errors": [error], "data": null })).unwrap_err()
}

/// Jo, who says this about emails.
fn jo(state: &str, at: Option<&str>) -> Value {
    json!({
        "id": "gid://shopify/Customer/7201400000011",
        "createdAt": "2026-11-01T08:00:00Z", "updatedAt": "2026-11-02T08:00:00Z",
        "firstName": "Jo", "lastName": "Müller", "state": "ENABLED", "note": null, "locale": "de",
        "tags": ["vip", "early bird"], "numberOfOrders": "3", "amountSpent": { "amount": "120.50", "currencyCode": "EUR" },
        "lastOrder": { "createdAt": "2026-11-02T07:00:00Z" },
        "defaultEmailAddress": { "emailAddress": "Jo@Example.com", "marketingState": state,
            "marketingOptInLevel": "SINGLE_OPT_IN", "marketingUpdatedAt": at },
        "defaultPhoneNumber": { "phoneNumber": "+491711234567",
            "smsMarketingConsent": { "state": "UNSUBSCRIBED", "optInLevel": null, "updatedAt": "2026-11-02T07:30:00Z",
                "collectedFrom": "SHOPIFY" },
            "whatsAppMarketingConsent": { "state": "NOT_SUBSCRIBED", "optInLevel": null, "updatedAt": null,
                "collectedFrom": null } },
        "defaultAddress": { "countryCodeV2": "DE", "city": "Berlin" },
    })
}

#[test]
fn a_looked_up_customer_is_every_facet_with_its_own_time() {
    let update = person(&jo("SUBSCRIBED", Some("2026-11-01T08:00:05Z")), &[], &context()).unwrap();
    let at = |text: &str| text.parse().unwrap();
    let profile = update.profile.unwrap();
    assert_eq!(profile.at, at("2026-11-02T08:00:00Z"));
    assert_eq!(profile.value.email.unwrap().as_str(), "jo@example.com");
    assert_eq!(profile.value.phone.unwrap().as_str(), "+491711234567");
    assert_eq!(update.email_consent, Some(Consent::new(ConsentState::OptedIn, at("2026-11-01T08:00:05Z"))));
    assert_eq!(update.sms_consent, Some(Consent::new(ConsentState::OptedOut, at("2026-11-02T07:30:00Z"))));
    assert_eq!(update.tags.unwrap().value, ["vip", "early bird"]);
    let totals = update.totals.unwrap().value;
    assert_eq!((totals.orders, totals.spent.to_string().as_str()), (3, "120.50"));
    assert_eq!(totals.currency.unwrap().as_str(), "EUR");
    assert_eq!(update.locale.unwrap().value, "de");
    assert_eq!(update.ordered_at, Some(at("2026-11-02T07:00:00Z")));
    assert_eq!(update.looked_up_at, Some(context().time));
}

#[test]
fn only_what_was_said_is_a_consent() {
    for state in ["NOT_SUBSCRIBED", "PENDING", "INVALID", "REDACTED", "SOMETHING_NEW"] {
        let update = person(&jo(state, Some("2026-11-01T08:00:05Z")), &[], &context()).unwrap();
        assert_eq!(update.email_consent, None, "{state}");
    }
    let mut without = jo("SUBSCRIBED", None);
    without["defaultEmailAddress"] = Value::Null;
    without["defaultPhoneNumber"] = Value::Null;
    let update = person(&without, &[], &context()).unwrap();
    assert_eq!((update.email_consent, update.sms_consent), (None, None));
}

#[test]
fn an_opt_in_of_unknown_time_never_undoes_an_opt_out() {
    let consent = |state| person(&jo(state, None), &[], &context()).unwrap().email_consent.unwrap();
    assert_eq!(consent("SUBSCRIBED").at, "2026-11-01T08:00:00Z".parse().unwrap(), "the account's beginning");
    assert_eq!(consent("UNSUBSCRIBED").at, "2026-11-20T00:00:00Z".parse().unwrap(), "now");
    assert!(consent("SUBSCRIBED").undated, "older than any opt-out, whatever the account's beginning");
}

#[test]
fn throttled_waits_for_what_is_missing_in_the_bucket() {
    let body = |available: f64| {
        json!({ "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED" } }],
            "extensions": { "cost": { "requestedQueryCost": 800, "actualQueryCost": null, "throttleStatus":
                { "maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0 } } } })
    };
    let after = |available| read_json(&body(available)).unwrap_err();
    assert_eq!(after(100.0), Error::Throttled { after: Duration::from_secs(7) });
    assert_eq!(after(799.0), Error::Throttled { after: Duration::from_secs(1) }, "a second at least");
    let unknown = refused("THROTTLED", json!({}));
    assert_eq!(unknown, Error::Throttled { after: Duration::from_secs(2) });
    let http = read(429, Some(Duration::from_millis(1500)), b"");
    assert_eq!(http, Err(Error::Throttled { after: Duration::from_millis(1500) }));
    assert_eq!(
        read(429, Some(Duration::from_secs(9999)), b""),
        Err(Error::Throttled { after: Duration::from_secs(60) })
    );
}

#[test]
fn a_missing_scope_is_named() {
    let error = refused("ACCESS_DENIED", json!({ "requiredAccess": "`read_customers` access scope." }));
    assert_eq!(error.to_string(), "Shopify refuses it: the app lacks the scope read_customers");
    assert!(matches!(error.next_step(), NextStep::AskMerchant { .. }));
    let unnamed = refused("ACCESS_DENIED", json!({})).to_string();
    assert_eq!(unnamed, "Shopify refuses it: the app lacks the scope for it");
}

#[test]
fn every_refusal_chooses_what_happens_next() {
    let retry = |error: &Error| matches!(error.next_step(), NextStep::Retry { .. });
    let ask = |error: &Error| matches!(error.next_step(), NextStep::AskMerchant { .. });
    let park = |error: &Error| error.next_step() == NextStep::Park;
    for status in [401, 402, 403, 404, 423] {
        assert!(ask(&read(status, None, b"{}").unwrap_err()), "{status}");
    }
    for status in [429, 500, 502, 503, 504] {
        assert!(retry(&read(status, None, b"<html>").unwrap_err()), "{status}");
    }
    assert!(park(&read(400, None, b"{}").unwrap_err()));
    assert!(park(&read(301, None, b"").unwrap_err()), "a redirect is not followed");
    assert!(park(&refused("MAX_COST_EXCEEDED", json!({}))));
    assert!(park(&refused("undefinedField", json!({}))));
    assert!(retry(&refused("INTERNAL_SERVER_ERROR", json!({}))));
    for body in [&b"<html>"[..], b"", b"[]", b"42", br#"{"data": null}"#, br#"{"data": 1}"#] {
        assert!(retry(&read(200, None, body).unwrap_err()), "{body:?}");
    }
    assert!(park(&Error::TooLarge));
}

#[test]
fn a_text_instead_of_a_list_of_errors_is_an_error() {
    assert!(matches!(read_json(&json!({ "errors": "Not allowed" })), Err(Error::Refused { .. })));
    assert!(read_json(&json!({ "errors": [], "data": { "nodes": [] } })).is_ok());
}

#[test]
fn nothing_personal_is_in_an_error_or_in_debug() {
    let error = refused("jo@example.com", json!({}));
    assert!(!format!("{error} {error:?}").contains("example.com"));
    let answer = read_json(&json!({ "data": { "nodes": [jo("SUBSCRIBED", None)] } })).unwrap();
    assert!(!format!("{answer:?} {:?}", customers(&["7".to_owned()], &[])).contains("Jo"));
}

#[test]
fn a_notice_that_only_names_a_thing_wants_it_fetched() {
    let of = |topic: &str, body: &str| Wanted::instead_of(topic, body.as_bytes());
    assert_eq!(of("orders/updated", r#"{"id": 5}"#), Some(Wanted::Order("5".to_owned())));
    let with_gid =
        r#"{"id":18446744073709551615,"admin_graphql_api_id":"gid://shopify/Customer/18446744073709551615"}"#;
    assert_eq!(of("customers/update", with_gid), Some(Wanted::Customer(u64::MAX.to_string())));
    for (topic, body) in [
        ("customers/delete", r#"{"id": 5}"#),
        ("checkouts/update", r#"{"id": 5}"#),
        ("orders/updated", r#"{"id": 5, "total_price": "1"}"#),
        ("orders/updated", "{}"),
        ("orders/updated", r#"{"id": {}}"#),
        ("orders/updated", r#"{"id": "5/../6"}"#),
        ("orders/exploded", r#"{"id": 5}"#),
        ("orders/updated", "<html>"),
    ] {
        assert_eq!(of(topic, body), None, "{topic} {body}");
    }
    let too_large =
        |topic, id: Option<&str>| Wanted::of_too_large(topic, &IdOnly { id: id.map(str::to_owned) });
    assert_eq!(too_large("orders/create", Some("5")), Some(Wanted::Order("5".to_owned())));
    assert_eq!(too_large("orders/create", None), None, "an id that nobody knows cannot be fetched");
    assert_eq!(too_large("checkouts/create", Some("chk-1")), None);
}

#[test]
fn the_metafields_of_a_store_are_asked_for_and_one_that_is_not_answered_is_empty() {
    let asked = ["custom.tier".to_owned(), "custom.size".to_owned()];
    assert_eq!(customers(&["7".to_owned()], &[]).variables, json!({ "ids": ["gid://shopify/Customer/7"] }));
    let query = customers(&["7".to_owned()], &asked);
    assert_eq!((&query.variables["keys"], query.points), (&json!(asked), 10));
    let with: Vec<&str> = query.document.lines().filter(|line| !line.starts_with(['#', 'q'])).collect();
    let plain = customers(&[], &[]).document.lines().filter(|line| !line.starts_with(['#', 'q']));
    let both = plain.filter(|line| with.contains(line)).count();
    assert_eq!(both, with.len() - 1, "one line more, and no other difference");

    let mut node = jo("SUBSCRIBED", None);
    node["metafields"] = json!({ "nodes": [{ "namespace": "custom", "key": "tier", "value": "gold",
        "updatedAt": "2026-11-03T08:00:00Z" }] });
    let custom = person(&node, &asked, &context()).unwrap().custom;
    let told = |source: &str| custom.get(source).map(|fact| (fact.value.clone(), fact.at.to_string()));
    assert_eq!(told("metafields.custom.tier"), Some((Some("gold".into()), "2026-11-03T08:00:00Z".into())));
    assert_eq!(told("metafields.custom.size"), Some((None, "2026-11-02T08:00:00Z".into())));
    assert_eq!(told("metafields.custom.other"), None, "nobody asked");
}

#[test]
fn a_query_stays_within_what_one_query_may_cost() {
    let ids: Vec<String> = (0..CUSTOMERS_PER_QUERY).map(|id| id.to_string()).collect();
    for count in [1, 20, 200, 5_000] {
        let keys: Vec<String> = (0..count).map(|n| format!("custom.k{n}")).collect();
        let query = customers(&ids[..customers_per_query(&keys)], &keys);
        assert!(query.points <= POINTS_PER_QUERY, "{query:?}");
    }
    let products = collections(&ids[..PRODUCTS_PER_QUERY]);
    assert!(products.points <= POINTS_PER_QUERY, "{products:?}");
    for query in [
        customers(&ids, &[]),
        order("1"),
        order_lines("1", None),
        product("1"),
        collection_products("1", None),
    ] {
        assert!(query.points <= POINTS_PER_QUERY, "{query:?}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(status in 100..600u16, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(status, None, &bytes);
    }

    #[test]
    fn no_consent_comes_from_anything_but_the_two_words(word in "[A-Z_]{0,16}") {
        prop_assume!(word != "SUBSCRIBED" && word != "UNSUBSCRIBED");
        let update = person(&jo(&word, Some("2026-11-01T08:00:05Z")), &[], &context()).unwrap();
        prop_assert_eq!(update.email_consent, None);
    }
}
