//! Connecting a store in each of the ways that Shopify allows: all end on one road.

use jiff::SignedDuration;
use serde_json::json;
use tajo_app::connect::ask_webhook_check;
use tajo_app::sync::Outcome;
use tajo_domain::StoreId;
use tajo_state::{Asked, Attributes, Key, StoreRecord, StoreStatus};
use tajo_testkit::{BREVO_KEY, Message, SHOP, STORE};

use crate::bodies::sample;
use crate::browser::{CLIENT_ID, CLIENT_SECRET, Road};
use crate::manage::{Office, at};
use crate::stage::{Stage, ending};

fn store() -> StoreId {
    StoreId::parse(STORE).unwrap()
}

#[tokio::test]
async fn a_merchant_opens_the_link_agrees_and_the_store_is_set_up() {
    let road = Road::new().await;
    let answer = road
        .begin(json!({ "settings": "connectors: {shopify: {lists: {all_customers: All}}}" }))
        .await
        .unwrap();
    assert_eq!((answer.store.as_str(), answer.connected), (STORE, false));
    let link = answer.open.unwrap();
    assert!(
        link.starts_with(&format!("https://tajo.example/oauth/shopify/install?shop={SHOP}&link=")),
        "{link}"
    );
    let pending = road.record().await;
    assert_eq!((pending.status, pending.installed_at), (StoreStatus::Connecting, None));
    assert_eq!(road.keyring()["stores"], json!({}), "nothing of it is let in yet");

    let page = road.browser().walk(&link).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("demo-shop.myshopify.com</strong> is connected"), "{}", page.body);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(page.header(name), Some(value));
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let secret = road.secret();
    assert_eq!((&secret["grant"]["kind"], &secret["app"]["client_id"]), (&json!("code"), &json!(CLIENT_ID)));
    assert!(secret["grant"]["refresh_token"].as_str().unwrap().starts_with("shprt_"));
    assert_eq!(road.keyring()["stores"][STORE]["app"], CLIENT_ID);
    assert_eq!(road.record().await.status, StoreStatus::Connecting, "its set-up is on the queue");

    let reports = road.stage.drain().await;
    assert_eq!(reports.iter().map(ending).collect::<Vec<_>>(), ["tajo/set_up → applied"]);
    let record = road.record().await;
    assert_eq!((record.status, record.attention), (StoreStatus::Active, None));
    assert_eq!(
        (record.country.as_deref(), record.currency.as_deref(), record.live),
        (Some("DE"), Some("USD"), false)
    );
    assert_eq!(record.set_up.lists.len(), 1);
    let topics = road.webhooks();
    for topic in [
        "CUSTOMERS_CREATE",
        "ORDERS_UPDATED",
        "CUSTOMER_TAGS_ADDED",
        "FULFILLMENTS_CREATE",
        "APP_UNINSTALLED",
    ] {
        assert!(topics.iter().any(|known| known == topic), "{topic}: {topics:?}");
    }
    let webhook = &road.stage.world.sandbox.webhooks(SHOP)[0];
    assert_eq!(webhook["uri"], format!("https://tajo.example/webhooks/shopify/{STORE}"));
    assert_eq!(webhook["apiVersion"]["handle"], "2026-10");
    let brevo = road.stage.world.brevo();
    assert_eq!(brevo["webhooks"].as_array().unwrap().len(), 1, "Brevo was told where to send opt-outs");

    // And work goes on.
    let report = road.stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    assert!(road.stage.events().is_empty(), "the account was made before the store was connected");
    assert_eq!(road.stage.contact("jo@example.com")["attributes"]["FIRSTNAME"], "Jo");
}

#[tokio::test]
async fn the_app_of_ones_own_organisation_needs_no_browser() {
    let road = Road::new().await;
    road.app(json!({ "own_organisation": true }));
    let answer = road.begin(json!({})).await.unwrap();
    assert!(answer.connected && answer.open.is_none());
    assert_eq!(road.secret()["grant"]["kind"], "client_credentials");
    road.stage.drain().await;
    assert_eq!(road.record().await.status, StoreStatus::Active);
    assert!(!road.webhooks().is_empty());
}

#[tokio::test]
async fn the_token_of_an_old_custom_app_needs_no_browser_either() {
    let road = Road::new().await;
    road.shop(json!({ "access_token": "shpat_old" }));
    let asks = json!({ "api_key": null, "access_token": "shpat_old" });
    assert!(road.begin(asks).await.unwrap().connected);
    road.stage.drain().await;
    assert_eq!(road.record().await.status, StoreStatus::Active);
    assert_eq!(road.keyring()["stores"][STORE]["secrets"], json!([CLIENT_SECRET]));
    let wrong = road.begin(json!({ "access_token": "shpat_wrong" })).await.unwrap_err();
    assert!(wrong.to_string().contains("does not know the access token"), "{wrong}");
}

