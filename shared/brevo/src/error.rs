//! What went wrong with a call, and what happens next.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::limits;

/// Why Brevo did not do what a request asked. No variant carries personal data.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// 429: the account's budget for this endpoint is used up.
    #[error("Brevo's rate limit is reached for {} s", reset.as_secs())]
    RateLimited {
        /// When it opens again.
        reset: Duration,
    },
    /// Nothing was sent: the account's budget for this endpoint is taken.
    #[error("Brevo's rate limit leaves no call for this within {} s", after.as_secs())]
    Scarce {
        /// When it is worth asking again.
        after: Duration,
    },
    /// 425: the contact is still being processed.
    #[error("Brevo is still processing this contact")]
    TooEarly,
    /// No answer, or a broken one: the request may or may not have been applied.
    #[error("Brevo gave no clear answer: {0}")]
    Unclear(String),
    /// 5xx.
    #[error("Brevo answered {0}")]
    Server(u16),
    /// 401 for the key itself.
    #[error("Brevo does not know the API key")]
    KeyRefused,
    /// 401 for the address we call from: Brevo blocks unknown ones by itself after 30 days.
    #[error("Brevo blocks the address this connector calls from")]
    AddressBlocked,
    /// The tracker's key is not known. Nothing was sent.
    #[error("the key of Brevo's tracker is not known")]
    NoTracker,
    /// 403: a part of the account is switched off.
    #[error("Brevo refused: permission denied ({0})")]
    Forbidden(String),
    /// 404.
    #[error("Brevo has no such object")]
    NotFound,
    /// 400 because identifiers belong to another contact. Nothing was written. Empty where Brevo does not say which.
    #[error("another Brevo contact has the same {}", identifiers(.0))]
    Duplicate(Vec<String>),
    /// Any other 4xx. Nothing was written.
    #[error("Brevo refused the request with {status} {code}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Brevo's error code.
        code: String,
        /// Brevo's message, with everything that may be personal blanked.
        message: String,
    },
    /// 400 to a batch of events of which each was refused, for a reason of its own.
    #[error("Brevo refused every event of a batch")]
    AllRefused(Refusals),
}

/// The answer that names the reason of each refusal. It may quote what was sent.
#[derive(Clone)]
pub struct Refusals(pub(crate) Value);

impl std::fmt::Debug for Refusals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refusals")
    }
}

/// What a caller does about an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Wait for a rate limit, which is no failure.
    Wait {
        /// Not before this long.
        after: Duration,
    },
    /// Try again, not before this long.
    Retry {
        /// The wait; `None`: when convenient.
        after: Option<Duration>,
    },
    /// Only the merchant can help. The sentence says how.
    AskMerchant {
        /// What to do.
        hint: &'static str,
    },
    /// It can never work as it is.
    Park,
}

impl Error {
    /// A refusal; what of its text may be personal is blanked.
    pub(crate) fn refused(status: u16, code: &str, message: &str) -> Self {
        Self::Refused { status, code: safe(code), message: safe(message) }
    }

