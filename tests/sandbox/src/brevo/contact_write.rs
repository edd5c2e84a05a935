//! What a write does to contacts: all of it, or nothing and a reason.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::attributes::{self, Changes};
use super::body::{self, Answer, Kind, invalid, missing};
use super::contacts::Contact;
use super::identity::Identifier;
use crate::http::{Request, Response};

/// A contact body whose every field has been checked. Nothing is written before this exists.
pub(super) struct Write {
    /// Identifiers to set, in their stored form.
    identifiers: Vec<(Identifier, String)>,
    /// Identifiers to empty.
    emptied: Vec<Identifier>,
    changes: Changes,
    link: Vec<u64>,
    unlink: Vec<u64>,
    email_blacklisted: Option<bool>,
    sms_blacklisted: Option<bool>,
    update_enabled: bool,
    force_merge: bool,
    get_id: bool,
    /// The address that names the contact in `POST`; attribute EMAIL may name the next one.
    addressed_as: Option<String>,
}

impl Write {
    pub(super) fn read(account: &Account, request: &Request) -> Result<Self, Response> {
        let body = body::object(request)?;
        body::check_types(&body, FIELDS)?;
        let empty = Map::new();
        let given = body.get("attributes").and_then(Value::as_object).unwrap_or(&empty);
        let mut write = Self {
            identifiers: Vec::new(),
            emptied: Vec::new(),
            changes: attributes::changes(&account.attributes, given),
            link: body::ids(&body, "listIds"),
            unlink: body::ids(&body, "unlinkListIds"),
            email_blacklisted: body.get("emailBlacklisted").and_then(Value::as_bool),
            sms_blacklisted: body.get("smsBlacklisted").and_then(Value::as_bool),
            update_enabled: body::flag(&body, "updateEnabled"),
            force_merge: body::flag(&body, "forceMerge"),
            get_id: body::flag(&body, "getId"),
            addressed_as: None,
        };
        let is_post = request.method == "POST";
        if is_post {
            write.unlink.clear(); // only PUT knows it
        }
        if let Some(raw) = body::text(&body, "email").filter(|_| is_post) {
            write.addressed_as = Some(normal(Identifier::Email, raw)?);
        }
        let ext_id = body::text(&body, "ext_id").or_else(|| body::text(given, "EXT_ID"));
        let email = body::text(given, "EMAIL").or_else(|| body::text(&body, "email").filter(|_| is_post));
        for (identifier, raw) in [(Identifier::Email, email), (Identifier::ExtId, ext_id)] {
            write.set(identifier, raw)?;
        }
        for phone in Identifier::PHONES {
            write.set(phone, body::text(given, phone.attribute()))?;
        }
        let known = |id: &u64| account.lists.contains_key(id);
        if !write.link.iter().all(known) || !write.unlink.iter().all(known) {
            return Err(invalid("Invalid list ids"));
        }
        Ok(write)
    }

    fn set(&mut self, identifier: Identifier, raw: Option<&str>) -> Result<(), Response> {
        match raw {
            None => {}
            Some("") if identifier != Identifier::Email => self.emptied.push(identifier),
            Some(raw) => self.identifiers.push((identifier, normal(identifier, raw)?)),
        }
        Ok(())
    }

    fn identifier(&self, wanted: Identifier) -> Option<&str> {
        self.identifiers.iter().find(|(identifier, _)| *identifier == wanted).map(|(_, value)| value.as_str())
    }

    /// The contact that a `POST` speaks of: the owner of the **first** identifier given, in the order of Brevo's
    /// own sentence (email, ext_id, SMS). Another identifier with another owner is a conflict, not a match.
    fn target(&self, account: &Account) -> Result<Option<u64>, Response> {
        let by_email = self.addressed_as.as_deref().map(|email| (Identifier::Email, email));
        let by_ext_id = self.identifier(Identifier::ExtId).map(|ext_id| (Identifier::ExtId, ext_id));
        let by_sms = self.identifier(Identifier::Sms).map(|sms| (Identifier::Sms, sms));
        let (identifier, value) = by_email.or(by_ext_id).or(by_sms).ok_or_else(|| missing("email"))?;
        Ok(account.owner_of(identifier, value))
    }

    /// Identifiers of this write that belong to a contact other than `target`.
    fn conflicts(&self, account: &Account, target: Option<u64>) -> Vec<(Identifier, u64)> {
        let owners = self
            .identifiers
            .iter()
            .filter_map(|(identifier, value)| Some((*identifier, account.owner_of(*identifier, value)?)));
        owners.filter(|(_, owner)| Some(*owner) != target).collect()
    }
}

/// `POST /contacts`: 201 with the id of a new contact, 204 for one that was updated.
pub(super) fn upsert(account: &mut Account, write: &Write, now: Timestamp) -> Answer {
    let Some(target) = write.target(account)? else {
        let conflicts = write.conflicts(account, None);
        if conflicts.is_empty() {
            let id = account.next_contact();
            account.contacts.insert(id, blank(id, now));
            apply(account, id, write, now);
            return Ok(Response::with_json(201, &json!({"id": id})));
        }
        if write.force_merge {
            let owners = conflicts.into_iter().map(|(_, owner)| owner).collect();
            return merge(account, owners, write, now);
        }
        return Err(duplicate("duplicate_parameter", "create", &conflicts));
    };
    if !write.update_enabled {
        let mut taken = write.conflicts(account, None);
        if taken.is_empty() {
            // The address that found it is about to be replaced by attribute EMAIL.
            taken.push((Identifier::Email, target));
        }
        return Err(duplicate("duplicate_parameter", "create", &taken));
    }
    update(account, target, write, now)
}

