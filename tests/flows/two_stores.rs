//! Two stores with Brevo accounts, apps and settings of their own in one deployment: no call mixes them.

use serde_json::{Value, json};
use tajo_app::connect::{Authority, begin};
use tajo_platforms::{Notice, Platform};
use tajo_testkit::record;

use crate::bodies::{sample, with};
use crate::browser::{Road, asked, shop};

const STORES: [(&str, &str); 2] = [("paris-shop", "xkeysib-paris"), ("tokyo-shop", "xkeysib-tokyo")];

#[tokio::test]
async fn two_stores_with_different_accounts_and_settings_are_never_mixed() {
    let road = Road::new().await;
    let world = &road.stage.world;
    for (index, (name, key)) in STORES.into_iter().enumerate() {
        let account = json!({ "api_key": key, "name": name, "rate_limits": false, "ecommerce_active": true,
            "organization_id": format!("organisation-{name}") });
        let mut account = account;
        if serde_json::from_value::<tajo_sandbox::AccountSettings>(account.clone()).is_err() {
            account.as_object_mut().unwrap().remove("organization_id");
        }
        world.sandbox.configure(&serde_json::from_value(account).unwrap());
        let (id, secret) = (format!("app-{name}"), format!("secret-{name}"));
        let address = format!("{name}.myshopify.com");
        let customer = tajo_sandbox::shopify::nodes::customer(&jo(name));
        shop(
            world,
            &address,
            json!({ "app": { "client_id": id, "client_secrets": [secret], "own_organisation": true },
            "customers": [customer], "rate_limits": false }),
        );
        let settings = if index == 0 {
            "connectors: {shopify: {lists: {all_customers: Paris}}}"
        } else {
            "field_mapping: {email: email, first_name: GIVEN_NAME}\nsync: {orders: false}"
        };
        let asks =
            asked(json!({ "shop_url": address, "api_key": id, "api_secret": secret, "brevo_api_key": key,
            "settings": settings }));
        assert!(begin(&road.env, Authority::Deployment, &asks).await.unwrap().connected);
    }
    road.stage.drain().await;
    world.sandbox.forget_calls();
    // Both are worked on in one batch.
    let mut records = Vec::new();
    for (name, _) in STORES {
        for (topic, body) in [("customers/create", jo(name)), ("orders/create", order(name))] {
            records.push(record(&notice(name, topic, &body), 1));
        }
    }
    road.stage.receive_all(records).await;
    road.stage.drain().await;
    let calls = world.sandbox.calls();
    assert!(
        calls.iter().any(|call| call.account.as_deref() == Some("paris-shop.myshopify.com")),
        "the shop was asked"
    );
    for call in &calls {
        let account = call.account.as_deref().unwrap();
        let other = STORES.iter().find(|(name, _)| !account.starts_with(name)).unwrap().0;
        let text = format!("{} {} {}", call.path, call.request, call.response);
        assert!(!text.contains(other), "a call of {account} is about {other}: {text}");
    }
    let state = |name: &str| json!(world.sandbox.state_of(name).unwrap());
    let (paris, tokyo) = (state("paris-shop"), state("tokyo-shop"));
    let contact = |state: &Value, email: &str| {
        let contacts = state["contacts"].as_array().unwrap();
        contacts.iter().find(|contact| contact["email"] == email).cloned()
    };
    let jo_of_paris = contact(&paris, "jo@paris-shop.example").unwrap();
    assert_eq!(jo_of_paris["attributes"]["FIRSTNAME"], "Jo of paris-shop");
    assert!(contact(&paris, "jo@tokyo-shop.example").is_none());
    let jo_of_tokyo = contact(&tokyo, "jo@tokyo-shop.example").unwrap();
    assert_eq!(jo_of_tokyo["attributes"]["GIVEN_NAME"], "Jo of tokyo-shop");
    assert_eq!(paris["lists"].as_array().unwrap().len(), 1);
    assert_eq!(tokyo["lists"].as_array().unwrap().len(), 0);
    assert_eq!(tokyo["orders"].as_array().unwrap().len(), 0, "its settings want none");
    for (name, _) in STORES {
        let webhooks = world.sandbox.webhooks(&format!("{name}.myshopify.com"));
        assert!(webhooks.iter().all(|webhook| webhook["uri"].as_str().unwrap().ends_with(name)));
    }
}

fn jo(store: &str) -> Value {
    let own = json!({ "email": format!("jo@{store}.example"), "first_name": format!("Jo of {store}") });
    with(sample("customers-create"), own)
}

fn order(store: &str) -> Value {
    let mut order = with(sample("orders-create.paid"), json!({ "email": format!("jo@{store}.example") }));
    order["customer"] = jo(store);
    order
}

fn notice(store: &str, topic: &str, body: &Value) -> Notice {
    let now = jiff::Timestamp::now();
    let mut notice = Notice::new(
        Platform::Shopify,
        format!("{store}.myshopify.com"),
        topic,
        format!("{store}-{}", topic.replace('/', "-")),
        now,
    );
    notice.store = Some(tajo_domain::StoreId::parse(store).unwrap());
    notice.triggered_at = Some(now);
    notice.wrap(body.to_string().as_bytes())
}
