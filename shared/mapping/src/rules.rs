//! The table of contact attributes: the file people come here to edit.

use jiff::Timestamp;
use serde_json::json;
use tajo_domain::{Consent, ConsentState, ContactRecord, KnownAs, Totals};

use crate::{Mapped, Settings};

/// Brevo's kinds of attribute that we use. Brevo silently drops a value of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Brevo's `text`.
    Text,
    /// Brevo's `float`: it has no integers.
    Number,
    /// Brevo's `date`, `YYYY-MM-DD`.
    Date,
    /// Brevo's `boolean`.
    Boolean,
}

/// As it stands in settings.
impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Boolean => "boolean",
        })
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Text, Self::Number, Self::Date, Self::Boolean];

    /// Brevo's word for it ("Create contact attribute").
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "float",
            Self::Date => "date",
            Self::Boolean => "boolean",
        }
    }
}

/// A value of an attribute.
pub type Value = serde_json::Value;

/// One row: where a value comes from and where it goes.
pub struct Rule {
    /// The name under which settings ask for it.
    pub source: &'static str,
    /// The attribute it goes to unless the settings say otherwise.
    pub attribute: &'static str,
    /// The kind of the attribute.
    pub kind: Kind,
    /// Whether a store without a mapping of its own gets it.
    pub default: bool,
    /// For people.
    pub meaning: &'static str,
    /// The value, or nothing to say.
    pub read: fn(&ContactRecord, Timestamp) -> Option<Value>,
}

/// Every attribute the connector can fill. `email` and `phone` are identifiers and go their own way
/// (`contact.rs`): `email` is the contact itself, `phone` the attribute SMS with its block flag.
#[rustfmt::skip]
pub const CONTACT_RULES: &[Rule] = &[
    Rule { source: "first_name",            attribute: "FIRSTNAME",          kind: Kind::Text,   default: true,  meaning: "given name",                      read: |c, _| name(c, c.profile.as_ref()?.value.first_name.as_deref()?) },
    Rule { source: "last_name",             attribute: "LASTNAME",           kind: Kind::Text,   default: true,  meaning: "family name",                     read: |c, _| name(c, c.profile.as_ref()?.value.last_name.as_deref()?) },
    Rule { source: "member_id",             attribute: "MEMBER_ID",          kind: Kind::Text,   default: true,  meaning: "the platform's customer id",      read: |c, _| text(c.customer.as_deref()) },
    Rule { source: "tags",                  attribute: "TAGS",               kind: Kind::Text,   default: true,  meaning: "tags, joined by commas",          read: |c, _| Some(json!(c.present_tags()?.join(", "))) },
    Rule { source: "orders_count",          attribute: "ORDER_COUNT",        kind: Kind::Number, default: true,  meaning: "orders ever placed",              read: |c, _| Some(json!(c.totals.as_ref()?.value.orders)) },
    Rule { source: "total_spent",           attribute: "TOTAL_SPENT",        kind: Kind::Number, default: true,  meaning: "money ever spent",                read: |c, _| number(c.totals.as_ref()?.value.spent) },
    Rule { source: "last_order_date",       attribute: "LAST_ORDER_DATE",    kind: Kind::Date,   default: true,  meaning: "day of the last order (UTC)",     read: |c, _| Some(date(c.last_order_at?)) },
    Rule { source: "email_consent",         attribute: "EMAIL_CONSENT",      kind: Kind::Text,   default: true,  meaning: "opted_in or opted_out",           read: |c, _| consent(c.email_consent.as_ref()) },
    Rule { source: "email_consent_date",    attribute: "EMAIL_CONSENT_DATE", kind: Kind::Date,   default: true,  meaning: "day of that statement",           read: |c, _| consent_date(c.email_consent.as_ref()?) },
    Rule { source: "sms_consent",           attribute: "SMS_CONSENT",        kind: Kind::Text,   default: true,  meaning: "opted_in or opted_out",           read: |c, _| consent(Some(&c.sms_consent.as_ref()?.said)) },
    Rule { source: "sms_consent_date",      attribute: "SMS_CONSENT_DATE",   kind: Kind::Date,   default: true,  meaning: "day of that statement",           read: |c, _| consent_date(&c.sms_consent.as_ref()?.said) },
    Rule { source: "accepts_marketing",     attribute: "ACCEPTS_MARKETING",  kind: Kind::Boolean, default: false, meaning: "whether emails were opted in to",  read: |c, _| Some(json!(c.email_consent.as_ref()?.state == ConsentState::OptedIn)) },
    Rule { source: "whatsapp_consent",      attribute: "WHATSAPP_CONSENT",   kind: Kind::Text,   default: true,  meaning: "opted_in or opted_out",           read: |c, _| consent(Some(&c.whatsapp_consent.as_ref()?.said)) },
    Rule { source: "whatsapp_consent_date", attribute: "WHATSAPP_CONSENT_DATE", kind: Kind::Date, default: true, meaning: "day of that statement",           read: |c, _| consent_date(&c.whatsapp_consent.as_ref()?.said) },
    Rule { source: "preferred_language",    attribute: "LANGUAGE",           kind: Kind::Text,   default: false, meaning: "language tag of the buyer",       read: |c, _| text(c.locale.as_ref().map(|facet| facet.value.as_str())) },
    Rule { source: "average_order_value",   attribute: "AOV",                kind: Kind::Number, default: false, meaning: "money spent per order",           read: |c, _| average_order_value(c) },
    Rule { source: "days_since_last_order", attribute: "RECENCY",            kind: Kind::Number, default: false, meaning: "whole days since the last order", read: |c, now| Some(json!(now.duration_since(c.last_order_at?).as_hours().max(0) / 24)) },
];

