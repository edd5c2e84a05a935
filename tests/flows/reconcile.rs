//! What Brevo's webhooks lost is found at night: nobody who said no is written to because a message got lost.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Report};
use tajo_domain::{BrevoNews, BrevoSaid, Channel, Email, OutReason, StoreId};
use tajo_platforms::notice::{Found, NewsForStore};
use tajo_platforms::{Notice, Platform};
use tajo_sandbox::Call;
use tajo_state::{Key, Reconcile, StoreStatus, arm_reconcile};
use tajo_testkit::{ACCOUNT, SHOP, STORE, record};

use crate::bodies::{sample, with};
use crate::consent::{JO, account, flags, with_sms};
use crate::consent_from_brevo::{JOS_ID, at, happens, heard, record_of, set_status};
use crate::consent_to_shopify::{TWO_WAY, mutations};
use crate::stage::Stage;

/// A night and the hours before it.
const NIGHT: SignedDuration = SignedDuration::from_hours(26);

async fn armed(settings: &str) -> Stage {
    let stage = Stage::new(settings).await;
    arm(&stage).await;
    stage
}

async fn arm(stage: &Stage) {
    let (store, now) = (StoreId::parse(STORE).unwrap(), stage.env.clock.now());
    let table = stage.world.table(&stage.front).await;
    arm_reconcile(&table, ACCOUNT, &store, now, now).await.unwrap();
}

async fn state(stage: &Stage) -> Option<Reconcile> {
    let table = stage.world.table(&stage.front).await;
    table.get_newest::<Reconcile>(&Key::reconcile(ACCOUNT)).await.unwrap().record
}

/// Somebody says no in Brevo, at the present time, and its webhook is lost.
fn lost(stage: &Stage, email: &str, field: &str) {
    let path = format!("/v3/contacts/{email}?identifierType=email_id");
    let request = tajo_sandbox::Request::new("PUT", &path).key(tajo_testkit::BREVO_KEY);
    let answer = stage.world.sandbox.call_at(request.json(&json!({ field: true })), stage.env.clock.now());
    assert_eq!(answer.status, 204);
}

fn says_yes(minute: u32) -> Value {
    account(minute, Some(("subscribed", minute)))
}

/// Said a second from now on the clock of the test.
fn says_yes_now(stage: &Stage) -> Value {
    let at = stage.env.clock.now().saturating_add(SignedDuration::from_secs(1)).unwrap().to_string();
    let consent = json!({"state": "subscribed", "consent_updated_at": at});
    with(account(1, None), json!({ "updated_at": at, "email_marketing_consent": consent }))
}

fn looks(stage: &Stage) -> Vec<Call> {
    let is_one = |call: &Call| call.method == "GET" && call.path == "/v3/contacts";
    stage.world.sandbox.calls().into_iter().filter(is_one).collect()
}

fn news(reports: &[Report]) -> Vec<&Report> {
    reports.iter().filter(|report| report.line.topic == "tajo/brevo_found").collect()
}

