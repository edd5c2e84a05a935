//! Data to stdout, talk to stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// How a command ends that could not do its work. The numbers are promised (README, "Exit codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something outside refused or could not be reached.
    Outside = 1,
    /// The input cannot be used.
    Input = 2,
    /// What was looked at is not well: a check failed, a store needs attention, settings differ.
    NotWell = 3,
    /// The key is not known, or may not do this.
    Key = 4,
    /// There is no such store, run, key or work.
    NotFound = 5,
    /// Several stores are meant, or the store's state is against it.
    Conflict = 6,
    /// Too much at once.
    Busy = 7,
}

/// A command that could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    /// The connected stores, where one of them must be named.
    pub stores: Vec<String>,
}

impl Failure {
    /// A sentence, and how the command ends.
    pub(crate) fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: message.to_string(), hint: None, stores: Vec::new() }
    }

    /// The input cannot be used.
    pub(crate) fn input(message: impl Display) -> Self {
        Self::new(Exit::Input, message)
    }

    /// Something outside refused or could not be reached.
    pub(crate) fn outside(message: impl Display) -> Self {
        Self::new(Exit::Outside, message)
    }

    /// Says the way out.
    pub(crate) fn hint(self, hint: impl Into<Option<String>>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// One of these stores must be named.
    pub(crate) fn among(self, stores: Vec<String>) -> Self {
        Self { stores, ..self }
    }

    /// Prints the sentence and its hint.
    pub(crate) fn report(&self) -> ExitCode {
        talk(&format!("error: {}", self.message));
        if let Some(hint) = &self.hint {
            talk(&format!("hint: {hint}"));
        }
        ExitCode::from(self.exit as u8)
    }
}

/// A line for the person.
pub(crate) fn talk(line: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// A line of the answer. A closed pipe (`| head`) ends quietly.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// The answer as JSON.
pub(crate) fn say_json(value: &impl Serialize) -> crate::Result {
    let text = serde_json::to_string_pretty(value).map_err(Failure::outside)?;
    say(&text);
    Ok(())
}

/// Warnings of an answer, for the person.
pub(crate) fn warn(warnings: &[String]) {
    warnings.iter().for_each(|warning| talk(&format!("warning: {warning}")));
}

/// A table that fits 80 columns.
pub(crate) fn grid<const N: usize>(header: [&str; N]) -> Table {
    let mut grid = Table::new();
    grid.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Dynamic);
    grid.set_width(80).set_header(header);
    grid
}

/// A mark, in colour where somebody sees it and did not ask for none (`NO_COLOR`).
pub(crate) fn mark(mark: &str, colour: u8) -> String {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_plain || !io::stdout().is_terminal() {
        return mark.to_owned();
    }
    format!("\x1b[{colour}m{mark}\x1b[0m")
}

/// A line that is written over by the next one; only where somebody sees it.
pub(crate) fn progress(line: &str) {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K{line}");
        let _ = io::stderr().flush();
    }
}

/// Text in lines of at most 80 columns, all of them indented. A word that is longer stays whole.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let room = 80 - indent;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let pad = " ".repeat(indent);
    lines.iter().map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
}

/// A moment, as lists show it.
pub(crate) fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
