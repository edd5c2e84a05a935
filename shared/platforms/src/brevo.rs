//! What Brevo tells us by its marketing webhooks: whether a request is genuine, and what a body means. Pure.
//!
//! Brevo signs nothing. A registration carries a bearer token that only Brevo and the keyring know.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tajo_domain::{BrevoNews, BrevoSaid, Email, OutReason, Unusable};

use crate::shopify::webhook::Check;

/// Compared with where there is no token: it is no token's hash.
const NO_HASH: [u8; 32] = [0; 32];

/// Events in one body that are read. Brevo batches some hundred; more is a mistake, and none of it is lost silently.
pub const EVENTS_PER_BODY: usize = 5_000;

/// Whether an `Authorization` header carries one of the `tokens` (two while one is replaced).
///
/// Compares hashes, in constant time, exactly `rounds` times or as often as there are tokens: a missing header, a wrong
/// token and an unknown account cannot be told apart by a clock.
pub fn verify(authorization: Option<&str>, tokens: &[&[u8]], rounds: usize) -> Check {
    let given = authorization.and_then(bearer);
    let claimed = Sha256::digest(given.unwrap_or_default());
    let mut genuine = false;
    let computed = rounds.max(tokens.len());
    for round in 0..computed {
        let token = tokens.get(round).copied().filter(|token| !token.is_empty());
        // Hashed in any case: it takes the same time.
        let hash = Sha256::digest(token.unwrap_or(&NO_HASH));
        let matches: bool = claimed.as_slice().ct_eq(hash.as_slice()).into();
        genuine |= matches && token.is_some() && given.is_some();
    }
    Check { genuine, computed }
}

/// The token of `Bearer …`, the word in any case (RFC 9110).
fn bearer(header: &str) -> Option<&[u8]> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().as_bytes()).filter(|token| !token.is_empty())
}

/// What a body says: one event, a list of them, or a list under a name (Brevo's documents and its answers differ, so
/// every spelling that was seen is read). Events about nobody, and those that are none of ours, are left out and counted
/// in the second part of the answer.
pub fn news(body: &[u8], received_at: Timestamp) -> Result<(Vec<BrevoNews>, usize), Unusable> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| Unusable::new("the body from Brevo is not JSON"))?;
    let events: Vec<&Value> = match &body {
        Value::Array(events) => events.iter().collect(),
        Value::Object(fields) => {
            let list = ["events", "items", "data"].iter().find_map(|name| fields.get(*name)?.as_array());
            list.map_or_else(|| vec![&body], |events| events.iter().collect())
        }
        _ => return Err(Unusable::new("the body from Brevo is neither an event nor a list of events")),
    };
    if events.len() > EVENTS_PER_BODY {
        return Err(Unusable::new(format!("the body from Brevo holds more than {EVENTS_PER_BODY} events")));
    }
    let (mut found, mut left_out) = (Vec::new(), 0);
    for event in events {
        match said(event) {
            Some(said) => {
                let before = found.len();
                let at = time_of(event, received_at);
                found.extend(emails(event).into_iter().map(|email| BrevoNews { email, said, at }));
                left_out += usize::from(found.len() == before);
            }
            None => left_out += 1,
        }
    }
    Ok((found, left_out))
}

/// `None`: nothing that decides about a consent.
fn said(event: &Value) -> Option<BrevoSaid> {
    let name = event["event"].as_str()?.to_ascii_lowercase().replace(['-', ' '], "_");
    match name.as_str() {
        "unsubscribe" | "unsubscribed" => Some(BrevoSaid::Out(OutReason::Unsubscribed)),
        "spam" | "complaint" => Some(BrevoSaid::Out(OutReason::Spam)),
        "hard_bounce" | "hardbounce" => Some(BrevoSaid::Out(OutReason::HardBounce)),
        "contact_deleted" | "contactdeleted" => Some(BrevoSaid::Deleted),
        "contact_updated" | "contactupdated" => blocked_in(&event["content"]),
        // list_addition, softBounce, delivered, opened, click and whatever comes: nothing to write.
        _ => None,
    }
}

/// A change of attributes says nothing, and mostly it is the echo of our own write. Only a block that it names counts.
fn blocked_in(content: &Value) -> Option<BrevoSaid> {
    let parts: &[Value] = content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice);
    let is_blocked = |part: &Value| part["emailBlacklisted"] == true || part["email_blacklisted"] == true;
    parts.iter().any(is_blocked).then_some(BrevoSaid::Out(OutReason::Blocked))
}

/// One address or a list of them.
fn emails(event: &Value) -> Vec<Email> {
    let email = &event["email"];
    let texts: &[Value] = email.as_array().map_or(std::slice::from_ref(email), Vec::as_slice);
    texts.iter().filter_map(|text| Email::parse(text.as_str()?).ok()).collect()
}

