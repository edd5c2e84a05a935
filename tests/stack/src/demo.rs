//! A morning in a shop, sent through the deployed stack and compared with what reached Brevo.

mod check;
mod quiet;
mod traffic;

use std::io::Write;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table as Grid, presets};
use jiff::Timestamp;
use serde_json::Value;
use tajo_sandbox::shopify;
use tajo_state::{LogLine, Table, read_log};

use crate::connect::tell_sandbox;
use crate::{DemoStore, Error, Progress, Result, Stack, local_aws};
use check::{array, text};
pub use quiet::quiet;
use traffic::{Delivery, Expected};

/// How long one notice may take; the first ones start the functions.
const PATIENCE: Duration = Duration::from_secs(60);

/// A quiet cart: 20 s of quiet, a sweep every minute, and then some.
const CART_PATIENCE: Duration = Duration::from_secs(240);

/// Sends the morning's traffic and fails unless exactly what it implies reached Brevo.
/// `DEMO_SEED` chooses names, amounts and order.
pub async fn demo(stack: &Stack, progress: &Progress) -> Result<()> {
    let store = stack.demo.as_ref().ok_or_else(|| Error::new("no demo store is connected"))?;
    let seed = match std::env::var("DEMO_SEED").ok().filter(|text| !text.is_empty()) {
        Some(text) => {
            text.parse().map_err(|_| Error::new(format!("DEMO_SEED is `{text}`, which is no number")))?
        }
        None => fastrand::u64(..1_000_000),
    };
    let started = Timestamp::now();
    let (deliveries, expected) = traffic::morning(seed, started);
    progress.say(&format!("a morning in the shop (DEMO_SEED={seed})"));
    let table = state_table(stack).await?;
    let mut ends: Vec<(Delivery, String, String)> = Vec::new();
    for delivery in deliveries {
        let status = send(stack, store, &delivery).await?;
        let (outcome, reason) = match status {
            200 => {
                let copies = ends.iter().filter(|(other, ..)| other.id == delivery.id).count();
                let line = wait_for(&table, store, &delivery.id, started, copies).await?;
                (line.outcome, line.reason.unwrap_or_default())
            }
            status => (status.to_string(), "the signature is not the shop's: nothing was queued".to_owned()),
        };
        progress.say(&format!("{}: {outcome}", delivery.what));
        ends.push((delivery, outcome, reason));
    }
    progress.say("waiting until the cart left behind has rested, and everything is drained");
    wait_for_the_cart(stack, &expected).await?;
    local_aws::wait_until_drained(stack, PATIENCE).await?;
    let state = state(stack).await?;
    let lookups = check::lookups(&sandbox(stack, "calls").await?);
    show(&ends, &state, &lookups)?;
    let mut wrong = check::differences(&expected, &state);
    if !lookups.iter().any(|(_, state)| state == "subscribed") {
        wrong.push("nobody asked the shop for the recorded opt-in".to_owned());
    }
    for (delivery, outcome, _) in &ends {
        if outcome != delivery.ends {
            wrong
                .push(format!("{}: ended {outcome}, and should have ended {}", delivery.what, delivery.ends));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::new(format!("the morning did not end as it had to:\n  {}", wrong.join("\n  ")))
            .hint(format!("run it again with DEMO_SEED={seed}")));
    }
    print(&format!(
        "\n{} webhooks sent, {} contacts, {} events and {} orders reached Brevo: exactly what had to happen.",
        ends.len(),
        expected.contacts.len(),
        expected.events.len(),
        expected.orders.len()
    ))
}

async fn state_table(stack: &Stack) -> Result<Table> {
    let aws = tajo_state::sdk_config(Some(&stack.aws_endpoint_url)).await;
    let aws = aws.map_err(|error| Error::new(error.to_string()))?;
    Ok(Table::new(aws_sdk_dynamodb::Client::new(&aws), &stack.table))
}

async fn send(stack: &Stack, store: &DemoStore, delivery: &Delivery) -> Result<u16> {
    if let Some(fields) = delivery.knows.as_ref().and_then(Value::as_object) {
        let mut customer = shopify::nodes::customer(&delivery.body);
        customer.as_object_mut().into_iter().for_each(|node| node.extend(fields.clone()));
        let shop = serde_json::json!({ "shop": store.shop_domain, "customers": [customer] });
        tell_sandbox(&stack.sandbox_url, "/shopify/shops", &shop).await?;
    }
    let request = serde_json::json!({
        "url": stack.webhook_url, "shop": store.shop_domain, "client_secret": store.client_secret,
        "topic": delivery.topic, "body": delivery.body, "webhook_id": delivery.id, "forge": delivery.forged,
    });
    let wanted: shopify::Send =
        serde_json::from_value(request).map_err(|error| Error::new(error.to_string()))?;
    let receipts = shopify::send(&wanted).await.map_err(Error::new)?;
    let status = receipts.first().and_then(|receipt| receipt.status);
    status.ok_or_else(|| Error::new("webhook-ingress did not answer within Shopify's five seconds"))
}

