//! Which fields of the shop a mapping may name, and what they are called in full.

use tajo_domain::{NOTE, address_source, metafield_source};

use crate::rules::CONTACT_RULES;
use crate::{Kind, SettingsError};

/// Where the values of an attribute come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Source {
    /// The name of a row of the table of rules, `email` or `phone`, or the full path of a custom field.
    pub path: String,
    /// The kind of its values; `None`: the settings choose.
    pub kind: Option<Kind>,
}

/// A name that editors may complete.
pub(crate) struct Known {
    pub name: String,
    pub meaning: &'static str,
}

/// The address, which is the contact itself.
pub(crate) const EMAIL: &str = "email";
/// The number, which is an identifier too and goes with its block flag.
pub(crate) const PHONE: &str = "phone";

/// Fields of the customer's home address. `state` is how other platforms call the province.
const ADDRESS_FIELDS: [(&str, &str); 9] = [
    ("address1", "street and number of the home address"),
    ("address2", "second line of the home address"),
    ("city", "city of the home address"),
    ("company", "company of the home address"),
    ("country", "country of the home address, by name"),
    ("country_code", "country of the home address, two letters"),
    ("phone", "number of the home address: never as an identifier"),
    ("province", "province or state of the home address"),
    ("zip", "postcode of the home address"),
];

/// Short names of customer metafields (`docs`: any other is written in full).
const SHORT_METAFIELDS: [(&str, &str); 2] = [
    ("customer_type", "the customer metafield custom.customer_type"),
    ("loyalty_tier", "the customer metafield custom.loyalty_tier"),
];

/// Everything with a name of its own. Metafields and note attributes are named by their shop.
pub(crate) fn known_sources() -> impl Iterator<Item = Known> {
    let known = |name: &str, meaning| Known { name: name.to_owned(), meaning };
    let identifiers = [
        (EMAIL, "the address: identifies the contact, always to EMAIL"),
        (PHONE, "the number: to SMS, blocked there unless the store recorded SMS consent"),
        (NOTE, "the merchant's note on the customer"),
    ];
    identifiers
        .into_iter()
        .chain(CONTACT_RULES.iter().map(|rule| (rule.source, rule.meaning)))
        .chain(SHORT_METAFIELDS)
        .map(move |(name, meaning)| known(name, meaning))
        .chain(ADDRESS_FIELDS.iter().map(move |(field, meaning)| known(&address_source(field), meaning)))
}

/// The other ways to write a field of the home address, as a regular expression.
pub(crate) fn address_pattern() -> String {
    let fields = ADDRESS_FIELDS.map(|(field, _)| field).join("|");
    format!("^(default_address|addresses\\[0\\])\\.({fields}|state)$")
}

/// What a name of the settings means, or why it means nothing. The error has no place yet.
pub(crate) fn parse_source(written: &str) -> Result<Source, SettingsError> {
    let fixed = |path: &str, kind| Ok(Source { path: path.to_owned(), kind: Some(kind) });
    if let Some(rule) = CONTACT_RULES.iter().find(|rule| rule.source == written) {
        return fixed(rule.source, rule.kind);
    }
    match written {
        EMAIL | PHONE | NOTE => return fixed(written, Kind::Text),
        short if SHORT_METAFIELDS.iter().any(|(name, _)| *name == short) => {
            return Ok(Source { path: metafield_source("custom", short), kind: None });
        }
        _ => {}
    }
    let wrong =
        |problem: &str| Err(SettingsError { problem: problem.to_owned(), ..SettingsError::default() });
    match written.split_once('.') {
        Some(("metafields", path)) => match path.split_once('.') {
            Some((namespace, key)) if !namespace.is_empty() && !key.is_empty() => {
                Ok(Source { path: metafield_source(namespace, key), kind: None })
            }
            _ => wrong("names no metafield: write `metafields.namespace.key`"),
        },
        Some(("note_attributes", name)) if !name.is_empty() => {
            Ok(Source { path: written.to_owned(), kind: None })
        }
        // Shopify puts the default address first; other platforms have a list and no default.
        Some(("default_address" | "addresses[0]", field)) => {
            let field = if field == "state" { "province" } else { field };
            match ADDRESS_FIELDS.iter().find(|(known, _)| *known == field) {
                Some((known, _)) => fixed(&address_source(known), Kind::Text),
                None => Err(unknown(written, field, ADDRESS_FIELDS.iter().map(|(known, _)| *known))),
            }
        }
        _ => {
            let known: Vec<Known> = known_sources().collect();
            let mut error = unknown(written, written, known.iter().map(|known| known.name.as_str()));
            error.hint = Some(
                "any metafield is written `metafields.namespace.key`, any note attribute `note_attributes.name`, a part of \
                 the home address `default_address.city`"
                    .to_owned(),
            );
            Err(error)
        }
    }
}

fn unknown<'a>(written: &str, part: &str, known: impl Iterator<Item = &'a str>) -> SettingsError {
    let before = written.strip_suffix(part).unwrap_or_default();
    let problem = "is no field that can be mapped".to_owned();
    let error = SettingsError { problem, ..SettingsError::default() }.with_choices(part, known, "known here");
    SettingsError { suggestion: error.suggestion.map(|name| format!("{before}{name}")), ..error }
}
