#![doc = include_str!("../README.md")]

mod keys;
mod operations;
mod problem;
mod stores;
mod work;

pub use keys::{ApiKey, KeyCreated, KeyRequest, Scope};
pub use operations::{OPERATIONS, Operation};
pub use problem::{Code, Problem};
pub use stores::{
    AppCredentials, Connect, ConnectAnswer, Credentials, DataFate, Disconnected, Next, SettingsAnswer,
    SettingsDocument, State, StoreList, StoreStatus, TestAnswer, Tick, Verdict,
};
pub use work::{
    Fate, FateOf, LogEntry, LogPage, LogType, ParkedPage, ParkedSelection, ParkedShown, ParkedWork,
    RunCounts, RunKind, RunPage, RunRecord, RunState, SyncRequest, Trace, TraceRequest, WebhookAnswer,
    WebhookRequest,
};
