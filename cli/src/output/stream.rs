//! The only place that writes to stdout and stderr (`cli/clippy.toml` refuses any other): all that leaves is escaped here.

#![expect(clippy::disallowed_methods, reason = "the one place that may")]

use std::io::{self, IsTerminal, Write};

use super::escape;

/// A line of the answer. A closed pipe (`| head`) ends quietly.
pub(super) fn out(text: &str) {
    let _ = writeln!(io::stdout(), "{}", escape::line(text));
}

/// Several lines of the answer.
pub(super) fn out_block(text: &str) {
    let _ = writeln!(io::stdout(), "{}", escape::block(text));
}

/// The answer as JSON.
pub(super) fn out_json(text: &str) {
    let _ = writeln!(io::stdout(), "{}", escape::json(text));
}

/// A line that begins with a mark, in colour where somebody sees it and did not ask for none (`NO_COLOR`).
pub(super) fn out_marked(mark: &str, colour: u8, text: &str) {
    let mark = escape::line(mark);
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_plain || !io::stdout().is_terminal() {
        return out(&format!("{mark} {text}"));
    }
    let _ = writeln!(io::stdout(), "\x1b[{colour}m{mark}\x1b[0m {}", escape::line(text));
}

/// A line for the person. A closed stderr leaves nobody to tell.
pub(super) fn err(text: &str) {
    let _ = writeln!(io::stderr(), "{}", escape::line(text));
}

/// Several lines for the person.
pub(super) fn err_block(text: &str) {
    let _ = writeln!(io::stderr(), "{}", escape::block(text));
}

/// A line that the next one overwrites, where somebody sees it.
pub(super) fn err_passing(text: &str) {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K{}", escape::line(text));
        let _ = io::stderr().flush();
    }
}

/// Asks, and reads what is typed without showing it. `None` where nobody can be asked.
pub(super) fn typed_unseen(question: &str) -> Option<String> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let _ = write!(io::stderr(), "{}", escape::line(question));
    let _ = io::stderr().flush();
    rpassword::read_password().ok()
}
