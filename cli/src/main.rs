#![doc = include_str!("../README.md")]

mod commands;
mod output;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Failure;

/// Syncs shops to Brevo.
#[derive(Parser)]
#[command(name = "tajo", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what a webhook body would cause: changes, skips with reasons, and the exact Brevo requests.
    Explain(commands::explain::Explain),
    /// Check a settings document, or print its schema.
    #[command(subcommand)]
    Config(commands::config::Config),
    /// Show which Brevo attribute comes from which field of the shop.
    Mapping(commands::mapping::Mapping),
    /// Connect a store to a deployed stack, new or again.
    Connect(Box<commands::connect::Connect>),
    /// Work that waits for a person.
    #[command(subcommand)]
    Parked(commands::parked::Parked),
    /// What people and the law asked about data, and the proof of what was done.
    #[command(subcommand)]
    Privacy(commands::privacy::Privacy),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Explain(explain) => commands::explain::run(&explain),
        Command::Config(config) => commands::config::run(&config),
        Command::Mapping(mapping) => commands::mapping::run(&mapping),
        Command::Connect(connect) => commands::connect::run(&connect).await,
        Command::Parked(parked) => commands::parked::run(&parked).await,
        Command::Privacy(privacy) => commands::privacy::run(&privacy).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// What the commands answer.
pub(crate) type Result = std::result::Result<(), Failure>;
