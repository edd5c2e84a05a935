//! `tajo mapping`: which attribute comes from where. Calls nothing.

use std::path::PathBuf;

use clap::Args;
use comfy_table::{Table, presets};
use serde_json::Value;
use tajo_mapping::mapping_rows;

use super::settings_file;
use crate::output::{say, say_json};

/// Whose mapping.
#[derive(Args, Debug)]
pub(crate) struct Mapping {
    /// The settings document; left out: the mapping of a store without any.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Answer with one JSON array.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(asked: &Mapping) -> crate::Result {
    let settings = settings_file::settings(asked.config.as_deref())?;
    let rows = mapping_rows(&settings);
    if asked.json {
        return say_json(&rows);
    }
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["attribute", "kind", "source", "example"]);
    for row in rows {
        let example = match row.example {
            Some(Value::String(text)) => text,
            Some(value) => value.to_string(),
            None => String::new(),
        };
        table.add_row([row.attribute, row.kind.to_string(), row.source, example]);
    }
    say(&table.to_string());
    Ok(())
}
