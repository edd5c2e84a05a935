//! `tajo config`: is a settings document good, and what may it hold? Calls nothing.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use tajo_mapping::{Settings, SharedTotal, settings_schema, shared_totals};

use super::settings_file;
use crate::output::{Failure, say, say_json, talk};

/// What to do with settings documents.
#[derive(Subcommand, Debug)]
pub(crate) enum Config {
    /// Check documents. Exits with 0, perhaps with warnings, or with 2 and the error.
    Validate(Validate),
    /// Print its JSON Schema, for editors.
    Schema,
}

/// Which documents.
#[derive(Args, Debug)]
pub(crate) struct Validate {
    /// The settings document. Several: those of stores that feed one Brevo account, which are also held against each
    /// other.
    #[arg(long = "file", value_name = "FILE", default_value = "tajo.yaml")]
    files: Vec<PathBuf>,
    /// Answer with one JSON object, or with an array of them for several documents.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(asked: &Config) -> crate::Result {
    match asked {
        Config::Schema => say_json(&settings_schema()),
        Config::Validate(asked) => validate(asked),
    }
}

fn validate(asked: &Validate) -> crate::Result {
    let mut answers = Vec::new();
    let mut good: Vec<(String, Settings)> = Vec::new();
    let mut failure = None;
    for path in &asked.files {
        let text = settings_file::text(Some(path))?;
        let file = path.display().to_string();
        match Settings::from_yaml(&text) {
            Ok(settings) => {
                answers.push(json!({ "file": file, "valid": true, "warnings": settings.warnings }));
                good.push((file, settings));
            }
            Err(error) => {
                answers.push(json!({ "file": file, "valid": false, "error": error }));
                failure.get_or_insert_with(|| settings_file::failure(Some(path), &error));
            }
        }
    }
    for (index, (file, settings)) in good.iter().enumerate() {
        let before = good.iter().take(index);
        if let Some((found, shared)) =
            before.clone().find_map(|(other, theirs)| overlap(file, settings, other, theirs))
        {
            let answer = answers.iter_mut().find(|answer| answer["file"] == **file);
            if let Some(answer) = answer {
                *answer = json!({ "file": file, "valid": false, "shared_totals": shared });
            }
            failure.get_or_insert(found);
        } else if !asked.json {
            for warning in &settings.warnings {
                talk(&format!("warning: {warning}"));
            }
            say(&format!("{file} is good."));
        }
    }
    if asked.json {
        match answers.as_slice() {
            [one] => say_json(one)?,
            several => say_json(&several)?,
        }
    }
    failure.map_or(Ok(()), Err)
}

/// Totals that this store and another one of the same Brevo account would take turns in overwriting.
fn overlap(
    file: &str,
    settings: &Settings,
    other: &str,
    theirs: &Settings,
) -> Option<(Failure, Vec<SharedTotal>)> {
    let shop = settings.shop_url.as_deref().unwrap_or("shop2").trim_start_matches("https://");
    let store = shop.split('.').next().unwrap_or_default();
    let shared = shared_totals(settings, store, theirs);
    let first = shared.first()?;
    let names: Vec<&str> = shared.iter().map(|total| total.attribute.as_str()).collect();
    let problem = format!(
        "{file}: fills {} with totals of its own, as {other} does: on one Brevo account each would overwrite the other's",
        names.join(", ")
    );
    Some((Failure::input(problem).hint(first.way_out()), shared))
}
