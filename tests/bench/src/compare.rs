//! Whether two ways of sending end in the same Brevo.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tajo_sandbox::State;

/// Of a cart that changed again, only the newest state matters.
const SUPERSEDED: &str = "cart_updated";

/// What differs, as sentences; at most a few of each kind. Times of arrival, Brevo's own ids and the order of arrival do
/// not count.
pub fn differences(one: &State, other: &State) -> Vec<String> {
    let mut found = Vec::new();
    for (kind, one, other) in [
        ("contact", contacts(one), contacts(other)),
        ("order", orders(one), orders(other)),
        ("product", products(one), products(other)),
        ("event", events(one), events(other)),
        ("last cart_updated", last_carts(one), last_carts(other)),
    ] {
        let missing: Vec<&String> = one.keys().filter(|key| one.get(*key) != other.get(*key)).collect();
        let added: Vec<&String> = other.keys().filter(|key| !one.contains_key(*key)).collect();
        found.extend(
            missing
                .iter()
                .take(3)
                .map(|key| format!("{kind} {key}: {} and {}", shown(one.get(*key)), shown(other.get(*key)))),
        );
        found.extend(added.iter().take(3).map(|key| format!("{kind} {key} is only in the second")));
        if 3 < missing.len() + added.len() {
            found.push(format!("{} of {kind} differ", missing.len() + added.len()));
        }
    }
    found
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

fn contacts(state: &State) -> BTreeMap<String, Value> {
    let of = |contact: &tajo_sandbox::brevo::Contact| {
        let value = json!(contact);
        let key = value["email"].as_str().unwrap_or_default().to_owned();
        let mut lists: Vec<Value> = value["listIds"].as_array().cloned().unwrap_or_default();
        lists.sort_by_key(Value::to_string);
        let flags = [&value["emailBlacklisted"], &value["smsBlacklisted"], &value["extId"], &value["ext_id"]];
        (key, json!([value["attributes"], lists, flags]))
    };
    state.contacts.iter().map(of).collect()
}

fn orders(state: &State) -> BTreeMap<String, Value> {
    let of = |order: &tajo_sandbox::brevo::Order| {
        let mut value = json!(order.fields);
        // That of the body which showed this state first, and that depends on which came first.
        value.as_object_mut().into_iter().for_each(|fields| drop(fields.remove("updatedAt")));
        (value["id"].as_str().unwrap_or_default().to_owned(), value)
    };
    state.orders.iter().map(of).collect()
}

fn products(state: &State) -> BTreeMap<String, Value> {
    let of = |item: &tajo_sandbox::brevo::CatalogItem| {
        let mut value = json!(item);
        let fields = value.as_object_mut();
        fields
            .into_iter()
            .for_each(|fields| fields.retain(|name, _| !name.ends_with("At") || name == "deletedAt"));
        (value["id"].as_str().unwrap_or_default().to_owned(), value)
    };
    state.products.iter().chain(&state.categories).map(of).collect()
}

/// Carts that became orders: nothing is told of a cart once its order is known, so what was told before depends on which
/// came first.
fn ordered(state: &State) -> std::collections::BTreeSet<String> {
    let completed = state.events.iter().filter(|event| event.event_name == "order_completed");
    completed.map(|event| event.event_properties["cart_id"].to_string()).collect()
}

fn is_over(event: &tajo_sandbox::brevo::Event, ordered: &std::collections::BTreeSet<String>) -> bool {
    let properties = &event.event_properties;
    let names = ["cart_id", "id"];
    event.event_name.starts_with("cart_")
        && names.iter().any(|name| ordered.contains(&properties[*name].to_string()))
}

/// Counts of equal events.
fn events(state: &State) -> BTreeMap<String, Value> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let ordered = ordered(state);
    let told = state.events.iter().filter(|event| event.event_name != SUPERSEDED);
    for event in told.filter(|event| !is_over(event, &ordered)) {
        *counts.entry(one_event(event)).or_default() += 1;
    }
    counts.into_iter().map(|(event, count)| (event, json!(count))).collect()
}

fn one_event(event: &tajo_sandbox::brevo::Event) -> String {
    let about = ["order_id", "cart_id", "id", "refund_id"];
    let about: Vec<&Value> = about.iter().map(|name| &event.event_properties[*name]).collect();
    // The time of a payment is that of the body which showed it first, that of a reminder the sweeper's.
    let date = if ["order_paid", "cart_abandoned"].contains(&event.event_name.as_str()) {
        ""
    } else {
        event.event_date.as_str()
    };
    format!("{} {} {date} {}", event.event_name, event.identifiers, json!(about))
}

fn last_carts(state: &State) -> BTreeMap<String, Value> {
    let mut last: BTreeMap<String, (String, Value)> = BTreeMap::new();
    let ordered = ordered(state);
    let told = state.events.iter().filter(|event| event.event_name == SUPERSEDED);
    for event in told.filter(|event| !is_over(event, &ordered)) {
        let cart = format!("{} {}", event.identifiers, event.event_properties["id"]);
        let now = (event.event_date.clone(), event.event_properties.clone());
        match last.get(&cart) {
            Some((date, _)) if now.0 < *date => {}
            _ => drop(last.insert(cart, now)),
        }
    }
    last.into_iter().map(|(cart, (_, properties))| (cart, properties)).collect()
}
