//! `tajo config`: what a settings document may hold, whether it is good, and which one a store has.

mod stored;
mod validate;

use clap::Subcommand;
use tajo_mapping::settings_schema;

use crate::output::say_json;

/// What to do with settings documents.
#[derive(Subcommand, Debug)]
pub(crate) enum Config {
    /// Check documents. Exits with 0, perhaps with warnings, or with 2 and the error. Calls nothing.
    Validate(validate::Validate),
    /// Check a document and give it to its store, or each store its part.
    Apply(stored::Apply),
    /// Print the settings that a store has.
    Show(stored::Show),
    /// Show what would change: lines of the document against those that the store has. Exits with 3 if any differ.
    Diff(stored::Diff),
    /// Print the document's JSON Schema, for editors. Calls nothing.
    Schema,
}

/// Runs the command.
pub(crate) async fn run(asked: &Config) -> crate::Result {
    match asked {
        Config::Schema => say_json(&settings_schema()),
        Config::Validate(asked) => validate::run(asked).await,
        Config::Apply(asked) => stored::apply(asked).await,
        Config::Show(asked) => stored::show(asked).await,
        Config::Diff(asked) => stored::diff(asked).await,
    }
}
