//! What went wrong, and what to do about it.

use std::path::Path;

/// A sentence for the developer, and a way out where we know one.
#[derive(Debug, thiserror::Error)]
#[error("{what}{}", self.hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default())]
pub struct Error {
    what: String,
    hint: Option<String>,
}

/// Everything here fails with a sentence.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error that says what happened.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    /// The same error with a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// `what`, with the end of the log that explains it.
pub(crate) fn with_log(what: &str, log: &Path) -> Error {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(40)..].join("\n");
    Error::new(format!("{what}\n{tail}")).hint(format!("the whole log is {}", log.display()))
}
