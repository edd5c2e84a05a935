use proptest::prelude::*;
use serde_json::{Value, json};
use tajo_domain::{Change, ConsentState, Identity, Money, Order, PersonUpdate};

use super::*;
use crate::{Platform, TopicKind};

fn context() -> Context {
    Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: Some("DE".into()),
        live: true,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
    }
}

fn read(topic: &str, body: &Value) -> Result<Changes, Unusable> {
    changes(&Topic::parse(topic), body.to_string().as_bytes(), &context())
}

/// An order as small as orders get, with `extra` on top.
fn order(extra: Value) -> Value {
    let mut body = json!({"id": 1, "total_price": "10.00", "updated_at": "2026-11-02T08:15:00Z"});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

fn read_order(extra: Value) -> Order {
    let found = read("orders/updated", &order(extra)).unwrap();
    match found.changes.into_iter().last() {
        Some(Change::Order(order)) => *order,
        other => panic!("no order last: {other:?}"),
    }
}

fn read_person(topic: &str, body: &Value) -> PersonUpdate {
    match read(topic, body).unwrap().changes.into_iter().next() {
        Some(Change::Person { update, .. }) => *update,
        other => panic!("no person first: {other:?}"),
    }
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn email(identity: &Identity) -> Option<&str> {
    identity.email.as_ref().map(tajo_domain::Email::as_str)
}

#[test]
fn what_is_no_order_says_so() {
    let reason = |body: &str| changes(&Topic::OrdersCreate, body.as_bytes(), &context()).unwrap_err().reason;
    for body in ["[]", "null", "7", "{}", r#"{"order_edit": {"id": 1}}"#, r#"{"id": {"id": 1}}"#] {
        assert_eq!(reason(body), "the body has no order id", "{body}");
    }
    assert_eq!(reason("jo@example.com"), "the body is not JSON: line 1, column 1");
    assert_eq!(reason(""), "the body is not JSON: line 1, column 0");
    assert_eq!(reason(r#"{"id":1,"id":2}"#), "the body names one of its fields twice");
    for body in [r#"{"id":1}"#, r#"{"id":1,"total_price":"jo@example.com"}"#] {
        assert_eq!(reason(body), "the order's `total_price` is missing or no amount");
    }
    assert_eq!(
        read("checkouts/update", &json!({"id": 4, "total_price": "1.00"})).unwrap_err().reason,
        "the body has no checkout token"
    );
    assert_eq!(
        read("customers/update", &json!({"email": "jo@example.com"})).unwrap_err().reason,
        "the body has no customer id"
    );
}

#[test]
fn a_genuine_body_under_a_wrong_topic_is_refused() {
    let customer =
        json!({"id": 7, "admin_graphql_api_id": "gid://shopify/Customer/7", "email": "jo@example.com"});
    assert!(read("customers/update", &customer).is_ok());
    assert!(read("customers/delete", &customer).unwrap_err().reason.contains("exists"));
    let order = order(json!({"admin_graphql_api_id": "gid://shopify/Order/1"}));
    assert!(read("customers/delete", &order).unwrap_err().reason.contains("something else"));
    assert!(read("customers/update", &order).unwrap_err().reason.contains("something else"));
    assert!(read("orders/create", &customer).is_err());
}

#[test]
fn a_test_order_counts_on_a_development_store_only() {
    let body = order(json!({"test": true, "name": "#7", "email": "jo@example.com"}));
    let found = read("orders/create", &body).unwrap();
    assert!(found.changes.is_empty());
    assert_eq!(found.skipped, [Skipped::new("order #7", "a test order on a live store")]);

    let development = Context { live: false, ..context() };
    let found = changes(&Topic::OrdersCreate, body.to_string().as_bytes(), &development).unwrap();
    assert_eq!(found.changes.len(), 2);
}

#[test]
fn an_order_of_nobody_is_still_an_order() {
    let found = read("orders/create", &order(json!({"email": "", "contact_email": null}))).unwrap();
    assert!(matches!(&found.changes[..], [Change::Order(order)] if order.identity.is_empty()));
    assert!(found.skipped[0].reason.contains("names nobody"), "{:?}", found.skipped);
}

#[test]
fn the_accounts_own_address_comes_before_the_typed_one() {
    let both = json!({"customer": {"id": 7, "email": "jo@example.com"}, "email": "gift@example.com"});
    assert_eq!(email(&read_order(both).identity), Some("jo@example.com"));
    let typed = json!({"customer": {"id": 7, "email": null}, "contact_email": "typed@example.com"});
    let found = read_order(typed);
    assert_eq!(email(&found.identity), Some("typed@example.com"));
    assert_eq!(found.identity.customer.as_deref(), Some("7"));
}

#[test]
fn an_invalid_address_or_number_is_told_and_the_rest_goes_on() {
    let extra = json!({"customer": {"id": 9007199254740993_u64}, "email": "jo at example", "phone": "12"});
    let found = read("orders/create", &order(extra)).unwrap();
    let whats: Vec<_> = found.skipped.iter().map(|skipped| skipped.what.as_str()).collect();
    assert_eq!(whats, ["email", "phone"]);
    assert!(!format!("{:?}", found.skipped).contains("jo at"), "a reason quotes nothing");
    let [Change::Person { update, .. }, Change::Order(_)] = &found.changes[..] else { panic!("two changes") };
    assert_eq!(update.identity.customer.as_deref(), Some("9007199254740993"), "no digit is lost");
    assert!(update.profile.is_none(), "an id alone says nothing about the profile");
}

#[test]
fn a_number_is_read_by_the_rules_of_the_nearest_country() {
    let phone = |extra: Value| {
        let identity = read_order(extra).identity;
        identity.phone.map(|phone| phone.as_str().to_owned())
    };
    let home = json!({"id": 7, "default_address": {"country_code": "AT"}});
    assert_eq!(phone(json!({"phone": "0171 1234567"})).as_deref(), Some("+491711234567"), "the shop's");
    assert_eq!(
        phone(json!({"phone": "0660 1234567", "customer": home})).as_deref(),
        Some("+436601234567"),
        "the customer's"
    );
    let paris = json!({"country_code": "fr"});
    assert_eq!(
        phone(json!({"phone": "06 12 34 56 78", "customer": home, "billing_address": paris})).as_deref(),
        Some("+33612345678"),
        "the address's"
    );
    assert_eq!(
        phone(json!({"phone": "+1 206 342 8631", "billing_address": {"country_code": "example string"}}))
            .as_deref(),
        Some("+12063428631")
    );
}

#[test]
fn only_a_recorded_yes_or_no_is_a_statement() {
    let said = |consent: Value| {
        let body = json!({"id": 7, "updated_at": "2024-05-01T00:00:00Z", "email_marketing_consent": consent});
        read_person("customers/update", &body).email_consent
    };
    let consent = said(json!({"state": "subscribed", "consent_updated_at": "2024-01-02T03:04:05Z"})).unwrap();
    assert_eq!(consent.state, ConsentState::OptedIn);
    assert_eq!(consent.at, "2024-01-02T03:04:05Z".parse().unwrap());
    let consent = said(json!({"state": "UNSUBSCRIBED", "consent_updated_at": null})).unwrap();
    assert_eq!(consent.state, ConsentState::OptedOut);
    assert_eq!(consent.at, context().received_at, "nobody says when, so it is of now");
    for state in ["not_subscribed", "pending", "invalid", "redacted", "example string", ""] {
        assert_eq!(said(json!({"state": state})), None, "{state}");
    }
    assert_eq!(said(json!("subscribed")), None);
}

#[test]
fn a_yes_of_old_bodies_counts_and_a_no_is_silence() {
    let said = |mut body: Value| {
        body["id"] = json!(7);
        read_person("customers/update", &body)
    };
    let at = "2023-01-02T03:04:05Z";
    let old = said(json!({"accepts_marketing": true, "accepts_marketing_updated_at": at}));
    assert_eq!(old.email_consent.unwrap().at, at.parse().unwrap());
    assert_eq!(
        said(json!({"accepts_marketing": false, "accepts_marketing_updated_at": at})).email_consent,
        None
    );
    let newer_wins =
        json!({"accepts_marketing": true, "email_marketing_consent": {"state": "not_subscribed"}});
    assert_eq!(said(newer_wins).email_consent, None);
    let sms = said(json!({"sms_marketing_consent": {"state": "subscribed", "consent_updated_at": at}}));
    assert_eq!(sms.sms_consent.unwrap().state, ConsentState::OptedIn);
    assert_eq!(sms.email_consent, None);
}

#[test]
fn an_opt_in_without_a_date_is_of_the_accounts_beginning_and_older_than_any_opt_out() {
    let began = "2020-01-01T00:00:00Z";
    let body = |fields: Value| {
        let mut body = json!({"id": 7, "created_at": began, "updated_at": "2026-11-03T00:00:00Z"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        read_person("customers/update", &body)
    };
    let undated = json!({"state": "subscribed", "consent_updated_at": null});
    let said = body(json!({"email_marketing_consent": undated, "sms_marketing_consent": undated}));
    let old = body(json!({"accepts_marketing": true}));
    for consent in [said.email_consent, said.sms_consent, old.email_consent] {
        let consent = consent.unwrap();
        assert_eq!((consent.at, consent.undated), (began.parse().unwrap(), true));
        assert!(!consent.is_yes_after("2019-01-01T00:00:00Z".parse().unwrap()));
    }
}

#[test]
fn no_time_of_a_body_is_later_than_its_receipt() {
    let far = "2031-01-01T00:00:00Z";
    let body = json!({"id": 7, "created_at": far, "updated_at": far, "email": "jo@example.com", "tags": "vip",
        "orders_count": 1, "total_spent": "1.00", "note": "x", "default_address": {"city": "Ulm"},
        "email_marketing_consent": {"state": "subscribed", "consent_updated_at": far},
        "sms_marketing_consent": {"state": "unsubscribed", "consent_updated_at": far}});
    let changes =
        Platform::Shopify.changes("customers/update", body.to_string().as_bytes(), &context()).unwrap();
    let Change::Person { update, .. } = &changes.changes[0] else { panic!("a person") };
    let limit = context().received_at;
    assert_eq!(update.created_at, Some(limit));
    assert_eq!(update.profile.as_ref().unwrap().at, limit);
    assert_eq!(update.tags.as_ref().unwrap().at, limit);
    assert_eq!(update.totals.as_ref().unwrap().at, limit);
    assert!(!update.custom.is_empty() && update.custom.values().all(|fact| fact.at == limit));
    assert_eq!(update.email_consent.as_ref().unwrap().at, limit);
    assert_eq!(update.sms_consent.as_ref().unwrap().at, limit);
}

#[test]
fn an_account_without_a_name_has_the_one_of_the_billing_address() {
    let order = |first: Value| {
        read_person(
            "orders/create",
            &json!({"id": 1, "total_price": "1.00", "customer": {"id": 7, "email": "jo@example.com", "first_name": first},
                "billing_address": {"first_name": "Jo", "last_name": "Bill"}}),
        )
    };
    let nameless = order(json!(null));
    let profile = nameless.profile.unwrap().value;
    assert_eq!((profile.first_name.as_deref(), profile.last_name.as_deref()), (Some("Jo"), Some("Bill")));
    assert!(nameless.typed.name, "it replaces no name that the account has");
    let named = order(json!("Johanna"));
    assert_eq!(named.profile.unwrap().value.first_name.as_deref(), Some("Johanna"));
    assert!(!named.typed.name);
}

#[test]
fn the_number_for_text_messages_of_a_checkout_finds_the_person_and_asks_what_is_recorded() {
    let body = json!({"token": "t", "total_price": "1.00", "sms_marketing_phone": "+491711234567"});
    let guest = read_person("checkouts/create", &body);
    assert_eq!(guest.identity.phone.unwrap().as_str(), "+491711234567");
    assert_eq!(guest.sms_consent, None, "a box is no statement");
    let mut with_account = body;
    with_account["customer"] = json!({"id": 7});
    assert!(read_person("checkouts/create", &with_account).hints_at_consent);
}

#[test]
fn a_ticked_box_in_a_checkout_is_no_consent() {
    let body = json!({"token": "t", "total_price": "1.00", "email": "jo@example.com",
        "buyer_accepts_marketing": true, "buyer_accepts_sms_marketing": true, "sms_marketing_phone": "+491711234567"});
    let person = read_person("checkouts/create", &body);
    assert_eq!((person.email_consent, person.sms_consent), (None, None));
}

#[test]
fn tags_and_totals_are_taken_where_the_body_has_them() {
    let body = json!({"id": 7, "updated_at": "2024-05-01T00:00:00Z", "tags": "vip, early", "orders_count": "4",
        "total_spent": "278.60", "currency": "USD"});
    let person = read_person("customers/update", &body);
    assert_eq!(person.tags.unwrap().value, ["vip", "early"]);
    let totals = person.totals.unwrap();
    assert_eq!((totals.value.orders, totals.value.spent), (4, money("278.60")));
    assert_eq!(totals.value.currency, None, "the customer's currency is that of their last payment");
    let silent = read_person("customers/update", &json!({"id": 7, "orders_count": 4}));
    assert_eq!((silent.tags, silent.totals), (None, None));
}

#[test]
fn an_order_is_worth_what_was_not_given_back() {
    let refund = |amount: &str, status: &str| {
        json!({"id": 88, "transactions": [{"kind": "refund", "status": status, "amount": amount},
            {"kind": "void", "status": "success", "amount": "5.00"}]})
    };
    let net = |extra: Value| read_order(extra).net;
    assert_eq!(net(json!({})), money("10.00"));
    assert_eq!(net(json!({"current_total_price": "7.00"})), money("7.00"), "a line was removed");
    assert_eq!(net(json!({"current_total_price": "15.00"})), money("15.00"), "a line was added");
    assert_eq!(net(json!({"refunds": [refund("3.00", "success")]})), money("7.00"), "goodwill");
    assert_eq!(
        net(json!({"current_total_price": "7.00", "refunds": [refund("3.00", "success")]})),
        money("7.00"),
        "a returned line is not counted twice"
    );
    assert_eq!(net(json!({"refunds": [refund("3.00", "failure")]})), money("10.00"));
    assert_eq!(net(json!({"refunds": [{"id": 88, "transactions": []}]})), money("10.00"));
    assert_eq!(net(json!({"refunds": [refund("30.00", "success")]})), Money::ZERO);
}

#[test]
fn a_refund_paid_in_another_currency_is_converted_at_the_orders_rate() {
    let paid = |set: Value| {
        json!({"currency": "EUR", "total_price_set": set,
            "refunds": [{"id": 88, "transactions": [{"kind": "refund", "status": "success", "amount": "5.50", "currency": "USD"}]}]})
    };
    let set = json!({"shop_money": {"amount": "10.00"}, "presentment_money": {"amount": "11.00"}});
    assert_eq!(read_order(paid(set)).refunds[0].amount, money("5.00"));
    let found = read("orders/updated", &order(paid(Value::Null))).unwrap();
    assert!(found.skipped.iter().any(|skipped| skipped.what.contains("refund 88")), "{:?}", found.skipped);
}

#[test]
fn a_shipment_has_left_unless_its_status_says_otherwise() {
    use tajo_domain::ShipmentState::{Cancelled, Failed, Open, Shipped};
    for (status, state) in [
        (json!("success"), Shipped),
        (json!(null), Shipped),
        (json!("some new word"), Shipped),
        (json!("pending"), Open),
        (json!("open"), Open),
        (json!("cancelled"), Cancelled),
        (json!("error"), Failed),
        (json!("failure"), Failed),
    ] {
        let found = read_order(json!({"fulfillments": [{"id": 5, "status": status}]})).fulfilments;
        assert_eq!((found.len(), found[0].state), (1, state), "{status}");
    }
}

#[test]
fn all_tracking_numbers_are_read_each_once() {
    let numbers = |fields: Value| {
        let mut shipment = json!({"id": 5, "status": "success"});
        shipment.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        read_order(json!({"fulfillments": [shipment]})).fulfilments.remove(0).tracking_numbers
    };
    assert_eq!(numbers(json!({"tracking_number": "A", "tracking_numbers": ["A", "B"]})), ["A", "B"]);
    assert_eq!(numbers(json!({"tracking_number": "A"})), ["A"]);
    assert!(numbers(json!({"tracking_number": null, "tracking_numbers": [null, ""]})).is_empty());
}

#[test]
fn an_order_processed_long_before_the_shop_had_it_was_brought_in() {
    let placed = |processed: &str| {
        let order = read_order(json!({"created_at": "2026-11-29T10:00:00Z", "processed_at": processed}));
        (order.created_at.to_string(), order.imported_at.is_some())
    };
    let now = ("2026-11-29T10:00:00Z".to_owned(), false);
    assert_eq!(placed("2026-11-29T10:00:00Z"), now);
    assert_eq!(placed("2026-11-28T10:00:00Z"), now);
    assert_eq!(placed("2026-11-30T10:00:00Z"), now);
    assert_eq!(placed("2026-11-28T09:59:59Z"), ("2026-11-28T09:59:59Z".to_owned(), true));
}

#[test]
fn an_order_says_which_carts_it_completes() {
    let tokens = |extra: Value| read_order(extra).cart_tokens;
    assert_eq!(tokens(json!({"cart_token": "c?key=1", "checkout_token": "k"})), ["c", "k"]);
    assert_eq!(tokens(json!({"cart_token": "c", "checkout_token": "c"})), ["c"]);
    assert!(tokens(json!({"cart_token": null, "checkout_token": ""})).is_empty());
}

#[test]
fn a_line_without_a_product_keeps_a_key_of_its_own() {
    let lines = json!({"line_items": [
        {"id": 5, "product_id": null, "title": "Tip", "quantity": -1, "price": "1.00"},
        {"id": 6, "product_id": 60, "name": "Mug", "quantity": 2, "price_set": {"shop_money": {"amount": "4.00"}}},
        {"id": 7, "price": "free"},
        null,
    ]});
    let found = read("orders/create", &order(lines)).unwrap();
    let Some(Change::Order(order)) = found.changes.last() else { panic!("no order") };
    let seen: Vec<_> =
        order.items.iter().map(|i| (i.product.as_str(), i.name.as_str(), i.quantity)).collect();
    assert_eq!(seen, [("line-5", "Tip", 0), ("60", "Mug", 2)]);
    assert!(found.skipped.contains(&Skipped::new("line 3 of the order", "it has no readable price")));
}

#[test]
fn six_hundred_lines_are_read() {
    let line = json!({"id": 1, "product_id": 2, "title": "Mug", "quantity": 3, "price": "4.50"});
    assert_eq!(read_order(json!({"line_items": vec![line; 600]})).items.len(), 600);
}

#[test]
fn a_topic_that_is_not_synced_is_skipped_and_not_repeated_in_the_reason() {
    // The header is not signed and may hold anything.
    let skipped = read("jo@example.com", &json!({})).unwrap().skipped;
    assert_eq!(skipped[0].reason, "nothing of this topic is synced");
}

/// Topic and shop are unsigned headers: only a body of the topic's own shape that names the shop is believed.
#[test]
fn a_demand_is_believed_only_if_its_body_makes_it() {
    let shop = json!({"shop_id": 1, "shop_domain": "demo-shop.myshopify.com"});
    let with = |fields: Value| {
        let mut body = shop.clone();
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    let jo = json!({"id": 7, "email": "jo@example.com"});
    let shown = with(json!({"customer": jo, "orders_requested": [1], "data_request": {"id": 9}}));
    let redacted = with(json!({"customer": jo, "orders_to_redact": [1]}));
    let cases = [
        ("customers/data_request", &shown, None),
        ("customers/redact", &redacted, None),
        ("shop/redact", &shop, None),
        ("customers/redact", &shown, Some("does not ask for it")),
        ("customers/redact", &shop, Some("does not ask for it")),
        ("customers/data_request", &redacted, Some("asks to erase")),
        ("customers/data_request", &shop, Some("names nobody")),
        ("shop/redact", &shown, Some("about a person")),
        ("shop/redact", &redacted, Some("about a person")),
        ("app/uninstalled", &redacted, Some("not a shop")),
        ("app/scopes_update", &shop, Some("does not list")),
    ];
    for (topic, body, refused) in cases {
        assert_eq!(Topic::parse(topic).kind() == TopicKind::MustKeep, topic != "app/scopes_update");
        match (read(topic, body), refused) {
            (Ok(changes), None) => assert_eq!(changes.changes.len(), 1, "{topic}"),
            (Err(unusable), Some(reason)) => assert!(unusable.reason.contains(reason), "{topic}: {unusable}"),
            (found, _) => panic!("{topic}: {found:?}"),
        }
        for foreign in [json!("other-shop.myshopify.com"), Value::Null] {
            let mut body = body.clone();
            body["shop_domain"] = foreign;
            assert!(topic.starts_with("app/") || read(topic, &body).is_err(), "{topic}");
        }
    }
}

#[test]
fn an_uninstall_is_a_shop_and_nothing_else() {
    let shop = json!({"id": 1, "domain": null, "myshopify_domain": null, "shop_owner": "Ada"});
    assert_eq!(read("app/uninstalled", &shop).unwrap().changes.len(), 1);
    let foreign = json!({"id": 1, "myshopify_domain": "other-shop.myshopify.com", "shop_owner": "Ada"});
    for body in [json!({}), json!({"id": 1, "email": "jo@example.com"}), foreign] {
        assert!(read("app/uninstalled", &body).is_err(), "{body}");
    }
    let customer = json!({"id": 1, "admin_graphql_api_id": "gid://shopify/Customer/1", "shop_owner": "Ada"});
    assert!(read("app/uninstalled", &customer).is_err());
}

#[test]
fn links_and_tokens_are_shown_nowhere() {
    let body = json!({"token": "tok-secret", "total_price": "1.00", "email": "jo@example.com",
        "abandoned_checkout_url": "https://x.test/?key=sesame"});
    let shown = format!("{:?}", read("checkouts/create", &body).unwrap());
    let body = order(
        json!({"order_status_url": "https://x.test/?key=sesame", "cart_token": "tok-secret", "note": "sesame",
        "email": "jo@example.com"}),
    );
    let shown = shown + &format!("{:?}", read("orders/create", &body).unwrap());
    for secret in ["sesame", "tok-secret", "jo@example"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Any JSON at all.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "10.00",
            "-3.5",
            "99999999999999999999999999999",
            "999999999999999",
            "refund",
            "success",
            "2026-11-02T08:15:00Z",
            "jo@example.com",
            "EUR",
            "gid://shopify/Order/1"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,6}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

const TOPICS: [&str; 5] =
    ["customers/update", "customers/delete", "orders/create", "orders/updated", "checkouts/update"];

proptest! {
    #[test]
    fn no_body_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for topic in TOPICS {
            let _ = changes(&Topic::parse(topic), &bytes, &context());
        }
    }

    /// Whatever stands in one field: the body is still read, and an order is worth between nothing and its total.
    #[test]
    fn a_wrong_kind_in_one_field_never_costs_the_body(
        file in prop::sample::select(vec!["orders-updated.refunded", "checkouts-update.completed", "customers-update"]),
        path in prop::collection::vec(any::<prop::sample::Index>(), 1..7),
        value in anything(),
    ) {
        let path_of = format!("{}/../../events/shopify/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let mut body: Value = serde_json::from_slice(&std::fs::read(path_of).unwrap()).unwrap();
        let changed = replace(&mut body, &path, value);
        let topic = file.split('.').next().unwrap().replacen('-', "/", 1);
        match read(&topic, &body) {
            Ok(found) => for change in &found.changes {
                if let Change::Order(order) = change {
                    prop_assert!(order.net >= Money::ZERO);
                    // Nothing downstream may overflow either.
                    let _ = order.items.iter().map(tajo_domain::Item::line_total).sum::<Money>();
                }
            },
            Err(unusable) => {
                let needed = ["id", "total_price", "token", "admin_graphql_api_id"];
                prop_assert!(needed.contains(&changed.as_str()), "{changed}: {unusable}");
            }
        }
    }
}

/// Replaces one value somewhere inside; returns the key (or last key on the way) that was touched.
fn replace(place: &mut Value, path: &[prop::sample::Index], value: Value) -> String {
    let Some((step, rest)) = path.split_first() else {
        *place = value;
        return String::new();
    };
    match place {
        Value::Object(map) if !map.is_empty() => {
            let key = map.keys().nth(step.index(map.len())).unwrap().clone();
            let deeper = replace(&mut map[&key], rest, value);
            if deeper.is_empty() { key } else { deeper }
        }
        Value::Array(list) if !list.is_empty() => {
            let index = step.index(list.len());
            replace(&mut list[index], rest, value)
        }
        end => {
            *end = value;
            String::new()
        }
    }
}
