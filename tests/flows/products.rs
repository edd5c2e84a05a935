//! Products and collections: bodies in, Brevo's catalogue out.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::explain::{Question, explain};
use tajo_app::sync::Outcome;
use tajo_mapping::{Settings, StoreKind};
use tajo_platforms::Platform;
use tajo_sandbox::shopify::nodes;
use tajo_testkit::record;

use crate::bodies::{sample, with};
use crate::picture::essence;
use crate::stage::{Stage, ending};
use crate::stock::STOCK;

pub const BLANKET: &str = "9101400000001";
pub const MOSS: &str = "9201400000001";

/// Delivers samples in turn; answers how each ended, and the picture.
pub async fn told(stage: &Stage, names: &[&str]) -> String {
    let mut lines = Vec::new();
    for name in names {
        lines.push(ending(&tell(stage, name).await));
    }
    format!("{}\n\n{}", lines.join("\n"), stage.picture())
}

pub async fn tell(stage: &Stage, name: &str) -> tajo_app::sync::Report {
    let topic = name.split('.').next().unwrap().replacen('-', "/", 1);
    stage.tell(&topic, &sample(name)).await
}

async fn story(settings: &str, names: &[&str]) -> String {
    told(&Stage::new(settings).await, names).await
}

pub fn product(stage: &Stage, id: &str) -> Value {
    let state = stage.world.brevo();
    let products = state["products"].as_array().unwrap();
    products.iter().find(|product| product["id"] == id).cloned().unwrap_or_default()
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
    assert_eq!(meter.dynamo_calls.get("PutItem"), Some(&1), "the line of the log");
    assert!(meter.reads.as_f64() <= 0.5, "one small read: {meter:?}");
}

#[tokio::test]
async fn only_a_product_with_a_page_in_the_online_store_has_a_link() {
    let hidden = json!({"published_at": null, "updated_at": "2026-11-20T10:00:00Z"});
    let stage = Stage::new("").await;
    tell(&stage, "products-create").await;
    assert!(product(&stage, BLANKET)["url"].as_str().unwrap().ends_with("/products/wool-blanket"));
    stage.tell("products/update", &with(sample("products-create"), hidden.clone())).await;
    assert_eq!((&product(&stage, BLANKET)["url"], &product(&stage, MOSS)["url"]), (&json!(""), &json!("")));
    let stage = Stage::new("").await;
    stage.tell("products/create", &with(sample("products-create"), hidden.clone())).await;
    assert_eq!(
        (&product(&stage, BLANKET)["name"], &product(&stage, BLANKET)["url"]),
        (&json!("Wool blanket"), &Value::Null)
    );
    let stage = Stage::new("sync: {products: {filter: {published: online_store}}}").await;
    let report = stage.tell("products/create", &with(sample("products-create"), hidden)).await;
    assert!(ending(&report).contains("not published to the online store"), "{}", ending(&report));
    assert_eq!(product(&stage, BLANKET), Value::Null);
}

#[tokio::test]
async fn a_draft_reaches_the_catalogue_only_where_the_filter_says_so() {
    let draft = sample("products-update.draft");
    for (settings, is_there) in [("", false), ("sync: {products: {filter: {status: any}}}", true)] {
        let stage = Stage::new(settings).await;
        stage.tell("products/create", &draft).await;
        assert_eq!(product(&stage, BLANKET)["name"] == "Wool blanket", is_there, "{settings}");
    }
}

#[tokio::test]
async fn every_write_of_a_product_carries_its_name() {
    let stage = Stage::new(STOCK).await;
    for name in ["products-create", "products-update.sold", "products-update.one_variant", "products-delete"]
    {
        let report = tell(&stage, name).await;
        assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
    }
    let mut names = std::collections::BTreeMap::<String, std::collections::BTreeSet<String>>::new();
    for call in stage.calls("POST", "/v3/products") {
        let single = vec![call.request.clone()];
        for write in call.request["products"].as_array().unwrap_or(&single) {
            let [id, name] = ["id", "name"].map(|field| write[field].as_str().unwrap().to_owned());
            names.entry(id).or_default().insert(name);
        }
    }
    assert_eq!(names.len(), 3);
    assert!(names.values().all(|all| all.len() == 1), "one name each, whatever is written: {names:?}");
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
    stage.world.set_up_shop(json!({"collections": [nodes::collection(&sample("collections-create"))]}));
    tell(&stage, "collections-create").await;
    stage.world.advance(SignedDuration::from_mins(2));
    assert_eq!(tell(&stage, "collections-create").await.outcome, Outcome::Unchanged);
    let mut text = told(&stage, &["collections-update", "collections-create"]).await;
    stage.world.set_up_shop(json!({"forget": ["gid://shopify/Collection/9601400000001"]}));
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
