//! API keys and what they may do.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a key may do. Each may also do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look: status, settings, logs, runs, parked work without its bodies.
    Read,
    /// Act on a store's work: sync, pause, resume, retry, forward webhooks, trace a person.
    Operate,
    /// Vouch for webhooks that are forwarded without their signature: deletions, merges, compliance, opt-ins.
    Forward,
    /// Everything: connect, disconnect, settings, keys, app credentials.
    Admin,
}

/// A key, without the secret that it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// Its public half: it names the key in lists and logs.
    pub id: String,
    /// What a person called it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// The only stores it may touch; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stores: Option<Vec<String>>,
    /// The only shop addresses that it may touch and connect; absent: those that its stores have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shops: Option<Vec<String>>,
    /// When it was made.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: Timestamp,
    /// From when on it opens nothing; absent: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the hour; absent: never, or not since this is noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_used_at: Option<Timestamp>,
    /// The key that takes its place, if it was rolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What to call it.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// The only stores it may touch; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100), inner(regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")))]
    pub stores: Option<Vec<String>>,
    /// With `stores`: the permanent addresses of the only shops that it may touch and connect. Absent: it may connect again the
    /// shops that its stores have already, and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 100),
        inner(regex(pattern = "^[a-z0-9][a-z0-9-]{0,62}\\.myshopify\\.com$"))
    )]
    pub shops: Option<Vec<String>>,
    /// From when on it opens nothing, at most ten years ahead; absent: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
}

/// A key to be replaced by a new one of the same name, scope, stores and shops.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollRequest {
    /// For how many seconds the old key works on beside the new one; absent: a day. 0 ends it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_592_000))]
    pub overlap_seconds: Option<u32>,
    /// When the new key expires, at most ten years ahead; absent: it lives as long as the old one was to live, or for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
}

/// A key that was just rolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyRolled {
    /// The new key.
    pub made: KeyCreated,
    /// The old one, with the time at which it ends.
    pub replaced: ApiKey,
}

/// A key that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyCreated {
    /// The key as it is listed from now on.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The key itself, shown this once: only its hash is kept.
    pub secret: String,
}

/// All keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyList {
    /// Each of them, newest first.
    pub keys: Vec<ApiKey>,
}
