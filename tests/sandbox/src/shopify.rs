//! A Shopify shop: it signs webhooks and sends them to a local address, and answers queries of the Admin API.

pub(crate) mod admin_api;
mod arguments;
mod execute;
mod mutations;
pub mod nodes;
pub(crate) mod oauth;
mod points;
mod roots;
mod shop;
mod webhooks;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::{Host, Url};

pub use oauth::{AppSettings, signature};
pub(crate) use shop::Shop;
pub use shop::{Plan, ShopSettings};

/// What `X-Shopify-Hmac-Sha256` carries: base64 of HMAC-SHA256 over the raw body.
pub fn sign(secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length; the error cannot happen.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| STANDARD.encode(mac.chain_update(body).finalize().into_bytes()))
        .unwrap_or_default()
}

/// One delivery of one webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// `jo.myshopify.com`
    pub shop: String,
    /// `orders/create`
    pub topic: String,
    /// Names the delivery; the same for all its retries.
    pub webhook_id: String,
    /// Names what the merchant or shopper did; shared by all its deliveries.
    pub event_id: String,
    /// RFC 3339 with nanoseconds.
    pub triggered_at: String,
    /// `2026-10`
    pub api_version: String,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Delivery {
    /// A delivery with fresh ids, triggered now.
    pub fn new(shop: &str, topic: &str, body: Vec<u8>) -> Self {
        Self {
            shop: shop.to_owned(),
            topic: topic.to_owned(),
            webhook_id: fresh_id(),
            event_id: fresh_id(),
            triggered_at: format!("{:.9}", Timestamp::now()),
            api_version: API_VERSION.to_owned(),
            body,
        }
    }

    /// All headers that Shopify sends, with this signature; without one the header is left out.
    pub fn headers(&self, signature: Option<&str>) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "Shopify-Captain-Hook".to_owned()),
            ("x-shopify-topic", self.topic.clone()),
            ("x-shopify-shop-domain", self.shop.clone()),
            ("x-shopify-api-version", self.api_version.clone()),
            ("x-shopify-webhook-id", self.webhook_id.clone()),
            ("x-shopify-event-id", self.event_id.clone()),
            ("x-shopify-triggered-at", self.triggered_at.clone()),
        ];
        headers.extend(signature.map(|signature| ("x-shopify-hmac-sha256", signature.to_owned())));
        headers
    }
}

/// Body of `POST /_sandbox/shopify/send`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Where to; a loopback address.
    pub url: String,
    /// Another `Host` header than the address's own.
    pub host: Option<String>,
    /// The shop that sends.
    pub shop: String,
    /// The secret that signs.
    pub client_secret: String,
    /// The topic.
    pub topic: String,
    /// The body as JSON ...
    pub body: Option<Value>,
    /// ... or as it stands.
    pub raw: Option<String>,
    /// Fresh when absent.
    pub webhook_id: Option<String>,
    /// Fresh when absent.
    pub event_id: Option<String>,
    /// Now when absent.
    pub triggered_at: Option<String>,
    /// `2026-10` when absent.
    pub api_version: Option<String>,
    /// Sign with another secret.
    #[serde(default)]
    pub forge: bool,
    /// False leaves the signature out.
    pub signature: Option<bool>,
    /// The shop knows the customer of this `customers/*` body from now on, with these fields of the Admin API over
    /// what the body says: `{}` for somebody who has said nothing about marketing.
    pub knows: Option<Value>,
    /// How often the same delivery is sent, one after the other.
    pub copies: Option<u32>,
}

/// What came of one copy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Receipt {
    /// The status; null when there was no answer within Shopify's five seconds.
    pub status: Option<u16>,
    /// The answer's body, or why there is none.
    pub body: String,
    /// The delivery's id.
    pub webhook_id: String,
}

const API_VERSION: &str = "2026-10";

/// Sends a webhook as Shopify would: five seconds, no redirects. Refuses to leave this machine.
pub async fn send(wanted: &Send) -> Result<Vec<Receipt>, String> {
    let url = loopback(&wanted.url)?;
    let body = match (&wanted.body, &wanted.raw) {
        (Some(body), None) => body.to_string().into_bytes(),
        (None, Some(raw)) => raw.clone().into_bytes(),
        _ => return Err("Pass exactly one of `body` and `raw`.".to_owned()),
    };
    let mut delivery = Delivery::new(&wanted.shop, &wanted.topic, body);
    let replace = |field: &mut String, value: &Option<String>| {
        if let Some(value) = value {
            field.clone_from(value);
        }
    };
    replace(&mut delivery.webhook_id, &wanted.webhook_id);
    replace(&mut delivery.event_id, &wanted.event_id);
    replace(&mut delivery.triggered_at, &wanted.triggered_at);
    replace(&mut delivery.api_version, &wanted.api_version);

    let secret = if wanted.forge { "not the secret of this app" } else { &wanted.client_secret };
    let signature = wanted.signature.unwrap_or(true).then(|| sign(secret, &delivery.body));
    let http = client()?;
    let mut receipts = Vec::new();
    for _ in 0..wanted.copies.unwrap_or(1) {
        let mut request = http.post(url.clone()).body(delivery.body.clone());
        for (name, value) in delivery.headers(signature.as_deref()) {
            request = request.header(name, value);
        }
        if let Some(host) = &wanted.host {
            request = request.header("host", host);
        }
        let (status, body) = match request.send().await {
            Ok(answer) => (Some(answer.status().as_u16()), answer.text().await.unwrap_or_default()),
            Err(error) => (None, format!("No answer: {error}.")),
        };
        receipts.push(Receipt { status, body, webhook_id: delivery.webhook_id.clone() });
    }
    Ok(receipts)
}

fn client() -> Result<reqwest::Client, String> {
    // reqwest is built without a TLS provider; whoever came first has chosen one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .connect_timeout(Duration::from_secs(1))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|error| format!("The HTTP client could not be built: {error}."))
}

/// The sandbox plays a shop for this machine and for nobody else.
fn loopback(raw: &str) -> Result<Url, String> {
    let url = Url::parse(raw).map_err(|error| format!("`url` is not an address: {error}."))?;
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "http" && is_loopback {
        Ok(url)
    } else {
        Err("`url` must be a loopback address such as http://127.0.0.1:3000/webhooks; the sandbox sends nowhere else."
            .to_owned())
    }
}

/// Shaped like the ids that Shopify sends; unique within and between runs.
fn fresh_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hash = Sha256::new();
    hash.update(Timestamp::now().as_nanosecond().to_be_bytes());
    hash.update(COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    hash.update(std::process::id().to_be_bytes());
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