/// `PUT /contacts/{identifier}`, and `POST` of a contact that exists.
pub(super) fn update(account: &mut Account, id: u64, write: &Write, now: Timestamp) -> Answer {
    account.refuse_if_early(id, now)?;
    let conflicts = write.conflicts(account, Some(id));
    if !conflicts.is_empty() {
        if write.force_merge {
            let owners = conflicts.into_iter().map(|(_, owner)| owner).chain([id]).collect();
            return merge(account, owners, write, now);
        }
        // Since May 2026 updates say `invalid_parameter` where creations say `duplicate_parameter`.
        return Err(duplicate("invalid_parameter", "update", &conflicts));
    }
    if let Some(contact) = account.contacts.get(&id) {
        let has_email = contact.email.is_some() || write.identifier(Identifier::Email).is_some();
        if write.emptied.contains(&Identifier::Sms) && !has_email {
            return Err(invalid("SMS cannot be emptied: the contact has no email"));
        }
        let keeps = |identifier: Identifier| {
            write.identifier(identifier).is_some()
                || (contact.identifier(identifier).is_some() && !write.emptied.contains(&identifier))
        };
        if ![Identifier::Email, Identifier::ExtId, Identifier::Sms].into_iter().any(keeps) {
            return Err(invalid("A contact needs an email, an ext_id or a phone number"));
        }
    }
    apply(account, id, write, now);
    Ok(updated(id, write))
}

/// `forceMerge`: the contact that was modified last survives and gains what it lacks; the others are gone.
fn merge(account: &mut Account, owners: BTreeSet<u64>, write: &Write, now: Timestamp) -> Answer {
    let mut merged: Vec<Contact> = owners.iter().filter_map(|id| account.contacts.remove(id)).collect();
    merged.sort_by_key(|contact| (contact.modified_at, contact.id));
    let mut survivor = merged.pop().ok_or_else(|| invalid("Nothing to merge"))?;
    for other in merged.into_iter().rev() {
        survivor.email = survivor.email.or(other.email);
        survivor.ext_id = survivor.ext_id.or(other.ext_id);
        survivor.list_ids.extend(other.list_ids);
        for (name, value) in other.attributes {
            survivor.attributes.entry(name).or_insert(value);
        }
    }
    let id = survivor.id;
    account.contacts.insert(id, survivor);
    apply(account, id, write, now);
    Ok(updated(id, write))
}

/// Writes. Everything has been checked.
fn apply(account: &mut Account, id: u64, write: &Write, now: Timestamp) {
    let Some(contact) = account.contacts.get_mut(&id) else { return };
    for (identifier, value) in &write.identifiers {
        match identifier {
            Identifier::Email => {
                // A new address is a new person to Brevo's blocklist.
                if contact.email.as_deref() != Some(value) {
                    contact.email_blacklisted = false;
                }
                contact.email = Some(value.clone());
            }
            Identifier::ExtId => contact.ext_id = Some(value.clone()),
            phone => {
                contact.attributes.insert(phone.attribute().to_owned(), json!(value));
            }
        }
    }
    for identifier in &write.emptied {
        contact.attributes.remove(identifier.attribute());
        if *identifier == Identifier::ExtId {
            contact.ext_id = None;
        }
    }
    apply_changes(contact, &write.changes);
    contact.list_ids.extend(&write.link);
    contact.list_ids.retain(|list| !write.unlink.contains(list));
    contact.email_blacklisted = write.email_blacklisted.unwrap_or(contact.email_blacklisted);
    contact.sms_blacklisted = write.sms_blacklisted.unwrap_or(contact.sms_blacklisted);
    contact.modified_at = now;
}

/// Sets and clears attributes; also what `contact_properties` of an event do.
pub(super) fn apply_changes(contact: &mut Contact, changes: &Changes) {
    contact.attributes.extend(changes.set.clone());
    for name in &changes.clear {
        contact.attributes.remove(name);
    }
}

const FIELDS: &[(&str, Kind)] = &[
    ("email", Kind::Text),
    ("ext_id", Kind::Text),
    ("attributes", Kind::Object),
    ("listIds", Kind::Ids),
    ("unlinkListIds", Kind::Ids),
    ("emailBlacklisted", Kind::Bool),
    ("smsBlacklisted", Kind::Bool),
    ("updateEnabled", Kind::Bool),
    ("forceMerge", Kind::Bool),
    ("getId", Kind::Bool),
];

fn normal(identifier: Identifier, raw: &str) -> Result<String, Response> {
    identifier.normal(raw).ok_or_else(|| match identifier {
        Identifier::Email => invalid("Invalid email address"),
        Identifier::ExtId => invalid("Invalid ext_id"),
        _ => invalid("Invalid phone number"),
    })
}

fn duplicate(code: &str, verb: &str, conflicts: &[(Identifier, u64)]) -> Response {
    let names: Vec<&str> = conflicts.iter().map(|(identifier, _)| identifier.name()).collect();
    let message =
        format!("Unable to {verb} contact, {} is already associated with another Contact", names.join(", "));
    let metadata = json!({"duplicate_identifiers": names});
    Response::with_json(400, &json!({"code": code, "message": message, "metadata": metadata}))
}

fn updated(id: u64, write: &Write) -> Response {
    if write.get_id { Response::with_json(201, &json!({"id": id})) } else { Response::empty(204) }
}

fn blank(id: u64, now: Timestamp) -> Contact {
    Contact {
        id,
        email: None,
        ext_id: None,
        attributes: Map::new(),
        list_ids: BTreeSet::new(),
        email_blacklisted: false,
        sms_blacklisted: false,
        created_at: now,
        modified_at: now,
    }
}
