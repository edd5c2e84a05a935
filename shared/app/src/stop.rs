//! Why a journey ended early, and what becomes of its notice.

use std::time::Duration;

use tajo_brevo::NextStep;
use tajo_domain::Unusable;
use tajo_state::{SecretError, TableError};

/// A journey that could not go on. No variant carries personal data.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It goes on later: the notice is sent again with a delay.
    Later {
        /// Not before this long, if the other side said so.
        after: Option<Duration>,
        /// Why.
        reason: String,
    },
    /// A rate limit leaves no call: the notice is gathered with others that wait, and nothing of it failed.
    Scarce {
        /// Not before this long.
        after: Duration,
        /// Why.
        reason: String,
    },
    /// It goes on in another invocation, from here.
    Continue {
        /// What the notice carries along.
        resume: String,
        /// How far it came.
        reason: String,
    },
    /// Its store is paused: it waits for that to end.
    Hold,
    /// It waits for a person.
    Park {
        /// Why.
        reason: String,
        /// What to do.
        hint: Option<&'static str>,
    },
    /// Our own state could not be reached: the queue delivers the message again.
    Retry {
        /// Why.
        reason: String,
    },
}

impl Stop {
    /// Why, as a sentence.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Later { reason, .. }
            | Self::Scarce { reason, .. }
            | Self::Continue { reason, .. }
            | Self::Park { reason, .. }
            | Self::Retry { reason } => reason,
            Self::Hold => crate::pause::REASON,
        }
    }

    /// Whether anything further would only meet the same end now.
    pub(crate) fn ends_the_journey(&self) -> bool {
        matches!(self, Self::Later { .. } | Self::Scarce { .. } | Self::Retry { .. })
    }

    pub(crate) fn park(reason: impl Into<String>) -> Self {
        Self::Park { reason: reason.into(), hint: None }
    }
}

impl From<tajo_brevo::Error> for Stop {
    fn from(error: tajo_brevo::Error) -> Self {
        let reason = error.to_string();
        match error.next_step() {
            NextStep::Wait { after } => Self::Scarce { after, reason },
            NextStep::Retry { after } => Self::Later { after, reason },
            NextStep::AskMerchant { hint } => Self::Park { reason, hint: Some(hint) },
            NextStep::Park => Self::Park { reason, hint: None },
        }
    }
}

impl From<TableError> for Stop {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Aws { .. } | TableError::Contended { .. } => {
                Self::Retry { reason: error.to_string() }
            }
            TableError::Unreadable { .. } => Self::park(error.to_string()),
        }
    }
}

impl From<SecretError> for Stop {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Aws { .. } => Self::Retry { reason: error.to_string() },
            SecretError::Missing | SecretError::Unreadable => Self::Park {
                reason: error.to_string(),
                hint: Some("connect the store again with its Brevo API key"),
            },
        }
    }
}

impl From<Unusable> for Stop {
    fn from(error: Unusable) -> Self {
        Self::park(error.reason)
    }
}
