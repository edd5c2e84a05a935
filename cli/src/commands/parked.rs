//! `tajo parked`: work that waits for a person.

use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table as Grid, presets};
use tajo_domain::StoreId;
use tajo_state::{Table, list_parked, sdk_config};

use super::stack::Stack;
use crate::output::{Failure, say, say_json};

/// What to do with parked work.
#[derive(Subcommand, Debug)]
pub(crate) enum Parked {
    /// List it, newest first.
    List(List),
}

/// Which parked work.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    stack: Stack,
    /// The store, or the shop's address for notices of shops that are not connected.
    #[arg(long)]
    store: String,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// Answer with one JSON array.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(asked: &Parked) -> crate::Result {
    let Parked::List(asked) = asked;
    let is_shop = asked.store.ends_with(".myshopify.com") || asked.store == "unknown";
    if StoreId::parse(&asked.store).is_err() && !is_shop {
        return Err(Failure::input(format!("`{}` is neither a store nor a shop's address", asked.store)));
    }
    let aws = sdk_config(asked.stack.endpoint.as_deref()).await.map_err(Failure::input)?;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), &asked.stack.table);
    let parked = list_parked(&table, &asked.store, i32::from(asked.limit)).await.map_err(|error| {
        Failure::outside(error)
            .hint("check --table against the stack's outputs, and your AWS credentials".to_owned())
    })?;
    if asked.json {
        return say_json(&parked);
    }
    if parked.is_empty() {
        say(&format!("Nothing is parked for {}.", asked.store));
        return Ok(());
    }
    let mut grid = Grid::new();
    grid.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Dynamic);
    if grid.width().is_none() {
        grid.set_width(80);
    }
    grid.set_header(["parked at (UTC)", "topic", "id", "reason"]);
    for work in &parked {
        let reason = match &work.hint {
            Some(hint) => format!("{}\nhint: {hint}", work.reason),
            None => work.reason.clone(),
        };
        let at = work.at.strftime("%Y-%m-%d %H:%M").to_string();
        grid.add_row([at, work.topic.clone(), work.id.clone(), reason]);
    }
    say(&grid.to_string());
    Ok(())
}
