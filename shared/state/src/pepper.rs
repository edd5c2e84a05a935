//! Hashes of addresses and numbers stand for people in keys, logs and proofs. Everybody can compute a plain hash of an address
//! and look for it; one that was made with a secret of the deployment only the deployment can.
//!
//! Above this crate people are named by the plain hash, which nothing stores: here it is hashed once more, with the pepper. What
//! an earlier version stored under the plain hash is found there, and moves to the new key with its next write.

use std::fmt;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put as PutWrite, TransactWriteItem};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::error::{aws_error, kind_of};
use crate::{Key, Table, TableError};

/// Begins a hash that was made with the pepper: it is never taken for a plain one, nor hashed again.
const MARK: &str = "p.";

/// Bytes kept of the hash: never two people of one store alike.
const BYTES: usize = 16;

/// The secret of a deployment that goes into every hash of an address or a number.
#[derive(Clone)]
pub struct Pepper(SecretString);

impl Pepper {
    /// From the text of its secret. `None`: nothing is in it.
    pub fn new(secret: SecretString) -> Option<Self> {
        (!secret.expose_secret().trim().is_empty()).then_some(Self(secret))
    }

    /// What is stored for the plain hash of a person. Hashed already: as it is.
    pub fn hash(&self, plain: &str) -> String {
        if plain.starts_with(MARK) {
            return plain.to_owned();
        }
        let key = self.0.expose_secret().as_bytes();
        // Keys of any length are taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
        mac.update(plain.as_bytes());
        let bytes = mac.finalize().into_bytes();
        let hex = bytes.iter().take(BYTES).map(|byte| format!("{byte:02x}"));
        format!("{MARK}{}", hex.collect::<String>())
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

impl Table {
    /// What stands for a person outside: in logs and in proofs. From the plain hash.
    pub fn pseudonym(&self, plain: &str) -> String {
        self.pepper().map_or_else(|| plain.to_owned(), |pepper| pepper.hash(plain))
    }

    /// Whether something that was stored for a person is of the person with this plain hash, whichever version stored it.
    pub fn is_pseudonym(&self, stored: &str, plain: &str) -> bool {
        stored == plain || stored == self.pseudonym(plain)
    }

    /// Whether both lead to the same item.
    pub fn is_same(&self, one: &Key, other: &Key) -> bool {
        self.stored_key(one) == self.stored_key(other)
    }

    /// The key under which an item is stored: those that end in the hash of a person have it made with the pepper.
    pub(crate) fn stored_key(&self, key: &Key) -> Key {
        Key { pk: self.stored_pk(&key.pk), sk: key.sk.clone() }
    }

    pub(crate) fn stored_pk(&self, pk: &str) -> String {
        let split = pk.rsplit_once('#').filter(|_| pk.starts_with("guest#") || pk.starts_with("person#"));
        match (self.pepper(), split) {
            (Some(pepper), Some((start, hash))) => format!("{start}#{}", pepper.hash(hash)),
            _ => pk.to_owned(),
        }
    }

    /// Moves an item that an earlier version stored to the key that it has now. True: there was one.
    ///
    /// Only who may write the item may do this; readers look under both keys.
    pub(crate) async fn adopt(&self, key: &Key) -> Result<bool, TableError> {
        let stored = self.stored_key(key);
        if stored == *key {
            return Ok(false);
        }
        let answer = self
            .client()
            .get_item()
            .table_name(self.name())
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("GetItem", error))?;
        let Some(mut item) = answer.item else { return Ok(false) };
        let unbuilt = |error: aws_sdk_dynamodb::error::BuildError| TableError::Unreadable {
            pk: kind_of(key),
            reason: error.to_string(),
        };
        let revision = item.get("rev").cloned().unwrap_or(AttributeValue::Null(true));
        item.insert("pk".to_owned(), AttributeValue::S(stored.pk));
        let put = PutWrite::builder()
            .table_name(self.name())
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(unbuilt)?;
        let delete = Delete::builder()
            .table_name(self.name())
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .condition_expression("rev = :rev")
            .expression_attribute_values(":rev", revision)
            .build()
            .map_err(unbuilt)?;
        let writes = vec![
            TransactWriteItem::builder().put(put).build(),
            TransactWriteItem::builder().delete(delete).build(),
        ];
        // Refused: somebody else moved it, or wrote it meanwhile. Whoever asked looks again.
        self.transact(writes).await.map(|_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(text: &str) -> Pepper {
        Pepper::new(text.to_owned().into()).unwrap()
    }

    #[test]
    fn a_hash_depends_on_the_deployment_and_is_made_once() {
        let plain = tajo_domain::short_hash("jo@example.com");
        let [one, two] = [pepper("one"), pepper("two")];
        assert_eq!(one.hash(&plain), one.hash(&plain));
        assert_ne!(one.hash(&plain), two.hash(&plain));
        assert!(!one.hash(&plain).contains(&plain));
        assert_eq!(one.hash(&one.hash(&plain)), one.hash(&plain));
        assert!(Pepper::new(" ".to_owned().into()).is_none());
        assert_eq!(format!("{one:?}"), "Pepper(…)");
    }
}
