//! Brevo's older road for the events that its commerce automations know by name: the tracker.
//!
//! It takes one event of one address in a call, without a date: an event happened when it arrives.

use serde_json::{Value, json};

use crate::request::post;
use crate::{Event, Host, Identifier, Request};

/// The events whose names Brevo has reserved (Brevo help, "eCommerce events").
pub const RESERVED_EVENTS: [&str; 3] = ["cart_updated", "cart_deleted", "order_completed"];

/// `POST /trackEvent` of a reserved event. `None`: it is none, or its contact has no address that the tracker could know
/// them by.
pub fn track(event: &Event) -> Option<Request> {
    let Identifier::Email(email) = &event.identifier else { return None };
    if !RESERVED_EVENTS.contains(&event.name) {
        return None;
    }
    let mut data = event.properties.clone();
    // All updates of a cart and its order go by one id. An order without a cart goes by its own.
    let own = || data.get("id").and_then(Value::as_str).map(|id| json!(format!("order:{id}")));
    let id = data.get("cart_id").cloned().or_else(own).unwrap_or_else(|| json!(event.date.to_string()));
    data.remove("cart_id");
    let body = json!({ "email": email, "event": event.name, "eventdata": { "id": id, "data": data } });
    Some(Request { host: Host::Tracker, ..post("/trackEvent", body) })
}

#[cfg(test)]
mod tests {
    use serde_json::Map;
    use tajo_domain::{Email, Phone};

    use super::*;

    fn event(name: &'static str, identifier: Identifier, properties: Value) -> Event {
        let properties: Map<String, Value> = properties.as_object().cloned().unwrap();
        Event { properties, ..Event::new(name, identifier, "2026-11-02T10:00:00Z".parse().unwrap()) }
    }

    fn jo() -> Identifier {
        Identifier::Email(Email::parse("jo@example.com").unwrap())
    }

    #[test]
    fn a_cart_and_its_order_go_by_one_id() {
        let cart = json!({"cart_id": "cart:abc", "total": 42, "items": []});
        let request = track(&event("cart_updated", jo(), cart.clone())).unwrap();
        assert_eq!((request.host, request.path.as_str()), (Host::Tracker, "/trackEvent"));
        let wanted = json!({
            "email": "jo@example.com",
            "event": "cart_updated",
            "eventdata": {"id": "cart:abc", "data": {"total": 42, "items": []}},
        });
        assert_eq!(request.body, Some(wanted));
        let order = track(&event("order_completed", jo(), cart)).unwrap();
        assert_eq!(order.body.unwrap()["eventdata"]["id"], "cart:abc");
        let lone = track(&event("order_completed", jo(), json!({"id": "#1001"}))).unwrap();
        assert_eq!(lone.body.unwrap()["eventdata"], json!({"id": "order:#1001", "data": {"id": "#1001"}}));
    }

    #[test]
    fn other_events_and_contacts_without_an_address_have_no_such_road() {
        assert_eq!(track(&event("order_placed", jo(), json!({}))), None);
        let phone = Identifier::Phone(Phone::parse("+491711234567", None).unwrap());
        for identifier in [phone, Identifier::ExtId("shopify:demo:1".to_owned())] {
            assert_eq!(track(&event("cart_updated", identifier, json!({}))), None);
        }
    }
}
