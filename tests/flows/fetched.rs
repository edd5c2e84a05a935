//! Notices that only name a thing: it is fetched, and means what its webhook would have meant.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_sandbox::shopify::nodes;
use tajo_state::list_parked;
use tajo_testkit::{STORE, notice};

use crate::bodies::{LISTS, sample, with};
use crate::picture::essence;
use crate::stage::{Stage, ending};
use crate::stock::STOCK;

/// What Brevo knows after these notices, the shop knowing these things.
async fn after(shop: Value, told: &[(&str, Value)]) -> Vec<String> {
    let stage = Stage::new(LISTS).await;
    stage.world.set_up_shop(shop);
    for (topic, body) in told {
        let report = stage.tell(topic, body).await;
        assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
    }
    essence(&stage.world.brevo())
}

#[tokio::test]
async fn a_fetched_order_means_what_its_webhook_means() {
    for file in [
        "orders-create.paid",
        "orders-create.guest",
        "orders-updated.fulfilled",
        "orders-updated.refunded",
        "orders-updated.cancelled",
    ] {
        let body = sample(file);
        let whole = after(json!({}), &[("orders/updated", body.clone())]).await;
        let shop = json!({"orders": [nodes::order(&body)]});
        let named = after(shop, &[("orders/updated", json!({"id": body["id"]}))]).await;
        assert_eq!(named, whole, "{file}");
    }
}

#[tokio::test]
async fn a_fetched_order_tells_every_parcel_of_a_shipment() {
    let mut body = sample("orders-updated.fulfilled");
    body["fulfillments"][0]["tracking_numbers"] = json!(["A1", "B2", "C3"]);
    body["fulfillments"][0]["tracking_urls"] =
        json!(["https://t.example/A1", "https://t.example/B2", "https://t.example/C3"]);
    body["fulfillments"][0]["tracking_number"] = json!("A1");
    body["fulfillments"][0]["tracking_url"] = json!("https://t.example/A1");
    let whole = after(json!({}), &[("orders/updated", body.clone())]).await;
    let shop = json!({"orders": [nodes::order(&body)]});
    let named = after(shop, &[("orders/updated", json!({"id": body["id"]}))]).await;
    assert_eq!(named, whole);
    assert!(named.iter().any(|line| line.contains("C3")), "{named:#?}");
}

#[tokio::test]
async fn a_fetched_customer_means_what_its_webhook_means_and_is_not_asked_for_again() {
    let body = sample("customers-create");
    let whole = after(json!({}), &[("customers/create", body.clone())]).await;
    let stage = Stage::new(LISTS).await;
    stage.world.set_up_shop(json!({"customers": [nodes::customer(&body)]}));
    stage
        .tell(
            "customers/create",
            &json!({"id": body["id"], "admin_graphql_api_id": body["admin_graphql_api_id"]}),
        )
        .await;
    let mine: Vec<String> =
        essence(&stage.world.brevo()).into_iter().filter(|line| line.starts_with("event")).collect();
    let theirs: Vec<String> = whole.into_iter().filter(|line| line.starts_with("event")).collect();
    assert_eq!(mine, theirs);
    assert_eq!(stage.contact("jo@example.com")["attributes"]["FIRSTNAME"], "Jo");
    assert_eq!(stage.calls("POST", "/admin/api/").len(), 1);
}

/// The blanket as the shop has it, in the collection Winter.
fn blanket(body: &Value) -> Value {
    let winter = nodes::collection(&sample("collections-create"));
    json!({"products": [with(nodes::product(body), json!({"collections": [winter]}))]})
}

