//! The morning's webhooks, made from a seed: who comes, what they buy, in which order things happen.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A person of the morning.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: u64,
    pub first: &'static str,
    pub last: &'static str,
    pub email: String,
}

/// One delivery of the morning.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What a reader of the table calls it.
    pub what: String,
    pub topic: &'static str,
    pub body: Value,
    /// The delivery's id: a duplicate repeats it.
    pub id: String,
    /// Signed with a secret that is not the shop's.
    pub forged: bool,
    /// What the played shop records of the customer, if it is asked: fields of its Admin API.
    pub knows: Option<Value>,
    /// What must become of it: the outcome in the log, or the HTTP status of a refusal.
    pub ends: &'static str,
}

/// What the traffic implies, without asking our own code.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Address, first name, lists by name, whether emails are open.
    pub contacts: Vec<(String, String, Vec<&'static str>, bool)>,
    /// Event name, address.
    pub events: Vec<(String, String)>,
    /// Order id, status, amount in cents.
    pub orders: Vec<(String, String, i64)>,
}

/// The morning: deliveries in order, and what must have reached Brevo when the last cart has rested.
pub fn morning(seed: u64, now: Timestamp) -> (Vec<Delivery>, Expected) {
    let mut rng = Rng::with_seed(seed);
    let mut expected = Expected::default();
    let mut stories = vec![
        buyer(&mut rng, now, &mut expected),
        quiet_cart(&mut rng, now, &mut expected),
        out_of_order(&mut rng, now, &mut expected),
    ];
    rng.shuffle(&mut stories);
    let mut deliveries: Vec<Delivery> = Vec::new();
    // The stories go on side by side; each keeps its own order.
    while stories.iter().any(|story| !story.is_empty()) {
        let story = rng.usize(..stories.len());
        if !stories[story].is_empty() {
            deliveries.push(stories[story].remove(0));
        }
    }
    (deliveries, expected)
}

/// Registers, fills a cart, orders, gets the order twice by mistake, is sent the goods, sends one back.
fn buyer(rng: &mut Rng, now: Timestamp, expected: &mut Expected) -> Vec<Delivery> {
    let person = person(rng);
    let (price, token) = (rng.i64(500..20_000), token(rng));
    let order = rng.u64(5_000_000_000_000..6_000_000_000_000);
    let back = rng.i64(100..price);
    let body = |at: i64, status: &str| order_body(order, &person, price, &token, now, at, status);
    let mut shipped = body(40, "paid");
    shipped["fulfillment_status"] = json!("fulfilled");
    shipped["fulfillments"] = json!([{ "id": order + 1, "status": "success", "created_at": at(now, 39),
        "tracking_company": "DHL", "tracking_number": "JD0146", "line_items": shipped["line_items"].clone() }]);
    let mut refunded = shipped.clone();
    refunded["updated_at"] = json!(at(now, 60));
    refunded["financial_status"] = json!("partially_refunded");
    refunded["current_total_price"] = json!(money(price - back));
    refunded["refunds"] = json!([{ "id": order + 2, "created_at": at(now, 59), "note": "does not fit", "refund_line_items": [],
        "transactions": [{ "id": order + 3, "kind": "refund", "status": "success", "amount": money(back), "currency": "EUR" }] }]);
    let email = person.email.clone();
    for name in [
        "customer_created",
        "cart_created",
        "cart_updated",
        "cart_updated",
        "order_placed",
        "order_completed",
        "order_paid",
        "order_fulfilled",
        "order_refunded",
    ] {
        expected.events.push((name.to_owned(), email.clone()));
    }
    expected.contacts.push((email, person.first.to_owned(), vec!["all_customers", "buyers"], true));
    expected.orders.push((order.to_string(), "partially_refunded".to_owned(), price - back));
    let name = person.first;
    let placed = delivery(rng, format!("{name} orders"), "orders/create", body(30, "paid"));
    let again = Delivery { what: "the same webhook again".to_owned(), ends: "unchanged", ..placed.clone() };
    let registers = delivery(
        rng,
        format!("{name} registers and ticks the box for emails"),
        "customers/create",
        customer_body(&person, now, 1, person.first),
    );
    // The webhook does not carry it: only the shop's own record tells.
    let opted_in = json!({ "defaultEmailAddress": { "emailAddress": person.email, "marketingState": "SUBSCRIBED",
        "marketingOptInLevel": "SINGLE_OPT_IN", "marketingUpdatedAt": at(now, 1) } });
    vec![
        Delivery { knows: Some(opted_in), ..registers },
        delivery(
            rng,
            format!("{name} starts a checkout"),
            "checkouts/create",
            checkout_body(&person, price / 2, &token, now, 10),
        ),
        delivery(
            rng,
            format!("{name} adds more"),
            "checkouts/update",
            checkout_body(&person, price, &token, now, 20),
        ),
        placed,
        again,
        delivery(rng, format!("{name}'s order is shipped"), "orders/updated", shipped),
        delivery(rng, format!("{name} sends something back"), "orders/updated", refunded),
    ]
}

