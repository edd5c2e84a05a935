//! Attacks on the installation, through the function's handler. Each is refused, changes nothing, and leads nowhere but to
//! a page of ours.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::ingest::{Ingress, IngressConfig, Request, ingest};
use tajo_app::sync::Outcome;
use tajo_platforms::shopify::oauth::sign_query;
use tajo_platforms::shopify::webhook::{Headers, sign};
use tajo_state::StoreStatus;
use tajo_testkit::{KEYRING, PUBLIC_URL, SHOP, SHOPIFY_TOKEN};

use crate::bodies::sample;
use crate::browser::{Browser, CLIENT_SECRET, Road, Shown, shop};
use crate::stage::ending;

const OTHER_SHOP: &str = "other-shop.myshopify.com";

/// A merchant who has been sent back: the browser, and the address of the callback.
async fn sent_back(road: &Road) -> (Browser<'_>, String) {
    let link = road.link(json!({})).await;
    let mut browser = road.browser();
    let callback = browser.walk_until_callback(&link).await;
    (browser, callback)
}

/// The same callback with other parameters, signed anew as only somebody with the app's secret could.
fn signed_with(callback: &str, changes: &[(&str, Option<&str>)]) -> String {
    let (address, query) = callback.split_once('?').unwrap();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    let mut pairs: Vec<(String, String)> = pairs.filter(|(name, _)| name != "hmac").collect();
    for (changed, value) in changes {
        pairs.retain(|(name, _)| name != changed);
        pairs.extend(value.map(|value| ((*changed).to_owned(), value.to_owned())));
    }
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let query =
        pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
    format!("{address}?{query}&hmac={}", sign_query(&query, CLIENT_SECRET.as_bytes()))
}

/// Refused with a page, without a redirect, and nothing of the store changed.
async fn refused(road: &Road, shown: &Shown, status: u16) {
    assert_eq!(shown.status, status, "{}", shown.body);
    assert_eq!(shown.header("location"), None);
    assert!(shown.body.starts_with("<!doctype html>"));
    let record = road.record().await;
    assert_eq!((record.status, record.installed_at), (StoreStatus::Connecting, None));
    assert_eq!(road.keyring()["stores"], json!({}));
    assert_eq!(road.secret()["shopify_access_token"], Value::Null);
    assert!(road.stage.world.take_messages().is_empty());
}

#[tokio::test]
async fn a_callback_without_a_state_is_refused() {
    let road = Road::new().await;
    let (mut browser, callback) = sent_back(&road).await;
    let shown = browser.open(&signed_with(&callback, &[("state", None)])).await;
    refused(&road, &shown, 400).await;
    let shown = browser.open(&signed_with(&callback, &[("state", Some(""))])).await;
    refused(&road, &shown, 410).await;
    let shown = browser.open(&signed_with(&callback, &[("state", Some("guessed"))])).await;
    refused(&road, &shown, 410).await;
}

#[tokio::test]
async fn a_state_is_good_once() {
    let road = Road::new().await;
    let (mut browser, callback) = sent_back(&road).await;
    let mut twin = Browser { road: &road, cookie: browser.cookie.clone() };
    assert_eq!(browser.open(&callback).await.status, 200);
    let before = road.secret();
    let shown = twin.open(&callback).await;
    assert_eq!((shown.status, road.secret()), (410, before));
}

#[tokio::test]
async fn a_state_that_was_refused_once_is_gone() {
    let road = Road::new().await;
    let (mut browser, callback) = sent_back(&road).await;
    let shown = road.browser().open(&callback).await;
    refused(&road, &shown, 403).await;
    let shown = browser.open(&callback).await;
    refused(&road, &shown, 410).await;
}

#[tokio::test]
async fn a_state_ends_after_ten_minutes() {
    let road = Road::new().await;
    let (mut browser, callback) = sent_back(&road).await;
    road.stage.world.advance(SignedDuration::from_mins(10));
    let now = road.env.clock.now().as_second().to_string();
    let shown = browser.open(&signed_with(&callback, &[("timestamp", Some(&now))])).await;
    refused(&road, &shown, 410).await;
}

#[tokio::test]
async fn a_callback_in_another_browser_is_refused() {
    let road = Road::new().await;
    let (_, callback) = sent_back(&road).await;
    // An attacker's own visit, and the victim's browser: with no cookie, with another visit's, with a made-up one.
    let (victim, _) = sent_back(&road).await;
    for cookie in [None, victim.cookie.clone(), Some("__Host-tajo-visit=made-up".to_owned())] {
        let (_, callback) = sent_back(&road).await;
        let shown = Browser { road: &road, cookie }.open(&callback).await;
        refused(&road, &shown, 403).await;
    }
    let shown = Browser { road: &road, cookie: victim.cookie }.open(&callback).await;
    refused(&road, &shown, 403).await;
}

