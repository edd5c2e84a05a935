//! Changes as plain lines. Shows people and links, which the types themselves never do: for our fixtures only.

use std::fmt::Write;

use tajo_domain::{
    Address, AppNews, Cart, Change, Changes, Consent, Identity, Item, Money, Order, PersonUpdate, Unusable,
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
            Change::Order(found) => order(&mut out, found),
            Change::Cart(found) => cart(&mut out, found),
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
    if let Some(tags) = &update.tags {
        line(out, "  tags", &format!("{} (as of {})", tags.value.join(", "), tags.at));
    }
    if let Some(totals) = &update.totals {
        let currency = totals.value.currency.as_ref().map_or("?", |currency| currency.as_str());
        let (orders, spent) = (totals.value.orders, totals.value.spent);
        line(out, "  totals", &format!("{orders} orders, {spent} {currency} (as of {})", totals.at));
    }
    option(out, "  ordered", update.ordered_at);
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
    for fulfilment in &order.fulfilments {
        let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".into());
        let (carrier, number) = (text(&fulfilment.carrier), text(&fulfilment.tracking_number));
        let url = text(&fulfilment.tracking_url);
        line(
            out,
            "  shipped",
            &format!("{} at {} by {carrier} {number} {url}", fulfilment.id, fulfilment.at),
        );
        items(out, "    item", &fulfilment.items);
    }
    for refund in &order.refunds {
        let reason = refund.reason.as_deref().unwrap_or("-");
        line(out, "  refunded", &format!("{} at {}: {} ({reason})", refund.id, refund.at, refund.amount));
        items(out, "    item", &refund.items);
    }
    if let Some(cancelled) = &order.cancelled {
        line(
            out,
            "  cancelled",
            &format!("at {} ({})", cancelled.at, cancelled.reason.as_deref().unwrap_or("-")),
        );
    }
    if order.test {
        line(out, "  test", "yes");
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
        line(out, head, &format!("{} × {} at {}{variant} ({ids})", item.quantity, item.name, item.price));
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
