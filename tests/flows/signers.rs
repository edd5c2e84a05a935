//! Who signs for whom: a key that is bound to one store changes nothing of another, whatever secrets, client ids and addresses
//! it gives.

use std::time::Instant;

use serde_json::{Value, json};
use tajo_app::connect::{Authority, begin, edit};
use tajo_app::ingest::{Ingress, IngressConfig, Request, ingest};
use tajo_domain::StoreId;
use tajo_platforms::shopify::webhook::{Headers, sign};
use tajo_testkit::{Front, KEYRING, Knock, STORE, Verdict};
use tokio::sync::mpsc::unbounded_channel;

use crate::browser::{Browser, CLIENT_ID, CLIENT_SECRET, Road, asked, shop};
use crate::manage::Office;
use crate::stage::Stage;

const APP: &str = "the-shared-app";
const GENUINE: &str = "secret-of-the-shared-app";
const BODY: &str = r#"{"id":1}"#;

/// Two stores of one app, each with a Brevo account of its own, connected by an admin key without a bound.
struct TwoStores {
    office: Office,
    /// An admin key that is bound to `shop-b`.
    bound: String,
}

fn address(store: &str) -> String {
    format!("{store}.myshopify.com")
}

impl TwoStores {
    async fn new() -> Self {
        let stage = Stage::unconnected().await;
        stage.world.put_secret(KEYRING, r#"{"v":1,"stores":{}}"#);
        let office = Office::at(stage).await;
        for store in ["shop-a", "shop-b"] {
            let account = json!({ "api_key": format!("xkeysib-{store}"), "name": store, "rate_limits": false,
                "ecommerce_active": true });
            office.stage.world.sandbox.configure(&serde_json::from_value(account).unwrap());
        }
        let it = Self { bound: office.new_key("admin", Some(&["shop-b"])).await, office };
        it.shopify_takes(&[GENUINE]);
        for store in ["shop-a", "shop-b"] {
            let answer =
                it.office.post("/v1/stores", it.connect(store, json!({ "api_secret": GENUINE }))).await;
            assert_eq!(answer["connected"], true, "{answer}");
        }
        it.office.stage.drain().await;
        it
    }

    /// Which secrets of the app both shops take.
    fn shopify_takes(&self, secrets: &[&str]) {
        for store in ["shop-a", "shop-b"] {
            let app = json!({ "client_id": APP, "client_secrets": secrets, "own_organisation": true });
            let token = format!("shpat-{store}");
            shop(&self.office.stage.world, &address(store), json!({ "app": app, "access_token": token }));
        }
    }

    fn connect(&self, store: &str, changes: Value) -> Value {
        let mut asks = json!({ "platform": "shopify", "shop_url": address(store), "api_key": APP,
            "brevo_api_key": format!("xkeysib-{store}") });
        asks.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        asks
    }

    /// What the bound key gives store B.
    async fn patch(&self, news: Value) -> Value {
        let answer = self.office.ask_as(&self.bound, "PATCH", "/v1/stores/shop-b", news).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    fn keyring(&self) -> Value {
        serde_json::from_str(&self.office.stage.world.secret(KEYRING).unwrap()).unwrap()
    }

    fn app(&self) -> Value {
        self.keyring()["apps"][APP]["secrets"].clone()
    }

    /// What the public function answers to a webhook of a store's shop, signed with this secret.
    async fn knock(&self, store: &str, secret: &str) -> u16 {
        knock(&self.office.stage, &address(store), "orders/create", secret).await
    }

    /// Store A is as it was: the genuine secret signs for it, and none of these.
    async fn assert_a_is_untouched(&self, forged: &[&str]) {
        assert_eq!(self.app(), json!([GENUINE]));
        assert_eq!(self.knock("shop-a", GENUINE).await, 200);
        for secret in forged {
            assert_eq!(self.knock("shop-a", secret).await, 401, "{secret}");
        }
        let secret = self.office.stage.world.secret("test/store/shop-a").unwrap();
        let secret: Value = serde_json::from_str(&secret).unwrap();
        assert_eq!(secret["app"]["client_secrets"], json!([GENUINE]));
    }
}

async fn knock(stage: &Stage, shop: &str, topic: &str, secret: &str) -> u16 {
    let config = IngressConfig {
        live_queue_url: format!("{}/queue/live", stage.front.url),
        gather_queue_url: format!("{}/queue/gather", stage.front.url),
        keyring_secrets: vec![KEYRING.to_owned()],
        endpoint: Some(stage.front.url.clone()),
    };
    // Without a copy of the keyring from before.
    let ingress = Ingress::new(&config).await.unwrap();
    let signature = sign(BODY.as_bytes(), secret.as_bytes());
    let headers = Headers::read([
        ("x-shopify-topic", topic),
        ("x-shopify-shop-domain", shop),
        ("x-shopify-hmac-sha256", &signature),
    ]);
    let (body, now) = (BODY.as_bytes(), Instant::now());
    let request = Request { headers, path_store: None, body, received_at: stage.env.clock.now(), now };
    let status = ingest(&ingress, request).await.status();
    stage.world.take_messages();
    status
}

#[tokio::test]
async fn a_bound_key_cannot_change_what_signs_for_another_store() {
    let stores = TwoStores::new().await;
    let forged = ["forged-1", "forged-2", "forged-3"];
    for secret in forged {
        let answer = stores.patch(json!({ "api_secret": secret })).await;
        assert!(answer["warnings"][0].as_str().unwrap().contains("signs for this store alone"), "{answer}");
        stores.assert_a_is_untouched(&forged).await;
        assert_eq!(stores.knock("shop-b", secret).await, 200, "it is the store's own");
        assert_eq!(stores.knock("shop-b", GENUINE).await, 200, "and evicts nothing there");
    }
    // With the client id said, with a token, and with a connection anew: by whichever way.
    stores.patch(json!({ "api_key": APP, "api_secret": "forged-4" })).await;
    stores.patch(json!({ "api_secret": "forged-5", "access_token": "shpat-shop-b" })).await;
    for more in [
        json!({ "api_secret": "forged-6" }),
        json!({ "api_secret": "forged-7", "access_token": "shpat-shop-b" }),
    ] {
        let asks = stores.connect("shop-b", more);
        let answer = stores.office.ask_as(&stores.bound, "POST", "/v1/stores", asks).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let all: Vec<String> = (1..8).map(|n| format!("forged-{n}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    stores.assert_a_is_untouched(&all).await;
    assert_eq!(stores.knock("shop-b", GENUINE).await, 200);
    // Its tokens go on: the genuine secret is still among those that are tried.
    let secret: Value =
        serde_json::from_str(&stores.office.stage.world.secret("test/store/shop-b").unwrap()).unwrap();
    let tried = secret["app"]["client_secrets"].as_array().unwrap();
    assert!(tried.contains(&json!(GENUINE)) && tried.len() <= 3, "{tried:?}");
}

#[tokio::test]
async fn a_bound_key_puts_nothing_into_another_app_whose_client_id_it_knows() {
    let stores = TwoStores::new().await;
    let other = json!({ "client_id": "another-app", "client_secret": "secret-of-another-app" });
    assert_eq!(stores.office.ask("PUT", "/v1/shopify/app", other).await.status, 204);
    let before = stores.keyring()["apps"].clone();
    stores.patch(json!({ "api_key": "another-app", "api_secret": "forged-1" })).await;
    assert_eq!(stores.knock("shop-b", GENUINE).await, 200, "until that app is let in the first one speaks");
    stores
        .patch(json!({ "api_key": "another-app", "api_secret": "forged-2", "access_token": "shpat-shop-b" }))
        .await;
    assert_eq!(stores.keyring()["apps"], before);
    for shop in ["gone.myshopify.com", "shop-a.myshopify.com"] {
        for secret in ["forged-1", "forged-2"] {
            let status = knock(&stores.office.stage, shop, "customers/redact", secret).await;
            assert_eq!(status, 401, "{shop} {secret}");
        }
    }
    assert_eq!(stores.knock("shop-b", "forged-2").await, 200);
    assert_eq!(
        stores.knock("shop-b", "secret-of-another-app").await,
        401,
        "nor does that app speak for the store"
    );
    stores.assert_a_is_untouched(&["forged-1", "forged-2"]).await;
}

#[tokio::test]
async fn an_admin_key_does_not_vouch_for_what_a_bound_key_had_stored() {
    let stores = TwoStores::new().await;
    stores.patch(json!({ "api_secret": "forged" })).await;
    // Nobody gives a secret: what is stored with the store is used.
    let again = json!({ "api_key": null, "access_token": "shpat-shop-b" });
    let answer = stores.office.ask("POST", "/v1/stores", stores.connect("shop-b", again)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer =
        stores.office.ask("PATCH", "/v1/stores/shop-b", json!({ "access_token": "shpat-shop-b" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    stores.assert_a_is_untouched(&["forged"]).await;
}

#[tokio::test]
async fn a_secret_that_shopify_takes_or_an_admin_gives_signs_for_every_store_of_the_app() {
    let stores = TwoStores::new().await;
    assert_eq!(stores.knock("shop-a", "rotated").await, 401);
    stores.shopify_takes(&[GENUINE, "rotated"]);
    let answer = stores.patch(json!({ "api_secret": "rotated" })).await;
    assert_eq!(answer.get("warnings"), None, "{answer}");
    assert_eq!(stores.app(), json!(["rotated", GENUINE]));
    for store in ["shop-a", "shop-b"] {
        for secret in ["rotated", GENUINE] {
            assert_eq!(stores.knock(store, secret).await, 200, "{store} {secret}");
        }
    }
    // Of an admin key that is bound to no store it is enough that it says so.
    let given = json!({ "api_secret": "said" });
    assert_eq!(stores.office.ask("PATCH", "/v1/stores/shop-b", given).await.status, 200);
    assert_eq!(stores.app(), json!(["said", "rotated"]));
    assert_eq!(stores.knock("shop-a", "said").await, 200);
}

#[tokio::test]
async fn an_admin_purges_what_signed_before() {
    let stores = TwoStores::new().await;
    let purge = async |key: &str, whose: Value| {
        stores.office.ask_as(key, "POST", "/v1/shopify/app/purge", whose).await
    };
    // As an older version may have left it: a forged secret is the app's present one.
    for secret in ["forged", GENUINE] {
        let app = json!({ "client_id": APP, "client_secret": secret });
        assert_eq!(stores.office.ask("PUT", "/v1/shopify/app", app).await.status, 204);
    }
    stores.patch(json!({ "api_secret": "own" })).await;
    assert_eq!(stores.knock("shop-a", "forged").await, 200);
    assert_eq!(purge(&stores.bound, json!({})).await.status, 403);
    let read = stores.office.new_key("forward", None).await;
    assert_eq!(purge(&read, json!({})).await.status, 403);
    let answer = purge(&stores.office.key, json!({})).await;
    assert_eq!(answer.body, json!({ "secrets_removed": 2, "stores": ["shop-a", "shop-b"] }));
    stores.assert_a_is_untouched(&["forged", "own"]).await;
    for (secret, status) in [(GENUINE, 200), ("own", 401), ("forged", 401)] {
        assert_eq!(stores.knock("shop-b", secret).await, status, "{secret}");
    }
    // One store alone.
    stores.patch(json!({ "api_secret": "own" })).await;
    let answer = purge(&stores.office.key, json!({ "store": "shop-b" })).await;
    assert_eq!(answer.body, json!({ "secrets_removed": 1, "stores": ["shop-b"] }));
    assert_eq!((stores.knock("shop-b", "own").await, stores.knock("shop-b", GENUINE).await), (401, 200));
    let answer = purge(&stores.office.key, json!({ "client_id": APP })).await;
    assert_eq!(answer.body["secrets_removed"], 0);
    for (whose, status) in [
        (json!({ "client_id": "nobody" }), 404),
        (json!({ "store": "nobody" }), 404),
        (json!({ "store": "No Name" }), 422),
        (json!({ "store": "shop-b", "client_id": APP }), 400),
        (json!({ "shop": "shop-b" }), 400),
    ] {
        assert_eq!(purge(&stores.office.key, whose.clone()).await.status, status, "{whose}");
    }
}

#[tokio::test]
async fn without_an_app_stored_for_all_nothing_is_purged_unnamed() {
    let stores = TwoStores::new().await;
    let answer = stores.office.ask("POST", "/v1/shopify/app/purge", json!({})).await;
    assert_eq!((answer.status, &answer.body["code"]), (422, &json!("refused")));
}

#[tokio::test]
async fn a_code_that_is_exchanged_proves_the_secret_that_shopify_took_and_no_other() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    assert_eq!(road.keyring()["apps"][CLIENT_ID]["secrets"], json!([CLIENT_SECRET]));
    let asks = asked(json!({ "api_secret": "forged" }));
    let answer = begin(&road.env, Authority::Stores, &asks).await.unwrap();
    assert_eq!(road.browser().walk(&answer.open.unwrap()).await.status, 200);
    assert_eq!(road.keyring()["apps"][CLIENT_ID]["secrets"], json!([CLIENT_SECRET]));
    assert_eq!(road.keyring()["stores"][STORE]["secrets"], json!(["forged"]), "for this store alone");
    assert_eq!(road.secret()["app"]["client_secrets"], json!([CLIENT_SECRET, "forged"]));
}

/// While Shopify answers for one app, another one is given: what was proven is not taken for a proof of that.
#[tokio::test]
async fn an_app_that_is_given_while_another_ones_code_is_exchanged_is_not_proven_by_it() {
    let road = Road::new().await;
    let app = json!({ "client_id": "victim", "client_secret": "secret-of-the-victim" });
    tajo_app::connect::set_app(&road.env, &serde_json::from_value(app).unwrap()).await.unwrap();
    let before = road.keyring()["apps"]["victim"].clone();
    let link = road.link(json!({})).await;
    let mut browser = road.browser();
    let callback = browser.walk_until_callback(&link).await;
    let (sender, mut knocks) = unbounded_channel::<Knock>();
    let front = Front::open(road.stage.world.clone(), Some(sender)).await;
    let world = road.stage.world.clone();
    let slow = Road {
        env: world.connect_env(&road.stage.front).await,
        callback: world.callback_env(&front).await,
        stage: Stage::with(world).await,
    };
    let mut there = Browser { road: &slow, cookie: browser.cookie.clone() };
    let mut was_given = false;
    let shown = {
        let mut opened = std::pin::pin!(there.open(&callback));
        loop {
            tokio::select! {
                knock = knocks.recv() => {
                    let knock = knock.unwrap();
                    if knock.answered && knock.call.ends_with("/admin/oauth/access_token") {
                        let asks = asked(json!({ "api_key": "victim", "api_secret": CLIENT_SECRET }));
                        assert!(!begin(&road.env, Authority::Stores, &asks).await.unwrap().connected);
                        was_given = true;
                    }
                    let _ = knock.verdict.send(Verdict::Go);
                }
                shown = &mut opened => break shown,
            }
        }
    };
    assert_eq!((shown.status, was_given), (200, true), "{}", shown.body);
    assert_eq!(road.keyring()["apps"]["victim"], before);
    assert_eq!(road.keyring()["apps"][CLIENT_ID]["secrets"], json!([CLIENT_SECRET]));
    assert_eq!(road.keyring()["stores"][STORE]["app"], CLIENT_ID);
    assert_eq!(road.secret()["app"]["client_id"], CLIENT_ID);
    assert_eq!(road.secret()["pending_app"]["client_id"], "victim", "it waits for its merchant");
}

#[tokio::test]
async fn a_token_that_is_given_to_a_store_that_waits_is_its_pending_apps() {
    let road = Road::new().await;
    road.link(json!({})).await;
    road.shop(json!({ "access_token": "shpat_given" }));
    let store = StoreId::parse(STORE).unwrap();
    let token = serde_json::from_value(json!({ "access_token": "shpat_given" })).unwrap();
    edit(&road.env, Authority::Stores, &store, &token).await.unwrap();
    assert_eq!(road.secret()["app"]["client_id"], CLIENT_ID);
    // Nothing has proven the app's secret: it signs for this store alone.
    assert_eq!(road.keyring()["apps"], json!({}));
    assert_eq!(road.keyring()["stores"][STORE]["secrets"], json!([CLIENT_SECRET]));
}

#[tokio::test]
async fn a_bound_key_connects_only_the_shop_that_its_store_has_or_that_it_is_bound_to() {
    let stores = TwoStores::new().await;
    let office = &stores.office;
    let app = json!({ "client_id": APP, "client_secret": GENUINE });
    assert_eq!(office.ask("PUT", "/v1/shopify/app", app).await.status, 204);
    let free = office.new_key("admin", Some(&["shop-b", "free"])).await;
    let connect = async |key: &str, store: &str, shop_url: &str, more: Value| {
        let asks = json!({ "platform": "shopify", "shop_url": shop_url, "store": store, "brevo_api_key": "xkeysib-free" });
        office.ask_as(key, "POST", "/v1/stores", crate::bodies::with(asks, more)).await
    };
    let account =
        json!({ "api_key": "xkeysib-free", "name": "free", "rate_limits": false, "ecommerce_active": true });
    office.stage.world.sandbox.configure(&serde_json::from_value(account).unwrap());
    let granted = json!({ "client_id": APP, "client_secrets": [GENUINE], "own_organisation": true });
    for sister in ["sister", "free"] {
        shop(&office.stage.world, &address(sister), json!({ "app": granted.clone() }));
    }
    // A sister shop under a free name, written however, with the app or without.
    for address in [
        "sister.myshopify.com",
        "https://Sister.myshopify.com/",
        "admin.shopify.com/store/sister",
        "sister",
        "free",
    ] {
        for more in [json!({}), json!({ "api_key": APP }), json!({ "api_key": APP, "api_secret": "x" })] {
            let answer = connect(&free, "free", address, more).await;
            assert_eq!(answer.status, 403, "{address}: {}", answer.body);
        }
    }
    assert_eq!(connect(&free, "shop-b", "sister.myshopify.com", json!({})).await.status, 403);
    assert_eq!(connect(&free, "shop-a", "shop-a.myshopify.com", json!({})).await.status, 403);
    assert!(stores.keyring()["stores"].get("free").is_none());
    // Its own shop again: as before.
    let again = office.ask_as(&free, "POST", "/v1/stores", stores.connect("shop-b", json!({}))).await;
    assert_eq!(again.status, 200, "{}", again.body);
    // Bound to the address, the key may connect it; the app that is stored for all only if it is named.
    let asked =
        json!({ "name": "agency", "scope": "admin", "stores": ["free"], "shops": ["sister.myshopify.com"] });
    let made = office.post("/v1/keys", asked).await;
    assert_eq!(made["shops"], json!(["sister.myshopify.com"]));
    let agency = made["secret"].as_str().unwrap();
    let unasked = connect(agency, "free", "sister.myshopify.com", json!({})).await;
    assert_eq!((unasked.status, &unasked.body["code"]), (422, &json!("refused")), "{}", unasked.body);
    assert!(unasked.body["detail"].as_str().unwrap().contains("only if it is named"), "{}", unasked.body);
    assert_eq!(connect(agency, "free", "free.myshopify.com", json!({ "api_key": APP })).await.status, 403);
    let named = connect(agency, "free", "sister.myshopify.com", json!({ "api_key": APP })).await;
    assert_eq!((named.status, &named.body["connected"]), (200, &json!(true)), "{}", named.body);
    assert_eq!(office.ask_as(agency, "GET", "/v1/stores/free", Value::Null).await.status, 200);
    // Without an app stored for all, it hears what everybody hears. An unbound key uses it unasked.
    let unbound = connect(&office.key, "free", "sister.myshopify.com", json!({})).await;
    assert_eq!(unbound.status, 200, "{}", unbound.body);
}

#[tokio::test]
async fn a_key_that_is_bound_to_an_address_does_not_touch_another_shop_of_the_same_name() {
    let office = Office::new("").await;
    office.add_store("second").await;
    let key = async |shops: Value| {
        let asked = json!({ "name": "k", "scope": "admin", "stores": ["second"], "shops": shops });
        office.ask("POST", "/v1/keys", asked).await
    };
    let of = async |address: &str| key(json!([address])).await.body["secret"].as_str().unwrap().to_owned();
    let (right, wrong) = (of("second.myshopify.com").await, of("other.myshopify.com").await);
    for (key, status, count) in [(&right, 200, 1), (&wrong, 403, 0)] {
        assert_eq!(office.ask_as(key, "GET", "/v1/stores/second", Value::Null).await.status, status);
        assert_eq!(office.ask_as(key, "POST", "/v1/stores/second/pause", Value::Null).await.status, status);
        let listed = office.ask_as(key, "GET", "/v1/stores", Value::Null).await.body;
        assert_eq!(listed["stores"].as_array().unwrap().len(), count);
    }
    for bad in [
        json!([]),
        json!(["Second.myshopify.com"]),
        json!(["second"]),
        json!(["www.example.com"]),
        json!(["second.myshopify.com", "x"]),
        json!("second.myshopify.com"),
    ] {
        assert_eq!(key(bad.clone()).await.status, 400, "{bad}");
    }
    let alone = json!({ "name": "k", "scope": "admin", "shops": ["second.myshopify.com"] });
    assert_eq!(office.ask("POST", "/v1/keys", alone).await.status, 400, "addresses alone are no bound");
}

#[tokio::test]
async fn a_secret_that_comes_with_a_token_is_the_apps_only_if_an_admin_gives_it() {
    for (authority, app) in
        [(Authority::Deployment, json!([CLIENT_SECRET])), (Authority::Stores, Value::Null)]
    {
        let road = Road::new().await;
        road.shop(json!({ "access_token": "shpat_given" }));
        let asks = asked(json!({ "access_token": "shpat_given" }));
        assert!(begin(&road.env, authority, &asks).await.unwrap().connected);
        assert_eq!(road.keyring()["apps"][CLIENT_ID]["secrets"], app, "{authority:?}");
        assert_eq!(knock(&road.stage, tajo_testkit::SHOP, "orders/create", CLIENT_SECRET).await, 200);
        // Nobody connects the store's shop to the app by its id alone.
        let linked = road.keyring()["stores"][STORE]["app"].clone();
        assert_eq!(linked == CLIENT_ID, authority == Authority::Deployment, "{linked}");
    }
}

#[tokio::test]
async fn a_custom_apps_secret_is_replaced_by_a_bound_key_for_its_store_alone() {
    let road = Road::new().await;
    road.shop(json!({ "access_token": "shpat_given" }));
    let custom = asked(json!({ "access_token": "shpat_given", "api_key": null, "api_secret": "first" }));
    assert!(begin(&road.env, Authority::Deployment, &custom).await.unwrap().connected);
    let store = StoreId::parse(STORE).unwrap();
    let news = serde_json::from_value(json!({ "api_secret": "second" })).unwrap();
    let warnings = edit(&road.env, Authority::Stores, &store, &news).await.unwrap();
    assert_eq!(warnings, [""; 0], "there is no app that could confirm it");
    assert_eq!(road.keyring()["apps"], json!({}));
    assert_eq!(road.keyring()["stores"][STORE]["secrets"], json!(["second", "first"]));
    assert_eq!(road.secret()["app"]["client_secrets"], json!(["second", "first"]));
    // An empty client id is none that is given.
    let news = serde_json::from_value(json!({ "api_key": " ", "api_secret": "third" })).unwrap();
    edit(&road.env, Authority::Stores, &store, &news).await.unwrap();
    assert_eq!(road.keyring()["stores"][STORE]["secrets"], json!(["third", "second"]));
}

#[tokio::test]
async fn a_bound_key_that_gives_the_apps_own_secret_changes_nothing() {
    let stores = TwoStores::new().await;
    let answer = stores.patch(json!({ "api_secret": GENUINE })).await;
    assert_eq!(answer.get("warnings"), None, "{answer}");
    stores.assert_a_is_untouched(&[]).await;
    assert_eq!(stores.keyring()["stores"]["shop-b"]["secrets"], json!([]));
    // Where Shopify gives the app no token by itself, it is known all the same.
    let app = json!({ "client_id": APP, "client_secrets": [GENUINE], "own_organisation": false });
    shop(&stores.office.stage.world, &address("shop-b"), json!({ "app": app }));
    stores.patch(json!({ "api_secret": GENUINE })).await;
    stores.assert_a_is_untouched(&[]).await;
    assert_eq!(stores.keyring()["stores"]["shop-b"]["secrets"], json!([]));
    let secret = stores.office.stage.world.secret("test/store/shop-b").unwrap();
    let secret: Value = serde_json::from_str(&secret).unwrap();
    assert_eq!(secret["app"]["client_secrets"], json!([GENUINE]));
}
