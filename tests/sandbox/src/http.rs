//! Requests and responses as plain values, so that Brevo can be played without a socket.

use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};

/// One request, as it came in: path still percent-encoded, query still one string.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path with its leading slash, for example `/v3/contacts/jo%40example.com`.
    pub path: String,
    /// What follows the `?`; empty when there is none.
    pub query: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

/// Without the headers: one of them is a key.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}?{} {}", self.method, self.path, self.query, String::from_utf8_lossy(&self.body))
    }
}

impl Request {
    /// A request without a body. A `?query` in `target` is split off; the key is [`crate::DEFAULT_KEY`].
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("api-key".to_owned(), crate::DEFAULT_KEY.to_owned())],
            body: Vec::new(),
        }
    }

    /// The same request with this JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self
    }

    /// The same request with another API key; an empty one leaves the header out.
    pub fn key(mut self, api_key: &str) -> Self {
        self.headers.retain(|(name, _)| name != "api-key");
        if !api_key.is_empty() {
            self.headers.push(("api-key".to_owned(), api_key.to_owned()));
        }
        self
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The value of a query parameter, decoded.
    pub fn query_value(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// All values of a query parameter that may be given more than once.
    pub fn query_values(&self, name: &str) -> Vec<String> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes()).filter(|(key, _)| key == name);
        pairs.map(|(_, value)| value.into_owned()).collect()
    }

    /// The decoded path segments after `/v3`, or `None` for a path outside of Brevo's API.
    pub fn segments(&self) -> Option<Vec<String>> {
        let rest = self.path.strip_prefix("/v3/")?;
        Some(rest.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect())
    }
}

/// How much of a response reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All of it.
    Whole,
    /// Half of the body, then the connection closes.
    Truncated,
    /// Nothing: the connection closes without an answer.
    Dropped,
}

/// One response. A dropped one has status 0 and no body.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// HTTP status, 0 when the connection was closed without an answer.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
    /// How long the HTTP server waits before it answers. In-process calls do not wait.
    pub delay: Duration,
    /// How much of it is sent.
    pub ending: Ending,
}

impl Response {
    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), delay: Duration::ZERO, ending: Ending::Whole }
    }

    /// A status with a JSON body.
    pub fn with_json(status: u16, body: &Value) -> Self {
        let mut response = Self::empty(status);
        response.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        response.body = body.to_string().into_bytes();
        response
    }

    /// Brevo's error body.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::with_json(status, &json!({"code": code, "message": message}))
    }

    /// The connection closes without an answer.
    pub fn dropped() -> Self {
        Self { ending: Ending::Dropped, ..Self::empty(0) }
    }

    /// The body as JSON; `null` when it is empty or not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

fn find_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
