//! Connecting a store: settings checked, Brevo set up, secrets and store written, signing key last.
//!
//! Safe to repeat: everything is looked up before it is made, and the store is answered webhooks only when all
//! else is in place.

mod brevo_webhook;

use std::time::Duration;

use aws_sdk_secretsmanager::Client as SecretsClient;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_brevo::{
    Error, NextStep, Request, activate_ecommerce, create_attribute, get_account, get_attributes, get_lists,
};
use tajo_domain::{StoreId, short_hash};
use tajo_mapping::{CONTACT_RULES, Kind, Mapped, Settings, effective_rules};
use tajo_platforms::Platform;
use tajo_state::{
    Attributes, Key, SecretError, Secrets, StoreRecord, StoreStatus, Table, TableError, get_secret,
    put_secret,
};

/// Where the connector is deployed: the stack's outputs.
#[derive(Clone, Debug)]
pub struct Target {
    /// `TableName`.
    pub table: String,
    /// `KeyringSecretName`.
    pub keyring: String,
    /// `StoreSecretsPrefix`.
    pub store_secrets_prefix: String,
    /// Where Brevo is.
    pub brevo_api_url: String,
    /// Where AWS is played locally, if it is.
    pub endpoint: Option<String>,
    /// `WebhookUrl`, or the address before its path: Brevo sends what people say there to `/brevo/{account}` below it.
    /// `None`: Brevo is not told, with a warning.
    pub webhook_url: Option<String>,
}

/// A store to connect.
#[derive(Clone, Debug)]
pub struct NewStore {
    /// Its id: in URLs, keys and logs.
    pub store: StoreId,
    /// Where it lives.
    pub platform: Platform,
    /// The platform's own name of the shop: `demo-shop.myshopify.com`.
    pub shop: String,
    /// Two letters: phone numbers without a country are read as of here.
    pub country: Option<String>,
    /// A live store skips test orders.
    pub live: bool,
    /// Signs its webhooks.
    pub client_secret: SecretString,
    /// Brevo's API key.
    pub brevo_api_key: SecretString,
    /// Opens Shopify's Admin API; `None`: the one that was stored before stays, if any.
    pub shopify_access_token: Option<SecretString>,
    /// The settings document; empty for the defaults.
    pub settings: String,
}

/// What connecting did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Connected {
    /// The store.
    pub store: StoreId,
    /// Attributes that were made in Brevo.
    pub attributes_created: Vec<String>,
    /// Things a person should know.
    pub warnings: Vec<String>,
}

/// Why a store could not be connected. Whole sentences; no secret in them.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum ConnectError {
    #[error(transparent)]
    Settings(#[from] tajo_mapping::SettingsError),
    #[error(transparent)]
    Client(#[from] tajo_brevo::ClientError),
    #[error(transparent)]
    Aws(#[from] tajo_state::AwsError),
    #[error("Brevo could not be set up: {0}")]
    Brevo(#[from] Error),
    #[error(
        "the Brevo attribute {name} is of type `{found}`, and the connector fills it with `{wanted}`: Brevo would drop every value silently"
    )]
    AttributeKind { name: String, found: String, wanted: &'static str },
    #[error("Brevo has no list {0}")]
    NoSuchList(u64),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the keyring secret is not the JSON this version writes")]
    Keyring,
    #[error("`{0}` is no https address that Brevo could send to")]
    WebhookUrl(String),
    #[error(
        "the Brevo account has {} webhooks already, and takes no more",
        brevo_webhook::WEBHOOKS_PER_ACCOUNT
    )]
    WebhooksFull,
    #[error("this machine gives no random numbers for a token")]
    NoRandom,
}

