//! Shared pieces of event properties.

use serde_json::{Map, Value, json};
use tajo_brevo::limits::EVENT_PROPERTIES_BYTES;
use tajo_domain::{Address, Item, Money};

use crate::rules::number;

/// An object of the pairs that have a value.
pub(crate) fn object(pairs: Vec<(&str, Option<Value>)>) -> Map<String, Value> {
    pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// An amount under its name and again as `{name}_parsed`, as Brevo's own WooCommerce plugin sends them.
pub(crate) fn amounts(properties: &mut Map<String, Value>, pairs: &[(&str, Option<Money>)]) {
    for (name, amount) in pairs {
        if let Some(value) = amount.and_then(number) {
            properties.insert((*name).to_owned(), value.clone());
            properties.insert(format!("{name}_parsed"), value);
        }
    }
}

/// An item in the reserved shape: `price` is the line total (WooCommerce plugin 4.0.53), after discounts; where there are
/// any, `price_before_discount` and `discount` stand beside it. Its `category`, `image` and `url` are in no body of an
/// order or cart.
pub(crate) fn reserved_item(item: &Item) -> Value {
    let total = item.discounted_total();
    let discounted = |amount: Money| (Money::ZERO < item.discount).then(|| number(amount)).flatten();
    Value::Object(object(vec![
        ("id", Some(json!(item.product))),
        ("name", Some(json!(item.name))),
        ("sku", item.sku.as_deref().map(|sku| json!(sku))),
        ("variant_id", item.variant.as_deref().map(|id| json!(id))),
        ("variant_sku", item.sku.as_deref().filter(|_| item.variant.is_some()).map(|sku| json!(sku))),
        ("variant_name", item.variant_name.as_deref().map(|name| json!(name))),
        ("quantity", Some(json!(item.quantity))),
        ("price", number(total)),
        ("price_before_discount", discounted(item.line_total())),
        ("discount", discounted(item.discount)),
        ("tax", item.taxes.and_then(number)),
        ("price_taxinc", item.tax.and_then(|tax| number(total + tax))),
    ]))
}

/// An item in the shape of our own events: `price` is of one before discounts; `total` is of all after discounts, and
/// `total_before_discount` and `discount` stand beside it where there are any. `tax` is in it where the event says
/// `taxes_included`, and comes on top of it otherwise.
pub(crate) fn own_item(item: &Item) -> Value {
    let mut value = reserved_item(item);
    if let Some(object) = value.as_object_mut() {
        for reserved in ["id", "variant_sku", "price_taxinc"] {
            object.remove(reserved);
        }
        let before = object.remove("price_before_discount");
        object.extend(before.map(|before| ("total_before_discount".to_owned(), before)));
    }
    value["product_id"] = json!(item.product);
    value["price"] = number(item.price).unwrap_or_default();
    value["total"] = number(item.discounted_total()).unwrap_or_default();
    value
}

/// Puts in as many items as Brevo takes in one event, and says how many there are in all.
pub(crate) fn put_items(properties: &mut Map<String, Value>, items: Vec<Value>) {
    let total = items.len();
    let room = EVENT_PROPERTIES_BYTES.saturating_sub(size(&Value::Object(properties.clone())) + 100);
    let mut used = 0;
    let kept: Vec<Value> = items
        .into_iter()
        .take_while(|item| {
            used += size(item) + 1;
            used <= room
        })
        .collect();
    if kept.len() < total {
        properties.insert("items_omitted".to_owned(), json!(total - kept.len()));
    }
    properties.insert("items_count".to_owned(), json!(total));
    properties.insert("items".to_owned(), Value::Array(kept));
}

/// An address in the reserved shape.
pub(crate) fn address(address: &Address) -> Value {
    let text = |value: &Option<String>| value.as_deref().map(|text| json!(text));
    Value::Object(object(vec![
        ("firstname", text(&address.first_name)),
        ("lastname", text(&address.last_name)),
        ("company", text(&address.company)),
        ("phone", text(&address.phone)),
        ("address1", text(&address.address1)),
        ("address2", text(&address.address2)),
        ("city", text(&address.city)),
        ("country", text(&address.country_code)),
        ("state", text(&address.region)),
        ("zipcode", text(&address.zip)),
    ]))
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of texts with these sizes are put in, and how many are said to be left out.
    fn put(sizes: &[usize]) -> (usize, Option<u64>) {
        let mut properties = object(vec![("shop", Some(json!("Demo")))]);
        let items = sizes.iter().map(|size| json!("x".repeat(size - 2))).collect();
        put_items(&mut properties, items);
        assert_eq!(properties["items_count"], sizes.len());
        let kept = properties["items"].as_array().map(Vec::len).unwrap_or_default();
        (kept, properties.get("items_omitted").and_then(Value::as_u64))
    }

    #[test]
    fn as_many_items_go_as_brevo_takes_to_the_last_byte() {
        let room = EVENT_PROPERTIES_BYTES - r#"{"shop":"Demo"}"#.len() - 100;
        // A comma each.
        assert_eq!(put(&[room - 1]), (1, None));
        assert_eq!(put(&[room]), (0, Some(1)));
        assert_eq!(put(&[room - 11, 9]), (2, None));
        assert_eq!(put(&[room - 11, 10]), (1, Some(1)));
        assert_eq!(put(&[]), (0, None));
    }
}
