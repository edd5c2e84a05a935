//! `/admin/oauth/…` of a played shop: the page where a merchant agrees (always, at once), and the address where every grant
//! becomes a token.
//!
//! Tokens live an hour (24 for an app's own), refresh tokens 90 days. A refresh token that was used stays good until its
//! successor is used, and for 30 days at most (shopify.dev, changelog of 28 August 2026).

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use url::form_urlencoded;

use super::fresh_id;
use super::shop::Shop;
use crate::http::{Request, Response};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_399;
const NINETY_DAYS: i64 = 7_776_000;
const THIRTY_DAYS: i64 = 2_592_000;

/// An app that the shop knows.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppSettings {
    /// Its client id.
    pub client_id: String,
    /// Its secrets, the oldest last: that one signs.
    pub client_secrets: Vec<String>,
    /// Where a merchant may be sent back to; empty: anywhere.
    pub redirect_urls: Vec<String>,
    /// App and shop belong to one organisation: the app may ask for a token by itself.
    pub own_organisation: bool,
    /// The rights that are granted at most; absent: whatever is asked for.
    pub grants: Option<Vec<String>>,
}

/// Codes and tokens that were given out.
#[derive(Default)]
pub(crate) struct Given {
    codes: Vec<(String, Vec<String>)>,
    tokens: Vec<Token>,
    refreshes: Vec<Refresh>,
}

struct Token {
    value: String,
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
}

struct Refresh {
    value: String,
    scopes: Vec<String>,
    expires_at: Timestamp,
    first_used_at: Option<Timestamp>,
    successor: Option<String>,
}

impl Given {
    /// The rights of a token that lives.
    pub(super) fn scopes_of(&self, token: &str, now: Timestamp) -> Option<Vec<String>> {
        let lives = |token: &&Token| token.expires_at.is_none_or(|at| now < at);
        let found = self.tokens.iter().find(|known| known.value == token).filter(lives)?;
        Some(found.scopes.clone())
    }

    /// Every token dies; what gives new ones stays.
    pub(super) fn revoke(&mut self) {
        self.tokens.clear();
    }

    /// Whether it ever was one.
    pub(super) fn knows(&self, token: &str) -> bool {
        self.tokens.iter().any(|known| known.value == token)
    }
}

/// Whether a request is meant for these pages.
pub(crate) fn is_oauth(request: &Request) -> bool {
    request.path.starts_with("/admin/oauth/")
}

/// Which shop it is meant for: one address plays all of them, so the query names it.
pub(crate) fn shop_of<'a>(shops: &'a mut [Shop], request: &Request) -> Option<&'a mut Shop> {
    let address = request.query_value("shop")?;
    shops.iter_mut().find(|shop| shop.address == address)
}

/// Answers a request.
pub(crate) fn answer(shops: &mut [Shop], request: &Request, now: Timestamp) -> Response {
    let Some(shop) = shop_of(shops, request) else {
        return Response::with_json(404, &json!({ "errors": "Not Found" }));
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/admin/oauth/authorize") => authorize(shop, request, now),
        ("POST", "/admin/oauth/access_token") => {
            let answer = token(shop, &fields(request), now);
            answer.map_or_else(
                |error| Response::with_json(error.0, &json!({ "error": error.1 })),
                |token| Response::with_json(200, &token),
            )
        }
        _ => Response::with_json(404, &json!({ "errors": "Not Found" })),
    }
}

/// The merchant agrees at once, and is sent back.
fn authorize(shop: &mut Shop, request: &Request, now: Timestamp) -> Response {
    let value = |name: &str| request.query_value(name).unwrap_or_default();
    let Some(app) = shop.app.clone().filter(|app| app.client_id == value("client_id")) else {
        return page(400, "Oauth error invalid_request: Could not find Shopify API application with api_key");
    };
    let back = value("redirect_uri");
    if !app.redirect_urls.is_empty() && !app.redirect_urls.contains(&back) {
        return page(400, "Oauth error invalid_request: The redirect_uri is not whitelisted");
    }
    let asked: Vec<String> = value("scope").split(',').map(str::to_owned).collect();
    let may = |scope: &String| app.grants.as_ref().is_none_or(|grants| grants.contains(scope));
    let code = fresh_id().replace('-', "");
    shop.given.codes.push((code.clone(), asked.into_iter().filter(may).collect()));
    shop.installed = true;
    let host = format!("admin/{}", shop.address);
    let pairs = [
        ("code", code),
        ("host", host),
        ("shop", shop.address.clone()),
        ("state", value("state")),
        ("timestamp", now.as_second().to_string()),
    ];
    let query = pairs.map(|(name, value)| format!("{name}={}", encode(&value))).join("&");
    let secret = app.client_secrets.last().cloned().unwrap_or_default();
    let mut response = Response::empty(302);
    let to = format!("{back}?{query}&hmac={}", signature(&query, &secret));
    response.headers.push(("location".to_owned(), to));
    response
}

