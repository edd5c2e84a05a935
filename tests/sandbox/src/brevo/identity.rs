//! What makes a contact unique: five identifiers, each owned by at most one contact.

use serde::Serialize;

/// A kind of identifier, in the order in which Brevo prefers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Identifier {
    ExtId,
    Email,
    Sms,
    Whatsapp,
    Landline,
}

impl Identifier {
    pub(super) const ALL: [Self; 5] = [Self::ExtId, Self::Email, Self::Sms, Self::Whatsapp, Self::Landline];
    pub(super) const PHONES: [Self; 3] = [Self::Sms, Self::Whatsapp, Self::Landline];

    /// As spelled in `metadata.duplicate_identifiers`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::ExtId => "ext_id",
            Self::Sms => "SMS",
            Self::Whatsapp => "WHATSAPP",
            Self::Landline => "LANDLINE_NUMBER",
        }
    }

    /// The attribute that carries it.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::ExtId => "EXT_ID",
            phone => phone.name(),
        }
    }

    /// As spelled in `identifierType` and in the `identifiers` of events and orders.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Email => "email_id",
            Self::ExtId => "ext_id",
            Self::Sms => "phone_id",
            Self::Whatsapp => "whatsapp_id",
            Self::Landline => "landline_number_id",
        }
    }

    /// The stored form of a value, or `None` when it is not valid.
    pub(super) fn normal(self, raw: &str) -> Option<String> {
        match self {
            Self::Email => email(raw),
            Self::ExtId => (!raw.is_empty()).then(|| raw.to_owned()),
            Self::Sms | Self::Whatsapp | Self::Landline => phone(raw),
        }
    }
}

/// Lower case; one `@`; a host name of at least two labels.
fn email(raw: &str) -> Option<String> {
    let (local, domain) = raw.split_once('@')?;
    let local_fits = (1..=64).contains(&local.len())
        && local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c))
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let labels: Vec<&str> = domain.split('.').collect();
    let label_fits = |label: &&str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top_fits =
        labels.last().is_some_and(|top| top.len() >= 2 && !top.chars().all(|c| c.is_ascii_digit()));
    (local_fits && labels.len() >= 2 && labels.iter().all(label_fits) && top_fits)
        .then(|| raw.to_ascii_lowercase())
}

/// Digits with the country code, which is the form Brevo stores: `+33 6 12…`, `00336 12…` and `33612…` are one
/// number. Without a country code (a leading single zero) the number is refused.
fn phone(raw: &str) -> Option<String> {
    let bare: String = raw.chars().filter(|c| !" ()-.".contains(*c)).collect();
    let digits = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00")).unwrap_or(&bare);
    let shape_fits = digits.chars().all(|c| c.is_ascii_digit())
        && (8..=15).contains(&digits.len())
        && !digits.starts_with('0');
    // North America: eleven digits; neither area nor exchange begins with 0 or 1.
    let america_fits = !digits.starts_with('1')
        || (digits.len() == 11
            && !["0", "1"].contains(&&digits[1..2])
            && !["0", "1"].contains(&&digits[4..5]));
    (shape_fits && america_fits).then(|| digits.to_owned())
}
