//! brevo-sync is killed before each of its calls leaves, and again right after each call's effect. The queue hands
//! the message to a fresh process. Nothing is lost; events are sent twice only in the one documented window.

use std::time::Duration;

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use serde_json::Value;
use tajo_domain::StoreId;
use tajo_platforms::{Notice, Platform};
use tajo_testkit::{SHOP, STORE, notice};

use crate::bodies::{cast, each, only, recent_past, sample};
use crate::picture::{essence, event_lines};
use crate::process::{CLAIM_SECONDS, Call, Invocation, Kill, invoke};
use crate::stage::Stage;

/// A cart counts as abandoned after a second: these processes live in real time.
const SETTINGS: &str = "
connectors: {shopify: {lists: {all_customers: 2, buyers: 4, abandoned_cart: 6}}}
sync: {carts: {abandoned_after: 1s}}";

const CART_DUE: &str = "tajo/cart_due";

/// Processes at once: most of the time they wait for a claim to expire.
const AT_ONCE: usize = 6;

const FIRST: u32 = 20_000_000;

/// One notice, and what was told before it.
struct Story {
    before: Vec<(&'static str, &'static str)>,
    topic: &'static str,
    file: &'static str,
}

impl Story {
    /// The notice, about the n-th Jo.
    fn notice(&self, n: u32) -> Notice {
        if self.topic == CART_DUE {
            let store = StoreId::parse(STORE).unwrap();
            return Notice::cart_due(
                &store,
                Platform::Shopify,
                SHOP,
                &format!("cart-{n}"),
                jiff::Timestamp::now(),
            );
        }
        notice(
            self.topic,
            &format!("d-{n}"),
            cast(&recent_past(&sample(self.file)), n).to_string().as_bytes(),
        )
    }

    async fn prepare(&self, stage: &Stage, n: u32) {
        for (topic, file) in &self.before {
            stage.tell(topic, &cast(&recent_past(&sample(file)), n)).await;
        }
    }
}

/// What the crash left and what became of it.
struct Survived {
    n: u32,
    kill: Kill,
    first: Invocation,
}

async fn survives(story: Story) {
    survives_with(SETTINGS, story).await;
}

