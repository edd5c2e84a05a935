//! The parts of an event add up to its total: items after their discounts, shipping after its own, taxes on top.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tajo_domain::{Change, Money};
use tajo_mapping::{Settings, StoreFacts, StoreKind, cart_properties, order_events};
use tajo_platforms::{Context, Platform};

fn facts() -> StoreFacts {
    StoreFacts {
        store: tajo_domain::StoreId::parse("demo-shop").unwrap(),
        platform: "shopify",
        shop: "demo-shop.myshopify.com".to_owned(),
        connected_at: "2020-01-01T00:00:00Z".parse().unwrap(),
        kind: StoreKind::Development,
        settings: Settings::default(),
    }
}

/// The properties of the events that a body causes, by their names.
fn events(topic: &str, body: &Value) -> Vec<(&'static str, Map<String, Value>)> {
    let context = Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: None,
        live: false,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
    };
    let changes = Platform::Shopify.changes(topic, body.to_string().as_bytes(), &context).unwrap().changes;
    match changes.into_iter().last() {
        Some(Change::Order(order)) => order_events(&order, &facts())
            .into_iter()
            .map(|planned| (planned.event.name, planned.event.properties))
            .collect(),
        Some(Change::Cart(cart)) => vec![("cart_updated", cart_properties(&cart, &facts()))],
        other => panic!("neither order nor cart: {other:?}"),
    }
}

/// An amount as it stands on the wire.
fn money(value: &Value) -> Money {
    value.to_string().parse().unwrap_or_default()
}

fn sum(properties: &Map<String, Value>, name: &str) -> Money {
    properties["items"].as_array().unwrap().iter().map(|item| money(&item[name])).sum()
}

fn part(properties: &Map<String, Value>, name: &str) -> Money {
    properties.get(name).map(money).unwrap_or_default()
}

/// One line: price of one, pieces, discount of all and tax of all, in minor units.
#[derive(Clone, Copy, Debug)]
struct Line {
    price: i64,
    pieces: i64,
    discount: i64,
    tax: i64,
}

/// What is bought, as Shopify calculates it.
#[derive(Clone, Debug)]
struct Basket {
    lines: Vec<Line>,
    shipping: i64,
    shipping_discount: i64,
    taxes_included: bool,
    /// The body says of each line what falls on it.
    is_allocated: bool,
    currency: (&'static str, u32),
}

impl Basket {
    fn amount(&self, minor: i64) -> Value {
        json!(Money::new(minor, self.currency.1).to_string())
    }

    fn sum(&self, of: impl Fn(&Line) -> i64) -> i64 {
        self.lines.iter().map(of).sum()
    }

    fn subtotal(&self) -> i64 {
        self.sum(|line| line.price * line.pieces - line.discount)
    }

    fn total(&self) -> i64 {
        let taxes = if self.taxes_included { 0 } else { self.sum(|line| line.tax) };
        self.subtotal() + self.shipping - self.shipping_discount + taxes
    }

