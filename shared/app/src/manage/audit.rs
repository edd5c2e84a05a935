//! The audit log: one record for each change that a known key asks for, written here for every operation, so that a new one
//! cannot forget it. It is written before the change, and nothing is changed that could not be recorded; its end is added after.
//!
//! Requests without a known key leave a log line and no record: strangers could fill the table. Nor do those above a key's limit.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use serde_json::Value;
use tajo_api::{AuditEntry, AuditOutcome, AuditPage, Code, Operation};
use tajo_domain::StoreId;
use tajo_state::{AUDIT_KEPT_DAYS, AuditQuery, AuditRecord, audit_page, write_audit};
use tracing::error;

use super::call::Call;
use super::fault::Fault;
use super::keys::Caller;
use super::router::is_name;
use super::wire::Reply;
use super::{Manage, Request, cursor};
use crate::random;

/// How long a page is looked for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Characters of a record's own part of its key.
const ID_LENGTH: usize = 12;

/// Characters of what is recorded of a request: a record is one write unit.
const LONGEST: usize = 600;

/// Fields of bodies whose values are recorded: none of them holds a secret or anything about a person. Of all other fields it
/// is only recorded that they were there. A test holds both lists against the document.
const WITH_VALUE: [&str; 12] = [
    "all",
    "delivery",
    "expires_at",
    "overlap_seconds",
    "resources",
    "scope",
    "shops",
    "since",
    "store",
    "stores",
    "topic",
    "type",
];

/// Fields of bodies that are named without their values.
const BY_NAME: [&str; 23] = [
    "access_token",
    "api_key",
    "api_secret",
    "brevo_api_key",
    "client_id",
    "client_secret",
    "country",
    "currency",
    "first_sync",
    "ids",
    "includeImages",
    "includeVariants",
    "live",
    "name",
    "payload",
    "platform",
    "reason",
    "settings",
    "shop_url",
    "signature",
    "triggeredAt",
    "until",
    "yaml",
];

/// What the operations add to their record: which store it is about, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<(Option<String>, Vec<String>)>);

impl Notes {
    fn lock(&self) -> MutexGuard<'_, (Option<String>, Vec<String>)> {
        // Each change is one assignment: a panic while the lock was held left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is about this store.
    pub(super) fn about(&self, store: &str) {
        self.lock().0 = Some(store.to_owned());
    }

    /// Something that belongs into the record. No secret and nothing about a person.
    pub(super) fn add(&self, words: impl Into<String>) {
        self.lock().1.push(words.into());
    }
}

/// Writes down that a change is asked for. Fails if it cannot be written: then nothing is changed.
pub(super) async fn begin(
    manage: &Manage,
    operation: &Operation,
    key: &Caller,
    parts: &[String],
    request: &Request,
) -> Result<AuditRecord, Fault> {
    let id: String = random::word()
        .map_err(|error| Fault::internal(error.to_string()))?
        .expose_secret()
        .chars()
        .take(ID_LENGTH)
        .collect();
    let store = parts.first().filter(|_| operation.path.contains("{store}"));
    let record = AuditRecord {
        at: manage.connect.clock.now(),
        id,
        key: key.id.clone(),
        key_name: key.name.clone(),
        operation: operation.id.to_owned(),
        // `_` is put right once it is known which store that is.
        store: store.filter(|store| StoreId::parse(store).is_ok()).cloned(),
        what: words(operation, parts, &request.query, &request.body),
        status: None,
    };
    write_audit(&manage.connect.table, &record).await?;
    Ok(record)
}

/// Writes down how it ended.
pub(super) async fn end(
    manage: &Manage,
    mut record: AuditRecord,
    notes: &Notes,
    answered: &Result<Reply, Fault>,
) {
    let (store, words) = std::mem::take(&mut *notes.lock());
    record.store = store.or(record.store);
    for words in words {
        record.what = shortened(format!("{}; {words}", record.what));
    }
    record.status = Some(match answered {
        Ok(reply) => reply.status(),
        Err(fault) => fault.problem.status,
    });
    if let Err(error) = write_audit(&manage.connect.table, &record).await {
        error!(operation = record.operation, key.id = record.key, %error, "the end of a change could not be recorded");
    }
}

/// What is asked for: the parts of the path, the query's words, and the body's fields. Pure.
fn words(operation: &Operation, parts: &[String], query: &str, body: &[u8]) -> String {
    let mut words = vec![operation.id.to_owned()];
    let names = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let told = names.zip(parts).filter(|(name, _)| *name != "store");
    words.extend(told.map(|(name, part)| format!("{name} {part}")));
    // All that a query of a change says is a choice between two words.
    words.extend(
        (!query.is_empty() && query.len() < 40 && query.split(['=', '&']).all(is_name))
            .then(|| query.to_owned()),
    );
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let fields = body.as_object().into_iter().flatten();
    words.extend(fields.filter(|(_, value)| !value.is_null()).filter_map(|(name, value)| {
        if WITH_VALUE.contains(&name.as_str()) {
            return Some(plain(value).map_or_else(|| name.clone(), |value| format!("{name} {value}")));
        }
        BY_NAME.contains(&name.as_str()).then(|| match value {
            Value::Array(values) => format!("{name} ({})", values.len()),
            _ => name.clone(),
        })
    }));
    shortened(words.join(", "))
}

