//! What Brevo knows, as text a shop owner could read.

use serde_json::Value;

/// Contacts, events and orders, one line each, sorted so that only what matters differs.
pub fn picture(state: &Value) -> String {
    let mut lines = Vec::new();
    for contact in array(state, "contacts") {
        let flags = match (contact["emailBlacklisted"].as_bool(), contact["smsBlacklisted"].as_bool()) {
            (Some(email), Some(sms)) => format!("email {} sms {}", on_off(email), on_off(sms)),
            other => format!("{other:?}"),
        };
        let lists = &contact["listIds"];
        lines.push(format!(
            "contact  {}  {}  {flags}  lists {lists}  {}",
            text(&contact["email"]),
            text(&contact["ext_id"]),
            contact["attributes"]
        ));
    }
    for event in array(state, "events") {
        let properties = &event["event_properties"];
        let about = ["order_number", "refund_id", "fulfillment_id", "id", "cart_id", "customer_id"];
        let about = about.iter().find_map(|name| properties[*name].as_str()).unwrap_or("");
        lines.push(format!(
            "event    {}  {}  {}  {about}  total {}",
            text(&event["event_name"]),
            event["identifiers"],
            text(&event["event_date"]),
            properties["total"],
        ));
    }
    for order in array(state, "orders") {
        lines.push(format!(
            "order    {}  {}  {}  {} products",
            text(&order["id"]),
            text(&order["status"]),
            order["amount"],
            order["products"].as_array().map_or(0, Vec::len)
        ));
    }
    lines.join("\n")
}

fn array<'a>(state: &'a Value, name: &str) -> &'a [Value] {
    state[name].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

fn on_off(blocked: bool) -> &'static str {
    if blocked { "blocked" } else { "open" }
}
