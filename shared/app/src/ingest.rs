//! The public door: a webhook is verified, wrapped and queued.

pub mod brevo;

use std::time::{Duration, Instant};

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tajo_domain::StoreId;
use tajo_platforms::shopify::Topic;
use tajo_platforms::shopify::webhook::{self, Check, Headers};
use tajo_platforms::{Notice, Platform, TopicKind};
use tracing::info;

use crate::config::{ConfigError, endpoint, required};
use crate::keyring::{Keyring, KeyringCache};
use crate::traffic::Traffic;
use crate::{Queue, Urgency};

/// For queueing one notice, with its one retry. Shopify hangs up after five seconds.
pub const SEND_TIMEOUT: Duration = Duration::from_millis(2_500);

/// Seconds between two meetings of what is gathered.
const MEET_EVERY: i64 = 10;

/// For one of the two tries.
const TRY_TIMEOUT: Duration = Duration::from_millis(1_200);

/// What webhook-ingress reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngressConfig {
    /// The live queue. From `LIVE_QUEUE_URL`.
    pub live_queue_url: String,
    /// The queue of gathered work. From `GATHER_QUEUE_URL`.
    pub gather_queue_url: String,
    /// Names of the keyring secrets. From `KEYRING_SECRETS`, separated by commas.
    pub keyring_secrets: Vec<String>,
    /// Where AWS is played locally. From `AWS_ENDPOINT_OVERRIDE`; empty: AWS itself.
    pub endpoint: Option<String>,
}

impl IngressConfig {
    /// Reads every variable through `lookup`.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let names = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Ok(Self {
            live_queue_url: required("LIVE_QUEUE_URL", &lookup)?,
            gather_queue_url: required("GATHER_QUEUE_URL", &lookup)?,
            // Commas alone are as good as nothing.
            keyring_secrets: names(&required("KEYRING_SECRETS", |name| {
                lookup(name).filter(|text| !names(text).is_empty())
            })?),
            endpoint: endpoint(&lookup),
        })
    }
}

/// What the door needs.
#[derive(Debug)]
pub struct Ingress {
    /// Where notices go.
    pub queue: Queue,
    /// Where they go while the door is busy and nobody waits for them.
    pub gather: Queue,
    /// How busy it is.
    pub traffic: Traffic,
    /// Who may sign.
    pub keyring: KeyringCache,
}

impl Ingress {
    /// Clients for this configuration.
    pub async fn new(config: &IngressConfig) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let aws = tajo_state::sdk_config(config.endpoint.as_deref()).await?;
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        Ok(Self {
            queue: Queue::new(sqs_client(&aws), &config.live_queue_url),
            gather: Queue::new(sqs_client(&aws), &config.gather_queue_url),
            traffic: Traffic::default(),
            keyring: KeyringCache::new(secrets, config.keyring_secrets.clone()),
        })
    }
}

/// One request to `POST /webhooks/shopify` or `POST /webhooks/shopify/{store}`.
#[derive(Debug)]
pub struct Request<'a> {
    /// What the headers say.
    pub headers: Headers,
    /// The store in the path, if it has one.
    pub path_store: Option<&'a str>,
    /// The raw bytes: they are signed, so nothing may touch them before.
    pub body: &'a [u8],
    /// When the request came, for the notice.
    pub received_at: Timestamp,
    /// The same moment, for the age of the keyring.
    pub now: Instant,
}

/// What Shopify gets to hear. The body of the answer is always empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Authentic and on the queue.
    Accepted,
    /// Not authentic, for whatever reason.
    Refused,
    /// Not our fault to hide: Shopify is to try again.
    TryAgain,
}

impl Answer {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::Accepted => 200,
            Self::Refused => 401,
            Self::TryAgain => 503,
        }
    }
}

/// Whether a request is authentic. The reasons of a refusal are for the log; outside they look alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Signed by somebody who may speak for the shop.
    Authentic {
        /// The store; `None` for a compliance notice of a shop that is not connected (any more).
        store: Option<StoreId>,
        /// The shop.
        shop: String,
    },
    /// No shop in the headers.
    NoShop,
    /// No store is connected to this shop.
    UnknownShop,
    /// The path names a store, but not that of this shop.
    WrongStore,
    /// Missing, malformed or wrong, or of something that is no webhook.
    BadSignature,
}

/// The journey of a webhook. Start reading here.
///
/// An authentic one is accepted whatever its body says: reading it is the work of brevo-sync, and Shopify
/// deletes a subscription that fails eight times in a row.
pub async fn ingest(ingress: &Ingress, request: Request<'_>) -> Answer {
    let Request { headers, path_store, body, received_at, now } = request;
    // At most once a minute: calls Secrets Manager.
    let keyring = match ingress.keyring.get(now).await {
        Ok(keyring) => keyring,
        Err(error) => return told(Answer::TryAgain, &headers, None, &error.to_string()),
    };
    // Pure.
    let (verdict, _) = judge(&headers, path_store, body, &keyring);
    let Verdict::Authentic { store, shop } = verdict else {
        return told(Answer::Refused, &headers, None, verdict.reason());
    };
    let notice = wrap(&headers, store, shop, body, received_at);
    let urgency = Urgency::of(&notice.topic);
    // Calls SQS.
    let sent = if ingress.traffic.gathers(notice.store.as_ref(), urgency, now) {
        let delay = if urgency == Urgency::Patient { until_they_meet(received_at) } else { Duration::ZERO };
        ingress.gather.send(&notice, delay).await
    } else {
        ingress.queue.send(&notice, Duration::ZERO).await
    };
    match sent {
        Ok(()) => told(Answer::Accepted, &headers, notice.store.as_ref(), "queued"),
        Err(error) => told(Answer::TryAgain, &headers, notice.store.as_ref(), &error.to_string()),
    }
}

