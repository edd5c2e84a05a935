//! Whatever a store says about a person, in whatever order and however often: the tags end alike, and nobody is written
//! to who said no last.

use std::cell::Cell;
use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::{ContactRecord, PersonUpdate, TagsDelta, Versioned};
use tajo_platforms::Notice;
use tajo_testkit::record;

use crate::bodies::{cast, sample as body, with};
use crate::stage::Stage;

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, rng).run(strategy, test).unwrap();
}

/// What is said about tags: `None` for a full set, `Some(true)` for an addition.
type TagFact = (i64, Option<bool>, BTreeSet<&'static str>);

fn tag_facts() -> impl Strategy<Value = (Vec<TagFact>, Vec<prop::sample::Index>)> {
    let tags = || prop::collection::btree_set(prop::sample::select(vec!["a", "b", "c", "d"]), 1..3);
    let fact = (0..12i64, prop_oneof![Just(None), Just(Some(true)), Just(Some(false))], tags());
    (prop::collection::vec(fact, 1..10), prop::collection::vec(any::<prop::sample::Index>(), 0..20))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn told((second, kind, tags): &TagFact) -> PersonUpdate {
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let mut update = PersonUpdate::default();
    match kind {
        None => update.tags = Some(Versioned { at: at(*second), value: tags }),
        Some(is_added) => {
            let (added, removed) = if *is_added { (tags, Vec::new()) } else { (Vec::new(), tags) };
            update.tags_delta = Some(TagsDelta { at: at(*second), added, removed });
        }
    }
    update
}

/// Each tag's latest statement; at one moment a removal beats an addition, and either a full set.
fn expected(facts: &[TagFact]) -> BTreeSet<&'static str> {
    let holds = |tag: &&'static str| {
        let statements = facts.iter().filter_map(|(second, kind, tags)| match kind {
            None => Some(((*second, 0), tags.contains(tag))),
            Some(is_added) => {
                tags.contains(tag).then_some(((*second, if *is_added { 1 } else { 2 }), *is_added))
            }
        });
        statements.max_by_key(|(when, _)| *when).is_some_and(|(_, holds)| holds)
    };
    ["a", "b", "c", "d"].into_iter().filter(holds).collect()
}

#[test]
fn tags_end_in_one_state_in_any_order_and_however_often_they_are_told() {
    run(2_000, &tag_facts(), |(mut facts, picks)| {
        // Two full sets of one moment contradict each other: nobody can say which is right.
        let mut seen = BTreeSet::new();
        facts.retain(|(second, kind, _)| kind.is_some() || seen.insert(*second));
        let in_order = {
            let mut record = ContactRecord::default();
            for fact in &facts {
                record.accept(&told(fact));
            }
            record
        };
        let mut shuffled = ContactRecord::default();
        // Some of them early and several times, then all of them backwards.
        for fact in picks.iter().map(|pick| pick.get(&facts)).chain(facts.iter().rev()) {
            shuffled.accept(&told(fact));
        }
        let tags = |record: &ContactRecord| {
            record.present_tags().unwrap_or_default().into_iter().collect::<BTreeSet<_>>()
        };
        let expected: BTreeSet<String> = expected(&facts).into_iter().map(str::to_owned).collect();
        prop_assert_eq!(tags(&in_order), expected.clone());
        prop_assert_eq!(tags(&shuffled), expected);
        let state = |record: &ContactRecord| (record.tags.clone(), record.tag_changes.clone());
        prop_assert_eq!(state(&in_order), state(&shuffled), "also what is kept of it is the same");
        Ok(())
    });
}

/// A road, the word for it, and when it was said. An older word may come with a newer body and the other way round.
#[derive(Clone, Debug)]
struct Said {
    source: Source,
    word: &'static str,
    said: u32,
    body: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    /// Up to 2024-10 the customer's body carried consents.
    AccountEmail,
    AccountSms,
    /// So did the customer inside an order.
    OrderEmail,
    EmailTopic,
    SmsTopic,
    WhatsappTopic,
    /// No consent at all: switched on, switched off, a ticked box.
    Enable,
    Disable,
    AcceptsMarketing,
}