#[tokio::test]
async fn an_unsubscribe_whose_webhook_was_lost_is_found_and_holds_until_a_newer_opt_in() {
    let stage = armed("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    lost(&stage, JO, "emailBlacklisted");
    let reports = stage.pass(NIGHT).await;
    assert_eq!(news(&reports).iter().map(|report| report.outcome).collect::<Vec<_>>(), [Outcome::Applied]);
    let out = record_of(&stage, JOS_ID).await.unwrap().email_out.unwrap();
    assert_eq!(out.why, OutReason::Blocked);
    stage.tell("customers/update", &says_yes(8)).await;
    assert!(flags(&stage).0, "the yes was before it was found");
    stage.tell_by_clock("customers/update", &says_yes_now(&stage)).await;
    assert!(!flags(&stage).0, "a newer yes counts");
}

#[tokio::test]
async fn text_messages_that_nobody_wants_any_more_are_found_likewise() {
    let stage = armed("").await;
    stage.tell("customers/create", &with_sms(says_yes(1), "subscribed", 1)).await;
    assert_eq!(flags(&stage), (false, false));
    lost(&stage, JO, "smsBlacklisted");
    stage.pass(NIGHT).await;
    let record = record_of(&stage, JOS_ID).await.unwrap();
    assert_eq!(record.sms_out.map(|out| out.why), Some(OutReason::Blocked));
    assert_eq!(record.brevo_out(Channel::Email), None);
    stage.tell("customers/update", &with_sms(says_yes(8), "subscribed", 8)).await;
    assert_eq!(flags(&stage), (false, true));
}

#[tokio::test]
async fn a_night_without_news_costs_one_call_and_says_what_it_looked_at() {
    let stage = armed("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    let before = stage.world.sandbox.calls().len();
    stage.world.take_meter();
    let reports = stage.pass(NIGHT).await;
    assert_eq!(stage.world.sandbox.calls().len(), before + 1);
    let [report] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((report.outcome, report.line.topic.as_str()), (Outcome::Unchanged, "tajo/reconcile"));
    let reason = report.line.reason.as_ref().unwrap();
    assert!(
        reason.starts_with("1 contacts changed in Brevo since 2") && reason.contains(", 0 blocks"),
        "{reason}"
    );
    let first = state(&stage).await.unwrap();
    let last = first.last.unwrap();
    assert_eq!((last.looked_at, last.news), (1, 0));
    assert!(first.since < last.started_at, "Brevo's clock is not ours");
    assert!(stage.pass(SignedDuration::from_mins(10)).await.is_empty(), "once a night");
    stage.pass(NIGHT).await;
    let second = state(&stage).await.unwrap();
    assert!(first.since < second.since && second.last.unwrap().looked_at == 0);
}

#[tokio::test]
async fn what_one_store_blocked_is_the_echo_of_its_write_and_no_news_to_the_others() {
    for said in [None, Some("unsubscribed")] {
        let stage = armed(TWO_WAY).await;
        stage.world.add_store(&stage.front, "second-shop", "second-shop.myshopify.com", TWO_WAY).await;
        stage.tell("customers/create", &account(1, said.map(|said| (said, 1)))).await;
        assert!(flags(&stage).0);
        second_shop(&stage, says_yes(2)).await;
        let reports = stage.pass(NIGHT).await;
        assert!(news(&reports).is_empty(), "{said:?}");
        assert_eq!(mutations(&stage), []);
    }
}

async fn second_shop(stage: &Stage, body: Value) {
    let mut notice = stage.notice("customers/update", &with(body, json!({"id": 42})));
    notice.store = StoreId::parse("second-shop").ok();
    notice.shop = "second-shop.myshopify.com".to_owned();
    stage.deliver(&notice).await;
}

#[tokio::test]
async fn every_store_that_knows_the_person_hears_of_what_was_found() {
    let stage = armed("").await;
    stage.world.add_store(&stage.front, "second-shop", "second-shop.myshopify.com", "").await;
    stage.world.add_store(&stage.front, "third-shop", "third-shop.myshopify.com", "").await;
    stage.tell("customers/create", &says_yes(1)).await;
    second_shop(&stage, says_yes(2)).await;
    lost(&stage, JO, "emailBlacklisted");
    let reports = stage.pass(NIGHT).await;
    let mut stores: Vec<&str> = news(&reports).iter().map(|report| report.store.as_str()).collect();
    stores.sort_unstable();
    assert_eq!(stores, [STORE, "second-shop"]);
    assert_eq!(state(&stage).await.unwrap().last.unwrap().news, 2);
    second_shop(&stage, says_yes(9)).await;
    assert!(flags(&stage).0, "no store lifts it with what it knew before");
    let again = stage.pass(NIGHT).await;
    assert!(news(&again).is_empty(), "it was news once");
}

#[tokio::test]
async fn what_was_found_reaches_the_shop_once_and_never_over_a_yes_that_may_be_newer() {
    for (first_yes, then_yes, writes) in [(Some(1), None, 1), (Some(1), Some("now"), 0)] {
        let stage = armed(TWO_WAY).await;
        stage.world.set_up_shop(
            json!({ "customers": [tajo_sandbox::shopify::nodes::customer(&sample("customers-create"))] }),
        );
        stage.tell("customers/create", &account(1, first_yes.map(|minute| ("subscribed", minute)))).await;
        lost(&stage, JO, "emailBlacklisted");
        if then_yes.is_some() {
            stage.tell_by_clock("customers/update", &says_yes_now(&stage)).await;
        }
        stage.pass(NIGHT).await;
        stage.pass(NIGHT).await;
        assert_eq!(mutations(&stage).len(), writes, "{then_yes:?}");
        assert!(flags(&stage).0, "in Brevo it holds either way");
    }
}

#[tokio::test]
async fn a_block_that_was_there_before_us_is_not_written_over_a_recorded_yes() {
    let stage = armed(TWO_WAY).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO, "emailBlacklisted": true}));
    stage.tell("customers/create", &says_yes(1)).await;
    let reports = stage.pass(NIGHT).await;
    assert_eq!(news(&reports).len(), 1, "nobody had told us");
    assert_eq!(mutations(&stage), [], "it may be older than the yes");
    assert!(flags(&stage).0);
}

