//! Registrations of webhooks, and what Brevo would post to them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::Account;
use super::body::{self, Answer, Kind, invalid, not_found, wire_time};
use crate::http::{Request, Response};

/// Registrations of one account.
const MOST: usize = 40;

/// Events that a marketing webhook may have.
const EVENTS: &[&str] = &[
    "spam",
    "opened",
    "click",
    "hardBounce",
    "softBounce",
    "unsubscribed",
    "listAddition",
    "delivered",
    "contactUpdated",
    "contactDeleted",
];

/// One registration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Webhook {
    /// Brevo's id.
    pub id: u64,
    /// Where to.
    pub url: String,
    /// Which events, in Brevo's words for registrations.
    pub events: Vec<String>,
    /// For people.
    pub description: String,
    /// `marketing` or `transactional`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Several events in one post.
    pub batched: bool,
    /// `{"type": "bearer", "token": …}`; Brevo shows the token to whoever has the API key.
    pub auth: Value,
    created_at: Timestamp,
    modified_at: Timestamp,
}

/// Something that happens to a contact in Brevo: body of `POST /_sandbox/brevo/happen`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// The key of the account; the first one when absent.
    pub api_key: Option<String>,
    /// `unsubscribe`, `spam`, `hard_bounce`, `contact_deleted`, `contact_updated`, `list_addition`.
    pub event: String,
    /// Whose.
    pub email: String,
    /// When, in seconds since 1970; now when absent.
    pub ts_event: Option<i64>,
}

/// One post that Brevo would send.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The body.
    pub body: Value,
}

/// What came of a happening.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happened {
    /// The event, as its body says it.
    pub body: Value,
    /// To whom it goes.
    pub posts: Vec<Post>,
}

/// `GET /webhooks`. Without `type` Brevo lists the transactional ones.
pub(super) fn list(account: &Account, request: &Request) -> Answer {
    let kind = request.query_value("type").unwrap_or_else(|| "transactional".to_owned());
    let rows: Vec<Value> =
        account.webhooks.values().filter(|webhook| webhook.kind == kind).map(Webhook::details).collect();
    Ok(Response::with_json(200, &json!({ "webhooks": rows })))
}

/// `GET /webhooks/{id}`
pub(super) fn get(account: &Account, id: &str) -> Answer {
    let webhook = id.parse().ok().and_then(|id: u64| account.webhooks.get(&id));
    webhook
        .map(|webhook| Response::with_json(200, &webhook.details()))
        .ok_or_else(|| not_found("Webhook not found"))
}

/// `POST /webhooks`: 201 with the id.
pub(super) fn create(account: &mut Account, request: &Request, now: Timestamp) -> Answer {
    let body = body::object(request)?;
    body::require(&body, &["events", "url"])?;
    body::check_types(&body, FIELDS)?;
    if account.webhooks.len() >= MOST {
        return Err(invalid("You have reached the maximum number of webhooks"));
    }
    let id = account.next_id();
    let mut webhook = Webhook {
        id,
        url: String::new(),
        events: Vec::new(),
        description: String::new(),
        kind: body::text(&body, "type").unwrap_or("transactional").to_owned(),
        batched: false,
        auth: Value::Null,
        created_at: now,
        modified_at: now,
    };
    webhook.write(&Value::Object(body), now)?;
    account.webhooks.insert(id, webhook);
    Ok(Response::with_json(201, &json!({ "id": id })))
}

/// `PUT /webhooks/{id}`: absent fields stay as they are, and the type cannot be changed.
pub(super) fn update(account: &mut Account, request: &Request, id: &str, now: Timestamp) -> Answer {
    let body = body::object(request)?;
    body::check_types(&body, FIELDS)?;
    let webhook = id.parse().ok().and_then(|id: u64| account.webhooks.get_mut(&id));
    webhook.ok_or_else(|| not_found("Webhook not found"))?.write(&Value::Object(body), now)?;
    Ok(Response::empty(204))
}

/// `DELETE /webhooks/{id}`
pub(super) fn delete(account: &mut Account, id: &str) -> Answer {
    let gone = id.parse().ok().and_then(|id: u64| account.webhooks.remove(&id));
    gone.map(|_| Response::empty(204)).ok_or_else(|| not_found("Webhook not found"))
}

