//! Parked work as people read it: 80 columns, a line for what it is and one for why.

use tajo_app::parked::Shown;
use tajo_state::Parked;

use crate::output::{say, talk, wrapped};

/// One piece of it in a list.
pub(super) fn head(work: &Parked) {
    let at = work.at.strftime("%Y-%m-%d %H:%M").to_string();
    say(&format!("{at} UTC  {}  {}", work.topic, work.id));
    say(&wrapped(&work.reason, 2));
    if let Some(hint) = &work.hint {
        say(&wrapped(&format!("hint: {hint}"), 2));
    }
}

/// One piece of it, in full.
pub(super) fn whole(shown: &Shown) -> crate::Result {
    head(&shown.parked);
    let tries = shown.parked.attempts;
    match &shown.notice {
        None => say("  It is no notice that this version can read."),
        Some(about) => {
            say(&format!("  shop       {}", about.shop));
            let time = about.triggered_at.map_or_else(|| "not said".to_owned(), |at| at.to_string());
            say(&format!("  happened   {time}"));
            say(&format!("  heard of   {}", about.received_at));
            say(&format!("  tries      {tries}"));
            if let Some(version) = &about.api_version {
                say(&format!("  API        {version}"));
            }
            match about.body_bytes {
                Some(bytes) => say(&format!("  body       {bytes} bytes")),
                None => say("  body       too large for a message: only its id was kept"),
            }
        }
    }
    match &shown.body {
        Some(body) => {
            talk("note: what follows is personal data");
            crate::output::say_json(body)?;
        }
        None => say("  The body is personal data: --body prints it."),
    }
    Ok(())
}