    fn body(&self, with_taxes: bool) -> Value {
        let set = |minor: i64| {
            json!({"shop_money": {"amount": self.amount(minor), "currency_code": self.currency.0},
                "presentment_money": {"amount": self.amount(minor * 3), "currency_code": "XTS"}})
        };
        let parts = |minor: i64| match (self.is_allocated, minor) {
            (true, 1..) => json!([{"amount": self.amount(minor), "amount_set": set(minor)}]),
            _ => json!([]),
        };
        let lines = (1..).zip(&self.lines).map(|(id, line)| {
            let taxes = if with_taxes { json!([{"title": "tax", "price": self.amount(line.tax)}]) } else { json!([]) };
            json!({"id": id, "key": format!("k{id}"), "product_id": id, "title": "thing", "quantity": line.pieces,
                "current_quantity": line.pieces, "price": self.amount(line.price), "price_set": set(line.price),
                "discount_allocations": parts(line.discount), "tax_lines": taxes})
        });
        let mut shipping = json!({"title": "Standard", "price": self.amount(self.shipping),
            "discount_allocations": parts(self.shipping_discount)});
        if self.is_allocated {
            shipping["discounted_price"] = self.amount(self.shipping - self.shipping_discount);
        }
        json!({
            "id": 1, "name": "#1", "token": "t", "email": "jo@example.com", "currency": self.currency.0,
            "presentment_currency": "XTS", "taxes_included": self.taxes_included,
            "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-02T09:00:05Z", "financial_status": "paid",
            "total_price": self.amount(self.total()), "total_price_set": set(self.total()),
            "current_total_price": self.amount(self.total()), "subtotal_price": self.amount(self.subtotal()),
            "total_discounts": self.amount(self.sum(|line| line.discount) + self.shipping_discount),
            "total_tax": self.amount(self.sum(|line| line.tax)), "total_shipping_price_set": set(self.shipping),
            "line_items": lines.collect::<Vec<_>>(), "shipping_lines": [shipping],
        })
    }
}

fn basket() -> impl Strategy<Value = Basket> {
    let line =
        (1i64..1_000_000, 1i64..12, 0i64..=100, 0i64..10_000).prop_map(|(price, pieces, percent, tax)| {
            Line { price, pieces, discount: price * pieces * percent / 100, tax }
        });
    let currency = prop::sample::select(vec![("JPY", 0u32), ("EUR", 2), ("KWD", 3)]);
    let shipping = (0i64..2_000, 0i64..=2);
    (prop::collection::vec(line, 1..6), shipping, any::<bool>(), any::<bool>(), currency).prop_map(
        |(lines, (shipping, part), taxes_included, is_allocated, currency)| {
            let shipping_discount = shipping * part / 2;
            Basket { lines, shipping, shipping_discount, taxes_included, is_allocated, currency }
        },
    )
}

/// Every equation that a template may rely on.
fn adds_up(name: &str, properties: &Map<String, Value>, in_all: &str) -> Result<(), TestCaseError> {
    let on_top = if properties.get("taxes_included") == Some(&json!(false)) {
        part(properties, "tax")
    } else {
        Money::ZERO
    };
    let (items, shipping) = (sum(properties, in_all), part(properties, "shipping"));
    prop_assert_eq!(items, part(properties, "subtotal"), "{} {:?}", name, properties);
    prop_assert_eq!(
        items + shipping + on_top + part(properties, "fees"),
        part(properties, "total"),
        "{} {:?}",
        name,
        properties
    );
    for item in properties["items"].as_array().unwrap() {
        let before = item.get(format!("{in_all}_before_discount")).map(money);
        let discount = item.get("discount").map(money);
        prop_assert_eq!(
            before.map(|before| before - discount.unwrap_or_default()),
            before.map(|_| money(&item[in_all]))
        );
        prop_assert!(Money::ZERO <= money(&item[in_all]), "{:?}", item);
        if let Some(with_taxes) = item.get("price_taxinc") {
            let on_top = if on_top.is_zero() { Money::ZERO } else { money(&item["tax"]) };
            prop_assert_eq!(money(with_taxes), money(&item["price"]) + on_top);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_parts_of_an_orders_events_add_up(basket in basket()) {
        let events = events("orders/create", &basket.body(true));
        for (name, in_all) in [("order_placed", "total"), ("order_completed", "price")] {
            let (_, properties) = events.iter().find(|(found, _)| *found == name).unwrap();
            adds_up(name, properties, in_all)?;
            prop_assert_eq!(sum(properties, "tax"), part(properties, "tax"));
            prop_assert_eq!(&properties["presentment_currency"], "XTS");
            prop_assert_eq!(part(properties, "presentment_total"), Money::new(basket.total() * 3, basket.currency.1));
        }
    }

    #[test]
    fn the_parts_of_a_checkouts_events_add_up(basket in basket()) {
        let mut checkout = basket.body(false);
        // What only an order has would make it the body of another topic.
        checkout.as_object_mut().unwrap().remove("financial_status");
        for (_, properties) in events("checkouts/update", &checkout) {
            adds_up("cart_updated", &properties, "price")?;
        }
    }

    #[test]
    fn the_items_of_a_cart_add_up_to_its_total(basket in basket()) {
        let lines = (1..).zip(&basket.lines).map(|(id, line)| {
            let all = line.price * line.pieces;
            let set = |minor: i64| json!({"shop_money": {"amount": basket.amount(minor), "currency_code": basket.currency.0},
                "presentment_money": {"amount": basket.amount(minor * 3), "currency_code": "XTS"}});
            json!({"id": id, "product_id": id, "title": "thing", "quantity": line.pieces,
                "price": basket.amount(line.price * 3), "price_set": set(line.price),
                "original_line_price": basket.amount(all * 3), "original_line_price_set": set(all),
                "total_discount": basket.amount(line.discount * 3),
                "line_price": basket.amount((all - line.discount) * 3), "line_price_set": set(all - line.discount)})
        });
        let body = json!({"id": "c", "token": "c", "line_items": lines.collect::<Vec<_>>()});
        for (_, properties) in events("carts/update", &body) {
            prop_assert_eq!(sum(&properties, "price"), part(&properties, "total"));
            prop_assert_eq!(sum(&properties, "price"), Money::new(basket.subtotal(), basket.currency.1));
            for (item, line) in properties["items"].as_array().unwrap().iter().zip(&basket.lines) {
                let discount = item.get("discount").map(money).unwrap_or_default();
                prop_assert_eq!(discount, Money::new(line.discount, basket.currency.1));
            }
        }
    }
}

#[test]
fn a_free_shipping_code_is_taken_off_shipping_and_a_discount_code_off_the_items() {
    let basket = Basket {
        lines: vec![Line { price: 10_000, pieces: 1, discount: 2_000, tax: 0 }],
        shipping: 800,
        shipping_discount: 800,
        taxes_included: true,
        is_allocated: true,
        currency: ("EUR", 2),
    };
    let events = events("orders/create", &basket.body(false));
    let properties = &events.iter().find(|(name, _)| *name == "order_placed").unwrap().1;
    assert_eq!(
        (&properties["total"], &properties["subtotal"], &properties["shipping"]),
        (&json!(80.0), &json!(80.0), &json!(0.0))
    );
    assert_eq!(properties["discount"], 28.0, "in all");
    let item = &properties["items"][0];
    assert_eq!(
        (&item["price"], &item["total_before_discount"], &item["discount"], &item["total"]),
        (&json!(100.0), &json!(100.0), &json!(20.0), &json!(80.0))
    );
}

#[test]
fn a_refunded_or_shipped_part_of_a_line_has_its_part_of_the_discount() {
    let line = json!({"id": 51, "product_id": 91, "title": "Candle", "price": "12.50", "quantity": 3, "current_quantity": 3,
        "discount_allocations": [{"amount": "3.75"}], "tax_lines": [{"price": "5.40"}]});
    let mut shipped = line.clone();
    shipped["quantity"] = json!(2);
    let body = json!({
        "id": 1, "name": "#1", "email": "jo@example.com", "currency": "EUR", "taxes_included": true,
        "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-03T09:00:05Z", "financial_status": "partially_refunded",
        "total_price": "33.75", "current_total_price": "22.50", "line_items": [line],
        "fulfillments": [{"id": 71, "status": "success", "line_items": [shipped]}],
        "refunds": [{"id": 83, "refund_line_items": [{"line_item_id": 51, "quantity": 1, "line_item": line}],
            "transactions": [{"kind": "refund", "status": "success", "amount": "11.25"}]}],
    });
    let events = events("orders/updated", &body);
    for (name, discount, total, tax) in
        [("order_fulfilled", 2.5, 22.5, 3.6), ("order_refunded", 1.25, 11.25, 1.8)]
    {
        let item = &events.iter().find(|(found, _)| *found == name).unwrap().1["items"][0];
        assert_eq!((&item["discount"], &item["total"]), (&json!(discount), &json!(total)), "{name}");
        assert!(item.get("tax").is_none_or(|found| *found == json!(tax)), "{name}: {item}");
    }
}
