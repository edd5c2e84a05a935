//! `tajo mapping`: which attribute comes from where. Calls nothing, unless a deployed store is named.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use tajo_mapping::mapping_rows;

use super::settings_file;
use crate::api::At;
use crate::output::{grid, say_json};

/// Whose mapping.
#[derive(Args, Debug)]
pub(crate) struct Mapping {
    /// The settings document. Left out: the mapping of a store without any, or with --store the deployment's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    at: At,
}

/// Runs the command.
pub(crate) async fn run(asked: &Mapping) -> crate::Result {
    let settings = settings_file::of(asked.config.as_deref(), &asked.at).await?;
    let rows = mapping_rows(&settings);
    if asked.at.reach.json {
        return say_json(&rows);
    }
    let mut table = grid(["attribute", "kind", "source", "example"]);
    for row in rows {
        let example = match row.example {
            Some(Value::String(text)) => text,
            Some(value) => value.to_string(),
            None => String::new(),
        };
        table.row([row.attribute, row.kind.to_string(), row.source, example]);
    }
    table.print();
    Ok(())
}