    /// What happens next. Every new error must choose.
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::RateLimited { reset: after } | Self::Scarce { after } => NextStep::Wait { after: *after },
            Self::TooEarly => NextStep::Retry { after: Some(limits::TOO_EARLY) },
            Self::Unclear(_) | Self::Server(_) => NextStep::Retry { after: None },
            Self::KeyRefused => NextStep::AskMerchant {
                hint: "make a new API key in Brevo (SMTP & API → API keys) and connect the store again with it",
            },
            Self::AddressBlocked => NextStep::AskMerchant {
                hint: "in Brevo (Security → Authorised IPs) switch blocking off, or deploy with FixedEgress=nat and authorise its address",
            },
            Self::NoTracker => NextStep::AskMerchant {
                hint: "switch marketing automation on in Brevo and connect the store again, or leave `reserved_events` out",
            },
            Self::Forbidden(_) => {
                NextStep::AskMerchant { hint: "check the plan and the activated apps of the Brevo account" }
            }
            Self::NotFound | Self::Duplicate(_) | Self::Refused { .. } | Self::AllRefused(_) => {
                NextStep::Park
            }
        }
    }

    /// Whether Brevo refuses a value that was sent: without that value it may take the rest. Told by status and code; which
    /// value it is stands in the message at best, and only leaving it out proves it.
    pub fn is_about_a_value(&self) -> bool {
        match self {
            Self::Refused { status: 400 | 422, code, .. } => !CODES_OF_NO_VALUE.contains(&code.as_str()),
            _ => false,
        }
    }

    /// Of a question by an identifier: Brevo has no such contact, or refuses the identifier as none.
    pub fn is_nobody(&self) -> bool {
        matches!(self, Self::NotFound) || self.is_about_a_value()
    }

    /// Whether the message of a refusal has this word in it: a hint what to leave out first. `name` as Brevo spells it.
    pub fn mentions(&self, name: &str) -> bool {
        let Self::Refused { message, .. } = self else { return false };
        let is_inside = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        message.split(|c: char| !is_inside(c)).any(|word| word == name)
    }

    /// Whether the message of a refusal speaks of an address: a hint what to leave out first.
    pub fn mentions_email(&self) -> bool {
        ["email", "Email", "EMAIL", "email_id"].iter().any(|name| self.mentions(name))
    }

    /// Brevo's HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::RateLimited { .. } => Some(429),
            Self::TooEarly => Some(425),
            Self::Unclear(_) | Self::Scarce { .. } | Self::NoTracker => None,
            Self::Server(status) | Self::Refused { status, .. } => Some(*status),
            Self::KeyRefused | Self::AddressBlocked => Some(401),
            Self::Forbidden(_) => Some(403),
            Self::NotFound => Some(404),
            Self::Duplicate(_) | Self::AllRefused(_) => Some(400),
        }
    }

    /// Whether Brevo refused because of the WhatsApp number: it belongs to another contact, or is not one to it. Also where it may
    /// be that, since Brevo does not say which identifier belongs to another contact.
    pub fn blames_whatsapp(&self) -> bool {
        match self {
            Self::Duplicate(identifiers) => {
                identifiers.is_empty() || identifiers.iter().any(|name| name.eq_ignore_ascii_case("whatsapp"))
            }
            // Its messages speak of a phone number, whichever attribute it is in.
            Self::Refused { status: 400, message, .. } => {
                let message = message.to_lowercase();
                message.contains("phone") || message.contains("whatsapp")
            }
            _ => false,
        }
    }

    /// Whether Brevo refused because of the phone number: it belongs to another contact, or is not one to it. Also where it may be
    /// that, since Brevo does not say which identifier belongs to another contact.
    pub fn blames_phone(&self) -> bool {
        match self {
            Self::Duplicate(identifiers) => {
                identifiers.is_empty() || identifiers.iter().any(|name| name.eq_ignore_ascii_case("sms"))
            }
            Self::Refused { status: 400, message, .. } => message.to_lowercase().contains("phone"),
            _ => false,
        }
    }
}

/// Codes of a 400 or 422 that leaving a value out does not help against (Brevo's error codes): something is missing, or is
/// there already, or is not to be had now.
const CODES_OF_NO_VALUE: [&str; 8] = [
    "missing_parameter",
    "duplicate_parameter",
    "duplicate_request",
    "document_not_found",
    "account_in_process",
    "account_under_validation",
    "not_enough_credits",
    "permission_denied",
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    code: String,
    message: String,
    #[serde(deserialize_with = "metadata")]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(deserialize_with = "names")]
    duplicate_identifiers: Vec<String>,
}

/// Names where there are names; whatever else stands there names nothing, and spoils neither code nor message.
fn names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let names = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(names.map(str::to_owned).collect())
}

/// `null` and other odd shapes are no metadata.
fn metadata<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Metadata, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

fn identifiers(names: &[String]) -> String {
    if names.is_empty() { "identifier, and Brevo does not say which".to_owned() } else { names.join(", ") }
}

/// The code of a conflict of identifiers, until May 2026 that of all of them. With `invalid_parameter`, the other one, only the
/// metadata tells a conflict from a mistake.
const DUPLICATE: &str = "duplicate_parameter";

/// Reads an answer that is not a success. Duplicates are told by `metadata.duplicate_identifiers`, not by the
/// code: Brevo has used two codes for the same conflict since May 2026. The older code tells one without metadata, too.
pub fn classify(status: u16, reset: Option<Duration>, body: &[u8]) -> Error {
    if let Ok(all) = serde_json::from_slice::<Value>(body)
        && status == 400
        && all["failed_events"].is_u64()
    {
        return Error::AllRefused(Refusals(all));
    }
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    match status {
        429 => Error::RateLimited {
            reset: reset.unwrap_or(limits::RESET_WHEN_UNKNOWN).min(limits::RESET_AT_MOST),
        },
        425 => Error::TooEarly,
        500.. => Error::Server(status),
        401 if body.message.to_lowercase().contains("ip address") => Error::AddressBlocked,
        401 => Error::KeyRefused,
        403 => Error::Forbidden(safe(&body.message)),
        404 => Error::NotFound,
        _ if !body.metadata.duplicate_identifiers.is_empty() => {
            Error::Duplicate(body.metadata.duplicate_identifiers)
        }
        400 if body.code == DUPLICATE => Error::Duplicate(Vec::new()),
        _ => Error::refused(status, &body.code, &body.message),
    }
}

