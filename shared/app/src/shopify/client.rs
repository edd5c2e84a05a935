//! The one private door to Shopify.

use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tajo_platforms::shopify::api::{self, ANSWER_BYTES, Answer, Error, Query};
use tajo_platforms::shopify::oauth::{self, Denied, Grant};
use tajo_platforms::shopify::webhook::shop_domain;
use url::Url;

/// Waits for one answer. A query of 1,000 points takes Shopify a second or two.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for one connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Sends queries to shops. Follows no redirect and uses no proxy: a token goes to its own shop or nowhere.
pub(crate) struct Client {
    http: reqwest::Client,
    local: Option<Url>,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Tokens would go to somebody who is not Shopify.
    #[error("SHOPIFY_API_URL is `{0}`: it must be empty, or an address on this machine")]
    NotLocal(String),
    /// TLS could not be set up.
    #[error("the HTTPS client could not be set up")]
    Http(#[from] reqwest::Error),
}

impl Client {
    pub(super) fn new(local: Option<&str>) -> Result<Self, ClientError> {
        let local = local.map(local_address).transpose()?;
        // The first caller installs the one TLS provider of the process; later calls change nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(CALL_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .https_only(local.is_none())
            .user_agent(concat!("tajo/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, local })
    }

    /// One query to one shop.
    pub(super) async fn send(
        &self,
        shop: &str,
        token: &SecretString,
        query: &Query,
    ) -> Result<Answer, Error> {
        let url = self.address(shop).ok_or(Error::NoSuchShop)?;
        let mut token = HeaderValue::from_str(token.expose_secret()).map_err(|_| Error::TokenRefused)?;
        token.set_sensitive(true);
        let call = self.http.post(url).header(api::TOKEN, token).json(&query.to_json());
        let answer = call.send().await.map_err(unclear)?;
        let status = answer.status().as_u16();
        let retry_after = retry_after(&answer);
        api::read(status, retry_after, &read_bounded(answer).await?)
    }

    /// One request for a token. Nothing is sent along but the body.
    pub(super) async fn token(&self, shop: &str, body: &Value) -> Result<Grant, Denied> {
        let url = self.page(shop, oauth::TOKEN_PATH, "").ok_or(Denied::AppRefused)?;
        let broken = |error: Error| Denied::Unclear(error.to_string());
        let call = self.http.post(url).header("accept", "application/json").json(body);
        let answer = call.send().await.map_err(|error| broken(unclear(error)))?;
        let status = answer.status().as_u16();
        oauth::read_grant(status, &read_bounded(answer).await.map_err(broken)?)
    }

    /// A page of a shop. A local stack has one address for all shops: the shop is named in the query there.
    pub(super) fn page(&self, shop: &str, path: &str, query: &str) -> Option<Url> {
        let shop = shop_domain(shop)?;
        let mut url = self.origin(&shop)?.join(path).ok()?;
        let local = self.local.as_ref().map(|_| format!("shop={shop}"));
        let query: Vec<&str> = [query, local.as_deref().unwrap_or_default()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        url.set_query((!query.is_empty()).then(|| query.join("&")).as_deref());
        Some(url)
    }

    /// `https://{shop}.myshopify.com/admin/api/…`, and nothing else.
    fn address(&self, shop: &str) -> Option<Url> {
        self.origin(&shop_domain(shop)?)?.join(&api::path()).ok()
    }

    fn origin(&self, shop: &str) -> Option<Url> {
        match &self.local {
            Some(local) => Some(local.clone()),
            None => Url::parse(&format!("https://{shop}")).ok(),
        }
    }
}

fn local_address(text: &str) -> Result<Url, ClientError> {
    let not_local = || ClientError::NotLocal(text.to_owned());
    let url = Url::parse(text).map_err(|_| not_local())?;
    let local =
        matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]" | "host.containers.internal"));
    if local && url.scheme() == "http" { Ok(url) } else { Err(not_local()) }
}

async fn read_bounded(mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unclear)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES {
            return Err(Error::TooLarge);
        }
    }
    Ok(bytes)
}

/// The error without its URL.
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

/// Shopify writes seconds, with decimals.
fn retry_after(answer: &reqwest::Response) -> Option<Duration> {
    let seconds: f64 = answer.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_its_own_shop_or_nowhere() {
        let client = Client::new(None).unwrap();
        let address = |shop: &str| client.address(shop).map(String::from);
        let wanted = "https://demo-shop.myshopify.com/admin/api/2026-10/graphql.json";
        assert_eq!(address("Demo-Shop.myshopify.com").as_deref(), Some(wanted));
        for shop in
            ["evil.test", "a.myshopify.com.evil.test", "evil.test/.myshopify.com", "a@b.myshopify.com", ""]
        {
            assert_eq!(address(shop), None, "{shop}");
            assert!(client.page(shop, oauth::AUTHORIZE_PATH, "x=1").is_none(), "{shop}");
        }
        let page = client.page("demo-shop.myshopify.com", oauth::AUTHORIZE_PATH, "x=1").map(String::from);
        assert_eq!(page.as_deref(), Some("https://demo-shop.myshopify.com/admin/oauth/authorize?x=1"));
    }

    #[test]
    fn another_address_than_shopifys_is_only_ever_this_machine() {
        for text in
            ["https://evil.test", "http://10.0.0.1", "http://localhost.evil.test", "https://localhost", "x"]
        {
            assert!(Client::new(Some(text)).is_err(), "{text}");
        }
        let client = Client::new(Some("http://127.0.0.1:4010")).unwrap();
        let address = client.address("demo-shop.myshopify.com").map(String::from);
        assert_eq!(address.as_deref(), Some("http://127.0.0.1:4010/admin/api/2026-10/graphql.json"));
        assert!(client.address("evil.test").is_none());
    }
}
