//! `tajo explain`: what a body would cause. Calls nothing.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::Value;
use tajo_app::explain::{Explanation, Question, explain};
use tajo_mapping::StoreKind;
use tajo_platforms::Platform;

use super::settings_file;
use crate::api::At;
use crate::output::{Failure, columns, say, say_json, talk};

/// What to explain.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Whose webhook it is.
    #[arg(long, value_enum)]
    platform: PlatformName,
    /// The platform's topic, such as `orders/create`.
    #[arg(long)]
    topic: String,
    /// The body, as JSON.
    #[arg(long)]
    file: PathBuf,
    /// The store's settings. Left out: the defaults, or with --store the deployment's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Test orders are skipped on live stores only.
    #[arg(long, value_enum, default_value_t = Kind::Development)]
    store_kind: Kind,
    #[command(flatten)]
    at: At,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PlatformName {
    Shopify,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Development,
    Live,
}

/// Runs the command.
pub(crate) async fn run(asked: &Explain) -> crate::Result {
    let body = read(&asked.file)?;
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
        let (file, line, column) = (asked.file.display(), error.line(), error.column());
        let message = format!("{file} is not JSON: it stops making sense at line {line}, column {column}");
        return Err(Failure::input(message).hint("give the body exactly as the platform sent it".to_owned()));
    }
    let settings = settings_file::of(asked.config.as_deref(), &asked.at).await?;
    if settings.list_names.lists().next().is_some() {
        talk("note: lists by name get their ids when the store is connected: they are not shown here");
    }
    let explanation = explain(&Question {
        platform: match asked.platform {
            PlatformName::Shopify => Platform::Shopify,
        },
        topic: &asked.topic,
        body: &body,
        settings,
        kind: match asked.store_kind {
            Kind::Development => StoreKind::Development,
            Kind::Live => StoreKind::Live,
        },
        now: Timestamp::now(),
    });
    if asked.at.reach.json {
        return say_json(&explanation);
    }
    print(&explanation);
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::input(format!("there is no file {}", path.display())),
        _ => Failure::input(format!("{} cannot be read: {error}", path.display())),
    })
}

fn print(explanation: &Explanation) {
    heading("Changes", explanation.changes.is_empty());
    for change in &explanation.changes {
        say(&format!("  {}", words(change)));
    }
    heading("Skipped", explanation.skipped.is_empty());
    for skipped in &explanation.skipped {
        say(&format!("  {}: {}", skipped.what, skipped.reason));
    }
    if !explanation.fetches.is_empty() {
        heading("Would ask Shopify first for", false);
    }
    for fetch in &explanation.fetches {
        say(&format!("  {fetch}"));
    }
    heading("Brevo requests", explanation.requests.is_empty());
    for request in &explanation.requests {
        let query = request.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
        say(&format!("  {} {}{query}", request.method.as_str(), request.path));
        if let Some(body) = &request.body {
            print_body(body);
        }
    }
}

fn heading(title: &str, is_empty: bool) {
    say(&format!("{title}{}", if is_empty { ": none" } else { "" }));
}

/// `change order, id 1001, …`: one line, without what is not known.
fn words(change: &Value) -> String {
    let mut words = Vec::new();
    for (name, value) in change.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) if name == "change" => words.insert(0, text.clone()),
            Value::Object(object) => {
                let known = object.iter().filter(|(_, value)| !value.is_null());
                words.extend(known.map(|(name, value)| format!("{name} {}", plain(value))));
            }
            value => words.push(format!("{name} {}", plain(value))),
        }
    }
    words.join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The body's first two levels as a table, deeper ones as JSON.
fn print_body(body: &Value) {
    let mut table = columns();
    for (name, value) in body.as_object().into_iter().flatten() {
        match value {
            Value::Object(inner) => {
                for (inner_name, value) in inner {
                    table.row([format!("    {name}.{inner_name}"), plain(value)]);
                }
            }
            value => {
                table.row([format!("    {name}"), plain(value)]);
            }
        }
    }
    table.print();
}
