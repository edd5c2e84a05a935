//! Only the body of a webhook is signed. A genuine body under a foreign topic deletes nothing, merges nobody and changes no
//! consent; and a deletion that was wrong all the same is put right by the next genuine update.
//!
//! Which bodies are refused by their keys is held by `shared/platforms/tests/topics.rs`, for every sample and every topic.

use std::fs;
use std::path::Path;

use futures::FutureExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::{Outcome, Report};
use tajo_sandbox::shopify::nodes;
use tajo_state::{Key, StoreRecord, StoreStatus};

use crate::bodies::{sample, with};
use crate::privacy::{demands, past, store, table};
use crate::stage::{Stage, ending};

const ALL: &str = "connectors:
  shopify:
    sync: { inventory: { enabled: true, low_stock_threshold: 5 } }
    lists: { all_customers: 2, buyers: 4, abandoned_cart: 6 }
";

/// Topics that delete, merge, erase or end something.
const FINAL: [&str; 10] = [
    "customers/delete",
    "customers/merge",
    "orders/delete",
    "products/delete",
    "collections/delete",
    "inventory_items/delete",
    "checkouts/delete",
    "customers/redact",
    "shop/redact",
    "app/uninstalled",
];

/// The customer that `customers-merge` says is gone.
fn other_customer() -> Value {
    let id = 7_201_400_000_012_i64;
    let gid = format!("gid://shopify/Customer/{id}");
    with(
        past("customers-create"),
        json!({"id": id, "admin_graphql_api_id": gid, "email": "ann@example.net", "phone": null}),
    )
}

fn everything() -> Vec<(&'static str, Value)> {
    vec![
        ("customers/create", past("customers-create")),
        ("customers/create", other_customer()),
        ("customers_email_marketing_consent/update", past("customers_email_marketing_consent-update")),
        ("collections/create", past("collections-create")),
        ("products/create", past("products-create")),
        ("inventory_items/create", past("inventory_items-create")),
        ("checkouts/create", past("checkouts-create")),
        ("orders/create", past("orders-create.paid")),
    ]
}

/// A store that knows of all of it, and whose shop has all of it.
async fn told() -> Stage {
    let stage = Stage::new(ALL).await;
    stage.world.set_up_shop(json!({
        "customers": [nodes::customer(&past("customers-create")), nodes::customer(&other_customer())],
        "orders": [nodes::order(&past("orders-create.paid"))],
        "products": [nodes::product(&past("products-create"))],
        "collections": [nodes::collection(&past("collections-create"))],
        "inventory_items": [{"id": "gid://shopify/InventoryItem/9301400000001"}],
    }));
    for (topic, body) in everything() {
        let report = stage.tell(topic, &body).boxed().await;
        assert!(!matches!(report.outcome, Outcome::Parked | Outcome::Retried), "{}", ending(&report));
    }
    stage
}

fn samples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/shopify");
    let folder = if folder.is_dir() {
        folder
    } else {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/shopify")
    };
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), sample(&name))).collect()
}

fn is_own(name: &str, topic: &str) -> bool {
    name.split('.').next().unwrap() == topic.replacen('/', "-", 1)
}

async fn status(stage: &Stage) -> StoreStatus {
    let record = table(stage).await.get_newest::<StoreRecord>(&Key::store(&store())).await.unwrap().record;
    record.unwrap().status
}

#[tokio::test]
async fn no_foreign_body_deletes_merges_erases_or_changes_a_consent() {
    let stage = told().boxed().await;
    let before = stage.picture();
    for (name, body) in samples() {
        for topic in FINAL.into_iter().filter(|topic| !is_own(&name, topic)) {
            let report = stage.tell(topic, &body).boxed().await;
            assert_ne!(report.outcome, Outcome::Retried, "{name}: {}", ending(&report));
        }
    }
    assert_eq!(stage.picture(), before);
    assert_eq!(status(&stage).await, StoreStatus::Active);
    assert!(demands(&stage).await.is_empty(), "nobody is erased");
}

/// The genuine body of a deletion, while the shop still has the thing: somebody sent an old one again, or one of another
/// shop's making.
#[tokio::test]
async fn what_the_shop_still_has_is_not_deleted() {
    let stage = told().boxed().await;
    let before = stage.picture();
    for (topic, file, what) in [
        ("customers/delete", "customers-delete", "customer"),
        ("customers/merge", "customers-merge", "customer"),
        ("orders/delete", "orders-delete", "order"),
        ("products/delete", "products-delete", "product"),
        ("collections/delete", "collections-delete", "collection"),
        ("inventory_items/delete", "inventory_items-delete", "inventory item"),
    ] {
        let end = ending(&stage.tell(topic, &sample(file)).boxed().await);
        let expected =
            format!("{topic} → skipped: {what}: the shop still has this {what}: the webhook is not believed");
        assert_eq!(end, expected);
    }
    assert_eq!(stage.picture(), before);
}