/// How one delivery ended, from the log the connector itself keeps; earlier copies of it have left `copies` such
/// lines there. A notice that was put off (all of a morning in a second may be more than Brevo takes) has not ended.
async fn wait_for(
    table: &Table,
    store: &DemoStore,
    delivery: &str,
    since: Timestamp,
    copies: usize,
) -> Result<LogLine> {
    let begun = std::time::Instant::now();
    loop {
        let lines = read_log(table, &store.store, since, Timestamp::now()).await;
        let lines = lines.map_err(|error| Error::new(error.to_string()))?;
        let has_ended = |line: &LogLine| {
            line.delivery == delivery && !["deferred", "retried"].contains(&line.outcome.as_str())
        };
        if let Some(line) = lines.into_iter().filter(has_ended).nth(copies) {
            return Ok(line);
        }
        if PATIENCE < begun.elapsed() {
            return Err(
                Error::new("a webhook was answered 200 and never ended").hint("see `tajo-stack logs`")
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn wait_for_the_cart(stack: &Stack, expected: &Expected) -> Result<()> {
    let begun = std::time::Instant::now();
    while check::events_of(&state(stack).await?).len() < expected.events.len() {
        if CART_PATIENCE < begun.elapsed() {
            return Ok(()); // The comparison says what is missing.
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

async fn state(stack: &Stack) -> Result<Value> {
    sandbox(stack, "state").await
}

async fn sandbox(stack: &Stack, what: &str) -> Result<Value> {
    let failed = |error: reqwest::Error| Error::new(format!("the sandbox does not answer: {error}"));
    let client = reqwest::Client::builder().no_proxy().build().map_err(failed)?;
    let url = format!("{}/_sandbox/{what}", stack.sandbox_url);
    client.get(url).send().await.map_err(failed)?.json().await.map_err(failed)
}

fn show(ends: &[(Delivery, String, String)], state: &Value, lookups: &[(String, String)]) -> Result<()> {
    let mut webhooks = grid(["webhook", "topic", "end", "reason"]);
    for (delivery, outcome, reason) in ends {
        webhooks.add_row([delivery.what.as_str(), delivery.topic, outcome.as_str(), reason.as_str()]);
    }
    print(&format!("\nWhat was sent\n{webhooks}"))?;
    let mut contacts = grid(["contact", "name", "lists", "email", "sms"]);
    for line in check::contacts(state) {
        contacts.add_row(line.split(' ').map(|word| word.replace('+', ", ")));
    }
    print(&format!("\nContacts in Brevo\n{contacts}"))?;
    let mut asked = grid(["asked the shop about", "its record on emails"]);
    for (email, state) in lookups {
        asked.add_row([email, state]);
    }
    print(&format!("\nConsent that no webhook carries: asked for before the contact was created\n{asked}"))?;
    let mut events = grid(["event", "of", "about", "total"]);
    for event in array(state, "events") {
        let properties = &event["event_properties"];
        let about = ["order_number", "id", "cart_id"].iter().find_map(|name| properties[*name].as_str());
        let amount = properties.get("total").or_else(|| properties.get("amount"));
        events.add_row([
            text(&event["event_name"]),
            text(&event["identifiers"]["email_id"]),
            about.unwrap_or(""),
            &amount.map(Value::to_string).unwrap_or_default(),
        ]);
    }
    print(&format!("\nEvents in Brevo, as they arrived\n{events}"))?;
    let mut orders = grid(["order", "status", "amount net of refunds"]);
    for order in array(state, "orders") {
        orders.add_row([text(&order["id"]), text(&order["status"]), &order["amount"].to_string()]);
    }
    print(&format!("\nOrders in Brevo\n{orders}"))
}

fn grid<const N: usize>(header: [&str; N]) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Dynamic);
    grid.set_width(100);
    grid.set_header(header);
    grid
}

fn print(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}")
        .map_err(|error| Error::new(format!("nobody reads our output: {error}")))
}
