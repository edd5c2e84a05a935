//! The settings document, as every command reads it.

use std::path::Path;

use tajo_mapping::{Settings, SettingsError};

use crate::output::{Failure, talk};

/// The document's text; empty where none is named.
pub(crate) fn text(path: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = path else { return Ok(String::new()) };
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::input(format!("there is no file {}", path.display())),
        _ => Failure::input(format!("{} cannot be read: {error}", path.display())),
    })?;
    String::from_utf8(bytes).map_err(|_| Failure::input(format!("{} is not text in UTF-8", path.display())))
}

/// The settings of a document, its warnings told.
pub(crate) fn settings(path: Option<&Path>) -> Result<Settings, Failure> {
    let text = text(path)?;
    let settings = Settings::from_yaml(&text).map_err(|error| failure(path, &error))?;
    for warning in &settings.warnings {
        talk(&format!("warning: {warning}"));
    }
    Ok(settings)
}

/// What is wrong, as compilers say it: `tajo.yaml:4:7: …`.
pub(crate) fn failure(path: Option<&Path>, error: &SettingsError) -> Failure {
    let file = path.map_or_else(|| "the settings".to_owned(), |path| path.display().to_string());
    Failure::input(error.in_file(&file)).hint(error.hint.clone())
}