/// Brevo's messages quote what was sent. Blanks every word that may be an address, a number or a link.
fn safe(text: &str) -> String {
    let personal = |word: &str| {
        word.contains('@') || word.contains("://") || word.chars().filter(char::is_ascii_digit).count() > 4
    };
    let words: Vec<&str> =
        text.split_whitespace().take(40).map(|word| if personal(word) { "…" } else { word }).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocked_address_is_told_apart_from_a_bad_key() {
        let blocked = br#"{"code":"unauthorized","message":"We have detected you are using an unrecognised IP address 1.2.3.4"}"#;
        assert!(matches!(classify(401, None, blocked), Error::AddressBlocked));
        assert!(matches!(
            classify(401, None, br#"{"code":"unauthorized","message":"Key not found"}"#),
            Error::KeyRefused
        ));
    }

    #[test]
    fn a_duplicate_is_told_by_its_metadata_whatever_the_code() {
        for code in ["duplicate_parameter", "invalid_parameter"] {
            let body = format!(
                r#"{{"code":"{code}","message":"x","metadata":{{"duplicate_identifiers":["SMS"]}}}}"#
            );
            let error = classify(400, None, body.as_bytes());
            assert!(error.blames_phone(), "{error}");
            assert_eq!(error.next_step(), NextStep::Park);
        }
    }

    #[test]
    fn a_duplicate_without_metadata_is_a_duplicate_that_may_be_the_number() {
        for metadata in [
            "",
            r#","metadata":null"#,
            r#","metadata":{}"#,
            r#","metadata":{"duplicate_identifiers":null}"#,
            r#","metadata":{"duplicate_identifiers":[]}"#,
            r#","metadata":{"duplicate_identifiers":{"a":1}}"#,
            r#","metadata":[7]"#,
        ] {
            let body =
                format!(r#"{{"code":"duplicate_parameter","message":"Contact already exist"{metadata}}}"#);
            let error = classify(400, None, body.as_bytes());
            assert!(matches!(&error, Error::Duplicate(names) if names.is_empty()), "{metadata}: {error:?}");
            assert!(error.blames_phone() && error.blames_whatsapp());
            assert_eq!(
                error.to_string(),
                "another Brevo contact has the same identifier, and Brevo does not say which"
            );
            // The other code says mistakes, too: without metadata nothing tells them apart.
            let body = body.replace("duplicate_parameter", "invalid_parameter");
            assert!(matches!(classify(400, None, body.as_bytes()), Error::Refused { .. }), "{metadata}");
        }
    }

    #[test]
    fn whether_a_value_is_refused_is_told_by_status_and_code() {
        let refused = |status, code: &str| Error::refused(status, code, "Invalid email address");
        for (status, code) in
            [(400, "invalid_parameter"), (400, "out_of_range"), (422, "unprocessable_entity"), (400, "new")]
        {
            assert!(refused(status, code).is_about_a_value(), "{status} {code}");
        }
        for (status, code) in [
            (400, "missing_parameter"),
            (400, "duplicate_parameter"),
            (402, "not_enough_credits"),
            (405, "x"),
        ] {
            assert!(!refused(status, code).is_about_a_value(), "{status} {code}");
        }
        assert!(!Error::NotFound.is_about_a_value());
    }

    #[test]
    fn a_refusal_mentions_whole_names_only() {
        let error =
            Error::refused(400, "invalid_parameter", "attributes: BIRTHDAY_2 is not valid, email neither");
        assert!(error.mentions("BIRTHDAY_2") && error.mentions_email());
        assert!(!error.mentions("BIRTHDAY") && !error.mentions("DAY") && !Error::NotFound.mentions("x"));
    }

    #[test]
    fn an_error_never_repeats_an_address_or_a_number() {
        let error = classify(
            400,
            None,
            br#"{"code":"invalid_parameter","message":"Invalid phone number +4917112345 of jo@example.com"}"#,
        );
        assert_eq!(
            error.to_string(),
            "Brevo refused the request with 400 invalid_parameter: Invalid phone number … of …"
        );
    }

    #[test]
    fn a_rate_limit_is_retried_after_its_own_reset_within_reason() {
        let after = |reset| match classify(429, reset, b"").next_step() {
            NextStep::Wait { after } => after,
            step => panic!("{step:?}"),
        };
        assert_eq!(after(Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(after(Some(Duration::from_secs(999_999))), limits::RESET_AT_MOST);
        assert_eq!(after(None), limits::RESET_WHEN_UNKNOWN);
    }

    #[test]
    fn an_answer_that_is_not_json_still_chooses_a_next_step() {
        assert!(matches!(classify(502, None, b"<html>"), Error::Server(502)));
        assert!(matches!(classify(400, None, b"<html>"), Error::Refused { status: 400, .. }));
    }
}
