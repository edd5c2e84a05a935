//! The effective mapping for people: every attribute with its kind, where it comes from, and what it may look like.

use jiff::Timestamp;
use serde::Serialize;
use tajo_domain::{
    Consent, ConsentState, ContactRecord, CustomValue, Email, Money, NumberConsent, Phone, Profile, Totals,
    Versioned,
};

use crate::rules::effective_rules;
use crate::settings::Settings;
use crate::sources::{EMAIL, PHONE};
use crate::{Kind, Value};

/// One attribute of a store's mapping.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MappingRow {
    /// The Brevo attribute.
    pub attribute: String,
    /// Its kind.
    pub kind: Kind,
    /// The field of the shop.
    pub source: String,
    /// A made-up value.
    pub example: Option<Value>,
}

/// Every attribute that the store's contacts get, in the order of the mapping, the identifiers first.
pub fn mapping_rows(settings: &Settings) -> Vec<MappingRow> {
    let record = made_up();
    let now = at("2026-11-21T09:00:00Z");
    let wanted =
        |source: &str| settings.field_mapping.is_empty() || settings.field_mapping.contains_key(source);
    let profile = record.profile.as_ref().map(|profile| &profile.value);
    let row = |attribute: &str, source: &str, example: Option<&str>| MappingRow {
        attribute: attribute.to_owned(),
        kind: Kind::Text,
        source: source.to_owned(),
        example: example.map(Value::from),
    };
    let email = profile.and_then(|profile| profile.email.as_ref()).map(Email::as_str);
    let phone = profile.and_then(|profile| profile.phone.as_ref()).map(Phone::as_str);
    // The address is the contact itself, mapped or not.
    let mut rows = vec![row("EMAIL", EMAIL, email)];
    rows.extend(wanted(PHONE).then(|| row("SMS", PHONE, phone)));
    rows.extend(effective_rules(settings).into_iter().map(|mapped| {
        let mut record = record.clone();
        let text = custom_example(&mapped.source, mapped.kind).to_owned();
        let fact =
            CustomValue { at: now, edited_at: None, triggered_at: None, value: Some(text), given: true };
        record.custom.insert(mapped.source.clone(), fact);
        let example = mapped.read(&record, now);
        MappingRow { attribute: mapped.attribute, kind: mapped.kind, source: mapped.source, example }
    }));
    rows
}

fn custom_example(source: &str, kind: Kind) -> &'static str {
    match (source.strip_prefix("default_address."), kind) {
        _ if source == tajo_domain::NOTE => "prefers mornings",
        (Some("address1"), _) => "Gartenweg 7",
        (Some("address2"), _) => "2nd floor",
        (Some("city"), _) => "Freiburg",
        (Some("country"), _) => "Germany",
        (Some("country_code"), _) => "DE",
        (Some("zip"), _) => "79098",
        (Some("phone"), _) => "+491711234567",
        (_, Kind::Text) => "gold",
        (_, Kind::Number) => "3",
        (_, Kind::Date) => "2026-11-02",
        (_, Kind::Boolean) => "true",
    }
}

/// Somebody who bought twice.
fn made_up() -> ContactRecord {
    let now = at("2026-11-02T10:00:00Z");
    let said = |state| Some(Consent::new(state, now));
    let profile = Profile {
        email: Email::parse("jo@example.com").ok(),
        phone: Phone::parse("+491711234567", None).ok(),
        first_name: Some("Jo".to_owned()),
        last_name: Some("Müller".to_owned()),
    };
    let totals = Totals { orders: 2, spent: Money::new(17_980, 2), currency: None };
    ContactRecord {
        customer: Some("7201400000011".to_owned()),
        profile: Some(Versioned { at: now, value: profile }),
        email_consent: said(ConsentState::OptedIn),
        sms_consent: said(ConsentState::OptedOut).map(|said| NumberConsent { said, number: None }),
        locale: Some(Versioned { at: now, value: "de-DE".to_owned() }),
        tags: Some(Versioned { at: now, value: vec!["vip".to_owned(), "early bird".to_owned()] }),
        totals: Some(Versioned { at: now, value: totals }),
        last_order_at: Some(now),
        ..ContactRecord::default()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}
