//! Data to stdout, talk to stderr.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

/// A command that could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// The input cannot be used.
    pub(crate) fn input(message: impl Display) -> Self {
        Self { code: 2, message: message.to_string(), hint: None }
    }

    /// Something outside refused or could not be reached.
    pub(crate) fn outside(message: impl Display) -> Self {
        Self { code: 1, message: message.to_string(), hint: None }
    }

    /// Says the way out.
    pub(crate) fn hint(self, hint: impl Into<Option<String>>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// Prints the sentence and its hint.
    pub(crate) fn report(&self) -> ExitCode {
        talk(&format!("error: {}", self.message));
        if let Some(hint) = &self.hint {
            talk(&format!("hint: {hint}"));
        }
        ExitCode::from(self.code)
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
