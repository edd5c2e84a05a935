//! Secrets: from a variable or a flag, from stdin (`-`), or typed without echo. Never printed.

use std::io::{self, BufRead, IsTerminal};

use secrecy::{ExposeSecret, SecretString};

use crate::output::{Failure, typed_unseen};

/// A secret that was given. An empty one is none (`--api-key "$NOT_SET"`); `-` is the next line of stdin, typed without
/// echo where stdin is a terminal.
pub(crate) fn given(secret: Option<&SecretString>, what: &str) -> Result<Option<SecretString>, Failure> {
    let Some(text) = secret.map(|secret| secret.expose_secret().trim()).filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    if text != "-" {
        return Ok(Some(text.into()));
    }
    if io::stdin().is_terminal() {
        return Ok(asked(what));
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|_| Failure::input("stdin cannot be read"))?;
    let line = SecretString::from(line.trim());
    if line.expose_secret().is_empty() {
        return Err(Failure::input(format!("stdin holds no {what}")));
    }
    Ok(Some(line))
}

/// Asks for a secret, if somebody sits there. Nothing typed: none.
pub(crate) fn asked(what: &str) -> Option<SecretString> {
    let typed = typed_unseen(&format!("{what} (not shown): "))?;
    Some(typed.trim()).filter(|typed| !typed.is_empty()).map(SecretString::from)
}
