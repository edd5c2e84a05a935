//! `tajo connectors`: a store's life, from connecting it to letting it go.

mod check;
mod credentials;
mod install;
mod logs;
mod runs;
mod state;

use clap::{Subcommand, ValueEnum};

use crate::output::{moment, say_beside};

pub(crate) use logs::print as print_lines;

/// What to do with a connected store.
#[derive(Subcommand, Debug)]
pub(crate) enum Connectors {
    /// Connect a store, new or again. Prints the link to open where one is needed, and waits until webhooks flow.
    Install(Box<install::Install>),
    /// Give a store new credentials. Nothing of its history is lost.
    Edit(credentials::Edit),
    /// Check a store's connection, each part of it. Exits with 3 if one fails.
    Test(check::Test),
    /// Ask for a run that reads the store, whatever webhooks say.
    Sync(runs::Sync),
    /// Show how stores are, and how much they hold.
    Status(state::Status),
    /// Show what became of webhooks and of the connector's own work, newest first. No personal data.
    Logs(logs::Logs),
    /// Show runs, newest first.
    History(runs::History),
    /// Let nothing reach Brevo for now: what comes is kept.
    Pause(state::Pause),
    /// Go on where a pause began.
    Resume(state::Resume),
    /// Let a store go: its webhooks, credentials and schedules are removed.
    Uninstall(state::Uninstall),
}

/// The platforms that can be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Platform {
    /// A Shopify store.
    Shopify,
}

/// Runs the command.
pub(crate) async fn run(asked: &Connectors) -> crate::Result {
    match asked {
        Connectors::Install(asked) => install::run(asked).await,
        Connectors::Edit(asked) => credentials::run(asked).await,
        Connectors::Test(asked) => check::run(asked).await,
        Connectors::Sync(asked) => runs::sync(asked).await,
        Connectors::Status(asked) => state::status(asked).await,
        Connectors::Logs(asked) => logs::run(asked).await,
        Connectors::History(asked) => runs::history(asked).await,
        Connectors::Pause(asked) => state::pause(asked).await,
        Connectors::Resume(asked) => state::resume(asked).await,
        Connectors::Uninstall(asked) => state::uninstall(asked).await,
    }
}

/// A line of a list: when (UTC), how it is, and what.
pub(crate) fn say_entry(at: jiff::Timestamp, state: &str, what: &str) {
    say_beside(&format!("{}  {state:<9}  ", moment(at)), what, 32);
}

/// A state in the words of the API.
pub(crate) fn word(state: impl serde::Serialize) -> String {
    serde_json::to_value(state).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
