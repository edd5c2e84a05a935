//! Operations as requests: method, path, query, body. Paths are relative to Brevo's `/v3`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{ContactWrite, Event, Identifier, limits};

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "HTTP's own words")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// As HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Which of Brevo's two addresses a request goes to. Each has a key of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// The API.
    #[default]
    Api,
    /// The tracker.
    Tracker,
}

impl Host {
    fn is_api(&self) -> bool {
        *self == Self::Api
    }
}

/// One call to Brevo, as a value.
#[derive(Clone, PartialEq, Serialize)]
pub struct Request {
    /// Where it goes.
    #[serde(skip_serializing_if = "Host::is_api")]
    pub host: Host,
    /// The method.
    pub method: Method,
    /// Relative to the base address of the host, percent-encoded.
    pub path: String,
    /// `name=value&…`, percent-encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The JSON body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

// Paths and bodies name people: only the kind of call is shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.path.split('/').nth(1).unwrap_or_default();
        write!(f, "{} /{kind}", self.method.as_str())
    }
}

/// Words of Brevo's paths; anything else in a path names somebody or something.
const PATH_WORDS: [&str; 25] = [
    "account",
    "activate",
    "add",
    "attributes",
    "batch",
    "categories",
    "config",
    "contacts",
    "create",
    "displayCurrency",
    "ecommerce",
    "events",
    "folders",
    "import",
    "lists",
    "normal",
    "orders",
    "processes",
    "products",
    "remove",
    "status",
    "trackEvent",
    "update",
    "variants",
    "webhooks",
];

impl Request {
    /// The path without the identifiers in it, such as `/contacts/{…}`: fit for logs.
    pub fn path_template(&self) -> String {
        let word = |part: &str| PATH_WORDS.contains(&part) || part.is_empty();
        let parts = self.path.split('/').map(|part| if word(part) { part } else { "{…}" });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Names of the body's fields, one level deep, never their values: `attributes.FIRSTNAME`.
    pub fn field_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, value) in self.body.iter().filter_map(Value::as_object).flatten() {
            match value {
                Value::Object(inner) => names.extend(inner.keys().map(|inner| format!("{name}.{inner}"))),
                _ => names.push(name.clone()),
            }
        }
        names
    }
}

fn request(method: Method, path: impl Into<String>, body: Option<Value>) -> Request {
    Request { host: Host::Api, method, path: path.into(), query: None, body }
}

pub(crate) fn post(path: &str, body: Value) -> Request {
    request(Method::Post, path, Some(body))
}

/// `GET /account`: checks the key; names the account and its plan.
pub fn get_account() -> Request {
    request(Method::Get, "/account", None)
}

/// `GET /contacts/attributes`.
pub fn get_attributes() -> Request {
    request(Method::Get, "/contacts/attributes", None)
}

/// `GET /contacts/lists`: [`limits::LISTS_PER_PAGE`] of them after `offset`.
pub fn get_lists(offset: usize) -> Request {
    page("/contacts/lists", offset)
}

/// `GET /contacts/folders`, likewise.
pub fn get_folders(offset: usize) -> Request {
    page("/contacts/folders", offset)
}

fn page(path: &str, offset: usize) -> Request {
    let query = format!("limit={}&offset={offset}&sort=asc", limits::LISTS_PER_PAGE);
    Request { query: Some(query), ..request(Method::Get, path, None) }
}

/// `POST /contacts/folders`. Brevo answers its id.
pub fn create_folder(name: &str) -> Request {
    request(Method::Post, "/contacts/folders", Some(json!({ "name": name })))
}

/// `POST /contacts/lists`. Brevo answers its id.
pub fn create_list(name: &str, folder: u64) -> Request {
    request(Method::Post, "/contacts/lists", Some(json!({ "name": name, "folderId": folder })))
}

/// `GET /ecommerce/config/displayCurrency`: the account's one currency. 403 while eCommerce is off, which makes it the
/// question whether it is on.
pub fn get_display_currency() -> Request {
    request(Method::Get, "/ecommerce/config/displayCurrency", None)
}

/// `POST /contacts/attributes/normal/{name}` with Brevo's word for the type.
pub fn create_attribute(name: &str, kind: &str) -> Request {
    request(
        Method::Post,
        format!("/contacts/attributes/normal/{}", encode(name)),
        Some(json!({ "type": kind })),
    )
}

/// `POST /ecommerce/activate`: orders and products answer 403 before it.
pub fn activate_ecommerce() -> Request {
    request(Method::Post, "/ecommerce/activate", None)
}

/// Where Brevo sends its marketing webhooks to, and which.
#[derive(Clone, Copy)]
pub struct Registration<'a> {
    /// The address.
    pub url: &'a str,
    /// The bearer token that each of them carries: Brevo signs nothing.
    pub token: &'a SecretString,
    /// Which events.
    pub events: &'a [&'a str],
}

/// `GET /webhooks?type=marketing`: all of them. The answer shows tokens.
pub fn get_marketing_webhooks() -> Request {
    Request { query: Some("type=marketing".to_owned()), ..request(Method::Get, "/webhooks", None) }
}