/// What nobody waits for meets every ten seconds, and leaves together.
pub(crate) fn until_they_meet(now: Timestamp) -> Duration {
    let rest = u64::try_from(MEET_EVERY - now.as_second().rem_euclid(MEET_EVERY)).unwrap_or(0);
    Duration::from_secs(rest)
}

/// Decides from headers and raw body who, if anybody, speaks. Reads nothing of the body but its first byte.
///
/// Every refusal of the same kind of topic computes the same number of signatures, so that a clock cannot tell
/// an unknown shop from a wrong signature.
pub fn judge(
    headers: &Headers,
    path_store: Option<&str>,
    body: &[u8],
    keyring: &Keyring,
) -> (Verdict, Check) {
    let topic = Topic::parse(headers.topic.as_deref().unwrap_or_default());
    // Sent also for shops that left, when no store is there to sign for.
    let any_app = topic.is_compliance();
    let shop = headers.shop.as_deref();
    let addressed = match shop {
        Some(shop) => addressed(shop, path_store, keyring),
        None => Err(Verdict::NoShop),
    };
    let own: &[_] = match &addressed {
        Ok(store) => keyring.store(store).map_or(&[], |keys| &keys.secrets),
        Err(_) => &[],
    };
    // Only where no store is there: a connected shop is spoken for by its own app and no other.
    let apps = match &addressed {
        Err(Verdict::UnknownShop) if any_app => keyring.app_secrets(),
        _ => &[],
    };
    let secrets = own.iter().chain(apps).map(|secret| secret.expose_secret().as_bytes());
    let secrets: Vec<&[u8]> = secrets.collect();
    let check = webhook::verify(body, headers.signature.as_deref(), &secrets, keyring.rounds(any_app));
    let verdict = match (addressed, shop) {
        (Ok(store), Some(shop)) if check.genuine => {
            Verdict::Authentic { store: Some(store), shop: shop.to_owned() }
        }
        (Err(Verdict::UnknownShop), Some(shop)) if check.genuine => {
            Verdict::Authentic { store: None, shop: shop.to_owned() }
        }
        (Ok(_), _) => Verdict::BadSignature,
        (Err(verdict), _) => verdict,
    };
    (verdict, check)
}

/// Which store a request is for: the path and the shop header must agree.
fn addressed(shop: &str, path_store: Option<&str>, keyring: &Keyring) -> Result<StoreId, Verdict> {
    let Some(path_store) = path_store else {
        let found = keyring.by_shop(shop).map(|(id, _)| id.clone());
        return found.ok_or(Verdict::UnknownShop);
    };
    let named = StoreId::parse(path_store).ok().filter(|id| keyring.store(id).is_some());
    match named {
        Some(id) if keyring.store(&id).is_some_and(|keys| keys.shop == shop) => Ok(id),
        Some(_) => Err(Verdict::WrongStore),
        None if keyring.by_shop(shop).is_some() => Err(Verdict::WrongStore),
        None => Err(Verdict::UnknownShop),
    }
}

impl Verdict {
    fn reason(&self) -> &'static str {
        match self {
            Self::Authentic { .. } => "authentic",
            Self::NoShop => "no shop header",
            Self::UnknownShop => "unknown shop",
            Self::WrongStore => "the path names another store",
            Self::BadSignature => "missing or wrong signature",
        }
    }
}

fn wrap(
    headers: &Headers,
    store: Option<StoreId>,
    shop: String,
    body: &[u8],
    received_at: Timestamp,
) -> Notice {
    let delivery = headers.delivery.clone().unwrap_or_else(|| webhook::delivery_of(body));
    // Without a topic it cannot be worked on, but it is authentic: it is parked where somebody sees it.
    let topic = headers.topic.clone().unwrap_or_default();
    let mut notice = Notice::new(Platform::Shopify, shop, topic, delivery, received_at);
    notice.store = store;
    notice.event = headers.event.clone();
    notice.triggered_at = headers.triggered_at;
    notice.api_version = headers.api_version.clone();
    notice.wrap(body)
}

/// One line per request. What a stranger wrote is not repeated: only topics and stores that we know.
fn told(answer: Answer, headers: &Headers, store: Option<&StoreId>, outcome: &str) -> Answer {
    let topic = Topic::parse(headers.topic.as_deref().unwrap_or_default());
    let topic = if topic.kind() == TopicKind::Unknown { "other" } else { topic.as_str() };
    let store = store.map_or("", StoreId::as_str);
    let status = answer.status();
    info!(outcome, topic, store.id = store, status, "Webhook answered {status}: {outcome}");
    answer
}

/// The SQS client of the door: it gives up in time to say so to Shopify.
fn sqs_client(sdk: &aws_config::SdkConfig) -> aws_sdk_sqs::Client {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(SEND_TIMEOUT)
        .operation_attempt_timeout(TRY_TIMEOUT)
        .build();
    let retries =
        RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(50));
    let config = aws_sdk_sqs::config::Builder::from(sdk).timeout_config(timeouts).retry_config(retries);
    aws_sdk_sqs::Client::from_conf(config.build())
}

#[cfg(test)]
#[path = "ingest_tests.rs"]
mod tests;
