//! A store that is written down as its connection would leave it, where nothing can be asked of its Brevo account: that one
//! plays less than the whole, or is to refuse the key.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_domain::StoreId;
use tajo_state::{
    Asked, Attributes, BrevoSetUp, Key, Secrets, StoreRecord, StoreSecret, StoreStatus, Table, arm_reconcile,
    get_secret, put_secret,
};

use crate::{Error, Result, Stack};

/// Such a store, with an old custom app.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its id.
    pub store: String,
    /// Its address at Shopify.
    pub shop: String,
    /// Signs its webhooks.
    pub client_secret: String,
    /// Opens the shop.
    pub access_token: String,
    /// Opens its Brevo account.
    pub brevo_api_key: SecretString,
    /// Names that account.
    pub account: String,
    /// Two letters.
    pub country: Option<String>,
    /// The settings document.
    pub settings: String,
    /// What happened before this is no news.
    pub connected_at: Timestamp,
}

/// Writes secret and store, what signs its webhooks last.
pub async fn write_down(stack: &Stack, written: Written) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(format!("store `{}` could not be written down: {error}", written.store))
    };
    let aws = tajo_state::sdk_config(Some(&stack.aws_endpoint_url)).await.map_err(|error| failed(&error))?;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), &stack.table);
    let secrets = aws_sdk_secretsmanager::Client::new(&aws);
    let store = StoreId::parse(&written.store).map_err(|error| failed(&error))?;
    let mut secret = StoreSecret::default();
    secret.brevo_api_key = written.brevo_api_key.clone();
    secret.shopify_access_token = Some(SecretString::from(written.access_token.clone()));
    let of_stores = Secrets::new(secrets.clone(), &stack.store_secrets_prefix);
    of_stores.put(&store, &secret).await.map_err(|error| failed(&error))?;
    let now = Timestamp::now();
    let record = StoreRecord {
        platform: "shopify".to_owned(),
        shop: written.shop.clone(),
        country: written.country.clone(),
        live: false,
        account: written.account.clone(),
        connected_at: written.connected_at,
        settings: written.settings.clone(),
        status: StoreStatus::Active,
        attention: None,
        installed_at: Some(now),
        uninstalled_at: None,
        shop_id: None,
        scopes: None,
        currency: None,
        set_up: BrevoSetUp::default(),
        asked: Asked::default(),
    };
    let decide = |_: Option<&StoreRecord>| (Some(record.clone()), ());
    table.change(&Key::store(&store), Attributes::none, decide).await.map_err(|error| failed(&error))?;
    let armed = arm_reconcile(&table, &written.account, &store, written.connected_at, now).await;
    armed.map_err(|error| failed(&error))?;
    let keyring = get_secret(&secrets, &stack.keyring_secret).await.map_err(|error| failed(&error))?;
    let mut keyring: Value = serde_json::from_str(keyring.expose_secret()).map_err(|error| failed(&error))?;
    keyring["stores"][&written.store] =
        json!({ "platform": "shopify", "shop": written.shop, "secrets": [written.client_secret] });
    let put = put_secret(&secrets, &stack.keyring_secret, &keyring.to_string().into(), None).await;
    put.map_err(|error| failed(&error))
}
