//! Is this request genuine, and what is it about?

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::notice::INTERNAL_TOPICS;

/// The topic, such as `orders/create`.
pub const TOPIC: &str = "x-shopify-topic";
/// The shop, such as `demo-shop.myshopify.com`.
pub const SHOP: &str = "x-shopify-shop-domain";
/// Base64 of HMAC-SHA256 over the raw body.
pub const SIGNATURE: &str = "x-shopify-hmac-sha256";
/// Names the delivery; the same over all retries.
pub const DELIVERY: &str = "x-shopify-webhook-id";
/// Names the action behind it; shared by all its deliveries.
pub const EVENT: &str = "x-shopify-event-id";
/// When it happened.
pub const TRIGGERED_AT: &str = "x-shopify-triggered-at";
/// The API version that made the body.
pub const API_VERSION: &str = "x-shopify-api-version";

/// A longer header names nothing of Shopify's, and must not swell a notice.
const LONGEST_HEADER: usize = 256;

/// Signs for shops nobody knows, so that they take as long as the others. No secret: what it signs is refused.
const DUMMY_KEY: &[u8] = b"a key for requests that nobody can sign";

/// What the headers say. Only the body is signed: trust these no further than that the sender knew a body
/// signed for this shop.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// The topic; absent too where it claims to be one of our own.
    pub topic: Option<String>,
    /// The shop, lower-cased; absent unless it is a `*.myshopify.com` name.
    pub shop: Option<String>,
    /// The signature as sent.
    pub signature: Option<String>,
    /// The delivery id.
    pub delivery: Option<String>,
    /// The event id.
    pub event: Option<String>,
    /// When it happened.
    pub triggered_at: Option<Timestamp>,
    /// The API version of the body.
    pub api_version: Option<String>,
}

// The signature is left out: together with a body it is a key.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers")
            .field("topic", &self.topic)
            .field("shop", &self.shop)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

impl Headers {
    /// Picks Shopify's headers out of all; names in any case, the first of two equal ones counts.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            let value = value.trim();
            if value.is_empty() || value.len() > LONGEST_HEADER {
                continue;
            }
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            let text = || Some(value.to_owned());
            match () {
                () if is(TOPIC) => first(&mut headers.topic, text),
                () if is(SHOP) => first(&mut headers.shop, || shop_domain(value)),
                () if is(SIGNATURE) => first(&mut headers.signature, text),
                () if is(DELIVERY) => first(&mut headers.delivery, text),
                () if is(EVENT) => first(&mut headers.event, text),
                () if is(TRIGGERED_AT) => first(&mut headers.triggered_at, || value.parse().ok()),
                () if is(API_VERSION) => first(&mut headers.api_version, text),
                () => {}
            }
        }
        // Topic headers are not signed: nobody outside may speak as one of our own functions.
        headers.topic = headers.topic.filter(|topic| !topic.starts_with(INTERNAL_TOPICS));
        headers
    }
}

fn first<T>(slot: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if slot.is_none() {
        *slot = value();
    }
}

/// A shop's own name: `^[a-z0-9][a-z0-9-]*\.myshopify\.com$`, in any case, returned in lower case.
pub fn shop_domain(text: &str) -> Option<String> {
    let domain = text.to_ascii_lowercase();
    let name = domain.strip_suffix(".myshopify.com")?;
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    // 63: the longest label of a host name.
    let ok = (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-');
    ok.then_some(domain)
}

/// What came of a signature check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Whether one of the secrets made the signature.
    pub genuine: bool,
    /// How many signatures were computed: every refusal costs the same.
    pub computed: usize,
}

/// Whether `signature` is that of the raw `body` under one of the `secrets` (two while a secret is rotated).
///
/// A body that does not begin with `{` is refused, whatever its signature: every webhook of Shopify is a JSON object, and the
/// app's secret signs other texts too (the queries of an installation), which must not pass as a webhook.
///
/// Compares in constant time. A refusal computes exactly `rounds` signatures, with a dummy key where there are
/// fewer secrets: a missing, malformed or wrong signature and an unknown shop cannot be told apart by a clock.
/// A match may stop early; whoever made it knows already that it is right.
pub fn verify(body: &[u8], signature: Option<&str>, secrets: &[&[u8]], rounds: usize) -> Check {
    let decoded = signature.and_then(|text| STANDARD.decode(text).ok()).filter(|bytes| bytes.len() == 32);
    let claimed = decoded.as_deref().unwrap_or(&[0; 32]);
    // Decided here and not afterwards: a signed text that is no webhook costs as much as a wrong signature.
    let possible = decoded.is_some() && body.first() == Some(&b'{');
    let mut computed = 0;
    for round in 0..rounds.max(secrets.len()) {
        let secret = secrets.get(round).copied().filter(|secret| !secret.is_empty());
        let matches = is_signed(body, claimed, secret.unwrap_or(DUMMY_KEY));
        computed += 1;
        if matches && possible && secret.is_some() {
            return Check { genuine: true, computed };
        }
    }
    Check { genuine: false, computed }
}

fn is_signed(body: &[u8], claimed: &[u8], secret: &[u8]) -> bool {
    // HMAC takes keys of any length; the error exists for other algorithms.
    Hmac::<Sha256>::new_from_slice(secret)
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(claimed).is_ok())
}

