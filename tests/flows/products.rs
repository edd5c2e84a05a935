//! Products, collections and stock: bodies in, Brevo's catalogue out.

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use tajo_app::explain::{Question, explain};
use tajo_app::sync::Outcome;
use tajo_domain::Stock;
use tajo_mapping::{Settings, StoreKind};
use tajo_platforms::Platform;
use tajo_testkit::record;

use crate::bodies::{cast, each, sample, with};
use crate::picture::essence;
use crate::stage::{Stage, ending};

const STOCK: &str = "sync: {inventory: {enabled: true, low_stock_threshold: 10, out_of_stock_events: true}}";
const ALERTS: &str =
    "sync: {inventory: {enabled: true, low_stock_threshold: 10, alert_email: Owner@example.com}}";

const BLANKET: &str = "9101400000001";
const MOSS: &str = "9201400000001";

/// Delivers samples in turn; answers how each ended, and the picture.
async fn told(stage: &Stage, names: &[&str]) -> String {
    let mut lines = Vec::new();
    for name in names {
        lines.push(ending(&tell(stage, name).await));
    }
    format!("{}\n\n{}", lines.join("\n"), stage.picture())
}

async fn tell(stage: &Stage, name: &str) -> tajo_app::sync::Report {
    let topic = name.split('.').next().unwrap().replacen('-', "/", 1);
    stage.tell(&topic, &sample(name)).await
}

async fn story(settings: &str, names: &[&str]) -> String {
    told(&Stage::new(settings).await, names).await
}

fn product(stage: &Stage, id: &str) -> Value {
    let state = stage.world.brevo();
    let products = state["products"].as_array().unwrap();
    products.iter().find(|product| product["id"] == id).cloned().unwrap_or_default()
}

/// A body of the blanket at another time with so many of the moss green one.
fn blanket(second: i64, moss: i64) -> Value {
    let at = moment(second);
    let mut body = with(sample("products-create"), json!({"updated_at": at}));
    body["variants"][0] =
        with(body["variants"][0].clone(), json!({"inventory_quantity": moss, "updated_at": at}));
    body
}

fn level(second: i64, location: u64, available: i64) -> Value {
    let fields = json!({"updated_at": moment(second), "location_id": location, "available": available});
    with(sample("inventory_levels-update"), fields)
}

fn moment(second: i64) -> String {
    jiff::Timestamp::from_second(1_793_700_000 + second).unwrap().to_string()
}

#[tokio::test]
async fn a_new_product_comes_with_its_variants_images_and_categories() {
    insta::assert_snapshot!(story("", &["products-create"]).await);
}

#[tokio::test]
async fn a_sale_changes_nothing_and_is_not_sent_nor_written() {
    let stage = Stage::new("").await;
    tell(&stage, "products-create").await;
    stage.world.take_meter();
    let report = tell(&stage, "products-update.sold").await;
    assert_eq!((report.outcome, report.line.calls), (Outcome::Unchanged, 0));
    let meter = stage.world.take_meter();
    assert_eq!(meter.dynamo_calls.get("PutItem"), None);
    assert!(meter.reads.as_f64() <= 0.5, "one small read: {meter:?}");
}

