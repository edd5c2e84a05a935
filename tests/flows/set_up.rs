//! Connecting a store: its Brevo account is made ready with as few calls as there can be, and what cannot be right is
//! refused before anything is changed.

use jiff::Timestamp;
use serde_json::{Value, json};
use tajo_api::ConnectAnswer;
use tajo_app::connect::{Authority, ConnectError, begin};
use tajo_app::sync::Outcome;
use tajo_domain::StoreId;
use tajo_platforms::{Notice, Platform};
use tajo_sandbox::AccountSettings;
use tajo_state::{Key, StoreRecord, StoreStatus};
use tajo_testkit::STORE;

use crate::bodies::{sample, with};
use crate::browser::{asked, shop};
use crate::stage::{Stage, ending};

const NAMED: &str =
    "connectors: {shopify: {lists: {all_customers: All, buyers: Buyers, abandoned_cart: All}}}";

/// Opens a Brevo account on its first day, with its limits on.
const FRESH: &str = "xkeysib-fresh";

const LOOKS: [&str; 4] = [
    "GET /v3/account",
    "GET /v3/contacts/attributes",
    "GET /v3/contacts/lists",
    "GET /v3/ecommerce/config/displayCurrency",
];

/// Such an account, and nobody connected with it.
async fn fresh(settings: Value) -> Stage {
    let stage = Stage::unconnected().await;
    let names = json!({ "api_key": FRESH, "name": "fresh" });
    stage.world.sandbox.configure(&account(with(settings, names)));
    stage
}

/// What Brevo was asked since the first `seen` calls, each as `GET /v3/account`.
fn calls(stage: &Stage, seen: usize) -> Vec<String> {
    let calls = stage.world.sandbox.calls().into_iter().skip(seen);
    let calls = calls.filter(|call| call.path.starts_with("/v3/") && call.status != 429);
    calls.map(|call| format!("{} {}", call.method, call.path)).collect()
}

fn seen(stage: &Stage) -> usize {
    stage.world.sandbox.calls().len()
}

fn account(settings: Value) -> AccountSettings {
    serde_json::from_value(settings).unwrap()
}

fn fresh_state(stage: &Stage) -> tajo_sandbox::State {
    stage.world.sandbox.state_of("fresh").unwrap()
}

#[tokio::test]
async fn an_account_that_is_ready_is_only_looked_at_with_four_calls() {
    let stage = fresh(json!({})).await;
    let named = json!({ "brevo_api_key": FRESH, "settings": NAMED });
    let before = seen(&stage);
    begun(&stage, STORE, named.clone()).await.unwrap();
    assert_eq!(calls(&stage, before), LOOKS, "nothing is changed before the set-up");
    let before = seen(&stage);
    worked_off(&stage).await;
    let state = fresh_state(&stage);
    assert!(state.ecommerce.active);
    let names: Vec<&str> = state.lists.iter().map(|list| list.name.as_str()).collect();
    assert_eq!(names, ["All", "Buyers"]);
    let made = calls(&stage, before);
    let scarce = made.iter().filter(|call| !call.contains("/contacts/") && !call.contains("/webhooks"));
    assert_eq!(
        scarce.map(String::as_str).collect::<Vec<_>>(),
        [LOOKS[0], LOOKS[3], "POST /v3/ecommerce/activate", LOOKS[3]],
        "of the 100 an hour"
    );
    let found = record_of(&stage, STORE).await.unwrap().set_up;
    let before = seen(&stage);
    begun(&stage, STORE, named).await.unwrap();
    assert_eq!(calls(&stage, before), LOOKS);
    let before = seen(&stage);
    worked_off(&stage).await;
    let again = calls(&stage, before);
    assert_eq!(again[..4], LOOKS);
    assert!(again[4..].iter().all(|call| call.contains("/v3/webhooks")), "{again:?}");
    let now = fresh_state(&stage);
    assert_eq!((now.lists, now.folders, now.attributes), (state.lists, state.folders, state.attributes));
    assert_eq!(record_of(&stage, STORE).await.unwrap().set_up, found);
    // Without lists, and with nothing to sell, there is less to look at.
    let before = seen(&stage);
    let less = json!({ "brevo_api_key": FRESH, "settings": "sync: {orders: false, products: false}" });
    begun(&stage, STORE, less).await.unwrap();
    assert_eq!(calls(&stage, before), LOOKS[..2]);
}

