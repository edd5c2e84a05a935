//! The one private door to a deployment's management API.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tajo_api::{Code, OPERATIONS, Problem};
use url::{Host, Url};

use crate::output::{Exit, Failure, say_json};
use crate::secret;

/// API Gateway gives up after thirty seconds.
const CALL_TIMEOUT: Duration = Duration::from_secs(35);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Stands for the only store there is.
const ONLY: &str = "_";

/// Which deployment, and how it answers.
#[derive(Args, Debug)]
#[command(next_help_heading = "Deployment")]
pub(crate) struct Reach {
    /// Where the deployment is (output `ApiUrl`).
    #[arg(long, env = "TAJO_URL")]
    url: Option<String>,
    /// The API key, `-` to read it from stdin. The variable is the better place: arguments show in lists of processes.
    #[arg(long, env = "TAJO_API_KEY", hide_env_values = true)]
    key: Option<SecretString>,
    /// Answer with JSON.
    #[arg(long)]
    pub json: bool,
}

/// A deployment and the store that is meant.
#[derive(Args, Debug)]
pub(crate) struct At {
    #[command(flatten)]
    pub reach: Reach,
    /// The store. Left out: the only one, or where nothing is changed, all of them.
    #[arg(long)]
    pub store: Option<String>,
}

/// A request: an operation of the table, and what fills it.
pub(crate) struct Call<'a> {
    operation: &'static str,
    place: Vec<(&'static str, &'a str)>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl<'a> Call<'a> {
    /// The operation of this name.
    pub(crate) fn of(operation: &'static str) -> Self {
        Self { operation, place: Vec::new(), query: Vec::new(), body: None }
    }

    /// An operation of this store.
    pub(crate) fn at(operation: &'static str, store: &'a str) -> Self {
        Self::of(operation).part("store", store)
    }

    /// Fills a part of the path.
    pub(crate) fn part(mut self, name: &'static str, value: &'a str) -> Self {
        self.place.push((name, value));
        self
    }

    /// Adds a parameter, if there is one.
    pub(crate) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Sends this along.
    pub(crate) fn body(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_value(body).ok();
        self
    }
}

/// A deployment that can be asked.
pub(crate) struct Api {
    http: Client,
    base: Url,
    key: SecretString,
}

impl Reach {
    /// Opens the door: looks at address and key, sends nothing.
    pub(crate) fn open(&self) -> Result<Api, Failure> {
        let url = self.url.as_deref().map(str::trim).filter(|url| !url.is_empty()).ok_or_else(|| {
            Failure::input("no deployment is named")
                .hint("set TAJO_URL to the stack's output `ApiUrl`, or say --url".to_owned())
        })?;
        let base = base(url)?;
        let key = secret::given(self.key.as_ref(), "API key of the deployment")?;
        let key = key.or_else(|| secret::asked("API key of the deployment")).ok_or_else(|| {
            Failure::input("no API key is given").hint(
                "set TAJO_API_KEY; `tajo keys bootstrap` makes the first one, with your AWS credentials"
                    .to_owned(),
            )
        })?;
        Ok(Api { http: client(&base)?, base, key })
    }
}

impl At {
    /// The store as a path says it.
    pub(crate) fn store(&self) -> &str {
        self.store.as_deref().unwrap_or(ONLY)
    }

    /// Asks about the named store, the only one, or each of several. Then their names stand beside the answers.
    pub(crate) async fn each<T>(
        &self,
        ask: impl AsyncFn(&str) -> Result<T, Failure>,
    ) -> Result<Vec<(Option<String>, T)>, Failure> {
        match ask(self.store()).await {
            Err(failure) if self.store.is_none() && !failure.stores.is_empty() => {
                let mut answers = Vec::new();
                for store in failure.stores {
                    let answer = ask(&store).await?;
                    answers.push((Some(store), answer));
                }
                Ok(answers)
            }
            answer => Ok(vec![(None, answer?)]),
        }
    }
}

/// One answer as the API gives it; those of several stores in one object, each with its name.
pub(crate) fn say_each<T: Serialize>(answers: &[(Option<String>, T)]) -> crate::Result {
    if let [(None, answer)] = answers {
        return say_json(answer);
    }
    let named = answers.iter().map(|(store, answer)| {
        let mut answer = serde_json::to_value(answer).map_err(Failure::outside)?;
        if let (Some(object), Some(store)) = (answer.as_object_mut(), store) {
            object.insert("store".to_owned(), json!(store));
        }
        Ok(answer)
    });
    say_json(&json!({ "stores": named.collect::<Result<Vec<_>, Failure>>()? }))
}

