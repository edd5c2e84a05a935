//! `tajo parked`: work that waits for a person.

mod print;

use clap::{Args, Subcommand};
use tajo_api::{Fate, FateOf, Fates, MOST, ParkedPage, ParkedSelection, ParkedShown};

pub(crate) use print::head as print_head;

use crate::api::{Api, At, Call, say_each};
use crate::output::{Failure, say, say_json, talk};

/// What to do with parked work.
#[derive(Subcommand, Debug)]
pub(crate) enum Parked {
    /// List it, newest first.
    List(List),
    /// Show one piece of it: why it stopped and what it is about.
    Show(Show),
    /// Put it back on the queue, its tries counted from zero. Safe to repeat.
    Retry(Retry),
    /// Drop it for good.
    Drop(Drop),
}

/// Which of it. What is said must hold all together.
#[derive(Args, Debug)]
struct Which {
    /// This id, as `tajo parked list` names it; may be said more than once.
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
    /// The reason holds this text.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The topic, such as orders/create.
    #[arg(long)]
    topic: Option<String>,
    /// Parked at or after this: an age (24h), a day (2026-11-20) or a timestamp.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Parked at or before this.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// All of it.
    #[arg(long)]
    all: bool,
}

/// What to list.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    which: Which,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    at: At,
}

/// What to show.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Its id, as `tajo parked list` names it.
    #[arg(long)]
    id: String,
    /// With the body. It is personal data.
    #[arg(long)]
    body: bool,
    #[command(flatten)]
    at: At,
}

/// What to retry.
#[derive(Args, Debug)]
pub(crate) struct Retry {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    at: At,
}

/// What to drop.
#[derive(Args, Debug)]
pub(crate) struct Drop {
    #[command(flatten)]
    which: Which,
    /// Really. What is dropped cannot be had back.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    at: At,
}

/// Runs the command.
pub(crate) async fn run(asked: &Parked) -> crate::Result {
    match asked {
        Parked::List(asked) => list(asked).await,
        Parked::Show(asked) => show(asked).await,
        Parked::Retry(asked) => retry(asked).await,
        Parked::Drop(asked) => discard(asked).await,
    }
}

async fn list(asked: &List) -> crate::Result {
    let selection = selection(&asked.which)?;
    let api = asked.at.reach.open()?;
    let answers = asked.at.each(async |store| page(&api, store, &selection, asked.limit).await).await?;
    if asked.at.reach.json {
        return say_each(&answers);
    }
    for (store, page) in &answers {
        store.iter().for_each(|store| say(&format!("{store}:")));
        if page.parked.is_empty() {
            say(nothing(&selection));
        }
        page.parked.iter().for_each(print::head);
        if page.next.is_some() {
            talk(&format!("note: there is more than these {}: raise --limit", page.parked.len()));
        }
    }
    Ok(())
}

async fn show(asked: &Show) -> crate::Result {
    let call = Call::at("showParked", asked.at.store()).part("id", &asked.id);
    let shown: ParkedShown =
        asked.at.reach.open()?.ask(call.with("body", asked.body.then_some(true))).await?;
    if asked.at.reach.json { say_json(&shown) } else { print::whole(&shown) }
}

async fn retry(asked: &Retry) -> crate::Result {
    let selection = chosen(&asked.which)?;
    let api = asked.at.reach.open()?;
    let fates = decide(&api, "retryParked", asked.at.store(), &selection).await?;
    told(&asked.at, &selection, &fates)
}

async fn discard(asked: &Drop) -> crate::Result {
    let selection = chosen(&asked.which)?;
    let api = asked.at.reach.open()?;
    if !asked.yes {
        let found = page(&api, asked.at.store(), &selection, usize::MAX).await?;
        if found.parked.is_empty() {
            return told(&asked.at, &selection, &[]);
        }
        let what = format!("{} would be dropped for good, and nothing was", counted(found.parked.len()));
        return Err(Failure::input(what)
            .hint("look at it with `tajo parked list` and the same options, then add --yes".to_owned()));
    }
    let fates = decide(&api, "dropParked", asked.at.store(), &selection).await?;
    told(&asked.at, &selection, &fates)
}