async fn survives_with(settings: &str, story: Story) {
    let stage = Stage::new(settings).await;
    // Untouched first: how many calls there are, and how it should end.
    story.prepare(&stage, FIRST).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let untouched = invoke(&stage.world, &story.notice(FIRST), 1, Kill::Never).await;
    let count = untouched.calls.len();
    assert!(count > 3, "{untouched:?}");
    let expected = only(&stage.world.brevo(), FIRST);

    // One kill more than there are calls: that run must end untouched.
    let kills = (1..=count + 1).flat_map(|n| [Kill::Before(n), Kill::After(n)]);
    let kills: Vec<(u32, Kill)> = (FIRST + 1..).zip(kills).collect();
    for (n, _) in &kills {
        story.prepare(&stage, *n).await;
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let runs = kills.into_iter().map(|(n, kill)| crash(&stage, &story, n, kill).boxed());
    let survived: Vec<Survived> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;

    let mut found = each(&stage.world.brevo());
    let mut windows = 0;
    for Survived { n, kill, first } in &survived {
        let is_beyond = matches!(kill, Kill::Before(call) | Kill::After(call) if *call > count);
        let names = |calls: &[Call]| {
            calls.iter().map(|call| format!("{} {}", call.name, call.about)).collect::<Vec<_>>()
        };
        assert_eq!(
            first.killed,
            !is_beyond,
            "{kill:?}: {:#?} instead of {:#?}",
            names(&first.calls),
            names(&untouched.calls)
        );
        windows += compare(&expected, &found.remove(n).unwrap(), *kill, &first.calls);
    }
    assert!(stage.world.take_messages().is_empty(), "nothing is put off");
    println!(
        "{} {}: {count} calls, {windows} duplicates in {} kills",
        story.topic,
        story.file,
        survived.len() - 2
    );
}

async fn crash(stage: &Stage, story: &Story, n: u32, kill: Kill) -> Survived {
    let notice = story.notice(n);
    let first = invoke(&stage.world, &notice, 1, kill).await;
    if first.killed {
        tokio::time::sleep(Duration::from_millis(u64::from(CLAIM_SECONDS) * 1000 + 100)).await;
        let mut second = invoke(&stage.world, &notice, 2, Kill::Never).await;
        if second.failures > 0 {
            // A busy machine: the table did not answer in time, and the queue hands the message out again.
            second = invoke(&stage.world, &notice, 3, Kill::Never).await;
        }
        assert_eq!(second.failures, 0, "{kill:?}: {}", second.output);
    }
    Survived { n, kill, first }
}

/// The end must be as expected, but for events that Brevo accepted and nobody could mark. Answers how many.
fn compare(expected: &Value, found: &Value, kill: Kill, calls: &[Call]) -> usize {
    let state = |value: &Value| {
        essence(value).into_iter().filter(|line| !line.starts_with("event ")).collect::<Vec<String>>()
    };
    assert_eq!(state(found), state(expected), "{kill:?} {calls:#?}");
    let mut extra = event_lines(found);
    for event in event_lines(expected) {
        let at = extra.iter().position(|line| *line == event);
        extra.remove(at.unwrap_or_else(|| panic!("{kill:?} lost {event}")));
    }
    assert_eq!(extra.len(), unmarked(calls), "{kill:?} sent twice: {extra:#?} {calls:#?}");
    extra.len()
}

/// Events that Brevo accepted and whose entity was not written since: the documented window.
pub fn unmarked(calls: &[Call]) -> usize {
    let entities = ["customer#", "guest#", "order#", "cart#", "product#"];
    let mut unmarked = 0;
    for call in calls.iter().filter(|call| call.had_effect) {
        if call.name == "Brevo POST /v3/events" {
            unmarked += 1;
        } else if let Some(count) = call.about.strip_prefix("/v3/events/batch of ") {
            unmarked += count.parse::<usize>().unwrap();
        } else if call.name == "DynamoDB PutItem"
            && entities.iter().any(|entity| call.about.starts_with(entity))
        {
            unmarked = 0;
        }
    }
    unmarked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_customer_survives_every_crash() {
    survives(Story { before: vec![], topic: "customers/create", file: "customers-create" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_order_with_a_cart_survives_every_crash() {
    let before = vec![("checkouts/update", "checkouts-update")];
    survives(Story { before, topic: "orders/create", file: "orders-create.paid" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_and_a_refund_survive_every_crash() {
    let before = vec![("orders/create", "orders-create.paid")];
    survives(Story { before, topic: "orders/updated", file: "orders-updated.refunded" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_comes_alone_survives_every_crash() {
    let before = vec![("orders/create", "orders-create.paid")];
    survives(Story { before, topic: "refunds/create", file: "refunds-create" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_facts_came_first_survives_every_crash() {
    let before = vec![("refunds/create", "refunds-create"), ("fulfillments/create", "fulfillments-create")];
    survives(Story { before, topic: "orders/create", file: "orders-create.paid" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_survives_every_crash() {
    survives(Story { before: vec![], topic: "checkouts/create", file: "checkouts-create" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_of_a_cart_survives_every_crash() {
    survives(Story { before: vec![("checkouts/update", "checkouts-update")], topic: CART_DUE, file: "" })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_survives_every_crash() {
    let before = vec![("orders/create", "orders-create.paid")];
    survives(Story { before, topic: "customers/redact", file: "customers-redact" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_customer_survives_every_crash() {
    let before = vec![("customers/create", "customers-create")];
    survives(Story { before, topic: "customers/delete", file: "customers-delete" }).await;
}

/// Its other content, its stock and the crossing: whatever is lost of one attempt is made up for by the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_product_whose_stock_runs_low_survives_every_crash() {
    let settings =
        "sync: {inventory: {enabled: true, low_stock_threshold: 10, alert_email: owner@example.com}}";
    let before = vec![("products/create", "products-create")];
    survives_with(settings, Story { before, topic: "products/update", file: "products-update.price" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_that_loses_a_variant_survives_every_crash() {
    let before = vec![("products/create", "products-create")];
    survives(Story { before, topic: "products/update", file: "products-update.one_variant" }).await;
}
