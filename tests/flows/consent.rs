//! Nobody gets mail they did not ask for: a contact without a block is subscribed in Brevo.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::{Email, StoreId};
use tajo_platforms::Notice;
use tajo_sandbox::Call;
use tajo_state::{Attributes, Key, PersonFeed};
use tajo_testkit::{STORE, record};

use crate::bodies::{LISTS, cast, sample as body, with};
use crate::stage::Stage;

pub(crate) const JO: &str = "jo@example.com";

/// Jo's account as of a minute past nine, saying this about emails at that minute (older bodies carry it).
pub(crate) fn account(minute: u32, consent: Option<(&str, u32)>) -> Value {
    let at = |minute: u32| format!("2026-11-03T09:{minute:02}:00Z");
    let mut fields = json!({"updated_at": at(minute), "first_name": format!("Jo {minute}")});
    if let Some((state, minute)) = consent {
        fields["email_marketing_consent"] = json!({"state": state, "consent_updated_at": at(minute)});
    }
    with(body("customers-create"), fields)
}

pub(crate) fn with_sms(account: Value, state: &str, minute: u32) -> Value {
    let at = format!("2026-11-03T09:{minute:02}:00Z");
    with(
        account,
        json!({"phone": "+491711234567", "sms_marketing_consent": {"state": state, "consent_updated_at": at}}),
    )
}

async fn existing(stage: &Stage, fields: Value) {
    let answer = stage.brevo("POST", "/v3/contacts", &with(json!({"email": JO}), fields));
    assert_eq!(answer.status, 201);
}

pub(crate) fn flags(stage: &Stage) -> (bool, bool) {
    let contact = stage.contact(JO);
    (contact["emailBlacklisted"].as_bool().unwrap(), contact["smsBlacklisted"].as_bool().unwrap())
}

/// What no call may ever do, whatever happens.
pub(crate) fn assert_never_forced(calls: &[Call]) {
    for call in calls {
        assert_ne!(call.request["updateEnabled"], true, "an upsert could lift flags that are not ours");
        assert!(!call.request.to_string().contains("forceMerge"), "forceMerge deletes contacts");
        assert!(!call.query.contains("forceMerge"), "forceMerge deletes contacts");
    }
}

#[tokio::test]
async fn a_new_contact_is_blocked_on_every_channel_without_a_recorded_opt_in() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &with_sms(account(1, None), "not_subscribed", 1)).await;
    assert_eq!(flags(&stage), (true, true));
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], "491711234567");
}

#[tokio::test]
async fn a_contact_that_brevo_had_before_gets_no_flag_and_no_number_without_sms_consent() {
    let stage = Stage::new("").await;
    existing(&stage, json!({"attributes": {"FIRSTNAME": "Joanna"}})).await;
    let report = stage.tell("customers/create", &with_sms(account(1, None), "not_subscribed", 1)).await;
    assert_eq!(flags(&stage), (false, false), "Brevo's own subscribers are not ours to unsubscribe");
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], Value::Null);
    assert!(report.line.reason.unwrap().contains("phone: Brevo had this contact before us"));
    let updates = stage.calls("PUT", "/v3/contacts/");
    assert!(updates.iter().all(|call| !call.request.to_string().contains("lacklisted")));
    assert_eq!(stage.contact(JO)["attributes"]["FIRSTNAME"], "Jo 1");
}

#[tokio::test]
async fn a_contact_that_was_blocked_in_brevo_before_stays_blocked_even_if_the_store_has_an_opt_in() {
    let stage = Stage::new("").await;
    existing(&stage, json!({"emailBlacklisted": true})).await;
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    assert_eq!(flags(&stage), (true, false));
}

#[tokio::test]
async fn a_recorded_opt_in_creates_the_contact_open() {
    let stage = Stage::new("").await;
    let both = with_sms(account(1, Some(("subscribed", 1))), "subscribed", 1);
    stage.tell("customers/create", &both).await;
    assert_eq!(flags(&stage), (false, false));
}

