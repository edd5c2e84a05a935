#![doc = include_str!("../README.md")]

mod api;
mod commands;
mod output;
mod private_file;
mod secret;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use output::Failure;

/// Syncs shops to Brevo.
#[derive(Parser)]
#[command(name = "tajo", version, about, max_term_width = 80, after_help = ENDS)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const ENDS: &str = "\
Exit codes:
  0  done
  1  something outside refused or could not be reached
  2  the input cannot be used
  3  what was looked at is not well: a check failed, a store needs attention,
     settings differ
  4  the API key is not known, or may not do this
  5  there is no such store, run, key, person or work
  6  several stores are meant, or the store's state is against it
  7  too much at once: try again later";

#[derive(Subcommand)]
enum Command {
    /// Connect stores, and look after them.
    #[command(subcommand)]
    Connectors(commands::connectors::Connectors),
    /// Settings: check a document, give it to a store, show what a store has.
    #[command(subcommand)]
    Config(commands::config::Config),
    /// Show what a webhook body would cause: changes, skips with reasons, and the exact Brevo requests.
    Explain(commands::explain::Explain),
    /// Show which Brevo attribute comes from which field of the shop.
    Mapping(commands::mapping::Mapping),
    /// Show everything the connector knows and did for one person or order. Personal data.
    Trace(commands::trace::Trace),
    /// Work that waits for a person.
    #[command(subcommand)]
    Parked(commands::parked::Parked),
    /// What people and the law asked about data, and the proof of what was done.
    #[command(subcommand)]
    Privacy(commands::privacy::Privacy),
    /// API keys of the deployment.
    #[command(subcommand)]
    Keys(commands::keys::Keys),
    /// Who changed what through the management API, newest first.
    Audit(commands::audit::Audit),
    /// The way from Brevo to the connector.
    #[command(subcommand)]
    Brevo(commands::brevo::Brevo),
    /// The app at Shopify that all stores share.
    #[command(subcommand)]
    Shopify(commands::shopify::Shopify),
    /// Print a shell's completions.
    Completions(commands::shell::Completions),
    /// Print the manual page, or write one per command.
    Man(commands::shell::ManPages),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    output::tell_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::parser_says(&readable(error)),
    };
    let result = match cli.command {
        Command::Connectors(connectors) => commands::connectors::run(&connectors).await,
        Command::Config(config) => commands::config::run(&config).await,
        Command::Explain(explain) => commands::explain::run(&explain).await,
        Command::Mapping(mapping) => commands::mapping::run(&mapping).await,
        Command::Trace(trace) => commands::trace::run(&trace).await,
        Command::Parked(parked) => commands::parked::run(&parked).await,
        Command::Privacy(privacy) => commands::privacy::run(&privacy).await,
        Command::Keys(keys) => commands::keys::run(&keys).await,
        Command::Audit(audit) => commands::audit::run(&audit).await,
        Command::Brevo(brevo) => commands::brevo::run(&brevo).await,
        Command::Shopify(shopify) => commands::shopify::run(&shopify).await,
        Command::Completions(asked) => commands::shell::completions(&asked, Cli::command()),
        Command::Man(asked) => commands::shell::man(&asked, Cli::command()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// The parser's error once more, about the arguments as they may be shown: it repeats them, line feeds and all.
fn readable(error: clap::Error) -> clap::Error {
    let arguments = std::env::args_os().map(|argument| output::escaped(&argument.to_string_lossy()));
    Cli::try_parse_from(arguments).err().unwrap_or(error)
}

/// What the commands answer.
pub(crate) type Result = std::result::Result<(), Failure>;
