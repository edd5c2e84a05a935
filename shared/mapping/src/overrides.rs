//! A store's own choice of attributes: read, checked, and applied.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_saphyr::{Location, Spanned};
use tajo_domain::{ContactRecord, PersonUpdate, Skipped};

use crate::custom_value::{fit, to_brevo};
use crate::rules::CONTACT_RULES;
use crate::settings::{Fields, Target, TargetBlock};
use crate::sources::{EMAIL, PHONE, parse_source};
use crate::{Kind, SettingsError, Value};

/// Which field fills which attribute. Empty: the default table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldMapping(Vec<Mapped>);

/// One attribute and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// The field: a row of the table of rules, or the full path of a custom one (`metafields.custom.tier`).
    pub source: String,
    /// The attribute, upper case.
    pub attribute: String,
    /// Its kind.
    pub kind: Kind,
}

/// Attributes that Brevo, or we, fill otherwise, and why a mapping may not.
const RESERVED: [(&str, &str); 9] = [
    ("EMAIL", "it is the contact's address, filled by `email` alone"),
    ("SMS", "it is an identifier that goes with its block flag, filled by `phone` alone"),
    ("WHATSAPP", "it is an identifier that Brevo cannot block, written only on recorded WhatsApp consent"),
    ("EXT_ID", "it is how the connector finds its contacts again"),
    ("LANDLINE_NUMBER", "it is an identifier: one number could make two people one contact"),
    ("OPT_IN", "Brevo keeps it for its own forms; consent goes with the block flags"),
    ("DOUBLE_OPT-IN", "Brevo keeps it for its own forms; consent goes with the block flags"),
    ("BLACKLISTED", "Brevo computes it"),
    ("READERS", "Brevo computes it"),
];

/// Longer names are surely a mistake (our choice: Brevo documents no limit).
const LONGEST_NAME: usize = 50;

impl FieldMapping {
    /// The fields of both levels that can be mapped, and what is wrong with the others. One that is mapped in both
    /// counts as `own` says.
    pub(crate) fn new(shared: Fields, own: Fields) -> (Self, Vec<SettingsError>) {
        let mut wrong = Vec::new();
        let mut placed: Vec<Placed> = Vec::new();
        for (level, fields) in [("field_mapping", shared), ("connectors.shopify.field_mapping", own)] {
            let mut here: Vec<Placed> = Vec::new();
            for (written, target) in fields.0 {
                let key = format!("{level}.{}", written.value);
                match parse(&written, &target, &key) {
                    Err(error) => wrong.push(error),
                    Ok(mapped) if here.iter().any(|before| before.mapped.source == mapped.source) => {
                        let problem = format!("is mapped twice: it is another name of `{}`", mapped.source);
                        wrong.push(SettingsError::at(written.referenced, key, problem));
                    }
                    Ok(mapped) => here.push(Placed { mapped, place: target.referenced, key }),
                }
            }
            placed.retain(|shared| here.iter().all(|own| own.mapped.source != shared.mapped.source));
            placed.extend(here);
        }
        let mut kept: Vec<Placed> = Vec::new();
        for Placed { mapped, place, key } in placed {
            match kept.iter().find(|before| before.mapped.attribute == mapped.attribute) {
                None => kept.push(Placed { mapped, place, key }),
                Some(before) => {
                    let problem = format!(
                        "fills {}, which `{}` fills already: they would overwrite each other",
                        mapped.attribute, before.key
                    );
                    let hint = Some("give each field an attribute of its own".to_owned());
                    wrong.push(SettingsError { hint, ..SettingsError::at(place, key, problem) });
                }
            }
        }
        (Self(kept.into_iter().map(|placed| placed.mapped).collect()), wrong)
    }

    /// Whether the store has no mapping of its own.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The attribute that a field goes to.
    pub fn get(&self, source: &str) -> Option<&Mapped> {
        self.0.iter().find(|mapped| mapped.source == source)
    }

    /// Whether a field is mapped.
    pub fn contains_key(&self, source: &str) -> bool {
        self.get(source).is_some()
    }