#[tokio::test]
async fn whatever_a_crash_leaves_behind_is_found_by_the_next_try() {
    let stage = fresh(json!({ "rate_limits": false })).await;
    begun(&stage, STORE, json!({ "brevo_api_key": FRESH, "settings": NAMED })).await.unwrap();
    // Each write in turn is taken by Brevo, and its answer is lost.
    for path in
        ["/v3/ecommerce/activate", "/v3/contacts/folders", "/v3/contacts/lists", "/v3/contacts/attributes/*"]
    {
        let fault = json!({ "method": "POST", "path": path, "action": { "apply_then_drop": true } });
        stage.fault(fault);
    }
    let ends: Vec<Outcome> = stage.drain().await.iter().map(|report| report.outcome).collect();
    assert_eq!(ends, [[Outcome::Deferred; 4].as_slice(), &[Outcome::Applied]].concat());
    let state = fresh_state(&stage);
    let names: Vec<&str> = state.lists.iter().map(|list| list.name.as_str()).collect();
    assert_eq!((names, state.folders.len()), (vec!["All", "Buyers"], 1));
}

#[tokio::test]
async fn a_store_in_another_currency_is_refused_before_anything_is_changed() {
    let stage = fresh(json!({ "ecommerce_active": true, "display_currency": "USD" })).await;
    let before = seen(&stage);
    let with_key = |asks: Value| with(json!({ "brevo_api_key": FRESH }), asks);
    let error = begun(&stage, STORE, with_key(json!({ "currency": "EUR" }))).await.unwrap_err();
    insta::assert_snapshot!("another_currency", format!("{error}\nhint: {}", error.hint().unwrap()));
    // Whoever does not say it has a shop that does.
    shop(&stage.world, "demo-shop.myshopify.com", json!({ "about": { "currencyCode": "EUR" } }));
    begun(&stage, STORE, with_key(json!({}))).await.unwrap();
    stage.drain().await;
    let record = record_of(&stage, STORE).await.unwrap();
    assert_eq!(record.status, StoreStatus::NeedsAttention);
    let why = record.attention.unwrap();
    assert!(why.contains("counts in USD and the store sells in EUR"), "{why}");
    assert!(calls(&stage, before).iter().all(|call| call.starts_with("GET")));
    let unchecked = json!({ "settings": "connectors: {shopify: {currency_check: false}}" });
    connected(&stage, STORE, with_key(unchecked)).await.unwrap();
}

#[tokio::test]
async fn a_list_that_does_not_exist_or_is_meant_by_two_is_refused() {
    let stage = fresh(json!({ "rate_limits": false })).await;
    let lists = |settings: &str| json!({ "brevo_api_key": FRESH, "settings": settings });
    let unknown = lists("connectors: {shopify: {lists: {buyers: 99}}}");
    let error = begun(&stage, STORE, unknown).await.unwrap_err();
    assert_eq!(error.to_string(), "Brevo has no list 99");
    connected(&stage, STORE, lists(NAMED)).await.unwrap();
    let folder = fresh_state(&stage).folders[0].id;
    for n in 0..60 {
        let name = if n == 59 { "Buyers".to_owned() } else { format!("List {n}") };
        let make = tajo_sandbox::Request::new("POST", "/v3/contacts/lists").key(FRESH);
        stage.world.sandbox.call(make.json(&json!({ "name": name, "folderId": folder })));
    }
    let error = begun(&stage, STORE, lists(NAMED)).await.unwrap_err();
    assert_eq!(error.to_string(), "Brevo has 2 lists named `Buyers`", "also on the second page");
}

#[tokio::test]
async fn names_go_where_an_account_in_another_language_keeps_them() {
    let stage = Stage::unconnected().await;
    let key = "xkeysib-paris";
    stage.world.sandbox.configure(
        &account(json!({ "api_key": key, "name": "paris", "rate_limits": false, "name_attributes": ["PRENOM", "NOM"] })),
    );
    let connected = connected(&stage, "paris-shop", json!({ "brevo_api_key": key })).await.unwrap();
    assert!(connected.warnings[0].contains("PRENOM and NOM"), "{:?}", connected.warnings);
    tell(&stage, "paris-shop", "customers/create", &sample("customers-create")).await;
    let state = stage.world.sandbox.state_of("paris").unwrap();
    let known = json!(state.contact("jo@example.com").unwrap().attributes);
    assert_eq!((&known["PRENOM"], &known["FIRSTNAME"]), (&json!("Jo"), &Value::Null));
}

#[tokio::test]
async fn a_named_list_is_joined_without_being_looked_up_again() {
    let stage = Stage::unconnected().await;
    connected(&stage, STORE, json!({ "settings": NAMED })).await.unwrap();
    let list = stage.world.sandbox.state().lists.iter().find(|list| list.name == "All").unwrap().id;
    let seen = stage.calls("GET", "/v3/contacts/lists").len();
    tell(&stage, STORE, "customers/create", &sample("customers-create")).await;
    assert_eq!(stage.contact("jo@example.com")["listIds"], json!([list]));
    assert_eq!(stage.calls("GET", "/v3/contacts/lists").len(), seen);
}