impl Api {
    /// Asks, and reads the answer.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failure> {
        let operation = call.operation;
        serde_json::from_str(&self.text(call).await?).map_err(|error| {
            Failure::outside(format!("this version cannot read the answer to `{operation}`: {error}"))
                .hint("use the `tajo` of the version that is deployed".to_owned())
        })
    }

    /// Asks, and gives the answer as it is.
    pub(crate) async fn text(&self, call: Call<'_>) -> Result<String, Failure> {
        let operation = OPERATIONS.iter().find(|operation| operation.id == call.operation);
        let operation = operation
            .ok_or_else(|| Failure::outside(format!("there is no operation `{}`", call.operation)))?;
        let method = Method::from_bytes(operation.method.as_bytes()).map_err(Failure::outside)?;
        let mut request = self.http.request(method, self.address(operation.path, &call)?);
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.key.expose_secret()))
            .map_err(|_| Failure::input("the API key is none: it has characters that no key has"))?;
        bearer.set_sensitive(true);
        request = request.header("authorization", bearer);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| self.unreached(&error))?;
        let (status, wait) = (answer.status(), retry_after(&answer));
        let text = answer.text().await.map_err(|error| self.unreached(&error))?;
        if status.is_success() {
            return Ok(text);
        }
        Err(match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => refused(problem, wait),
            Err(_) => Failure::outside(format!("{} answered {status} without a word why", self.host()))
                .hint("is TAJO_URL the deployment's `ApiUrl`?".to_owned()),
        })
    }

    fn address(&self, path: &str, call: &Call<'_>) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        {
            let mut segments = url
                .path_segments_mut()
                .map_err(|()| Failure::input("TAJO_URL is no address that can be asked"))?;
            segments.pop_if_empty();
            for segment in path.split('/').filter(|segment| !segment.is_empty()) {
                let name = segment.trim_start_matches('{').trim_end_matches('}');
                let value = call.place.iter().find(|(part, _)| *part == name && segment.starts_with('{'));
                segments.push(value.map_or(segment, |(_, value)| value));
            }
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    fn host(&self) -> &str {
        self.base.host_str().unwrap_or("the deployment")
    }

    /// The error's own words stay out: they repeat the whole address.
    fn unreached(&self, error: &reqwest::Error) -> Failure {
        let why = match error {
            error if error.is_timeout() => "did not answer in time",
            error if error.is_connect() => "cannot be reached",
            _ => "broke off",
        };
        Failure::outside(format!("{} {why}", self.host()))
            .hint("check TAJO_URL and your connection; repeating is safe".to_owned())
    }
}

fn base(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).ok().filter(Url::has_host).ok_or_else(|| {
        Failure::input("TAJO_URL is no address")
            .hint("it looks like https://abc123.execute-api.eu-central-1.amazonaws.com".to_owned())
    })?;
    if url.scheme() == "https" || url.scheme() == "http" && is_here(&url) {
        return Ok(url);
    }
    Err(Failure::input("TAJO_URL must begin with https://: the key would travel in plain text")
        .hint("http:// is for this machine only".to_owned()))
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn client(base: &Url) -> Result<Client, Failure> {
    // The first caller installs the one TLS provider of the process; later calls change nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .timeout(CALL_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::none())
        .user_agent(concat!("tajo/", env!("CARGO_PKG_VERSION")));
    if is_here(base) {
        builder = builder.no_proxy();
        // Names under localhost are this machine (RFC 6761), whatever a resolver says.
        if let (Some(Host::Domain(name)), Some(port)) = (base.host(), base.port_or_known_default()) {
            builder = builder.resolve(name, SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        }
    }
    builder.build().map_err(|_| Failure::outside("the HTTPS client could not be set up"))
}

fn retry_after(answer: &reqwest::Response) -> Option<u64> {
    answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// What the API says, and how the command ends.
fn refused(problem: Problem, wait: Option<u64>) -> Failure {
    let exit = match problem.code {
        Code::Unauthenticated | Code::Forbidden => Exit::Key,
        Code::NotFound => Exit::NotFound,
        Code::Conflict => Exit::Conflict,
        Code::RateLimited => Exit::Busy,
        Code::InvalidRequest | Code::TooLarge | Code::Refused => Exit::Input,
        Code::MethodNotAllowed | Code::UnsupportedMediaType | Code::Internal | Code::Upstream => {
            Exit::Outside
        }
    };
    let hint = match (problem.code, wait) {
        _ if !problem.stores.is_empty() => {
            Some(format!("name one with --store: {}", problem.stores.join(", ")))
        }
        (Code::RateLimited, Some(seconds)) => Some(format!("try again in {seconds} seconds")),
        _ => problem.hint,
    };
    Failure::new(exit, problem.detail).hint(hint).among(problem.stores)
}
