//! `tajo parked`: work that waits for a person.

mod print;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use tajo_app::Queue;
use tajo_app::parked::{self, Fate, Selection, point_in_time};
use tajo_domain::StoreId;
use tajo_state::{Parked as Work, Span, Table, TableError, sdk_config};

use super::stack::Stack;
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

/// Where it is.
#[derive(Args, Debug)]
struct Place {
    #[command(flatten)]
    stack: Stack,
    /// The store, or the shop's address for notices of shops that are not connected.
    #[arg(long)]
    store: String,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
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
}

/// What to list.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    which: Which,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// All of it, which is what is listed anyway where nothing else is said.
    #[arg(long)]
    all: bool,
}

/// What to show.
#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    place: Place,
    /// Its id, as `tajo parked list` names it.
    #[arg(long)]
    id: String,
    /// With the body. It is personal data.
    #[arg(long)]
    body: bool,
}

/// What to retry.
#[derive(Args, Debug)]
pub(crate) struct Retry {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    which: Which,
    /// All of it.
    #[arg(long)]
    all: bool,
    /// The live queue (output `LiveQueueUrl`).
    #[arg(long, env = "TAJO_LIVE_QUEUE")]
    queue: String,
}

/// What to drop.
#[derive(Args, Debug)]
pub(crate) struct Drop {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    which: Which,
    /// All of it.
    #[arg(long)]
    all: bool,
    /// Really. What is dropped cannot be had back.
    #[arg(long)]
    yes: bool,
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
    let selection = selection(&asked.which, asked.all)?;
    let found = found(&asked.place, &selection, asked.limit.into()).await?;
    if asked.place.json {
        return say_json(&found);
    }
    if found.is_empty() {
        say(&nothing(&asked.place, &selection));
    }
    found.iter().for_each(print::head);
    if found.len() == usize::from(asked.limit) {
        talk(&format!("note: there may be more than these {}: raise --limit", found.len()));
    }
    Ok(())
}

async fn show(asked: &Show) -> crate::Result {
    let table = table(&asked.place).await?;
    let shown = parked::show(&table, &asked.place.store, &asked.id, asked.body).await.map_err(outside)?;
    let shown = shown.ok_or_else(|| {
        Failure::input(format!("nothing is parked under `{}` for {}", asked.id, asked.place.store))
            .hint("`tajo parked list` names the ids".to_owned())
    })?;
    if asked.place.json {
        return say_json(&shown);
    }
    print::whole(&shown)
}

async fn retry(asked: &Retry) -> crate::Result {
    let selection = chosen(&asked.which, asked.all)?;
    let found = found(&asked.place, &selection, usize::MAX).await?;
    let aws = sdk_config(asked.place.stack.endpoint.as_deref()).await.map_err(Failure::input)?;
    let queue = Queue::new(aws_sdk_sqs::Client::new(&aws), &asked.queue);
    let table = table(&asked.place).await?;
    let mut fates = Vec::new();
    for work in &found {
        let fate = parked::retry(&table, &queue, work, Timestamp::now()).await.map_err(|error| {
            Failure::outside(format!("{error}; {} of {} were put back", fates.len(), found.len()))
                .hint("run the same again: what was put back is not parked any more".to_owned())
        })?;
        fates.push((work, fate));
    }
    told(&asked.place, &selection, &fates)
}

async fn discard(asked: &Drop) -> crate::Result {
    let selection = chosen(&asked.which, asked.all)?;
    let found = found(&asked.place, &selection, usize::MAX).await?;
    if !asked.yes && !found.is_empty() {
        let what = format!("{} would be dropped for good, and nothing was", counted(found.len()));
        return Err(Failure::input(what)
            .hint("look at it with `tajo parked list` and the same options, then add --yes".to_owned()));
    }
    let table = table(&asked.place).await?;
    let mut fates = Vec::new();
    for work in &found {
        fates.push((work, parked::discard(&table, work).await.map_err(outside)?));
    }
    told(&asked.place, &selection, &fates)
}

/// What became of it: how many of each, and whatever needs somebody by name.
fn told(place: &Place, selection: &Selection, fates: &[(&Work, Fate)]) -> crate::Result {
    let stuck: Vec<&str> = fates
        .iter()
        .filter(|(_, fate)| *fate == Fate::Unreadable)
        .map(|(work, _)| work.id.as_str())
        .collect();
    if place.json {
        let each: Vec<_> = fates.iter().map(|(work, fate)| json!({ "id": work.id, "fate": fate })).collect();
        say_json(&each)?;
    } else if fates.is_empty() {
        say(&nothing(place, selection));
    } else {
        for (fate, what) in [
            (Fate::Retried, "put back on the queue"),
            (Fate::Dropped, "dropped for good"),
            (Fate::Gone, "not parked any more: somebody else was faster"),
        ] {
            let count = fates.iter().filter(|(_, had)| *had == fate).count();
            if count > 0 {
                say(&format!("{} {what}.", counted(count)));
            }
        }
    }
    if stuck.is_empty() {
        return Ok(());
    }
    let what = format!("no notice that this version can read, still parked: {}", stuck.join(", "));
    Err(Failure::outside(what).hint(
        "if a newer version wrote it, deploy that one; else drop it with `tajo parked drop`".to_owned(),
    ))
}

/// Everything is never meant by saying nothing, where something is done to it.
fn chosen(which: &Which, all: bool) -> Result<Selection, Failure> {
    let selection = selection(which, all)?;
    if selection.is_everything() && !all {
        return Err(Failure::input("nothing says which parked work is meant")
            .hint("name it by --id, --reason, --topic, --since or --until, or say --all".to_owned()));
    }
    Ok(selection)
}

fn selection(which: &Which, all: bool) -> Result<Selection, Failure> {
    let now = Timestamp::now();
    let time = |text: &Option<String>| {
        text.as_deref().map(|text| point_in_time(text, now)).transpose().map_err(Failure::input)
    };
    let selection = Selection {
        ids: which.ids.clone(),
        reason: which.reason.clone(),
        topic: which.topic.clone(),
        span: Span { since: time(&which.since)?, until: time(&which.until)? },
    };
    if all && !selection.is_everything() {
        return Err(Failure::input("--all is everything: it cannot be narrowed")
            .hint("leave out --all, or all the others".to_owned()));
    }
    Ok(selection)
}

async fn found(place: &Place, selection: &Selection, limit: usize) -> Result<Vec<Work>, Failure> {
    parked::select(&table(place).await?, &place.store, selection, limit).await.map_err(outside)
}

fn nothing(place: &Place, selection: &Selection) -> String {
    let like_that = if selection.is_everything() { "" } else { " like that" };
    format!("Nothing{like_that} is parked for {}.", place.store)
}

fn counted(count: usize) -> String {
    if count == 1 { "1 notice".to_owned() } else { format!("{count} notices") }
}

async fn table(place: &Place) -> Result<Table, Failure> {
    let store = &place.store;
    let is_shop = store.ends_with(".myshopify.com") || store == "unknown";
    if StoreId::parse(store).is_err() && !is_shop {
        return Err(Failure::input(format!("`{store}` is neither a store nor a shop's address")));
    }
    let aws = sdk_config(place.stack.endpoint.as_deref()).await.map_err(Failure::input)?;
    Ok(Table::new(aws_sdk_dynamodb::Client::new(&aws), &place.stack.table))
}

fn outside(error: TableError) -> Failure {
    Failure::outside(error)
        .hint("check --table against the stack's outputs, and your AWS credentials".to_owned())
}
