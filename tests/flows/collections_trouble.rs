//! Collections of products while Shopify or Brevo does not answer as it should: nothing is lost, and nothing waits for
//! ever.

use jiff::SignedDuration;
use serde_json::json;
use tajo_app::sync::Outcome;
use tajo_domain::StoreId;
use tajo_state::{Key, StoreRecord, StoreStatus};
use tajo_testkit::STORE;

use crate::collections::{WINTER, body, collection_changed, collections_of, edited, queries, shop};
use crate::picture::essence;
use crate::products::{BLANKET, product};
use crate::stage::{Stage, ending};

async fn status(stage: &Stage) -> StoreRecord {
    let key = Key::store(&StoreId::parse(STORE).unwrap());
    stage.world.table(&stage.front).await.get_newest::<StoreRecord>(&key).await.unwrap().record.unwrap()
}

#[tokio::test]
async fn without_a_token_products_and_collections_come_as_before_and_say_so() {
    let stage = Stage::new("").await;
    shop(&stage, &[(&body(1), &[WINTER])]);
    stage.world.without_shopify_token();
    let cannot = "Shopify cannot be asked: no access token is stored (connect the store again)";
    let report = stage.tell("products/create", &body(1)).await;
    assert_eq!(ending(&report), format!("products/create → applied: collections of the product: {cannot}"));
    let report = collection_changed(&stage).await;
    assert_eq!(
        ending(&report),
        format!("collections/update → applied: which products are in the collection: {cannot}")
    );
    assert!(queries(&stage).is_empty());
    assert_eq!(product(&stage, BLANKET)["name"], "Wool blanket");
}

#[tokio::test]
async fn a_broken_shop_delays_a_product_but_not_for_ever() {
    let stage = Stage::new("").await;
    shop(&stage, &[(&body(1), &[WINTER])]);
    stage.fault(json!({"path": "/admin/api/*", "times": 1, "action": {"status": 503}}));
    assert_eq!(stage.tell("products/create", &body(1)).await.outcome, Outcome::Deferred);
    assert!(stage.calls("POST", "/v3/products").is_empty());
    assert_eq!(stage.drain().await.pop().unwrap().outcome, Outcome::Applied);
    assert_eq!(collections_of(&stage, &body(1)), [WINTER]);

    stage.fault(json!({"path": "/admin/api/*", "times": 4, "action": {"status": 503}}));
    stage.world.advance(SignedDuration::from_mins(5));
    stage.tell("products/update", &edited(&stage, &body(1), "Blanket")).await;
    let last = stage.drain().await.pop().unwrap();
    assert_eq!(
        ending(&last),
        "products/update → applied: collections of the product: Shopify answered 503; it was asked 4 times"
    );
    assert_eq!(collections_of(&stage, &body(1)), [WINTER], "what was known before stays");
}

#[tokio::test]
async fn a_refused_question_needs_attention_and_a_refused_reading_too() {
    let stage = Stage::new("").await;
    stage.fault(json!({"path": "/admin/api/*", "times": 1, "action": {"status": 401}}));
    assert_eq!(stage.tell("products/create", &body(1)).await.outcome, Outcome::Applied);
    assert_eq!(status(&stage).await.status, StoreStatus::NeedsAttention);
    let report = collection_changed(&stage).await;
    assert_eq!(report.outcome, Outcome::Applied, "the category itself");
    assert!(report.line.reason.unwrap().contains("does not know the access token"));
    assert_eq!(queries(&stage).len(), 1, "a refusal is believed for a while");
    stage.world.advance(SignedDuration::from_mins(2));
    collection_changed(&stage).await;
    assert_eq!(status(&stage).await.status, StoreStatus::Active, "and over when Shopify answers");
}

#[tokio::test]
async fn a_reading_that_has_to_wait_is_done_later_and_sends_no_category_twice() {
    let stage = Stage::new("").await;
    shop(&stage, &[(&body(1), &[])]);
    stage.tell("products/create", &body(1)).await;
    shop(&stage, &[(&body(1), &[WINTER])]);
    stage.fault(json!({"path": "/admin/api/*", "times": 6, "action": {"status": 503}}));
    assert_eq!(collection_changed(&stage).await.outcome, Outcome::Deferred);
    stage.drain().await;
    assert_eq!(collections_of(&stage, &body(1)), [WINTER]);
    let categories = stage.calls("POST", "/v3/categories");
    let winter = categories.iter().filter(|call| call.request["name"] == "Winter").count();
    assert_eq!(winter, 1);
}

#[tokio::test]
async fn a_category_that_brevo_refuses_for_now_keeps_no_product_and_is_made_later() {
    let stage = Stage::new("").await;
    let untouched = Stage::new("").await;
    for stage in [&stage, &untouched] {
        shop(stage, &[(&body(1), &[WINTER])]);
    }
    stage.fault(json!({"path": "/v3/categories", "times": 1, "action": {"status": 429}}));
    assert_eq!(stage.tell("products/create", &body(1)).await.outcome, Outcome::Deferred);
    assert_eq!(collections_of(&stage, &body(1)), [WINTER], "the product went");
    stage.world.advance(SignedDuration::from_mins(2));
    stage.drain().await;
    untouched.tell("products/create", &body(1)).await;
    assert_eq!(essence(&stage.world.brevo()), essence(&untouched.world.brevo()));
    assert_eq!(queries(&stage).len(), 1, "the names were written down");
}
