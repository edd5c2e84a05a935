//! How long a webhook takes from the shop to its end, on the deployed local stack of a quiet store.

use std::time::Duration;

use jiff::Timestamp;

use super::{grid, print, send, state_table, traffic, wait_for};
use crate::{Error, Progress, Result, Stack};

/// Between two webhooks: a store of 1,000 a day has longer ones.
const PAUSE: Duration = Duration::from_millis(700);

/// The first ones start the functions; they are sent and not counted.
const WARM_UP: usize = 10;

/// Sends the traffic of so many mornings and prints how long it took: from the request to webhook-ingress until brevo-sync
/// wrote down the end, after its last answer from Brevo.
pub async fn quiet(stack: &Stack, mornings: u64, progress: &Progress) -> Result<()> {
    let store = stack.demo.as_ref().ok_or_else(|| Error::new("no demo store is connected"))?;
    let table = state_table(stack).await?;
    let started = Timestamp::now();
    let mut took = Vec::new();
    for morning in 0..mornings {
        let (deliveries, _) = traffic::morning(1_000 + morning, Timestamp::now());
        progress.say(&format!("morning {} of {mornings}", morning + 1));
        let mut copies = std::collections::HashMap::<String, usize>::new();
        for delivery in deliveries.iter().filter(|delivery| !delivery.forged) {
            tokio::time::sleep(PAUSE).await;
            let sent = Timestamp::now();
            send(stack, store, delivery).await?;
            let copies = copies.entry(delivery.id.clone()).or_default();
            let end = wait_for(&table, store, &delivery.id, started, *copies).await?;
            *copies += 1;
            took.push(end.at.duration_since(sent).as_millis().max(0));
        }
    }
    let mut counted = took.split_off(took.len().min(WARM_UP));
    counted.sort_unstable();
    let percentile = |percent: usize| {
        let index = (counted.len() * percent).div_ceil(100).saturating_sub(1);
        counted.get(index).map_or_else(|| "-".to_owned(), |ms| format!("{:.2} s", *ms as f64 / 1000.0))
    };
    let mut table = grid(["webhooks", "p50", "p99", "longest", "goal for p99"]);
    table.add_row([
        counted.len().to_string(),
        percentile(50),
        percentile(99),
        percentile(100),
        "2.00 s".to_owned(),
    ]);
    print(&format!("From the shop to Brevo, on the deployed local stack\n{table}"))
}
