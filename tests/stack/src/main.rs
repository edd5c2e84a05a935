//! `tajo-stack`: the deployed stack on one machine. `make demo`, `make up`, `make down` and `make test` call it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tajo_stack::{Build, Error, Options, Progress, Result, Stack, demo, down, local_aws, up};

/// The deployed stack on one machine, without an AWS account.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Folder of this stack.
    #[arg(long, global = true, default_value = ".local")]
    dir: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Builds, starts, deploys; leaves the stack running and writes stack.json.
    Up(Up),
    /// Ends what `up` started in the folder.
    Down,
    /// `up`, then a morning in a shop, then `down`.
    Demo(Up),
    /// Sends the traffic of quiet mornings through the stack of `up` and prints how long each webhook took.
    Quiet {
        /// How many; ten or so webhooks each.
        #[arg(long, default_value_t = 20)]
        mornings: u64,
    },
    /// Prints everything the functions have logged.
    Logs,
    /// Runs cart-sweeper now.
    Sweep,
}

#[derive(Args)]
struct Up {
    /// How to build the functions.
    #[arg(long, value_enum, default_value = "debug", env = "STACK_BUILD")]
    build: Build,
    /// The Brevo that functions call; without it, the sandbox.
    #[arg(long, env = "BREVO_API_URL")]
    brevo_api_url: Option<String>,
    /// How often carts are looked at.
    #[arg(long, default_value = "rate(1 minute)", env = "SWEEP_RATE")]
    sweep_rate: String,
    /// After this time the processes end by themselves (90s, 20m, 4h).
    #[arg(long, default_value = "4h")]
    lifetime: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let progress = Progress::start();
    let dir = match std::path::absolute(&cli.dir) {
        Ok(dir) => dir,
        Err(error) => return complain(&Error::new(format!("{} is no folder: {error}", cli.dir.display()))),
    };
    let outcome = tokio::select! {
        outcome = run(cli.command, &dir, &progress) => outcome,
        () = interrupted() => {
            progress.say("interrupted");
            down(&dir, &progress);
            return ExitCode::from(130);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

async fn run(command: Command, dir: &Path, progress: &Progress) -> Result<()> {
    match command {
        Command::Up(wish) => {
            let stack = up(&options(wish, dir)?, progress).await?;
            print(&format!(
                "webhooks  {}\nsandbox   {}\nlocal AWS {}",
                stack.webhook_url, stack.sandbox_url, stack.aws_endpoint_url
            ))
        }
        Command::Down => {
            down(dir, progress);
            Ok(())
        }
        Command::Demo(wish) => {
            let stack = up(&options(wish, dir)?, progress).await?;
            let outcome = demo::demo(&stack, progress).await;
            down(dir, progress);
            outcome
        }
        Command::Quiet { mornings } => {
            let stack = Stack::load(&dir.join("stack.json"))?;
            demo::quiet(&stack, mornings, progress).await
        }
        Command::Logs => {
            for line in local_aws::logs(&Stack::load(&dir.join("stack.json"))?).await? {
                print(&format!("{} {} {}", line.timestamp, line.group, line.message))?;
            }
            Ok(())
        }
        Command::Sweep => {
            let answer = local_aws::sweep(&Stack::load(&dir.join("stack.json"))?).await?;
            print(&answer.payload.to_string())?;
            if answer.failed {
                Err(Error::new("cart-sweeper failed").hint("see `tajo-stack logs`"))
            } else {
                Ok(())
            }
        }
    }
}

fn options(wish: Up, dir: &Path) -> Result<Options> {
    let root = std::env::current_dir().map_err(|error| Error::new(format!("no current folder: {error}")))?;
    if !root.join("template.yaml").exists() {
        return Err(Error::new("there is no template.yaml here").hint("run this in the project's folder"));
    }
    Ok(Options {
        root,
        dir: dir.to_owned(),
        build: wish.build,
        // An empty variable is how make and CI say "none".
        brevo_api_url: wish
            .brevo_api_url
            .filter(|url| !url.is_empty())
            .map(|url| url.trim_end_matches('/').to_owned()),
        sweep_rate: wish.sweep_rate,
        lifetime: wish.lifetime,
    })
}

/// Ctrl-C, or a polite request to end.
async fn interrupted() {
    let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

fn print(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{line}").map_err(|error| Error::new(format!("nobody reads our output: {error}")))
}

fn complain(error: &Error) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {error}");
    ExitCode::FAILURE
}
