//! Store and Brevo speak of one person, in any order, late and twice: who is open in the end has said yes last.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use tajo_app::sync::Outcome;
use tajo_platforms::Notice;
use tajo_testkit::record;

use crate::bodies::cast;
use crate::consent::{account, assert_never_forced};
use crate::consent_from_brevo::{happens, heard};
use crate::stage::Stage;

/// Minutes are when it happened, whenever it is heard of.
#[derive(Clone, Debug)]
enum Step {
    Profile {
        at: u32,
    },
    OptIn {
        at: u32,
        dated: Dated,
    },
    OptOut {
        at: u32,
        dated: Dated,
    },
    /// A store's notice again.
    Again {
        which: prop::sample::Index,
    },
    /// In Brevo. `late`: we hear of it later.
    Out {
        event: &'static str,
        at: u32,
        late: bool,
    },
    /// A webhook of Brevo, for the first time or again.
    Hear {
        which: prop::sample::Index,
    },
}

/// What the store says of when it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dated {
    /// At its minute.
    Stated,
    /// Nothing: an opt-in is of the account's beginning, an opt-out of now.
    Missing,
    /// In 2031: now, and the same opt-in again is no new one.
    Future,
}

/// Minutes after all stated ones: when the store's notices are received.
const RECEIVED: u32 = 100;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let minute = 2..9u32;
    let event = prop::sample::select(vec!["unsubscribe", "spam", "hard_bounce", "contact_deleted"]);
    let dated = || {
        prop_oneof![
            4 => Just(Dated::Stated),
            1 => Just(Dated::Missing),
            1 => Just(Dated::Future),
        ]
    };
    let step = prop_oneof![
        1 => minute.clone().prop_map(|at| Step::Profile { at }),
        3 => (minute.clone(), dated()).prop_map(|(at, dated)| Step::OptIn { at, dated }),
        2 => (minute.clone(), dated()).prop_map(|(at, dated)| Step::OptOut { at, dated }),
        1 => any::<prop::sample::Index>().prop_map(|which| Step::Again { which }),
        3 => (event, minute, any::<bool>()).prop_map(|(event, at, late)| Step::Out { event, at, late }),
        2 => any::<prop::sample::Index>().prop_map(|which| Step::Hear { which }),
    ];
    prop::collection::vec(step, 1..9)
}

#[test]
fn nothing_that_store_and_brevo_say_lifts_a_block_without_a_newer_explicit_opt_in() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new(""));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let cases = Cell::new(20_000_000);
    TestRunner::new_with_rng(config, rng)
        .run(&steps(), |steps| {
            cases.set(cases.get() + 1);
            runtime.block_on(hold(&stage, cases.get(), &steps))
        })
        .unwrap();
}

/// The account as of a minute, with a statement of this minute, of none, or of 2031.
fn says(minute: u32, state: &str, dated: Dated) -> Value {
    let mut body = account(minute, Some((state, minute)));
    let date = &mut body["email_marketing_consent"]["consent_updated_at"];
    match dated {
        Dated::Stated => {}
        Dated::Missing => *date = Value::Null,
        Dated::Future => *date = Value::from("2031-01-01T00:00:00Z"),
    }
    body
}

async fn hold(stage: &Stage, n: u32, steps: &[Step]) -> Result<(), TestCaseError> {
    let email = format!("jo{n}@example.com");
    let mut told: Vec<Notice> = Vec::new();
    let mut webhooks: Vec<(Value, bool)> = Vec::new();
    let (mut yes, mut no, mut last_out) = (0, 0, 0);
    let mut was_deleted = false;
    // A silent account first: whoever is open later was opened.
    stage.tell("customers/create", &cast(&account(1, None), n)).await;
    let mut has_come_from_the_future = false;
    for (index, step) in steps.iter().enumerate() {
        let now = RECEIVED + u32::try_from(index).unwrap();
        let body = match step {
            Step::Profile { at } => account(*at, None),
            Step::OptIn { at, dated } => {
                yes = yes.max(match dated {
                    Dated::Stated => *at,
                    Dated::Missing => 1,
                    Dated::Future if has_come_from_the_future => 1,
                    Dated::Future => now,
                });
                has_come_from_the_future |= *dated == Dated::Future;
                says(*at, "subscribed", *dated)
            }
            Step::OptOut { at, dated } => {
                no = no.max(if *dated == Dated::Stated { *at } else { now });
                says(*at, "unsubscribed", *dated)
            }
            Step::Again { which } if !told.is_empty() => {
                stage.receive(record(which.get(&told), 2)).await;
                continue;
            }
            Step::Again { .. } => continue,
            Step::Out { event, at, late } => {
                // In Brevo things happen in their order; only the telling is late. And who is not there does nothing.
                let is_next = last_out < *at;
                if let Some(body) = is_next.then_some(()).and_then(|()| happens(stage, event, &email, *at)) {
                    last_out = *at;
                    no = no.max(*at);
                    was_deleted |= *event == "contact_deleted";
                    webhooks.push((body.clone(), !*late));
                    if !*late {
                        heard(stage, &body).await;
                    }
                }
                continue;
            }
            Step::Hear { which } if !webhooks.is_empty() => {
                let which = which.index(webhooks.len());
                webhooks[which].1 = true;
                heard(stage, &webhooks[which].0.clone()).await;
                continue;
            }
            Step::Hear { .. } => continue,
        };
        let notice = stage.notice("customers/update", &cast(&body, n));
        let report = stage.deliver(&notice).await;
        prop_assert!(matches!(report.outcome, Outcome::Applied | Outcome::Unchanged), "{report:?}");
        told.push(notice);
        let contact = stage.contact(&email);
        // What nobody has told us yet, a store's word from before may still overtake in our own blocks; a block that
        // Brevo set is never lifted by it. So the rule holds as soon as all is heard.
        let all_heard = webhooks.iter().all(|(_, is_heard)| *is_heard);
        let is_open = contact["emailBlacklisted"] == false;
        prop_assert!(!(all_heard && is_open && yes <= no), "open, but the last word was no: {steps:?}");
    }
    for (body, _) in webhooks.iter().filter(|(_, is_heard)| !is_heard) {
        heard(stage, body).await;
    }
    let contact = stage.contact(&email);
    let is_open = contact["emailBlacklisted"] == false;
    prop_assert!(!is_open || no < yes, "open at the end, but the last word was no: {steps:?}");
    prop_assert!(
        was_deleted || is_open == (no < yes),
        "closed at the end, but the last word was yes: {steps:?}"
    );
    assert_never_forced(&stage.world.sandbox.calls());
    Ok(())
}
