//! The token of a store: got anew once for all functions, whatever happens on the way.

use std::sync::Arc;

use futures::FutureExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Record, Report, Source, sync};
use tajo_platforms::Notice;
use tajo_platforms::Platform;
use tajo_platforms::notice::CHECK_WEBHOOKS;
use tajo_state::StoreStatus;
use tajo_testkit::{Front, Knock, SHOP, STORE, Verdict, World};
use tokio::sync::mpsc::unbounded_channel;

use crate::browser::{CLIENT_SECRET, Road};
use crate::stage::ending;

const TOKEN: &str = "/admin/oauth/access_token";

async fn connected() -> Road {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    assert_eq!(road.record().await.status, StoreStatus::Active);
    road.stage.world.sandbox.forget_calls();
    road
}

/// Requests for a token that the shop answered with one.
fn grants(road: &Road) -> usize {
    road.stage.calls("POST", TOKEN).into_iter().filter(|call| call.status == 200).count()
}

/// A notice whose work asks Shopify, worked on by a function of its own.
async fn works(world: Arc<World>) -> Report {
    let front = world.front().await;
    works_at(&world, &front).await
}

async fn works_at(world: &World, front: &Front) -> Report {
    let env = world.env(front).await;
    let store = tajo_domain::StoreId::parse(STORE).unwrap();
    let notice = Notice::of_ours(CHECK_WEBHOOKS, &store, Platform::Shopify, SHOP, env.clock.now());
    let record =
        Record { message_id: "m".to_owned(), body: notice.to_json(), received: 1, source: Source::Live };
    let deadline = env.clock.now().saturating_add(SignedDuration::from_secs(60)).unwrap();
    sync(&env, vec![record], "request", deadline).boxed().await.pop().unwrap()
}

async fn twenty(road: &Road) -> Vec<Report> {
    let functions = (0..20).map(|_| tokio::spawn(works(road.stage.world.clone())));
    futures::future::join_all(functions).await.into_iter().map(Result::unwrap).collect()
}