#[tokio::test]
async fn a_kms_key_of_ones_own_encrypts_the_secrets_of_stores() {
    let mut road = Road::new().await;
    let key = "arn:aws:kms:eu-central-1:111122223333:key/own";
    road.env.secrets = road.env.secrets.clone().with_kms_key(Some(key.to_owned()));
    road.begin(json!({ "store": "another-name" })).await.unwrap();
    assert_eq!(road.stage.world.kms_key("test/store/another-name").as_deref(), Some(key));
}

#[tokio::test]
async fn a_stored_app_serves_stores_that_name_none() {
    let road = Road::new().await;
    let nobody = json!({ "api_key": null, "api_secret": null });
    let error = road.begin(nobody.clone()).await.unwrap_err();
    assert!(error.hint().unwrap().contains("tajo shopify app set"), "{error}");
    let app = json!({ "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    tajo_app::connect::set_app(&road.env, &serde_json::from_value(app).unwrap()).await.unwrap();
    let page = road.browser().walk(&road.link(nobody).await).await;
    assert_eq!(page.status, 200);
    let toml = tajo_app::connect::app_config(&road.env).await.unwrap();
    assert!(toml.contains(&format!("client_id = \"{CLIENT_ID}\"")), "{toml}");
}

#[tokio::test]
async fn everything_that_can_be_refused_is_refused_before_anything_is_changed() {
    let road = Road::new().await;
    let before = (road.secret(), road.keyring(), road.record().await);
    for (what, asks, says) in [
        ("the platform", json!({ "platform": "magento" }), "cannot be connected"),
        ("a custom domain", json!({ "shop_url": "www.demo-shop.com" }), "no permanent shop address"),
        (
            "another host",
            json!({ "shop_url": "demo-shop.myshopify.com.evil.com" }),
            "no permanent shop address",
        ),
        ("the settings", json!({ "settings": "connectors: {shopify: {sink: 1}}" }), "sink"),
        (
            "another shop's settings",
            json!({ "settings": "connectors: {shopify: {shop_url: other}}" }),
            "shop_url",
        ),
        ("a list", json!({ "settings": "connectors: {shopify: {lists: {buyers: 99}}}" }), "no list 99"),
        ("the Brevo key", json!({ "brevo_api_key": "xkeysib-wrong" }), "Brevo"),
        ("half an app", json!({ "api_secret": null }), "without its client secret"),
        ("the other half", json!({ "api_key": null }), "without its client id"),
        ("the store's name", json!({ "store": "Demo Shop" }), "no name for a store"),
    ] {
        let error = road.begin(asks).await.expect_err(what);
        assert!(error.to_string().contains(says), "{what}: {error}");
        assert_eq!((road.secret(), road.keyring(), road.record().await), before, "{what}");
    }
}

#[tokio::test]
async fn one_shop_is_one_store() {
    let road = Road::new().await;
    road.link(json!({})).await;
    let other = road.begin(json!({ "store": "other" })).await.unwrap_err();
    assert!(other.to_string().contains("is connected as store `demo-shop` already"), "{other}");
    let taken = road.begin(json!({ "shop_url": "second-shop", "store": STORE })).await.unwrap_err();
    assert!(taken.to_string().contains("a store stays with its shop"), "{taken}");
}

#[tokio::test]
async fn what_was_refused_of_the_set_up_is_said_and_tried_again() {
    let road = Road::new().await;
    let attribute = json!({ "api_key": BREVO_KEY, "attributes": [{ "name": "WRONG", "type": "float", "category": "normal" }] });
    road.stage.world.sandbox.configure(&serde_json::from_value(attribute).unwrap());
    let link = road.link(json!({})).await;
    let settings = "field_mapping: {email: email, first_name: WRONG}";
    road.stage.set(settings).await;
    road.browser().walk(&link).await;
    road.stage.drain().await;
    let record = road.record().await;
    assert_eq!(record.status, StoreStatus::NeedsAttention);
    assert!(
        record.attention.unwrap().starts_with("The set-up is not done: the Brevo attribute WRONG is of type")
    );
    assert!(road.webhooks().is_empty(), "nothing comes before everything is in place");
    // Somebody puts it right, and the settings are applied again.
    road.stage.set("").await;
    ask_webhook_check(&road.env, &store()).await.unwrap();
    road.stage.drain().await;
    let record = road.record().await;
    assert_eq!((record.status, record.attention), (StoreStatus::Active, None));
    assert!(!road.webhooks().is_empty());
}

#[tokio::test]
async fn a_set_up_that_breaks_off_anywhere_is_finished_by_the_next_try() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    // The answer to the third webhook is lost, then the shop's bucket is empty, then Shopify fails.
    let path = "/admin/api/2026-10/graphql.json";
    for (skip, action) in
        [(4, json!({ "apply_then_drop": true })), (2, json!({ "status": 503 })), (0, json!({ "drop": true }))]
    {
        road.stage.fault(json!({ "path": path, "skip": skip, "action": action }));
    }
    let reports = road.stage.drain().await;
    assert!(reports.len() > 1 && reports.last().unwrap().outcome == Outcome::Applied);
    let topics = road.webhooks();
    let mut once = topics.clone();
    once.dedup();
    assert_eq!(topics, once, "none was made twice");
    assert_eq!(road.record().await.status, StoreStatus::Active);
}

#[tokio::test]
async fn the_first_sync_that_is_asked_for_stands_in_the_history_once_however_often_the_set_up_is_tried() {
    let road = Road::new().await;
    let settings = "connectors: {shopify: {sync: {orders: false}}}";
    road.browser().walk(&road.link(json!({ "first_sync": "now", "settings": settings })).await).await;
    let office = Office::at(Stage::with(road.stage.world.clone()).await).await;
    let history = async || office.get(&at("/syncs")).await["runs"].clone();
    assert_eq!((road.record().await.asked.first_sync, history().await), (true, json!([])));
    let set_up = road.stage.world.take_messages().remove(0);
    let mut first = None;
    for _ in 0..2 {
        let report = road.stage.receive(received(&set_up)).await;
        assert_eq!((report.outcome, road.record().await.asked.first_sync), (Outcome::Applied, false));
        let runs = history().await;
        let run = &runs[0];
        assert_eq!((&run["kind"], &run["started_by"]), (&json!("full"), &json!("install")), "{runs}");
        assert_eq!((&run["state"], &run["resources"]), (&json!("failed"), &json!(["customers", "products"])));
        assert!(run["note"].as_str().unwrap().contains("no runner"), "{run}");
        assert_eq!(*first.get_or_insert(runs.clone()), runs);
        assert_eq!(runs.as_array().unwrap().len(), 1);
        // As a crash leaves it: the run stands there, and it is not written down yet that it was asked for.
        let again = |stored: Option<&StoreRecord>| {
            let asked = Asked { first_sync: true, ..Asked::default() };
            (stored.map(|stored| StoreRecord { asked, ..stored.clone() }), ())
        };
        office.manage.connect.table.change(&Key::store(&store()), Attributes::none, again).await.unwrap();
        road.stage.world.advance(SignedDuration::from_mins(5));
    }
}

#[tokio::test]
async fn a_first_sync_that_nobody_asks_for_is_none() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    let office = Office::at(road.stage).await;
    assert_eq!(office.get(&at("/syncs")).await["runs"], json!([]));
}

