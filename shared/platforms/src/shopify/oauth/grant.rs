//! What is posted for a token, and what comes back.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A token that comes with a refresh token lives an hour, an app's own a day (shopify.dev, "Offline access tokens" and
/// "Client credentials grant").
const HOUR: i64 = 3_600;
const DAY: i64 = 86_399;

/// How a store's token was got, and how the next one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// A merchant agreed in a browser: an hour, then its refresh token gives the next pair.
    Code,
    /// The organisation's own app: 24 hours, then the app asks again.
    ClientCredentials,
    /// A person pasted it: it lives until somebody revokes it.
    Token,
}

/// One of the requests for a token. `Debug` shows which.
pub enum TokenRequest<'a> {
    /// The code of a callback.
    Code(&'a str),
    /// The refresh token of a pair.
    Refresh(&'a str),
    /// The app's own word.
    ClientCredentials,
}

impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code",
            Self::Refresh(_) => "Refresh",
            Self::ClientCredentials => "ClientCredentials",
        })
    }
}

impl TokenRequest<'_> {
    /// The body to post. `expiring=1`: a token that dies with the hour, and a refresh token.
    pub fn body(&self, client_id: &str, client_secret: &str) -> Value {
        let mut body = json!({ "client_id": client_id, "client_secret": client_secret });
        match self {
            Self::Code(code) => {
                body["code"] = json!(code);
                body["expiring"] = json!("1");
            }
            Self::Refresh(token) => {
                body["grant_type"] = json!("refresh_token");
                body["refresh_token"] = json!(token);
            }
            Self::ClientCredentials => body["grant_type"] = json!("client_credentials"),
        }
        body
    }
}

/// A token, or a pair. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Grant {
    /// Opens the Admin API.
    pub access_token: String,
    /// The rights it has, separated by commas.
    #[serde(default)]
    scope: String,
    /// Seconds it lives, where the answer says so ([`Grant::lives`]).
    #[serde(default)]
    pub expires_in: Option<i64>,
    /// Gives the next pair.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// Seconds that one lives.
    #[serde(default)]
    pub refresh_token_expires_in: Option<i64>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Grant {
    /// A token that a person gave, with the rights that the shop says it has.
    pub fn of_token(token: &str, scopes: &[String]) -> Self {
        Self {
            access_token: token.to_owned(),
            scope: scopes.join(","),
            expires_in: None,
            refresh_token: None,
            refresh_token_expires_in: None,
        }
    }

    /// Seconds the token lives; `None`: until somebody revokes it. An answer that does not say so is taken at what Shopify
    /// documents: a token that is thought to live for ever is used until every call with it fails first.
    pub fn lives(&self, kind: GrantKind) -> Option<i64> {
        let documented = match kind {
            GrantKind::Code => self.refresh_token.as_ref().map(|_| HOUR),
            GrantKind::ClientCredentials => Some(DAY),
            GrantKind::Token => None,
        };
        self.expires_in.filter(|seconds| *seconds > 0).or(documented)
    }

    /// The rights it has.
    pub fn scopes(&self) -> Vec<String> {
        self.scope.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
    }
}

/// Why there is no token. No variant carries what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// `invalid_grant`, `invalid_request`: the code or refresh token is used up, too old or not for this app.
    #[error("Shopify no longer accepts what the token was to be got with")]
    GrantEnded,
    /// `invalid_client`, `shop_not_permitted`, …: the app is not known, its secret is wrong, or it was removed from the shop.
    #[error("Shopify does not know the app, its secret is wrong, or it may not do this in this shop")]
    AppRefused,
    /// No answer, a broken one, 429 or 5xx: try again.
    #[error("Shopify gave no clear answer to the request for a token: {0}")]
    Unclear(String),
}

/// Reads an answer of the token address.
pub fn read_grant(status: u16, bytes: &[u8]) -> Result<Grant, Denied> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    match status {
        200 => {
            let grant: Grant = serde_json::from_slice(bytes)
                .map_err(|_| Denied::Unclear("an answer that is no token".to_owned()))?;
            // What becomes a header must be fit for one.
            let is_fit = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            let fits = is_fit(&grant.access_token) && grant.refresh_token.as_deref().is_none_or(is_fit);
            if fits { Ok(grant) } else { Err(Denied::Unclear("an answer that is no token".to_owned())) }
        }
        429 | 500.. => Err(Denied::Unclear(format!("status {status}"))),
        400 | 401 | 403 | 404 | 422 => match serde_json::from_slice::<Refusal>(bytes) {
            Ok(Refusal { error }) if matches!(error.as_str(), "invalid_grant" | "invalid_request") => {
                Err(Denied::GrantEnded)
            }
            // Without a word of its own: the application or the shop is not what we think.
            _ => Err(Denied::AppRefused),
        },
        _ => Err(Denied::Unclear(format!("status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_read_and_shown_nowhere() {
        let body = br#"{"access_token":"shpat_a","scope":"read_orders, write_customers","expires_in":3600,
            "refresh_token":"shprt_b","refresh_token_expires_in":7776000}"#;
        let grant = read_grant(200, body).unwrap();
        assert_eq!(grant.scopes(), ["read_orders", "write_customers"]);
        assert_eq!((grant.expires_in, grant.refresh_token.as_deref()), (Some(3600), Some("shprt_b")));
        let shown = format!("{grant:?} {:?}", TokenRequest::Refresh("shprt_b"));
        assert!(!shown.contains("shp"), "{shown}");
    }

    #[test]
    fn a_token_that_does_not_say_how_long_it_lives_lives_as_long_as_documented() {
        let lives = |body: &str, kind| read_grant(200, body.as_bytes()).unwrap().lives(kind);
        let pair = r#"{"access_token":"a","refresh_token":"b"}"#;
        assert_eq!(lives(pair, GrantKind::Code), Some(3_600));
        assert_eq!(
            lives(r#"{"access_token":"a","expires_in":null}"#, GrantKind::ClientCredentials),
            Some(86_399)
        );
        assert_eq!(
            lives(r#"{"access_token":"a","refresh_token":"b","expires_in":60}"#, GrantKind::Code),
            Some(60)
        );
        assert_eq!(
            lives(r#"{"access_token":"a","refresh_token":"b","expires_in":0}"#, GrantKind::Code),
            Some(3_600)
        );
        // One that does not expire has no refresh token.
        assert_eq!(lives(r#"{"access_token":"a"}"#, GrantKind::Code), None);
        assert_eq!(lives(pair, GrantKind::Token), None);
    }

    #[test]
    fn a_refusal_says_who_has_to_do_something() {
        let refusal = |status, body: &str| read_grant(status, body.as_bytes()).unwrap_err();
        assert_eq!(refusal(400, r#"{"error":"invalid_grant"}"#), Denied::GrantEnded);
        assert_eq!(refusal(401, r#"{"error":"invalid_client"}"#), Denied::AppRefused);
        assert_eq!(refusal(400, r#"{"error":"shop_not_permitted"}"#), Denied::AppRefused);
        assert!(matches!(refusal(503, ""), Denied::Unclear(_)));
        for no_token in [r#"{"access_token":""}"#, "{}", r#"{"access_token":"a\nb"}"#, "<html>"] {
            assert!(matches!(refusal(200, no_token), Denied::Unclear(_)), "{no_token}");
        }
    }
}
