//! Data to stdout, talk to stderr; whatever it holds, a terminal only shows it.

mod escape;
mod grid;
mod stream;

use std::fmt::Display;
use std::process::ExitCode;

use serde::Serialize;

pub(crate) use grid::{columns, grid};

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
    stream::err(line);
}

/// A line of the answer. Line feeds in it are shown, not obeyed: they would be somebody else's.
pub(crate) fn say(line: &str) {
    stream::out(line);
}

/// A text of several lines, such as a settings document, as the answer.
pub(crate) fn say_block(text: &str) {
    stream::out_block(text.strip_suffix('\n').unwrap_or(text));
}

/// The answer as JSON.
pub(crate) fn say_json(value: &impl Serialize) -> crate::Result {
    stream::out_json(&serde_json::to_string_pretty(value).map_err(Failure::outside)?);
    Ok(())
}

/// An answer of the API as it is; an empty one is an empty object.
pub(crate) fn say_json_text(text: &str) -> crate::Result {
    let text = if text.is_empty() { "{}" } else { text };
    let value: serde_json::Value = serde_json::from_str(text).map_err(Failure::outside)?;
    say_json(&value)
}

/// JSON as `say_json` prints it, for a file that somebody looks at later.
pub(crate) fn json_text(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::outside)?;
    Ok(escape::json(&text).into_owned() + "\n")
}

/// Text in lines of at most 80 columns, all of them indented.
pub(crate) fn say_wrapped(text: &str, indent: usize) {
    let pad = " ".repeat(indent);
    wrapped(text, indent).iter().for_each(|line| stream::out(&format!("{pad}{line}")));
}

/// A head, and beside it text in lines of at most 80 columns, those after the first one indented.
pub(crate) fn say_beside(head: &str, text: &str, indent: usize) {
    let lines = wrapped(text, indent);
    let (first, rest) = lines.split_first().map_or(("", &lines[..]), |(first, rest)| (first.as_str(), rest));
    stream::out(&format!("{head}{first}"));
    let pad = " ".repeat(indent);
    rest.iter().for_each(|line| stream::out(&format!("{pad}{line}")));
}

/// A mark, in colour where somebody sees it, and text beside it.
pub(crate) fn say_marked(mark: &str, colour: u8, text: &str) {
    let lines = wrapped(text, 2);
    let (first, rest) = lines.split_first().map_or(("", &lines[..]), |(first, rest)| (first.as_str(), rest));
    stream::out_marked(mark, colour, first);
    rest.iter().for_each(|line| stream::out(&format!("  {line}")));
}

/// Warnings of an answer, for the person.
pub(crate) fn warn(warnings: &[String]) {
    warnings.iter().for_each(|warning| talk(&format!("warning: {warning}")));
}

/// A line that is written over by the next one; only where somebody sees it.
pub(crate) fn progress(line: &str) {
    stream::err_passing(line);
}

/// Asks, and reads what is typed without showing it. `None` where nobody can be asked.
pub(crate) fn typed_unseen(question: &str) -> Option<String> {
    stream::typed_unseen(question)
}

/// What the command line's parser has to say: the help that was asked for, or why the arguments cannot be used.
pub(crate) fn parser_says(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if error.use_stderr() {
        stream::err_block(text)
    } else {
        stream::out_block(text)
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Input as u8))
}

/// Text whose hidden characters are shown, line feeds among them.
pub(crate) fn escaped(text: &str) -> String {
    escape::line(text).into_owned()
}

/// A fault of this program is told as everything is: its words may repeat what others wrote.
pub(crate) fn tell_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("it says no reason");
        talk(&format!("error: `tajo` failed by a fault of its own{place}: {what}"));
    }));
}

/// Lines that fit 80 columns with this indent. A word that is longer stays whole.
fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let room = 80 - indent;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(escape::line) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word.into_owned()),
        }
    }
    lines
}

/// A moment, as lists show it.
pub(crate) fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
