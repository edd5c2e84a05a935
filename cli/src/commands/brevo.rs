//! `tajo brevo`: the way from Brevo to the connector.

use std::time::Duration;

use clap::{Args, Subcommand};
use tajo_api::TokenRotation;

use crate::api::{At, Call};
use crate::output::{moment, say, say_json, talk};

/// What to do about it.
#[derive(Subcommand, Debug)]
pub(crate) enum Brevo {
    /// Give Brevo's webhooks a new token. The old one is good until a day after Brevo has the new one.
    RotateToken(Rotate),
}

/// Of which account.
#[derive(Args, Debug)]
pub(crate) struct Rotate {
    /// Begin, or finish what was begun, and do not wait: the same command finishes it later.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    at: At,
}

/// Runs the command.
pub(crate) async fn run(asked: &Brevo) -> crate::Result {
    let Brevo::RotateToken(asked) = asked;
    let api = asked.at.reach.open()?;
    let rotation = loop {
        let call = Call::at("rotateBrevoToken", asked.at.store());
        let rotation: TokenRotation = api.ask(call).await?;
        match rotation.wait_seconds {
            Some(seconds) if !asked.no_wait => {
                talk(&format!(
                    "waiting {seconds} s: until then not every part of the connector knows the new token"
                ));
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
            _ => break rotation,
        }
    };
    if asked.at.reach.json {
        return say_json(&rotation);
    }
    match (rotation.wait_seconds, rotation.old_accepted_until) {
        (Some(seconds), _) => {
            say(&format!("A new token is good. Run this again in {seconds} s to give it to Brevo."));
        }
        (None, Some(until)) => {
            say(&format!("Brevo has the new token. The old one is good until {} (UTC).", moment(until)));
        }
        (None, None) => say("Brevo has the new token."),
    }
    Ok(())
}