    /// The customer metafields that are mapped, as namespace and key: what a webhook must be subscribed with
    /// (`metafieldNamespaces`), or what is to be asked for.
    pub fn metafields(&self) -> impl Iterator<Item = (&str, &str)> {
        let paths = self.0.iter().filter_map(|mapped| mapped.source.strip_prefix("metafields."));
        paths.filter_map(|path| path.split_once('.'))
    }

    /// The update with only those custom facts that the store maps, each as it is to be stored, and what of them had to
    /// be left out. Everything else of the update stays as it is.
    pub fn keep<'a>(&self, update: &'a PersonUpdate) -> (Cow<'a, PersonUpdate>, Vec<Skipped>) {
        if update.custom.is_empty() {
            return (Cow::Borrowed(update), Vec::new());
        }
        let mut kept = update.clone();
        let mut skipped = Vec::new();
        kept.custom.retain(|source, fact| {
            let Some(mapped) = self.get(source) else { return false };
            let Some(text) = &fact.value else { return true };
            let (fitting, problem) = fit(mapped.kind, text);
            if let Some(problem) = problem {
                skipped.push(Skipped::new(mapped.attribute.clone(), problem));
            }
            let keep = fitting.is_some();
            fact.value = fitting;
            keep
        });
        (Cow::Owned(kept), skipped)
    }

    /// Forgets stored facts that the store no longer maps.
    pub fn forget_unmapped(&self, record: &mut ContactRecord) {
        record.custom.retain(|source, _| self.contains_key(source));
    }

    /// The fields that fill ordinary attributes: `email` and `phone` go their own way.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &Mapped> {
        self.0.iter().filter(|mapped| mapped.source != EMAIL && mapped.source != PHONE)
    }
}

impl Mapped {
    /// The value, or nothing to say. An emptied field is emptied in Brevo too.
    pub fn read(&self, record: &ContactRecord, now: Timestamp) -> Option<Value> {
        match CONTACT_RULES.iter().find(|rule| rule.source == self.source) {
            Some(rule) => (rule.read)(record, now),
            None => to_brevo(self.kind, record.custom.get(&self.source)?),
        }
    }
}

/// A line of a mapping and where it stands.
struct Placed {
    mapped: Mapped,
    place: Location,
    key: String,
}

/// One line of a mapping.
fn parse(written: &Spanned<String>, target: &Spanned<Target>, key: &str) -> Result<Mapped, SettingsError> {
    let source = parse_source(&written.value).map_err(|error| {
        let SettingsError { problem, suggestion, hint, .. } = error;
        SettingsError { suggestion, hint, ..SettingsError::at(written.referenced, key, problem) }
    })?;
    let block = TargetBlock::read(target, key)?;
    let attribute = block.attribute.trim().to_uppercase();
    let wrong = |problem: String| Err(SettingsError::at(target.referenced, key, problem));
    let kind = match (source.kind, block.kind) {
        (Some(fixed), Some(asked)) if fixed != asked => {
            return wrong(format!("is {fixed} and cannot be sent as {asked}"));
        }
        (fixed, asked) => fixed.or(asked).unwrap_or(Kind::Text),
    };
    let own = match source.path.as_str() {
        EMAIL => Some("EMAIL"),
        PHONE => Some("SMS"),
        _ => None,
    };
    match own {
        Some(own) if own == attribute => {}
        Some(own) => return wrong(format!("can only go to {own}: it identifies the contact")),
        None => {
            if let Some((name, reason)) = RESERVED.iter().find(|(name, _)| *name == attribute) {
                return wrong(format!("cannot go to {name}: {reason}"));
            }
        }
    }
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if attribute.is_empty() || LONGEST_NAME < attribute.len() || !attribute.chars().all(letters) {
        return wrong(format!(
            "goes to no possible attribute name: letters, digits, `_` and `-`, at most {LONGEST_NAME} of them"
        ));
    }
    Ok(Mapped { source: source.path, attribute, kind })
}
