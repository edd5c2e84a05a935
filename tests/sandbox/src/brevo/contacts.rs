//! Contacts: reading, finding and the four endpoints. What a write does is in `contact_write`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::{Account, OWNER};
use super::body::{self, Answer, invalid, not_found, wire_time};
use super::contact_write::{self, Write};
use super::identity::Identifier;
use crate::http::{Request, Response};

/// A contact.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Brevo's id.
    pub id: u64,
    /// Lower case.
    pub email: Option<String>,
    /// The caller's own id.
    #[serde(rename = "ext_id")]
    pub ext_id: Option<String>,
    /// Attributes, with the phone numbers (as digits) among them; without EMAIL and EXT_ID.
    pub attributes: Map<String, Value>,
    /// The lists it is in.
    pub list_ids: BTreeSet<u64>,
    /// Blocklisted for email campaigns.
    pub email_blacklisted: bool,
    /// Blocklisted for SMS campaigns.
    pub sms_blacklisted: bool,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it was last written.
    pub modified_at: Timestamp,
}

impl Contact {
    pub(super) fn identifier(&self, identifier: Identifier) -> Option<&str> {
        match identifier {
            Identifier::Email => self.email.as_deref(),
            Identifier::ExtId => self.ext_id.as_deref(),
            phone => self.attributes.get(phone.attribute()).and_then(Value::as_str),
        }
    }

    fn details(&self) -> Value {
        let mut attributes = self.attributes.clone();
        if let Some(ext_id) = &self.ext_id {
            attributes.insert("EXT_ID".to_owned(), json!(ext_id));
        }
        let mut details = json!({
            "id": self.id,
            "emailBlacklisted": self.email_blacklisted,
            "smsBlacklisted": self.sms_blacklisted,
            "whatsappBlacklisted": false,
            "createdAt": wire_time(self.created_at),
            "modifiedAt": wire_time(self.modified_at),
            "listIds": self.list_ids,
            "listUnsubscribed": [],
            "attributes": attributes,
        });
        if let Some(email) = &self.email {
            details["email"] = json!(email);
        }
        details
    }
}

impl Account {
    /// The contact that owns an identifier. `value` is in its stored form.
    pub(super) fn owner_of(&self, identifier: Identifier, value: &str) -> Option<u64> {
        self.contacts.values().find(|contact| contact.identifier(identifier) == Some(value)).map(|c| c.id)
    }

    /// 425 while a contact is still being processed after its creation.
    pub(super) fn refuse_if_early(&self, id: u64, now: Timestamp) -> Result<(), Response> {
        let age_ms = self.contacts.get(&id).map(|c| now.as_millisecond() - c.created_at.as_millisecond());
        if age_ms.is_some_and(|age_ms| age_ms < self.early_ms) {
            return Err(Response::error(425, "account_in_process", "Contact is still being processed"));
        }
        Ok(())
    }
}

/// `POST /contacts`
pub(super) fn create(account: &mut Account, request: &Request, now: Timestamp) -> Answer {
    let write = Write::read(account, request)?;
    contact_write::upsert(account, &write, now)
}

/// `PUT /contacts/{identifier}`
pub(super) fn update(account: &mut Account, request: &Request, identifier: &str, now: Timestamp) -> Answer {
    let id = find(account, request, identifier)?;
    let write = Write::read(account, request)?;
    contact_write::update(account, id, &write, now)
}

/// `GET /contacts/{identifier}`
pub(super) fn get(account: &Account, request: &Request, identifier: &str) -> Answer {
    let id = find(account, request, identifier)?;
    let mut details = account.contacts.get(&id).map(Contact::details).unwrap_or_default();
    details["statistics"] = json!({});
    Ok(Response::with_json(200, &details))
}

/// `DELETE /contacts/{identifier}`. Nothing of the contact stays, not even its block.
pub(super) fn delete(account: &mut Account, request: &Request, identifier: &str) -> Answer {
    let id = find(account, request, identifier)?;
    if account.contacts.get(&id).is_some_and(|contact| contact.email.as_deref() == Some(OWNER)) {
        return Err(Response::error(
            405,
            "method_not_allowed",
            "The contact of an account user cannot be deleted",
        ));
    }
    account.contacts.remove(&id);
    Ok(Response::empty(204))
}

/// `GET /contacts`
pub(super) fn page(account: &Account, request: &Request) -> Answer {
    let modified_since = body::query_time(request, "modifiedSince")?;
    let created_since = body::query_time(request, "createdSince")?;
    let list_ids: Vec<u64> = request
        .query_value("listIds")
        .map(|ids| ids.split(',').filter_map(|id| id.parse().ok()).collect())
        .unwrap_or_default();
    let wanted: Vec<&Contact> = account
        .contacts
        .values()
        .filter(|contact| modified_since.is_none_or(|since| contact.modified_at > since))
        .filter(|contact| created_since.is_none_or(|since| contact.created_at > since))
        .filter(|contact| list_ids.is_empty() || list_ids.iter().any(|id| contact.list_ids.contains(id)))
        .collect();
    let count = wanted.len();
    let page = body::page(request, wanted, 50, 1_000)?;
    let contacts: Vec<Value> = page.into_iter().map(Contact::details).collect();
    Ok(Response::with_json(200, &json!({"contacts": contacts, "count": count})))
}

/// Without `identifierType` only an email address or Brevo's own id work, so a bare number is always taken for the
/// latter.
fn find(account: &Account, request: &Request, raw: &str) -> Result<u64, Response> {
    let found = match request.query_value("identifierType").as_deref() {
        None if raw.contains('@') => by_identifier(account, Identifier::Email, raw)?,
        None | Some("contact_id") => {
            raw.parse().map(Some).map_err(|_| invalid("Invalid contact identifier"))?
        }
        Some(name) => match Identifier::ALL.iter().find(|identifier| identifier.type_name() == name) {
            Some(identifier) => by_identifier(account, *identifier, raw)?,
            None => return Err(invalid("identifierType is not valid")),
        },
    };
    found.filter(|id| account.contacts.contains_key(id)).ok_or_else(|| not_found("Contact does not exist"))
}

fn by_identifier(account: &Account, identifier: Identifier, raw: &str) -> Result<Option<u64>, Response> {
    let value = identifier.normal(raw).ok_or_else(|| invalid("Invalid contact identifier"))?;
    Ok(account.owner_of(identifier, &value))
}
