//! Writing an opt-out to the shop: the only thing that is ever written there. There is no way to write an opt-in.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Query, gid};

/// A mutation costs ten points (shopify.dev, "GraphQL Admin API rate limits").
const POINTS: u32 = 10;

/// The customer wants no more marketing emails, since then. Needs `write_customers`.
pub fn email_opt_out(customer: &str, at: Timestamp) -> Query {
    let variables = json!({ "input": {
        "customerId": gid("Customer", customer),
        "emailMarketingConsent": { "marketingState": "UNSUBSCRIBED", "consentUpdatedAt": at },
    } });
    Query { document: include_str!("../queries/email_opt_out.graphql"), variables, points: POINTS }
}

/// The customer wants no more marketing text messages, since then. Needs `write_customers`.
pub fn sms_opt_out(customer: &str, at: Timestamp) -> Query {
    let variables = json!({ "input": {
        "customerId": gid("Customer", customer),
        "smsMarketingConsent": { "marketingState": "UNSUBSCRIBED", "consentUpdatedAt": at },
    } });
    Query { document: include_str!("../queries/sms_opt_out.graphql"), variables, points: POINTS }
}

/// Why the shop did not take it; `None`: it did. Codes and names of fields only: messages quote what was sent.
pub fn refusal(answer: &Answer) -> Option<String> {
    let payload = answer.data.as_object().and_then(|data| data.values().next());
    let errors = payload.and_then(|payload| payload["userErrors"].as_array());
    // An answer without the list says nothing at all.
    let Some(errors) = errors else { return Some("an answer without a word about it".to_owned()) };
    let error = errors.first()?;
    let is_word =
        |word: &&str| word.len() < 60 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let code = error["code"].as_str().filter(is_word).unwrap_or("no code");
    let field: Vec<&str> =
        error["field"].as_array().into_iter().flatten().filter_map(Value::as_str).filter(is_word).collect();
    Some(if field.is_empty() { code.to_owned() } else { format!("{code} ({})", field.join(".")) })
}

/// Why the shop did not take something that names no person, in its own words; `None`: it did.
pub fn words_of_refusal(answer: &Answer) -> Option<String> {
    let why = refusal(answer)?;
    let payload = answer.data.as_object().and_then(|data| data.values().next());
    let message = payload.and_then(|payload| payload["userErrors"][0]["message"].as_str());
    Some(message.map_or(why, |message| message.chars().take(200).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_code_and_field_and_quotes_nobody() {
        let answer = |data: Value| Answer { data, cost: None };
        let refused = |errors: Value| {
            refusal(&answer(json!({"customerEmailMarketingConsentUpdate": {"userErrors": errors}})))
        };
        assert_eq!(refused(json!([])), None);
        let error =
            json!([{"code": "INVALID", "field": ["input", "customerId"], "message": "jo@example.com"}]);
        assert_eq!(refused(error).as_deref(), Some("INVALID (input.customerId)"));
        assert_eq!(refused(json!([{"code": "jo@example.com"}])).as_deref(), Some("no code"));
        assert!(refusal(&answer(json!({}))).is_some());
    }

    #[test]
    fn only_an_opt_out_can_be_written() {
        let at = "2026-11-20T10:00:00Z".parse().unwrap();
        for query in [email_opt_out("7", at), sms_opt_out("7", at)] {
            assert!(query.variables.to_string().contains(r#""marketingState":"UNSUBSCRIBED""#));
            assert!(query.is_mutation());
        }
    }
}
