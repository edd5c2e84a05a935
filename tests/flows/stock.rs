//! Stock: what products, levels and variants say of it, in whatever order.

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use proptest::prelude::*;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::Stock;

use crate::bodies::{cast, each, sample, with};
use crate::products::{BLANKET, MOSS, product, told};
use crate::stage::Stage;

pub const STOCK: &str =
    "sync: {inventory: {enabled: true, low_stock_threshold: 10, out_of_stock_events: true}}";
const ALERTS: &str =
    "sync: {inventory: {enabled: true, low_stock_threshold: 10, alert_email: Owner@example.com}}";

/// A body of the blanket at another time with so many of the moss green one.
pub fn blanket(second: i64, moss: i64) -> Value {
    let at = moment(second);
    let mut body = with(sample("products-create"), json!({"updated_at": at}));
    body["variants"][0] =
        with(body["variants"][0].clone(), json!({"inventory_quantity": moss, "updated_at": at}));
    body
}

pub fn level(second: i64, location: u64, available: i64) -> Value {
    let fields = json!({"updated_at": moment(second), "location_id": location, "available": available});
    with(sample("inventory_levels-update"), fields)
}

pub fn moment(second: i64) -> String {
    jiff::Timestamp::from_second(1_793_700_000 + second).unwrap().to_string()
}

#[tokio::test]
async fn stock_is_told_and_crossings_are_named() {
    let stage = Stage::new(STOCK).await;
    let first =
        ["products-create", "products-update.sold", "inventory_levels-update", "variants-out_of_stock"];
    let mut text = told(&stage, &first).await;
    let rest = ["variants-in_stock", "variants-in_stock", "products-update.price", "inventory_items-update"];
    text.push_str(&format!("\n\n{}", told(&stage, &rest).await));
    insta::assert_snapshot!(text);
    assert!(stage.events().is_empty(), "nobody is named to be told");
}

#[tokio::test]
async fn each_crossing_is_told_once_to_the_contact_of_the_settings() {
    let stage = Stage::new(ALERTS).await;
    let bodies = [(0, 12), (10, 11), (20, 9), (30, 0), (40, -2), (50, 3), (60, 25), (70, 0)];
    for (second, moss) in bodies {
        for _ in 0..2 {
            stage.tell("products/update", &blanket(second, moss)).await;
        }
    }
    // An older body crosses nothing, whatever it says.
    stage.tell("products/update", &blanket(55, 40)).await;
    let names =
        ["product_low_stock", "product_out_of_stock", "product_back_in_stock", "product_out_of_stock"];
    assert_eq!(stage.events(), names);
    let event = &stage.world.brevo()["events"][0];
    assert_eq!(event["identifiers"], json!({"email_id": "owner@example.com"}));
    insta::assert_snapshot!(event["event_properties"]);
}

#[tokio::test]
async fn a_level_counts_only_where_it_is_known_what_it_was_before() {
    let stage = Stage::new(ALERTS).await;
    stage.tell("products/create", &blanket(0, 12)).await;
    stage.tell("inventory_levels/update", &level(10, 1, 4)).await;
    assert_eq!(product(&stage, MOSS)["stock"], 12, "the other locations are not known");
    stage.tell("products/update", &blanket(10, 11)).await;
    stage.tell("inventory_levels/update", &level(20, 1, 3)).await;
    assert_eq!(product(&stage, MOSS)["stock"], 10);
    assert_eq!(product(&stage, BLANKET)["stock"], 40);
    assert_eq!(stage.events(), ["product_low_stock"]);
}

#[tokio::test]
async fn what_an_unknown_item_says_is_kept_until_its_product_comes() {
    let stage = Stage::new(STOCK).await;
    let report = stage.tell("inventory_levels/update", &level(5, 1, 12)).await;
    assert_eq!(report.outcome, Outcome::Applied);
    assert!(report.line.reason.unwrap().contains("kept until one does"));
    stage.tell("products/create", &blanket(6, 12)).await;
    stage.tell("inventory_levels/update", &level(7, 1, 11)).await;
    assert_eq!(product(&stage, MOSS)["stock"], 11);
}

#[tokio::test]
async fn what_is_not_counted_has_no_stock() {
    let stage = Stage::new(STOCK).await;
    stage.tell("products/create", &blanket(0, 0)).await;
    assert_eq!(product(&stage, MOSS)["stock"], Value::Null, "a zero that nobody counts");
    stage.tell("inventory_items/create", &sample("inventory_items-create")).await;
    assert_eq!(product(&stage, MOSS)["stock"], 0);
    assert_eq!(product(&stage, MOSS)["metaInfo"]["stock_state"], "out");
}

const FIRST: u32 = 40_000_000;

