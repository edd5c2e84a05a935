//! Connecting a store: its Brevo account is made ready with as few calls as there can be, and what cannot be right is
//! refused before anything is changed.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use tajo_app::connect::{ConnectError, Connected, NewStore, SetUp, connect, set_up_brevo};
use tajo_app::sync::Outcome;
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::{Notice, Platform};
use tajo_sandbox::{AccountSettings, DEFAULT_KEY, Running, Sandbox};
use tajo_state::{Key, StoreRecord};
use tajo_testkit::{BREVO_KEY, STORE};

use crate::bodies::{sample, with};
use crate::stage::Stage;

const NAMED: &str =
    "connectors: {shopify: {lists: {all_customers: All, buyers: Buyers, abandoned_cart: All}}}";

/// A Brevo account on its first day, with its limits on.
struct Brevo {
    sandbox: Sandbox,
    running: Running,
}

impl Brevo {
    async fn new(settings: Value) -> Self {
        let sandbox = Sandbox::new();
        sandbox.configure(&account(with(settings, json!({ "api_key": DEFAULT_KEY }))));
        let running = sandbox.spawn().await;
        Self { sandbox, running }
    }

    async fn set_up(&self, settings: &str, currency: Option<&str>) -> Result<SetUp, ConnectError> {
        let settings = Settings::from_yaml(settings).unwrap();
        let base = format!("{}/v3", self.running.url);
        set_up_brevo(&base, &SecretString::from(DEFAULT_KEY), &settings, currency).await
    }

    /// Calls that were taken since the first `seen`, each as `GET /v3/account`.
    fn calls(&self, seen: usize) -> Vec<String> {
        let calls = self.sandbox.calls().into_iter().skip(seen).filter(|call| call.status != 429);
        calls.map(|call| format!("{} {}", call.method, call.path)).collect()
    }
}

fn account(settings: Value) -> AccountSettings {
    serde_json::from_value(settings).unwrap()
}

#[tokio::test]
async fn an_account_that_is_ready_is_only_looked_at_with_four_calls() {
    let brevo = Brevo::new(json!({})).await;
    let first = brevo.set_up(NAMED, None).await.unwrap();
    assert_eq!(first.lists_created, ["All", "Buyers"]);
    let state = brevo.sandbox.state();
    assert!(state.ecommerce.active);
    let calls = brevo.calls(0);
    let scarce = calls.iter().filter(|call| !call.contains("/contacts/"));
    let asked =
        ["GET /v3/account", "GET /v3/ecommerce/config/displayCurrency", "POST /v3/ecommerce/activate"];
    assert_eq!(
        scarce.map(String::as_str).collect::<Vec<_>>(),
        [asked[0], asked[1], asked[2], asked[1]],
        "of the 100 an hour"
    );
    let seen = brevo.sandbox.calls().len();
    let again = brevo.set_up(NAMED, Some("USD")).await.unwrap();
    let looks = ["GET /v3/account", "GET /v3/contacts/attributes", "GET /v3/contacts/lists"];
    assert_eq!(brevo.calls(seen), [looks[0], looks[1], looks[2], asked[1]]);
    assert_eq!(brevo.sandbox.state(), state);
    assert_eq!((again.found, again.attributes_created.len()), (first.found, 0));
    // Without lists, and with nothing to sell, there is less to look at.
    let seen = brevo.sandbox.calls().len();
    brevo.set_up("sync: {orders: false, products: false}", None).await.unwrap();
    assert_eq!(brevo.calls(seen), looks[..2]);
}

#[tokio::test]
async fn whatever_a_crash_leaves_behind_is_found_by_the_next_try() {
    let brevo = Brevo::new(json!({ "rate_limits": false })).await;
    // Each write in turn is taken by Brevo, and its answer is lost.
    let mut tries = 0;
    for path in
        ["/v3/ecommerce/activate", "/v3/contacts/folders", "/v3/contacts/lists", "/v3/contacts/attributes/*"]
    {
        let fault = json!({ "method": "POST", "path": path, "action": { "apply_then_drop": true } });
        brevo.sandbox.add_fault(serde_json::from_value(fault).unwrap());
    }
    while let Err(error) = brevo.set_up(NAMED, None).await {
        assert!(error.hint().unwrap().contains("connect again"), "{error}");
        tries += 1;
        assert!(tries < 10);
    }
    assert_eq!(tries, 4);
    let state = brevo.sandbox.state();
    let names: Vec<&str> = state.lists.iter().map(|list| list.name.as_str()).collect();
    assert_eq!((names, state.folders.len()), (vec!["All", "Buyers"], 1));
}

#[tokio::test]
async fn a_store_in_another_currency_is_refused_before_anything_is_changed() {
    let brevo = Brevo::new(json!({ "ecommerce_active": true, "display_currency": "USD" })).await;
    let error = brevo.set_up("", Some("EUR")).await.unwrap_err();
    insta::assert_snapshot!("another_currency", format!("{error}\nhint: {}", error.hint().unwrap()));
    assert!(brevo.calls(0).iter().all(|call| call.starts_with("GET")));
    brevo.set_up("connectors: {shopify: {currency_check: false}}", Some("EUR")).await.unwrap();
    let unknown = brevo.set_up("", None).await.unwrap();
    assert!(unknown.warnings[0].contains("--currency"), "{:?}", unknown.warnings);
}