#[tokio::test]
async fn what_the_shop_cannot_be_asked_about_follows_the_exact_keys_alone() {
    let stage = told().boxed().await;
    stage.world.without_shopify_token();
    let fresh = Stage::with(stage.world.clone()).await;
    assert_eq!(fresh.tell("customers/delete", &past("customers-update")).await.outcome, Outcome::Parked);
    assert!(!fresh.contact("jo@example.com").is_null());
    assert_eq!(fresh.tell("customers/delete", &sample("customers-delete")).await.outcome, Outcome::Applied);
    assert_eq!(fresh.tell("orders/delete", &sample("orders-delete")).await.outcome, Outcome::Applied);
}

/// Shopify does not answer: the deletion waits, but not for ever.
#[tokio::test]
async fn a_shop_that_does_not_answer_delays_a_deletion_and_does_not_lose_it() {
    let stage = told().boxed().await;
    let busy = json!({"path": "/admin/api*", "times": 10, "action": {"status": 503}});
    stage.world.sandbox.add_fault(serde_json::from_value(busy).unwrap());
    let report = stage.tell("orders/delete", &sample("orders-delete")).await;
    assert_eq!(report.outcome, Outcome::Deferred, "{}", ending(&report));
    let last = stage.drain().boxed().await.pop().unwrap();
    assert_eq!(last.outcome, Outcome::Applied, "{}", ending(&last));
    assert!(ending(&last).contains("whether it still exists"), "{}", ending(&last));
}

/// Two hours ago somebody sent this; the shop has the thing no more, or cannot be asked.
async fn wrongly(stage: &Stage, topic: &str, file: &str) -> Report {
    let mut notice = stage.notice(topic, &sample(file));
    notice.triggered_at = Some(jiff::Timestamp::now() - SignedDuration::from_hours(2));
    stage.deliver(&notice).boxed().await
}

/// The body as it is since an hour ago.
fn an_hour_ago(body: Value) -> Value {
    let at = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() - 3_600).unwrap();
    with(body, json!({"updated_at": at.to_string()}))
}

