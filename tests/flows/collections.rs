//! Which collections a product is in: asked for where it matters, and told to Brevo as the product's categories.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Report};
use tajo_sandbox::Call;
use tajo_sandbox::shopify::nodes;
use tajo_testkit::record;

use crate::bodies::{sample, with};
use crate::products::product;
use crate::stage::{Stage, ending};

pub const WINTER: u64 = 9_601_400_000_001;
const SALE: u64 = 9_601_400_000_002;

/// The n-th product: like the blanket, with ids of its own and without variants.
pub fn body(n: u64) -> Value {
    let id = 9_101_400_000_000 + n;
    let gid = format!("gid://shopify/Product/{id}");
    with(
        sample("products-create"),
        json!({"id": id, "admin_graphql_api_id": gid, "variants": [], "variant_gids": []}),
    )
}

/// A body whose content is another one, told at this time.
pub fn edited(stage: &Stage, body: &Value, title: &str) -> Value {
    with(body.clone(), json!({"title": title, "updated_at": stage.env.clock.now().to_string()}))
}

/// The shop knows these products, each in these collections.
pub fn shop(stage: &Stage, products: &[(&Value, &[u64])]) {
    let collection = |id: u64| {
        let title = if id == WINTER { "Winter" } else { "Sale" };
        let fields = json!({"id": id, "title": title, "handle": title.to_lowercase(), "updated_at": "2026-10-20T10:00:00+02:00"});
        nodes::collection(&fields)
    };
    let nodes: Vec<Value> = products
        .iter()
        .map(|(body, ids)| {
            let inside: Vec<Value> = ids.iter().map(|id| collection(*id)).collect();
            with(nodes::product(body), json!({"collections": inside}))
        })
        .collect();
    let collections: Vec<Value> = [WINTER, SALE]
        .into_iter()
        .map(|id| {
            let inside = products.iter().filter(|(_, ids)| ids.contains(&id));
            let inside: Vec<Value> =
                inside.map(|(body, _)| json!({"id": body["admin_graphql_api_id"]})).collect();
            with(collection(id), json!({"products": inside}))
        })
        .collect();
    stage.world.set_up_shop(json!({"products": nodes, "collections": collections}));
}

/// Collections among the categories of a Brevo product.
pub fn collections_of(stage: &Stage, body: &Value) -> Vec<u64> {
    let product = product(stage, &body["id"].to_string());
    let ids = product["categories"].as_array().cloned().unwrap_or_default();
    let collections = ids.iter().filter_map(|id| id.as_str()?.strip_prefix("collection-")?.parse().ok());
    collections.collect()
}

pub fn queries(stage: &Stage) -> Vec<Call> {
    stage.calls("POST", "/admin/api/")
}

/// `collections/update`, told now.
pub async fn collection_changed(stage: &Stage) -> Report {
    let mut notice = stage.notice("collections/update", &sample("collections-create"));
    notice.triggered_at = Some(stage.env.clock.now());
    stage.deliver(&notice).await
}

#[tokio::test]
async fn a_new_product_comes_with_its_collections_by_one_question() {
    let stage = Stage::new("").await;
    shop(&stage, &[(&sample("products-create"), &[WINTER, SALE])]);
    stage.tell("products/create", &sample("products-create")).await;
    assert_eq!(queries(&stage).len(), 1);
    insta::assert_snapshot!(stage.picture());
}

#[tokio::test]
async fn a_product_whose_content_is_unchanged_costs_no_question_and_no_write() {
    let stage = Stage::new("").await;
    shop(&stage, &[(&sample("products-create"), &[WINTER])]);
    stage.tell("products/create", &sample("products-create")).await;
    stage.world.take_meter();
    let report = stage.tell("products/update", &sample("products-update.sold")).await;
    assert_eq!((report.outcome, report.line.calls, queries(&stage).len()), (Outcome::Unchanged, 0, 1));
    let meter = stage.world.take_meter();
    assert_eq!(meter.dynamo_calls.get("PutItem"), Some(&1), "the line of the log");
    assert!(meter.reads.as_f64() <= 1.0, "one read: {meter:?}");
}

#[tokio::test]
async fn a_product_that_is_edited_is_asked_about_again() {
    let stage = Stage::new("").await;
    let first = body(1);
    shop(&stage, &[(&first, &[])]);
    stage.tell("products/create", &first).await;
    stage.world.advance(SignedDuration::from_mins(5));
    // A price or a tag put it into a collection with conditions: Shopify tells of that by nothing else.
    shop(&stage, &[(&first, &[SALE])]);
    let second = edited(&stage, &first, "Blanket, reduced");
    stage.tell("products/update", &second).await;
    assert_eq!((collections_of(&stage, &first), queries(&stage).len()), (vec![SALE], 2));
    let category = &stage.world.brevo()["categories"];
    assert!(category.as_array().unwrap().iter().any(|known| known["name"] == "Sale"), "with its name");
    stage.tell("products/update", &second).await;
    assert_eq!(queries(&stage).len(), 2, "nothing is new");
}

#[tokio::test]
async fn what_the_filter_leaves_out_is_not_asked_about() {
    let stage = Stage::new("sync: {products: {filter: {status: active}}}").await;
    stage.tell("products/create", &with(body(1), json!({"status": "draft"}))).await;
    assert!(queries(&stage).is_empty());
    let stage = Stage::new("sync: {products: false, inventory: true}").await;
    stage.tell("products/create", &sample("products-create")).await;
    assert!(queries(&stage).is_empty());
}

