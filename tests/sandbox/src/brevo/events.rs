//! Events: accepted one by one or queued in batches, never recognised as repeats, never creating contacts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::attributes;
use super::batch::{Job, Pending};
use super::body::{self, Answer, Kind, invalid};
use super::contact_write;
use super::identity::Identifier;
use crate::http::{Request, Response};

/// An event as Brevo keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// 1 for the first event that arrived, and so on.
    pub n: usize,
    /// Its name.
    pub event_name: String,
    /// As they were sent.
    pub identifiers: Value,
    /// The contact they named **when it was applied**; none when there was no such contact.
    pub contact: Option<u64>,
    /// When it happened, as sent; the time of arrival by default.
    pub event_date: String,
    /// As they were sent.
    pub event_properties: Value,
}

/// Events in one batch (docs, "Event endpoints").
const EVENTS_PER_BATCH: usize = 200;
/// Bytes of a batch: "512 KB", read strictly.
const BATCH_BYTES: usize = 512_000;
/// Bytes of one event's properties: "50 KB", read strictly.
const PROPERTIES_BYTES: usize = 50_000;
const NAME_LENGTH: usize = 255;

/// `POST /events`
pub(super) fn create(account: &mut Account, request: &Request, now: Timestamp) -> Answer {
    let event = body::object(request)?;
    check(&event).map_err(invalid)?;
    apply(account, &event, now);
    Ok(Response::empty(204))
}

/// `POST /events/batch`: 202 when all are queued, 207 when some are, 400 when none is.
pub(super) fn create_batch(account: &mut Account, request: &Request, now: Timestamp) -> Answer {
    if request.body.len() > BATCH_BYTES {
        return Err(invalid("The body must not exceed 512KB"));
    }
    let body = body::object(request)?;
    let Some(events) = body.get("events").and_then(Value::as_array) else {
        return Err(invalid("events is missing"));
    };
    if events.is_empty() || events.len() > EVENTS_PER_BATCH {
        return Err(invalid(format!("events must hold 1 to {EVENTS_PER_BATCH} events")));
    }
    let mut errors: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut good = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let checked =
            event.as_object().ok_or_else(|| "event must be an object".to_owned()).and_then(|event| {
                check(event)?;
                Ok(event.clone())
            });
        match checked {
            Ok(event) => good.push(event),
            Err(message) => errors.entry(message).or_default().push(index),
        }
    }
    let applied = good.len();
    account.enqueue(Pending { due: account.due(now), arrived: now, job: Job::Events(good) }, now);
    if errors.is_empty() {
        let answer = json!({"message": "Batch accepted", "count": applied});
        return Ok(Response::with_json(202, &answer));
    }
    let errors: Vec<Value> = errors
        .into_iter()
        .map(|(message, indexes)| json!({"eventIndex": indexes, "message": message}))
        .collect();
    let (status, word) = if applied == 0 { (400, "failed") } else { (207, "partial_success") };
    let answer = json!({
        "status": word,
        "total_events": events.len(),
        "successful_events": applied,
        "failed_events": events.len() - applied,
        "errors": errors,
    });
    Ok(Response::with_json(status, &answer))
}

/// `GET /events` by contact and by name, each as often as one likes; the latest `event_date` first.
pub(super) fn page(account: &Account, request: &Request) -> Answer {
    let contacts = request.query_values("contact_id").into_iter().map(|text| text.parse::<u64>());
    let contacts: Vec<u64> =
        contacts.collect::<Result<_, _>>().map_err(|_| invalid("contact_id is not valid"))?;
    let names = request.query_values("event_name");
    let wanted = |event: &&Event| {
        let is_theirs = event.contact.is_some_and(|contact| contacts.contains(&contact));
        (contacts.is_empty() || is_theirs) && (names.is_empty() || names.contains(&event.event_name))
    };
    let mut found: Vec<&Event> = account.events.iter().filter(wanted).collect();
    // Whoever writes a date in another way than RFC 3339 was refused when the event came.
    found.sort_by_key(|event| event.event_date.parse::<Timestamp>().ok());
    let count = found.len();
    let events: Vec<Value> = body::page(request, found, 100, 10_000)?
        .into_iter()
        .map(|event| {
            let mut shown = json!({
                "event_name": event.event_name,
                "event_date": event.event_date,
                "event_properties": event.event_properties,
            });
            // Absent, not null, says Brevo's document.
            if let Some(contact) = event.contact {
                shown["contact_id"] = json!(contact);
            }
            shown
        })
        .collect();
    Ok(Response::with_json(200, &json!({"events": events, "count": count})))
}

