//! Money: whatever the currency's decimals, what Brevo gets is the exact net, and no float before the wire.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use tajo_domain::{Change, ContactRecord, Currency, Money, Order, OrderFact, OrderRecord, Totals, Versioned};
use tajo_mapping::{Settings, StoreFacts, StoreKind, effective_rules, order_body, sent_order};
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

fn changes(topic: &str, body: &Value) -> Vec<Change> {
    let context = Context {
        shop_domain: "demo-shop.myshopify.com".into(),
        shop_country: None,
        live: false,
        time: "2026-11-20T00:00:00Z".parse().unwrap(),
        received_at: "2026-11-20T00:00:00Z".parse().unwrap(),
    };
    Platform::Shopify.changes(topic, body.to_string().as_bytes(), &context).unwrap().changes
}

fn order(body: &Value) -> Order {
    match changes("orders/updated", body).into_iter().last() {
        Some(Change::Order(order)) => *order,
        other => panic!("no order: {other:?}"),
    }
}

/// An amount of minor units as Shopify writes it.
fn amount(minor: i64, decimals: u32) -> String {
    Money::new(minor, decimals).to_string()
}

fn refund(id: i64, minor: i64, currency: &str, decimals: u32) -> Value {
    json!({
        "id": id, "order_id": 1, "created_at": "2026-11-03T09:00:00Z", "refund_line_items": [],
        "transactions": [{"kind": "refund", "status": "success", "amount": amount(minor, decimals), "currency": currency}],
    })
}

fn body(lines: &[(i64, i64)], refunds: &[Value], currency: &str, decimals: u32) -> (Value, i64) {
    let total: i64 = lines.iter().map(|(price, quantity)| price * quantity).sum();
    let lines: Vec<Value> = (1..)
        .zip(lines)
        .map(|(id, (price, quantity))| {
            json!({"id": id, "product_id": id, "title": "thing", "quantity": quantity,
                   "price": amount(*price, decimals)})
        })
        .collect();
    let body = json!({
        "id": 1, "name": "#1", "email": "jo@example.com", "currency": currency, "financial_status": "paid",
        "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-03T10:00:00Z",
        "total_price": amount(total, decimals), "line_items": lines, "refunds": refunds,
    });
    (body, total)
}

proptest! {
    #[test]
    fn what_brevo_gets_is_the_exact_net_in_every_currency(
        (currency, decimals) in prop::sample::select(vec![("JPY", 0u32), ("EUR", 2), ("KWD", 3)]),
        lines in prop::collection::vec((1i64..10_000_000, 1i64..40), 1..8),
        refunded in prop::collection::vec(1i64..1_000_000, 0..4),
    ) {
        let refunds: Vec<Value> =
            (1..).zip(&refunded).map(|(id, minor)| refund(id, *minor, currency, decimals)).collect();
        let (with_all, total) = body(&lines, &refunds, currency, decimals);
        let net = Money::new((total - refunded.iter().sum::<i64>()).max(0), decimals);

        let whole = order(&with_all);
        prop_assert_eq!(whole.net, net);
        // The float on the wire is the one that is nearest to the decimal text.
        let sent = order_body(&whole, &facts());
        prop_assert_eq!(sent["amount"].as_f64(), net.to_string().parse::<f64>().ok());
        let products: Money = whole.items.iter().map(tajo_domain::Item::line_total).sum();
        prop_assert_eq!(products, Money::new(total, decimals));

        // The same refunds, told alone: the stored order is worth the same.
        let (bare, _) = body(&lines, &[], currency, decimals);
        let bare = order(&bare);
        let mut record = OrderRecord::unseen();
        record.newest = order_body(&bare, &facts()).to_string().into();
        record.head = Some(bare.head());
        for told in &refunds {
            for change in changes("refunds/create", told) {
                let Change::OrderFact(lone) = change else { panic!("no fact") };
                prop_assert!(record.keep(&lone.fact));
            }
        }
        prop_assert_eq!(record.net(), Some(net));
        prop_assert_eq!(sent_order(&record).unwrap()["amount"].as_f64(), net.to_string().parse::<f64>().ok());
    }

    #[test]
    fn a_cart_costs_exactly_what_its_lines_cost(
        lines in prop::collection::vec((1i64..10_000_000, 1i64..40), 0..8),
        decimals in prop::sample::select(vec![0u32, 2, 3]),
    ) {
        let total: i64 = lines.iter().map(|(price, quantity)| price * quantity).sum();
        let lines: Vec<Value> = (1..).zip(&lines).map(|(id, (price, quantity))| {
            json!({"id": id, "product_id": id, "quantity": quantity, "price": amount(*price, decimals)})
        }).collect();
        let found = changes("carts/update", &json!({"id": "c", "token": "c", "line_items": lines}));
        let Some(Change::Cart(cart)) = found.first() else { panic!("no cart") };
        prop_assert_eq!(cart.total, Money::new(total, decimals));
    }
}

#[test]
fn a_refund_paid_in_the_buyers_currency_is_rounded_to_the_shops_own_decimals() {
    for (currency, rate, expected) in
        [("JPY", ("15000", "100.00"), "1500"), ("KWD", ("30.615", "100.00"), "3.062")]
    {
        let (shop, buyer) = rate;
        let mut told = refund(9, 1000, "USD", 2);
        told["refund_line_items"] = json!([{"quantity": 1, "subtotal_set": {
            "shop_money": {"amount": shop, "currency_code": currency},
            "presentment_money": {"amount": buyer, "currency_code": "USD"},
        }}]);
        let found = changes("refunds/create", &told);
        let Some(Change::OrderFact(lone)) = found.first() else { panic!("no fact") };
        let OrderFact::Refund { refund, paid_in } = &lone.fact else { panic!("no refund") };
        assert_eq!(refund.amount.to_string(), expected);
        assert_eq!(paid_in.as_ref().map(Currency::as_str), Some(currency));
    }
}

#[test]
fn an_average_has_the_decimals_of_its_currency() {
    let settings = Settings::from_yaml("field_mapping: {average_order_value: AOV}").unwrap();
    let average = effective_rules(&settings).pop().unwrap();
    for (currency, spent, expected) in
        [("JPY", "10000", 3333.0), ("EUR", "100", 33.33), ("KWD", "10", 3.333), ("", "100", 33.33)]
    {
        let totals = Totals { orders: 3, spent: spent.parse().unwrap(), currency: Currency::parse(currency) };
        let at = "2026-11-20T00:00:00Z".parse().unwrap();
        let totals = Some(Versioned { at, value: totals });
        let record = ContactRecord { totals, ..ContactRecord::default() };
        assert_eq!(average.read(&record, at).unwrap().as_f64(), Some(expected), "{currency}");
    }
}

/// Amounts become floats in one place, `rules::number`; JSON numbers are read into decimals in `lenient`.
#[test]
fn no_float_holds_money_before_the_wire() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let mut files: Vec<PathBuf> =
        ["domain/src", "mapping/src", "platforms/src"].map(|part| root.join(part)).into();
    let mut with_floats = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if fs::read_to_string(&path).unwrap().contains("f64") {
            with_floats.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    with_floats.sort();
    // `answer.rs` and `error.rs` count the points of Shopify's budget; `lenient.rs` refuses floats that are no money;
    // `rules.rs` is Brevo's wire; `stores.rs` passes on whatever stands in a settings document.
    assert_eq!(
        with_floats,
        ["answer.rs", "api_tests.rs", "change_tests.rs", "error.rs", "lenient.rs", "rules.rs", "stores.rs"]
    );
}
