//! `tajo connectors sync` and `history`.

use clap::{Args, ValueEnum};
use tajo_api::{MOST, RunKind, RunPage, RunRecord, RunState, SyncRequest};

use super::{Platform, say_entry, word};
use crate::api::{Api, At, Call, say_each};
use crate::output::{Exit, Failure, say, say_json, say_wrapped, talk};

/// What to read.
#[derive(Args, Debug)]
pub(crate) struct Sync {
    #[arg(value_enum)]
    platform: Platform,
    /// Everything, or what changed since the last run.
    #[arg(long = "type", value_enum, default_value_t = Kind::Incremental, value_name = "TYPE")]
    kind: Kind,
    /// Only these, separated by commas: customers, orders, products. Left out: all that the settings sync.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    resources: Option<Vec<String>>,
    /// Nothing older than this: a day (2023-01-01) or a timestamp.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    #[command(flatten)]
    at: At,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Full,
    Incremental,
}

/// Which runs.
#[derive(Args, Debug)]
pub(crate) struct History {
    #[arg(value_enum)]
    platform: Platform,
    /// At most so many.
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// Only this run, as the list names it.
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    #[command(flatten)]
    at: At,
}

/// Runs `tajo connectors sync`.
pub(crate) async fn sync(asked: &Sync) -> crate::Result {
    let Platform::Shopify = asked.platform;
    let request = SyncRequest {
        kind: match asked.kind {
            Kind::Full => RunKind::Full,
            Kind::Incremental => RunKind::Incremental,
        },
        resources: asked.resources.clone(),
        since: asked.since.clone(),
        ..SyncRequest::default()
    };
    let call = Call::at("sync", asked.at.store()).body(&request);
    let run: RunRecord = asked.at.reach.open()?.ask(call).await?;
    let note = run.note.as_deref().unwrap_or_default();
    if asked.at.reach.json {
        say_json(&run)?;
    } else {
        say_wrapped(&format!("Run {} is {}: {}.", run.id, how(run.state), what(&run)), 0);
    }
    if run.state == RunState::Failed {
        return Err(Failure::new(Exit::NotWell, format!("the run has failed: {note}")));
    }
    if !asked.at.reach.json {
        if !note.is_empty() {
            say_wrapped(note, 2);
        }
        talk("hint: `tajo connectors history shopify` shows how far it is");
    }
    Ok(())
}

/// `Run 1 is …`
fn how(state: RunState) -> &'static str {
    match state {
        RunState::Waiting => "asked for",
        RunState::Running => "under way",
        RunState::Done => "done",
        RunState::Failed => "over",
        RunState::Cancelled => "cancelled",
    }
}

/// Runs `tajo connectors history`.
pub(crate) async fn history(asked: &History) -> crate::Result {
    let Platform::Shopify = asked.platform;
    let api = asked.at.reach.open()?;
    if let Some(id) = &asked.run {
        let call = Call::at("run", asked.at.store()).part("run", id);
        let run: RunRecord = api.ask(call).await?;
        if asked.at.reach.json {
            return say_json(&run);
        }
        print(std::slice::from_ref(&run));
        return Ok(());
    }
    let answers = asked.at.each(async |store| page(&api, asked.limit, store).await).await?;
    if asked.at.reach.json {
        return say_each(&answers);
    }
    for (store, page) in &answers {
        store.iter().for_each(|store| say(&format!("{store}:")));
        print(&page.runs);
        if page.next.is_some() {
            talk(&format!("note: there are more than these {}: raise --limit", page.runs.len()));
        }
    }
    Ok(())
}

async fn page(api: &Api, limit: usize, store: &str) -> Result<RunPage, Failure> {
    let mut found = RunPage { runs: Vec::new(), next: None };
    loop {
        let missing = limit - found.runs.len();
        let call = Call::at("history", store)
            .with("limit", Some(missing.min(MOST)))
            .with("cursor", found.next.take());
        let page: RunPage = api.ask(call).await?;
        found.runs.extend(page.runs);
        found.next = page.next;
        if limit <= found.runs.len() || found.next.is_none() {
            found.runs.truncate(limit);
            return Ok(found);
        }
    }
}

fn print(runs: &[RunRecord]) {
    if runs.is_empty() {
        say("No run was asked for so far.");
    }
    for run in runs {
        say_entry(run.asked_at, &word(run.state), &what(run));
        let counts = &run.counts;
        say_wrapped(
            &format!(
                "{}: {} read, {} new contacts, {} updated, {} failed",
                run.id, counts.read, counts.new_contacts, counts.updated, counts.failed
            ),
            2,
        );
        run.note.iter().for_each(|note| say_wrapped(note, 2));
    }
}

/// `full sync of customers, orders, since 2023-01-01`.
fn what(run: &RunRecord) -> String {
    let since = run.since.as_deref().map(|since| format!(", since {since}")).unwrap_or_default();
    format!("{} sync of {}{since}", word(run.kind), run.resources.join(", "))
}