/// Leaves a cart behind; somebody else pretends to be the shop.
fn quiet_cart(rng: &mut Rng, now: Timestamp, expected: &mut Expected) -> Vec<Delivery> {
    let person = person(rng);
    let (price, token) = (rng.i64(500..20_000), token(rng));
    let email = person.email.clone();
    for name in ["cart_created", "cart_updated", "cart_abandoned"] {
        expected.events.push((name.to_owned(), email.clone()));
    }
    expected.contacts.push((email, person.first.to_owned(), vec!["all_customers", "abandoned_cart"], false));
    let forged_order = order_body(rng.u64(1..9_000_000), &person, price, &token, now, 15, "paid");
    let forged = delivery(rng, "a forged order".to_owned(), "orders/create", forged_order);
    vec![
        delivery(
            rng,
            format!("{} leaves a cart", person.first),
            "checkouts/create",
            checkout_body(&person, price, &token, now, 5),
        ),
        Delivery { forged: true, ends: "401", ..forged },
    ]
}

/// The update of a customer arrives before the creation.
fn out_of_order(rng: &mut Rng, now: Timestamp, expected: &mut Expected) -> Vec<Delivery> {
    let person = person(rng);
    let new_name = "Maxine";
    for name in ["customer_created", "customer_updated"] {
        expected.events.push((name.to_owned(), person.email.clone()));
    }
    expected.contacts.push((person.email.clone(), new_name.to_owned(), vec!["all_customers"], false));
    let late = delivery(
        rng,
        format!("{}'s registration, late", person.first),
        "customers/create",
        customer_body(&person, now, 2, person.first),
    );
    vec![
        delivery(
            rng,
            format!("{} is {new_name} now", person.first),
            "customers/update",
            customer_body(&person, now, 9, new_name),
        ),
        Delivery { ends: "unchanged", ..late },
    ]
}

fn delivery(rng: &mut Rng, what: String, topic: &'static str, body: Value) -> Delivery {
    let id = format!("{:016x}-{:08x}", rng.u64(..), rng.u32(..));
    Delivery { what, topic, body, id, forged: false, knows: None, ends: "applied" }
}

fn person(rng: &mut Rng) -> Person {
    const FIRST: [&str; 8] = ["Jo", "Amélie", "Søren", "Zoë", "Noor", "Ayşe", "Łukasz", "Chiara"];
    const LAST: [&str; 6] = ["Berg", "Müller", "Okafor", "Silva", "Novák", "Tanaka"];
    let id = rng.u64(7_000_000_000_000..8_000_000_000_000);
    let (first, last) = (FIRST[rng.usize(..FIRST.len())], LAST[rng.usize(..LAST.len())]);
    Person { id, first, last, email: format!("buyer-{id}@example.com") }
}

fn customer_body(person: &Person, now: Timestamp, seconds: i64, first: &str) -> Value {
    json!({ "id": person.id, "email": person.email, "first_name": first, "last_name": person.last,
        "created_at": at(now, 1), "updated_at": at(now, seconds), "state": "enabled", "verified_email": true,
        "currency": "EUR", "phone": null, "addresses": [], "tax_exempt": false, "tax_exemptions": [],
        "admin_graphql_api_id": format!("gid://shopify/Customer/{}", person.id) })
}

fn checkout_body(person: &Person, price: i64, token: &str, now: Timestamp, seconds: i64) -> Value {
    json!({ "token": format!("checkout-{token}"), "cart_token": format!("cart-{token}"), "email": person.email,
        "created_at": at(now, 5), "updated_at": at(now, seconds), "completed_at": null, "currency": "EUR",
        "presentment_currency": "EUR", "total_price": money(price), "subtotal_price": money(price), "total_tax": "0.00",
        "total_discounts": "0.00", "abandoned_checkout_url": format!("https://demo-shop.myshopify.com/checkouts/{token}/recover"),
        "line_items": [item(price)], "customer": customer_body(person, now, 1, person.first), "buyer_accepts_marketing": false })
}

fn order_body(
    id: u64,
    person: &Person,
    price: i64,
    token: &str,
    now: Timestamp,
    seconds: i64,
    status: &str,
) -> Value {
    json!({ "id": id, "name": format!("#{}", id % 10_000), "order_number": id % 10_000, "email": person.email,
        "created_at": at(now, 29), "updated_at": at(now, seconds), "cancelled_at": null, "test": false, "confirmed": true,
        "financial_status": status, "fulfillment_status": null, "currency": "EUR", "total_price": money(price),
        "current_total_price": money(price), "subtotal_price": money(price), "total_tax": "0.00", "total_discounts": "0.00",
        "cart_token": format!("cart-{token}"), "checkout_token": format!("checkout-{token}"), "line_items": [item(price)],
        "fulfillments": [], "refunds": [], "discount_codes": [], "payment_gateway_names": ["bogus"],
        "customer": customer_body(person, now, 1, person.first),
        "admin_graphql_api_id": format!("gid://shopify/Order/{id}") })
}

fn item(price: i64) -> Value {
    json!({ "id": 9_001, "product_id": 9_101, "variant_id": 9_201, "title": "Wool blanket", "name": "Wool blanket",
        "sku": "BLANKET", "quantity": 1, "price": money(price) })
}

fn token(rng: &mut Rng) -> String {
    format!("{:012x}", rng.u64(..1 << 48))
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Seconds after the store was connected, as Shopify writes times.
fn at(now: Timestamp, seconds: i64) -> String {
    let at = now.saturating_add(SignedDuration::from_millis(seconds * 10)).unwrap_or(now);
    at.to_string()
}
