#![doc = include_str!("../README.md")]

mod audit;
mod document;
mod keys;
mod operations;
mod parameters;
mod problem;
mod stores;
mod trace;
mod work;

pub use audit::{AuditEntry, AuditOutcome, AuditPage};
pub use document::document;
pub use keys::{ApiKey, KeyCreated, KeyList, KeyRequest, KeyRolled, RollRequest, Scope};
pub use operations::{OPERATIONS, Operation};
pub use parameters::{CURSOR_LENGTH, MOST, Parameter, parameters};
pub use problem::{Code, Place, Problem};
pub use stores::{
    AppConfig, AppCredentials, Connect, ConnectAnswer, Credentials, DataFate, Disconnected, Next, Purge,
    Purged, RotationState, SettingsAnswer, SettingsDocument, State, StoreList, StoreStatus, TestAnswer, Tick,
    TokenRotation, Verdict,
};
pub use trace::{Trace, TraceRequest, TracedConsent, TracedEffect, TracedOrder, TracedPerson};
pub use work::{
    Fate, FateOf, Fates, LogEntry, LogPage, LogType, ParkedPage, ParkedSelection, ParkedShown, ParkedWork,
    RESOURCES, RunCounts, RunKind, RunPage, RunRecord, RunState, SyncRequest, WebhookAnswer, WebhookRequest,
};
