//! Things Brevo should know, before they are requests.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tajo_domain::{Email, Phone};

/// How Brevo finds a contact.
#[derive(Clone, PartialEq, Eq)]
pub enum Identifier {
    /// By address.
    Email(Email),
    /// By our own id, `shopify:<shop>:<customer id>`: a bare number would be read as Brevo's contact id.
    ExtId(String),
    /// By number.
    Phone(Phone),
    /// By Brevo's own id.
    BrevoId(String),
}

impl Identifier {
    /// The value of `identifierType` and the key in `identifiers`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email_id",
            Self::ExtId(_) => "ext_id",
            Self::Phone(_) => "phone_id",
            Self::BrevoId(_) => "contact_id",
        }
    }

    /// The value itself.
    pub fn value(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::ExtId(id) => id,
            Self::Phone(phone) => phone.as_str(),
            Self::BrevoId(id) => id,
        }
    }

    /// As the `identifiers` object of events and orders.
    pub fn to_json(&self) -> Value {
        Value::Object(Map::from_iter([(self.kind().to_owned(), Value::from(self.value()))]))
    }
}

/// The write of one contact. What is `None` or empty is left out of the request.
#[derive(Clone, Default, PartialEq)]
pub struct ContactWrite {
    /// The address (creation only; a change of address goes through `attributes.EMAIL`).
    pub email: Option<Email>,
    /// Our id of the contact.
    pub ext_id: Option<String>,
    /// Attributes by upper-case name. An empty string clears one.
    pub attributes: BTreeMap<String, Value>,
    /// Lists to join.
    pub list_ids: Vec<u64>,
    /// Lists to leave (updates only).
    pub unlink_list_ids: Vec<u64>,
    /// Block or unblock emails; left out: as it is.
    pub email_blacklisted: Option<bool>,
    /// Block or unblock text messages; left out: as it is.
    pub sms_blacklisted: Option<bool>,
}

/// One event of one contact.
#[derive(Clone, PartialEq)]
pub struct Event {
    /// Name: letters, digits, `-` and `_`.
    pub name: &'static str,
    /// Whose.
    pub identifier: Identifier,
    /// When it happened.
    pub date: Timestamp,
    /// What the automation and its templates read.
    pub properties: Map<String, Value>,
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.kind())
    }
}

impl fmt::Debug for ContactWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactWrite").field("attributes", &self.attributes.keys()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("name", &self.name).field("date", &self.date).finish_non_exhaustive()
    }
}

impl Event {
    /// An event without properties.
    pub fn new(name: &'static str, identifier: Identifier, date: Timestamp) -> Self {
        Self { name, identifier, date, properties: Map::new() }
    }
}
