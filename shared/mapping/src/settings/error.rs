//! What is wrong with a settings document, where, and what was probably meant.

use std::fmt;

use serde::Serialize;
use serde_saphyr::{Error, Location};

/// The document cannot be used. The sentence names the place and the key, and never quotes a value that could be a
/// secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SettingsError {
    /// From 1; absent where the document as a whole is meant.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
    /// The key as a path, such as `connectors.shopify.lists.buyers`. Empty: the document itself.
    pub key: String,
    /// What is wrong: goes on from the key.
    pub problem: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl std::error::Error for SettingsError {}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.sentence())
    }
}

impl SettingsError {
    /// The error as compilers print it: `tajo.yaml:4:7: …`, which editors and terminals make a link of.
    pub fn in_file(&self, file: &str) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}: {}", self.sentence()),
            _ => format!("{file}: {}", self.sentence()),
        }
    }

    fn sentence(&self) -> String {
        let what = match self.key.as_str() {
            "" => "the document".to_owned(),
            key => format!("`{key}`"),
        };
        let meant = self.suggestion.as_deref().map(|name| format!("; did you mean `{name}`?"));
        format!("{what} {}{}", self.problem, meant.unwrap_or_default())
    }

    /// Something is wrong at this place.
    pub(crate) fn at(place: Location, key: impl Into<String>, problem: impl Into<String>) -> Self {
        let number = |number: u64| u32::try_from(number).ok().filter(|_| place != Location::UNKNOWN);
        Self {
            line: number(place.line()),
            column: number(place.column()),
            key: key.into(),
            problem: problem.into(),
            ..Self::default()
        }
    }

    /// What the parser says, in our words. `path`: the keys it was under.
    pub(super) fn from_parser(error: &Error, path: &str) -> Self {
        let error = error.without_snippet();
        let place = error.location().unwrap_or(Location::UNKNOWN);
        let at = |problem: String| Self::at(place, path, problem);
        match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                let key = match path {
                    "" => field.clone(),
                    path if path == field || path.ends_with(&format!(".{field}")) => path.to_owned(),
                    path => format!("{path}.{field}"),
                };
                let found = Self::at(place, key, "is no key that is known here");
                found.with_choices(field, expected.iter().copied(), "known here")
            }
            Error::SerdeUnknownVariant { variant, expected, .. } => {
                let found = at(format!("is `{}`, which is none of its values", short(variant)));
                found.with_choices(variant, expected.iter().copied(), "its values")
            }
            Error::SerdeInvalidType { unexpected, expected, .. } => {
                at(format!("is {}, but {} is wanted", kind_of(unexpected), wanted(expected)))
            }
            Error::SerdeInvalidValue { expected, .. } => {
                at(format!("is out of range: {} is wanted", wanted(expected)))
            }
            Error::InvalidScalar { ty, .. } => at(format!("is not what is wanted here: {}", wanted(ty))),
            Error::InvalidBooleanStrict { .. } => at("must be `true` or `false`".to_owned()),
            Error::NullIntoString { .. } => at("is empty, but text is wanted".to_owned()),
            Error::SerdeMissingField { field, .. } => at(format!("lacks the key `{field}`")),
            Error::Unexpected { expected, .. } => {
                let expected = if *expected == "string scalar" { "a single value" } else { expected };
                at(format!("is of the wrong shape: {} is wanted", wanted(expected)))
            }
            Error::Message { msg, .. } => at(format!("is {msg}")),
            other => {
                let text = other.to_string();
                let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
                Self::at(place, "", format!("cannot be read as YAML: {first}"))
            }
        }
    }

    /// Names the nearest of the choices, and all of them as a hint.
    pub(crate) fn with_choices<'a>(
        mut self,
        name: &str,
        choices: impl Iterator<Item = &'a str>,
        what: &str,
    ) -> Self {
        // Words that may also be written in capitals are named once.
        let choices: Vec<&str> = choices.filter(|choice| choice.chars().any(char::is_lowercase)).collect();
        self.suggestion = nearest(name, choices.iter().copied()).map(str::to_owned);
        if !choices.is_empty() && choices.len() <= 16 {
            self.hint = Some(format!("{what}: {}", choices.join(", ")));
        }
        self
    }
}

/// The choice that somebody who wrote `name` most likely meant.
fn nearest<'a>(name: &str, choices: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let name = plain(name);
    let scored =
        choices.map(|choice| (strsim::normalized_damerau_levenshtein(&name, &plain(choice)), choice));
    scored
        .filter(|(score, _)| *score >= 0.6)
        .max_by(|one, two| one.0.total_cmp(&two.0))
        .map(|(_, choice)| choice)
}

/// The parser's names of kinds, for people. Values stay out: one may be a secret in the wrong place.
fn kind_of(unexpected: &str) -> &str {
    match unexpected.split(['`', '"']).next().unwrap_or_default().trim() {
        "string" | "str" | "borrowed string" => "text",
        "integer" | "floating point" => "a number",
        "boolean" => "`true` or `false`",
        "map" => "a block",
        "sequence" => "a list",
        "unit value" | "Option value" | "null" => "empty",
        _ => "something else",
    }
}

fn wanted(expected: &str) -> String {
    match expected {
        "bool" | "boolean" | "a boolean" => "`true` or `false`".to_owned(),
        "u64" => "a whole number".to_owned(),
        "a nonzero u64" | "NonZeroU64" => "a whole number from 1".to_owned(),
        "a string" | "string" | "string scalar" => "text".to_owned(),
        "mapping start" | "a mapping" => "a block".to_owned(),
        text if text.starts_with("struct ") => "a block".to_owned(),
        text => text.to_owned(),
    }
}

/// At most the first words of a value.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
