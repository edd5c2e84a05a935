//! `tajo audit`.

use clap::Args;
use tajo_api::{AuditEntry, AuditOutcome, AuditPage, MOST};

use super::connectors::{say_entry, word};
use crate::api::{Api, Call, Reach};
use crate::output::{Failure, say, say_json, say_wrapped, talk};

/// Which changes. What is said must hold all together.
#[derive(Args, Debug)]
pub(crate) struct Audit {
    /// Only what was about this store. Left out: all that the key may see.
    #[arg(long)]
    store: Option<String>,
    /// Not older than this: an age (7d, 24h), a day (2026-11-20) or a timestamp.
    #[arg(long, value_name = "TIME")]
    last: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    reach: Reach,
}

/// Runs the command.
pub(crate) async fn run(asked: &Audit) -> crate::Result {
    let page = page(&asked.reach.open()?, asked).await?;
    if asked.reach.json {
        return say_json(&page);
    }
    if page.entries.is_empty() {
        say("Nothing like that was changed.");
    }
    page.entries.iter().for_each(print);
    if page.next.is_some() {
        talk(&format!("note: there is more than these {}: raise --limit", page.entries.len()));
    }
    Ok(())
}

/// As many entries as were asked for, whatever a page holds.
async fn page(api: &Api, asked: &Audit) -> Result<AuditPage, Failure> {
    let mut found = AuditPage { entries: Vec::new(), next: None };
    loop {
        let missing = asked.limit - found.entries.len();
        let call = Call::of("audit")
            .with("store", asked.store.as_ref())
            .with("since", asked.last.as_ref())
            .with("limit", Some(missing.min(MOST)))
            .with("cursor", found.next.take());
        let page: AuditPage = api.ask(call).await?;
        found.entries.extend(page.entries);
        found.next = page.next;
        if asked.limit <= found.entries.len() || found.next.is_none() {
            found.entries.truncate(asked.limit);
            return Ok(found);
        }
    }
}

/// When, how it ended, who; and below, what.
fn print(entry: &AuditEntry) {
    let store = entry.store.as_ref().map(|store| format!(", store {store}")).unwrap_or_default();
    let who = format!("key {} ({}){store}", entry.key, entry.key_name);
    say_entry(entry.at, &word(entry.outcome), &who);
    let status = match (entry.outcome, entry.status) {
        (AuditOutcome::Refused | AuditOutcome::Failed, Some(status)) => format!(" ({status})"),
        _ => String::new(),
    };
    say_wrapped(&format!("{}{status}", entry.what), 2);
}
