//! Parked work as people read it: 80 columns, a line for what it is and one for why.

use tajo_api::{ParkedShown, ParkedWork};

use crate::output::{say, say_json, say_wrapped, talk};

/// One piece of it in a list.
pub(crate) fn head(work: &ParkedWork) {
    let at = work.at.strftime("%Y-%m-%d %H:%M").to_string();
    say(&format!("{at} UTC  {}  {}", work.topic, work.id));
    say_wrapped(&work.reason, 2);
    if let Some(hint) = &work.hint {
        say_wrapped(&format!("hint: {hint}"), 2);
    }
}

/// One piece of it, in full.
pub(super) fn whole(shown: &ParkedShown) -> crate::Result {
    head(&shown.work);
    let time = shown.triggered_at.map_or_else(|| "not said".to_owned(), |at| at.to_string());
    say(&format!("  happened   {time}"));
    say(&format!("  tries      {}", shown.work.attempts));
    match shown.body_bytes {
        Some(bytes) => say(&format!("  body       {bytes} bytes")),
        None => say("  body       too large for a message, or no longer readable"),
    }
    match &shown.body {
        Some(body) => {
            talk("note: what follows is personal data");
            say_json(body)?;
        }
        None => say("  The body is personal data: --body prints it."),
    }
    Ok(())
}