#[tokio::test]
async fn an_opt_out_in_the_store_blocks_a_contact_that_brevo_had_before() {
    let stage = Stage::new("").await;
    existing(&stage, json!({})).await;
    stage.tell("customers/update", &account(1, Some(("unsubscribed", 1)))).await;
    assert_eq!(flags(&stage), (true, false));
}

#[tokio::test]
async fn an_opt_in_lifts_the_block_only_if_it_is_newer_than_the_opt_out() {
    let stage = Stage::new("").await;
    stage.tell("customers/update", &account(5, Some(("unsubscribed", 5)))).await;
    stage.tell("customers/update", &account(6, Some(("subscribed", 4)))).await;
    assert_eq!(flags(&stage), (true, true), "the opt-in is older than the opt-out, however new its body");
    stage.tell("customers/update", &account(6, Some(("subscribed", 5)))).await;
    assert_eq!(flags(&stage), (true, true), "an opt-out wins a tie");
    stage.tell("customers/update", &account(7, Some(("not_subscribed", 7)))).await;
    assert_eq!(flags(&stage), (true, true), "silence is no statement");
    stage.tell("customers/update", &account(4, Some(("subscribed", 8)))).await;
    assert_eq!(flags(&stage), (false, true), "a newer opt-in counts, however old its body");
}

#[tokio::test]
async fn an_opt_in_does_not_lift_a_block_that_was_set_in_brevo() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    stage.brevo("PUT", "/v3/contacts/jo%40example.com", &json!({"emailBlacklisted": true}));
    stage.tell("customers/update", &account(3, Some(("subscribed", 3)))).await;
    assert_eq!(flags(&stage), (true, true));
}

#[tokio::test]
async fn a_new_address_keeps_a_block_that_was_set_in_brevo() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    stage.brevo("PUT", "/v3/contacts/jo%40example.com", &json!({"emailBlacklisted": true}));
    stage.tell("customers/update", &with(account(2, None), json!({"email": "jo@example.org"}))).await;
    assert_eq!(stage.contact(JO), Value::Null);
    assert_eq!(stage.contact("jo@example.org")["emailBlacklisted"], true);
    let moved = stage.calls("PUT", "/v3/contacts/").pop().unwrap();
    assert_eq!(moved.request["attributes"]["EMAIL"], "jo@example.org");
    assert_eq!(moved.request["emailBlacklisted"], true);
    assert_never_forced(&stage.world.sandbox.calls());
    // It is the person's own from then on too: the store's older opt-in does not lift it.
    stage.tell("customers/update", &with(account(3, None), json!({"email": "jo@example.org"}))).await;
    assert_eq!(stage.contact("jo@example.org")["emailBlacklisted"], true);
    let too_many = json!({"status": 429, "headers": {"x-sib-ratelimit-reset": 1}});
    stage.fault(json!({"method": "PUT", "path": "/v3/contacts*", "action": too_many}));
    stage.tell("customers/update", &with(account(4, None), json!({"email": "jo@example.net"}))).await;
    stage.drain().await;
    stage.tell("customers/update", &with(account(5, None), json!({"email": "jo@example.net"}))).await;
    assert_eq!(stage.contact("jo@example.net")["emailBlacklisted"], true);
}

#[tokio::test]
async fn consent_to_text_messages_is_for_its_number() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &with_sms(account(1, None), "subscribed", 1)).await;
    assert_eq!(flags(&stage), (true, false));
    stage.tell("customers/update", &with(account(2, None), json!({"phone": "+491717654321"}))).await;
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], "491717654321");
    assert_eq!(flags(&stage), (true, true), "nobody asked for messages to this number");
    stage.tell("customers/update", &with(account(3, None), json!({"phone": "+491711234567"}))).await;
    assert_eq!(flags(&stage), (true, false));
}