#[tokio::test]
async fn only_what_changed_of_a_product_is_sent() {
    let stage = Stage::new("").await;
    tell(&stage, "products-create").await;
    let before = stage.calls("POST", "/v3/products").len();
    tell(&stage, "products-update.price").await;
    let sent: Vec<String> = stage.calls("POST", "/v3/products")[before..]
        .iter()
        .map(|call| call.request["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sent, [BLANKET, MOSS], "the charcoal one costs what it did");
}

#[tokio::test]
async fn the_filter_takes_a_product_out_and_lets_it_in_again() {
    let filter = "sync: {products: {filter: {status: active, exclude_tags: [Hidden]}}}";
    let stage = Stage::new(filter).await;
    let mut pictures = vec![told(&stage, &["products-create", "products-update.draft"]).await];
    let active = with(
        sample("products-update.draft"),
        json!({"status": "active", "updated_at": "2026-11-05T08:00:00+01:00"}),
    );
    pictures.push(ending(&stage.tell("products/update", &active).await));
    pictures.push(stage.picture());
    let hidden = with(active, json!({"tags": "wool, hidden", "updated_at": "2026-11-06T08:00:00+01:00"}));
    pictures.push(ending(&stage.tell("products/update", &hidden).await));
    pictures.push(ending(&stage.tell("products/update", &hidden).await));
    pictures.push(stage.picture());
    insta::assert_snapshot!(pictures.join("\n"));
}

#[tokio::test]
async fn a_variant_that_disappears_and_a_deleted_product_are_marked_and_never_come_back() {
    let stage = Stage::new("").await;
    let names = ["products-create", "products-update.one_variant"];
    let mut text = told(&stage, &names).await;
    tell(&stage, "products-delete").await;
    let late = ending(&tell(&stage, "products-update.price").await);
    text = format!("{text}\n\n{late}\n{}", stage.picture());
    insta::assert_snapshot!(text);
    assert_eq!(product(&stage, MOSS)["isDeleted"], true);
}

#[tokio::test]
async fn a_product_that_was_never_known_is_deleted_without_a_call() {
    insta::assert_snapshot!(story("", &["products-delete", "products-create"]).await);
}

#[tokio::test]
async fn variants_images_and_tags_are_left_out_where_the_settings_say_so() {
    let less =
        "sync: {products: {include_variants: false, include_images: false, categories_as_tags: false}}";
    insta::assert_snapshot!(story(less, &["products-create"]).await);
}

#[tokio::test]
async fn a_product_of_more_than_100_variants_keeps_those_that_the_webhook_leaves_out() {
    let stage = Stage::new("").await;
    tell(&stage, "products-create").await;
    let mut body = sample("products-update.one_variant");
    let other = json!({"admin_graphql_api_id": "gid://shopify/ProductVariant/9201400000003"});
    body["variant_gids"].as_array_mut().unwrap().push(other);
    let report = stage.tell("products/update", &body).await;
    assert!(report.line.reason.unwrap().contains("first 100"));
    assert_eq!(product(&stage, "9201400000003")["isDeleted"], false);
}

#[tokio::test]
async fn a_collection_is_made_renamed_and_deleted() {
    let stage = Stage::new("").await;
    tell(&stage, "collections-create").await;
    assert_eq!(tell(&stage, "collections-create").await.outcome, Outcome::Unchanged);
    let mut text = told(&stage, &["collections-update", "collections-create"]).await;
    text.push_str(&format!("\n\n{}", told(&stage, &["collections-delete", "collections-update"]).await));
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn categories_are_made_once_for_all_products() {
    let stage = Stage::new("").await;
    tell(&stage, "products-create").await;
    let mut other = sample("products-create");
    other["id"] = json!(9_101_400_000_009u64);
    other["admin_graphql_api_id"] = json!("gid://shopify/Product/9101400000009");
    other["variants"] = json!([]);
    other["variant_gids"] = json!([]);
    stage.tell("products/create", &other).await;
    assert_eq!(stage.calls("POST", "/v3/categories").len(), 3);
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

#[tokio::test]
async fn each_switch_turns_off_its_own_part() {
    let names = [
        "products-create",
        "collections-create",
        "inventory_levels-update",
        "variants-out_of_stock",
        "products-update.price",
    ];
    let mut pictures = Vec::new();
    for off in [
        "products: false, inventory: false",
        "products: false, inventory: {enabled: true, low_stock_threshold: 10, alert_email: owner@example.com}",
        "products: true, inventory: false",
    ] {
        pictures.push(format!("{off}\n{}", story(&format!("sync: {{{off}}}"), &names).await));
    }
    insta::assert_snapshot!(pictures.join("\n\n"));
}

#[tokio::test]
async fn a_rate_limit_puts_off_the_rest_and_nothing_is_sent_twice() {
    let stage = Stage::new("").await;
    stage.fault(json!({"path": "/v3/products", "skip": 1, "times": 1, "action": {"status": 429}}));
    let report = tell(&stage, "products-create").await;
    assert_eq!(report.outcome, Outcome::Deferred, "{report:?}");
    stage.world.advance(SignedDuration::from_secs(30));
    let reports = stage.drain().await;
    assert_eq!(reports.last().unwrap().outcome, Outcome::Applied, "{reports:?}");
    let took = stage.calls("POST", "/v3/products").iter().filter(|call| call.status != 429).count();
    assert_eq!(took, 3, "the product and two variants");
}

#[tokio::test]
async fn an_answer_that_never_came_is_asked_for_again_when_it_can_no_longer_overtake() {
    let stage = Stage::new("").await;
    stage.fault(json!({"path": "/v3/products", "times": 1, "action": {"truncate": true}}));
    assert_eq!(tell(&stage, "products-create").await.outcome, Outcome::Deferred);
    stage.world.advance(SignedDuration::from_mins(3));
    stage.drain().await;
    let untouched = Stage::new("").await;
    tell(&untouched, "products-create").await;
    assert_eq!(essence(&stage.world.brevo()), essence(&untouched.world.brevo()));
}

#[tokio::test]
async fn a_redelivered_product_ends_in_the_same_state() {
    let stage = Stage::new(STOCK).await;
    let notice = stage.notice("products/create", &sample("products-create"));
    stage.deliver(&notice).await;
    let before = essence(&stage.world.brevo());
    let report = stage.receive(record(&notice, 2)).await;
    assert_eq!((report.outcome, report.line.calls), (Outcome::Unchanged, 0), "Brevo confirmed it");
    assert_eq!(essence(&stage.world.brevo()), before);
}

#[test]
fn explain_shows_what_each_of_our_samples_would_cause() {
    let names = [
        "products-create",
        "products-update.draft",
        "products-delete",
        "collections-create",
        "collections-delete",
        "inventory_levels-update",
        "variants-out_of_stock",
    ];
    let mut lines = Vec::new();
    for name in names {
        let explanation = explain(&Question {
            platform: Platform::Shopify,
            topic: &name.split('.').next().unwrap().replacen('-', "/", 1),
            body: &tajo_testkit::body(name),
            settings: Settings::from_yaml("sync: {inventory: true, products: {filter: {status: active}}}")
                .unwrap(),
            kind: StoreKind::Live,
            now: "2026-11-20T00:00:00Z".parse().unwrap(),
        });
        lines.push(format!("{name}: {}", explanation.changes[0]));
        lines.extend(explanation.skipped.iter().map(|left| format!("  {}: {}", left.what, left.reason)));
        let requests = explanation.requests.iter();
        lines.extend(requests.map(|request| format!("  {} {}", request.path, json!(request.body))));
    }
    insta::assert_snapshot!(lines.join("\n"));
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
            Said::Total(quantity) => stock.say_total(at, *quantity),
            Said::Level(first, available) => stock.say_level(if *first { "a" } else { "b" }, at, *available),
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
