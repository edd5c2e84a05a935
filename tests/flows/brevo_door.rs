//! Brevo is told where to send, once, and only who carries the account's token is heard.

use std::time::Instant;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::ingest::{Answer, Ingress, IngressConfig, brevo};
use tajo_sandbox::{Happening, Post};
use tajo_testkit::{KEYRING, STORE};

use crate::consent::{JO, account, flags};
use crate::set_up::{begun, connected};
use crate::stage::Stage;

/// A store that is connected: Brevo was told where to send.
async fn stage() -> Stage {
    let stage = Stage::unconnected().await;
    connected(&stage, STORE, json!({})).await.unwrap();
    stage
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
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    let good = unsubscribes(&stage);
    stage.world.take_messages();
    for wrong in [
        Post { authorization: None, ..good.clone() },
        Post { authorization: Some("Bearer wrong".to_owned()), ..good.clone() },
        Post { url: "https://tajo.example/brevo/ffff".to_owned(), ..good.clone() },
    ] {
        assert_eq!(knocks(&stage, &wrong).await, Answer::Refused);
    }
    assert!(stage.world.take_messages().is_empty());
}

#[tokio::test]
async fn the_previous_token_is_good_while_a_new_one_takes_over() {
    let stage = stage().await;
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
    let known = || {
        let registered = registrations(&stage).into_iter();
        let parts = registered.map(|one| ["id", "url", "events"].map(|part| one[part].clone()));
        (parts.collect::<Vec<_>>(), keyring(&stage)["brevo"].clone())
    };
    let before = known();
    let [[_, url, events]] = &*before.0 else { panic!("{before:?}") };
    assert_eq!(*events, json!(["contactDeleted", "hardBounce", "spam", "unsubscribed"]));
    assert!(url.as_str().unwrap().starts_with("https://tajo.example/brevo/"));
    connected(&stage, STORE, json!({})).await.unwrap();
    assert_eq!(known(), before);
    assert!(keyring(&stage)["stores"][STORE].is_object(), "the signing keys stand beside it");
}

#[tokio::test]
async fn a_stack_that_moved_takes_its_registration_along() {
    let mut stage = stage().await;
    let id = registrations(&stage)[0]["id"].clone();
    stage.env.public_url = "https://new.example".to_owned();
    connected(&stage, STORE, json!({})).await.unwrap();
    let now = registrations(&stage);
    assert_eq!((now.len(), &now[0]["id"]), (1, &id));
    assert!(now[0]["url"].as_str().unwrap().starts_with("https://new.example/brevo/"));
}

#[tokio::test]
async fn a_full_account_and_an_address_that_brevo_does_not_take_are_said_plainly() {
    let mut stage = Stage::unconnected().await;
    for n in 0..40 {
        let other =
            json!({"type": "marketing", "url": format!("https://else.example/{n}"), "events": ["opened"]});
        assert_eq!(stage.brevo("POST", "/v3/webhooks", &other).status, 201);
    }
    let said = async |stage: &Stage| {
        begun(stage, STORE, json!({})).await.unwrap();
        let reports = stage.drain().await;
        reports.first().unwrap().line.reason.clone().unwrap()
    };
    let full = said(&stage).await;
    assert!(full.contains("40 webhooks") && full.contains("delete one"), "{full}");
    stage.env.public_url = "http://x.example".to_owned();
    let plain = said(&stage).await;
    assert!(plain.contains("WebhookUrl"), "{plain}");
    assert_eq!(registrations(&stage).len(), 40);
}

#[tokio::test]
async fn a_rotated_token_is_good_before_brevo_has_it_and_the_old_one_for_a_day_after() {
    let stage = stage().await;
    let mapping = json!({ "settings": "field_mapping: {email: email}" });
    connected(&stage, "second", mapping.clone()).await.unwrap();
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    let old = unsubscribes(&stage);
    let office = crate::manage::Office::at(stage).await;
    let world = &office.stage.world;
    let rotate = async || office.post(&crate::manage::at("/brevo-token"), Value::Null).await;
    assert_eq!(rotate().await, json!({"state": "begun", "wait_seconds": 90}));
    let new = |keyring: &Value, index: usize| {
        let entry = keyring["brevo"].as_object().unwrap().values().next().unwrap().clone();
        let authorization = Some(format!("Bearer {}", entry["secrets"][index].as_str().unwrap()));
        Post { authorization, ..old.clone() }
    };
    // Brevo has the old one, and both are good.
    let begun = keyring(&office.stage);
    assert_eq!(new(&begun, 0).authorization, old.authorization);
    assert_eq!(knocks(&office.stage, &old).await, Answer::Accepted);
    assert_eq!(knocks(&office.stage, &new(&begun, 1)).await, Answer::Accepted);
    world.advance(SignedDuration::from_secs(60));
    let again = rotate().await;
    assert!((1..=30).contains(&again["wait_seconds"].as_i64().unwrap()), "{again}");
    assert_eq!(keyring(&office.stage), begun, "nothing is begun twice");
    world.advance(SignedDuration::from_secs(31));
    assert_eq!(rotate().await["state"], "done");
    let done = keyring(&office.stage);
    assert_eq!(new(&done, 0).authorization, new(&begun, 1).authorization);
    let brevos = unsubscribes(&office.stage);
    assert_eq!(brevos.authorization, new(&done, 0).authorization, "what Brevo posts carries it");
    // A set-up of any store of the account leaves it alone.
    for (store, asks) in [(STORE, json!({})), ("second", mapping)] {
        world.take_messages();
        connected(&office.stage, store, asks).await.unwrap();
        assert_eq!(unsubscribes(&office.stage).authorization, brevos.authorization, "{store}");
    }
    assert_eq!(knocks(&office.stage, &old).await, Answer::Accepted, "what Brevo sends again");
    world.advance(SignedDuration::from_hours(24));
    assert_eq!(knocks(&office.stage, &old).await, Answer::Refused);
    assert_eq!(knocks(&office.stage, &brevos).await, Answer::Accepted);
}

#[tokio::test]
async fn a_rotation_that_brevo_refuses_leaves_both_tokens_good_and_goes_on_with_the_next_call() {
    let stage = stage().await;
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    let old = unsubscribes(&stage);
    let office = crate::manage::Office::at(stage).await;
    let path = crate::manage::at("/brevo-token");
    office.post(&path, Value::Null).await;
    office.stage.world.advance(SignedDuration::from_secs(91));
    office.stage.fault(json!({ "path": "/v3/webhooks*", "times": 50, "action": { "status": 401 } }));
    assert!(office.ask("POST", &path, Value::Null).await.status >= 400);
    office.stage.world.advance(SignedDuration::from_hours(24 * 30));
    assert_eq!(knocks(&office.stage, &old).await, Answer::Accepted, "Brevo has no other");
    office.stage.world.sandbox.clear_faults();
    assert_eq!(office.post(&path, Value::Null).await["state"], "done");
    assert_ne!(unsubscribes(&office.stage).authorization, old.authorization);
}
