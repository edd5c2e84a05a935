//! Which paths Brevo has, and which function plays each.

use jiff::Timestamp;

use super::account::Account;
use super::body::Answer;
use super::{attributes, catalog, contacts, ecommerce, events, lists, orders, webhooks};
use crate::http::{Request, Response};

/// A path of the API, matched.
pub(super) struct Route {
    method: &'static str,
    /// Path after `/v3/`; `{}` stands for any one segment.
    pub(super) template: &'static str,
    /// What the `{}` stood for.
    parts: Vec<String>,
}

/// The paths that are played. Literal segments stand before `{}` ones: the first match wins.
#[rustfmt::skip]
const PLAYED: &[(&str, &str)] = &[
    ("GET",    "account"),
    ("GET",    "contacts"),
    ("POST",   "contacts"),
    ("GET",    "contacts/attributes"),
    ("POST",   "contacts/attributes/{}/{}"),
    ("GET",    "contacts/folders"),
    ("POST",   "contacts/folders"),
    ("GET",    "contacts/lists"),
    ("POST",   "contacts/lists"),
    ("GET",    "contacts/lists/{}"),
    ("POST",   "contacts/lists/{}/contacts/add"),
    ("POST",   "contacts/lists/{}/contacts/remove"),
    ("GET",    "contacts/{}"),
    ("PUT",    "contacts/{}"),
    ("DELETE", "contacts/{}"),
    ("GET",    "events"),
    ("POST",   "events"),
    ("POST",   "events/batch"),
    ("GET",    "orders"),
    ("POST",   "orders/status"),
    ("POST",   "orders/status/batch"),
    ("POST",   "products"),
    ("POST",   "products/batch"),
    ("POST",   "categories"),
    ("POST",   "categories/batch"),
    ("POST",   "ecommerce/activate"),
    ("GET",    "webhooks"),
    ("POST",   "webhooks"),
    ("GET",    "webhooks/{}"),
    ("PUT",    "webhooks/{}"),
    ("DELETE", "webhooks/{}"),
    ("GET",    "ecommerce/config/displayCurrency"),
    ("POST",   "ecommerce/config/displayCurrency"),
];

/// Paths that Brevo has and the sandbox does not play: 501, so that nobody takes a gap for Brevo's answer.
#[rustfmt::skip]
const NOT_PLAYED: &[(&str, &str)] = &[
    ("POST",   "contacts/import"),
    ("POST",   "contacts/export"),
    ("POST",   "contacts/doubleOptinConfirmation"),
    ("GET",    "contacts/segments"),
    ("PUT",    "contacts/attributes/{}/{}"),
    ("DELETE", "contacts/attributes/{}/{}"),
    ("GET",    "contacts/folders/{}"),
    ("PUT",    "contacts/folders/{}"),
    ("DELETE", "contacts/folders/{}"),
    ("GET",    "contacts/folders/{}/lists"),
    ("PUT",    "contacts/lists/{}"),
    ("DELETE", "contacts/lists/{}"),
    ("GET",    "contacts/lists/{}/contacts"),
    ("GET",    "contacts/{}/campaignStats"),
    ("GET",    "products"),
    ("GET",    "products/{}"),
    ("POST",   "products/{}/alerts/back_in_stock"),
    ("GET",    "categories"),
    ("GET",    "categories/{}"),
    ("GET",    "processes"),
    ("GET",    "processes/{}"),
    ("POST",   "webhooks/export"),
    ("POST",   "coupons"),
];