#[tokio::test]
async fn a_callback_for_another_shop_is_refused() {
    let road = Road::new().await;
    shop(
        &road.stage.world,
        OTHER_SHOP,
        json!({ "app": { "client_id": crate::browser::CLIENT_ID,
        "client_secrets": [CLIENT_SECRET] } }),
    );
    road.begin(json!({ "shop_url": OTHER_SHOP })).await.unwrap();
    let (mut browser, callback) = sent_back(&road).await;
    // Signed by the same app, for its other shop: the state belongs to the first.
    let shown = browser.open(&signed_with(&callback, &[("shop", Some(OTHER_SHOP))])).await;
    refused(&road, &shown, 400).await;
    assert_eq!(road.record_of("other-shop").await.installed_at, None);
    let stranger = browser.open(&signed_with(&callback, &[("shop", Some("stranger.myshopify.com"))])).await;
    refused(&road, &stranger, 400).await;
}

#[tokio::test]
async fn no_query_path_or_event_of_a_stranger_makes_the_function_fail() {
    let road = Road::new().await;
    let mut browser = road.browser();
    let query = |path: &str, query: &str| json!({ "rawPath": path, "rawQueryString": query });
    for path in ["/oauth/shopify/install", "/oauth/shopify/callback", "no path \u{1}\"", ""] {
        for odd in
            ["a=\"", "shop=\"&a=<>", "a b\u{1}", "%", "%ff%00&shop=%zz", "shop[]=1&shop=2", "ä\u{202e}", ""]
        {
            let shown = browser.answered(&query(path, odd)).await;
            assert_eq!((shown.status, shown.header("location")), (400, None), "{path}?{odd}");
        }
    }
    for odd in [
        json!(null),
        json!([1]),
        json!({"rawPath": 7}),
        json!({"body": "no base64!", "isBase64Encoded": true}),
    ] {
        let shown = browser.answered(&odd).await;
        assert!(shown.status == 400 && shown.body.contains("neither Shopify's nor one of ours"), "{odd}");
    }
    let odd_host = json!({ "rawPath": "/oauth/shopify/install", "headers": {"host": "no host \u{0}", "x\n": "\r\n"},
        "cookies": ["\u{1}", "=;;=", "__Host-tajo-visit"] });
    assert_eq!(browser.answered(&odd_host).await.status, 400);
}

#[tokio::test]
async fn names_that_only_look_like_shops_are_refused_at_both_doors() {
    let road = Road::new().await;
    let (mut browser, callback) = sent_back(&road).await;
    for name in [
        "a.myshopify.com.evil.com",
        "demo-shop.myshopify.com.evil.com",
        "evil.com/demo-shop.myshopify.com",
        "evil.com?x=demo-shop.myshopify.com",
        "evil.com#demo-shop.myshopify.com",
        "user@demo-shop.myshopify.com",
        "demo-shop.myshopify.com@evil.com",
        "demo-shop.myshopify.com:8443",
        "demo-shop.myshopify.com/admin",
        "demo-shop%2Emyshopify%2Ecom.evil.com",
        "demo-shop%2emyshopify%2ecom",
        "dëmo-shop.myshopify.com",
        "xn--dmo-shop-d1a.myshopify.com.evil.com",
        "demo-shop.myshopify.com.",
        "demo-shop.myshopify.com\r\nset-cookie: x=1",
        "https://demo-shop.myshopify.com",
        ".myshopify.com",
        "-demo-shop.myshopify.com",
        "demo.shop.myshopify.com",
        "",
    ] {
        let shown = browser.open(&signed_with(&callback, &[("shop", Some(name))])).await;
        refused(&road, &shown, 400).await;
        let install = callback.replace("/callback?", "/install?");
        let shown = browser.open(&signed_with(&install, &[("shop", Some(name)), ("state", None)])).await;
        refused(&road, &shown, 400).await;
    }
    // Upper case is the same shop, and is written in lower case from then on.
    let page = browser.open(&signed_with(&callback, &[("shop", Some("Demo-Shop.MyShopify.COM"))])).await;
    assert_eq!(page.status, 200);
    assert_eq!(road.keyring()["stores"]["demo-shop"]["shop"], SHOP);
}