#[derive(Clone, Debug)]
enum Step {
    Said(Said),
    Again(prop::sample::Index),
    Receive(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = (bool, Vec<Step>)> {
    use Source::{
        AcceptsMarketing, AccountEmail, AccountSms, Disable, EmailTopic, Enable, OrderEmail, SmsTopic,
        WhatsappTopic,
    };
    let sources = vec![
        AccountEmail,
        AccountSms,
        OrderEmail,
        EmailTopic,
        EmailTopic,
        SmsTopic,
        SmsTopic,
        WhatsappTopic,
        WhatsappTopic,
        Enable,
        Disable,
        AcceptsMarketing,
    ];
    let words =
        vec!["subscribed", "subscribed", "unsubscribed", "not_subscribed", "pending", "invalid", "redacted"];
    let said = (prop::sample::select(sources), prop::sample::select(words), 1..8u32, 1..8u32)
        .prop_map(|(source, word, said, body)| Step::Said(Said { source, word, said, body }));
    let step = prop_oneof![
        6 => said,
        1 => any::<prop::sample::Index>().prop_map(Step::Again),
        1 => any::<prop::sample::Index>().prop_map(Step::Receive),
    ];
    (any::<bool>(), prop::collection::vec(step, 1..9))
}

/// The latest word on email, SMS and WhatsApp: minute, and whether it was a no (which is the greater at one minute).
type Latest = [Option<(u32, bool)>; 3];

impl Said {
    fn at(minute: u32) -> String {
        format!("2026-11-05T09:{minute:02}:00Z")
    }

    fn notice(&self) -> (&'static str, Value) {
        let consent = json!({"state": self.word, "consent_updated_at": Self::at(self.said)});
        let account = || with(body("customers-update"), json!({"updated_at": Self::at(self.body)}));
        match self.source {
            Source::AccountEmail => {
                ("customers/update", with(account(), json!({"email_marketing_consent": consent})))
            }
            Source::AccountSms => {
                ("customers/update", with(account(), json!({"sms_marketing_consent": consent})))
            }
            Source::Enable => ("customers/enable", account()),
            Source::Disable => ("customers/disable", account()),
            Source::OrderEmail | Source::AcceptsMarketing => {
                let mut order = body("orders-create.paid");
                order["updated_at"] = json!(Self::at(self.body));
                order["customer"]["phone"] = json!("+491711234567");
                if self.source == Source::OrderEmail {
                    order["customer"]["email_marketing_consent"] = consent;
                } else {
                    order["buyer_accepts_marketing"] = json!(self.word == "subscribed");
                }
                ("orders/create", order)
            }
            Source::EmailTopic => (
                "customers_email_marketing_consent/update",
                with(
                    body("customers_email_marketing_consent-update"),
                    json!({"email_marketing_consent": consent}),
                ),
            ),
            Source::SmsTopic => (
                "customers_marketing_consent/update",
                with(body("customers_marketing_consent-update"), json!({"sms_marketing_consent": consent})),
            ),
            Source::WhatsappTopic => (
                "customers_whats_app_marketing_consent/update",
                with(
                    body("customers_whats_app_marketing_consent-update"),
                    json!({"whats_app_marketing_consent": {"state": self.word, "updated_at": Self::at(self.said)}}),
                ),
            ),
        }
    }

    fn count(&self, latest: &mut Latest) {
        let channel = match self.source {
            Source::AccountEmail | Source::OrderEmail | Source::EmailTopic => 0,
            Source::AccountSms | Source::SmsTopic => 1,
            Source::WhatsappTopic => 2,
            Source::Enable | Source::Disable | Source::AcceptsMarketing => return,
        };
        let is_no = match self.word {
            "subscribed" => false,
            "unsubscribed" => true,
            _ => return,
        };
        latest[channel] = latest[channel].max(Some((self.said, is_no)));
    }
}

#[test]
fn nobody_who_said_no_last_is_open_on_any_channel_whatever_came_when_and_how_often() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new("connectors: {shopify: {contacts: {whatsapp: true}}}"));
    let cases = Cell::new(30_000_000);
    run(160, &steps(), |(existed, steps)| {
        cases.set(cases.get() + 1);
        runtime.block_on(hold(&stage, cases.get(), existed, &steps))
    });
}

async fn hold(stage: &Stage, n: u32, existed: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let email = format!("jo{n}@example.com");
    if existed {
        stage.brevo("POST", "/v3/contacts", &json!({"email": email}));
    }
    let mut delivered: Vec<Notice> = Vec::new();
    let mut latest: Latest = [None; 3];
    for step in steps {
        let report = match step {
            Step::Said(said) => {
                let (topic, body) = said.notice();
                let notice = stage.notice(topic, &cast(&body, n));
                delivered.push(notice.clone());
                said.count(&mut latest);
                stage.deliver(&notice).await
            }
            Step::Again(which) | Step::Receive(which) => {
                if delivered.is_empty() {
                    continue;
                }
                let received = if matches!(step, Step::Receive(_)) { 2 } else { 1 };
                stage.receive(record(which.get(&delivered), received)).await
            }
        };
        let fine = matches!(report.outcome, Outcome::Applied | Outcome::Unchanged | Outcome::Skipped);
        prop_assert!(fine, "{report:?}");
        check(stage, n, existed, latest)?;
    }
    Ok(())
}

fn check(stage: &Stage, n: u32, existed: bool, latest: Latest) -> Result<(), TestCaseError> {
    let (email, number) = (format!("jo{n}@example.com"), format!("49171{:07}", n % 10_000_000));
    let ext_id = format!("shopify:demo-shop:72014{n}");
    let state = stage.world.brevo();
    let is_jo = |contact: &&Value| {
        contact["email"] == email || contact["ext_id"] == ext_id || contact["attributes"]["SMS"] == number
    };
    let contacts: Vec<&Value> = state["contacts"].as_array().unwrap().iter().filter(is_jo).collect();
    prop_assert!(contacts.len() <= 1, "one person, one contact: {contacts:?}");
    let Some(contact) = contacts.first() else { return Ok(()) };
    let said_no = latest.map(|latest| matches!(latest, Some((_, true))));
    let said_yes = latest.map(|latest| matches!(latest, Some((_, false))));
    for (channel, flag) in ["emailBlacklisted", "smsBlacklisted"].into_iter().enumerate() {
        let open = contact[flag] == false;
        // Until it is known whose number it is, nothing is said about it; Brevo has no number then.
        let is_waiting = channel == 1 && contact["ext_id"].is_null();
        prop_assert!(is_waiting || !(said_no[channel] && open), "{flag}: said no last, but is open");
        prop_assert!(existed || open == said_yes[channel], "{flag}: {contact} after {latest:?}");
    }
    // Brevo's own contact gets no flag, so it must not get a number without a yes.
    let has = |name: &str| !contact["attributes"][name].is_null();
    let sms_open = has("SMS") && contact["smsBlacklisted"] == false;
    prop_assert!(!sms_open || said_yes[1], "a number without a yes");
    prop_assert!(!has("WHATSAPP") || said_yes[2], "a WhatsApp number without a yes");
    let is_known = contact["ext_id"] == ext_id && has("FIRSTNAME");
    prop_assert!(!(said_yes[2] && is_known) || has("WHATSAPP"), "{contact} after {latest:?}");
    Ok(())
}
