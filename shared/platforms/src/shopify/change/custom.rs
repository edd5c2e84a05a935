//! What only some stores want to know of a person. All of it is told here: which of it is kept says the store's
//! mapping, later.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tajo_domain::{CustomFact, NOTE, address_source, metafield_source, note_attribute_source};

use crate::lenient::{List, Object, Plain};
use crate::shopify::payload::{Address, Customer, NoteAttribute};

/// The home address, the merchant's note and the metafields of an account. A body about the account shows the whole
/// of it: an address or a note that it lacks is empty. Metafields come only for the namespaces that were subscribed,
/// so one that is not there says nothing.
pub fn of_customer(customer: &Customer<'_>, at: Timestamp) -> BTreeMap<String, CustomFact> {
    let fact = |value: Option<String>| CustomFact { at, edited_at: None, value };
    let empty = Address::default();
    let address = customer.default_address.0.as_ref().unwrap_or(&empty);
    let mut facts: BTreeMap<String, CustomFact> = [
        ("address1", &address.address1),
        ("address2", &address.address2),
        ("city", &address.city),
        ("company", &address.company),
        ("country", &address.country),
        ("country_code", &address.country_code),
        ("phone", &address.phone),
        ("province", &address.province),
        ("zip", &address.zip),
    ]
    .into_iter()
    .map(|(field, text)| (address_source(field), fact(text.owned())))
    .collect();
    facts.insert(NOTE.to_owned(), fact(customer.note.owned()));
    for metafield in customer.metafields.objects() {
        let (Some(namespace), Some(key)) = (metafield.namespace.get(), metafield.key.get()) else { continue };
        if let Some(value) = told(&metafield.value) {
            // A metafield changes without its customer.
            let at = metafield.updated_at.0.map_or(at, |own| own.max(at));
            facts.insert(metafield_source(namespace, key), CustomFact { at, edited_at: None, value });
        }
    }
    facts
}

/// What the buyer was asked at the checkout. The latest order's word counts, so the order's own time is the version.
pub fn of_order(
    asked: &List<Object<NoteAttribute<'_>>>,
    created_at: Timestamp,
    updated_at: Timestamp,
) -> BTreeMap<String, CustomFact> {
    let fact = |attribute: &NoteAttribute<'_>| {
        let source = note_attribute_source(attribute.name.get()?);
        let value = told(&attribute.value)?;
        Some((source, CustomFact { at: created_at, edited_at: Some(updated_at), value }))
    };
    asked.objects().filter_map(fact).collect()
}

/// What is told of a value: text, or that it is empty. Nothing, where it is no value at all.
fn told(value: &Plain<'_>) -> Option<Option<String>> {
    let text = value.0.as_deref()?.trim();
    Some((!text.is_empty()).then(|| text.to_owned()))
}