/// What is told before, the deletion, a body from before it, and one from after it.
struct Case {
    deletion: (&'static str, &'static str),
    update: (&'static str, Value),
    /// How it looks in Brevo while it is there.
    is_there: fn(&Stage) -> bool,
}

fn cases() -> Vec<Case> {
    fn has(stage: &Stage, kind: &str, id: &str) -> bool {
        let state = stage.world.brevo();
        let found = state[kind].as_array().unwrap().iter().find(|found| found["id"] == id).cloned().unwrap();
        found["isDeleted"] != true && found["status"] != "deleted"
    }
    vec![
        Case {
            deletion: ("customers/delete", "customers-delete"),
            update: ("customers/update", past("customers-update")),
            is_there: |stage| stage.contact("jo@example.com")["ext_id"] == "shopify:demo-shop:7201400000011",
        },
        Case {
            deletion: ("orders/delete", "orders-delete"),
            update: ("orders/updated", past("orders-create.paid")),
            is_there: |stage| has(stage, "orders", "6101400001001"),
        },
        Case {
            deletion: ("products/delete", "products-delete"),
            update: ("products/update", past("products-create")),
            is_there: |stage| has(stage, "products", "9101400000001"),
        },
        Case {
            deletion: ("collections/delete", "collections-delete"),
            update: ("collections/update", past("collections-create")),
            is_there: |stage| has(stage, "categories", "collection-9601400000001"),
        },
    ]
}

#[tokio::test]
async fn a_newer_genuine_update_heals_a_wrong_deletion() {
    for Case { deletion: (topic, file), update: (updated, body), is_there } in cases() {
        let stage = Stage::new(ALL).await;
        for (topic, body) in everything() {
            stage.tell(topic, &body).boxed().await;
        }
        assert!(is_there(&stage), "{topic}: nothing is proved by what never was there");
        let report = wrongly(&stage, topic, file).await;
        assert_eq!(report.outcome, Outcome::Applied, "{}", ending(&report));
        assert!(!is_there(&stage), "{topic}");
        // What is older than the deletion brings nothing back.
        stage.tell(updated, &body).boxed().await;
        assert!(!is_there(&stage), "{topic}: an old body came late");

        let newer = an_hour_ago(body.clone());
        let end = ending(&stage.tell(updated, &newer).boxed().await);
        assert!(is_there(&stage), "{topic}: {end}");
        // The deletion once more, and older bodies: it stays.
        let again = ending(&wrongly(&stage, topic, file).await);
        assert!(again.contains("after this deletion") || again.contains("unchanged"), "{again}");
        stage.tell(updated, &body).boxed().await;
        assert!(is_there(&stage), "{topic}: {again}");
        // In another order: the newer update was here before the deletion came.
        let stage = Stage::new(ALL).await;
        for (topic, body) in everything() {
            stage.tell(topic, &body).boxed().await;
        }
        let changed = if topic == "customers/delete" {
            with(newer.clone(), json!({"last_name": "Meyer"}))
        } else if newer["title"].is_string() {
            with(newer.clone(), json!({"title": "Winter again"}))
        } else {
            newer.clone()
        };
        stage.tell(updated, &changed).boxed().await;
        let end = ending(&wrongly(&stage, topic, file).await);
        assert!(is_there(&stage), "{topic}: {end}");
    }
}

/// A genuine deletion is told once more, after one that was not.
#[tokio::test]
async fn an_order_that_came_back_can_be_deleted_for_good() {
    let stage = Stage::new(ALL).await;
    stage.tell("orders/create", &past("orders-create.paid")).await;
    wrongly(&stage, "orders/delete", "orders-delete").await;
    stage.tell("orders/updated", &an_hour_ago(past("orders-create.paid"))).await;
    assert_eq!(stage.tell("orders/delete", &sample("orders-delete")).await.outcome, Outcome::Applied);
    assert_eq!(stage.world.brevo()["orders"][0]["status"], "deleted");
    assert_eq!(stage.count("order_deleted"), 2);
}

#[tokio::test]
async fn a_checkout_that_is_used_after_a_wrong_deletion_is_a_cart_again() {
    let stage = Stage::new(ALL).await;
    stage.tell("checkouts/create", &past("checkouts-create")).await;
    wrongly(&stage, "checkouts/delete", "checkouts-delete").await;
    assert_eq!(stage.count("cart_deleted"), 1);
    stage.tell("checkouts/update", &an_hour_ago(past("checkouts-update"))).await;
    assert_eq!(stage.count("cart_updated"), 2);
    stage.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(stage.count("cart_abandoned"), 1);
    // The deletion once more: it was before.
    wrongly(&stage, "checkouts/delete", "checkouts-delete").await;
    assert_eq!(stage.count("cart_deleted"), 1);
}

/// Nobody can put a deletion where no update reaches: its time is a header.
#[tokio::test]
async fn a_deletion_of_the_future_is_one_of_now() {
    let stage = Stage::new(ALL).await;
    stage.tell("orders/create", &past("orders-create.paid")).await;
    let mut notice = stage.notice("orders/delete", &sample("orders-delete"));
    notice.received_at -= SignedDuration::from_hours(2);
    notice.triggered_at = Some("2099-01-01T00:00:00Z".parse().unwrap());
    stage.deliver(&notice).await;
    stage.tell("orders/updated", &an_hour_ago(past("orders-create.paid"))).await;
    assert_eq!(stage.world.brevo()["orders"][0]["status"], "paid");
}

/// The same body says that tags came and that they went: the shop knows which.
#[tokio::test]
async fn tags_are_what_the_shop_says_whatever_the_topic() {
    let jo = |tags: Value| with(nodes::customer(&past("customers-create")), json!({"tags": tags}));
    let tags = |stage: &Stage| stage.contact("jo@example.com")["attributes"]["TAGS"].clone();
    for (there, file, foreign) in [
        (json!(["vip"]), "customer-tags_removed", "customer.tags_added"),
        (json!(["garden club", "vip"]), "customer-tags_added", "customer.tags_removed"),
    ] {
        let stage = Stage::new("").await;
        stage.world.set_up_shop(json!({"customers": [jo(there.clone())]}));
        stage.tell("customers/create", &past("customers-create")).boxed().await;
        let before = tags(&stage);
        let end = ending(&stage.tell(foreign, &past(file)).boxed().await);
        assert!(end.contains("the shop says otherwise"), "{end}");
        assert_eq!(tags(&stage), before, "{foreign}");
        assert_eq!(stage.count("customer_tags_added"), 0, "{foreign}: {end}");
    }
}