#[tokio::test]
async fn an_opt_in_for_a_number_that_brevo_refuses_opens_no_other_one() {
    let stage = Stage::new("").await;
    stage.brevo(
        "POST",
        "/v3/contacts",
        &json!({"email": "sam@example.com", "attributes": {"SMS": "+491717654321"}}),
    );
    stage.tell("customers/create", &with_sms(account(1, None), "not_subscribed", 1)).await;
    let other = with(with_sms(account(2, None), "subscribed", 2), json!({"phone": "+491717654321"}));
    stage.tell("customers/update", &other).await;
    assert_eq!(flags(&stage), (true, true));
    assert_eq!(stage.contact(JO)["attributes"]["SMS"].as_str().unwrap_or_default(), "");
}

#[tokio::test]
async fn a_new_address_of_an_open_contact_stays_open() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    stage.tell("customers/update", &with(account(2, None), json!({"email": "jo@example.org"}))).await;
    assert_eq!(stage.contact("jo@example.org")["emailBlacklisted"], false);
}

#[tokio::test]
async fn an_address_that_is_another_contact_already_forces_no_merge() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &account(1, None)).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": "jo@example.org"}));
    let report =
        stage.tell("customers/update", &with(account(2, None), json!({"email": "jo@example.org"}))).await;
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!(stage.contact("jo@example.org")["attributes"]["FIRSTNAME"], "Jo 2");
    assert_eq!(stage.contact("jo@example.org")["emailBlacklisted"], false, "Brevo had it before us");
    assert_ne!(stage.contact(JO), Value::Null);
    assert_never_forced(&stage.world.sandbox.calls());
}

#[tokio::test]
async fn a_number_that_another_contact_has_never_loses_the_rest_of_the_contact() {
    let stage = Stage::new("").await;
    stage.brevo(
        "POST",
        "/v3/contacts",
        &json!({"email": "sam@example.com", "attributes": {"SMS": "+491711234567"}}),
    );
    let report = stage.tell("customers/create", &with_sms(account(1, None), "not_subscribed", 1)).await;
    assert_eq!(report.outcome, Outcome::Applied);
    assert!(report.line.reason.unwrap().contains("phone: Brevo refused the number"));
    assert_eq!(stage.contact(JO)["attributes"]["FIRSTNAME"], "Jo 1");
    assert_eq!(flags(&stage), (true, true));
    let report = stage.tell("customers/update", &with_sms(account(2, None), "subscribed", 2)).await;
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!(stage.contact(JO)["attributes"]["FIRSTNAME"], "Jo 2");
    assert_eq!(stage.contact("sam@example.com")["attributes"]["SMS"], "491711234567");
    assert_never_forced(&stage.world.sandbox.calls());
}

#[tokio::test]
async fn a_contact_that_was_deleted_in_brevo_comes_back_blocked() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &account(1, Some(("subscribed", 1)))).await;
    assert_eq!(flags(&stage), (false, true));
    stage.brevo("DELETE", "/v3/contacts/jo%40example.com", &Value::Null);
    let report = stage.tell("customers/update", &account(2, None)).await;
    assert_eq!(flags(&stage), (true, true), "what the person said in Brevo was deleted with the contact");
    assert!(report.line.reason.unwrap().contains("came back blocked"));
}

#[tokio::test]
async fn a_guest_who_opens_an_account_and_opts_in_is_open() {
    let stage = Stage::new("").await;
    stage.tell("orders/create", &with(body("orders-create.paid"), json!({"customer": null}))).await;
    assert_eq!(flags(&stage), (true, true));
    stage.tell("customers/create", &with_sms(account(1, Some(("subscribed", 1))), "not_subscribed", 1)).await;
    assert_eq!(flags(&stage), (false, true));
    assert_eq!(stage.contact(JO)["attributes"]["SMS"], "491711234567");
}

