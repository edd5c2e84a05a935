//! Work of a store: runs, log, parked work, webhooks that are forwarded, and everything about one person or order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a run reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Everything, whatever was read before.
    Full,
    /// What changed since the last run.
    #[default]
    Incremental,
}

/// What a run may read.
pub const RESOURCES: [&str; 3] = ["customers", "orders", "products"];

/// A sync that is asked for (the SDK's words).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncRequest {
    /// How much.
    #[serde(default, rename = "type")]
    pub kind: RunKind,
    /// `customers`, `orders`, `products`; absent: all that the settings sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3), inner(regex(pattern = "^(customers|orders|products)$")))]
    pub resources: Option<Vec<String>>,
    /// Nothing older than this: a day (`2023-01-01`) or a timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// With the variants of products; absent: as the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_variants: Option<bool>,
    /// With the images of products; absent: as the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_images: Option<bool>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Asked for; nothing was read yet. `note` says why, if it stays so.
    Waiting,
    /// Under way.
    Running,
    /// Done.
    Done,
    /// Ended early; `note` says why.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

/// What a run did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunCounts {
    /// Read from the platform.
    pub read: u64,
    /// New contacts (0: none were new), orders and products.
    pub created: u64,
    /// New contacts among them.
    pub new_contacts: u64,
    /// Changed.
    pub updated: u64,
    /// Already so.
    pub unchanged: u64,
    /// Left out, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Not taken by Brevo.
    pub failed: u64,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Its id.
    pub id: String,
    /// How much it reads.
    pub kind: RunKind,
    /// What it reads.
    pub resources: Vec<String>,
    /// Nothing older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Who asked: a key's id, `schedule` or `install`.
    pub started_by: String,
    /// How far it is.
    pub state: RunState,
    /// Why it is so, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it did so far.
    pub counts: RunCounts,
    /// When it was asked for.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub asked_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ended_at: Option<Timestamp>,
}

/// Runs, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<RunRecord>,
    /// Where the next page begins; absent: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What kind of work a log line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogType {
    /// A platform's webhook.
    Webhook,
    /// The connector's own: abandoned carts, set-up, reconciliation.
    Own,
    /// What Brevo told.
    Brevo,
}

/// What became of one notice. No personal data: people are hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogEntry {
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// What kind of work.
    #[serde(rename = "type")]
    pub kind: LogType,
    /// The platform's topic.
    pub topic: String,
    /// The platform's delivery id.
    pub delivery: String,
    /// `applied`, `unchanged`, `skipped`, `deferred`, `parked`, `held` (the store is paused) or `retried`.
    pub outcome: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Calls made to Brevo.
    pub calls: u32,
    /// Stands for the person: a keyed hash that only this deployment can make. Only for keys that may `operate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The platform's order id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
}

/// Log lines, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<LogEntry>,
    /// Where the next page begins; absent: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A webhook that another program received, verified, and forwards. Without its signature, deletions, merges, compliance
/// requests and `app/uninstalled` need a key with the scope `forward`; with a lesser key the opt-ins of a body are left out,
/// and the log says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookRequest {
    /// The platform's topic.
    #[schemars(length(min = 1, max = 128))]
    pub topic: String,
    /// The body: as JSON, or as the text it came as. With `signature`: the text, unchanged.
    #[schemars(with = "Payload")]
    pub payload: Value,
    /// The header `X-Shopify-Hmac-SHA256`, checked with the store's secrets. With it, nothing more than `operate` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub signature: Option<String>,
    /// The platform's delivery id; absent: made from topic and body, so that forwarding twice is once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100), regex(pattern = "^[A-Za-z0-9_:.-]+$"))]
    pub delivery: Option<String>,
    /// When it happened (`X-Shopify-Triggered-At`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub triggered_at: Option<Timestamp>,
}

/// A webhook's body, for the document.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Payload {
    /// JSON.
    Object(serde_json::Map<String, Value>),
    /// The text of a JSON object.
    Text(String),
}

/// A forwarded webhook that is on the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookAnswer {
    /// Names it in the log.
    pub delivery: String,
}

/// Work that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParkedWork {
    /// Its id.
    pub id: String,
    /// The platform's topic.
    pub topic: String,
    /// Why.
    pub reason: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was parked.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// Parked work, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParkedPage {
    /// Each piece.
    pub parked: Vec<ParkedWork>,
    /// Where the next page begins; absent: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One piece of parked work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParkedShown {
    /// Why it stopped.
    #[serde(flatten)]
    pub work: ParkedWork,
    /// When the platform says it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub triggered_at: Option<Timestamp>,
    /// The size of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,
    /// The body: personal data, only if asked for, and only with `operate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// Which parked work: all that is said must hold. Nothing said needs `all`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParkedSelection {
    /// One of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = "^[A-Za-z0-9_:.-]{1,100}$")))]
    pub ids: Vec<String>,
    /// The reason holds this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of this topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Parked at or after this: an age (`24h`), a day or a timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Parked at or before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// All of it.
    #[serde(default)]
    pub all: bool,
}

/// What became of parked work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// On the queue again.
    Retried,
    /// Gone.
    Dropped,
    /// Somebody else was faster.
    Gone,
    /// No notice that this version can read: it stays.
    Unreadable,
}

/// What became of each piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FateOf {
    /// The piece.
    pub id: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of the parked work that was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fates {
    /// Each piece.
    pub fates: Vec<FateOf>,
    /// There is more of it: ask again.
    pub more: bool,
}
