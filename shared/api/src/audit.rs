//! The audit log: who changed what.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused: the key may not do it, or the request could not be met.
    Refused,
    /// The connector failed, or Shopify or Brevo did.
    Failed,
    /// It was begun, and its end was not recorded: it may be done in part.
    Unfinished,
}

/// One change that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// The public half of the key.
    pub key: String,
    /// What the key was called then.
    pub key_name: String,
    /// The operation, as this document names it.
    pub operation: String,
    /// The store, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// What was asked for, without secrets and personal data.
    pub what: String,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The HTTP status of the answer; absent while it is unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Changes, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// Each of them.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins; absent: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
