//! Installing the app in a shop: signed queries, the address of the authorisation, grants and their answers. Pure.
//!
//! Facts: shopify.dev, "Implement authorization code grant manually", "Client credentials grant", "About offline access
//! tokens"; the official JavaScript library 15.0.0 for what the pages leave out (timestamp, arrays).

mod grant;
mod query;
mod scopes;

pub use grant::{Denied, Grant, GrantKind, TokenRequest, read_grant};
pub use query::{Refused, SignedQuery, sign_query};
pub use scopes::{Wants, lacking, needed, requested};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Path of the page where the merchant agrees, below the shop's address.
pub const AUTHORIZE_PATH: &str = "/admin/oauth/authorize";

/// Path where every grant is exchanged for a token, below the shop's address.
pub const TOKEN_PATH: &str = "/admin/oauth/access_token";

/// How far the time in a signed query may be from ours, in seconds (the official library's value).
pub const CLOCK_SKEW_SECONDS: i64 = 90;

/// What stays as it is in a query: the unreserved characters of RFC 3986.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, &UNRESERVED).to_string()
}

/// What follows the `?` on the way to the authorisation page. Without `grant_options[]` the token is an offline one.
pub fn authorize_query(client_id: &str, scopes: &[&str], redirect_uri: &str, state: &str) -> String {
    let scopes = scopes.join(",");
    let pairs =
        [("client_id", client_id), ("scope", &scopes), ("redirect_uri", redirect_uri), ("state", state)];
    pairs.map(|(name, value)| format!("{name}={}", encode(value))).join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_can_become_a_parameter() {
        let query = authorize_query("a&b=c", &["read_orders"], "https://x.example/cb?x=1", "s#t");
        assert_eq!(
            query,
            "client_id=a%26b%3Dc&scope=read_orders&redirect_uri=https%3A%2F%2Fx.example%2Fcb%3Fx%3D1&state=s%23t"
        );
    }
}
