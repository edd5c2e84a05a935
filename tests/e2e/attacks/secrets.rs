//! Who may say what signs for whom.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tajo_sandbox::shopify::sign;

use super::{contact, key};
use crate::bodies::{about, bytes, person};
use crate::connect::Store;
use crate::installed::Shop;
use crate::manage::ask;
use crate::shop::Letter;
use crate::stage::{Stage, told};

/// Ingress reads its keyring at most once a minute.
const KEYRING_IS_READ: Duration = Duration::from_secs(63);

/// Two stores of one app, each connected with a key of its own.
async fn two_stores_of_one_app(stage: &Stage) -> [Shop; 2] {
    let first = Shop::open(stage, &format!("e2e-{}-first", stage.run)).await;
    let second = Shop::open(stage, &format!("e2e-{}-second", stage.run)).await;
    let second =
        Shop { client_id: first.client_id.clone(), client_secret: first.client_secret.clone(), ..second };
    second.change_app(stage, &first.client_secret).await;
    for shop in [&first, &second] {
        let mut install = stage.tajo();
        let install = shop.prepare(stage, &mut install);
        install.args(["connectors", "install", "shopify", "--shop-url", &shop.address()]);
        let output = install.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    [first, second]
}

fn as_store(shop: &Shop) -> Store {
    Store {
        name: shop.store.clone(),
        id: shop.store.clone(),
        shop: shop.address(),
        client_secret: shop.client_secret.clone(),
        account: shop.store.clone(),
        settings: String::new(),
        set_up_until: None,
    }
}

#[test]
fn a_key_of_one_store_cannot_change_what_signs_for_another_of_its_app() {
    told(async |stage| {
        let [first, second] = two_stores_of_one_app(stage).await;
        let third = Shop::open(stage, &format!("e2e-{}-third", stage.run)).await;
        let path = format!("/stores/{}", second.store);
        let forged = ["forged-once", "forged-twice", "forged-for-the-third"];
        for secret in &forged[..2] {
            ask(stage, &second.key, Method::PATCH, &path, Some(&json!({"api_secret": secret}))).await;
        }
        // The client id of an app is public: a store of another app names it.
        let mut install = stage.tajo();
        let install = third.prepare(stage, &mut install);
        let status = install.args(["connectors", "install", "shopify", "--shop-url", &third.address()]);
        assert!(status.output().unwrap().status.success());
        let news = json!({"api_key": first.client_id, "api_secret": forged[2]});
        ask(stage, &third.key, Method::PATCH, &format!("/stores/{}", third.store), Some(&news)).await;
        let connect = json!({"platform": "shopify", "shop_url": third.address(), "api_key": first.client_id, "api_secret": forged[2]});
        ask(stage, &third.key, Method::POST, "/stores", Some(&connect)).await;

        tokio::time::sleep(KEYRING_IS_READ).await;
        let (first, second) = (as_store(&first), as_store(&second));
        for store in [&first, &second] {
            assert_eq!(stage.knock(store).await, 200, "{}: the genuine secret still signs", store.id);
        }
        for secret in forged {
            let body = br#"{"id":1}"#;
            let letter =
                Letter { signature: Some(sign(secret, body)), ..Letter::new(&first, "shop/update", body) };
            assert_eq!(stage.post(&letter).await.status, 401, "{secret} signs for {}", first.id);
        }
    });
}

#[test]
fn the_secret_of_another_app_does_not_sign_compliance_for_a_connected_store() {
    told(async |stage| {
        let store = stage.store("front");
        let redact = json!({
            "shop_id": 1, "shop_domain": store.shop, "customer": {"id": 1, "email": "gone@canary.example"},
            "orders_to_redact": [],
        });
        for (topic, body) in [
            ("customers/redact", redact.clone()),
            ("shop/redact", json!({"shop_id": 1, "shop_domain": store.shop})),
            ("customers/data_request", redact),
            ("app/uninstalled", json!({"id": 1, "domain": store.shop, "myshopify_domain": store.shop})),
        ] {
            let body = bytes(&body);
            let signature = Some(sign(&stage.app_secret, &body));
            let letter = Letter { signature, ..Letter::new(store, topic, &body) };
            assert_eq!(stage.post(&letter).await.status, 401, "{topic}");
        }
    });
}

#[test]
fn an_operate_key_forwards_neither_deletions_nor_opt_ins_that_nobody_signed() {
    told(async |stage| {
        let store = stage.store("topics");
        let jo = person(stage.run, 4);
        let customer = about(&jo, "customers-create");
        assert_eq!(stage.deliver(store, "customers/create", &bytes(&customer)).await.outcome, "applied");
        let operate = key(stage, "operate", &[&store.id]).await;
        let redact = json!({
            "shop_id": 1, "shop_domain": store.shop, "customer": {"id": customer["id"], "email": jo.email},
        });
        let merge = json!({
            "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1",
            "admin_graphql_api_customer_deleted_id": customer["admin_graphql_api_id"], "status": "completed",
        });
        for (topic, body) in [
            (
                "customers/delete",
                json!({"id": customer["id"], "admin_graphql_api_id": customer["admin_graphql_api_id"]}),
            ),
            ("customers/redact", redact),
            ("customers/merge", merge),
            ("orders/delete", json!({"id": 1})),
            ("app/uninstalled", json!({"id": 1, "myshopify_domain": store.shop})),
        ] {
            let forward = json!({"topic": topic, "payload": body});
            let (status, answer) =
                ask(stage, &operate, Method::POST, "/stores/_/webhooks", Some(&forward)).await;
            assert_eq!(status, 403, "{topic}: {answer}");
        }
        let opt_in = json!({
            "customer_id": customer["id"], "email_address": jo.email,
            "email_marketing_consent": {
                "state": "subscribed", "opt_in_level": "single_opt_in",
                "consent_updated_at": jiff::Timestamp::now().to_string(),
            },
        });
        let forward = json!({"topic": "customers_email_marketing_consent/update", "payload": opt_in});
        let (status, answer) = ask(stage, &operate, Method::POST, "/stores/_/webhooks", Some(&forward)).await;
        if status == 202 {
            stage.ending(&store.id, answer["delivery"].as_str().unwrap()).await;
        }
        let brevo = stage.brevo(store).await;
        assert_eq!(contact(&brevo, &jo.email)["emailBlacklisted"], true, "{status}: {answer}");
    });
}

#[test]
fn a_bound_key_connects_no_sister_shop_under_a_free_name() {
    told(async |stage| {
        let free = format!("e2e-{}-free", stage.run);
        let bound = key(stage, "admin", &[&free]).await;
        let victim = stage.store("other");
        for body in [
            json!({"platform": "shopify", "shop_url": victim.shop, "store": free, "brevo_api_key": "xkeysib-mine"}),
            json!({"platform": "shopify", "shop_url": format!("sister-of-{free}.myshopify.com"), "store": free, "brevo_api_key": "xkeysib-mine"}),
        ] {
            let (status, answer) = ask(stage, &bound, Method::POST, "/stores", Some(&body)).await;
            assert_eq!(status, 403, "{answer}");
        }
        let (_, stores): (u16, Value) = ask(stage, &bound, Method::GET, "/stores", None).await;
        assert_eq!(stores["stores"], json!([]));
    });
}
