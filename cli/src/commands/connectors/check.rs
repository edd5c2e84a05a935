//! `tajo connectors test`.

use clap::Args;
use tajo_api::{TestAnswer, Tick, Verdict};

use super::Platform;
use crate::api::{At, Call, say_each};
use crate::output::{Exit, Failure, say, say_beside, say_marked, say_wrapped};

/// Which store.
#[derive(Args, Debug)]
pub(crate) struct Test {
    #[arg(value_enum)]
    platform: Platform,
    #[command(flatten)]
    at: At,
}

/// Runs the command.
pub(crate) async fn run(asked: &Test) -> crate::Result {
    let Platform::Shopify = asked.platform;
    let api = asked.at.reach.open()?;
    let answers = asked.at.each(async |store| api.ask::<TestAnswer>(Call::at("test", store)).await).await?;
    if asked.at.reach.json {
        say_each(&answers)?;
    } else {
        for (store, answer) in &answers {
            store.iter().for_each(|store| say(&format!("{store}:")));
            answer.ticks.iter().for_each(print);
        }
    }
    let ailing: Vec<&str> =
        answers.iter().filter(|(_, answer)| !answer.ok).map(|(_, answer)| answer.store.as_str()).collect();
    if ailing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::NotWell, format!("the connection of {} is not well", ailing.join(", "))))
}

fn print(tick: &Tick) {
    match tick.verdict {
        Verdict::Ok => say_marked("✓", 32, &tick.text),
        Verdict::Warning => say_marked("!", 33, &tick.text),
        Verdict::Failed => say_marked("✗", 31, &tick.text),
        Verdict::NotChecked => say_beside("- ", &tick.text, 2),
    }
    if let Some(hint) = &tick.hint {
        say_wrapped(&format!("hint: {hint}"), 2);
    }
}