#[tokio::test]
async fn a_query_that_was_touched_is_refused_and_one_that_was_only_written_otherwise_is_not() {
    let road = Road::new().await;
    let (mut browser, callback) = sent_back(&road).await;
    let (address, query) = callback.split_once('?').unwrap();
    let pairs: Vec<&str> = query.split('&').collect();
    let find = |name: &str| *pairs.iter().find(|pair| pair.starts_with(name)).unwrap();
    let (code, hmac) = (find("code="), find("hmac="));
    let shop = find("shop=");
    for (what, touched) in [
        ("another code", callback.replace(code, "code=stolen")),
        ("no signature", callback.replace(&format!("&{hmac}"), "")),
        ("an empty signature", callback.replace(hmac, "hmac=")),
        ("upper case", callback.replace(hmac, &hmac.to_uppercase().replace("HMAC", "hmac"))),
        ("a doubled code", format!("{callback}&code=stolen")),
        ("a doubled shop", format!("{callback}&{shop}")),
        ("a doubled state", format!("{callback}&state=x")),
        ("a doubled signature", format!("{callback}&{hmac}")),
        ("one more", format!("{callback}&extra=1")),
        ("an array", callback.replace("code=", "code[]=")),
        ("a nested one", callback.replace("shop=", "shop[x]=")),
        ("a moved border", callback.replacen('&', "%26", 1)),
        ("the name encoded away", callback.replace("shop=", "sh%6Fp%00=")),
    ] {
        let shown = browser.open(&touched).await;
        refused(&road, &shown, 400).await;
        assert!(!shown.body.contains("stolen"), "{what}");
    }
    let mut reordered = pairs.clone();
    reordered.reverse();
    let encoded = reordered.join("&").replace("demo-shop", "%64emo%2Dshop");
    let page = browser.open(&format!("{address}?{encoded}")).await;
    assert_eq!(page.status, 200, "reordered and encoded otherwise, it says the same");
}

#[tokio::test]
async fn an_old_query_is_refused() {
    let road = Road::new().await;
    let (mut browser, callback) = sent_back(&road).await;
    road.stage.world.advance(SignedDuration::from_secs(91));
    let shown = browser.open(&callback).await;
    refused(&road, &shown, 410).await;
}

#[tokio::test]
async fn no_parameter_leads_the_browser_anywhere_else() {
    let road = Road::new().await;
    let link = road.link(json!({})).await;
    for parameter in
        ["redirect_uri", "return_to", "host", "next", "url", "client_id", "scope", "grant_options[]"]
    {
        let shown = road.browser().open(&format!("{link}&{parameter}=https%3A%2F%2Fevil.test")).await;
        let to = shown.header("location").unwrap();
        assert!(to.starts_with(&format!("{}/admin/oauth/authorize?", road.stage.front.url)), "{to}");
        assert!(!to.contains("evil"), "{to}");
        assert!(to.contains("redirect_uri=https%3A%2F%2Ftajo.example%2Foauth%2Fshopify%2Fcallback&"), "{to}");
    }
    let (mut browser, callback) = sent_back(&road).await;
    let page = browser.open(&signed_with(&callback, &[("redirect_uri", Some("https://evil.test"))])).await;
    assert_eq!((page.status, page.header("location")), (200, None));
}

#[tokio::test]
async fn only_shopify_or_our_link_begins_an_installation() {
    let road = Road::new().await;
    let link = road.link(json!({})).await;
    let bare = format!("{PUBLIC_URL}/oauth/shopify/install?shop={SHOP}");
    refused(&road, &road.browser().open(&bare).await, 400).await;
    refused(&road, &road.browser().open(&format!("{bare}&link=guessed")).await, 410).await;
    let for_another = link.replace(SHOP, OTHER_SHOP);
    refused(&road, &road.browser().open(&for_another).await, 410).await;
    road.stage.world.advance(SignedDuration::from_hours(72));
    refused(&road, &road.browser().open(&link).await, 410).await;
    // Signed by Shopify: good for a shop that is being connected, and a kind word for any other.
    let now = road.env.clock.now().as_second();
    let signed = |shop: &str| {
        let query = format!("host=aG9zdA&shop={shop}&timestamp={now}");
        format!(
            "{PUBLIC_URL}/oauth/shopify/install?{query}&hmac={}",
            sign_query(&query, CLIENT_SECRET.as_bytes())
        )
    };
    assert_eq!(road.browser().open(&signed(SHOP)).await.status, 302);
    let app = json!({ "client_id": crate::browser::CLIENT_ID, "client_secret": CLIENT_SECRET });
    tajo_app::connect::set_app(&road.env, &serde_json::from_value(app).unwrap()).await.unwrap();
    let stranger = road.browser().open(&signed(OTHER_SHOP)).await;
    refused(&road, &stranger, 404).await;
    assert!(stranger.body.contains(&format!("install shopify --shop-url {OTHER_SHOP}")), "{}", stranger.body);
}