const FIELDS: &[(&str, Kind)] = &[
    ("url", Kind::Text),
    ("events", Kind::Texts),
    ("description", Kind::Text),
    ("type", Kind::Text),
    ("channel", Kind::Text),
    ("batched", Kind::Bool),
    ("auth", Kind::Object),
    ("headers", Kind::Objects),
];

impl Webhook {
    fn write(&mut self, body: &Value, now: Timestamp) -> Result<(), Response> {
        let url = body["url"].as_str().unwrap_or(&self.url);
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(invalid("url is not valid"));
        }
        if let Some(events) = body["events"].as_array() {
            let events: Vec<String> = events.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let is_known = |event: &String| self.kind != "marketing" || EVENTS.contains(&event.as_str());
            if events.is_empty() || !events.iter().all(is_known) {
                return Err(invalid("events are not valid"));
            }
            self.events = events;
        }
        self.url = url.to_owned();
        self.description = body["description"].as_str().unwrap_or(&self.description).to_owned();
        self.batched = body["batched"].as_bool().unwrap_or(self.batched);
        if body["auth"].is_object() {
            self.auth = body["auth"].clone();
        }
        self.modified_at = now;
        Ok(())
    }

    fn details(&self) -> Value {
        let mut details = json!({
            "id": self.id, "url": self.url, "events": self.events, "description": self.description,
            "type": self.kind, "channel": "email", "batched": self.batched,
            "createdAt": wire_time(self.created_at), "modifiedAt": wire_time(self.modified_at),
        });
        if self.auth.is_object() {
            details["auth"] = self.auth.clone();
        }
        details
    }
}

impl Account {
    /// Lets something happen to a contact, and says what Brevo would post. An opt-out blocks it, a deletion removes it.
    pub(crate) fn happen(&mut self, wanted: &Happening, now: Timestamp) -> Result<Happened, String> {
        let registered_as = match wanted.event.as_str() {
            "unsubscribe" => "unsubscribed",
            "hard_bounce" => "hardBounce",
            "contact_deleted" => "contactDeleted",
            "contact_updated" => "contactUpdated",
            "list_addition" => "listAddition",
            "spam" => "spam",
            other => return Err(format!("`{other}` is no event that is played.")),
        };
        let found = self.contacts.values().find(|contact| contact.email.as_deref() == Some(&wanted.email));
        let id = found.map(|contact| contact.id).ok_or("No contact has this address.")?;
        let seconds = wanted.ts_event.unwrap_or(now.as_second());
        let at = Timestamp::from_second(seconds).map_err(|error| error.to_string())?;
        if wanted.event == "contact_deleted" {
            self.contacts.remove(&id);
        } else if let Some(contact) = self.contacts.get_mut(&id)
            && ["unsubscribe", "spam", "hard_bounce"].contains(&wanted.event.as_str())
        {
            contact.email_blacklisted = true;
            contact.modified_at = at;
        }
        let mut body =
            json!({ "event": wanted.event, "email": wanted.email, "ts": seconds, "date": at.to_string() });
        match wanted.event.as_str() {
            "contact_updated" => body["content"] = json!([{ "FIRSTNAME": "Jo" }]),
            "contact_deleted" | "list_addition" => body["list_id"] = json!([2]),
            _ => {
                body["ts_event"] = json!(seconds);
                body["camp_id"] = json!(7);
                body["campaign name"] = json!("News");
            }
        }
        let listens = |webhook: &&Webhook| {
            webhook.kind == "marketing" && webhook.events.iter().any(|event| event == registered_as)
        };
        let posts = self.webhooks.values().filter(listens).map(|webhook| {
            let mut event = body.clone();
            event["id"] = json!(webhook.id);
            let token = webhook.auth["token"].as_str();
            Post {
                url: webhook.url.clone(),
                authorization: token.map(|token| format!("Bearer {token}")),
                body: if webhook.batched { json!([event]) } else { event },
            }
        });
        let posts = posts.collect();
        Ok(Happened { body, posts })
    }
}
