//! Nothing personal and no secret is ever written down: not in a log line, not in a report, not in an error.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tajo_platforms::Notice;
use tajo_testkit::{BREVO_KEY, SHOPIFY_TOKEN, World, notice};
use tracing_subscriber::fmt::MakeWriter;

use crate::bodies::{sample, with};
use crate::process::{Kill, invoke};
use crate::stage::Stage;

/// What must appear nowhere. Each stands in the bodies below.
const CANARIES: [&str; 15] = [
    "canary.person@example.com",
    "canary.person",
    "+491719876543",
    "1719876543",
    "Canaryname",
    "Canaryfamily",
    "Canary street",
    "cart-canary-token",
    "chk-canary-token",
    "key=not-a-real-key",
    "/recover",
    "order_status_url",
    "canary of a note",
    BREVO_KEY,
    SHOPIFY_TOKEN,
];

fn with_canaries(file: &str) -> Value {
    let text = sample(file).to_string();
    let text = text
        .replace("jo@example.com", "canary.person@example.com")
        .replace("+491711234567", "+491719876543")
        .replace("cart-3f6a1c9e", "cart-canary-token")
        .replace("chk-b81d20f4", "chk-canary-token")
        .replace("Gartenweg 7", "Canary street 7")
        .replace("Johanna", "Canaryname")
        .replace(r#""Jo""#, r#""Canaryname""#)
        .replace("Müller", "Canaryfamily");
    with(serde_json::from_str(&text).unwrap(), json!({"phone": "+491719876543", "note": "canary of a note"}))
}

fn notices() -> Vec<Notice> {
    let bodies = [
        ("customers/create", "customers-create"),
        ("customers/update", "customers-update"),
        ("checkouts/create", "checkouts-create"),
        ("orders/create", "orders-create.paid"),
        ("orders/updated", "orders-updated.refunded"),
        ("refunds/create", "refunds-create"),
        ("fulfillments/update", "fulfillments-update"),
        ("carts/update", "carts-update"),
        ("checkouts/delete", "checkouts-delete"),
        ("orders/delete", "orders-delete"),
    ];
    let mut notices: Vec<Notice> = bodies
        .iter()
        .map(|(topic, file)| notice(topic, &format!("d-{file}"), with_canaries(file).to_string().as_bytes()))
        .collect();
    let broken = format!(r#"{{"id": 1, "email": "canary.person@example.com", "note": "{}" "#, CANARIES[12]);
    notices.push(notice("orders/create", "d-broken", broken.as_bytes()));
    notices.push(notice(
        "customers/delete",
        "d-delete",
        &sample("customers-delete").to_string().into_bytes(),
    ));
    notices
}

fn assert_clean(text: &str) {
    for canary in CANARIES {
        let line = text.lines().find(|line| line.to_lowercase().contains(&canary.to_lowercase()));
        assert!(line.is_none(), "`{canary}` was written down: {}", line.unwrap_or_default());
    }
}

/// Brevo repeats what it refuses: its words must not get through either.
fn faults() -> Vec<Value> {
    let refusal = json!({"code": "invalid_parameter", "message": "Invalid phone number +491719876543 of canary.person@example.com"});
    let duplicate = json!({"code": "duplicate_parameter", "message": "x", "metadata": {"duplicate_identifiers": ["SMS"]}});
    vec![
        json!({"path": "/v3/contacts*", "action": {"status": 400, "body": refusal}}),
        json!({"path": "/v3/contacts*", "action": {"status": 400, "body": duplicate}}),
        json!({"path": "/v3/events", "action": {"status": 400, "body": refusal}}),
        json!({"path": "/v3/orders/status", "action": {"status": 403, "body": {"code": "permission_denied", "message": "for canary.person@example.com"}}}),
        json!({"path": "/v3/events", "action": {"status": 500, "body": refusal}}),
        json!({"path": "/v3/contacts*", "action": {"drop": true}}),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function_writes_nothing_personal() {
    let world = World::new("").await;
    let mut output = String::new();
    for notice in notices() {
        output += &invoke(&world, &notice, 1, Kill::Never).await.output;
    }
    // Once more, with everything going wrong in turn.
    for fault in faults() {
        world.sandbox.add_fault(serde_json::from_value(fault).unwrap());
    }
    for notice in notices() {
        output += &invoke(&world, &notice, 2, Kill::Never).await.output;
    }
    assert!(output.contains("a notice ended"), "the logs were not captured: {output}");
    assert_clean(&output);
}

/// Everything that a store can have logged, and personal fields mapped.
const TALKATIVE: &str = "connectors: {shopify: {debug: true, log_level: verbose, log_webhooks: true, field_mapping: {\
    email: EMAIL, phone: SMS, first_name: FIRSTNAME, last_name: LASTNAME, note: NOTE, \
    default_address.address1: STREET, tags: TAGS}}}";

/// Collects log lines.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// What was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// In process, where our own lines are collected at every level.
#[tokio::test]
async fn reports_notices_and_our_own_lines_hold_nothing_personal() {
    let lines = Lines::default();
    let filter =
        "off,tajo_app=trace,tajo_brevo=trace,tajo_state=trace,tajo_platforms=trace,tajo_mapping=trace";
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_env_filter(filter).finish();
    // For the whole process: tests that run beside this one would otherwise decide which lines exist at all.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let stage = Stage::new(TALKATIVE).await;
    let mut shown = String::new();
    for fault in faults() {
        stage.fault(fault);
        for notice in notices() {
            let report = stage.deliver(&notice).await;
            shown += &format!("{notice:?}\n{report:?}\n");
        }
        for report in stage.drain().await {
            shown += &format!("{report:?}\n");
        }
    }
    stage.pass(jiff::SignedDuration::from_hours(1)).await;
    let written = lines.text();
    for line in
        ["a notice ended", "a webhook arrived", "Brevo was called", "/contacts/{…}", "attributes.STREET"]
    {
        assert!(written.contains(line), "`{line}` was not captured");
    }
    assert_clean(&written);
    assert_clean(&shown);
}

/// The log that the dashboard reads holds hashes, never people.
#[tokio::test]
async fn the_stored_log_holds_nothing_personal() {
    let stage = Stage::new("").await;
    let mut kept = 0;
    for notice in notices() {
        kept += usize::from(!stage.deliver(&notice).await.routine);
    }
    assert!(kept > 4, "{kept}");
    let table = stage.world.table(&stage.front).await;
    let now = stage.env.clock.now();
    let since = now.saturating_add(-jiff::SignedDuration::from_mins(5)).unwrap();
    let log = tajo_state::read_log(&table, tajo_testkit::STORE, since, now).await.unwrap();
    assert_eq!(log.len(), kept);
    assert_clean(&format!("{log:?}"));
}
