//! Folders, lists and who is in them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::body::{self, Answer, Kind, invalid, not_found, wire_time};
use super::identity::Identifier;
use crate::http::{Request, Response};

/// A folder of lists.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Folder {
    /// Brevo's id.
    pub id: u64,
    /// Its name.
    pub name: String,
}

/// A list. Its members are kept with the contacts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    /// Brevo's id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The folder it is in.
    pub folder_id: u64,
    /// When it came to be.
    pub created_at: Timestamp,
}

/// Contacts in one call (docs, "Add existing contacts to a list").
const MEMBERS_PER_CALL: usize = 150;

/// `POST /contacts/folders`
pub(super) fn create_folder(account: &mut Account, request: &Request) -> Answer {
    let body = body::object(request)?;
    body::require(&body, &["name"])?;
    body::check_types(&body, &[("name", Kind::Text)])?;
    let id = account.next_id();
    let name = body::text(&body, "name").unwrap_or_default().to_owned();
    account.folders.insert(id, Folder { id, name });
    Ok(Response::with_json(201, &json!({"id": id})))
}

/// `GET /contacts/folders`
pub(super) fn folders(account: &Account, request: &Request) -> Answer {
    let page = body::page(request, account.folders.values().collect(), 10, 50)?;
    let rows: Vec<Value> = page
        .into_iter()
        .map(|folder| {
            let lists: Vec<u64> =
                account.lists.values().filter(|l| l.folder_id == folder.id).map(|l| l.id).collect();
            counted(account, json!({"id": folder.id, "name": folder.name}), &lists)
        })
        .collect();
    Ok(Response::with_json(200, &json!({"folders": rows, "count": account.folders.len()})))
}

/// `POST /contacts/lists`
pub(super) fn create(account: &mut Account, request: &Request, now: Timestamp) -> Answer {
    let body = body::object(request)?;
    body::require(&body, &["name", "folderId"])?;
    body::check_types(&body, &[("name", Kind::Text)])?;
    let folder_id =
        body.get("folderId").and_then(Value::as_u64).ok_or_else(|| invalid("folderId is not valid"))?;
    if !account.folders.contains_key(&folder_id) {
        return Err(not_found("Folder ID does not exist"));
    }
    let id = account.next_id();
    let name = body::text(&body, "name").unwrap_or_default().to_owned();
    account.lists.insert(id, List { id, name, folder_id, created_at: now });
    Ok(Response::with_json(201, &json!({"id": id})))
}

/// `GET /contacts/lists`
pub(super) fn page(account: &Account, request: &Request) -> Answer {
    let page = body::page(request, account.lists.values().collect(), 10, 50)?;
    let rows: Vec<Value> = page.into_iter().map(|list| row(account, list)).collect();
    Ok(Response::with_json(200, &json!({"lists": rows, "count": account.lists.len()})))
}

/// `GET /contacts/lists/{id}`
pub(super) fn get(account: &Account, id: &str) -> Answer {
    let list =
        account.lists.get(&list_id(account, id)?).ok_or_else(|| not_found("List ID does not exist"))?;
    let mut row = row(account, list);
    row["createdAt"] = json!(wire_time(list.created_at));
    row["dynamicList"] = json!(false);
    Ok(Response::with_json(200, &row))
}

/// `POST /contacts/lists/{id}/contacts/add`
pub(super) fn add(account: &mut Account, request: &Request, id: &str, now: Timestamp) -> Answer {
    let list = list_id(account, id)?;
    let body = body::object(request)?;
    change_members(account, &body, list, true, now)
}

/// `POST /contacts/lists/{id}/contacts/remove`
pub(super) fn remove(account: &mut Account, request: &Request, id: &str, now: Timestamp) -> Answer {
    let list = list_id(account, id)?;
    let body = body::object(request)?;
    if !body::flag(&body, "all") {
        return change_members(account, &body, list, false, now);
    }
    let members = account.contacts.values_mut().filter_map(|c| c.list_ids.remove(&list).then_some(c));
    let total = members.map(|contact| contact.modified_at = now).count();
    let process_id = account.next_id();
    let contacts = json!({"success": [], "failure": [], "total": total, "processId": process_id});
    Ok(Response::with_json(201, &json!({"contacts": contacts})))
}

/// Adds or removes those that can be; the others are `failure`. When none can be, the whole call is a 400.
fn change_members(
    account: &mut Account,
    body: &Map<String, Value>,
    list: u64,
    add: bool,
    now: Timestamp,
) -> Answer {
    let given: Vec<&str> =
        ["emails", "ids", "extIds"].into_iter().filter(|name| body.contains_key(*name)).collect();
    let [field] = given.as_slice() else {
        return Err(invalid("Pass exactly one of emails, ids, extIds"));
    };
    let kind = if *field == "ids" { Kind::Ids } else { Kind::Texts };
    body::check_types(body, &[(field, kind)])?;
    let members = body.get(*field).and_then(Value::as_array).cloned().unwrap_or_default();
    if members.is_empty() || members.len() > MEMBERS_PER_CALL {
        return Err(invalid(format!("{field} must hold 1 to {MEMBERS_PER_CALL} contacts")));
    }
    let (mut success, mut failure) = (Vec::new(), Vec::new());
    for member in members {
        // Addresses are compared as they are written: Brevo stores lower case and does not fold here.
        let id = match *field {
            "emails" => member.as_str().and_then(|email| account.owner_of(Identifier::Email, email)),
            "extIds" => member.as_str().and_then(|ext_id| account.owner_of(Identifier::ExtId, ext_id)),
            _ => member.as_u64(),
        };
        let contact = id.and_then(|id| account.contacts.get_mut(&id));
        let changed = contact.is_some_and(|contact| {
            let changed = if add { contact.list_ids.insert(list) } else { contact.list_ids.remove(&list) };
            if changed {
                contact.modified_at = now;
            }
            changed
        });
        if changed { success.push(member) } else { failure.push(member) }
    }
    if success.is_empty() {
        let message = if add { "Contact already in list and/or does not exist" } else { REMOVED };
        return Err(invalid(message));
    }
    Ok(Response::with_json(201, &json!({"contacts": {"success": success, "failure": failure}})))
}

const REMOVED: &str = "Contact already removed from list and/or does not exist";

fn list_id(account: &Account, raw: &str) -> Result<u64, Response> {
    let id = raw.parse().map_err(|_| invalid("Invalid list id"))?;
    if account.lists.contains_key(&id) { Ok(id) } else { Err(not_found("List ID does not exist")) }
}

fn row(account: &Account, list: &List) -> Value {
    let row = json!({"id": list.id, "name": list.name, "folderId": list.folder_id});
    counted(account, row, &[list.id])
}

fn counted(account: &Account, mut row: Value, lists: &[u64]) -> Value {
    let members = || account.contacts.values().filter(|c| lists.iter().any(|list| c.list_ids.contains(list)));
    let blocked = members().filter(|contact| contact.email_blacklisted).count();
    row["totalBlacklisted"] = json!(blocked);
    row["totalSubscribers"] = json!(members().count() - blocked);
    row["uniqueSubscribers"] = json!(members().count());
    row
}
