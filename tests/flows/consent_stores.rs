//! Two stores of one Brevo account speak of one contact: what one never asked, the other may have been told.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Report};
use tajo_domain::StoreId;
use tajo_platforms::Notice;
use tajo_testkit::{STORE, record};

use crate::bodies::{cast, with};
use crate::consent::{JO, account, assert_never_forced, flags, with_sms};
use crate::stage::Stage;

const SECOND: &str = "second-shop";

async fn stage() -> Stage {
    let stage = Stage::new("").await;
    stage.world.add_store(&stage.front, SECOND, "second-shop.myshopify.com", "").await;
    stage
}

fn notice(stage: &Stage, store: &str, body: &Value) -> Notice {
    let own = if store == STORE {
        body.clone()
    } else {
        with(body.clone(), json!({"id": 42, "admin_graphql_api_id": null}))
    };
    let mut notice = stage.notice("customers/update", &own);
    notice.store = StoreId::parse(store).ok();
    notice.shop = format!("{store}.myshopify.com");
    notice
}

async fn tell(stage: &Stage, store: &str, body: &Value) -> Report {
    stage.deliver(&notice(stage, store, body)).await
}

fn silent(minute: u32) -> Value {
    account(minute, None)
}

fn says(state: &str, minute: u32) -> Value {
    account(minute, Some((state, minute)))
}

#[tokio::test]
async fn an_opt_in_of_one_store_lifts_the_block_that_another_set_unasked() {
    for (first, then) in [(STORE, SECOND), (SECOND, STORE)] {
        // At once, and after this store has known the contact for a while.
        for known_before in [false, true] {
            let stage = stage().await;
            tell(&stage, first, &silent(1)).await;
            assert_eq!(flags(&stage), (true, true));
            if known_before {
                tell(&stage, then, &silent(2)).await;
            }
            tell(&stage, then, &says("subscribed", 3)).await;
            assert_eq!(flags(&stage), (false, true));
            // Nothing that the first store says without an opt-out closes it again.
            tell(&stage, first, &silent(4)).await;
            let again = record(&notice(&stage, first, &silent(5)), 2);
            stage.receive(again).await;
            assert_eq!(flags(&stage), (false, true));
        }
    }
}

#[tokio::test]
async fn an_opt_in_before_the_other_store_knows_the_contact_stays() {
    let stage = stage().await;
    tell(&stage, STORE, &says("subscribed", 1)).await;
    tell(&stage, SECOND, &silent(2)).await;
    assert_eq!(flags(&stage), (false, true));
}

#[tokio::test]
async fn the_same_of_text_messages_to_the_same_number() {
    let stage = stage().await;
    tell(&stage, SECOND, &with_sms(silent(1), "not_subscribed", 1)).await;
    tell(&stage, STORE, &with_sms(silent(2), "subscribed", 2)).await;
    assert_eq!(flags(&stage), (true, false));
}

#[tokio::test]
async fn an_opt_out_that_only_the_other_stores_records_know_is_not_lifted() {
    for (out, yes) in [(5, 3), (3, 5)] {
        let stage = stage().await;
        // The contact is created with it: no other store was told.
        tell(&stage, SECOND, &says("unsubscribed", out)).await;
        tell(&stage, STORE, &says("subscribed", yes)).await;
        assert!(flags(&stage).0, "out at {out}, yes at {yes}: a block for an opt-out is its store's to lift");
    }
    // It came after this store had seen the block as unasked.
    let stage = stage().await;
    tell(&stage, SECOND, &silent(1)).await;
    tell(&stage, STORE, &silent(2)).await;
    tell(&stage, SECOND, &says("unsubscribed", 5)).await;
    tell(&stage, STORE, &says("subscribed", 4)).await;
    assert!(flags(&stage).0);
}

#[tokio::test]
async fn an_opt_in_lifts_the_block_of_a_creation_that_the_other_store_could_not_mark() {
    for lost in [json!({"apply_then_drop": true}), json!({"drop": true})] {
        let stage = stage().await;
        stage.fault(json!({"method": "POST", "path": "/v3/contacts", "action": lost}));
        let creation = notice(&stage, SECOND, &silent(1));
        let first = stage.deliver(&creation).await;
        assert!(matches!(first.outcome, Outcome::Retried | Outcome::Deferred), "{first:?}");
        tell(&stage, STORE, &says("subscribed", 2)).await;
        assert_eq!(flags(&stage), (false, true), "{lost}");
        stage.receive(record(&creation, 2)).await;
        stage.drain().await;
        assert_eq!(flags(&stage), (false, true), "the first store's notice again: {lost}");
    }
}

#[tokio::test]
async fn an_opt_in_does_not_lift_a_block_that_neither_store_set() {
    let stage = stage().await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO, "emailBlacklisted": true}));
    tell(&stage, SECOND, &silent(1)).await;
    tell(&stage, STORE, &says("subscribed", 2)).await;
    assert!(flags(&stage).0);
}

/// What one of the stores says next.
#[derive(Clone, Debug)]
struct Step {
    in_second: bool,
    said: Option<(&'static str, u32)>,
    is_lost: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let said = prop_oneof![
        2 => Just(None),
        3 => (2..9u32).prop_map(|at| Some(("subscribed", at))),
        1 => (2..9u32).prop_map(|at| Some(("unsubscribed", at))),
    ];
    let step = (any::<bool>(), said, prop::bool::weighted(0.2)).prop_map(|(in_second, said, is_lost)| Step {
        in_second,
        said,
        is_lost,
    });
    prop::collection::vec(step, 1..7)
}

#[test]
fn whoever_said_no_last_in_any_store_is_never_open_and_a_yes_anywhere_opens_who_never_said_no() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(stage());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[13; 32]);
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let cases = Cell::new(40_000_000);
    TestRunner::new_with_rng(config, rng)
        .run(&steps(), |steps| {
            cases.set(cases.get() + 1);
            runtime.block_on(hold(&stage, cases.get(), &steps))
        })
        .unwrap();
}

async fn hold(stage: &Stage, n: u32, steps: &[Step]) -> Result<(), TestCaseError> {
    let (mut yes, mut no) = (0, 0);
    for (index, step) in steps.iter().enumerate() {
        let minute = 10 + u32::try_from(index).unwrap();
        let body = cast(&account(minute, step.said), n);
        match step.said {
            Some(("subscribed", at)) => yes = yes.max(at),
            Some((_, at)) => no = no.max(at),
            None => {}
        }
        let (store, id) =
            if step.in_second { (SECOND, u64::from(n)) } else { (STORE, u64::from(n) + 1_000_000_000) };
        let mut notice =
            stage.notice("customers/update", &with(body, json!({"id": id, "admin_graphql_api_id": null})));
        notice.store = StoreId::parse(store).ok();
        notice.shop = format!("{store}.myshopify.com");
        if step.is_lost {
            // The first call to Brevo is carried out, and its answer lost: the queue hands the notice out again.
            stage.fault(json!({"path": "/v3/contacts*", "action": {"apply_then_drop": true}}));
        }
        let report = stage.deliver(&notice).await;
        if report.outcome == Outcome::Retried {
            stage.receive(record(&notice, 2)).await;
        }
        stage.world.sandbox.clear_faults();
        stage.drain().await;
        let is_open = stage.contact(&format!("jo{n}@example.com"))["emailBlacklisted"] == false;
        prop_assert!(!is_open || no < yes, "open, but the last word was no: {steps:?}");
        prop_assert!(no > 0 || is_open == (yes > 0), "nobody said no, yes at {yes}: {steps:?}");
    }
    assert_never_forced(&stage.world.sandbox.calls());
    Ok(())
}
