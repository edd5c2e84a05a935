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

impl Code {
    /// The HTTP status, and its words.
    pub fn status(self) -> (u16, &'static str) {
        match self {
            Self::InvalidRequest => (400, "Bad Request"),
            Self::Unauthenticated => (401, "Unauthorized"),
            Self::Forbidden => (403, "Forbidden"),
            Self::NotFound => (404, "Not Found"),
            Self::MethodNotAllowed => (405, "Method Not Allowed"),
            Self::Conflict => (409, "Conflict"),
            Self::TooLarge => (413, "Content Too Large"),
            Self::UnsupportedMediaType => (415, "Unsupported Media Type"),
            Self::Refused => (422, "Unprocessable Content"),
            Self::RateLimited => (429, "Too Many Requests"),
            Self::Internal => (500, "Internal Server Error"),
            Self::Upstream => (502, "Bad Gateway"),
        }
    }
}

impl Problem {
    /// A problem of this kind.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (status, title) = code.status();
        Self {
            kind: "about:blank".to_owned(),
            title: title.to_owned(),
            status,
            code,
            detail: detail.into(),
            hint: None,
            place: None,
            stores: Vec::new(),
        }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Where in a document something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// The key as a path, such as `connectors.shopify.lists.buyers`; empty: the document itself.
    pub key: String,
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
    /// Where in the settings document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The connected stores, where one must be named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<String>,
}
