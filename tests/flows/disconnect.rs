//! A store that is let go leaves nothing behind that would speak for it.

use serde_json::{Value, json};
use tajo_api::DataFate;
use tajo_app::connect::disconnect;
use tajo_domain::StoreId;
use tajo_state::StoreStatus;
use tajo_testkit::STORE;

use crate::bodies::sample;
use crate::browser::Road;
use crate::stage::{Stage, ending};

async fn connected() -> Road {
    let road = Road::new().await;
    road.browser().walk(&road.link(json!({})).await).await;
    road.stage.drain().await;
    road.stage.tell("customers/create", &sample("customers-create")).await;
    road
}

fn store() -> StoreId {
    StoreId::parse(STORE).unwrap()
}

#[tokio::test]
async fn webhooks_keys_and_secret_go_and_its_data_stays() {
    let road = connected().await;
    let webhooks = road.webhooks().len();
    let answer = disconnect(&road.env, &store(), DataFate::Keep).await.unwrap();
    assert_eq!(usize::try_from(answer.webhooks_removed).unwrap(), webhooks);
    assert!(road.webhooks().is_empty());
    assert_eq!(road.keyring()["stores"], json!({}));
    assert_eq!(road.stage.world.secret(&format!("test/store/{STORE}")), None);
    assert_eq!(road.stage.world.brevo()["webhooks"], json!([]), "the account's last store");
    assert_eq!(road.record().await.status, StoreStatus::Uninstalled);
    assert_ne!(road.stage.contact("jo@example.com"), Value::Null);
    // Again: there is nothing left to do. And it may come back.
    disconnect(&road.env, &store(), DataFate::Keep).await.unwrap();
    assert_eq!(road.browser().walk(&road.link(json!({})).await).await.status, 200);
    road.stage.drain().await;
    assert_eq!(road.record().await.status, StoreStatus::Active);
}

#[tokio::test]
async fn what_could_not_be_removed_is_said_and_the_rest_is_done() {
    let road = connected().await;
    road.stage.fault(json!({ "path": "/admin/*", "times": 99, "action": { "status": 503 } }));
    let answer = disconnect(&road.env, &store(), DataFate::Keep).await.unwrap();
    assert!(answer.warnings[0].contains("could not be removed in the shop: Shopify answered 503"));
    assert_eq!(road.keyring()["stores"], json!({}), "what they bring is not let in any more");
}

#[tokio::test]
async fn its_data_is_erased_on_the_one_road_that_erases_and_the_key_goes_last() {
    let road = connected().await;
    let answer = disconnect(&road.env, &store(), DataFate::Erase).await.unwrap();
    assert!(answer.warnings.iter().any(|warning| warning.contains("once more")), "{answer:?}");
    assert_eq!(road.secret()["shopify_access_token"], Value::Null);
    // Its delay is longer than a worker believes what it read: a new one knows nothing yet.
    let reports = Stage::with(road.stage.world.clone()).await.drain().await;
    assert!(ending(&reports[0]).starts_with("shop/redact → applied"), "{}", ending(&reports[0]));
    assert_eq!(road.stage.contact("jo@example.com"), Value::Null);
    assert_eq!(road.record().await.status, StoreStatus::Erased);
    disconnect(&road.env, &store(), DataFate::Erase).await.unwrap();
    assert_eq!(road.stage.world.secret(&format!("test/store/{STORE}")), None);
}