#[tokio::test]
async fn a_link_that_led_to_its_end_is_used_up() {
    let road = Road::new().await;
    let link = road.link(json!({})).await;
    assert_eq!(road.browser().walk(&link).await.status, 200);
    assert_eq!(road.browser().open(&link).await.status, 410);
}

#[tokio::test]
async fn a_code_that_is_not_this_shops_gives_no_token() {
    let road = Road::new().await;
    let (mut browser, callback) = sent_back(&road).await;
    let shown = browser.open(&signed_with(&callback, &[("code", Some("of-another-shop"))])).await;
    refused(&road, &shown, 410).await;
    // An app whose secret is not Shopify's any more: said as what it is.
    let (mut browser, callback) = sent_back(&road).await;
    road.app(json!({ "client_secrets": ["rotated"] }));
    let shown = browser.open(&callback).await;
    refused(&road, &shown, 502).await;
    assert!(shown.body.contains("tajo shopify app set"));
}

#[tokio::test]
async fn while_a_secret_is_rotated_both_are_believed_and_tried() {
    let road = Road::new().await;
    // Shopify still signs with the oldest; here the new one is first.
    road.app(json!({ "client_secrets": ["new-secret", CLIENT_SECRET] }));
    let app = |secret: &str| {
        let app = json!({ "client_id": crate::browser::CLIENT_ID, "client_secret": secret });
        serde_json::from_value(app).unwrap()
    };
    for secret in [CLIENT_SECRET, "new-secret"] {
        tajo_app::connect::set_app(&road.env, &app(secret)).await.unwrap();
    }
    let nobody = json!({ "api_key": null, "api_secret": null });
    assert_eq!(road.browser().walk(&road.link(nobody).await).await.status, 200);
}

#[tokio::test]
async fn fewer_rights_than_asked_for_are_noticed_and_never_taken_for_more() {
    let road = Road::new().await;
    road.app(json!({ "grants": ["read_products"] }));
    let page = road.browser().walk(&road.link(json!({})).await).await;
    assert!(page.body.contains("did not grant"), "{}", page.body);
    road.stage.drain().await;
    let record = road.record().await;
    assert_eq!(record.scopes.unwrap().missing, ["read_customers", "read_orders"]);
    assert!(record.attention.unwrap().contains("read_customers, read_orders"));
}

/// Shopify signs only the body: a signed one is sent under another topic, or for another shop.
#[tokio::test]
async fn a_signed_body_under_another_topic_or_shop_does_no_harm() {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    let body = sample("customers-create").to_string();
    let signature = sign(body.as_bytes(), CLIENT_SECRET.as_bytes());
    let config = IngressConfig {
        live_queue_url: format!("{}/queue/live", road.stage.front.url),
        gather_queue_url: format!("{}/queue/gather", road.stage.front.url),
        keyring_secrets: vec![KEYRING.to_owned()],
        endpoint: Some(road.stage.front.url.clone()),
    };
    let ingress = Ingress::new(&config).await.unwrap();
    let knocks = async |shop: &str, topic: &str| {
        let headers = Headers::read([
            ("x-shopify-topic", topic),
            ("x-shopify-shop-domain", shop),
            ("x-shopify-hmac-sha256", &signature),
        ]);
        let request = Request {
            headers,
            path_store: None,
            body: body.as_bytes(),
            received_at: road.env.clock.now(),
            now: std::time::Instant::now(),
        };
        ingest(&ingress, request).await.status()
    };
    // Another shop: its secret is another, or it is not known.
    assert_eq!(knocks(OTHER_SHOP, "customers/create").await, 401);
    // Another topic of this shop: destructive ones find that the body is not theirs.
    for topic in ["app/uninstalled", "shop/redact", "customers/redact", "customers/delete"] {
        knocks(SHOP, topic).await;
    }
    for topic in ["tajo/set_up", "tajo/check_webhooks", "tajo/cart_due"] {
        knocks(SHOP, topic).await;
    }
    for report in road.stage.drain().await {
        assert_ne!(report.outcome, Outcome::Applied, "{}", ending(&report));
    }
    let record = road.record().await;
    assert_eq!(record.status, StoreStatus::Active, "nobody removed the app");
    assert_ne!(road.secret()["shopify_access_token"], SHOPIFY_TOKEN);
}
