//! Parts that orders and checkouts have in common.

use jiff::Timestamp;
use tajo_domain::{Address, Item, Money, Skipped};

use crate::lenient::{List, Object, Text, Time};
use crate::shopify::payload::{self, Line, ShippingLine};

/// The first of the times that was given.
pub fn first_time<const N: usize>(times: [&Time; N], otherwise: Timestamp) -> Timestamp {
    times.into_iter().find_map(|time| time.0).unwrap_or(otherwise)
}

/// The lines of an order, shipment or checkout, each with how many of it.
pub fn lines<'a>(list: &'a List<Object<Line<'a>>>) -> impl Iterator<Item = (&'a Line<'a>, u64)> {
    list.objects().map(|line| (line, line.quantity.0.unwrap_or(0)))
}

/// The lines as items; one that has no readable price is left out and told.
pub fn items<'a>(
    lines: impl Iterator<Item = (&'a Line<'a>, u64)>,
    of: &str,
    skipped: &mut Vec<Skipped>,
) -> Vec<Item> {
    items_with_taxes(lines, None, of, skipped)
}

/// Likewise, each with its taxes. `included`: whether they are in the prices.
pub fn items_with_taxes<'a>(
    lines: impl Iterator<Item = (&'a Line<'a>, u64)>,
    included: Option<bool>,
    of: &str,
    skipped: &mut Vec<Skipped>,
) -> Vec<Item> {
    let mut items = Vec::new();
    for (index, (line, quantity)) in lines.enumerate() {
        match item(line, quantity, index + 1) {
            Some(item) => items.push(Item { tax: tax(line, included), ..item }),
            None => {
                skipped.push(Skipped::new(format!("line {} of {of}", index + 1), "it has no readable price"))
            }
        }
    }
    items
}

/// In shop money. Custom lines, tips and deleted products have no product id: the line's own id stands in.
fn item(line: &Line<'_>, quantity: u64, position: usize) -> Option<Item> {
    let price = line.price.0.or_else(|| line.price_set.0.as_ref()?.shop())?;
    let product = match (&line.product_id.0, line.id.0.as_ref().or(line.key.0.as_ref())) {
        (Some(product), _) => product.clone(),
        (None, Some(id)) => format!("line-{id}"),
        (None, None) => format!("line-{position}"),
    };
    let name = line.title.get().or_else(|| line.name.get()).or_else(|| line.sku.get());
    Some(Item {
        name: name.unwrap_or(&product).to_owned(),
        variant: line.variant_id.0.clone(),
        sku: line.sku.owned(),
        variant_name: line.variant_title.owned(),
        quantity,
        price,
        tax: None,
        product,
        line: line.id.0.clone().or_else(|| line.key.0.clone()),
    })
}

/// A line without tax lines may be free of taxes, or its buyer's address is not known yet.
fn tax(line: &Line<'_>, included: Option<bool>) -> Option<Money> {
    if included? {
        return Some(Money::ZERO);
    }
    let taxes: Vec<Money> = line.tax_lines.objects().filter_map(|tax| tax.price.0).collect();
    (!taxes.is_empty()).then(|| taxes.into_iter().sum())
}

/// An address as it was typed.
pub fn address(address: &Object<payload::Address<'_>>) -> Option<Address> {
    let address = address.0.as_ref()?;
    let address = Address {
        first_name: address.first_name.owned(),
        last_name: address.last_name.owned(),
        company: address.company.owned(),
        phone: address.phone.owned(),
        address1: address.address1.owned(),
        address2: address.address2.owned(),
        city: address.city.owned(),
        region: address.province.owned(),
        country: address.country.owned(),
        country_code: address.country_code.owned(),
        zip: address.zip.owned(),
    };
    (address != Address::default()).then_some(address)
}

/// What shipping costs, where at least one rate was chosen.
pub fn shipping(lines: &List<Object<ShippingLine<'_>>>) -> Option<Money> {
    lines.objects().filter_map(|line| line.price.0).reduce(|sum, price| sum + price)
}

/// A token without what the storefront hangs on to it (`TOKEN?key=…`).
pub fn token<'a>(text: &'a Text<'_>) -> Option<&'a str> {
    let token = text.get()?.split('?').next()?;
    (!token.is_empty()).then_some(token)
}