/// A product's life: it appears, is sold, gets another name and price, is sold, loses a variant.
fn life() -> Vec<(&'static str, Value)> {
    let mut renamed = with(blanket(20, 11), json!({"title": "Woollen blanket"}));
    renamed["variants"][0]["price"] = json!("79.00");
    let mut last = with(renamed.clone(), json!({"updated_at": moment(40), "tags": "wool"}));
    last["variants"].as_array_mut().unwrap().pop();
    last["variant_gids"].as_array_mut().unwrap().pop();
    last["variants"][0] =
        with(last["variants"][0].clone(), json!({"inventory_quantity": 8, "updated_at": moment(40)}));
    vec![
        ("products/create", blanket(0, 12)),
        ("inventory_levels/update", level(20, 1, 5)),
        ("products/update", renamed),
        ("products/update", last),
        ("inventory_levels/update", level(50, 1, 4)),
    ]
}

#[tokio::test]
async fn all_orders_of_arrival_of_a_products_life_end_in_the_same_catalogue() {
    let stage = Stage::new(ALERTS).await;
    let orders = crate::order_of_arrival::permutations(5);
    let life = life();
    let lives = orders.iter().enumerate().map(|(index, order)| {
        let (stage, life) = (&stage, &life);
        async move {
            for step in order {
                let (topic, body) = &life[*step];
                for _ in 0..2 {
                    let report = stage.tell(topic, &cast(body, FIRST + index as u32)).await;
                    let fine =
                        matches!(report.outcome, Outcome::Applied | Outcome::Unchanged | Outcome::Skipped);
                    assert!(fine, "{order:?}: {report:?}");
                }
            }
        }
        .boxed()
    });
    stream::iter(lives).buffer_unordered(8).collect::<Vec<()>>().await;
    let found = each(&stage.world.brevo());
    let expected = catalogue(&found[&FIRST]);
    assert_eq!(expected[0]["name"], "Woollen blanket");
    assert_eq!(expected[1]["stock"], 7, "eight, and one less since");
    for (index, order) in orders.iter().enumerate() {
        let mine = &found[&(FIRST + index as u32)];
        assert_eq!(catalogue(mine), expected, "arrived as {order:?}");
        let mut crossings: Vec<String> = mine["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| format!("{} {}", event["event_name"], event["event_date"]))
            .collect();
        let count = crossings.len();
        crossings.sort();
        crossings.dedup();
        assert_eq!(crossings.len(), count, "{order:?}: a crossing is told once");
        assert!(count <= 1, "{order:?}: {crossings:?}");
    }
}

/// Brevo's products that are there. One that Brevo never heard of and one that is marked as deleted are alike; since
/// when a stock is what it is, we know only from when we heard of it.
fn catalogue(state: &Value) -> Vec<Value> {
    let there = state["products"].as_array().unwrap().iter().filter(|product| product["isDeleted"] != true);
    let clean = |product: &Value| {
        let mut product = product.clone();
        for name in ["createdAt", "modifiedAt"] {
            product.as_object_mut().unwrap().remove(name);
        }
        product["metaInfo"]["stock_state_at"] = Value::Null;
        product
    };
    there.map(clean).collect()
}

/// A statement about a stock: a total, or a level of one of two locations.
#[derive(Clone, Debug)]
enum Said {
    Total(i64),
    Level(bool, i64),
}

fn stock_of(said: &[(i64, Said)]) -> Stock {
    let mut stock = Stock::default();
    for (second, said) in said {
        let at = jiff::Timestamp::from_second(*second).unwrap();
        match said {
            Said::Total(quantity) => stock.say_total(at.into(), *quantity),
            Said::Level(first, available) => {
                stock.say_level(if *first { "a" } else { "b" }, at.into(), *available)
            }
        }
    }
    stock
}

fn statements() -> impl Strategy<Value = Vec<(i64, Said)>> {
    let said = prop_oneof![
        (1..50i64).prop_map(Said::Total),
        (any::<bool>(), 0..50i64).prop_map(|(first, available)| Said::Level(first, available)),
    ];
    prop::collection::vec(said, 1..7).prop_map(|said| (1..).zip(said).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Levels between two totals are bounded: four per location are never too many.
    #[test]
    fn a_stock_does_not_depend_on_the_order_or_the_number_of_its_statements(
        (said, shuffled) in statements().prop_filter("more levels than are kept", |said| {
            [true, false].iter().all(|one| said.iter().filter(|(_, said)| matches!(said, Said::Level(first, _) if first == one)).count() <= 4)
        }).prop_flat_map(|said| {
            let twice: Vec<_> = said.iter().chain(&said).cloned().collect();
            (Just(said), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(stock_of(&said).quantity(), stock_of(&shuffled).quantity());
        prop_assert_eq!(stock_of(&said).newest(), stock_of(&shuffled).newest());
    }
}