#[tokio::test]
async fn consents_count_for_whoever_is_known_by_an_order_where_customers_are_switched_off() {
    let stage = Stage::new("sync: {customers: false}").await;
    let said = |state: &str, minute| account(minute, Some((state, minute)));
    let unknown = stage.tell("customers/update", &said("unsubscribed", 1)).await;
    assert_eq!((unknown.outcome, stage.contact(JO)), (Outcome::Skipped, Value::Null));
    stage.tell("orders/create", &body("orders-create.paid")).await;
    stage.tell("customers/update", &said("subscribed", 2)).await;
    assert_eq!((flags(&stage).0, stage.contact(JO)["attributes"]["FIRSTNAME"].clone()), (false, json!("Jo")));
    stage.tell("customers/update", &said("unsubscribed", 3)).await;
    assert!(flags(&stage).0);
    stage.tell("customers/delete", &body("customers-delete")).await;
    assert_eq!(stage.contact(JO)["attributes"]["FIRSTNAME"].as_str().unwrap_or_default(), "");
}

#[tokio::test]
async fn an_older_opt_in_of_another_store_on_the_account_lifts_no_opt_out() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &account(1, None)).await;
    let key = Key::person(
        tajo_testkit::ACCOUNT,
        &Email::parse(JO).unwrap().hash(),
        &StoreId::parse("other-shop").unwrap(),
    );
    let out = json!({"customers": ["7"], "opt_outs": {"email": "2026-11-03T09:05:00Z"}});
    let table = stage.world.table(&stage.front).await;
    table.put(&key, 0, &out, &Attributes::default()).await.unwrap();
    stage.tell("customers/update", &account(4, Some(("subscribed", 4)))).await;
    assert!(flags(&stage).0, "they opted out in the other store a minute later");
    stage.tell("customers/update", &account(6, Some(("subscribed", 6)))).await;
    assert!(!flags(&stage).0);
    stage.tell("customers/update", &account(7, Some(("unsubscribed", 7)))).await;
    let own = Key::person(
        tajo_testkit::ACCOUNT,
        &Email::parse(JO).unwrap().hash(),
        &StoreId::parse(STORE).unwrap(),
    );
    let noted = table.get_newest::<PersonFeed>(&own).await.unwrap().record.unwrap().opt_outs;
    assert_eq!(noted.email, "2026-11-03T09:07:00Z".parse().ok());
}

#[tokio::test]
async fn a_contact_that_brevo_had_before_keeps_the_id_of_another_system() {
    let stage = Stage::new("").await;
    existing(&stage, json!({"ext_id": "crm-17"})).await;
    stage.tell("customers/create", &account(1, None)).await;
    stage.tell("customers/update", &account(2, None)).await;
    assert_eq!(stage.contact(JO)["ext_id"], "crm-17");
    stage.tell("customers/delete", &body("customers-delete")).await;
    assert_eq!(stage.contact(JO)["ext_id"], "crm-17");
}

#[tokio::test]
async fn whoever_was_taken_off_a_list_in_brevo_stays_off_it() {
    let stage = Stage::new(LISTS).await;
    stage.tell("customers/create", &account(1, None)).await;
    stage.brevo("PUT", "/v3/contacts/jo%40example.com", &json!({"unlinkListIds": [2]}));
    stage.tell("customers/update", &account(2, None)).await;
    assert_eq!(stage.contact(JO)["listIds"], json!([]));
    stage.tell("orders/create", &body("orders-create.paid")).await;
    assert_eq!(stage.contact(JO)["listIds"], json!([4]), "a new join is a new join");
}

#[tokio::test]
async fn a_store_without_orders_knows_no_buyers() {
    let stage = Stage::new(&format!("{LISTS}\nsync: {{orders: false}}")).await;
    stage.tell("customers/create", &account(1, None)).await;
    stage.tell("orders/create", &body("orders-create.paid")).await;
    let contact = stage.contact(JO);
    assert_eq!((&contact["listIds"], &contact["attributes"]["LAST_ORDER_DATE"]), (&json!([2]), &Value::Null));
}

