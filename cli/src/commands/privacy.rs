//! `tajo privacy`: what people and the law asked, what was done, and the proof of it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use tajo_app::privacy::Confirmed;
use tajo_domain::{Demand, StoreId};
use tajo_state::{
    Key, PrivacyRecord, Table, TableError, demand_attributes, list_demands, read_export, sdk_config,
};

use super::stack::Stack;
use crate::output::{Failure, grid, json_text, say, say_json, talk};
use crate::private_file;

/// What to do about demands.
#[derive(Subcommand, Debug)]
pub(crate) enum Privacy {
    /// List what was asked about people's data and what came of it, newest first.
    List(List),
    /// Write out everything that was collected for a data request.
    Export(Export),
    /// Say that a parked demand is really meant: that a shop removed the app, or that somebody who was erased and came back
    /// asks to be erased again.
    Confirm(Confirm),
}

/// Which demands.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    stack: Stack,
    /// The store.
    #[arg(long)]
    store: String,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// Answer with one JSON array.
    #[arg(long)]
    json: bool,
}

/// Which collection.
#[derive(Args, Debug)]
pub(crate) struct Export {
    #[command(flatten)]
    stack: Stack,
    /// The store.
    #[arg(long)]
    store: String,
    /// The demand, as `tajo privacy list` names it.
    #[arg(long)]
    id: String,
    /// Where to write it; left out: to the terminal. It is personal data.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Which parked demand.
#[derive(Args, Debug)]
pub(crate) struct Confirm {
    #[command(flatten)]
    stack: Stack,
    /// The live queue (output `LiveQueueUrl`).
    #[arg(long, env = "TAJO_LIVE_QUEUE")]
    queue: String,
    /// The store.
    #[arg(long)]
    store: String,
    /// The parked demand, as `tajo parked list` names it.
    #[arg(long)]
    id: String,
}

/// Runs the command.
pub(crate) async fn run(asked: &Privacy) -> crate::Result {
    match asked {
        Privacy::List(asked) => list(asked).await,
        Privacy::Export(asked) => export(asked).await,
        Privacy::Confirm(asked) => confirm(asked).await,
    }
}

async fn list(asked: &List) -> crate::Result {
    let store = store(&asked.store)?;
    let table = table(&asked.stack).await?;
    let demands = list_demands(&table, store.as_str(), i32::from(asked.limit)).await.map_err(outside)?;
    if asked.json {
        return say_json(&demands);
    }
    if demands.is_empty() {
        say(&format!("Nothing was asked about the data of {store}."));
        return Ok(());
    }
    let mut grid = grid(["asked at (UTC)", "demand", "id", "what was done"]);
    for demand in &demands {
        let at = demand.asked_at.strftime("%Y-%m-%d %H:%M").to_string();
        let cells = [at, word(demand.demand).to_owned(), demand.id.clone()].map(|cell| vec![cell]);
        let [at, what, id] = cells;
        grid.row_of_lines([at, what, id, what_was_done(demand)]);
    }
    grid.print();
    Ok(())
}

fn word(demand: Demand) -> &'static str {
    match demand {
        Demand::Show => "show a person's data",
        Demand::Erase => "erase a person",
        Demand::EraseShop => "erase the shop",
    }
}

fn what_was_done(demand: &PrivacyRecord) -> Vec<String> {
    let mut lines = vec![match demand.finished_at {
        Some(at) => format!("done at {}", at.strftime("%Y-%m-%d %H:%M")),
        None => "not done yet: on its way, or among the parked work".to_owned(),
    }];
    lines.extend(demand.counts.iter().map(|(what, count)| format!("{count} {what}")));
    lines.extend(demand.notes.iter().map(|note| format!("note: {note}")));
    if demand.demand == Demand::Show && demand.parts > 0 {
        lines.push(match demand.fetched_at {
            Some(at) => format!("fetched at {}", at.strftime("%Y-%m-%d %H:%M")),
            None => "not fetched yet: `tajo privacy export`".to_owned(),
        });
    }
    lines
}

async fn export(asked: &Export) -> crate::Result {
    let store = store(&asked.store)?;
    let table = table(&asked.stack).await?;
    let key = Key::privacy(store.as_str(), &asked.id);
    let record = table.get_newest::<PrivacyRecord>(&key).await.map_err(outside)?.record;
    let record = record.filter(|record| record.demand == Demand::Show).ok_or_else(|| {
        Failure::input(format!("there is no data request `{}` of {store}", asked.id))
            .hint("`tajo privacy list` names them".to_owned())
    })?;
    if record.finished_at.is_none() {
        return Err(Failure::input("this data request is still being collected"));
    }
    let held = read_export(&table, &record).await.map_err(outside)?;
    if held.is_empty() {
        talk("note: nothing was held about the person, or it has expired after 60 days");
    }
    let document = json!({ "request": record, "held": held });
    match &asked.out {
        None => say_json(&document)?,
        Some(path) => {
            private_file::write(path, &json_text(&document)?)
                .map_err(|error| Failure::input(format!("{} cannot be written: {error}", path.display())))?;
            say(&format!("Written to {}. It is personal data: hand it on, then delete it.", path.display()));
        }
    }
    let fetched = |stored: Option<&PrivacyRecord>| {
        let now = Some(jiff::Timestamp::now());
        (stored.map(|record| PrivacyRecord { fetched_at: now, ..record.clone() }), ())
    };
    table.change(&key, demand_attributes, fetched).await.map_err(outside)?;
    Ok(())
}

async fn confirm(asked: &Confirm) -> crate::Result {
    let store = store(&asked.store)?;
    let (endpoint, name) = (asked.stack.endpoint.as_deref(), &asked.stack.table);
    let confirmed = tajo_app::privacy::confirm(endpoint, name, &asked.queue, &store, &asked.id)
        .await
        .map_err(Failure::outside)?;
    say(&match confirmed {
        Confirmed::Shop => {
            format!("{store} counts as uninstalled. In about two minutes everything of it is erased.")
        }
        Confirmed::Person => {
            "The person is being erased: `tajo privacy list` shows the proof when it is done.".to_owned()
        }
    });
    Ok(())
}

fn store(text: &str) -> Result<StoreId, Failure> {
    StoreId::parse(text).map_err(Failure::input)
}

async fn table(stack: &Stack) -> Result<Table, Failure> {
    let aws = sdk_config(stack.endpoint.as_deref()).await.map_err(Failure::input)?;
    Ok(Table::new(aws_sdk_dynamodb::Client::new(&aws), &stack.table))
}

fn outside(error: TableError) -> Failure {
    Failure::outside(error)
        .hint("check --table against the stack's outputs, and your AWS credentials".to_owned())
}
