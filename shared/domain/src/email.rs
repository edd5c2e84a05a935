//! Email addresses, parsed once.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::short_hash;

/// An address we may write to: trimmed, lower-cased, syntactically valid. Built only by [`Email::parse`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The text is not an email address. The text itself is left out: it may be personal.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a valid email address")]
pub struct InvalidEmail;

impl Email {
    /// Trims and lower-cases (Brevo compares addresses without case), then checks the syntax.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim().to_lowercase();
        let options = email_address::Options::default().with_required_tld().without_display_text();
        match email_address::EmailAddress::parse_with_options(&text, options) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(InvalidEmail),
        }
    }

    /// The address as Brevo gets it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands for the address in keys and log lines.
    pub fn hash(&self) -> String {
        short_hash(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;
    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lower_cased() {
        assert_eq!(Email::parse(" Jo+Shop@Example.COM ").unwrap().as_str(), "jo+shop@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "jo", "jo@", "@example.com", "jo@example", "a b@example.com", "Jo <jo@example.com>"]
        {
            assert_eq!(Email::parse(text), Err(InvalidEmail), "{text}");
        }
    }

    #[test]
    fn debug_never_shows_the_address() {
        assert_eq!(format!("{:?}", Email::parse("jo@example.com").unwrap()), "Email(…)");
    }
}
