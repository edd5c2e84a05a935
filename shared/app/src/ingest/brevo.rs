//! The door for what Brevo tells: opt-outs, bounces and deleted contacts.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::ExposeSecret;
use tajo_platforms::Notice;
use tajo_platforms::brevo::verify;
use tajo_platforms::shopify::webhook::Check;
use tracing::info;

use super::{Answer, Ingress};
use crate::keyring::Keyring;

/// One request to `POST /brevo/{account}`.
pub struct Request<'a> {
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The account in the path, as store records name it.
    pub account: &'a str,
    /// The raw bytes.
    pub body: &'a [u8],
    /// When the request came, for the notice.
    pub received_at: Timestamp,
    /// The same moment, for the age of the keyring.
    pub now: Instant,
}

/// The journey of a webhook from Brevo. An authentic one is accepted whatever its body says: reading it is the work of
/// brevo-sync.
pub async fn ingest(ingress: &Ingress, request: Request<'_>) -> Answer {
    // At most once a minute: calls Secrets Manager.
    let keyring = match ingress.keyring.get(request.now).await {
        Ok(keyring) => keyring,
        Err(error) => return told(Answer::TryAgain, &error.to_string()),
    };
    // Pure.
    if !judge(request.authorization, request.account, &keyring, request.received_at).genuine {
        return told(Answer::Refused, "unknown account, or missing or wrong token");
    }
    let notice = Notice::from_brevo(request.account, request.body, request.received_at);
    // Calls SQS.
    match ingress.queue.send(&notice, Duration::ZERO).await {
        Ok(()) => told(Answer::Accepted, "queued"),
        Err(error) => told(Answer::TryAgain, &error.to_string()),
    }
}

/// Whether a request carries a token of its account. An account that nobody connected costs as much as a wrong token.
pub fn judge(authorization: Option<&str>, account: &str, keyring: &Keyring, now: Timestamp) -> Check {
    let tokens = keyring.brevo_tokens(account, now).iter().map(|token| token.expose_secret().as_bytes());
    let tokens: Vec<&[u8]> = tokens.collect();
    verify(authorization, &tokens, keyring.brevo_rounds())
}

/// One line per request; nothing in it that a stranger wrote.
fn told(answer: Answer, outcome: &str) -> Answer {
    let status = answer.status();
    info!(outcome, topic = "brevo", status, "Webhook from Brevo answered {status}: {outcome}");
    answer
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;

    fn keyring() -> Keyring {
        let text = json!({"v": 1, "stores": {}, "brevo": {
            "one": {"secrets": ["current", "previous"]}, "two": {"secrets": ["other"]}, "bad": 7, "none": {}}});
        Keyring::parse(&[SecretString::from(text.to_string())]).unwrap()
    }

    #[test]
    fn current_and_previous_token_of_the_account_are_good_and_no_other() {
        let keyring = keyring();
        let now = Timestamp::UNIX_EPOCH;
        let is_good = |account: &str, header: &str| judge(Some(header), account, &keyring, now).genuine;
        assert!(is_good("one", "Bearer current") && is_good("one", "Bearer previous"));
        assert!(is_good("two", "Bearer other"));
        for (account, header) in [
            ("one", "Bearer other"),
            ("two", "Bearer current"),
            ("three", "Bearer current"),
            ("none", "Bearer "),
        ] {
            assert!(!is_good(account, header), "{account} {header}");
        }
    }

    #[test]
    fn an_old_token_is_good_until_its_end_and_the_current_one_for_ever() {
        let text = json!({"v": 1, "stores": {}, "brevo": {
            "one": {"secrets": ["current", "old"], "old_until": "2026-11-24T12:00:00Z"}}});
        let keyring = Keyring::parse(&[SecretString::from(text.to_string())]).unwrap();
        let is_good = |token: &str, now: &str| {
            judge(Some(&format!("Bearer {token}")), "one", &keyring, now.parse().unwrap()).genuine
        };
        assert!(is_good("old", "2026-11-24T11:59:59Z") && is_good("current", "2026-11-24T11:59:59Z"));
        assert!(!is_good("old", "2026-11-24T12:00:00Z") && is_good("current", "2027-11-24T12:00:00Z"));
    }

    #[test]
    fn a_refusal_costs_the_same_for_every_account() {
        let keyring = keyring();
        for account in ["one", "two", "three", "bad", "none", ""] {
            for header in [None, Some("Bearer wrong"), Some("")] {
                assert_eq!(
                    judge(header, account, &keyring, Timestamp::UNIX_EPOCH),
                    Check { genuine: false, computed: 2 }
                );
            }
        }
    }
}
