//! Random words that nobody can guess, and what stands for them in the table.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// 256 bits: as many as a signature has.
const BYTES: usize = 32;

/// This machine gives no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("this machine gives no random numbers")]
pub struct NoRandom;

/// 64 hexadecimal digits, from the source that TLS uses.
pub(crate) fn word() -> Result<SecretString, NoRandom> {
    let mut bytes = [0; BYTES];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(hex(&bytes).into())
}

/// What is stored instead of a word: whoever reads the table cannot use it.
pub(crate) fn hash(word: &SecretString) -> String {
    hex(&Sha256::digest(word.expose_secret()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_long_and_never_the_same() {
        let [one, two] = [word().unwrap(), word().unwrap()];
        assert_eq!(one.expose_secret().len(), 2 * BYTES);
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_ne!(hash(&one), *one.expose_secret());
    }
}
