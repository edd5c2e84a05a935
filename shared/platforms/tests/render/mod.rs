//! Changes as plain lines. Shows people and links, which the types themselves never do: for our fixtures only.

mod catalogue;

use std::fmt::Write;

use tajo_domain::{
    Address, AppNews, Cart, Change, Changes, Consent, Fulfilment, Identity, Item, Money, Order, OrderFact,
    PersonUpdate, Refund, ShipmentState, Unusable,
};

/// One line per statement.
pub fn changes(result: &Result<Changes, Unusable>) -> String {
    let changes = match result {
        Ok(changes) => changes,
        Err(unusable) => return format!("unusable: {unusable}"),
    };
    let mut out = String::new();
    for change in &changes.changes {
        match change {
            Change::Person { update, news } => {
                let news = news.map_or("mentioned".to_owned(), |news| format!("{news:?}").to_lowercase());
                person(&mut out, update, &news);
            }
            Change::PersonDeleted { customer, at } => {
                line(&mut out, "person deleted", &format!("customer {customer} at {at}"))
            }
            Change::PersonMerged { kept, gone, at } => {
                line(&mut out, "merged", &format!("customer {gone} into customer {kept} at {at}"))
            }
            Change::Order(found) => order(&mut out, found),
            Change::OrderFact(lone) => {
                line(&mut out, "of order", &lone.order);
                match &lone.fact {
                    OrderFact::Fulfilment(fact) => fulfilment(&mut out, fact),
                    OrderFact::Refund { refund: fact, paid_in } => {
                        refund(&mut out, fact);
                        option(&mut out, "    paid in", paid_in.as_ref().map(|currency| currency.as_str()));
                    }
                }
            }
            Change::OrderDeleted { order, at } => {
                line(&mut out, "order deleted", &format!("{order} at {at}"))
            }
            Change::CartsOrdered { tokens } => line(&mut out, "carts ordered", &tokens.join(" ")),
            Change::CartDeleted { token, at } => line(&mut out, "cart deleted", &format!("{token} at {at}")),
            Change::Cart(found) => cart(&mut out, found),
            Change::Product(found) => catalogue::product(&mut out, found),
            Change::Collection(found) => catalogue::collection(&mut out, found),
            Change::Stock(found) => catalogue::stock(&mut out, found),
            Change::Privacy(demand) => {
                let what = format!("{:?} of {}", demand.demand, identity(&demand.person));
                line(&mut out, "privacy", &what);
                option(&mut out, "  shop", demand.shop.as_ref());
                option(&mut out, "  request", demand.request.as_ref());
                option(&mut out, "  orders", Some(demand.orders.join(", ")).filter(|ids| !ids.is_empty()));
            }
            Change::App(AppNews::Uninstalled { shop, at }) => {
                line(&mut out, "app removed", &format!("by shop {} at {at}", shop.as_deref().unwrap_or("-")));
            }
            Change::App(AppNews::BulkFinished { operation, status, at, .. }) => {
                line(&mut out, "bulk operation", &format!("{operation} ended as {status} at {at}"));
            }
            Change::App(AppNews::Scopes { granted, at }) => {
                line(&mut out, "scopes", &format!("{} (as of {at})", granted.join(", ")));
            }
        }
    }
    for skipped in &changes.skipped {
        line(&mut out, "skipped", &format!("{}: {}", skipped.what, skipped.reason));
    }
    out
}

fn person(out: &mut String, update: &PersonUpdate, news: &str) {
    line(out, "person", &format!("{news} {}", identity(&update.identity)));
    option(out, "  created", update.created_at);
    if let Some(profile) = &update.profile {
        let value = &profile.value;
        let parts = [
            value.first_name.as_deref(),
            value.last_name.as_deref(),
            value.email.as_ref().map(|email| email.as_str()),
            value.phone.as_ref().map(|phone| phone.as_str()),
        ];
        let parts = parts.map(|part| part.unwrap_or("-")).join(" ");
        line(out, "  profile", &format!("{parts} (as of {})", profile.at));
    }
    option(
        out,
        "  language",
        update.locale.as_ref().map(|facet| format!("{} (as of {})", facet.value, facet.at)),
    );
    option(out, "  email consent", update.email_consent.as_ref().map(consent));
    option(out, "  sms consent", update.sms_consent.as_ref().map(consent));
    option(out, "  whatsapp consent", update.whatsapp_consent.as_ref().map(consent));
    if let Some(delta) = &update.tags_delta {
        let (added, removed) = (delta.added.join(", "), delta.removed.join(", "));
        line(out, "  tags", &format!("added [{added}], removed [{removed}] at {}", delta.at));
    }
    if let Some(tags) = &update.tags {
        line(out, "  tags", &format!("{} (as of {})", tags.value.join(", "), tags.at));
    }
    if let Some(totals) = &update.totals {
        let currency = totals.value.currency.as_ref().map_or("?", |currency| currency.as_str());
        let (orders, spent) = (totals.value.orders, totals.value.spent);
        line(out, "  totals", &format!("{orders} orders, {spent} {currency} (as of {})", totals.at));
    }
    option(out, "  ordered", update.ordered_at);
    // Addresses stay out: every account has one.
    for (source, fact) in update.custom.iter().filter(|(source, _)| !source.starts_with("default_address.")) {
        if let Some(value) = &fact.value {
            line(out, "  custom", &format!("{source}: {value} (as of {})", fact.at));
        }
    }
}

