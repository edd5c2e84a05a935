//! Parts that orders and checkouts have in common.

use jiff::Timestamp;
use tajo_domain::{Address, Currency, Item, Money, Skipped};

use crate::lenient::{List, Object, Text, Time};
use crate::shopify::payload::{self, Allocation, Line, MoneySet, ShippingLine};

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
    finished_items(lines, of, skipped, |_, line, item| with_taxes(item, line, included))
}

/// An item with the taxes of its line.
pub fn with_taxes(item: Item, line: &Line<'_>, included: Option<bool>) -> Item {
    let of_pieces = |tax: Money| share(tax, line, item.quantity);
    let (tax, taxes) = (tax(line, included).map(of_pieces), taxes(line).map(of_pieces));
    Item { tax, taxes, ..item }
}

/// Likewise, each with what else is known of its line. `finish` is also given the place of the line.
pub fn finished_items<'a>(
    lines: impl Iterator<Item = (&'a Line<'a>, u64)>,
    of: &str,
    skipped: &mut Vec<Skipped>,
    finish: impl Fn(usize, &Line<'a>, Item) -> Item,
) -> Vec<Item> {
    let mut items = Vec::new();
    for (index, (line, quantity)) in lines.enumerate() {
        match item(line, quantity, index + 1) {
            Some(item) => items.push(finish(index, line, item)),
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
    let discount = share(discount(line), line, quantity).min(price * Money::from(quantity));
    Some(Item {
        name: name.unwrap_or(&product).to_owned(),
        variant: line.variant_id.0.clone(),
        sku: line.sku.owned(),
        variant_name: line.variant_title.owned(),
        quantity,
        price,
        discount,
        tax: None,
        taxes: None,
        product,
        line: line.id.0.clone().or_else(|| line.key.0.clone()),
    })
}

/// Taxes that come on top of a line's price.
fn tax(line: &Line<'_>, included: Option<bool>) -> Option<Money> {
    if included? { Some(Money::ZERO) } else { taxes(line) }
}

/// All taxes of a line. One without tax lines may be free of taxes, or its buyer's address is not known yet.
fn taxes(line: &Line<'_>) -> Option<Money> {
    line.tax_lines.objects().filter_map(|tax| tax.price.0).reduce(|sum, price| sum + price)
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

/// What so many pieces of a line cost after discounts, without taxes on top. A fetched refund does not say it itself.
pub fn cost(line: &Line<'_>, pieces: u64) -> Option<Money> {
    item(line, pieces, 1).map(|item| item.discounted_total())
}

/// All discounts of a line, in shop money. `total_discount` is only a part of them where a body has both.
pub fn discount(line: &Line<'_>) -> Money {
    let allocated: Money = line.discount_allocations.objects().filter_map(allocated).sum();
    let of_line = line.total_discount.0.unwrap_or_default();
    allocated.max(of_line).max(Money::ZERO)
}

fn allocated(part: &Allocation<'_>) -> Option<Money> {
    part.amount_set.0.as_ref().and_then(MoneySet::shop).or(part.amount.0)
}

/// The part of a line's discount or tax that falls on so many of its pieces: a shipment or an edited line has some of
/// them. Rounded to as many decimals as the whole has.
fn share(whole: Money, line: &Line<'_>, pieces: u64) -> Money {
    // A shipment's line has the shipped pieces as its quantity, and everything else of the whole line.
    let all = line.quantity.0.unwrap_or(0).max(line.current_quantity.0.unwrap_or(0));
    if all <= pieces || all == 0 {
        return whole;
    }
    let part = Money::from(pieces) / Money::from(all) * whole;
    part.round_dp(whole.scale().max(2))
}

/// What shipping costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shipping {
    /// Before its discounts.
    pub before: Money,
    /// After them.
    pub after: Money,
    /// Whether a rate was chosen, or a sum is said.
    pub is_known: bool,
    /// Whether the body says what its discounts are, if only that there are none.
    is_discount_known: bool,
}

/// What shipping costs by its rates. `total`: the sum of an order, before discounts, in case it names no rates.
pub fn shipping(lines: &List<Object<ShippingLine<'_>>>, total: Option<&MoneySet<'_>>) -> Shipping {
    let mut found = Shipping::default();
    for line in lines.objects() {
        let Some(price) = line.price.0 else { continue };
        let allocated: Money = line.discount_allocations.objects().filter_map(allocated).sum();
        found.is_discount_known |= line.discounted_price.0.is_some() || !allocated.is_zero();
        let after = line.discounted_price.0.unwrap_or(price - allocated);
        found.before += price;
        found.after += after.clamp(Money::ZERO, price.max(Money::ZERO));
        found.is_known = true;
    }
    match total.and_then(MoneySet::shop) {
        Some(before) if !found.is_known => Shipping { before, after: before, is_known: true, ..found },
        _ => found,
    }
}

/// Lets discounts that a body tells of only in total fall on its items, as far as its subtotal says so, and on shipping: so
/// that the parts add up. Fetched orders and checkouts tell no more.
pub fn spread_discounts(
    items: &mut [Item],
    shipping: &mut Shipping,
    total: Option<Money>,
    subtotal: Option<Money>,
    currency: Option<&Currency>,
) {
    let told: Money = items.iter().map(|item| item.discount).sum();
    let on_shipping = shipping.before - shipping.after;
    let rest = (total.unwrap_or_default() - told - on_shipping).max(Money::ZERO);
    let price: Money = items.iter().map(Item::discounted_total).sum();
    let on_items = (price - subtotal.unwrap_or_default()).min(rest).max(Money::ZERO);
    if !shipping.is_discount_known && subtotal.is_some() {
        shipping.after = (shipping.after - (rest - on_items)).max(Money::ZERO);
    }
    let decimals = currency.map_or(2, Currency::decimals);
    let (mut left, mut open) = (on_items, price);
    for item in items {
        let costs = item.discounted_total();
        if costs <= Money::ZERO || left.is_zero() {
            continue;
        }
        // What is left of the discount in proportion to what is left of the price: the last item gets what remains.
        let part = if costs == open { left } else { (costs / open * left).round_dp(decimals).min(costs) };
        item.discount += part;
        left -= part;
        open -= costs;
    }
}

/// A token without what the storefront hangs on to it (`TOKEN?key=…`).
pub fn token<'a>(text: &'a Text<'_>) -> Option<&'a str> {
    let token = text.get()?.split('?').next()?;
    (!token.is_empty()).then_some(token)
}
