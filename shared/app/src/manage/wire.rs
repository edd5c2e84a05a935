//! What comes in and what goes out, in nobody's words: the function translates from and to API Gateway's.

use std::fmt;

use serde::Serialize;
use tajo_api::Code;

use super::fault::Fault;

/// One request. `Debug` shows neither key nor body.
#[derive(Clone, Default)]
pub struct Request {
    /// `GET`, …
    pub method: String,
    /// From `/v1` on.
    pub path: String,
    /// What stands behind the `?`.
    pub query: String,
    /// The header.
    pub authorization: Option<String>,
    /// The header.
    pub content_type: Option<String>,
    /// As it came.
    pub body: Vec<u8>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// One answer. `Debug` does not show the body: it may hold a new key.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The text.
    pub body: String,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What is good for every answer. There is no `access-control-allow-origin`: a key opens every store, so it does not belong
/// into a page, and without the header no page of another origin can read an answer.
const ALWAYS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
];

impl Response {
    pub(super) fn of(reply: Reply) -> Self {
        let Reply { status, body, allow } = reply;
        let kind = body.as_ref().map(|_| ("content-type", "application/json".to_owned()));
        let allow = allow.map(|methods| ("allow", methods));
        Self { status, headers: headers(kind.into_iter().chain(allow)), body: body.unwrap_or_default() }
    }

    pub(super) fn of_fault(fault: Fault) -> Self {
        let Fault { problem, allow, retry_after, .. } = fault;
        let kind = ("content-type", "application/problem+json".to_owned());
        let more = [
            allow.map(|methods| ("allow", methods)),
            retry_after.map(|seconds| ("retry-after", seconds.to_string())),
            (problem.code == Code::Unauthenticated).then(|| ("www-authenticate", "Bearer".to_owned())),
        ];
        let headers = headers(std::iter::once(kind).chain(more.into_iter().flatten()));
        // Texts and numbers only: this cannot fail.
        Self { status: problem.status, headers, body: serde_json::to_string(&problem).unwrap_or_default() }
    }

    /// The answer to what is no request of an HTTP API at all.
    pub fn unreadable() -> Self {
        Self::of_fault(Fault::invalid("the request cannot be read"))
    }

    pub(super) fn without_body(self) -> Self {
        Self { body: String::new(), ..self }
    }

    /// A header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
    }
}

fn headers(own: impl Iterator<Item = (&'static str, String)>) -> Vec<(&'static str, String)> {
    ALWAYS.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(own).collect()
}

/// A success.
pub(super) struct Reply {
    status: u16,
    body: Option<String>,
    allow: Option<String>,
}

impl Reply {
    /// 200 with this.
    pub(super) fn ok(body: &impl Serialize) -> Result<Self, Fault> {
        Self::with(200, body)
    }

    pub(super) fn with(status: u16, body: &impl Serialize) -> Result<Self, Fault> {
        let text = serde_json::to_string(body).map_err(|error| Fault::internal(error.to_string()))?;
        Ok(Self { status, body: Some(text), allow: None })
    }

    /// 204.
    pub(super) fn done() -> Self {
        Self { status: 204, body: None, allow: None }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn text(text: &str) -> Self {
        Self { status: 200, body: Some(text.to_owned()), allow: None }
    }

    pub(super) fn methods(allowed: &str) -> Self {
        Self { status: 204, body: None, allow: Some(allowed.to_owned()) }
    }
}
