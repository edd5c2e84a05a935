//! Subjects that need more than one batch, on accounts nobody has heard of: the first answer tells a limit, so the first
//! call must leave with a part of them.

use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Record, Source};
use tajo_testkit::record;

use crate::bodies::{sample, with};
use crate::stage::{Stage, ending};

/// A product with so many variants.
fn product(variants: u64) -> Value {
    let body = sample("products-create");
    let pattern = body["variants"][0].clone();
    let variant = |n: u64| {
        let id = 9_300_000 + n;
        let fields = json!({
            "id": id,
            "admin_graphql_api_id": format!("gid://shopify/ProductVariant/{id}"),
            "title": format!("No. {n}"),
            "sku": format!("CUP-{n}"),
            "inventory_item_id": 9_700_000 + n,
        });
        with(pattern.clone(), fields)
    };
    let all: Vec<Value> = (0..variants).map(variant).collect();
    let gids: Vec<Value> = all
        .iter()
        .map(|variant| json!({"admin_graphql_api_id": variant["admin_graphql_api_id"], "updated_at": body["updated_at"]}))
        .collect();
    with(body, json!({"variants": all, "variant_gids": gids}))
}

/// A paid order of so many lines.
fn order(lines: u64) -> Value {
    let body = sample("orders-create.paid");
    let pattern = body["line_items"][0].clone();
    let line = |n: u64| {
        let id = 5_100_000 + n;
        let fields = json!({"id": id, "admin_graphql_api_id": format!("gid://shopify/LineItem/{id}"), "product_id": 9_100_000 + n});
        with(pattern.clone(), fields)
    };
    with(body, json!({"line_items": (0..lines).map(line).collect::<Vec<_>>()}))
}

async fn fresh(settings: &str, fast_batches: bool) -> Stage {
    let stage = Stage::new(settings).await;
    stage.world.limit_rates(true, fast_batches);
    stage
}

/// Tells of it, alone or gathered, and works off what waits.
async fn told(stage: &Stage, topic: &str, body: &Value, source: Source) {
    let notice = stage.notice(topic, body);
    let first = stage.receive(Record { source, ..record(&notice, 1) }).await;
    assert!(first.line.calls > 0, "something leaves at once: {}", ending(&first));
    let later = stage.drain().await;
    let last = later.last().unwrap_or(&first);
    assert_eq!(last.outcome, Outcome::Applied, "{}", ending(last));
    let refused = stage.world.sandbox.calls().into_iter().filter(|call| call.status == 429).count();
    assert_eq!(refused, 0, "answers 429");
}

#[tokio::test]
async fn a_product_with_more_variants_than_a_batch_holds_arrives_on_a_fresh_account() {
    for (variants, fast, source) in [
        (99, false, Source::Live),
        (100, false, Source::Live),
        (101, false, Source::Live),
        (260, false, Source::Live),
        (100, true, Source::Live),
        (260, true, Source::Gather),
        (260, false, Source::Gather),
    ] {
        let stage = fresh("", fast).await;
        told(&stage, "products/create", &product(variants), source).await;
        let state = stage.world.brevo();
        let products = state["products"].as_array().unwrap();
        assert_eq!(products.len() as u64, variants + 1, "{variants} variants, fast batches: {fast}");
        let carried: usize = stage
            .calls("POST", "/v3/products")
            .iter()
            .map(|call| call.request["products"].as_array().map_or(1, Vec::len))
            .sum();
        assert_eq!(carried as u64, variants + 1, "each of them is sent once");
    }
}

#[tokio::test]
async fn an_order_with_more_item_events_than_a_batch_holds_arrives_on_a_fresh_account() {
    for (lines, fast, source) in [
        (250, false, Source::Live),
        (600, false, Source::Live),
        (250, true, Source::Gather),
        (600, false, Source::Gather),
    ] {
        let stage = fresh("sync: {orders: {item_events: true}}", fast).await;
        told(&stage, "orders/create", &order(lines), source).await;
        assert_eq!(stage.world.brevo()["orders"].as_array().unwrap().len(), 1, "{lines} lines");
        let items = stage.count("order_item_placed");
        assert_eq!(items as u64, lines, "each item event arrives once");
        assert_eq!(stage.count("order_placed"), 1);
    }
}
