//! The one private door to Brevo.

use std::time::Duration;

use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::{Error, Host, Left, Method, Request, classify, limits};

/// Sends requests to one base URL. Cheap to clone; one per process.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    tracker: Option<Url>,
}

/// Where the tracker's key goes, and nothing else does.
const TRACKER_HOST: &str = "in-automate.brevo.com";

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The base URL is not one.
    #[error("`{0}` is not a URL to reach Brevo at, such as https://api.brevo.com/v3")]
    BaseUrl(String),
    /// Plain HTTP to another machine would show the key to everybody on the way.
    #[error("Brevo must be reached over https, or on this machine: not at {0}")]
    NotSecure(Url),
    /// The tracker is somewhere else than Brevo's.
    #[error("Brevo's tracker is at https://{TRACKER_HOST}, or on this machine: not at {0}")]
    NotTheTracker(Url),
    /// TLS could not be set up.
    #[error("the HTTPS client could not be set up")]
    Http(#[from] reqwest::Error),
}

/// What Brevo answered to a request that it took.
#[derive(Clone)]
pub struct Answer {
    /// 200 to 299.
    pub status: u16,
    /// The JSON body; `Null` for an empty one.
    pub body: Value,
}

/// Everything that came of a call.
#[derive(Debug)]
pub struct Reply {
    /// What Brevo did.
    pub result: Result<Answer, Error>,
    /// What is left of the request's bucket, where the answer says so: some endpoints send no such headers.
    pub left: Option<Left>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({})", self.status)
    }
}

impl Client {
    /// A client for this base URL (with its `/v3`). Follows no redirect and uses no proxy: the key goes to
    /// this host or nowhere.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        let base = address(base)?;
        // The first caller installs the one TLS provider of the process; later calls change nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(limits::CALL_TIMEOUT)
            .connect_timeout(limits::CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("tajo/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, base, tracker: None })
    }

    /// The same, which also reaches the tracker at this address (with its `/api/v2`).
    pub fn with_tracker(mut self, base: &str) -> Result<Self, ClientError> {
        let base = address(base)?;
        if !is_local(&base) && base.host_str() != Some(TRACKER_HOST) {
            return Err(ClientError::NotTheTracker(base));
        }
        self.tracker = Some(base);
        Ok(self)
    }

    /// One call. A success is 2xx with a readable body; everything else says what happens next.
    pub async fn send(&self, key: &SecretString, request: &Request) -> Result<Answer, Error> {
        self.exchange(key, request).await.result
    }

    /// The same, and what the answer says about the budget.
    pub async fn exchange(&self, key: &SecretString, request: &Request) -> Reply {
        match self.call(key, request).await {
            Ok(answer) => {
                let left = left(&answer);
                Reply { result: read(answer).await, left }
            }
            Err(error) => Reply { result: Err(error), left: None },
        }
    }

    async fn call(&self, key: &SecretString, request: &Request) -> Result<reqwest::Response, Error> {
        let (base, name) = match request.host {
            Host::Api => (&self.base, "api-key"),
            Host::Tracker => (self.tracker.as_ref().ok_or(Error::NoTracker)?, "ma-key"),
        };
        let mut url = base.clone();
        // The path is percent-encoded already; `set_path` leaves percent signs alone.
        let path = format!("{}{}", base.path().trim_end_matches('/'), request.path);
        url.set_path(&path);
        url.set_query(request.query.as_deref());
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut call = self.http.request(method, url).header(name, key.expose_secret());
        if let Some(body) = &request.body {
            call = call.json(body);
        }
        call.send().await.map_err(unclear)
    }
}

fn address(base: &str) -> Result<Url, ClientError> {
    let base = Url::parse(base.trim_end_matches('/')).map_err(|_| ClientError::BaseUrl(base.to_owned()))?;
    if base.scheme() != "https" && !is_local(&base) {
        return Err(ClientError::NotSecure(base));
    }
    Ok(base)
}

fn is_local(base: &Url) -> bool {
    matches!(base.host_str(), Some("127.0.0.1" | "localhost" | "[::1]" | "host.containers.internal"))
}

async fn read(answer: reqwest::Response) -> Result<Answer, Error> {
    let status = answer.status().as_u16();
    let reset = header_number(&answer, "x-sib-ratelimit-reset").map(Duration::from_secs);
    let bytes = read_bounded(answer).await?;
    if !(200..300).contains(&status) {
        return Err(classify(status, reset, &bytes));
    }
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).map_err(|_| Error::Unclear(format!("{status} with a broken body")))?
    };
    Ok(Answer { status, body })
}

fn left(answer: &reqwest::Response) -> Option<Left> {
    let number = |name| u32::try_from(header_number(answer, name)?).ok();
    Some(Left {
        limit: number("x-sib-ratelimit-limit")?,
        remaining: number("x-sib-ratelimit-remaining")?,
        reset: Duration::from_secs(header_number(answer, "x-sib-ratelimit-reset")?)
            .min(limits::RESET_AT_MOST),
    })
}

async fn read_bounded(mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unclear)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > limits::ANSWER_BYTES {
            return Err(Error::Unclear("an answer of more than 4 MB".to_owned()));
        }
    }
    Ok(bytes)
}

/// The error without its URL: paths name contacts.
fn unclear(error: reqwest::Error) -> Error {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    Error::Unclear(what.to_owned())
}

fn header_number(answer: &reqwest::Response, name: &str) -> Option<u64> {
    answer.headers().get(name)?.to_str().ok()?.trim().parse().ok()
}