#[tokio::test]
async fn a_fetched_product_means_what_its_webhook_means() {
    let any = "sync: {products: {filter: {status: any}}}";
    let stocked = STOCK.replacen("sync: {", "sync: {products: {filter: {status: any}}, ", 1);
    let hidden = with(sample("products-create"), json!({"published_at": null}));
    for settings in [any, &stocked] {
        for (file, body) in ["products-create", "products-update.draft", "products-update.one_variant"]
            .map(|file| (file, sample(file)))
            .into_iter()
            .chain([("not in the online store", hidden.clone())])
        {
            let mut ends = Vec::new();
            for told in [body.clone(), json!({"id": body["id"]})] {
                let stage = Stage::new(settings).await;
                stage.world.set_up_shop(blanket(&body));
                let report = stage.tell("products/update", &told).await;
                assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
                assert_eq!(stage.calls("POST", "/admin/api/").len(), 1, "one question, collections included");
                ends.push(essence(&stage.world.brevo()));
            }
            assert_eq!(ends[0], ends[1], "{file} {settings}");
            assert!(ends[0].iter().any(|line| line.contains("collection-9601400000001")), "{:?}", ends[0]);
        }
    }
}

#[tokio::test]
async fn a_product_that_was_deleted_meanwhile_is_deleted() {
    let body = sample("products-create");
    let mut ends = Vec::new();
    for (topic, told) in
        [("products/delete", sample("products-delete")), ("products/update", json!({"id": body["id"]}))]
    {
        let stage = Stage::new(STOCK).await;
        stage.world.set_up_shop(blanket(&body));
        stage.tell("products/create", &body).await;
        stage.world.set_up_shop(json!({"forget": [body["admin_graphql_api_id"]]}));
        assert_eq!(stage.tell(topic, &told).await.outcome, Outcome::Applied);
        let late = stage.tell("products/update", &sample("products-update.price")).await;
        assert!(late.line.reason.unwrap().contains("deleted in the store"), "and never comes back");
        ends.push(stage.picture());
    }
    assert_eq!(ends[0], ends[1]);
    assert!(ends[1].contains("DELETED"), "{}", ends[1]);
}

#[tokio::test]
async fn a_product_that_was_never_heard_of_and_is_not_found_may_still_come() {
    let stage = Stage::new("").await;
    let body = sample("products-create");
    let report = stage.tell("products/create", &json!({"id": body["id"]})).await;
    assert_eq!(
        ending(&report),
        "products/create → skipped: the whole notice: Shopify has no such product (any more)"
    );
    assert_eq!(stage.tell("products/update", &body).await.outcome, Outcome::Applied);
}

#[tokio::test]
async fn a_product_whose_fetch_has_to_wait_is_not_lost() {
    let body = sample("products-create");
    let throttled = json!({"status": 200, "body": {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}});
    let whole = Stage::new("").await;
    whole.world.set_up_shop(blanket(&body));
    whole.tell("products/update", &body).await;
    for (action, deferred) in [
        (json!({"status": 503}), true),
        (json!({"drop": true}), true),
        (json!({"truncate": true}), true),
        (throttled, false),
    ] {
        let stage = Stage::new("").await;
        stage.world.set_up_shop(blanket(&body));
        stage.fault(json!({"path": "/admin/api/*", "times": 1, "action": action}));
        let report = stage.tell("products/update", &json!({"id": body["id"]})).await;
        assert_eq!(report.outcome == Outcome::Deferred, deferred, "{report:?}");
        stage.drain().await;
        assert_eq!(essence(&stage.world.brevo()), essence(&whole.world.brevo()), "{action}");
    }
}

#[tokio::test]
async fn a_fetched_product_that_is_older_than_what_is_known_is_fetched_again() {
    let stage = Stage::new("").await;
    let (old, new) = (sample("products-create"), sample("products-update.price"));
    stage.world.set_up_shop(blanket(&new));
    stage.tell("products/update", &new).await;
    // The shop answers with what it had before.
    stage.world.set_up_shop(blanket(&old));
    let report = stage.tell("products/update", &json!({"id": new["id"]})).await;
    assert_eq!(report.outcome, Outcome::Deferred, "{report:?}");
    stage.world.set_up_shop(blanket(&new));
    let before = stage.calls("POST", "/v3/products").len();
    stage.drain().await;
    assert_eq!(stage.calls("POST", "/v3/products").len(), before, "Brevo has it");
}

