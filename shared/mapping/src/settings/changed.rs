//! Which settings differ between two documents, by their names alone: for the audit log.

use serde_json::Value;

/// Names are not taken apart further than this: `connectors.shopify.orders`.
const DEPTH: usize = 3;

/// The dotted names of what differs, those of the document before first. Values are not among them. A document that cannot be
/// read counts as an empty one. Pure.
pub fn changed_settings(before: &str, after: &str) -> Vec<String> {
    let read = |text: &str| serde_saphyr::from_str::<Value>(text).unwrap_or_default();
    let mut names = Vec::new();
    compare(&read(before), &read(after), "", DEPTH, &mut names);
    names
}

fn compare(before: &Value, after: &Value, name: &str, depth: usize, names: &mut Vec<String>) {
    if before == after {
        return;
    }
    let empty = serde_json::Map::new();
    let (fields_before, fields_after) =
        (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    if depth == 0 || (fields_before.is_empty() && fields_after.is_empty()) {
        names.push(name.to_owned());
        return;
    }
    let more = fields_after.keys().filter(|field| !fields_before.contains_key(*field));
    for field in fields_before.keys().chain(more) {
        let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
        compare(&before[field], &after[field], &name, depth - 1, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_no_value_is() {
        let before = "sync: {carts: true, orders: true}\ncontacts: {create: true}\n";
        let after =
            "sync: {carts: false, orders: true}\nconnectors: {shopify: {lists: {buyers: vip@example.com}}}\n";
        assert_eq!(
            changed_settings(before, after),
            ["contacts.create", "sync.carts", "connectors.shopify.lists"]
        );
        assert!(changed_settings(after, after).is_empty());
        assert_eq!(changed_settings("", "sync: {carts: true}"), ["sync.carts"]);
        assert!(changed_settings(": not yaml [", "").is_empty());
    }
}