#[tokio::test]
async fn collections_are_categories_also_where_tags_are_none() {
    let stage = Stage::new("sync: {products: {categories_as_tags: false}}").await;
    shop(&stage, &[(&body(1), &[WINTER])]);
    stage.tell("products/create", &body(1)).await;
    assert_eq!(collections_of(&stage, &body(1)), [WINTER]);
}

#[tokio::test]
async fn products_of_one_batch_are_asked_about_in_few_queries() {
    let stage = Stage::new("").await;
    let bodies: Vec<Value> = (1..=8).map(body).collect();
    let known: Vec<(&Value, &[u64])> = bodies.iter().map(|body| (body, &[WINTER][..])).collect();
    shop(&stage, &known);
    let records = bodies.iter().map(|body| record(&stage.notice("products/create", body), 1)).collect();
    let reports = stage.receive_all(records).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Applied), "{reports:?}");
    assert!(queries(&stage).len() <= 4, "{} queries for 8 products, five at once", queries(&stage).len());
    assert!(bodies.iter().all(|body| collections_of(&stage, body) == [WINTER]));
}

#[tokio::test]
async fn whoever_was_put_into_a_collection_or_taken_out_is_sent_again_and_nobody_else() {
    let stage = Stage::new("").await;
    let (one, two, three) = (body(1), body(2), body(3));
    shop(&stage, &[(&one, &[WINTER]), (&two, &[WINTER]), (&three, &[])]);
    for body in [&one, &two, &three] {
        stage.tell("products/create", body).await;
    }
    stage.world.advance(SignedDuration::from_mins(5));
    // A product that Brevo never heard of is none of our business here.
    shop(&stage, &[(&one, &[]), (&two, &[WINTER]), (&three, &[WINTER]), (&body(4), &[WINTER])]);
    let before = (queries(&stage).len(), stage.calls("POST", "/v3/products").len());
    let report = collection_changed(&stage).await;
    assert_eq!(ending(&report), "collections/update → applied");
    assert_eq!(queries(&stage).len() - before.0, 1, "a page of the collection");
    let reports = stage.drain().await;
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert_eq!(collections_of(&stage, &one), [0u64; 0]);
    assert_eq!(collections_of(&stage, &two), [WINTER]);
    assert_eq!(collections_of(&stage, &three), [WINTER]);
    assert_eq!(queries(&stage).len() - before.0, 3, "each is fetched with its collections, at once");
    assert_eq!(stage.calls("POST", "/v3/products").len() - before.1, 2);
}

#[tokio::test]
async fn a_burst_of_changes_to_a_collection_is_read_once_a_minute() {
    let stage = Stage::new("").await;
    shop(&stage, &[(&body(1), &[WINTER])]);
    stage.tell("products/create", &body(1)).await;
    let before = queries(&stage).len();
    collection_changed(&stage).await;
    for _ in 0..5 {
        stage.world.advance(SignedDuration::from_secs(2));
        let report = collection_changed(&stage).await;
        assert_eq!(report.outcome, Outcome::Deferred, "{report:?}");
    }
    assert_eq!(queries(&stage).len() - before, 1);
    stage.world.advance(SignedDuration::from_mins(1));
    let reports = stage.drain().await;
    let unchanged = reports.iter().filter(|report| report.outcome == Outcome::Unchanged).count();
    assert_eq!((reports.len(), unchanged), (5, 5), "{reports:?}");
    assert_eq!(queries(&stage).len() - before, 2, "one reading for all five");
}

#[tokio::test]
async fn of_a_large_collection_the_newest_products_are_read_and_the_rest_is_said_to_follow() {
    let stage = Stage::new("").await;
    let (old, new) = (body(1), body(5000));
    shop(&stage, &[(&old, &[WINTER]), (&new, &[])]);
    stage.tell("products/create", &old).await;
    stage.tell("products/create", &new).await;
    let mut inside: Vec<Value> = (2..1200u64)
        .map(|n| json!({"id": format!("gid://shopify/Product/{}", 9_101_400_000_000 + n)}))
        .collect();
    inside.push(json!({"id": new["admin_graphql_api_id"]}));
    let collection = with(nodes::collection(&sample("collections-create")), json!({"products": inside}));
    stage.world.set_up_shop(json!({"collections": [collection], "rate_limits": true}));
    let before = queries(&stage).len();
    let report = collection_changed(&stage).await;
    assert_eq!(
        ending(&report),
        "collections/update → applied: further products of the collection: only its newest 1000 products are read; the \
         others follow when they change"
    );
    assert_eq!(queries(&stage).len() - before, 4);
    assert_eq!(stage.drain().await.len(), 1, "the new one joined; of the old one nobody knows");
    assert_eq!(collections_of(&stage, &old), [WINTER]);
}

#[tokio::test]
async fn a_deleted_collection_is_marked_and_leaves_a_product_when_that_is_sent_again() {
    let stage = Stage::new("").await;
    shop(&stage, &[(&body(1), &[WINTER])]);
    stage.tell("products/create", &body(1)).await;
    let before = queries(&stage).len();
    stage.world.set_up_shop(json!({"forget": ["gid://shopify/Collection/9601400000001"]}));
    stage.tell("collections/delete", &sample("collections-delete")).await;
    assert!(stage.picture().contains("collection-9601400000001  Winter  DELETED"), "{}", stage.picture());
    assert_eq!(
        queries(&stage).len(),
        before + 1,
        "whether it is gone is asked, and no product is fetched for it"
    );
    stage.world.advance(SignedDuration::from_mins(5));
    shop(&stage, &[(&body(1), &[])]);
    stage.tell("products/update", &edited(&stage, &body(1), "Blanket")).await;
    assert_eq!(collections_of(&stage, &body(1)), [0u64; 0]);
    assert!(stage.picture().contains("collection-9601400000001  Winter  DELETED"));
}
