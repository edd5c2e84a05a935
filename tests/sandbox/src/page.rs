//! What the sandbox knows, as a page for people. No script or style from anywhere else.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value};

use crate::admin::Which;
use crate::brevo::{CatalogItem, Contact, Event, List, Order, State as Known};
use crate::sandbox::{Call, Sandbox};

/// More rows than anybody reads.
const MOST_ROWS: usize = 100;

/// Looks again every two seconds, unless somebody has opened a row to read it.
const REFRESH: &str = "setInterval(async () => {
  if (document.hidden || document.querySelector('details[open]')) return;
  const page = await fetch(location.href).then(answer => answer.text()).catch(() => null);
  if (page) document.querySelector('main').replaceWith(
    new DOMParser().parseFromString(page, 'text/html').querySelector('main'));
}, 2000);";

/// `GET /`, `GET /?account=NAME`
pub(crate) async fn show(
    State(sandbox): State<Sandbox>,
    Query(which): Query<Which>,
) -> (StatusCode, Html<String>) {
    let known = match &which.account {
        Some(name) => sandbox.state_of(name),
        None => Some(sandbox.state()),
    };
    let page = match &known {
        Some(known) => page(known, &sandbox.account_names(), &sandbox.calls()),
        None => html! { p { "There is no such account. " a href="/" { "Show the first one." } } },
    };
    let status = if known.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    (status, Html(page.into_string()))
}

fn page(known: &Known, accounts: &[String], calls: &[Call]) -> Markup {
    let calls: Vec<&Call> =
        calls.iter().filter(|call| call.account.as_ref().is_none_or(|name| *name == known.account)).collect();
    let figures = [
        ("contacts", known.contacts.len()),
        ("lists", known.lists.len()),
        ("events", known.events.len()),
        ("orders", known.orders.len()),
        ("products", known.products.len()),
        ("calls", calls.len()),
    ];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Brevo sandbox: " (known.account) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header {
                    h1 { "Brevo sandbox" }
                    p { (ecommerce(known)) }
                    nav { @for name in accounts {
                        a href={ "/?account=" (name) } class=[(*name == known.account).then_some("here")] { (name) }
                    } }
                }
                main {
                    div.figures { @for (name, count) in figures {
                        a href={ "#" (name) } { strong { (count) } span { (name) } }
                    } }
                    (section("contacts", known.contacts.len(), CONTACTS, known.contacts.iter().rev().map(|c| contact(c, &known.lists))))
                    (section("lists", known.lists.len(), LISTS, known.lists.iter().rev().map(|l| list(l, &known.contacts))))
                    (section("events", known.events.len(), EVENTS, known.events.iter().rev().map(|e| event(e, &known.contacts))))
                    (section("orders", known.orders.len(), ORDERS, newest(&known.orders).map(|o| order(o, &known.contacts))))
                    (section("products", known.products.len(), PRODUCTS, latest(&known.products).map(product)))
                    (section("calls", calls.len(), CALLS, calls.iter().rev().map(|c| call(c))))
                }
                script { (PreEscaped(REFRESH)) }
            }
        }
    }
}

const CONTACTS: &[&str] = &["Id", "Contact", "Email", "SMS", "Lists", "Attributes", "Changed"];
const LISTS: &[&str] = &["Id", "Name", "#Contacts"];
const EVENTS: &[&str] = &["N", "Event", "Contact", "Properties", "Happened"];
const ORDERS: &[&str] = &["Order", "Contact", "Status", "#Amount", "Automations", "Body", "Written"];
const PRODUCTS: &[&str] = &["Product", "Name", "#Price", "#Stock", "Parent", "Changed"];
const CALLS: &[&str] = &["N", "Status", "Call", "Fault", "Time"];

/// A card with a table. A column whose title begins with `#` holds numbers.
fn section(name: &str, count: usize, columns: &[&str], rows: impl Iterator<Item = Markup>) -> Markup {
    html! {
        section id=(name) {
            h2 { (name[..1].to_uppercase()) (name[1..])
                @if count > MOST_ROWS { small { "the newest " (MOST_ROWS) " of " (count) } }
                @else if count > 0 { small { (count) } }
            }
            @if count == 0 { p.empty { "None yet." } }
            @else { table {
                thead { tr { @for column in columns {
                    th.number[column.starts_with('#')] { (column.trim_start_matches('#')) }
                } } }
                tbody { @for row in rows.take(MOST_ROWS) { (row) } }
            } }
        }
    }
}

fn ecommerce(known: &Known) -> String {
    let section = if known.ecommerce.active { "active" } else { "not activated" };
    format!("eCommerce {section}, {}", known.ecommerce.display_currency)
}

fn contact(contact: &Contact, lists: &[List]) -> Markup {
    let names: Vec<&str> = lists
        .iter()
        .filter(|list| contact.list_ids.contains(&list.id))
        .map(|list| list.name.as_str())
        .collect();
    html! {
        tr {
            td.number { (contact.id) }
            td {
                (contact.email.as_deref().unwrap_or("no email"))
                @if let Some(ext_id) = &contact.ext_id { br; code.soft { (ext_id) } }
            }
            td { (channel(contact.email_blacklisted)) }
            td { (channel(contact.sms_blacklisted)) }
            td { (names.join(", ")) }
            td { (pairs(&contact.attributes)) }
            td.when { (clock(&contact.modified_at.to_string())) }
        }
    }
}

