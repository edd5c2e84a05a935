//! Compares what the sandbox knows with what the traffic implies.

use serde_json::Value;

use super::traffic::Expected;

/// What of the expectation is not so, as sentences; empty when all is well.
pub fn differences(expected: &Expected, state: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    compare("contact", contacts_expected(expected), contacts(state), &mut wrong);
    let events = expected.events.iter().map(|(name, email)| format!("{name} of {email}")).collect();
    compare("event", events, events_of(state), &mut wrong);
    let orders = expected.orders.iter().map(|(id, status, cents)| format!("{id} {status} {cents}")).collect();
    compare("order", orders, orders_of(state), &mut wrong);
    wrong
}

fn contacts_expected(expected: &Expected) -> Vec<String> {
    let line = |(email, first, lists, is_open): &(String, String, Vec<&str>, bool)| {
        let mut lists = lists.clone();
        lists.sort_unstable();
        // Open only where the shop recorded an opt-in; nobody asked for text messages this morning.
        let emails = if *is_open { "open" } else { "blocked" };
        format!("{email} {first} {} {emails} blocked", lists.join("+"))
    };
    expected.contacts.iter().map(line).collect()
}

/// Address, name, lists by name, flags.
pub fn contacts(state: &Value) -> Vec<String> {
    let title = |id: &Value| {
        let list = array(state, "lists").iter().find(|list| list["id"] == *id);
        let title = list.and_then(|list| list["name"].as_str()).unwrap_or("?");
        title.to_lowercase().replace(' ', "_")
    };
    let flag = |value: &Value| if value.as_bool() == Some(true) { "blocked" } else { "open" };
    let line = |contact: &Value| {
        let mut lists: Vec<String> = array(contact, "listIds").iter().map(title).collect();
        lists.sort_unstable();
        format!(
            "{} {} {} {} {}",
            text(&contact["email"]),
            text(&contact["attributes"]["FIRSTNAME"]),
            lists.join("+"),
            flag(&contact["emailBlacklisted"]),
            flag(&contact["smsBlacklisted"])
        )
    };
    array(state, "contacts").iter().map(line).collect()
}

/// What the shop was asked for, and what it records: address and state for every customer it answered with.
pub fn lookups(calls: &Value) -> Vec<(String, String)> {
    let asked = calls.as_array().map_or(&[][..], Vec::as_slice).iter();
    let nodes = asked
        .filter(|call| text(&call["path"]).starts_with("/admin/api/"))
        .flat_map(|call| array(&call["response"]["data"], "nodes"))
        .filter(|node| node["id"].is_string());
    let line = |node: &Value| {
        let email = &node["defaultEmailAddress"];
        (text(&email["emailAddress"]).to_owned(), text(&email["marketingState"]).to_lowercase())
    };
    nodes.map(line).collect()
}

/// Name and address of every event.
pub fn events_of(state: &Value) -> Vec<String> {
    let line = |event: &Value| {
        format!("{} of {}", text(&event["event_name"]), text(&event["identifiers"]["email_id"]))
    };
    array(state, "events").iter().map(line).collect()
}

/// Id, status and amount in cents of every order.
pub fn orders_of(state: &Value) -> Vec<String> {
    let line = |order: &Value| {
        let cents = order["amount"].as_f64().map_or(-1, |amount| (amount * 100.0).round() as i64);
        format!("{} {} {cents}", text(&order["id"]), text(&order["status"]))
    };
    array(state, "orders").iter().map(line).collect()
}

fn compare(what: &str, expected: Vec<String>, mut found: Vec<String>, wrong: &mut Vec<String>) {
    for one in expected {
        match found.iter().position(|other| *other == one) {
            Some(index) => {
                found.remove(index);
            }
            None => wrong.push(format!("missing {what}: {one}")),
        }
    }
    wrong.extend(found.into_iter().map(|one| format!("unexpected {what}: {one}")));
}

pub(super) fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_a_doubled_and_a_wrong_thing_are_each_named() {
        let expected = Expected {
            contacts: Vec::new(),
            events: vec![("order_placed".to_owned(), "jo@example.com".to_owned())],
            orders: vec![("1".to_owned(), "paid".to_owned(), 1050)],
        };
        let event = json!({ "event_name": "order_placed", "identifiers": { "email_id": "jo@example.com" } });
        let good = json!({ "events": [event], "orders": [{ "id": "1", "status": "paid", "amount": 10.5 }] });
        assert!(differences(&expected, &good).is_empty());
        let bad =
            json!({ "events": [event, event], "orders": [{ "id": "1", "status": "paid", "amount": 10.0 }] });
        assert_eq!(
            differences(&expected, &bad),
            [
                "unexpected event: order_placed of jo@example.com",
                "missing order: 1 paid 1050",
                "unexpected order: 1 paid 1000"
            ]
        );
    }
}
