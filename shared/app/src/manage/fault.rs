//! What goes wrong, on its way to becoming a problem.

use tajo_api::{Code, Place, Problem};
use tajo_mapping::SettingsError;
use tajo_state::{SecretError, TableError};

use crate::QueueError;
use crate::connect::ConnectError;
use crate::parked::RetryError;
use crate::pause::PauseError;

/// A problem, and what goes along with it.
#[derive(Debug)]
pub(super) struct Fault {
    pub problem: Box<Problem>,
    /// The methods that the path knows.
    pub allow: Option<String>,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// For the log, where the caller is told less.
    pub cause: Option<String>,
}

impl Fault {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        let problem = Box::new(Problem::new(code, detail));
        Self { problem, allow: None, retry_after: None, cause: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, detail)
    }

    pub(super) fn refused(detail: impl Into<String>) -> Self {
        Self::new(Code::Refused, detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Code::NotFound, detail)
    }

    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(Code::Conflict, detail)
    }

    pub(super) fn nothing_here() -> Self {
        Self::not_found("there is nothing at this path").hint("see /v1/openapi.json for what there is")
    }

    pub(super) fn wrong_method(allowed: &str) -> Self {
        let fault = Self::new(Code::MethodNotAllowed, format!("this path knows {allowed}"));
        Self { allow: Some(allowed.to_owned()), ..fault }.hint("see /v1/openapi.json for what there is")
    }

    /// The connector's own fault: the reason is for the log.
    pub(super) fn internal(cause: impl Into<String>) -> Self {
        let fault = Self::new(Code::Internal, "the connector could not do this, and it is not your fault");
        Self { cause: Some(cause.into()), ..fault }
            .hint("try it again; the log of the function `management` says why")
    }
}

impl From<TableError> for Fault {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Contended { .. } => {
                Self::conflict("somebody else changes this at the same time").hint("try it again")
            }
            TableError::Aws { .. } | TableError::Unreadable { .. } => Self::internal(error.to_string()),
        }
    }
}

impl From<QueueError> for Fault {
    fn from(error: QueueError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<SecretError> for Fault {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Missing => Self::refused("there are no credentials of this store")
                .hint("connect it again with its Brevo API key"),
            SecretError::Aws { .. } | SecretError::Unreadable => Self::internal(error.to_string()),
        }
    }
}

impl From<RetryError> for Fault {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::Table(error) => error.into(),
            RetryError::Queue(error) => error.into(),
        }
    }
}

impl From<PauseError> for Fault {
    fn from(error: PauseError) -> Self {
        match error {
            PauseError::HasLeft | PauseError::NotYet => {
                Self::conflict(error.to_string()).hint("connect the store first")
            }
            PauseError::Table(error) => error.into(),
            PauseError::Queue(error) => error.into(),
        }
    }
}

impl From<SettingsError> for Fault {
    fn from(error: SettingsError) -> Self {
        let mut fault = Self::refused(error.to_string());
        if let (Some(line), Some(column)) = (error.line, error.column) {
            fault.problem.place = Some(Place { line, column, key: error.key });
        }
        fault.problem.hint = error.hint;
        fault
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        let (code, hint) = (error.code(), error.hint());
        match error {
            ConnectError::Settings(error) => error.into(),
            error if code == Code::Internal => Self::internal(error.to_string()),
            error => {
                let mut fault = Self::new(code, error.to_string());
                fault.problem.hint = hint;
                fault
            }
        }
    }
}
