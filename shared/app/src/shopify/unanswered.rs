//! What becomes of a notice when a question of ours has no answer. Pure.

use tajo_domain::Skipped;
use tajo_platforms::shopify::api::{Error, NextStep};

use super::CANNOT_BE_ASKED;
use crate::stop::Stop;
use crate::worker::Step;

/// Tries of one notice. An order or a product must not wait for ever for what is only a part of it: after these it goes
/// without.
const MOST_TRIES: u32 = 4;

/// Waits for Shopify, but only so often; where waiting is no use, the work goes on without `what`, and says so.
pub(crate) fn unanswered(what: &str, error: &Error, attempts: u32) -> Result<Step, Stop> {
    match error.next_step() {
        NextStep::Retry { after } if attempts + 1 < MOST_TRIES => {
            Err(Stop::Later { after, reason: error.to_string() })
        }
        NextStep::Retry { .. } => Ok(without(what, format!("{error}; it was asked {MOST_TRIES} times"))),
        NextStep::AskMerchant { .. } => {
            let reason = format!("{CANNOT_BE_ASKED}{error}");
            Ok(Step { attention: Some(reason.clone()), ..without(what, reason) })
        }
        NextStep::Park => Ok(without(what, format!("{CANNOT_BE_ASKED}{error}"))),
    }
}

/// The work goes on without it.
pub(crate) fn without(what: &str, reason: String) -> Step {
    Step { skipped: vec![Skipped::new(what, reason)], ..Step::default() }
}