/// What may happen to Jo, in any order of arrival. Minutes are when the store says it happened.
#[derive(Clone, Debug)]
enum Step {
    Profile { at: u32 },
    OptIn { at: u32, said: u32 },
    OptOut { at: u32, said: u32 },
    Again { which: prop::sample::Index },
    BlockedInBrevo,
}

fn steps() -> impl Strategy<Value = (bool, Vec<Step>)> {
    let minute = 1..8u32;
    let step = prop_oneof![
        2 => minute.clone().prop_map(|at| Step::Profile { at }),
        3 => (minute.clone(), minute.clone()).prop_map(|(at, said)| Step::OptIn { at, said }),
        3 => (minute.clone(), minute).prop_map(|(at, said)| Step::OptOut { at, said }),
        2 => any::<prop::sample::Index>().prop_map(|which| Step::Again { which }),
        1 => Just(Step::BlockedInBrevo),
    ];
    (any::<bool>(), prop::collection::vec(step, 1..9))
}

#[test]
fn whoever_said_no_last_is_never_open_and_only_our_own_blocks_are_lifted() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new(""));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let cases = Cell::new(10_000_000);
    TestRunner::new_with_rng(config, rng)
        .run(&steps(), |(existed, steps)| {
            cases.set(cases.get() + 1);
            runtime.block_on(hold(&stage, cases.get(), existed, &steps))
        })
        .unwrap();
}

async fn hold(stage: &Stage, n: u32, existed: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let email = format!("jo{n}@example.com");
    let path = format!("/v3/contacts/jo{n}%40example.com");
    if existed {
        stage.brevo("POST", "/v3/contacts", &json!({"email": email}));
    }
    let mut delivered: Vec<(Notice, Option<(u32, bool)>)> = Vec::new();
    let mut latest: Option<(u32, bool)> = None;
    for step in steps {
        let body = match step {
            Step::Profile { at } => account(*at, None),
            Step::OptIn { at, said } => account(*at, Some(("subscribed", *said))),
            Step::OptOut { at, said } => account(*at, Some(("unsubscribed", *said))),
            Step::Again { which } if !delivered.is_empty() => {
                let (notice, statement) = which.get(&delivered).clone();
                stage.receive(record(&notice, 2)).await;
                latest = latest.max(statement);
                continue;
            }
            Step::Again { .. } => continue,
            Step::BlockedInBrevo => {
                stage.brevo("PUT", &path, &json!({"emailBlacklisted": true}));
                continue;
            }
        };
        // Ordered by minute; at the same minute, an opt-out is the greater.
        let statement = match step {
            Step::OptIn { said, .. } => Some((*said, false)),
            Step::OptOut { said, .. } => Some((*said, true)),
            _ => None,
        };
        let notice = stage.notice("customers/update", &cast(&body, n));
        let report = stage.deliver(&notice).await;
        prop_assert!(matches!(report.outcome, Outcome::Applied | Outcome::Unchanged), "{report:?}");
        delivered.push((notice, statement));
        latest = latest.max(statement);
        let open = stage.contact(&email)["emailBlacklisted"] == false;
        let said_no = matches!(latest, Some((_, true)));
        prop_assert!(!(said_no && open), "said no last, but is open");
        prop_assert!(existed || !(latest.is_none() && open), "never asked, but is open");
    }
    // Lifting calls: each follows a block that we set ourselves, and the store's last word was yes.
    let ours = |call: &&Call| call.path == path || call.request["email"] == email;
    let calls: Vec<Call> = stage.world.sandbox.calls().iter().filter(ours).cloned().collect();
    assert_never_forced(&calls);
    let mut set_by_us = false;
    for call in calls.iter().filter(|call| call.status < 300 && call.request.get("attributes").is_some()) {
        match call.request["emailBlacklisted"].as_bool() {
            Some(true) => set_by_us = true,
            Some(false) => {
                prop_assert!(set_by_us, "lifted a block that we did not set");
                set_by_us = false;
            }
            None => {}
        }
    }
    Ok(())
}
