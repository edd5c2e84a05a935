//! Genuine bodies, sent again under names that nobody signed.

use serde_json::{Value, json};
use tajo_sandbox::shopify::sign;

use super::contact;
use crate::bodies::{about, bytes, person};
use crate::shop::Letter;
use crate::stage::told;

#[test]
fn a_redact_that_is_replayed_does_not_erase_a_customer_who_came_back() {
    told(async |stage| {
        let store = stage.store("replayed");
        let jo = person(stage.run, 1);
        let body = about(&jo, "customers-create");
        assert_eq!(stage.deliver(store, "customers/create", &bytes(&body)).await.outcome, "applied");
        let redact = bytes(&json!({
            "shop_id": 1, "shop_domain": store.shop,
            "customer": {"id": body["id"], "email": jo.email, "phone": null}, "orders_to_redact": [],
        }));
        let line = stage.deliver(store, "customers/redact", &redact).await;
        assert_eq!(line.outcome, "applied", "{:?}", line.reason);
        assert_eq!(contact(&stage.brevo(store).await, &jo.email), &Value::Null);
        // A new account of the same person: bodies begin five seconds ago, and this one after the erasure.
        tokio::time::sleep(std::time::Duration::from_secs(7)).await;
        let mut again = about(&jo, "customers-create");
        let id = again["id"].as_u64().unwrap() + 7;
        again["id"] = json!(id);
        again["admin_graphql_api_id"] = json!(format!("gid://shopify/Customer/{id}"));
        let line = stage.deliver(store, "customers/create", &bytes(&again)).await;
        assert_eq!(line.outcome, "applied", "{:?}", line.reason);
        assert_ne!(contact(&stage.brevo(store).await, &jo.email), &Value::Null);
        let line = stage.deliver(store, "customers/redact", &redact).await;
        assert_ne!(line.outcome, "applied", "{:?}", line.reason);
        assert_ne!(contact(&stage.brevo(store).await, &jo.email), &Value::Null, "erased by a replay");
    });
}

#[test]
fn a_replayed_uninstall_and_shop_redact_leave_a_live_store_alone() {
    told(async |stage| {
        let store = stage.store("replayed");
        let jo = person(stage.run, 6);
        stage.deliver(store, "customers/create", &bytes(&about(&jo, "customers-create"))).await;
        let shop = json!({"id": 1, "name": "Shop", "domain": store.shop, "myshopify_domain": store.shop});
        stage.deliver(store, "app/uninstalled", &bytes(&shop)).await;
        let redact = json!({"shop_id": 1, "shop_domain": store.shop});
        stage.deliver(store, "shop/redact", &bytes(&redact)).await;
        // The shop's token is still good, so nobody left.
        let line = stage.deliver(store, "customers/update", &bytes(&about(&jo, "customers-update"))).await;
        assert_eq!(line.outcome, "applied", "{:?}", line.reason);
        assert_ne!(contact(&stage.brevo(store).await, &jo.email), &Value::Null);
    });
}

#[test]
fn a_signed_callback_query_is_no_webhook() {
    told(async |stage| {
        let store = stage.store("front");
        for query in [
            "code=0907a61c0c8d55e99db179b68161bc00&shop=x.myshopify.com&state=0.6784241404160823&timestamp=1337178173",
            " {\"id\":1}",
            "",
        ] {
            let letter = Letter::new(store, "orders/create", query.as_bytes());
            assert_eq!(letter.signature, Some(sign(&store.client_secret, query.as_bytes())));
            assert_eq!(stage.post(&letter).await.status, 401, "{query}");
        }
    });
}

#[test]
fn a_body_that_is_parked_is_parked_once_however_often_it_is_delivered() {
    told(async |stage| {
        let store = stage.store("replayed");
        let body = br#"{"id": "no number", "parked": "on purpose"}"#;
        for _ in 0..4 {
            assert_eq!(stage.deliver(store, "orders/create", body).await.outcome, "parked");
        }
        let mut list = stage.tajo();
        list.args(["parked", "list", "--store", &store.id, "--topic", "orders/create", "--json"]);
        let listed: Value = serde_json::from_slice(&list.output().unwrap().stdout).unwrap();
        assert_eq!(listed["parked"].as_array().unwrap().len(), 1, "{listed}");
    });
}