/// Brevo knows two states per channel and no third.
fn channel(blocked: bool) -> Markup {
    if blocked {
        html! { span.chip.warn { "blocklisted" } }
    } else {
        html! { span.chip.good { "subscribed" } }
    }
}

fn list(list: &List, contacts: &[Contact]) -> Markup {
    let members = contacts.iter().filter(|contact| contact.list_ids.contains(&list.id)).count();
    html! { tr { td.number { (list.id) } td { (list.name) } td.number { (members) } } }
}

fn event(event: &Event, contacts: &[Contact]) -> Markup {
    html! {
        tr {
            td.number { (event.n) }
            td { code { (event.event_name) } }
            td { (person(event.contact, contacts)) }
            td { (folded(&event.event_properties)) }
            td.when { (clock(&event.event_date)) }
        }
    }
}

fn order(order: &Order, contacts: &[Contact]) -> Markup {
    let text = |name: &str| order.fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let started = order.writes.iter().filter(|write| write.triggers_automations).count();
    html! {
        tr {
            td { code { (text("id")) } }
            td { (person(order.contact, contacts)) }
            td { span.chip.plain { (text("status")) } }
            td.number { (order.fields.get("amount").unwrap_or(&Value::Null)) }
            td {
                @if started == 0 { span.chip.warn { "none: historical" } }
                @else { span.chip.good { "by " (started) " of " (order.writes.len()) " writes" } }
            }
            td { (folded(&Value::Object(order.fields.clone()))) }
            td.when { @if let Some(write) = order.writes.last() { (clock(&write.at.to_string())) } }
        }
    }
}

fn product(product: &CatalogItem) -> Markup {
    let text = |name: &str| product.fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| product.fields.get(name).map(Value::to_string).unwrap_or_default();
    let deleted = product.fields.get("isDeleted") == Some(&Value::Bool(true));
    html! {
        tr {
            td { code { (text("id")) } }
            td { (text("name")) @if deleted { " " span.chip.bad { "deleted" } } }
            td.number { (number("price")) }
            td.number { (number("stock")) }
            td { code.soft { (text("parentId")) } }
            td.when { (clock(&product.modified_at.to_string())) }
        }
    }
}

fn call(call: &Call) -> Markup {
    let chip = match call.status {
        200..300 => "chip good",
        425 | 429 => "chip warn",
        _ => "chip bad",
    };
    let query = if call.query.is_empty() { String::new() } else { format!("?{}", call.query) };
    html! {
        tr {
            td.number { (call.n) }
            td { span class=(chip) { @if call.status == 0 { "no answer" } @else { (call.status) } } }
            td { details {
                summary { code { (call.method) " " (call.path) span.soft { (query) } } }
                @if !call.request.is_null() { pre { (pretty(&call.request)) } }
                @if !call.response.is_null() { pre { (pretty(&call.response)) } }
            } }
            td { @if let Some(fault) = &call.fault { span.chip.warn { (fault) } } }
            td.when { (clock(&call.time.to_string())) }
        }
    }
}

fn person(id: Option<u64>, contacts: &[Contact]) -> Markup {
    let Some(id) = id else { return html! { span.chip.plain { "nobody known" } } };
    let email = contacts.iter().find(|contact| contact.id == id).and_then(|contact| contact.email.as_deref());
    html! { @match email { Some(email) => (email), None => { "contact " (id) } } }
}

fn pairs(fields: &Map<String, Value>) -> Markup {
    html! { div.pairs { @for (name, value) in fields {
        span { b { (name) } " " (value.as_str().map_or_else(|| value.to_string(), str::to_owned)) }
    } } }
}

fn folded(value: &Value) -> Markup {
    let fields = value.as_object().map_or(0, Map::len);
    html! { @if fields > 0 { details { summary.soft { (fields) " fields" } pre { (pretty(value)) } } } }
}

fn pretty(value: &Value) -> String {
    value.as_str().map_or_else(|| serde_json::to_string_pretty(value).unwrap_or_default(), str::to_owned)
}

/// Month, day and time of an RFC 3339 time.
fn clock(time: &str) -> String {
    let day = time.get(5..10).unwrap_or(time);
    format!("{day} {}", time.get(11..19).unwrap_or_default())
}

fn newest(orders: &[Order]) -> impl Iterator<Item = &Order> {
    let mut orders: Vec<&Order> = orders.iter().collect();
    orders.sort_by_key(|order| std::cmp::Reverse(order.writes.last().map(|write| write.at)));
    orders.into_iter()
}

fn latest(products: &[CatalogItem]) -> impl Iterator<Item = &CatalogItem> {
    let mut products: Vec<&CatalogItem> = products.iter().collect();
    products.sort_by_key(|product| std::cmp::Reverse(product.modified_at));
    products.into_iter()
}
