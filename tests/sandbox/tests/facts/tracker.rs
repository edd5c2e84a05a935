//! The tracker: another host, another key.

use serde_json::{Value, json};
use tajo_sandbox::{DEFAULT_KEY, Request, Response};

use crate::support::{Brevo, refused};

const KEY: &str = "sandbox-tracker-key-account-1";

/// Of the tracker there is no document to hold an answer against.
fn track(brevo: &Brevo, key: &str, path: &str, body: &Value) -> Response {
    let mut request = Request::new("POST", path).json(body);
    request.headers =
        vec![("ma-key".to_owned(), key.to_owned()), ("api-key".to_owned(), DEFAULT_KEY.to_owned())];
    brevo.sandbox.call_at(request, brevo.now())
}

fn cart() -> Value {
    json!({"email": "jo@example.com", "event": "cart_updated", "eventdata": {"id": "cart:1", "data": {"total": 2}}})
}

#[test]
fn the_tracker_takes_one_event_of_one_address_under_its_own_key() {
    let brevo = Brevo::new();
    let jo = brevo.contact(json!({"email": "jo@example.com"}));
    assert_eq!(track(&brevo, KEY, "/api/v2/trackEvent", &cart()).status, 204);
    let events = brevo.state().events;
    assert_eq!((events[0].event_name.as_str(), events[0].contact), ("cart_updated", Some(jo)));
    assert_eq!(events[0].event_properties, json!({"total": 2, "eventdata_id": "cart:1"}));
    for key in ["", DEFAULT_KEY] {
        refused(&track(&brevo, key, "/api/v2/trackEvent", &cart()), 401, "unauthorized");
    }
    brevo.settings(|settings| settings.automation = Some(false));
    refused(&track(&brevo, KEY, "/api/v2/trackEvent", &cart()), 401, "unauthorized");
}

#[test]
fn a_tracked_event_needs_an_address_and_a_name() {
    let brevo = Brevo::new();
    for field in ["email", "event"] {
        let mut body = cart();
        body.as_object_mut().unwrap().remove(field);
        refused(&track(&brevo, KEY, "/api/v2/trackEvent", &body), 400, "missing_parameter");
    }
    refused(&track(&brevo, KEY, "/api/v2/identify", &cart()), 501, "not_played");
}
