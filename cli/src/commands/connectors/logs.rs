//! `tajo connectors logs`.

use clap::{Args, ValueEnum};
use tajo_api::{LogEntry, LogPage, MOST};

use super::{Platform, say_entry, word};
use crate::api::{Api, At, Call, say_each};
use crate::output::{Failure, say, say_wrapped, talk};

/// Which lines. What is said must hold all together.
#[derive(Args, Debug)]
pub(crate) struct Logs {
    #[arg(value_enum)]
    platform: Platform,
    /// Only this kind of work.
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<Kind>,
    /// Not older than this: an age (24h), a day (2026-11-20) or a timestamp.
    #[arg(long, value_name = "TIME")]
    last: Option<String>,
    /// Only this topic, such as orders/create.
    #[arg(long)]
    topic: Option<String>,
    /// Only what ended so: applied, unchanged, skipped, deferred, parked, held or retried.
    #[arg(long)]
    outcome: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    at: At,
}

#[derive(Clone, Copy, Debug, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A platform's webhooks.
    Webhook,
    /// The connector's own: abandoned carts, set-up.
    Own,
    /// What Brevo told.
    Brevo,
}

/// Runs the command.
pub(crate) async fn run(asked: &Logs) -> crate::Result {
    let Platform::Shopify = asked.platform;
    let api = asked.at.reach.open()?;
    let answers = asked.at.each(async |store| page(&api, asked, store).await).await?;
    if asked.at.reach.json {
        return say_each(&answers);
    }
    for (store, page) in &answers {
        store.iter().for_each(|store| say(&format!("{store}:")));
        print(&page.lines);
        if page.next.is_some() {
            talk(&format!("note: there is more than these {}: raise --limit", page.lines.len()));
        }
    }
    Ok(())
}

/// As many lines as were asked for, whatever a page holds.
async fn page(api: &Api, asked: &Logs, store: &str) -> Result<LogPage, Failure> {
    let mut found = LogPage { lines: Vec::new(), next: None };
    loop {
        let missing = asked.limit - found.lines.len();
        let call = Call::at("logs", store)
            .with("type", asked.kind.map(word))
            .with("since", asked.last.as_ref())
            .with("topic", asked.topic.as_ref())
            .with("outcome", asked.outcome.as_ref())
            .with("limit", Some(missing.min(MOST)))
            .with("cursor", found.next.take());
        let page: LogPage = api.ask(call).await?;
        found.lines.extend(page.lines);
        found.next = page.next;
        if asked.limit <= found.lines.len() || found.next.is_none() {
            found.lines.truncate(asked.limit);
            return Ok(found);
        }
    }
}

/// Lines: when, how it ended, what it was about; and below, why.
pub(crate) fn print(lines: &[LogEntry]) {
    if lines.is_empty() {
        say("Nothing like that was logged.");
    }
    for line in lines {
        let calls = match line.calls {
            0 => String::new(),
            1 => ", 1 call to Brevo".to_owned(),
            calls => format!(", {calls} calls to Brevo"),
        };
        say_entry(line.at, &line.outcome, &format!("{}{calls}", line.topic));
        line.reason.iter().for_each(|reason| say_wrapped(reason, 2));
    }
}
