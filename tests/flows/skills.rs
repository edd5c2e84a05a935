//! The pages of docs/skills name events and variables: every one must be what Brevo was really sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_mapping::CONTACT_RULES;

use crate::bodies::{recent, sample};
use crate::stage::Stage;

/// One page of a skill.
struct Page {
    name: String,
    text: String,
}

fn pages() -> Vec<Page> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/skills");
    let mut pages: Vec<Page> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .map(|path| Page {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(path).unwrap(),
        })
        .collect();
    pages.sort_by(|one, two| one.name.cmp(&two.name));
    assert!(pages.len() > 5, "the pages are not where they were");
    pages
}

/// Words in backticks on a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Variables of a template: what stands in `{{ … }}` and what `{% for x in … %}` goes through, with the loop's own
/// name replaced by the list it stands for.
fn variables(template: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut loops: BTreeMap<String, String> = BTreeMap::new();
    for part in template.split('{').skip(1) {
        if let Some(inner) = part.strip_prefix('%') {
            let words: Vec<&str> = inner.split("%}").next().unwrap().split_whitespace().collect();
            if let ["for", name, "in", list] = words[..] {
                found.push(list.to_owned());
                loops.insert(name.to_owned(), format!("{list}.0"));
            }
        } else if let Some((inner, _)) = part.split_once("}}") {
            let name = inner.trim();
            let (first, rest) = name.split_once('.').unwrap_or((name, ""));
            found.push(match loops.get(first) {
                Some(list) => format!("{list}.{rest}"),
                None => name.to_owned(),
            });
        }
    }
    found
}

/// Every event and its properties (of all events of that name together: an optional one is in some).
pub async fn what_brevo_was_sent() -> BTreeMap<String, Vec<Value>> {
    let stage = Stage::new("").await;
    let mut stories = vec![
        ("customers/create", "customers-create"),
        ("customers/update", "customers-update"),
        ("checkouts/create", "checkouts-create"),
        ("checkouts/update", "checkouts-update"),
    ];
    for (topic, file) in stories.drain(..) {
        stage.tell(topic, &recent(&sample(file))).await;
    }
    stage.pass(SignedDuration::from_mins(40)).await;
    for (topic, file) in [
        ("orders/create", "orders-create.paid"),
        ("orders/updated", "orders-updated.fulfilled"),
        ("orders/updated", "orders-updated.refunded"),
        ("orders/updated", "orders-updated.cancelled"),
    ] {
        stage.tell(topic, &recent(&sample(file))).await;
    }
    // What became of two parcels later.
    let mut parcel = recent(&sample("fulfillments-create"));
    let hour = SignedDuration::from_hours(1);
    for (hours, status, numbers) in
        [(1, "success", "A1 B2"), (2, "cancelled", "A1 B2"), (3, "failure", "A1 B2")]
    {
        let at: Timestamp = parcel["created_at"].as_str().unwrap().parse().unwrap();
        parcel["updated_at"] = json!(at.saturating_add(hour * hours).unwrap().to_string());
        parcel["status"] = json!(status);
        parcel["tracking_numbers"] = numbers.split(' ').collect();
        parcel["tracking_urls"] =
            numbers.split(' ').map(|number| format!("https://t.example/{number}")).collect();
        parcel["id"] = recent(&sample("orders-updated.fulfilled"))["fulfillments"][0]["id"].clone();
        stage.tell("fulfillments/update", &parcel).await;
    }
    let mut sent: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in stage.world.brevo()["events"].as_array().unwrap() {
        let name = event["event_name"].as_str().unwrap().to_owned();
        sent.entry(name).or_default().push(event["event_properties"].clone());
    }
    sent
}

fn has(properties: &Value, path: &str) -> bool {
    let pointer: String = path.split('.').map(|part| format!("/{part}")).collect();
    properties.pointer(&pointer).is_some_and(|value| !value.is_null())
}

#[tokio::test]
async fn every_variable_of_a_skill_is_what_brevo_was_sent() {
    let sent = what_brevo_was_sent().await;
    let attributes: BTreeSet<&str> = CONTACT_RULES.iter().map(|rule| rule.attribute).collect();
    let mut checked = 0;
    for Page { name, text } in pages() {
        for block in text.split("Template for `").skip(1) {
            let (event, rest) = block.split_once('`').unwrap();
            let template = rest.split("```").nth(1).unwrap().trim_start_matches("html");
            let properties = sent.get(event).unwrap_or_else(|| panic!("{name}: no `{event}` was sent"));
            for variable in variables(template) {
                checked += 1;
                let known = match variable.split_once('.') {
                    Some(("params", path)) => properties.iter().any(|properties| has(properties, path)),
                    Some(("contact", attribute)) => attributes.contains(attribute),
                    _ => false,
                };
                assert!(known, "{name}: `{variable}` is in no `{event}` that was sent: {properties:#?}");
            }
        }
    }
    assert!(checked > 40, "only {checked} variables were found on the pages");
}

#[tokio::test]
async fn every_event_that_a_skill_starts_or_ends_with_is_sent() {
    let sent = what_brevo_was_sent().await;
    let mut checked = 0;
    for Page { name, text } in pages() {
        let lines =
            text.lines().filter(|line| line.starts_with("- Starts with") || line.starts_with("- Ends when"));
        for event in lines.flat_map(quoted) {
            checked += 1;
            assert!(sent.contains_key(event), "{name}: no `{event}` was sent, only {:?}", sent.keys());
        }
    }
    assert!(checked > 10, "only {checked} events were found on the pages");
}
