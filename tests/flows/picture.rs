//! What Brevo knows, as text a shop owner could read.

use serde_json::Value;

/// Contacts, events in the order of their arrival, and orders.
pub fn picture(state: &Value) -> String {
    let mut lines = Vec::new();
    for contact in array(state, "contacts") {
        lines.push(format!(
            "contact  {}  {}  email {}  sms {}  lists {}\n         {}",
            text(&contact["email"]),
            text(&contact["ext_id"]),
            on_off(&contact["emailBlacklisted"]),
            on_off(&contact["smsBlacklisted"]),
            contact["listIds"],
            contact["attributes"]
        ));
    }
    for event in array(state, "events") {
        let properties = &event["event_properties"];
        let about = ["refund_id", "fulfillment_id", "order_number", "id", "cart_id", "customer_id"];
        let about = about.iter().find_map(|name| properties[*name].as_str()).unwrap_or("");
        let money = ["total", "amount"].iter().find_map(|name| properties[*name].as_f64());
        let money = money.map(|money| format!("  {money}")).unwrap_or_default();
        let nobody = if event["contact"].is_null() { "  OF NOBODY" } else { "" };
        lines.push(format!(
            "event    {}  {}  {}  {about}{money}{nobody}",
            text(&event["event_name"]),
            event["identifiers"],
            text(&event["event_date"]),
        ));
    }
    for order in array(state, "orders") {
        let quiet = if order["triggersAutomations"] == false { "  historical" } else { "" };
        lines.push(format!(
            "order    {}  {}  {}  {} products{quiet}",
            text(&order["id"]),
            text(&order["status"]),
            order["amount"],
            order["products"].as_array().map_or(0, Vec::len)
        ));
    }
    for category in array(state, "categories") {
        lines.push(format!(
            "category {}  {}{}",
            text(&category["id"]),
            text(&category["name"]),
            gone(category)
        ));
    }
    for product in array(state, "products") {
        let under =
            product["parentId"].as_str().map(|parent| format!("  under {parent}")).unwrap_or_default();
        let stock = product["metaInfo"]["stock_state"].as_str();
        let stock = stock.map(|state| format!("  stock {} {state}", product["stock"])).unwrap_or_default();
        lines.push(format!(
            "product  {}  {}  {}{stock}{under}{}\n         {} {} {}",
            text(&product["id"]),
            text(&product["name"]),
            product["price"],
            gone(product),
            text(&product["url"]),
            text(&product["imageUrl"]),
            product["categories"],
        ));
    }
    lines.join("\n")
}

fn gone(item: &Value) -> &'static str {
    if item["isDeleted"] == true { "  DELETED" } else { "" }
}

/// Everything that matters in the end, one line each, sorted: contacts and orders in full, events as they were
/// sent. Ids and times of Brevo's own are left out.
pub fn essence(state: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (kind, own) in [
        ("contacts", ["id", "createdAt", "modifiedAt"]),
        ("orders", ["writes", "contact", "triggersAutomations"]),
        ("categories", ["", "createdAt", "modifiedAt"]),
        ("products", ["", "createdAt", "modifiedAt"]),
    ] {
        for entry in array(state, kind) {
            let mut entry = entry.clone();
            own.iter().for_each(|name| drop(entry.as_object_mut().unwrap().remove(*name)));
            lines.push(format!("{kind} {entry}"));
        }
    }
    lines.sort();
    lines.extend(event_lines(state));
    lines
}

/// Events as they were sent, sorted. Abandonments without their time, which is the worker's own.
pub fn event_lines(state: &Value) -> Vec<String> {
    let line = |event: &Value| {
        let mut event = event.clone();
        event["contact"] = Value::from(!event["contact"].is_null());
        event["n"] = Value::Null;
        if event["event_name"] == "cart_abandoned" {
            event["event_date"] = Value::Null;
            event["event_properties"]["last_activity"] = Value::Null;
        }
        format!("event {event}")
    };
    let mut lines: Vec<String> = array(state, "events").iter().map(line).collect();
    lines.sort();
    lines
}

pub fn array<'a>(state: &'a Value, name: &str) -> &'a [Value] {
    state[name].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

fn on_off(blocked: &Value) -> &'static str {
    match blocked.as_bool() {
        Some(true) => "blocked",
        Some(false) => "open",
        None => "unknown",
    }
}