/// The attributes in force for a store, each with its source: the store's own mapping, or else the defaults.
pub fn effective_rules(settings: &Settings) -> Vec<Mapped> {
    if !settings.field_mapping.is_empty() {
        return settings.field_mapping.attributes().cloned().collect();
    }
    let defaults = CONTACT_RULES.iter().filter(|rule| rule.default);
    let mapped = |rule: &Rule| Mapped {
        source: rule.source.to_owned(),
        attribute: settings.renamed.get(rule.source).map_or(rule.attribute, String::as_str).to_owned(),
        kind: rule.kind,
    };
    defaults.map(mapped).collect()
}

fn text(value: Option<&str>) -> Option<Value> {
    value.map(|text| json!(text))
}

/// An emptied name is emptied only where it was ours: a contact that Brevo had before may have got its own elsewhere.
fn name(record: &ContactRecord, name: &str) -> Option<Value> {
    (!name.is_empty() || record.known_as == KnownAs::Created).then(|| json!(name))
}

/// Brevo's numbers are floats; ours are exact until here.
pub(crate) fn number(amount: tajo_domain::Money) -> Option<Value> {
    use rust_decimal::prelude::ToPrimitive;
    amount.to_f64().map(|number| json!(number))
}

fn date(at: Timestamp) -> Value {
    json!(at.strftime("%Y-%m-%d").to_string())
}

/// Of an opt-in without a date nothing is said where not even the account's beginning is known.
fn consent_date(said: &Consent) -> Option<Value> {
    (said.at != Timestamp::UNIX_EPOCH).then(|| date(said.at))
}

fn consent(said: Option<&Consent>) -> Option<Value> {
    Some(match said?.state {
        ConsentState::OptedIn => json!("opted_in"),
        ConsentState::OptedOut => json!("opted_out"),
    })
}

/// In whole units of the currency; where that is not said, in hundredths.
fn average_order_value(record: &ContactRecord) -> Option<Value> {
    let Totals { orders, spent, currency } = &record.totals.as_ref()?.value;
    let average = spent.checked_div((*orders).into())?;
    number(average.round_dp(currency.as_ref().map_or(2, tajo_domain::Currency::decimals)))
}
