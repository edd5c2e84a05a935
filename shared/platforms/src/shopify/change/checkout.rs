//! `checkouts/create` and `checkouts/update`.

use tajo_domain::{Cart, CartSource, Change, Changes, Currency, Money, Skipped, Unusable};

use super::parts;
use super::person::{self, Sources};
use crate::Context;
use crate::shopify::payload::{self, Checkout};

/// Whoever typed a contact, and then the cart.
///
/// `buyer_accepts_marketing` is no consent: a box, ticked or not, says nothing until Shopify records it on the
/// customer. A ticked one, or a number typed to be texted to (`sms_marketing_phone`), is a reason to ask what is recorded
/// there.
pub fn changes(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload: Checkout<'_> = payload::parse(body, "the body has no checkout token")?;
    // One cart may go through several checkouts (another device, another try): it is the one thing they share.
    let mut tokens: Vec<String> = Vec::new();
    for token in [&payload.cart_token, &payload.token].into_iter().filter_map(parts::token) {
        if !tokens.iter().any(|known| known == token) {
            tokens.push(token.to_owned());
        }
    }
    let Some(token) = tokens.first().cloned() else {
        return Err(Unusable::new("the body has no checkout token"));
    };
    let Some(total) = payload.total_price.0 else {
        return Err(Unusable::new("the checkout's `total_price` is missing or no amount"));
    };

    let mut changes = Changes::default();
    let skipped = &mut changes.skipped;
    let updated_at = parts::first_time([&payload.updated_at], context.time);
    let currency = payload.currency.get().and_then(Currency::parse);
    let sources = Sources {
        customer: payload.customer.0.as_ref(),
        is_account_news: false,
        emails: [payload.email.get(), None],
        phones: [payload.phone.get(), payload.sms_marketing_phone.get()],
        addresses: [payload.billing_address.0.as_ref(), payload.shipping_address.0.as_ref()],
        locale: payload.customer_locale.get(),
        hints_at_consent: payload.buyer_accepts_marketing.0 == Some(true)
            || payload.sms_marketing_phone.get().is_some(),
        at: updated_at,
        shop_currency: currency.clone(),
    };
    let person = person::update(&sources, context, skipped);
    let identity = person.identity.clone();
    if identity.is_empty() {
        skipped.push(Skipped::new("events of the cart", "nobody typed a contact yet"));
    } else {
        changes.changes.push(Change::Person { update: Box::new(person), news: None });
    }
    let lines = parts::lines(&payload.line_items);
    let mut items = parts::items_with_taxes(lines, payload.taxes_included.0, "the checkout", skipped);
    let mut shipping = parts::shipping(&payload.shipping_lines, None);
    let (discount, subtotal) = (payload.total_discounts.0, payload.subtotal_price.0);
    parts::spread_discounts(&mut items, &mut shipping, discount, subtotal, currency.as_ref());
    let cart = Cart {
        source: CartSource::Checkout,
        // It mostly has a cart, whose record it shares.
        begins: false,
        items,
        token,
        tokens,
        identity,
        created_at: parts::first_time([&payload.created_at], updated_at),
        updated_at,
        triggered_at: None,
        completed_at: payload.completed_at.0,
        currency,
        total,
        subtotal: payload.subtotal_price.0,
        discount: payload.total_discounts.0,
        tax: payload.total_tax.0,
        taxes_included: payload.taxes_included.0,
        shipping: shipping.is_known.then_some(shipping.after),
        fees: payload.total_duties.0.filter(|duties| Money::ZERO < *duties),
        url: payload.abandoned_checkout_url.link(),
    };
    changes.changes.push(Change::Cart(Box::new(cart)));
    Ok(changes)
}
