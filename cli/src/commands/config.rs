//! `tajo config`: is a settings document good, and what may it hold? Calls nothing.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use tajo_mapping::{Settings, settings_schema};

use super::settings_file;
use crate::output::{say, say_json, talk};

/// What to do with a settings document.
#[derive(Subcommand, Debug)]
pub(crate) enum Config {
    /// Check it. Exits with 0, perhaps with warnings, or with 2 and the error.
    Validate(Validate),
    /// Print its JSON Schema, for editors.
    Schema,
}

/// Which document.
#[derive(Args, Debug)]
pub(crate) struct Validate {
    /// The settings document.
    #[arg(long, default_value = "tajo.yaml")]
    file: PathBuf,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(asked: &Config) -> crate::Result {
    let asked = match asked {
        Config::Schema => return say_json(&settings_schema()),
        Config::Validate(asked) => asked,
    };
    let text = settings_file::text(Some(&asked.file))?;
    let file = asked.file.display().to_string();
    match Settings::from_yaml(&text) {
        Ok(settings) if asked.json => {
            say_json(&json!({ "file": file, "valid": true, "warnings": settings.warnings }))
        }
        Ok(settings) => {
            for warning in &settings.warnings {
                talk(&format!("warning: {warning}"));
            }
            say(&format!("{file} is good."));
            Ok(())
        }
        Err(error) => {
            if asked.json {
                say_json(&json!({ "file": file, "valid": false, "error": error }))?;
            }
            Err(settings_file::failure(Some(&asked.file), &error))
        }
    }
}
