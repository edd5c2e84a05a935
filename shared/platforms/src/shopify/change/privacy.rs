//! The compliance topics: `customers/data_request`, `customers/redact`, `shop/redact`.
//!
//! Only the body is signed, topic and shop are headers. So a body must name the shop, and be of its own topic's shape:
//! nobody can turn a genuine request to show into one to erase, or erase a shop with a request about one person.

use serde::Deserialize;
use tajo_domain::{Change, Changes, Demand, Email, Identity, Phone, PrivacyDemand, Skipped, Unusable};

use crate::Context;
use crate::lenient::{Id, List, Object, Text};
use crate::shopify::payload;

const NO_SHOP: &str = "the body does not name the shop it is about";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload<'a> {
    shop_id: Id,
    #[serde(borrow)]
    shop_domain: Text<'a>,
    customer: Option<Object<Person<'a>>>,
    orders_requested: Option<List<Id>>,
    orders_to_redact: Option<List<Id>>,
    data_request: Option<Object<Request>>,
}

/// May hold an email alone.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Person<'a> {
    id: Id,
    #[serde(borrow)]
    email: Text<'a>,
    phone: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    id: Id,
}

/// A person asks what is stored.
pub fn data_request(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload = read(body, context)?;
    if payload.orders_to_redact.is_some() {
        return Err(Unusable::new("the topic is about showing data, but the body asks to erase it"));
    }
    let request = payload.data_request.as_ref().and_then(|request| request.0.as_ref()?.id.0.clone());
    person(Demand::Show, &payload, payload.orders_requested.as_ref(), request, context)
}

/// A person is to be erased.
pub fn redact(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload = read(body, context)?;
    // A shop that stored no order of the person names none: `null`, or nothing at all.
    let asks_to_erase = payload.customer.is_some() || payload.orders_to_redact.is_some();
    if !asks_to_erase || payload.data_request.is_some() || payload.orders_requested.is_some() {
        return Err(Unusable::new("the topic is about erasing a person, but the body does not ask for it"));
    }
    person(Demand::Erase, &payload, payload.orders_to_redact.as_ref(), None, context)
}

/// A shop is to be erased.
pub fn shop_redact(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload = read(body, context)?;
    let is_about_a_person = payload.customer.is_some()
        || payload.orders_requested.is_some()
        || payload.orders_to_redact.is_some()
        || payload.data_request.is_some();
    if is_about_a_person {
        return Err(Unusable::new("the topic is about erasing the shop, but the body is about a person"));
    }
    Ok(change(PrivacyDemand {
        demand: Demand::EraseShop,
        shop: payload.shop_id.0,
        person: Identity::default(),
        orders: Vec::new(),
        request: None,
    }))
}

fn read<'a>(body: &'a [u8], context: &Context) -> Result<Payload<'a>, Unusable> {
    let payload: Payload<'a> = payload::parse(body, NO_SHOP)?;
    match payload.shop_domain.get() {
        None => Err(Unusable::new(NO_SHOP)),
        Some(shop) if !shop.eq_ignore_ascii_case(&context.shop_domain) => {
            Err(Unusable::new("the body is about another shop than the headers say"))
        }
        Some(_) => Ok(payload),
    }
}

fn person(
    demand: Demand,
    payload: &Payload<'_>,
    orders: Option<&List<Id>>,
    request: Option<String>,
    context: &Context,
) -> Result<Changes, Unusable> {
    let who = payload.customer.as_ref().and_then(|customer| customer.0.as_ref());
    let mut skipped = Vec::new();
    let mut leave_out = |what: &str, reason: String| skipped.push(Skipped::new(what, reason));
    let email = who
        .and_then(|who| who.email.get())
        .and_then(|text| Email::parse(text).map_err(|error| leave_out("email", error.to_string())).ok());
    let phone = who.and_then(|who| who.phone.get()).and_then(|text| {
        let phone = Phone::parse(text, context.shop_country.as_deref());
        phone.map_err(|error| leave_out("phone", error.to_string())).ok()
    });
    let identity =
        Identity { customer: who.and_then(|who| who.id.0.clone()), email, phone, ..Identity::default() };
    let orders: Vec<String> =
        orders.map(|ids| ids.0.iter().filter_map(|id| id.0.clone()).collect()).unwrap_or_default();
    if identity.is_empty() && orders.is_empty() {
        return Err(Unusable::new(
            "the body names nobody: no customer, no valid email, no valid phone and no order",
        ));
    }
    let shop = payload.shop_id.0.clone();
    let mut changes = change(PrivacyDemand { demand, shop, person: identity, orders, request });
    changes.skipped = skipped;
    Ok(changes)
}

fn change(demand: PrivacyDemand) -> Changes {
    Changes { changes: vec![Change::Privacy(Box::new(demand))], skipped: Vec::new() }
}