/// The shop of this name lets the app in, with the token of an old custom app: what follows is on the queue.
pub(crate) async fn begun(stage: &Stage, store: &str, asks: Value) -> Result<ConnectAnswer, ConnectError> {
    let (address, token) = (format!("{store}.myshopify.com"), format!("shpat_{store}"));
    shop(&stage.world, &address, json!({ "access_token": token, "rate_limits": false }));
    let env = stage.world.connect_env(&stage.front).await;
    let custom = json!({ "shop_url": address, "api_key": null, "api_secret": format!("hush-{store}"),
        "access_token": token });
    let answer = begin(&env, Authority::Deployment, &asked(with(custom, asks))).await?;
    assert!(answer.connected && answer.store == store);
    Ok(answer)
}

/// Connects the shop of this name, new or again, until its set-up is done.
pub(crate) async fn connected(
    stage: &Stage,
    store: &str,
    asks: Value,
) -> Result<ConnectAnswer, ConnectError> {
    let answer = begun(stage, store, asks).await?;
    worked_off(stage).await;
    let record = record_of(stage, store).await.unwrap();
    assert_eq!((record.status, record.attention), (StoreStatus::Active, None));
    Ok(answer)
}

/// The set-up that is on the queue.
async fn worked_off(stage: &Stage) {
    let ends: Vec<String> = stage.drain().await.iter().map(ending).collect();
    assert_eq!(ends, ["tajo/set_up → applied"]);
}

async fn record_of(stage: &Stage, store: &str) -> Option<StoreRecord> {
    let key = Key::store(&StoreId::parse(store).unwrap());
    stage.world.table(&stage.front).await.get_newest::<StoreRecord>(&key).await.unwrap().record
}

/// A notice of this store, worked on.
async fn tell(stage: &Stage, store: &str, topic: &str, body: &Value) {
    let shop = format!("{store}.myshopify.com");
    let mut notice =
        Notice::new(Platform::Shopify, shop, topic, format!("{store}-{topic}"), Timestamp::now());
    notice.store = Some(StoreId::parse(store).unwrap());
    let report = stage.deliver(&notice.wrap(body.to_string().as_bytes())).await;
    assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
}

/// Jo, who has ordered so often in this shop.
fn open_shop(stage: &Stage, store: &str, orders: u32, spent: &str) {
    let mut jo = tajo_sandbox::shopify::nodes::customer(&sample("customers-create"));
    jo = with(
        jo,
        json!({"numberOfOrders": orders.to_string(), "amountSpent": {"amount": spent, "currencyCode": "EUR"}}),
    );
    let shop = json!({
        "shop": format!("{store}.myshopify.com"), "customers": [jo],
    });
    stage.world.sandbox.configure_shop(&serde_json::from_value(shop).unwrap());
}

const SECOND: &str = "field_mapping: {email: EMAIL, first_name: FIRSTNAME, orders_count: ORDER_COUNT_SECOND_SHOP, \
                      total_spent: TOTAL_SPENT_SECOND_SHOP}";

#[tokio::test]
async fn totals_of_two_stores_on_one_account_are_refused_or_right() {
    let stage = Stage::unconnected().await;
    connected(&stage, STORE, json!({})).await.unwrap();
    connected(&stage, STORE, json!({})).await.expect("connecting the same store again is no conflict");
    let error = begun(&stage, "second-shop", json!({})).await.unwrap_err();
    insta::assert_snapshot!("shared_totals", format!("{error}\nhint: {}", error.hint().unwrap()));
    assert_eq!(record_of(&stage, "second-shop").await, None, "nothing was written");
    connected(&stage, "second-shop", json!({ "settings": SECOND })).await.unwrap();
    open_shop(&stage, STORE, 4, "120.50");
    open_shop(&stage, "second-shop", 2, "30.00");
    for store in [STORE, "second-shop"] {
        tell(&stage, store, "customers/create", &sample("customers-create")).await;
    }
    let known = stage.contact("jo@example.com")["attributes"].clone();
    let totals = ["ORDER_COUNT", "TOTAL_SPENT", "ORDER_COUNT_SECOND_SHOP", "TOTAL_SPENT_SECOND_SHOP"];
    assert_eq!(totals.map(|name| known[name].as_f64()), [4.0, 120.5, 2.0, 30.0].map(Some));
    // On an account of its own a store may fill what it likes.
    let key = "xkeysib-alone";
    stage.world.sandbox.configure(&account(json!({ "api_key": key, "rate_limits": false })));
    connected(&stage, "third-shop", json!({ "brevo_api_key": key })).await.unwrap();
}
