//! Brevo is told where to send, once, and only who carries the account's token is heard.

use std::time::Instant;

use secrecy::SecretString;
use serde_json::{Value, json};
use tajo_app::connect::{ConnectError, Connected, NewStore, Target, connect};
use tajo_app::ingest::{Answer, Ingress, IngressConfig, brevo};
use tajo_domain::StoreId;
use tajo_platforms::Platform;
use tajo_sandbox::{Happening, Post};
use tajo_testkit::{BREVO_KEY, SHOP, STORE};

use crate::consent::{JO, account, flags};
use crate::stage::Stage;

const KEYRING: &str = "test/keyring";

const URL: &str = "https://x.example/webhooks/shopify";

async fn stage() -> Stage {
    let stage = Stage::unconnected().await;
    stage.world.put_secret(KEYRING, r#"{"v":1,"stores":{}}"#);
    stage
}

async fn connected(stage: &Stage, webhook_url: Option<&str>) -> Result<Connected, ConnectError> {
    let target = Target {
        table: "state".to_owned(),
        keyring: KEYRING.to_owned(),
        store_secrets_prefix: "test/store/".to_owned(),
        brevo_api_url: format!("{}/v3", stage.front.url),
        endpoint: Some(stage.front.url.clone()),
        webhook_url: webhook_url.map(str::to_owned),
    };
    let new = NewStore {
        store: StoreId::parse(STORE).unwrap(),
        platform: Platform::Shopify,
        shop: SHOP.to_owned(),
        country: Some("DE".to_owned()),
        currency: Some("USD".to_owned()),
        live: false,
        client_secret: SecretString::from("hush".to_owned()),
        brevo_api_key: SecretString::from(BREVO_KEY.to_owned()),
        shopify_access_token: None,
        settings: String::new(),
    };
    connect(&target, &new).await
}

fn registrations(stage: &Stage) -> Vec<Value> {
    stage.world.brevo()["webhooks"].as_array().unwrap().clone()
}

fn keyring(stage: &Stage) -> Value {
    serde_json::from_str(&stage.world.secret(KEYRING).unwrap()).unwrap()
}

/// Jo unsubscribes; what Brevo posts because of it.
fn unsubscribes(stage: &Stage) -> Post {
    let wanted =
        Happening { api_key: None, event: "unsubscribe".to_owned(), email: JO.to_owned(), ts_event: None };
    let happened = stage.world.sandbox.happen(&wanted, stage.env.clock.now()).unwrap();
    happened.posts.into_iter().next().unwrap()
}

/// What the door says to it.
async fn knocks(stage: &Stage, post: &Post) -> Answer {
    let config = IngressConfig {
        live_queue_url: format!("{}/queue/live", stage.front.url),
        gather_queue_url: format!("{}/queue/gather", stage.front.url),
        keyring_secrets: vec![KEYRING.to_owned()],
        endpoint: Some(stage.front.url.clone()),
    };
    let ingress = Ingress::new(&config).await.unwrap();
    let body = post.body.to_string();
    let request = brevo::Request {
        authorization: post.authorization.as_deref(),
        account: post.url.rsplit('/').next().unwrap(),
        body: body.as_bytes(),
        received_at: stage.env.clock.now(),
        now: Instant::now(),
    };
    brevo::ingest(&ingress, request).await
}

#[tokio::test]
async fn what_brevo_posts_to_the_registered_address_with_its_token_is_heard() {
    let stage = stage().await;
    connected(&stage, Some(URL)).await.unwrap();
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    let post = unsubscribes(&stage);
    assert_eq!(knocks(&stage, &post).await, Answer::Accepted);
    assert_eq!(stage.drain().await.len(), 2, "the account's notice and the store's");
    stage.tell("customers/update", &account(8, Some(("subscribed", 8)))).await;
    assert!(flags(&stage).0, "the opt-in was before it");
}

#[tokio::test]
async fn a_missing_or_wrong_token_or_another_account_is_refused_and_nothing_is_queued() {
    let stage = stage().await;
    connected(&stage, Some(URL)).await.unwrap();
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    let good = unsubscribes(&stage);
    stage.world.take_messages();
    for wrong in [
        Post { authorization: None, ..good.clone() },
        Post { authorization: Some("Bearer wrong".to_owned()), ..good.clone() },
        Post { url: "https://x.example/brevo/ffff".to_owned(), ..good.clone() },
    ] {
        assert_eq!(knocks(&stage, &wrong).await, Answer::Refused);
    }
    assert!(stage.world.take_messages().is_empty());
}

#[tokio::test]
async fn the_previous_token_is_good_while_a_new_one_takes_over() {
    let stage = stage().await;
    connected(&stage, Some(URL)).await.unwrap();
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    let post = unsubscribes(&stage);
    let mut rotating = keyring(&stage);
    let tokens = rotating["brevo"].as_object_mut().unwrap().values_mut().next().unwrap();
    tokens["secrets"].as_array_mut().unwrap().insert(0, json!("the next one"));
    stage.world.put_secret(KEYRING, &rotating.to_string());
    assert_eq!(knocks(&stage, &post).await, Answer::Accepted);
    let new = Post { authorization: Some("Bearer the next one".to_owned()), ..post };
    assert_eq!(knocks(&stage, &new).await, Answer::Accepted);
}

#[tokio::test]
async fn connecting_again_leaves_one_registration_and_its_token_alone() {
    let stage = stage().await;
    connected(&stage, Some(URL)).await.unwrap();
    let before = (registrations(&stage), keyring(&stage)["brevo"].clone());
    assert_eq!(before.0[0]["events"], json!(["contactDeleted", "hardBounce", "spam", "unsubscribed"]));
    assert!(before.0[0]["url"].as_str().unwrap().starts_with("https://x.example/brevo/"));
    connected(&stage, Some(URL)).await.unwrap();
    assert_eq!((registrations(&stage), keyring(&stage)["brevo"].clone()), before);
    assert!(keyring(&stage)["stores"][STORE].is_object(), "the signing keys stand beside it");
}

#[tokio::test]
async fn a_stack_that_moved_takes_its_registration_along() {
    let stage = stage().await;
    connected(&stage, Some("https://old.example")).await.unwrap();
    let id = registrations(&stage)[0]["id"].clone();
    connected(&stage, Some(URL)).await.unwrap();
    let now = registrations(&stage);
    assert_eq!((now.len(), &now[0]["id"]), (1, &id));
    assert!(now[0]["url"].as_str().unwrap().starts_with("https://x.example/brevo/"));
}

#[tokio::test]
async fn a_full_account_and_a_missing_address_are_said_plainly() {
    let stage = stage().await;
    let warnings = connected(&stage, None).await.unwrap().warnings;
    assert!(matches!(&*warnings, [one] if one.contains("--webhook-url")), "{warnings:?}");
    assert!(registrations(&stage).is_empty());
    for n in 0..40 {
        let other =
            json!({"type": "marketing", "url": format!("https://else.example/{n}"), "events": ["opened"]});
        assert_eq!(stage.brevo("POST", "/v3/webhooks", &other).status, 201);
    }
    let error = connected(&stage, Some(URL)).await.unwrap_err();
    assert!(error.to_string().contains("40 webhooks") && error.hint().unwrap().contains("delete one"));
    let error = connected(&stage, Some("http://x.example")).await.unwrap_err();
    assert!(error.hint().unwrap().contains("WebhookUrl"));
}