impl ConnectError {
    /// What to do about it, where that is not plain from the sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Settings(error) => error.hint.clone(),
            Self::Brevo(error) => match error.next_step() {
                NextStep::AskMerchant { hint } => Some(hint.to_owned()),
                _ => None,
            },
            Self::AttributeKind { name, .. } => Some(format!(
                "map the field to another attribute in `field_mapping`, or delete {name} in Brevo"
            )),
            Self::NoSuchList(_) => Some("use the ids that Brevo shows under Contacts → Lists".to_owned()),
            Self::WebhookUrl(_) => Some("use the stack's output WebhookUrl".to_owned()),
            Self::WebhooksFull => Some(
                "delete one that nobody needs in Brevo (Settings → Webhooks), and connect again".to_owned(),
            ),
            Self::Secret(SecretError::Missing) => {
                Some("check the names against the stack's outputs".to_owned())
            }
            _ => None,
        }
    }
}

/// Every attribute the connector can fill and Brevo's word for its type, except those every account has.
pub fn every_attribute() -> Vec<(&'static str, &'static str)> {
    CONTACT_RULES.iter().map(|rule| (rule.attribute, rule.kind.as_str())).collect()
}

/// Connects one store, new or again.
pub async fn connect(target: &Target, new: &NewStore) -> Result<Connected, ConnectError> {
    let settings = Settings::from_yaml(&new.settings)?;
    let set_up = set_up_brevo(&target.brevo_api_url, &new.brevo_api_key, &settings).await?;
    write(target, new, &set_up.account).await?;
    let mut warnings = settings.warnings;
    let secrets = SecretsClient::new(&tajo_state::sdk_config(target.endpoint.as_deref()).await?);
    warnings.extend(brevo_webhook::register(target, &secrets, &new.brevo_api_key, &set_up.account).await?);
    Ok(Connected { store: new.store.clone(), attributes_created: set_up.attributes_created, warnings })
}

/// A Brevo account that is ready for a store.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// Names the account without naming it.
    pub account: String,
    /// Attributes that were made.
    pub attributes_created: Vec<String>,
}

/// Checks the key, makes the attributes the settings need, checks the lists, switches eCommerce on.
pub async fn set_up_brevo(
    base: &str,
    key: &SecretString,
    settings: &Settings,
) -> Result<SetUp, ConnectError> {
    let brevo = tajo_brevo::Client::new(base)?;
    let account = call(&brevo, key, &get_account()).await?;
    let attributes_created = set_up_attributes(&brevo, key, settings).await?;
    check_lists(&brevo, key, settings).await?;
    call(&brevo, key, &activate_ecommerce()).await?;
    Ok(SetUp { account: account_id(&account), attributes_created })
}

/// Writes secrets and store, the signing key last: webhooks are answered only when all else is in place.
pub async fn write(target: &Target, new: &NewStore, account: &str) -> Result<(), ConnectError> {
    let aws = tajo_state::sdk_config(target.endpoint.as_deref()).await?;
    let secrets = SecretsClient::new(&aws);
    Secrets::new(secrets.clone(), &target.store_secrets_prefix)
        .put_store(&new.store, &new.brevo_api_key, new.shopify_access_token.as_ref())
        .await?;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), &target.table);
    write_store(&table, new, account).await?;
    write_keyring(&secrets, &target.keyring, new).await
}

/// One call of the set-up. There are more of them than Brevo takes in a second, and a person waits: the limit is
/// waited for, within reason.
async fn call(brevo: &tajo_brevo::Client, key: &SecretString, request: &Request) -> Result<Value, Error> {
    let mut tries = 0;
    loop {
        match brevo.send(key, request).await {
            Ok(answer) => return Ok(answer.body),
            Err(error) => match error.next_step() {
                NextStep::Retry { after } if tries < TRIES && after <= Some(LONGEST_WAIT) => {
                    tokio::time::sleep(after.unwrap_or(LONGEST_WAIT / 5)).await;
                    tries += 1;
                }
                _ => return Err(error),
            },
        }
    }
}

/// Tries of one call of the set-up.
const TRIES: u32 = 10;