fn order(out: &mut String, order: &Order) {
    line(
        out,
        "order",
        &format!("{} {} ({}) of {}", order.name, order.status, order.id, identity(&order.identity)),
    );
    line(out, "  created", &order.created_at.to_string());
    line(out, "  version", &order.updated_at.to_string());
    let currency = order.currency.as_ref().map_or("?", |currency| currency.as_str());
    line(out, "  worth", &format!("{} of {} {currency}", order.net, order.total));
    sums(out, order.subtotal, order.discount, order.tax, order.shipping);
    items(out, "  item", &order.items);
    order.fulfilments.iter().for_each(|fact| fulfilment(out, fact));
    order.refunds.iter().for_each(|fact| refund(out, fact));
    if let Some(edit) = &order.edit {
        line(out, "  edited", &format!("costs {} now", edit.total));
        items(out, "    item", &edit.items);
    }
    if let Some(presentment) = &order.presentment {
        let total = presentment.total.map_or("?".to_owned(), |total| total.to_string());
        line(out, "  buyer saw", &format!("{total} {}", presentment.currency.as_str()));
    }
    if let Some(cancelled) = &order.cancelled {
        line(
            out,
            "  cancelled",
            &format!("at {} ({})", cancelled.at, cancelled.reason.as_deref().unwrap_or("-")),
        );
    }
    option(out, "  coupons", Some(order.coupons.join(", ")).filter(|coupons| !coupons.is_empty()));
    option(out, "  paid by", order.payment_method.as_ref());
    option(out, "  sent by", order.shipping_method.as_ref());
    option(out, "  note", order.note.as_ref());
    option(out, "  url", order.url.as_ref());
    option(out, "  billed to", order.billing.as_ref().map(address));
    option(out, "  sent to", order.delivery.as_ref().map(address));
    line(out, "  completes", &order.cart_tokens.join(", "));
}

fn fulfilment(out: &mut String, fact: &Fulfilment) {
    let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".into());
    let all = |parts: &[String]| if parts.is_empty() { "-".to_owned() } else { parts.join(" + ") };
    let (carrier, number) = (text(&fact.carrier), all(&fact.tracking_numbers));
    let url = all(&fact.tracking_urls);
    let word = match fact.state {
        ShipmentState::Shipped => "  shipped",
        ShipmentState::Open => "  to be shipped",
        ShipmentState::Cancelled => "  not shipped, cancelled",
        ShipmentState::Failed => "  not shipped, failed",
    };
    line(out, word, &format!("{} at {} by {carrier} {number} {url}", fact.id, fact.at));
    items(out, "    item", &fact.items);
    let word = |full: bool| if full { "everything" } else { "not everything yet" };
    option(out, "    so far", fact.completes.map(word));
}

fn refund(out: &mut String, fact: &Refund) {
    let reason = fact.reason.as_deref().unwrap_or("-");
    line(out, "  refunded", &format!("{} at {}: {} ({reason})", fact.id, fact.at, fact.amount));
    items(out, "    item", &fact.items);
    option(out, "    so far", fact.is_full.map(|full| if full { "the whole total" } else { "a part" }));
}

fn cart(out: &mut String, cart: &Cart) {
    line(out, "cart", &format!("{} of {}", cart.tokens.join(" = "), identity(&cart.identity)));
    line(out, "  created", &cart.created_at.to_string());
    line(out, "  version", &cart.updated_at.to_string());
    option(out, "  completed", cart.completed_at);
    let currency = cart.currency.as_ref().map_or("?", |currency| currency.as_str());
    line(out, "  worth", &format!("{} {currency}", cart.total));
    sums(out, cart.subtotal, cart.discount, cart.tax, cart.shipping);
    items(out, "  item", &cart.items);
    option(out, "  url", cart.url.as_ref());
}

fn sums(
    out: &mut String,
    sub: Option<Money>,
    discount: Option<Money>,
    tax: Option<Money>,
    shipping: Option<Money>,
) {
    let text = |sum: Option<Money>| sum.map_or("-".to_owned(), |sum| sum.to_string());
    let (sub, discount, tax, shipping) = (text(sub), text(discount), text(tax), text(shipping));
    line(out, "  sums", &format!("items {sub}, discount {discount}, tax {tax}, shipping {shipping}"));
}

fn items(out: &mut String, head: &str, items: &[Item]) {
    for item in items {
        let variant = item.variant_name.as_deref().map_or(String::new(), |name| format!(" / {name}"));
        let sku = item.sku.as_deref().unwrap_or("-");
        let ids = format!(
            "product {}, variant {}, sku {sku}",
            item.product,
            item.variant.as_deref().unwrap_or("-")
        );
        let price = match item.discount.is_zero() {
            true => item.price.to_string(),
            false => format!("{} less {}", item.price, item.discount),
        };
        line(out, head, &format!("{} × {} at {price}{variant} ({ids})", item.quantity, item.name));
    }
}

fn identity(identity: &Identity) -> String {
    let customer = identity.customer.as_ref().map(|id| format!("customer {id}"));
    let email = identity.email.as_ref().map(|email| email.as_str().to_owned());
    let phone = identity.phone.as_ref().map(|phone| phone.as_str().to_owned());
    let parts: Vec<_> = [customer, email, phone].into_iter().flatten().collect();
    if parts.is_empty() { "nobody".into() } else { parts.join(", ") }
}

fn consent(consent: &Consent) -> String {
    format!("{:?} at {}", consent.state, consent.at)
}

fn address(address: &Address) -> String {
    let parts = [
        &address.first_name,
        &address.last_name,
        &address.company,
        &address.phone,
        &address.address1,
        &address.address2,
        &address.zip,
        &address.city,
        &address.region,
        &address.country,
        &address.country_code,
    ];
    parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(", ")
}

fn option(out: &mut String, head: &str, value: Option<impl ToString>) {
    if let Some(value) = value {
        line(out, head, &value.to_string());
    }
}

fn line(out: &mut String, head: &str, text: &str) {
    let _ = writeln!(out, "{head:<15} {text}");
}
