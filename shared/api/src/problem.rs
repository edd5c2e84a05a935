//! What goes wrong, in one shape: RFC 9457, `application/problem+json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of problem it is, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400: the request makes no sense; `detail` names the place.
    InvalidRequest,
    /// 401: no key, or none that is known.
    Unauthenticated,
    /// 403: the key may not do this.
    Forbidden,
    /// 404: there is no such store, run, parked work, key or path.
    NotFound,
    /// 405: the path knows other methods.
    MethodNotAllowed,
    /// 409: several stores are connected and none was named (`stores` lists them), or the state is against it.
    Conflict,
    /// 413: the body is too large.
    TooLarge,
    /// 415: the body is not JSON.
    UnsupportedMediaType,
    /// 422: well-formed, but refused: settings, credentials, a store's address.
    Refused,
    /// 429: too many requests with this key; `Retry-After` says when.
    RateLimited,
    /// 500: the connector's own fault. It is in its log.
    Internal,
    /// 502: Shopify or Brevo did not answer as it should.
    Upstream,
}

/// A problem, as a sentence and as a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` says more.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
    /// What kind of problem it is.
    pub code: Code,
    /// What happened, as a sentence.
    pub detail: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The connected stores, where one must be named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<String>,
}