/// The route of a request, or Brevo's refusal.
pub(super) fn find(method: &str, segments: &[String]) -> Result<Route, Response> {
    if segments.join("/") == "contacts/batch" {
        return Err(Response::error(404, "document_not_found", "Not found"));
    }
    let unplayed =
        |(other, template): &&(&str, &str)| *other == method && parts(template, segments).is_some();
    if NOT_PLAYED.iter().any(|row| unplayed(&row)) {
        let sentence = format!("The sandbox does not play {method} /v3/{} yet.", segments.join("/"));
        return Err(Response::error(501, "not_played", &sentence));
    }
    let Some((_, template)) = PLAYED.iter().find(|(_, template)| parts(template, segments).is_some()) else {
        return Err(Response::error(404, "document_not_found", "Not found"));
    };
    let route = PLAYED.iter().find(|(other, known)| *other == method && known == template);
    match (route, parts(template, segments)) {
        (Some((method, template)), Some(parts)) => Ok(Route { method, template, parts }),
        _ => {
            let sentence = format!("{method} Method is not allowed on this path");
            Err(Response::error(405, "method_not_allowed", &sentence))
        }
    }
}

/// Carries a matched request out.
pub(super) fn run(account: &mut Account, route: &Route, request: &Request, now: Timestamp) -> Answer {
    let part = |index: usize| route.parts.get(index).map_or("", String::as_str);
    match (route.method, route.template) {
        ("GET", "account") => ecommerce::account(account),
        ("GET", "contacts") => contacts::page(account, request),
        ("POST", "contacts") => contacts::create(account, request, now),
        ("GET", "contacts/attributes") => attributes::list(account),
        ("POST", "contacts/attributes/{}/{}") => attributes::create(account, request, part(0), part(1)),
        ("GET", "contacts/folders") => lists::folders(account, request),
        ("POST", "contacts/folders") => lists::create_folder(account, request),
        ("GET", "contacts/lists") => lists::page(account, request),
        ("POST", "contacts/lists") => lists::create(account, request, now),
        ("GET", "contacts/lists/{}") => lists::get(account, part(0)),
        ("POST", "contacts/lists/{}/contacts/add") => lists::add(account, request, part(0), now),
        ("POST", "contacts/lists/{}/contacts/remove") => lists::remove(account, request, part(0), now),
        ("GET", "contacts/{}") => contacts::get(account, request, part(0)),
        ("PUT", "contacts/{}") => contacts::update(account, request, part(0), now),
        ("DELETE", "contacts/{}") => contacts::delete(account, request, part(0)),
        ("GET", "events") => events::page(account, request),
        ("POST", "events") => events::create(account, request, now),
        ("POST", "events/batch") => events::create_batch(account, request, now),
        ("GET", "orders") => orders::page(account, request),
        ("POST", "orders/status") => orders::create(account, request, now),
        ("POST", "orders/status/batch") => orders::create_batch(account, request, now),
        ("POST", "products") => catalog::create(account, catalog::Shelf::Products, request, now),
        ("POST", "products/batch") => catalog::create_batch(account, catalog::Shelf::Products, request, now),
        ("POST", "categories") => catalog::create(account, catalog::Shelf::Categories, request, now),
        ("POST", "categories/batch") => {
            catalog::create_batch(account, catalog::Shelf::Categories, request, now)
        }
        ("POST", "ecommerce/activate") => ecommerce::activate(account),
        ("GET", "webhooks") => webhooks::list(account, request),
        ("POST", "webhooks") => webhooks::create(account, request, now),
        ("GET", "webhooks/{}") => webhooks::get(account, part(0)),
        ("PUT", "webhooks/{}") => webhooks::update(account, request, part(0), now),
        ("DELETE", "webhooks/{}") => webhooks::delete(account, part(0)),
        ("GET", _) => ecommerce::display_currency(account),
        _ => ecommerce::set_display_currency(account, request),
    }
}

/// What the `{}` of a template stand for in a path, if the path fits.
fn parts(template: &str, segments: &[String]) -> Option<Vec<String>> {
    let wanted: Vec<&str> = template.split('/').collect();
    let fits = wanted.len() == segments.len()
        && wanted.iter().zip(segments).all(|(wanted, segment)| *wanted == "{}" || wanted == segment);
    fits.then(|| {
        let pairs = wanted.iter().zip(segments);
        pairs.filter(|(wanted, _)| **wanted == "{}").map(|(_, segment)| segment.clone()).collect()
    })
}