/// Names a delivery that came without an id: the same body has the same name, so a retry is recognised.
pub fn delivery_of(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    format!("body-{}", digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// The signature that Shopify puts on a body: for tests and for the shop that the sandbox plays.
pub fn sign(body: &[u8], secret: &[u8]) -> String {
    Hmac::<Sha256>::new_from_slice(secret)
        .map(|mac| STANDARD.encode(mac.chain_update(body).finalize().into_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = br#"{"id":1}"#;

    #[test]
    fn a_signature_holds_for_its_body_and_secret_only() {
        let signature = sign(BODY, b"current");
        let check = |body: &[u8], secret: &[u8]| verify(body, Some(&signature), &[secret], 2).genuine;
        assert!(check(BODY, b"current"));
        assert!(!check(BODY, b"other"));
        assert!(!check(br#"{"id":2}"#, b"current"));
        assert!(!check(br#"{"id": 1}"#, b"current"), "the raw bytes count, not their meaning");
    }

    #[test]
    fn both_secrets_are_accepted_during_a_rotation() {
        for secret in [&b"current"[..], b"previous"] {
            let signature = sign(BODY, secret);
            assert!(verify(BODY, Some(&signature), &[b"current", b"previous"], 2).genuine);
        }
    }

    #[test]
    fn every_refusal_computes_the_same_number_of_signatures() {
        let wrong = sign(BODY, b"wrong");
        let dummy = sign(BODY, DUMMY_KEY);
        let signatures = [None, Some(""), Some("%%%"), Some("AAAA"), Some(&*wrong), Some(&*dummy)];
        let candidates: [&[&[u8]]; 4] = [&[], &[b"one"], &[b"one", b"two"], &[b""]];
        for signature in signatures {
            for secrets in candidates {
                let check = verify(BODY, signature, secrets, 2);
                assert_eq!(check, Check { genuine: false, computed: 2 }, "{signature:?}");
            }
        }
    }

    #[test]
    fn what_is_no_json_object_is_refused_like_a_bad_signature_even_if_signed() {
        let query = b"code=c&shop=demo-shop.myshopify.com&state=s&timestamp=1764400000";
        for body in [&b""[..], query, b"[]", b" {}", b"\xef\xbb\xbf{}", b"\"{}\"", b"not json", b"\xff{"] {
            let check = verify(body, Some(&sign(body, b"current")), &[b"current", b"previous"], 3);
            assert_eq!(check, Check { genuine: false, computed: 3 }, "{body:?}");
        }
        for body in [&b"{}"[..], b"{", b"{\"id\":1}"] {
            assert!(verify(body, Some(&sign(body, b"current")), &[b"current"], 2).genuine, "{body:?}");
        }
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let headers = Headers::read([
            ("X-SHOPIFY-TOPIC", "orders/create"),
            ("x-shopify-shop-domain", "Demo-Shop.MyShopify.com"),
            ("X-Shopify-Hmac-Sha256", "c2ln"),
            ("X-Shopify-Webhook-Id", " b545 "),
            ("X-Shopify-Event-Id", "e1"),
            ("X-Shopify-Triggered-At", "2026-11-02T08:15:03.123456789Z"),
            ("X-Shopify-API-Version", "2026-10"),
            ("X-Shopify-Topic", "orders/updated"),
            ("Host", "example.com"),
        ]);
        assert_eq!(headers.topic.as_deref(), Some("orders/create"), "the first of two counts");
        assert_eq!(headers.shop.as_deref(), Some("demo-shop.myshopify.com"));
        assert_eq!(headers.delivery.as_deref(), Some("b545"));
        assert_eq!(headers.triggered_at, "2026-11-02T08:15:03.123456789Z".parse().ok());
        assert!(!format!("{headers:?}").contains("c2ln"), "a signature is shown nowhere");
    }

    #[test]
    fn only_myshopify_names_are_shops() {
        for text in [
            "myshopify.com",
            ".myshopify.com",
            "-a.myshopify.com",
            "a.b.myshopify.com",
            "a.myshopify.com.evil.test",
            "a.myshopify.com/",
            "a_b.myshopify.com",
            "ä.myshopify.com",
            "a.myshopify.com\n",
        ] {
            assert_eq!(shop_domain(text), None, "{text}");
        }
        assert_eq!(shop_domain("A-1.myshopify.com").as_deref(), Some("a-1.myshopify.com"));
    }

    #[test]
    fn nobody_outside_speaks_as_one_of_our_own_functions() {
        assert_eq!(Headers::read([(TOPIC, crate::notice::CART_DUE)]).topic, None);
    }

    proptest! {
        #[test]
        fn no_request_makes_it_panic(
            pairs in prop::collection::vec(("(?i)x-shopify-[a-z0-9-]{0,16}|.{0,20}", ".{0,300}"), 0..12),
            name in prop::sample::select(vec![TOPIC, SHOP, SIGNATURE, DELIVERY, EVENT, TRIGGERED_AT, API_VERSION]),
            value in ".{0,300}",
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let all = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).chain([(name, value.as_str())]);
            let headers = Headers::read(all);
            let check = verify(&body, headers.signature.as_deref(), &[b"current", b"previous"], 2);
            prop_assert_eq!(check, Check { genuine: false, computed: 2 });
            if let Some(shop) = headers.shop {
                prop_assert_eq!(shop_domain(&shop), Some(shop.clone()));
            }
        }
    }
}