/// A message as it comes off the live queue.
fn received(message: &Message) -> tajo_app::sync::Record {
    tajo_app::sync::Record {
        message_id: "m".to_owned(),
        body: message.body.clone(),
        received: 1,
        source: tajo_app::sync::Source::Live,
    }
}

#[tokio::test]
async fn notices_of_a_store_wait_until_its_set_up_is_done() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    let set_up = road.stage.world.take_messages();
    let report = road.stage.tell("orders/create", &sample("orders-create.paid")).await;
    assert_eq!(report.outcome, Outcome::Deferred, "{}", ending(&report));
    let waits = road.stage.world.take_messages();
    for message in set_up.into_iter().chain(waits) {
        assert_eq!(road.stage.receive(received(&message)).await.outcome, Outcome::Applied);
    }
}

#[tokio::test]
async fn rights_follow_the_settings_and_what_was_not_granted_is_said() {
    let road = Road::new().await;
    let link = road.link(json!({ "settings": "connectors: {shopify: {sync: {customers: false, orders: false, carts: false}}}" })).await;
    let to_shop = road.browser().open(&link).await;
    let to_shop = to_shop.header("location").unwrap().to_owned();
    assert!(to_shop.contains("scope=read_products&"), "{to_shop}");
    // Two-way consent asks for the right to write.
    let link = road.link(json!({ "settings": "connectors: {shopify: {consent: two_way}}" })).await;
    let to_shop = road.browser().open(&link).await;
    assert!(to_shop.header("location").unwrap().contains("write_customers"));
    // The shop grants less.
    road.app(
        json!({ "grants": ["read_customers", "read_products", "read_customer_merge", "read_fulfillments"] }),
    );
    let page = road.browser().walk(&link).await;
    assert!(
        page.status == 200 && page.body.contains("<code>write_customers read_orders</code>"),
        "{}",
        page.body
    );
    road.stage.drain().await;
    let record = road.record().await;
    assert_eq!(record.status, StoreStatus::Active);
    assert!(record.attention.unwrap().contains("no longer grants read_orders"));
    assert!(!road.webhooks().iter().any(|topic| topic.starts_with("ORDERS")));
}
