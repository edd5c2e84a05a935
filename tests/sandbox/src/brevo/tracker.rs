//! Brevo's tracker, `https://in-automate.brevo.com/api/v2`: one event of one address in a call.
//!
//! It is told from the API by its path. It answers no rate headers: its limits are documented nowhere.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::body::{self, Kind, invalid};
use super::events;
use crate::http::{Request, Response};

/// Whether a request is for the tracker.
pub(crate) fn is_for_the_tracker(request: &Request) -> bool {
    request.path.starts_with("/api/v2/")
}

impl Account {
    /// Brevo shows it under marketing automation.
    pub(crate) fn tracker_key(&self) -> String {
        format!("sandbox-tracker-key-{}", self.name)
    }

    /// Answers a request to the tracker.
    pub(crate) fn track(&mut self, request: &Request, now: Timestamp) -> Response {
        if !self.automation {
            return Response::error(401, "unauthorized", "Key not found");
        }
        if (request.method.as_str(), request.path.as_str()) != ("POST", "/api/v2/trackEvent") {
            let sentence = "The sandbox plays no other road of the tracker than POST /trackEvent.";
            return Response::error(501, "not_played", sentence);
        }
        match self.track_event(request, now) {
            Ok(()) => Response::empty(204),
            Err(refusal) => refusal,
        }
    }

    fn track_event(&mut self, request: &Request, now: Timestamp) -> Result<(), Response> {
        let sent = body::object(request)?;
        body::require(&sent, &["email", "event"])?;
        let kinds = [
            ("email", Kind::Text),
            ("event", Kind::Text),
            ("properties", Kind::Object),
            ("eventdata", Kind::Object),
        ];
        body::check_types(&sent, &kinds)?;
        let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
        let attributes = object(sent.get("properties"));
        if ["email", "event"].iter().any(|name| attributes.contains_key(*name)) {
            return Err(invalid("email and event are no properties"));
        }
        let eventdata = object(sent.get("eventdata"));
        let mut properties: Map<String, Value> = object(eventdata.get("data"));
        if let Some(id) = eventdata.get("id") {
            properties.insert("eventdata_id".to_owned(), id.clone());
        }
        let event = json!({
            "event_name": sent["event"],
            "identifiers": { "email_id": sent["email"] },
            "event_properties": properties,
            "contact_properties": attributes,
        });
        events::apply(self, event.as_object().unwrap_or(&Map::new()), now);
        Ok(())
    }
}