/// Decides about all of it: an answer is about some at a time.
async fn decide(
    api: &Api,
    operation: &'static str,
    store: &str,
    selection: &ParkedSelection,
) -> Result<Vec<FateOf>, Failure> {
    let mut all = Vec::new();
    loop {
        let Fates { fates, more } = api.ask(Call::at(operation, store).body(selection)).await?;
        let went = fates.iter().any(|of| matches!(of.fate, Fate::Retried | Fate::Dropped));
        all.extend(fates);
        // What stays would come again for ever.
        if !more || !went {
            return Ok(all);
        }
    }
}

/// As much as was asked for, whatever a page holds.
async fn page(
    api: &Api,
    store: &str,
    selection: &ParkedSelection,
    limit: usize,
) -> Result<ParkedPage, Failure> {
    let mut found = ParkedPage { parked: Vec::new(), next: None };
    loop {
        let call = Call::at("listParked", store)
            .with("reason", selection.reason.as_ref())
            .with("topic", selection.topic.as_ref())
            .with("since", selection.since.as_ref())
            .with("until", selection.until.as_ref())
            .with("limit", Some((limit - found.parked.len()).min(MOST)))
            .with("cursor", found.next.take());
        let page: ParkedPage = api.ask(call).await?;
        let is_meant = |id: &String| selection.ids.is_empty() || selection.ids.contains(id);
        found.parked.extend(page.parked.into_iter().filter(|work| is_meant(&work.id)));
        found.next = page.next;
        if limit <= found.parked.len() || found.next.is_none() {
            found.parked.truncate(limit);
            return Ok(found);
        }
    }
}

/// What became of it: how many of each, and whatever needs somebody by name.
fn told(at: &At, selection: &ParkedSelection, fates: &[FateOf]) -> crate::Result {
    if at.reach.json {
        say_json(&fates)?;
    } else if fates.is_empty() {
        say(nothing(selection));
    } else {
        for (fate, what) in [
            (Fate::Retried, "put back on the queue"),
            (Fate::Dropped, "dropped for good"),
            (Fate::Gone, "not parked any more: somebody else was faster"),
        ] {
            let count = fates.iter().filter(|of| of.fate == fate).count();
            if count > 0 {
                say(&format!("{} {what}.", counted(count)));
            }
        }
    }
    let stuck = fates.iter().filter(|of| of.fate == Fate::Unreadable);
    let stuck: Vec<&str> = stuck.map(|of| of.id.as_str()).collect();
    if stuck.is_empty() {
        return Ok(());
    }
    let what = format!("no notice that this version can read, still parked: {}", stuck.join(", "));
    Err(Failure::outside(what).hint(
        "if a newer version wrote it, deploy that one; else drop it with `tajo parked drop`".to_owned(),
    ))
}

/// Everything is never meant by saying nothing, where something is done to it.
fn chosen(which: &Which) -> Result<ParkedSelection, Failure> {
    let selection = selection(which)?;
    if is_everything(&selection) && !which.all {
        return Err(Failure::input("nothing says which parked work is meant")
            .hint("name it by --id, --reason, --topic, --since or --until, or say --all".to_owned()));
    }
    Ok(selection)
}

fn selection(which: &Which) -> Result<ParkedSelection, Failure> {
    let selection = ParkedSelection {
        ids: which.ids.clone(),
        reason: which.reason.clone(),
        topic: which.topic.clone(),
        since: which.since.clone(),
        until: which.until.clone(),
        all: which.all,
    };
    if which.all && !is_everything(&selection) {
        return Err(Failure::input("--all is everything: it cannot be narrowed")
            .hint("leave out --all, or all the others".to_owned()));
    }
    Ok(selection)
}

fn is_everything(selection: &ParkedSelection) -> bool {
    *selection == ParkedSelection { all: selection.all, ..ParkedSelection::default() }
}

fn nothing(selection: &ParkedSelection) -> &'static str {
    if is_everything(selection) { "Nothing is parked." } else { "Nothing like that is parked." }
}

fn counted(count: usize) -> String {
    if count == 1 { "1 notice".to_owned() } else { format!("{count} notices") }
}