/// A value that is made of names. Whatever else stands in such a field is not repeated.
fn plain(value: &Value) -> Option<String> {
    let fit = |text: &str| text.split('/').all(is_name);
    match value {
        Value::String(text) => fit(text).then(|| text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(values) => {
            let values: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
            values.filter(|values| values.iter().all(|value| fit(value))).map(|values| values.join(" "))
        }
        _ => None,
    }
}

fn shortened(text: String) -> String {
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain(['…']).collect() }
}

/// `audit`
pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let (connect, query) = (&call.manage.connect, &call.query);
    let now = connect.clock.now();
    let kept = jiff::SignedDuration::from_hours(24 * AUDIT_KEPT_DAYS);
    let kept_since = now.saturating_sub(kept).unwrap_or(now);
    let store = query.get("store").map(StoreId::parse).transpose();
    let store = store.map_err(|_| Fault::invalid("`store` is no name of a store"))?;
    if let Some(store) = &store
        && !call.key.may_touch(store)
    {
        return Err(Fault::new(Code::Forbidden, "this key may not touch this store")
            .hint("use a key without a bound, or one that is bound to this store"));
    }
    let matches = |record: &AuditRecord| {
        let about = record.store.as_deref().and_then(|store| StoreId::parse(store).ok());
        let is_seen = match &about {
            Some(about) => call.key.may_touch(about),
            // Keys and apps are of all stores.
            None => call.key.may_touch_all(),
        };
        is_seen && store.as_ref().is_none_or(|store| about.as_ref() == Some(store))
    };
    let page = AuditQuery {
        since: query.time("since", now)?.unwrap_or(kept_since).max(kept_since),
        from: query.get("cursor").map(cursor::place).transpose()?,
        limit: query.limit()?,
        matches: &matches,
        until: Instant::now() + PATIENCE,
    };
    let (records, next) = audit_page(&connect.table, now, page).await?;
    Reply::ok(&AuditPage {
        entries: records.into_iter().map(entry).collect(),
        next: next.as_deref().map(cursor::of_place),
    })
}

fn entry(record: AuditRecord) -> AuditEntry {
    let AuditRecord { at, id: _, key, key_name, operation, store, what, status } = record;
    let outcome = match status {
        None => AuditOutcome::Unfinished,
        Some(200..=299) => AuditOutcome::Done,
        Some(400..=499) => AuditOutcome::Refused,
        Some(_) => AuditOutcome::Failed,
    };
    AuditEntry { at, key, key_name, operation, store, what, outcome, status }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tajo_api::{OPERATIONS, document};

    use super::*;

    fn told(id: &str, parts: &[&str], query: &str, body: &str) -> String {
        let operation = OPERATIONS.iter().find(|operation| operation.id == id).unwrap();
        let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        words(operation, &parts, query, body.as_bytes())
    }

    #[test]
    fn what_is_recorded_says_what_was_asked_for_without_secrets_or_people() {
        let body =
            r#"{"brevo_api_key": "xkeysib-hush", "api_secret": "hush", "jo@example.com": 1, "live": null}"#;
        assert_eq!(
            told("editCredentials", &["demo"], "", body),
            "editCredentials, api_secret, brevo_api_key"
        );
        assert_eq!(told("revokeKey", &["0123456789ab"], "", ""), "revokeKey, key 0123456789ab");
        assert_eq!(told("disconnect", &["demo"], "data=erase", ""), "disconnect, data=erase");
        let body =
            r#"{"topic": "customers/delete", "payload": {"email": "jo@example.com"}, "delivery": "d-1"}"#;
        assert_eq!(
            told("handleWebhook", &["demo"], "", body),
            "handleWebhook, delivery d-1, payload, topic customers/delete"
        );
        let body = r#"{"name": "Jo's", "scope": "admin", "stores": ["shop-a", "shop-b"]}"#;
        assert_eq!(told("createKey", &[], "", body), "createKey, name, scope admin, stores shop-a shop-b");
        let body = r#"{"ids": ["d-1", "d-2"], "reason": "jo@example.com"}"#;
        assert_eq!(told("dropParked", &["demo"], "x=jo@example.com", body), "dropParked, ids (2), reason");
        // Something else in the place of a name.
        assert_eq!(
            told("handleWebhook", &["demo"], "", r#"{"topic": "jo@example.com"}"#),
            "handleWebhook, topic"
        );
        assert_eq!(told("createKey", &[], "", "no json"), "createKey");
    }

    #[test]
    fn every_field_of_a_change_is_in_one_of_the_lists() {
        let document = document();
        let mut fields = BTreeSet::new();
        for operation in OPERATIONS.iter().filter(|operation| operation.changes()) {
            let method = operation.method.to_lowercase();
            let schema = &document["paths"][operation.path][&method]["requestBody"]["content"]["application/json"]
                ["schema"];
            let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) else {
                continue;
            };
            let properties = document["components"]["schemas"][name]["properties"].as_object().unwrap();
            fields.extend(properties.keys().cloned());
        }
        assert!(fields.len() > 10);
        for field in fields {
            let known = WITH_VALUE.contains(&field.as_str()) || BY_NAME.contains(&field.as_str());
            assert!(known, "`{field}` would be missing in the audit log: add it to WITH_VALUE or BY_NAME");
        }
    }
}
