//! Custom fields as values of an attribute. Shops keep them all as text.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use tajo_domain::{CustomValue, Money, parse_amount};

use crate::Kind;
use crate::rules::number;

/// Longer texts are cut: a note may have thousands of characters, and the record holds them all (our choice).
const LONGEST_TEXT: usize = 1_000;

/// The text as it is stored for an attribute of this kind, and what had to be left out of it.
pub(crate) fn fit(kind: Kind, text: &str) -> (Option<String>, Option<&'static str>) {
    let text = text.trim();
    match kind {
        Kind::Text => {
            let joined = listed(text).unwrap_or_else(|| text.to_owned());
            let cut: String = joined.chars().take(LONGEST_TEXT).collect();
            let problem = (cut.len() < joined.len()).then_some("the text was cut to 1000 characters");
            (Some(cut), problem)
        }
        Kind::Number => fitting(amount(text).is_some(), text, "the value is no number"),
        Kind::Date => fitting(day(text).is_some(), text, "the value is no date such as 2026-11-02"),
        Kind::Boolean => fitting(truth(text).is_some(), text, "the value is neither true nor false"),
    }
}

/// The value for Brevo. What was emptied in the shop is emptied there.
pub(crate) fn to_brevo(kind: Kind, fact: &CustomValue) -> Option<Value> {
    let Some(text) = &fact.value else { return fact.given.then(|| json!("")) };
    match kind {
        Kind::Text => Some(json!(text)),
        Kind::Number => amount(text).and_then(number),
        Kind::Date => day(text).map(|day| json!(day.to_string())),
        Kind::Boolean => truth(text).map(|truth| json!(truth)),
    }
}

fn fitting(fits: bool, text: &str, problem: &'static str) -> (Option<String>, Option<&'static str>) {
    // Nothing that fits is longer: a number, a day, an amount with its currency.
    let fits = fits && text.len() <= LONGEST_TEXT;
    (fits.then(|| text.to_owned()), (!fits).then_some(problem))
}

/// Shopify keeps list metafields as a JSON list in a text.
fn listed(text: &str) -> Option<String> {
    if !text.starts_with('[') {
        return None;
    }
    let list: Vec<Value> = serde_json::from_str(text).ok()?;
    let words = list.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned));
    Some(words.collect::<Vec<_>>().join(", "))
}

/// A number, or the number in a money, measurement or rating metafield.
fn amount(text: &str) -> Option<Money> {
    if !text.starts_with('{') {
        return parse_amount(text);
    }
    let object: Value = serde_json::from_str(text).ok()?;
    match object.get("amount").or_else(|| object.get("value"))? {
        Value::String(text) => parse_amount(text),
        Value::Number(number) => parse_amount(&number.to_string()),
        _ => None,
    }
}

/// A day, or the day of a moment (UTC).
fn day(text: &str) -> Option<Date> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.to_zoned(jiff::tz::TimeZone::UTC).date());
    }
    let day = text.get(..10)?;
    text.chars().nth(10).is_none_or(|next| next == 'T' || next == ' ').then(|| day.parse().ok())?
}

/// The words that checkboxes and metafields use.
fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(kind: Kind, text: &str) -> Option<Value> {
        let value = fit(kind, text).0?;
        to_brevo(
            kind,
            &CustomValue {
                at: Timestamp::UNIX_EPOCH,
                edited_at: None,
                triggered_at: None,
                value: Some(value),
                given: true,
            },
        )
    }

    #[test]
    fn metafields_of_every_type_become_values_of_the_kind_that_was_asked() {
        assert_eq!(sent(Kind::Text, r#"["gold","early"]"#), Some(json!("gold, early")));
        assert_eq!(sent(Kind::Text, " gold "), Some(json!("gold")));
        assert_eq!(sent(Kind::Number, "42"), Some(json!(42.0)));
        assert_eq!(sent(Kind::Number, r#"{"amount":"5.99","currency_code":"EUR"}"#), Some(json!(5.99)));
        assert_eq!(sent(Kind::Number, r#"{"value":2.5,"unit":"kg"}"#), Some(json!(2.5)));
        assert_eq!(sent(Kind::Date, "2026-11-02"), Some(json!("2026-11-02")));
        assert_eq!(sent(Kind::Date, "2026-11-02T23:30:00-05:00"), Some(json!("2026-11-03")));
        assert_eq!(sent(Kind::Date, "2026-11-02T23:30:00"), Some(json!("2026-11-02")));
        assert_eq!(sent(Kind::Boolean, "Yes"), Some(json!(true)));
        assert_eq!(sent(Kind::Boolean, "off"), Some(json!(false)));
    }

    #[test]
    fn what_does_not_fit_its_kind_is_left_out_and_said() {
        for (kind, text) in [
            (Kind::Number, "gold"),
            (Kind::Date, "tomorrow"),
            (Kind::Date, "2026-13-02"),
            (Kind::Date, "2026-11-023"),
            (Kind::Boolean, "perhaps"),
        ] {
            let (value, problem) = fit(kind, text);
            assert_eq!((value, problem.is_some()), (None, true), "{text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_and_said() {
        let (text, problem) = fit(Kind::Text, &"ü".repeat(2_000));
        assert_eq!((text.map(|text| text.chars().count()), problem.is_some()), (Some(1_000), true));
    }
}