#[tokio::test]
async fn who_was_erased_or_is_unknown_stays_so_and_a_shop_that_has_left_is_not_told() {
    let stage = armed("").await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": "stranger@example.com", "emailBlacklisted": true}));
    stage.tell("customers/create", &says_yes(1)).await;
    stage.tell("customers/redact", &sample("customers-redact")).await;
    stage.drain().await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO, "emailBlacklisted": true}));
    let before = record_of(&stage, JOS_ID).await;
    let reports = stage.pass(NIGHT).await;
    assert!(news(&reports).is_empty());
    assert_eq!(record_of(&stage, JOS_ID).await, before);
    set_status(&stage, StoreStatus::Uninstalled).await;
    let stage = Stage::with(stage.world.clone()).await;
    let calls = looks(&stage).len();
    let reports = stage.pass(NIGHT).await;
    assert_eq!((reports.len(), reports[0].outcome), (1, Outcome::Skipped), "nobody lends a key");
    assert_eq!(looks(&stage).len(), calls);
}

/// So many strangers, and Jo among the last.
fn crowd(stage: &Stage, people: usize) {
    for n in 0..people {
        let email = format!("stranger-{n}@example.com");
        stage.brevo("POST", "/v3/contacts", &json!({ "email": email }));
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_trouble_in_the_middle_goes_on_where_it_was() {
    for action in [
        json!({"status": 429, "headers": {"x-sib-ratelimit-reset": "1"}}),
        json!({"status": 503}),
        json!({"truncate": true}),
        json!({"drop": true}),
    ] {
        let stage = armed("").await;
        crowd(&stage, 1_000);
        stage.tell("customers/create", &says_yes(1)).await;
        lost(&stage, JO, "emailBlacklisted");
        stage
            .fault(json!({"method": "GET", "path": "/v3/contacts", "skip": 1, "times": 2, "action": action}));
        let reports = stage.pass(NIGHT).await;
        assert_eq!(news(&reports).len(), 1, "{action}");
        let last = state(&stage).await.unwrap().last.unwrap();
        assert_eq!((last.looked_at, last.news), (1_001, 1));
        let offsets = looks(&stage).iter().filter(|call| call.query.contains("offset=450")).count();
        assert_eq!((looks(&stage).len(), offsets), (5, 3), "{action}: the first page is not read again");
    }
}

#[tokio::test]
async fn nobody_is_missed_because_others_are_deleted_meanwhile() {
    let stage = armed("").await;
    crowd(&stage, 520);
    stage.tell("customers/create", &says_yes(1)).await;
    lost(&stage, JO, "emailBlacklisted");
    stage.world.advance(NIGHT);
    stage.sweep().await;
    let first = stage.world.take_messages();
    assert_eq!(stage.deliver(&Notice::from_json(&first[0].body).unwrap()).await.outcome, Outcome::Deferred);
    for n in 0..40 {
        let path = format!("/v3/contacts/stranger-{n}@example.com?identifierType=email_id");
        assert_eq!(stage.brevo("DELETE", &path, &Value::Null).status, 204);
    }
    let reports = stage.drain().await;
    assert_eq!(news(&reports).len(), 1);
}

#[tokio::test]
async fn a_page_that_is_read_twice_tells_nothing_twice() {
    let stage = armed(TWO_WAY).await;
    stage.world.set_up_shop(
        json!({ "customers": [tajo_sandbox::shopify::nodes::customer(&sample("customers-create"))] }),
    );
    stage.tell("customers/create", &says_yes(1)).await;
    lost(&stage, JO, "emailBlacklisted");
    stage.world.advance(NIGHT);
    stage.sweep().await;
    let mut page = Notice::from_json(&stage.world.take_messages()[0].body).unwrap();
    let (now, since) = (stage.env.clock.now(), state(&stage).await.unwrap().since);
    let resume = json!({"started_at": now, "since": since, "offset": 0, "looked_at": 0, "news": 0});
    page.resume = Some(resume.to_string());
    // A crash before the page is settled: the queue hands it out again. Both times Jo is found before anybody is told.
    stage.receive(record(&page, 1)).await;
    stage.world.advance(SignedDuration::from_secs(360));
    stage.receive(record(&page, 2)).await;
    let told = stage.drain().await;
    let outcomes: Vec<Outcome> = news(&told).iter().map(|report| report.outcome).collect();
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Unchanged]);
    assert_eq!(mutations(&stage).len(), 1);
}