fn all_ended_well(reports: &[Report]) {
    for report in reports {
        assert_eq!(report.outcome, Outcome::Unchanged, "{}", ending(report));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_functions_refreshing_at_once_cause_one_refresh() {
    let road = connected().await;
    // It is about to die: whoever does not refresh it goes on with it.
    road.stage.world.advance(SignedDuration::from_mins(57));
    all_ended_well(&twenty(&road).await);
    assert_eq!(grants(&road), 1);
    // It is dead: everybody waits for the next one.
    road.stage.world.advance(SignedDuration::from_mins(61));
    all_ended_well(&twenty(&road).await);
    assert_eq!(grants(&road), 2);
    // It was revoked, and nobody knows yet: one forced refresh for all.
    road.shop(json!({ "revoke_tokens": true }));
    all_ended_well(&twenty(&road).await);
    assert_eq!(grants(&road), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_is_waited_for_by_all_and_asked_for_once() {
    let road = connected().await;
    road.stage.world.advance(SignedDuration::from_mins(61));
    let (sender, mut knocks) = unbounded_channel::<Knock>();
    let world = road.stage.world.clone();
    let slow = tokio::spawn(async move {
        let front = Front::open(world.clone(), Some(sender)).await;
        works_at(&world, &front).await
    });
    // The first one has asked Shopify, and its answer takes two seconds.
    let (asked, has_asked) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut asked = Some(asked);
        while let Some(knock) = knocks.recv().await {
            if knock.call.ends_with(TOKEN) && knock.answered {
                let _ = asked.take().map(|asked| asked.send(()));
                tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            }
            let _ = knock.verdict.send(Verdict::Go);
        }
    });
    has_asked.await.unwrap();
    all_ended_well(&twenty(&road).await);
    all_ended_well(&[slow.await.unwrap()]);
    assert_eq!(grants(&road), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_dies_with_the_lease_loses_nothing() {
    let road = connected().await;
    road.stage.world.advance(SignedDuration::from_mins(61));
    // Shopify has given the next pair, and the function dies before it is written down.
    let (sender, mut knocks) = unbounded_channel::<Knock>();
    let world = road.stage.world.clone();
    let dying = tokio::spawn(async move {
        let front = Front::open(world.clone(), Some(sender)).await;
        works_at(&world, &front).await
    });
    loop {
        let knock = knocks.recv().await.unwrap();
        if knock.call.contains("PutSecretValue") {
            break;
        }
        let _ = knock.verdict.send(Verdict::Go);
    }
    dying.abort();
    drop(knocks);
    assert_eq!(grants(&road), 1);
    // Its lease ends by itself; the refresh token it used is still good.
    road.stage.world.advance(SignedDuration::from_secs(46));
    all_ended_well(&twenty(&road).await);
    assert_eq!(grants(&road), 2);
}

#[tokio::test]
async fn the_old_token_is_used_while_shopify_gives_no_new_one() {
    let road = connected().await;
    road.stage.world.advance(SignedDuration::from_mins(57));
    road.stage.fault(json!({ "path": TOKEN, "times": 3, "action": { "status": 503 } }));
    let before = road.secret();
    assert_eq!(works(road.stage.world.clone()).await.outcome, Outcome::Unchanged);
    assert_eq!(road.secret(), before);
    assert_eq!(road.record().await.attention, None);
    // It is dead, and there is still none: the work waits.
    road.stage.world.advance(SignedDuration::from_mins(10));
    let waits = works(road.stage.world.clone()).await;
    assert_eq!(waits.outcome, Outcome::Deferred, "{}", ending(&waits));
    road.stage.world.take_messages();
    road.stage.world.sandbox.clear_faults();
    assert_eq!(works(road.stage.world.clone()).await.outcome, Outcome::Unchanged);
    assert_eq!(grants(&road), 1);
}

#[tokio::test]
async fn a_lost_answer_costs_one_more_refresh_and_nothing_else() {
    let road = connected().await;
    road.stage.world.advance(SignedDuration::from_mins(61));
    road.stage.fault(json!({ "path": TOKEN, "action": { "apply_then_drop": true } }));
    let waits = works(road.stage.world.clone()).await;
    assert_eq!(waits.outcome, Outcome::Deferred, "{}", ending(&waits));
    road.stage.world.take_messages();
    assert_eq!(works(road.stage.world.clone()).await.outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn a_grant_that_ended_needs_attention_and_says_what_to_do() {
    for (what, breaks, says) in [
        ("the merchant removed the app", json!({ "installed": false }), "permission for this app has ended"),
        (
            "the secret is another",
            json!({ "revoke_tokens": true, "app": { "client_id": crate::browser::CLIENT_ID,
                "client_secrets": ["another"] } }),
            "does not know the app",
        ),
    ] {
        let road = connected().await;
        road.shop(breaks);
        road.stage.world.advance(SignedDuration::from_mins(61));
        let report = works(road.stage.world.clone()).await;
        assert_eq!(report.outcome, Outcome::Skipped, "{what}: {}", ending(&report));
        let record = road.record().await;
        assert_eq!(record.status, StoreStatus::NeedsAttention, "{what}");
        assert!(record.attention.as_ref().unwrap().contains(says), "{what}: {:?}", record.attention);
        // Its merchant agrees once more.
        road.app(json!({}));
        assert_eq!(road.browser().walk(&road.link(json!({})).await).await.status, 200);
        road.stage.world.advance(SignedDuration::from_secs(61));
        road.stage.drain().await;
        assert_eq!(road.record().await.status, StoreStatus::Active, "{what}");
    }
}

#[tokio::test]
async fn a_token_lives_on_while_its_apps_secret_is_rotated() {
    let road = connected().await;
    // Shopify takes only the new one; the store still has the old one first.
    road.app(json!({ "client_secrets": ["new-secret"] }));
    let news: Value = json!({ "client_id": crate::browser::CLIENT_ID, "client_secret": "new-secret" });
    tajo_app::connect::set_app(&road.env, &serde_json::from_value(news).unwrap()).await.unwrap();
    assert_eq!(road.secret()["app"]["client_secrets"], json!(["new-secret", CLIENT_SECRET]));
    road.stage.world.advance(SignedDuration::from_mins(61));
    assert_eq!(works(road.stage.world.clone()).await.outcome, Outcome::Unchanged);
    // And the other way round: Shopify takes only the old one yet.
    road.app(json!({}));
    road.stage.world.advance(SignedDuration::from_mins(61));
    assert_eq!(works(road.stage.world.clone()).await.outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn an_apps_own_token_is_asked_for_again_after_a_day() {
    let road = Road::new().await;
    road.app(json!({ "own_organisation": true }));
    assert!(road.begin(json!({})).await.unwrap().connected);
    road.stage.drain().await;
    road.stage.world.sandbox.forget_calls();
    road.stage.world.advance(SignedDuration::from_hours(23));
    works(road.stage.world.clone()).await;
    assert_eq!(grants(&road), 0);
    road.stage.world.advance(SignedDuration::from_hours(2));
    assert_eq!(works(road.stage.world.clone()).await.outcome, Outcome::Unchanged);
    assert_eq!(grants(&road), 1);
}
