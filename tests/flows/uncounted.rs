//! What a shop does not count has no stock, and takes none from what it does count.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_platforms::shopify::api::body;

use crate::bodies::{sample, with};
use crate::stage::Stage;

const ALERTS: &str =
    "sync: {inventory: {enabled: true, low_stock_threshold: 10, alert_email: Owner@example.com}}";
const BLANKET: &str = "9101400000001";
const MOSS: &str = "9201400000001";

fn product(stage: &Stage, id: &str) -> Value {
    let state = stage.world.brevo();
    let products = state["products"].as_array().unwrap();
    products.iter().find(|product| product["id"] == id).cloned().unwrap_or_default()
}

fn moment(second: i64) -> String {
    jiff::Timestamp::from_second(1_793_700_000 + second).unwrap().to_string()
}

/// The blanket with so many of each colour.
fn blanket(second: i64, moss: i64, charcoal: i64) -> Value {
    let mut body = with(sample("products-create"), json!({"updated_at": moment(second)}));
    for (index, quantity) in [moss, charcoal].into_iter().enumerate() {
        let said = json!({"inventory_quantity": quantity, "updated_at": moment(second)});
        body["variants"][index] = with(body["variants"][index].clone(), said);
    }
    body
}

fn level(second: i64, available: Value) -> Value {
    let mut body = with(sample("inventory_levels-update"), json!({"updated_at": moment(second)}));
    body["available"] = available;
    body
}

fn counted(second: i64, tracked: bool) -> Value {
    with(sample("inventory_items-update"), json!({"updated_at": moment(second), "tracked": tracked}))
}

#[tokio::test]
async fn a_level_of_an_item_that_is_not_tracked_is_no_zero() {
    let stage = Stage::new(ALERTS).await;
    stage.tell("products/create", &blanket(0, 12, 30)).await;
    stage.tell("inventory_levels/update", &level(-5, json!(12))).await;
    let report = stage.tell("inventory_levels/update", &level(10, Value::Null)).await;
    assert_eq!(report.outcome, Outcome::Skipped);
    assert!(report.line.reason.unwrap().contains("not tracked"));
    assert_eq!(product(&stage, MOSS)["stock"], 12);
    assert!(stage.events().is_empty(), "nothing is out of stock");
}

#[tokio::test]
async fn a_product_is_not_sold_out_while_a_variant_that_nobody_counts_sells() {
    let stage = Stage::new(ALERTS).await;
    stage.tell("products/create", &blanket(0, 12, 0)).await;
    stage.tell("products/update", &blanket(10, 0, 0)).await;
    assert_eq!(product(&stage, MOSS)["stock"], 0);
    assert_eq!(product(&stage, BLANKET)["stock"], Value::Null, "charcoal is not counted, and may sell");
    // Somebody counts it now.
    stage.tell("products/update", &blanket(20, 0, 4)).await;
    assert_eq!(product(&stage, BLANKET)["stock"], 4);
}

#[tokio::test]
async fn an_item_that_is_gone_with_its_variant_is_not_taken_for_one_that_sells() {
    let stage = Stage::new(ALERTS).await;
    stage.tell("products/create", &blanket(0, 12, 30)).await;
    let mut rest = blanket(10, 12, 30);
    rest["variants"].as_array_mut().unwrap().remove(0);
    rest["variant_gids"].as_array_mut().unwrap().remove(0);
    stage.tell("products/update", &rest).await;
    assert_eq!(product(&stage, BLANKET)["stock"], 30);
    stage.tell("inventory_items/delete", &sample("inventory_items-delete")).await;
    rest["updated_at"] = json!(moment(20));
    rest["variants"][0]["inventory_quantity"] = json!(29);
    rest["variants"][0]["updated_at"] = json!(moment(20));
    stage.tell("products/update", &rest).await;
    assert_eq!(product(&stage, BLANKET)["stock"], 29);
}

#[tokio::test]
async fn switching_tracking_off_raises_no_alarm() {
    let stage = Stage::new(ALERTS).await;
    stage.tell("products/create", &blanket(0, 12, 30)).await;
    stage.tell("inventory_items/update", &counted(10, false)).await;
    stage.tell("inventory_levels/update", &level(11, Value::Null)).await;
    stage.tell("products/update", &blanket(12, 0, 30)).await;
    assert!(stage.events().is_empty());
    // Brevo takes back no stock: what it showed last stays until somebody counts again.
    assert_eq!(product(&stage, MOSS)["stock"], 12);
    stage.tell("inventory_items/update", &counted(20, true)).await;
    stage.tell("products/update", &blanket(21, 5, 30)).await;
    assert_eq!(product(&stage, MOSS)["stock"], 5);
}

#[tokio::test]
async fn a_fetched_product_says_whether_its_zeros_are_counted() {
    for (tracked, stock) in [(true, json!(0)), (false, Value::Null)] {
        let stage = Stage::new(ALERTS).await;
        let item = json!({"id": "gid://shopify/InventoryItem/3", "tracked": tracked});
        let variant =
            json!({"id": "gid://shopify/ProductVariant/2", "inventoryQuantity": 0, "inventoryItem": item});
        let node = json!({"id": "gid://shopify/Product/1", "title": "Wool blanket", "updatedAt": moment(0),
            "variants": {"nodes": [variant]}});
        stage.tell("products/update", &body::product(&node)).await;
        assert_eq!(product(&stage, "2")["stock"], stock, "{tracked}");
    }
}