#[tokio::test]
async fn an_order_of_600_lines_that_fits_no_message_arrives_whole() {
    let mut order = sample("orders-create.paid");
    let line = order["line_items"][0].clone();
    // Nothing deflates these.
    let mut seed = 7u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'#' + (seed >> 24) as u8 % 80).to_string().replace('\\', "x")
    };
    let lines = (0..600u64).map(|n| {
        let properties: String = (0..2_600).map(|_| noise()).collect();
        let id = 9_101_400_100_000 + n;
        with(
            line.clone(),
            json!({"id": id + 1_000_000, "product_id": id, "title": format!("Wool blanket {n}"),
            "properties": [{"name": "engraving", "value": properties}]}),
        )
    });
    order["line_items"] = lines.collect();
    let notice = notice("orders/create", "d-1", order.to_string().as_bytes());
    assert!(notice.id_only().is_some(), "it does not fit");
    let stage = Stage::new(LISTS).await;
    stage.world.set_up_shop(json!({"orders": [nodes::order(&order)]}));
    let report = stage.deliver(&notice).await;
    assert_eq!(report.outcome, Outcome::Applied, "{report:?}");
    let products = stage.world.sandbox.state().orders[0].fields["products"].as_array().unwrap().clone();
    assert_eq!(products.len(), 600);
    assert_eq!(products[599]["productId"], "9101400100599");
    assert_eq!(stage.count("order_placed"), 1);
    let pages = stage.calls("POST", "/admin/api/");
    assert!(pages.iter().all(|call| call.response["errors"].is_null()), "every query is within its price");
}

#[tokio::test]
async fn what_the_shop_no_longer_has_is_skipped_with_a_reason() {
    let stage = Stage::new("").await;
    let report = stage.tell("orders/updated", &json!({"id": 5})).await;
    assert_eq!(
        ending(&report),
        "orders/updated → skipped: the whole notice: Shopify has no such order (any more)"
    );
    let report = stage.tell("customers/update", &json!({"id": 5})).await;
    assert_eq!(
        ending(&report),
        "customers/update → skipped: the whole notice: Shopify has no such customer (any more)"
    );
}

#[tokio::test]
async fn what_cannot_be_fetched_is_parked_with_the_reason() {
    let stage = Stage::new("").await;
    stage.world.without_shopify_token();
    let report = stage.tell("orders/updated", &json!({"id": 5})).await;
    assert_eq!(report.outcome, Outcome::Parked);
    assert!(
        report.line.reason.unwrap().contains("only names the order it is about, and Shopify cannot be asked")
    );
    let parked = list_parked(&stage.world.table(&stage.front).await, STORE, 10).await.unwrap();
    assert_eq!(parked.len(), 1);
}

#[tokio::test]
async fn a_refused_fetch_is_parked_and_asks_the_merchant() {
    let stage = Stage::new("").await;
    stage.fault(json!({"path": "/admin/api/*", "action": {"status": 401}}));
    let report = stage.tell("orders/updated", &json!({"id": 5})).await;
    assert_eq!(report.outcome, Outcome::Parked);
    let parked = list_parked(&stage.world.table(&stage.front).await, STORE, 10).await.unwrap().pop().unwrap();
    assert!(parked.hint.unwrap().contains("connect the store again"));
    assert!(parked.reason.contains("does not know the access token"));
}

#[tokio::test]
async fn a_fetch_that_has_to_wait_is_put_off_and_done_later() {
    let body = sample("orders-create.paid");
    for action in [json!({"status": 503}), json!({"drop": true}), json!({"not_json": true})] {
        let stage = Stage::new(LISTS).await;
        stage.world.set_up_shop(json!({"orders": [nodes::order(&body)]}));
        stage.fault(json!({"path": "/admin/api/*", "action": action}));
        let report = stage.tell("orders/create", &json!({"id": body["id"]})).await;
        assert_eq!(report.outcome, Outcome::Deferred, "{report:?}");
        assert_eq!(stage.drain().await.pop().unwrap().outcome, Outcome::Applied);
        assert_eq!(stage.count("order_placed"), 1);
    }
}
