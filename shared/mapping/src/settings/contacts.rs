//! How people of a store become contacts of Brevo: `contacts` in the settings.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// How people become contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactSettings {
    /// Whoever Brevo does not have becomes a contact; otherwise only those it has are brought up to date.
    pub create: bool,
    /// What a person is looked for by, the first first. [`IdentityField::Email`] is always among them.
    pub identity: Vec<IdentityField>,
    /// A number is put into Brevo's attribute WHATSAPP where the store records WhatsApp consent for exactly this number.
    pub whatsapp: bool,
}

impl Default for ContactSettings {
    fn default() -> Self {
        Self { create: true, identity: DEFAULT_ORDER.to_vec(), whatsapp: false }
    }
}

/// The order without a choice: Brevo's own, as it finds a contact by its address first.
const DEFAULT_ORDER: [IdentityField; 3] =
    [IdentityField::Email, IdentityField::CustomerId, IdentityField::Phone];

impl ContactSettings {
    /// Whether people are looked for by this at all.
    pub fn uses(&self, field: IdentityField) -> bool {
        self.identity.contains(&field)
    }

    /// Whether Brevo is asked before anything is written to a person it was never told of. An address needs no question:
    /// Brevo refuses a second contact of it.
    pub fn looks_first(&self) -> bool {
        !self.create || self.identity.first() != Some(&IdentityField::Email)
    }
}

/// What Brevo may know a person by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityField {
    /// The address. Brevo has one contact for each.
    Email,
    /// The platform's customer id, as Brevo's `ext_id`.
    CustomerId,
    /// The number, as Brevo's `SMS`.
    Phone,
}

/// How people become contacts.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContactsBlock {
    /// Whether people that Brevo does not have become contacts. `false`: only contacts that Brevo has already are brought
    /// up to date, and nothing is told of anybody else. Left out: yes.
    pub create: Option<bool>,
    /// What a person is looked for by in Brevo, the first first. `email` must be among them; what is left out is not used
    /// (without `customer_id` Brevo's `ext_id` is left to others). Left out: `[email, customer_id, phone]`.
    pub identity: Option<IdentityOrder>,
    /// Whether a phone number is also put into Brevo's WHATSAPP attribute, which subscribes it there: only where the store
    /// records WhatsApp consent for exactly this number. Left out: no.
    pub whatsapp: Option<bool>,
}

/// Ways to find a person, the first first.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Vec<IdentityField>")]
pub struct IdentityOrder(Vec<IdentityField>);

impl TryFrom<Vec<IdentityField>> for IdentityOrder {
    type Error = &'static str;

    fn try_from(fields: Vec<IdentityField>) -> Result<Self, Self::Error> {
        if !fields.contains(&IdentityField::Email) {
            return Err(
                "an order without `email`: Brevo keeps one contact for each address, so it must be among them",
            );
        }
        let is_twice = |(place, field): (usize, &IdentityField)| fields[..place].contains(field);
        if fields.iter().enumerate().any(is_twice) {
            return Err("an order that names something twice");
        }
        Ok(Self(fields))
    }
}

impl JsonSchema for IdentityOrder {
    fn schema_name() -> Cow<'static, str> {
        "IdentityOrder".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": generator.subschema_for::<IdentityField>(),
            "contains": { "const": "email" },
            "uniqueItems": true,
            "examples": [["email", "customer_id", "phone"], ["customer_id", "email"]],
        })
    }
}

/// What the block says, and the defaults of what it does not.
pub(super) fn contacts(block: &ContactsBlock) -> ContactSettings {
    let defaults = ContactSettings::default();
    ContactSettings {
        create: block.create.unwrap_or(defaults.create),
        identity: block.identity.clone().map_or(defaults.identity, |order| order.0),
        whatsapp: block.whatsapp.unwrap_or(defaults.whatsapp),
    }
}