fn found(stage: &Stage) -> Notice {
    let now = stage.env.clock.now();
    let said = BrevoSaid::Out(OutReason::Blocked);
    let news = BrevoNews { email: Email::parse(JO).unwrap(), said, at: now };
    let found = Some(Found { open_at: Timestamp::MIN });
    let told = NewsForStore { news, customers: vec![JOS_ID.to_owned()], found };
    Notice::brevo_news(&StoreId::parse(STORE).unwrap(), Platform::Shopify, SHOP, &told, "somebody", now)
}

#[tokio::test]
async fn a_block_that_was_lifted_since_the_look_is_not_believed() {
    let stage = armed("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    let report = stage.deliver(&found(&stage)).await;
    assert_eq!(report.outcome, Outcome::Unchanged);
    assert_eq!(record_of(&stage, JOS_ID).await.unwrap().email_out, None);
    assert!(!flags(&stage).0);
}

#[tokio::test]
async fn what_changes_while_brevo_is_asked_has_it_asked_again() {
    let stage = armed("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    lost(&stage, JO, "emailBlacklisted");
    let notice = found(&stage);
    let meanwhile = async { drop(stage.tell("customers/update", &account(5, None)).await) };
    let report = stage.receive_while(record(&notice, 1), "Brevo GET /v3/contacts/", meanwhile).await;
    assert_eq!(report.outcome, Outcome::Deferred);
    assert_eq!(record_of(&stage, JOS_ID).await.unwrap().email_out, None);
    stage.drain().await;
    assert!(record_of(&stage, JOS_ID).await.unwrap().email_out.is_some());
}

#[tokio::test]
async fn an_account_that_was_connected_before_is_compared_from_its_first_webhook_on() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &says_yes(1)).await;
    assert_eq!(state(&stage).await, None);
    heard(&stage, &happens(&stage, "unsubscribe", JO, 5).unwrap()).await;
    let armed = state(&stage).await.unwrap();
    assert_eq!(armed.since.to_string(), "2020-01-01T00:00:00Z", "since the store was connected");
    assert!(armed.stores.contains(&StoreId::parse(STORE).unwrap()));
    assert!(at(5) < Timestamp::from_millisecond(armed.due_at).unwrap());
}

#[tokio::test]
async fn a_key_that_brevo_refuses_is_parked_once_however_many_nights_it_lasts() {
    let stage = armed("").await;
    let refuses = json!({"status": 401, "body": {"code": "unauthorized", "message": "Key not found"}});
    stage.fault(json!({"method": "GET", "path": "/v3/contacts", "times": 3, "action": refuses}));
    for _ in 0..2 {
        let reports = stage.pass(NIGHT).await;
        assert_eq!(reports.iter().map(|report| report.outcome).collect::<Vec<_>>(), [Outcome::Parked]);
    }
    let table = stage.world.table(&stage.front).await;
    assert_eq!(tajo_state::list_parked(&table, ACCOUNT, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn connecting_a_store_arranges_its_nights_and_connecting_again_forgets_none() {
    let stage = Stage::unconnected().await;
    crate::set_up::connected(&stage, STORE, json!({})).await.unwrap();
    let table = stage.world.table(&stage.front).await;
    let later = stage.env.clock.now().saturating_add(SignedDuration::from_hours(24)).unwrap();
    let accounts = tajo_state::due_accounts(&table, later, 10).await.unwrap();
    let key = Key::reconcile(&accounts[0]);
    let first = table.get_newest::<Reconcile>(&key).await.unwrap().record.unwrap();
    // With another process: this one knows that it has arranged them.
    let stage = Stage::with(stage.world.clone()).await;
    crate::set_up::connected(&stage, STORE, json!({})).await.unwrap();
    assert_eq!(table.get_newest::<Reconcile>(&key).await.unwrap().record.unwrap(), first);
    let no_totals = "connectors: {shopify: {field_mapping: {first_name: FIRSTNAME}}}";
    crate::set_up::connected(&stage, "second-shop", json!({ "settings": no_totals })).await.unwrap();
    let second = table.get_newest::<Reconcile>(&key).await.unwrap().record.unwrap();
    assert_eq!((second.stores.len(), second.since), (2, first.since));
}
