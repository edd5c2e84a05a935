//! Stores for the tests: each of a shop and a Brevo account of its own, made before anything is sent.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_app::connect::every_attribute;
use tajo_stack::{Written, write_down};
use tajo_state::{get_secret, put_secret};

use crate::bodies;
use crate::stage::Stage;

/// Stores by what they are for; besides, one per file of `events/shopify` (`explain-…`).
const NAMES: [&str; 11] = [
    "front",
    "other",
    "queue",
    "throttled",
    "refused",
    "samples",
    "amounts",
    "parking",
    "topics",
    "replayed",
    "shown",
];

/// Its Brevo key opens no account.
const REFUSED: &str = "refused";

/// A connected store.
#[derive(Clone)]
pub struct Store {
    pub name: String,
    pub id: String,
    pub shop: String,
    pub client_secret: String,
    /// Its account in the sandbox.
    pub account: String,
    /// Its settings, as `tajo explain --config` takes them.
    pub settings: String,
    /// The last call of setting it up.
    pub set_up_until: Option<u64>,
}

/// Connects everything, and an app whose secret signs for shops that left.
pub async fn connect_all(stage: &Stage, aws: &aws_config::SdkConfig) -> Vec<Store> {
    let names = NAMES.iter().map(|name| (*name).to_owned());
    let mut stores = Vec::new();
    for name in names.chain(bodies::files().iter().map(|file| bodies::explained_by(file))) {
        stores.push(connect(stage, name).await);
    }
    let demo = stage.stack.demo.as_ref().unwrap();
    stores.push(Store {
        name: "demo".to_owned(),
        id: demo.store.clone(),
        shop: demo.shop_domain.clone(),
        client_secret: demo.client_secret.clone(),
        account: "account-1".to_owned(),
        settings: String::new(),
        set_up_until: None,
    });
    let secrets = aws_sdk_secretsmanager::Client::new(aws);
    let keyring = get_secret(&secrets, &stage.stack.keyring_secret).await.unwrap();
    let mut keyring: Value = serde_json::from_str(keyring.expose_secret()).unwrap();
    keyring["apps"]["e2e"] = json!({"secrets": [stage.app_secret]});
    put_secret(&secrets, &stage.stack.keyring_secret, &keyring.to_string().into(), None).await.unwrap();
    stage.canaries.secret(&stage.app_secret);
    stores.iter().for_each(|store| stage.canaries.secret(&store.client_secret));
    stage.canaries.secret(tajo_sandbox::DEFAULT_KEY);
    stores
}

async fn connect(stage: &Stage, name: String) -> Store {
    let id = format!("e2e-{}-{name}", stage.run);
    let shop = format!("{id}.myshopify.com");
    let key = format!("xkeysib-{id}");
    let client_secret = format!("client-secret-of-{id}");
    stage.canaries.secret(&key);
    if name != REFUSED {
        stage.tell_sandbox("/accounts", &account(&id, &key)).await;
    }
    let token = format!("shpat_{id}");
    stage.canaries.secret(&token);
    stage.tell_sandbox("/shopify/shops", &json!({"shop": shop, "access_token": token})).await;
    let lists = if name == REFUSED { String::new() } else { make_lists(stage, &key).await };
    let settings = format!(
        "connectors:\n  shopify:\n    shop_url: {shop}\n    sync:\n      carts: {{abandoned_after: 48h}}\n{lists}"
    );
    let written = Written {
        store: id.clone(),
        shop: shop.clone(),
        client_secret: client_secret.clone(),
        access_token: token,
        brevo_api_key: SecretString::from(key),
        account: id.clone(),
        country: None,
        settings: settings.clone(),
        // Everything in the bodies is news.
        connected_at: "2001-01-01T00:00:00Z".parse().unwrap(),
    };
    write_down(&stage.stack, written).await.unwrap_or_else(|error| panic!("{id}: {error}"));
    let calls = stage.sandbox("/calls").await;
    let set_up_until = calls.as_array().and_then(|calls| calls.last()?["n"].as_u64());
    Store { name, shop, client_secret, account: id.clone(), settings, set_up_until, id }
}

/// An account that has what `connect` would make, and no limits: tests about limits order their faults.
fn account(name: &str, key: &str) -> Value {
    let attributes: Vec<Value> = every_attribute()
        .into_iter()
        .map(|(name, kind)| json!({ "name": name, "type": kind, "category": "normal" }))
        .collect();
    json!({
        "api_key": key, "name": name, "ecommerce_active": true, "rate_limits": false, "attributes": attributes,
    })
}

async fn make_lists(stage: &Stage, key: &str) -> String {
    let folder = create(stage, key, "folders", &json!({ "name": "Shop" })).await;
    let mut yaml = "    lists:\n".to_owned();
    for name in ["all_customers", "buyers", "abandoned_cart"] {
        let id = create(stage, key, "lists", &json!({ "name": name, "folderId": folder })).await;
        yaml.push_str(&format!("      {name}: {id}\n"));
    }
    yaml
}

async fn create(stage: &Stage, key: &str, what: &str, body: &Value) -> u64 {
    let url = format!("{}/v3/contacts/{what}", stage.stack.sandbox_url);
    let answer = stage.http.post(url).header("api-key", key).json(body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["id"].as_u64().unwrap_or_else(|| panic!("{what}: {answer}"))
}