#[tokio::test]
async fn a_list_that_does_not_exist_or_is_meant_by_two_is_refused() {
    let brevo = Brevo::new(json!({ "rate_limits": false })).await;
    let error = brevo.set_up("connectors: {shopify: {lists: {buyers: 99}}}", None).await.unwrap_err();
    assert_eq!(error.to_string(), "Brevo has no list 99");
    brevo.set_up(NAMED, None).await.unwrap();
    for n in 0..60 {
        let name = if n == 59 { "Buyers".to_owned() } else { format!("List {n}") };
        let folder = brevo.sandbox.state().folders[0].id;
        let make = tajo_sandbox::Request::new("POST", "/v3/contacts/lists").key(DEFAULT_KEY);
        brevo.sandbox.call(make.json(&json!({ "name": name, "folderId": folder })));
    }
    let error = brevo.set_up(NAMED, None).await.unwrap_err();
    assert_eq!(error.to_string(), "Brevo has 2 lists named `Buyers`", "also on the second page");
}

#[tokio::test]
async fn names_go_where_an_account_in_another_language_keeps_them() {
    let stage = Stage::unconnected().await;
    let key = "xkeysib-paris";
    stage.world.sandbox.configure(
        &account(json!({ "api_key": key, "name": "paris", "rate_limits": false, "name_attributes": ["PRENOM", "NOM"] })),
    );
    let new = NewStore { brevo_api_key: key.into(), ..new_store("paris-shop", "") };
    let connected = connect(&stage.world.target(&stage.front), &new).await.unwrap();
    assert!(connected.warnings[0].contains("PRENOM and NOM"), "{:?}", connected.warnings);
    tell(&stage, "paris-shop", "customers/create", &sample("customers-create")).await;
    let state = stage.world.sandbox.state_of("paris").unwrap();
    let known = json!(state.contact("jo@example.com").unwrap().attributes);
    assert_eq!((&known["PRENOM"], &known["FIRSTNAME"]), (&json!("Jo"), &Value::Null));
}

#[tokio::test]
async fn a_named_list_is_joined_without_being_looked_up_again() {
    let stage = Stage::unconnected().await;
    let connected = connected(&stage, STORE, NAMED).await.unwrap();
    assert_eq!(connected.lists_created, ["All", "Buyers"]);
    let list = stage.world.sandbox.state().lists.iter().find(|list| list.name == "All").unwrap().id;
    let seen = stage.calls("GET", "/v3/contacts/lists").len();
    tell(&stage, STORE, "customers/create", &sample("customers-create")).await;
    assert_eq!(stage.contact("jo@example.com")["listIds"], json!([list]));
    assert_eq!(stage.calls("GET", "/v3/contacts/lists").len(), seen);
}

pub(crate) fn new_store(store: &str, settings: &str) -> NewStore {
    NewStore {
        store: StoreId::parse(store).unwrap(),
        platform: Platform::Shopify,
        shop: format!("{store}.myshopify.com"),
        country: None,
        currency: None,
        live: false,
        client_secret: format!("hush-{store}").into(),
        brevo_api_key: BREVO_KEY.into(),
        shopify_access_token: Some(format!("shpat_{store}").into()),
        settings: settings.to_owned(),
    }
}

pub(crate) async fn connected(stage: &Stage, store: &str, settings: &str) -> Result<Connected, ConnectError> {
    connect(&stage.world.target(&stage.front), &new_store(store, settings)).await
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
        "shop": format!("{store}.myshopify.com"), "access_token": format!("shpat_{store}"), "rate_limits": false,
        "customers": [jo],
    });
    stage.world.sandbox.configure_shop(&serde_json::from_value(shop).unwrap());
}

const SECOND: &str = "field_mapping: {email: EMAIL, first_name: FIRSTNAME, orders_count: ORDER_COUNT_SECOND_SHOP, \
                      total_spent: TOTAL_SPENT_SECOND_SHOP}";

#[tokio::test]
async fn totals_of_two_stores_on_one_account_are_refused_or_right() {
    let stage = Stage::unconnected().await;
    connected(&stage, STORE, "").await.unwrap();
    connected(&stage, STORE, "").await.expect("connecting the same store again is no conflict");
    let error = connected(&stage, "second-shop", "").await.unwrap_err();
    insta::assert_snapshot!("shared_totals", format!("{error}\nhint: {}", error.hint().unwrap()));
    let second = Key::store(&StoreId::parse("second-shop").unwrap());
    let table = stage.world.table(&stage.front).await;
    assert_eq!(table.get_newest::<StoreRecord>(&second).await.unwrap().record, None, "nothing was written");
    connected(&stage, "second-shop", SECOND).await.unwrap();
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
    let alone = NewStore { brevo_api_key: key.into(), ..new_store("third-shop", "") };
    connect(&stage.world.target(&stage.front), &alone).await.unwrap();
}
