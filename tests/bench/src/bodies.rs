//! Webhook bodies in the shape and size of real ones, made of the samples in `events/shopify`.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::rng::Rng;

const CART_OPENED: &str = include_str!("../../../events/shopify/checkouts-create.anonymous.json");
const CHECKOUT: &str = include_str!("../../../events/shopify/checkouts-update.json");
const COMPLETED: &str = include_str!("../../../events/shopify/checkouts-update.completed.json");
const ORDER: &str = include_str!("../../../events/shopify/orders-create.paid.json");
const FULFILLED: &str = include_str!("../../../events/shopify/orders-updated.fulfilled.json");
const REFUNDED: &str = include_str!("../../../events/shopify/orders-updated.refunded.json");
const CANCELLED: &str = include_str!("../../../events/shopify/orders-updated.cancelled.json");
const CUSTOMER: &str = include_str!("../../../events/shopify/customers-update.json");

const FIRST_NAMES: [&str; 8] = ["Jo", "Zoë", "Amélie", "Łukasz", "Mia", "Noah", "Sofía", "Emil"];
const LAST_NAMES: [&str; 8] = ["Müller", "Nowak", "Dubois", "García", "Smith", "Åberg", "Rossi", "Jansen"];

/// Somebody who shops.
#[derive(Clone, Debug)]
pub struct Buyer {
    /// Shopify's customer id.
    pub id: i64,
    /// Their address, at a domain that cannot exist.
    pub email: String,
    /// Their name.
    pub name: (&'static str, &'static str),
    /// Their number, if the store has one.
    pub phone: Option<String>,
    /// When the account was made.
    pub since: Timestamp,
}

impl Buyer {
    /// The buyer of this number.
    pub fn new(rng: &mut Rng, number: i64, since: Timestamp) -> Self {
        let name = (*rng.pick(&FIRST_NAMES).unwrap_or(&"Jo"), *rng.pick(&LAST_NAMES).unwrap_or(&"Roe"));
        let has_phone = rng.between(1, 100) <= 40;
        Self {
            id: 7_201_400_000_000 + number,
            email: format!("buyer-{number}@shop-day.example"),
            name,
            phone: has_phone.then(|| format!("+49171{:07}", 1_000_000 + number)),
            since,
        }
    }
}

/// What is bought, and under which names it travels.
#[derive(Clone, Debug)]
pub struct Basket {
    /// Counts baskets; every id is made of it.
    pub number: i64,
    /// Whose it is.
    pub buyer: Buyer,
    /// Products in it.
    pub lines: i64,
    /// When it became an order; for one that never did, when the checkout began.
    pub at: Timestamp,
}

/// What an order body tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Shopify's own words")]
pub enum OrderStage {
    Placed,
    Fulfilled,
    Refunded,
    Cancelled,
}

impl Basket {
    /// Name of the cart.
    pub fn cart_token(&self) -> String {
        format!("hWN9bench{:016x}", 0x5A17_0000_0000 + self.number)
    }

    fn checkout_token(&self) -> String {
        format!("chk{:029x}", 0xB81D_0000_0000 + self.number)
    }

