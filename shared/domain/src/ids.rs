//! Names of stores, and the hash that stands in for an email in keys and logs.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Names one connected store in URLs, keys and logs: `[a-z0-9]` and inner dashes, at most 63 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StoreId(String);

/// Why a text is no store id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a store id has 1 to 63 characters from a-z, 0-9 and inner dashes")]
pub struct InvalidStoreId;

impl StoreId {
    /// Accepts only the characters a queue's message group, a key and a URL path all take unescaped.
    pub fn parse(text: &str) -> Result<Self, InvalidStoreId> {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let ok = !text.is_empty()
            && text.len() <= 63
            && text.chars().all(inner)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if ok { Ok(Self(text.to_owned())) } else { Err(InvalidStoreId) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for StoreId {
    type Error = InvalidStoreId;
    fn try_from(text: String) -> Result<Self, InvalidStoreId> {
        Self::parse(&text)
    }
}

impl From<StoreId> for String {
    fn from(id: StoreId) -> Self {
        id.0
    }
}

/// The first 16 bytes of SHA-256, in hex: short enough for a key, long enough never to collide in one store.
pub fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