/// A longer wait is said instead of waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Makes the attributes that are missing and refuses those of another kind: Brevo drops values for either
/// without a word.
async fn set_up_attributes(
    brevo: &tajo_brevo::Client,
    key: &SecretString,
    settings: &Settings,
) -> Result<Vec<String>, ConnectError> {
    let answer = call(brevo, key, &get_attributes()).await?;
    let existing = answer.get("attributes").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut created = Vec::new();
    for Mapped { attribute: name, kind, .. } in effective_rules(settings) {
        let found = existing.iter().find(|attribute| attribute["name"] == json!(name));
        match found.map(|attribute| attribute["type"].as_str().unwrap_or("category")) {
            None => {
                call(brevo, key, &create_attribute(&name, kind.as_str())).await?;
                created.push(name);
            }
            Some(found) if fits(found, kind) => {}
            Some(found) => {
                return Err(ConnectError::AttributeKind {
                    name,
                    found: found.to_owned(),
                    wanted: kind.as_str(),
                });
            }
        }
    }
    Ok(created)
}

fn fits(found: &str, kind: Kind) -> bool {
    found == kind.as_str()
}

async fn check_lists(
    brevo: &tajo_brevo::Client,
    key: &SecretString,
    settings: &Settings,
) -> Result<(), ConnectError> {
    let lists = settings.lists;
    let wanted: Vec<u64> =
        [lists.all_customers, lists.buyers, lists.abandoned_cart].into_iter().flatten().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let answer = call(brevo, key, &get_lists()).await?;
    let known = answer.get("lists").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_whole_answer = known.len() < 50;
    let missing = |id: &u64| !known.iter().any(|list| list["id"] == json!(id));
    match wanted.into_iter().find(missing) {
        Some(id) if is_whole_answer => Err(ConnectError::NoSuchList(id)),
        _ => Ok(()),
    }
}

async fn write_store(table: &Table, new: &NewStore, account: &str) -> Result<(), ConnectError> {
    let key = Key::store(&new.store);
    let changed = table.change(&key, Attributes::none, |stored: Option<&StoreRecord>| {
        let record = StoreRecord {
            platform: new.platform.as_str().to_owned(),
            shop: new.shop.clone(),
            country: new.country.clone(),
            live: new.live,
            account: account.to_owned(),
            // Connecting again must not make old facts fire, nor forget what happened in between.
            // But a shop that had left begins anew: what happened while it was away was not ours to know.
            connected_at: stored
                .filter(|stored| !stored.status.has_left())
                .map_or_else(Timestamp::now, |stored| stored.connected_at),
            settings: new.settings.clone(),
            status: StoreStatus::Active,
            attention: None,
            installed_at: Some(Timestamp::now()),
            uninstalled_at: None,
            shop_id: stored.and_then(|stored| stored.shop_id.clone()),
            scopes: None,
        };
        (Some(record), ())
    });
    changed.await?;
    Ok(())
}

/// Adds the store to the keyring. A secret that was there before stays as the second one: Shopify signs with the
/// oldest until it is revoked.
async fn write_keyring(secrets: &SecretsClient, name: &str, new: &NewStore) -> Result<(), ConnectError> {
    let text = get_secret(secrets, name).await?;
    let mut keyring: Value = serde_json::from_str(text.expose_secret()).map_err(|_| ConnectError::Keyring)?;
    let stores = keyring.get_mut("stores").and_then(Value::as_object_mut).ok_or(ConnectError::Keyring)?;
    let current = new.client_secret.expose_secret();
    let before = stores.get(new.store.as_str()).and_then(|store| store["secrets"].as_array().cloned());
    let previous = before.unwrap_or_default().into_iter().find(|secret| secret.as_str() != Some(current));
    let signing: Vec<Value> = std::iter::once(json!(current)).chain(previous).collect();
    let entry = json!({ "platform": new.platform.as_str(), "shop": new.shop, "secrets": signing });
    if stores.get(new.store.as_str()) == Some(&entry) {
        return Ok(());
    }
    stores.insert(new.store.as_str().to_owned(), entry);
    put_secret(secrets, name, &keyring.to_string().into()).await?;
    Ok(())
}

/// Names a Brevo account without naming it.
fn account_id(account: &Value) -> String {
    let name = account.get("organization_id").or_else(|| account.get("email"));
    short_hash(&name.map(Value::to_string).unwrap_or_default())
}