/// Records a checked event and refreshes the attributes of its contact, if there is one.
pub(super) fn apply(account: &mut Account, event: &Map<String, Value>, now: Timestamp) {
    let empty = Map::new();
    let identifiers = event.get("identifiers").and_then(Value::as_object).unwrap_or(&empty);
    let contact = contact_of(account, identifiers);
    let properties = event.get("contact_properties").and_then(Value::as_object).unwrap_or(&empty);
    let changes = attributes::changes(&account.attributes, properties);
    if let Some(contact) =
        contact.and_then(|id| account.contacts.get_mut(&id)).filter(|_| !properties.is_empty())
    {
        contact_write::apply_changes(contact, &changes);
        contact.modified_at = now;
    }
    account.events.push(Event {
        n: account.events.len() + 1,
        event_name: body::text(event, "event_name").unwrap_or_default().to_owned(),
        identifiers: json!(identifiers),
        contact,
        event_date: body::text(event, "event_date").map_or_else(|| body::wire_time(now), str::to_owned),
        event_properties: event.get("event_properties").cloned().unwrap_or_else(|| json!({})),
    });
}

/// `contact_id` decides alone; of the others the first that names a contact.
pub(super) fn contact_of(account: &Account, identifiers: &Map<String, Value>) -> Option<u64> {
    if let Some(id) = identifiers.get("contact_id") {
        return id.as_u64().filter(|id| account.contacts.contains_key(id));
    }
    Identifier::ALL.iter().find_map(|identifier| {
        let value = identifier.normal(body::text(identifiers, identifier.type_name())?)?;
        account.owner_of(*identifier, &value)
    })
}

fn check(event: &Map<String, Value>) -> Result<(), String> {
    let name = event.get("event_name").and_then(Value::as_str).ok_or("event_name is missing")?;
    if !is_name(name) {
        return Err("event_name must be 1 to 255 letters, digits, - and _".to_owned());
    }
    let identifiers = event.get("identifiers").and_then(Value::as_object).ok_or("identifiers is missing")?;
    check_identifiers(identifiers)?;
    for (field, kind) in
        [("event_date", Kind::Time), ("event_properties", Kind::Object), ("contact_properties", Kind::Object)]
    {
        body::check_types(event, &[(field, kind)]).map_err(|_| format!("{field} is not valid"))?;
    }
    let contact_properties = event.get("contact_properties").and_then(Value::as_object);
    let simple = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    if !contact_properties.is_none_or(|properties| properties.values().all(simple)) {
        return Err("contact_properties must be strings, numbers or booleans".to_owned());
    }
    let Some(properties) = event.get("event_properties") else { return Ok(()) };
    if properties.to_string().len() > PROPERTIES_BYTES {
        return Err("event_properties must not exceed 50KB".to_owned());
    }
    if properties.as_object().is_some_and(|properties| properties.values().any(Value::is_null)) {
        return Err("event_properties must not be null".to_owned());
    }
    check_keys(properties)
}

fn check_identifiers(identifiers: &Map<String, Value>) -> Result<(), String> {
    let kinds = Identifier::ALL.iter().filter_map(|identifier| identifiers.get(identifier.type_name()));
    let id = identifiers.get("contact_id");
    if kinds.clone().count() == 0 && id.is_none() {
        return Err("at least one identifier is required".to_owned());
    }
    let text_fits = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if !kinds.clone().all(text_fits) || id.is_some_and(|id| !id.is_u64()) {
        return Err("identifiers is not valid".to_owned());
    }
    check_email(identifiers)
}

/// An address is held against the same rule wherever it names a contact.
pub(super) fn check_email(identifiers: &Map<String, Value>) -> Result<(), String> {
    let email = body::text(identifiers, Identifier::Email.type_name());
    match email.is_some_and(|email| Identifier::Email.normal(email).is_none()) {
        true => Err("Invalid email address".to_owned()),
        false => Ok(()),
    }
}

/// Keys of nested objects follow the same rule.
fn check_keys(value: &Value) -> Result<(), String> {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(key, value)| {
            if is_name(key) {
                check_keys(value)
            } else {
                Err("keys must be 1 to 255 letters, digits, - and _".to_owned())
            }
        }),
        Value::Array(items) => items.iter().try_for_each(check_keys),
        _ => Ok(()),
    }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_LENGTH).contains(&text.chars().count())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