    /// `orders/*`. `updated_at` is the version; `then` is when the stage's own fact happened.
    pub fn order(&self, stage: OrderStage, updated_at: Timestamp, then: Timestamp) -> Vec<u8> {
        let mut body = sample(match stage {
            OrderStage::Placed => ORDER,
            OrderStage::Fulfilled => FULFILLED,
            OrderStage::Refunded => REFUNDED,
            OrderStage::Cancelled => CANCELLED,
        });
        let id = 6_101_400_000_000 + self.number;
        set(&mut body, "id", json!(id));
        set(&mut body, "admin_graphql_api_id", json!(format!("gid://shopify/Order/{id}")));
        set(&mut body, "name", json!(format!("#{}", 1000 + self.number)));
        set(&mut body, "order_number", json!(1000 + self.number));
        set(&mut body, "checkout_token", json!(self.checkout_token()));
        set(&mut body, "token", json!(format!("ord{id:029x}")));
        set(&mut body, "processed_at", json!(self.at));
        set(&mut body, "tags", json!(if self.number % 3 == 0 { "gift, newsletter" } else { "" }));
        self.campaign(&mut body);
        self.common(&mut body, updated_at);
        for email in ["email", "contact_email"] {
            set(&mut body, email, json!(self.buyer.email));
        }
        if stage == OrderStage::Cancelled {
            set(&mut body, "cancelled_at", json!(then));
        }
        let lines = body["line_items"].clone();
        for (index, part) in items(&mut body, "fulfillments").enumerate() {
            self.part(part, index, then, 4_101_400_000_000);
            set(part, "line_items", lines.clone());
        }
        for (index, part) in items(&mut body, "refunds").enumerate() {
            self.part(part, index, then, 2_101_400_000_000);
            set(part, "processed_at", json!(then));
        }
        bytes(&body)
    }

    /// `checkouts/*`. `known`: whether somebody has typed a contact yet.
    pub fn checkout(&self, known: bool, completed: bool, updated_at: Timestamp) -> Vec<u8> {
        let mut body = sample(match (known, completed) {
            (_, true) => COMPLETED,
            (true, false) => CHECKOUT,
            (false, false) => CART_OPENED,
        });
        set(&mut body, "token", json!(self.checkout_token()));
        if completed {
            set(&mut body, "completed_at", json!(updated_at));
        }
        if known {
            set(&mut body, "email", json!(self.buyer.email));
        }
        self.campaign(&mut body);
        self.common(&mut body, updated_at);
        bytes(&body)
    }

    /// `carts/*`.
    pub fn cart(&self, updated_at: Timestamp) -> Vec<u8> {
        let line = sample(CART_OPENED)["line_items"][0].clone();
        let mut body = json!({
            "id": self.cart_token(), "token": self.cart_token(), "note": "", "created_at": self.at,
            "updated_at": updated_at, "line_items": [line],
        });
        self.multiply_lines(&mut body);
        bytes(&body)
    }

    /// `products/update`, as an order causes it: another stock level.
    pub fn product(&self, line: i64, updated_at: Timestamp) -> Vec<u8> {
        let id = 9_101_400_000_000 + line;
        let variants: Vec<Value> = (0..6)
            .map(|variant| {
                json!({
                    "admin_graphql_api_id": format!("gid://shopify/ProductVariant/{}", id * 10 + variant),
                    "barcode": null, "compare_at_price": null, "created_at": self.buyer.since, "id": id * 10 + variant,
                    "inventory_policy": "deny", "position": variant + 1, "price": "89.00", "product_id": id,
                    "sku": format!("BLANKET-{variant}"), "taxable": true, "title": "Moss green",
                    "updated_at": updated_at, "option1": "Moss green", "option2": null, "option3": null,
                    "image_id": null, "inventory_item_id": id * 20 + variant, "inventory_quantity": 40 - self.number % 40,
                    "old_inventory_quantity": 41 - self.number % 40,
                })
            })
            .collect();
        bytes(&json!({
            "admin_graphql_api_id": format!("gid://shopify/Product/{id}"), "id": id, "title": "Wool blanket",
            "body_html": "<p>Woven from undyed and plant-dyed wool in a small mill, brushed on both sides.</p>".repeat(8),
            "handle": "wool-blanket", "product_type": "Home", "status": "active", "vendor": "Demo Shop",
            "tags": "wool, home", "published_scope": "web", "created_at": self.buyer.since, "updated_at": updated_at,
            "variants": variants, "options": [{"name": "Colour", "id": id + 7, "product_id": id, "position": 1}],
            "images": [], "image": null, "media": [], "has_variants_that_requires_components": false,
        }))
    }