/// Hexadecimal HMAC-SHA256 over a query that is sorted already.
pub fn signature(query: &str, secret: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let bytes = mac.map(|mac| mac.chain_update(query).finalize().into_bytes());
    bytes.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()).unwrap_or_default()
}

type Refusal = (u16, &'static str);

fn token(shop: &mut Shop, fields: &Value, now: Timestamp) -> Result<Value, Refusal> {
    let text = |name: &str| fields[name].as_str().unwrap_or_default();
    let app = shop.app.clone().filter(|app| app.client_id == text("client_id"));
    let app = app.filter(|app| app.client_secrets.iter().any(|secret| secret == text("client_secret")));
    let app = app.ok_or((401, "invalid_client"))?;
    match text("grant_type") {
        "client_credentials" if !app.own_organisation => Err((400, "shop_not_permitted")),
        "client_credentials" => {
            shop.installed = true;
            let scopes = app.grants.unwrap_or_else(|| shop.all_scopes());
            Ok(give(shop, scopes, Some(DAY), false, now))
        }
        "refresh_token" => refresh(shop, text("refresh_token"), now),
        "" => {
            let codes = &mut shop.given.codes;
            let index = codes.iter().position(|(code, _)| code == text("code"));
            let (_, scopes) = codes.remove(index.ok_or((400, "invalid_grant"))?);
            let expires = fields["expiring"] == "1";
            Ok(give(shop, scopes, expires.then_some(HOUR), expires, now))
        }
        _ => Err((400, "invalid_request")),
    }
}

fn refresh(shop: &mut Shop, value: &str, now: Timestamp) -> Result<Value, Refusal> {
    let ended = (400, "invalid_grant");
    let known = shop.given.refreshes.iter().find(|known| known.value == value).ok_or(ended)?;
    let is_used = |value: &String| {
        shop.given.refreshes.iter().any(|other| other.value == *value && other.first_used_at.is_some())
    };
    let is_over = known.expires_at <= now
        || known.first_used_at.is_some_and(|at| THIRTY_DAYS < now.duration_since(at).as_secs())
        || known.successor.as_ref().is_some_and(is_used);
    if is_over {
        return Err(ended);
    }
    let scopes = known.scopes.clone();
    let answer = give(shop, scopes, Some(HOUR), true, now);
    let successor = answer["refresh_token"].as_str().map(str::to_owned);
    if let Some(known) = shop.given.refreshes.iter_mut().find(|known| known.value == value) {
        known.first_used_at = known.first_used_at.or(Some(now));
        known.successor = successor;
    }
    Ok(answer)
}

fn give(shop: &mut Shop, scopes: Vec<String>, lives: Option<i64>, pair: bool, now: Timestamp) -> Value {
    let after = |seconds: i64| now + SignedDuration::from_secs(seconds);
    let value = format!("shpat_{}", fresh_id().replace('-', ""));
    let mut answer = json!({ "access_token": value, "scope": scopes.join(",") });
    if let Some(lives) = lives {
        answer["expires_in"] = json!(lives);
    }
    if pair {
        let refresh = format!("shprt_{}", fresh_id().replace('-', ""));
        answer["refresh_token"] = json!(refresh);
        answer["refresh_token_expires_in"] = json!(NINETY_DAYS);
        shop.given.refreshes.push(Refresh {
            value: refresh,
            scopes: scopes.clone(),
            expires_at: after(NINETY_DAYS),
            first_used_at: None,
            successor: None,
        });
    }
    shop.given.tokens.push(Token { value, scopes, expires_at: lives.map(after) });
    answer
}

/// A body of JSON, or a form.
fn fields(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_else(|_| {
        let pairs = form_urlencoded::parse(&request.body);
        Value::Object(pairs.map(|(name, value)| (name.into_owned(), json!(value))).collect())
    })
}

/// What the log of calls may hold of a request for a token, or of its answer: no secret, code or token.
pub(crate) fn without_secrets(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        for name in ["client_secret", "code", "access_token", "refresh_token"] {
            if let Some(value) = fields.get_mut(name) {
                *value = json!("…");
            }
        }
    }
    body
}

fn page(status: u16, text: &str) -> Response {
    let mut response = Response::empty(status);
    response.headers.push(("content-type".to_owned(), "text/html".to_owned()));
    response.body = format!("<html><body>{text}</body></html>").into_bytes();
    response
}

fn encode(text: &str) -> String {
    const KEPT: percent_encoding::AsciiSet =
        NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, &KEPT).to_string()
}
