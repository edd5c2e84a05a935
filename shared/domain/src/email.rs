//! Email addresses, parsed once.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::short_hash;

/// An address we may write to: trimmed, lower-cased, syntactically valid, its domain in ASCII. Built only by
/// [`Email::parse`].
///
/// `jo@Müller.de` and `jo@xn--mller-kva.de` are one mailbox, so they must be one contact and one hash. The ASCII form
/// (IDNA, UTS 46) is the one every mail server takes, and Brevo's reference promises nothing about the other.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The text is not an email address. The text itself is left out: it may be personal.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a valid email address")]
pub struct InvalidEmail;

impl Email {
    /// Trims and lower-cases (Brevo compares addresses without case), checks the syntax, and spells the domain in
    /// ASCII. What stands before the `@` stays as it is: `jo+shop` and `"jo smith"` are mailboxes of their own.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let text = if domain.is_ascii() && !domain.contains("xn--") {
            text
        } else {
            format!("{local}@{}", idna::domain_to_ascii(domain).map_err(|_| InvalidEmail)?)
        };
        if is_valid(&text) { Ok(Self(text)) } else { Err(InvalidEmail) }
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

fn is_valid(text: &str) -> bool {
    let options = email_address::Options::default().with_required_tld().without_display_text();
    email_address::EmailAddress::parse_with_options(text, options).is_ok()
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;
    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        // An item that was stored before domains were spelled in ASCII must stay readable.
        Self::parse(&text).or_else(|error| if is_valid(&text) { Ok(Self(text)) } else { Err(error) })
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
    fn a_domain_in_any_script_is_one_address_with_its_ascii_form() {
        let ascii = Email::parse("jo@xn--mller-kva.de").unwrap();
        for text in ["jo@müller.de", "JO@MÜLLER.DE", "jo@mu\u{308}ller.de", "Jo@XN--MLLER-KVA.de"] {
            assert_eq!(Email::parse(text).unwrap(), ascii, "{text}");
        }
        assert_eq!(Email::parse("jo@例え.テスト").unwrap().as_str(), "jo@xn--r8jz45g.xn--zckzah");
        for text in ["jo@xn--a.de", "jo@müller", &format!("jo@{}.de", "ü".repeat(60))] {
            assert_eq!(Email::parse(text), Err(InvalidEmail), "{text}");
        }
    }

    #[test]
    fn what_stands_before_the_at_is_left_alone() {
        for text in
            ["jo+shop@example.com", "\"jo smith\"@example.com", "\"jo@home\"@example.com", "jö@example.com"]
        {
            assert_eq!(Email::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn debug_never_shows_the_address() {
        assert_eq!(format!("{:?}", Email::parse("jo@example.com").unwrap()), "Email(…)");
    }
}