    fn common(&self, body: &mut Value, updated_at: Timestamp) {
        set(body, "cart_token", json!(self.cart_token()));
        set(body, "created_at", json!(self.at));
        set(body, "updated_at", json!(updated_at));
        if body["customer"].is_object() {
            identify(&mut body["customer"], &self.buyer, updated_at);
        }
        self.multiply_lines(body);
    }

    /// What a campaign link and a theme leave behind in a body.
    fn campaign(&self, body: &mut Value) {
        let link = format!(
            "/products/wool-blanket?utm_source=newsletter&utm_medium=email&utm_campaign=autumn-2026\
            &utm_content=hero-{0}&gclid=Cj0KCQjwbench{0:032}&fbclid=IwAR2bench{0:040}",
            self.number
        );
        set(body, "landing_site", json!(link));
        let mut rng = Rng::new(self.number.unsigned_abs());
        let notes: Vec<Value> = ["gift_wrap", "delivery_note", "session", "consent", "variant", "source"]
            .iter()
            .map(|name| json!({ "name": name, "value": format!("{:016x}{:016x}", rng.bits(), rng.bits()) }))
            .collect();
        set(body, "note_attributes", json!(notes));
    }

    fn multiply_lines(&self, body: &mut Value) {
        let one = body["line_items"][0].clone();
        let lines = (0..self.lines).map(|index| {
            let product = 9_101_400_000_000 + (self.number * 7 + index * 3) % 40;
            let mut line = one.clone();
            set(&mut line, "id", json!(5_101_400_000_000 + self.number * 20 + index));
            set(&mut line, "product_id", json!(product));
            set(&mut line, "variant_id", json!(product * 10));
            set(&mut line, "sku", json!(format!("BLANKET-{}", product % 100)));
            // Nothing was edited: what is there is what was bought.
            for quantity in ["quantity", "current_quantity"] {
                set(&mut line, quantity, json!(1 + index % 2));
            }
            let mut rng = Rng::new(self.number.unsigned_abs() * 20 + index.unsigned_abs());
            let title = format!("Wool blanket, dye lot {:06x}", rng.bits() >> 40);
            set(&mut line, "title", json!(title));
            set(&mut line, "name", json!(format!("{title} - Moss green")));
            // Themes and apps leave ids behind: what makes a real body shrink to a quarter, and not further.
            let marks = ["engraving", "_bundle", "_source"];
            let marks = marks.map(
                |name| json!({ "name": name, "value": format!("{:016x}{:016x}", rng.bits(), rng.bits()) }),
            );
            set(&mut line, "properties", json!(marks));
            line
        });
        let lines: Vec<Value> = lines.collect();
        set(body, "line_items", json!(lines));
    }

    fn part(&self, part: &mut Value, index: usize, then: Timestamp, base: i64) {
        let id = base + self.number * 10 + i64::try_from(index).unwrap_or(0);
        set(part, "id", json!(id));
        set(part, "created_at", json!(then));
        set(part, "updated_at", json!(then));
    }
}

/// `customers/*`.
pub fn customer(buyer: &Buyer, updated_at: Timestamp) -> Vec<u8> {
    let mut body = sample(CUSTOMER);
    identify(&mut body, buyer, updated_at);
    bytes(&body)
}

fn identify(customer: &mut Value, buyer: &Buyer, updated_at: Timestamp) {
    set(customer, "id", json!(buyer.id));
    set(customer, "admin_graphql_api_id", json!(format!("gid://shopify/Customer/{}", buyer.id)));
    set(customer, "email", json!(buyer.email));
    set(customer, "phone", json!(buyer.phone));
    set(customer, "first_name", json!(buyer.name.0));
    set(customer, "last_name", json!(buyer.name.1));
    set(customer, "created_at", json!(buyer.since));
    set(customer, "updated_at", json!(updated_at));
}

fn items<'a>(body: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    body.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn set(body: &mut Value, name: &str, value: Value) {
    if let Some(object) = body.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Without spaces, as Shopify sends it.
fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}
