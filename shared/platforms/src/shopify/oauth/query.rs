//! Is this query signed by Shopify?

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;

use super::{CLOCK_SKEW_SECONDS, encode};
use crate::shopify::webhook::shop_domain;

/// More parameters, or a longer query, than any of Shopify's have.
const MOST: (usize, usize) = (32, 4_096);

/// Parameters that mean one thing: a second one is a trick.
const SINGLE: [&str; 7] = ["shop", "hmac", "timestamp", "code", "state", "host", "signature"];

/// Signs for shops nobody knows. No secret: what it signs is refused.
const DUMMY_KEY: &[u8] = b"a key for queries that nobody can sign";

/// Why a query is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no query, or larger than one of Shopify's, or says one thing twice.
    Malformed,
    /// `shop` is missing or no `*.myshopify.com` name.
    Shop,
    /// `hmac` is missing or wrong.
    Signature,
    /// `timestamp` is missing or too far from now.
    Time,
}

/// A query as it came, its parameters decoded. Nothing of it is believed yet.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignedQuery {
    pairs: Vec<Pair>,
}

#[derive(Clone, PartialEq, Eq)]
struct Pair {
    name: String,
    value: String,
    /// `name=value` as it came.
    raw: String,
}

// Codes and signatures are keys.
impl fmt::Debug for SignedQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.pairs.iter().map(|pair| &pair.name)).finish()
    }
}

impl SignedQuery {
    /// Reads the raw query, without its `?`.
    pub fn parse(raw: &str) -> Result<Self, Refused> {
        if raw.len() > MOST.1 {
            return Err(Refused::Malformed);
        }
        let pieces = raw.split('&').filter(|piece| !piece.is_empty());
        let pairs = pieces.map(pair).collect::<Option<Vec<_>>>().ok_or(Refused::Malformed)?;
        let is_doubled = |name: &str| pairs.iter().filter(|pair| pair.name == name).count() > 1;
        if pairs.len() > MOST.0 || SINGLE.iter().any(|name| is_doubled(name)) {
            return Err(Refused::Malformed);
        }
        Ok(Self { pairs })
    }

    /// A parameter, decoded.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.name == name).map(|pair| pair.value.as_str())
    }

    /// The shop, lower-cased; only ever a `*.myshopify.com` name.
    pub fn shop(&self) -> Result<String, Refused> {
        self.get("shop").and_then(shop_domain).ok_or(Refused::Shop)
    }

    /// Whether it carries a signature at all.
    pub fn is_signed(&self) -> bool {
        self.get("hmac").is_some()
    }

    /// Whether one of the secrets signed it, a moment ago (`now` in seconds).
    ///
    /// Signed is everything but `hmac` and `signature`, sorted by name, as `k=v` joined by `&`: encoded as it came, or
    /// encoded anew with `%20` for a blank and `k[]` for arrays. Both are one-to-one, so accepting both opens nothing. A
    /// refusal computes the same number of signatures whoever asks.
    pub fn verify(&self, secrets: &[&[u8]], rounds: usize, now: i64) -> Result<(), Refused> {
        let claimed = self.get("hmac").and_then(unhex);
        let messages = [self.message(|pair| pair.raw.clone()), self.message(Pair::encoded)];
        let mut genuine = false;
        for round in 0..rounds.max(secrets.len()) {
            let secret = secrets.get(round).copied().filter(|secret| !secret.is_empty());
            for message in &messages {
                let matches = is_signed(message, &claimed.unwrap_or_default(), secret.unwrap_or(DUMMY_KEY));
                genuine |= matches && claimed.is_some() && secret.is_some();
            }
        }
        if !genuine {
            return Err(Refused::Signature);
        }
        let at: i64 = self.get("timestamp").and_then(|at| at.parse().ok()).ok_or(Refused::Time)?;
        let is_near =
            at.checked_sub(now).is_some_and(|apart| apart.unsigned_abs() <= CLOCK_SKEW_SECONDS as u64);
        if is_near { Ok(()) } else { Err(Refused::Time) }
    }

    fn message(&self, write: impl Fn(&Pair) -> String) -> String {
        let mut signed: Vec<&Pair> =
            self.pairs.iter().filter(|pair| pair.name != "hmac" && pair.name != "signature").collect();
        // Stable: the values of an array stay in their order.
        signed.sort_by(|one, other| one.name.cmp(&other.name));
        signed.into_iter().map(write).collect::<Vec<_>>().join("&")
    }
}

impl Pair {
    fn encoded(&self) -> String {
        let (name, array) = match self.name.strip_suffix("[]") {
            Some(name) => (name, "[]"),
            None => (self.name.as_str(), ""),
        };
        format!("{}{array}={}", encode(name), encode(&self.value))
    }
}

fn pair(raw: &str) -> Option<Pair> {
    let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
    Some(Pair { name: decode(name)?, value: decode(value)?, raw: raw.to_owned() })
}

/// A `+` is a blank, as in forms.
fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(|text| text.into_owned())
}

fn is_signed(message: &str, claimed: &[u8], secret: &[u8]) -> bool {
    // Compares in constant time. HMAC takes keys of any length; the error exists for other algorithms.
    Hmac::<Sha256>::new_from_slice(secret)
        .is_ok_and(|mac| mac.chain_update(message).verify_slice(claimed).is_ok())
}

/// 32 bytes in hexadecimal digits, as Shopify writes them: in lower case.
fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The signature that Shopify puts on a query without one: for tests and for the shop that the sandbox plays.
pub fn sign_query(raw: &str, secret: &[u8]) -> String {
    let Ok(query) = SignedQuery::parse(raw) else { return String::new() };
    let mac = Hmac::<Sha256>::new_from_slice(secret);
    let bytes = mac.map(|mac| mac.chain_update(query.message(Pair::encoded)).finalize().into_bytes());
    bytes.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()).unwrap_or_default()
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
