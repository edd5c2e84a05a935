//! `test`: each tick fails when exactly its own thing is broken, and says what to do.

use serde_json::{Value, json};
use tajo_api::{TestAnswer, Verdict};
use tajo_app::connect::test;
use tajo_domain::StoreId;
use tajo_testkit::{BREVO_KEY, SHOP, STORE};

use crate::browser::Road;

const TICKS: [&str; 11] = [
    "api",
    "webhooks",
    "products",
    "customers",
    "orders",
    "scopes",
    "webhook_versions",
    "brevo_key",
    "brevo_attributes",
    "brevo_lists",
    "brevo_addresses",
];

async fn connected(settings: &str) -> Road {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({ "settings": settings })).await).await;
    road.stage.drain().await;
    road
}

async fn tested(road: &Road) -> TestAnswer {
    test(&road.env, &StoreId::parse(STORE).unwrap()).await.unwrap()
}

/// Exactly these failed, and each says what to do.
fn failed(answer: &TestAnswer, wanted: &[&str], says: &str) {
    let failed = answer.ticks.iter().filter(|tick| tick.verdict == Verdict::Failed);
    let failed: Vec<&str> = failed.map(|tick| tick.check.as_str()).collect();
    assert_eq!(failed, wanted, "{answer:#?}");
    assert!(!answer.ok);
    let tick = answer.ticks.iter().find(|tick| tick.check == wanted[0]).unwrap();
    let told = format!("{} | {}", tick.text, tick.hint.as_deref().unwrap_or_default());
    assert!(told.contains(says), "{told}");
}

#[tokio::test]
async fn a_store_that_is_well_has_every_tick_in_the_order_of_the_product() {
    let road = connected("").await;
    let before = (road.webhooks(), road.secret(), road.record().await);
    let answer = tested(&road).await;
    let texts: Vec<&str> = answer.ticks.iter().take(5).map(|tick| tick.text.as_str()).collect();
    let promised = [
        "API connection successful",
        "Webhooks registered",
        "Products accessible",
        "Customers readable",
        "Orders readable",
    ];
    assert_eq!(texts, promised);
    assert!(answer.ok && answer.ticks.iter().all(|tick| tick.verdict != Verdict::NotChecked));
    assert_eq!(answer.ticks.iter().map(|tick| tick.check.as_str()).collect::<Vec<_>>(), TICKS);
    let last = answer.ticks.last().unwrap();
    assert_eq!(last.verdict, Verdict::Warning);
    assert!(last.hint.as_ref().unwrap().contains("after 30 days"));
    assert_eq!((road.webhooks(), road.secret(), road.record().await), before, "it only looks");
}

#[tokio::test]
async fn a_dead_token_breaks_the_connection_and_what_depends_on_it_is_not_checked() {
    let road = connected("").await;
    road.shop(json!({ "installed": false }));
    let answer = tested(&road).await;
    failed(&answer, &["api"], "connect the store again and open the link");
    let rest = answer.ticks.iter().filter(|tick| tick.verdict == Verdict::NotChecked);
    assert_eq!(rest.map(|tick| tick.check.as_str()).collect::<Vec<_>>(), TICKS[1..7]);
    // A store whose link nobody has opened.
    let pending = Road::new().await;
    pending.link(json!({})).await;
    failed(&tested(&pending).await, &["api"], "the shop has not let the app in yet");
}

#[tokio::test]
async fn a_missing_webhook_is_named() {
    let road = connected("").await;
    let webhooks = road.stage.world.sandbox.webhooks(SHOP);
    let gone = webhooks.iter().find(|webhook| webhook["topic"] == "ORDERS_CREATE").unwrap()["id"].clone();
    road.shop(json!({ "forget": [gone] }));
    failed(
        &tested(&road).await,
        &["webhooks"],
        "1 are missing (orders/create) | they are made again once a day",
    );
}

#[tokio::test]
async fn each_right_breaks_its_own_tick() {
    for (scope, tick, says) in [
        ("read_products", "products", "lacks the scope read_products"),
        ("read_orders", "orders", "lacks the scope read_orders"),
        ("read_customers", "customers", "lacks the scope read_customers"),
    ] {
        let road = connected("").await;
        let rest =
            ["read_customers", "read_orders", "read_products", "read_fulfillments", "read_customer_merge"];
        let rest: Vec<&str> = rest.into_iter().filter(|known| *known != scope).collect();
        road.app(json!({ "grants": rest }));
        road.browser().walk(&road.link(json!({})).await).await;
        road.stage.drain().await;
        let answer = tested(&road).await;
        failed(&answer, &[tick, "scopes"], says);
        let scopes = answer.ticks.iter().find(|tick| tick.check == "scopes").unwrap();
        assert!(scopes.text.contains(&format!("{scope} missing")), "{}", scopes.text);
        assert!(scopes.hint.as_ref().unwrap().contains("open the link"));
    }
}

#[tokio::test]
async fn a_webhook_of_another_version_breaks_the_version_tick() {
    let road = connected("").await;
    let path = "/admin/api/2026-10/graphql.json";
    let mut webhook = road.stage.world.sandbox.webhooks(SHOP)[0].clone();
    webhook["apiVersion"]["handle"] = json!("2026-01");
    road.stage.world.sandbox.teach_shop(SHOP, webhook);
    let answer = tested(&road).await;
    failed(&answer, &["webhooks", "webhook_versions"], "are missing");
    assert!(!road.stage.calls("POST", path).is_empty());
}

#[tokio::test]
async fn brevos_ticks_break_one_by_one() {
    let road = connected("connectors: {shopify: {lists: {buyers: Buyers}}}").await;
    let configure = |changes: Value| {
        let mut account = json!({ "api_key": BREVO_KEY });
        account.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        road.stage.world.sandbox.configure(&serde_json::from_value(account).unwrap());
    };
    // An attribute of another type.
    let attributes = json!([{ "name": "ORDER_COUNT", "type": "text", "category": "normal" }]);
    configure(json!({ "attributes": attributes }));
    failed(&tested(&road).await, &["brevo_attributes"], "ORDER_COUNT is of type");
    let attributes = json!([{ "name": "ORDER_COUNT", "type": "float", "category": "normal" }]);
    configure(json!({ "attributes": attributes }));
    // A list that somebody deleted.
    let lists = road.stage.brevo("GET", "/v3/contacts/lists?limit=50", &Value::Null).json();
    let buyers = lists["lists"].as_array().unwrap().iter().find(|list| list["name"] == "Buyers").unwrap();
    let deleted = road.stage.brevo("DELETE", &format!("/v3/contacts/lists/{}", buyers["id"]), &Value::Null);
    if deleted.status == 204 {
        failed(&tested(&road).await, &["brevo_lists"], "Buyers missing");
    }
    // The key is refused; then the address.
    let body = json!({ "code": "unauthorized", "message": "Key not found" });
    road.stage.fault(json!({ "path": "/v3/account", "action": { "status": 401, "body": body } }));
    failed(&tested(&road).await, &["brevo_key"], "make a new API key");
    let body = json!({ "code": "unauthorized", "message": "We have detected you are using an unrecognised IP address 1.2.3.4" });
    road.stage.fault(json!({ "path": "/v3/account", "action": { "status": 401, "body": body } }));
    let answer = tested(&road).await;
    failed(&answer, &["brevo_key", "brevo_addresses"], "Authorised IPs");
}