/// `POST /webhooks`.
pub fn create_webhook(registration: &Registration<'_>) -> Request {
    let mut body = webhook_body(registration);
    // An update cannot change these.
    body["type"] = json!("marketing");
    body["channel"] = json!("email");
    request(Method::Post, "/webhooks", Some(body))
}

/// `PUT /webhooks/{id}`.
pub fn update_webhook(id: u64, registration: &Registration<'_>) -> Request {
    request(Method::Put, format!("/webhooks/{id}"), Some(webhook_body(registration)))
}

/// `DELETE /webhooks/{id}`.
pub fn delete_webhook(id: u64) -> Request {
    request(Method::Delete, format!("/webhooks/{id}"), None)
}

fn webhook_body(registration: &Registration<'_>) -> Value {
    json!({
        "url": registration.url,
        "events": registration.events,
        "description": "Tajo: who unsubscribes in Brevo is not written to again by a store",
        "auth": { "type": "bearer", "token": registration.token.expose_secret() },
        "batched": true,
    })
}

/// `POST /contacts`, never as an upsert: whether the contact existed decides whether we may set its flags.
pub fn create_contact(write: &ContactWrite) -> Request {
    let mut body = contact_body(write);
    if let Some(email) = &write.email {
        body.insert("email".to_owned(), json!(email));
    }
    body.insert("updateEnabled".to_owned(), json!(false));
    request(Method::Post, "/contacts", Some(Value::Object(body)))
}

/// `PUT /contacts/{identifier}`.
pub fn update_contact(identifier: &Identifier, write: &ContactWrite) -> Request {
    let mut body = contact_body(write);
    if !write.unlink_list_ids.is_empty() {
        body.insert("unlinkListIds".to_owned(), json!(write.unlink_list_ids));
    }
    contact_request(Method::Put, identifier, Some(Value::Object(body)))
}

/// `GET /contacts/{identifier}`.
pub fn get_contact(identifier: &Identifier) -> Request {
    contact_request(Method::Get, identifier, None)
}

/// `GET /contacts`: those that changed since then, the oldest contact first, [`limits::CONTACTS_PER_PAGE`] of them after
/// `offset`. (Brevo sorts by when a contact was made, whatever is asked for.)
pub fn get_changed_contacts(since: Timestamp, offset: usize) -> Request {
    let limit = limits::CONTACTS_PER_PAGE;
    let query = Some(format!("modifiedSince={since:.3}&limit={limit}&offset={offset}&sort=asc"));
    Request { query, ..request(Method::Get, "/contacts", None) }
}

/// `DELETE /contacts/{identifier}`. Forgets the contact's blocks: ask first.
pub fn delete_contact(identifier: &Identifier) -> Request {
    contact_request(Method::Delete, identifier, None)
}

/// One event, alone or in a batch. `attributes` are written to its contact with it.
pub(crate) fn event_body(event: &Event, attributes: &BTreeMap<String, Value>) -> Value {
    let mut body = json!({
        "event_name": event.name,
        "identifiers": event.identifier.to_json(),
        "event_date": event.date.to_string(),
    });
    if !event.properties.is_empty() {
        body["event_properties"] = Value::Object(event.properties.clone());
    }
    if !attributes.is_empty() {
        body["contact_properties"] = json!(attributes);
    }
    body
}

/// `GET /events` of one contact by Brevo's own id: a page of its custom events of the last six months.
pub fn get_events(contact: u64, offset: usize) -> Request {
    let limit = limits::EVENTS_PER_PAGE;
    let query = Some(format!("contact_id={contact}&limit={limit}&offset={offset}"));
    Request { query, ..request(Method::Get, "/events", None) }
}

/// `updateEnabled` is false by default: a known id would be refused ("Create/Update a product"). A batch says it once.
pub(crate) fn upsert_body(mut item: Map<String, Value>) -> Value {
    item.insert("updateEnabled".to_owned(), json!(true));
    Value::Object(item)
}

fn contact_request(method: Method, identifier: &Identifier, body: Option<Value>) -> Request {
    let path = format!("/contacts/{}", encode(identifier.value()));
    Request { query: Some(format!("identifierType={}", identifier.kind())), ..request(method, path, body) }
}

fn contact_body(write: &ContactWrite) -> Map<String, Value> {
    let mut body = Map::new();
    if let Some(ext_id) = &write.ext_id {
        body.insert("ext_id".to_owned(), json!(ext_id));
    }
    if !write.attributes.is_empty() {
        body.insert("attributes".to_owned(), json!(write.attributes));
    }
    if !write.list_ids.is_empty() {
        body.insert("listIds".to_owned(), json!(write.list_ids));
    }
    if let Some(blocked) = write.email_blacklisted {
        body.insert("emailBlacklisted".to_owned(), json!(blocked));
    }
    if let Some(blocked) = write.sms_blacklisted {
        body.insert("smsBlacklisted".to_owned(), json!(blocked));
    }
    body
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