/// `ts_event` is UTC; `ts` and the dates are in whatever zone the account has, so they are used only where it is absent.
/// Nothing happens after we heard of it: a time from the future would outlast every later opt-in.
fn time_of(event: &Value, received_at: Timestamp) -> Timestamp {
    let seconds = |name: &str| {
        let value = &event[name];
        value.as_i64().or_else(|| value.as_str()?.parse().ok()).filter(|seconds| *seconds > 0)
    };
    let stamp =
        seconds("ts_event").or_else(|| seconds("ts_epoch").map(|ms| ms / 1_000)).or_else(|| seconds("ts"));
    stamp.and_then(|stamp| Timestamp::from_second(stamp).ok()).map_or(received_at, |at| at.min(received_at))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn read(body: &Value) -> (Vec<BrevoNews>, usize) {
        news(body.to_string().as_bytes(), now()).unwrap()
    }

    #[test]
    fn a_token_is_taken_from_its_own_header_only() {
        let check = |header: Option<&str>| verify(header, &[b"current", b"previous"], 2).genuine;
        for good in ["Bearer current", "bearer previous", " Bearer  current "] {
            assert!(check(Some(good)), "{good}");
        }
        for bad in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer "),
            Some("current"),
            Some("Basic current"),
            Some("Bearer x"),
        ] {
            assert!(!check(bad), "{bad:?}");
        }
    }

    #[test]
    fn every_refusal_compares_equally_often() {
        for tokens in [&[][..], &[&b"one"[..]], &[b"one", b"two"], &[b""]] {
            for header in [None, Some("Bearer wrong"), Some("Bearer "), Some("Bearer \0")] {
                assert_eq!(verify(header, tokens, 2), Check { genuine: false, computed: 2 }, "{header:?}");
            }
        }
    }

    #[test]
    fn every_spelling_of_an_event_is_read() {
        for (event, wanted) in [
            ("unsubscribe", BrevoSaid::Out(OutReason::Unsubscribed)),
            ("unsubscribed", BrevoSaid::Out(OutReason::Unsubscribed)),
            ("hard_bounce", BrevoSaid::Out(OutReason::HardBounce)),
            ("hardBounce", BrevoSaid::Out(OutReason::HardBounce)),
            ("spam", BrevoSaid::Out(OutReason::Spam)),
            ("contact_deleted", BrevoSaid::Deleted),
        ] {
            let (found, left_out) =
                read(&json!({"event": event, "email": "Jo@Example.com", "ts_event": 1_763_629_200}));
            assert_eq!((found.len(), left_out), (1, 0), "{event}");
            assert_eq!((found[0].said, found[0].email.as_str()), (wanted, "jo@example.com"));
            assert_eq!(found[0].at.as_second(), 1_763_629_200);
        }
    }

    #[test]
    fn one_event_a_list_and_a_list_under_a_name_are_read() {
        let event = json!({"event": "unsubscribe", "email": "jo@example.com", "ts": 1_763_629_200});
        for body in [json!([event, event]), json!({"events": [event, event]})] {
            assert_eq!(read(&body).0.len(), 2);
        }
        let deleted = json!({"event": "contact_deleted", "email": ["jo@example.com", "al@example.com"], "list_id": [3]});
        assert_eq!(read(&deleted).0.len(), 2);
    }

    #[test]
    fn what_decides_nothing_is_left_out_and_counted() {
        let body = json!([
            {"event": "list_addition", "email": "jo@example.com", "list_id": [2]},
            {"event": "contact_updated", "email": "jo@example.com", "content": [{"FIRSTNAME": "Jo"}]},
            {"event": "unsubscribe", "email": "nobody"},
            {"event": "delivered", "email": "jo@example.com", "campaign name": "x"},
            7,
        ]);
        assert_eq!(read(&body), (vec![], 5));
        let blocked = json!({"event": "contact_updated", "email": "jo@example.com", "content": [{"emailBlacklisted": true}]});
        assert_eq!(read(&blocked).0[0].said, BrevoSaid::Out(OutReason::Blocked));
        assert!(news(b"not json", now()).is_err() && news(b"7", now()).is_err());
    }

    #[test]
    fn nothing_happened_after_we_heard_of_it() {
        let at = |stamp: Value| {
            read(&json!({"event": "spam", "email": "jo@example.com", "ts_event": stamp})).0[0].at
        };
        assert_eq!(at(json!(9_999_999_999_i64)), now());
        assert_eq!(at(json!("1763629200")).as_second(), 1_763_629_200);
        assert_eq!(at(json!(null)), now());
    }
}
