//! Text that is stored deflated: an item is charged by the started kilobyte, and JSON shrinks to a third.

use std::fmt;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest text that is unpacked: far above any order, far below what a damaged item could blow up to.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A text, deflated where it is stored. Plain text, as versions before this one stored it, is read too.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Packed(String);

impl Packed {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Packed {
    fn from(text: String) -> Self {
        Self(text)
    }
}

// What is packed is a body: it is shown nowhere.
impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packed(…)")
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        let packed = encoder.write_all(self.0.as_bytes()).and_then(|()| encoder.finish());
        to.serialize_bytes(&packed.map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextOrBytes).map(Self)
    }
}

struct TextOrBytes;

impl Visitor<'_> for TextOrBytes {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, plain or deflated")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        let mut text = String::new();
        DeflateDecoder::new(bytes).take(LARGEST).read_to_string(&mut text).map_err(E::custom)?;
        Ok(text)
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<String, E> {
        self.visit_bytes(&bytes)
    }
}
