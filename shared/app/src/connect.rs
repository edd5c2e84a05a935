//! Connecting a store: settings checked, Brevo set up, secrets and store written, signing key last.
//!
//! Safe to repeat: everything is looked up before it is made, and the store is answered webhooks only when all
//! else is in place.

mod account;
mod apps;
mod begin;
mod brevo_webhook;
mod checks;
mod disconnect;
mod edit;
mod environment;
mod error;
mod finish;
mod keyrings;
mod neighbours;
pub mod oauth;
mod plan;
pub(crate) mod set_up;
mod shop_address;
pub(crate) mod webhooks;

use aws_sdk_secretsmanager::Client as SecretsClient;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_domain::StoreId;
use tajo_mapping::{CONTACT_RULES, Settings};
use tajo_platforms::Platform;
use tajo_state::{
    Asked, Attributes, BrevoSetUp, Key, Secrets, StoreRecord, StoreStatus, Table, arm_reconcile, get_secret,
    put_secret,
};

use account::Account;
pub use apps::{app_config, set_app};
pub use begin::begin;
pub use checks::test;
pub use disconnect::disconnect;
pub use edit::{ask_webhook_check, edit};
pub use environment::{ConnectConfig, ConnectEnv};
pub use error::ConnectError;
pub(crate) use neighbours::refuse_totals_shared_with;
use plan::plan;

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
    /// The currency its money is in, three letters; `None`: not known, and not compared with the Brevo account's.
    pub currency: Option<String>,
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
    /// Lists that were made in Brevo.
    pub lists_created: Vec<String>,
    /// Things a person should know.
    pub warnings: Vec<String>,
}

/// Every attribute the connector can fill and Brevo's word for its type, except those every account has.
pub fn every_attribute() -> Vec<(&'static str, &'static str)> {
    CONTACT_RULES.iter().map(|rule| (rule.attribute, rule.kind.as_str())).collect()
}

/// Connects one store, new or again. Everything that can be refused is refused before anything is changed.
pub async fn connect(target: &Target, new: &NewStore) -> Result<Connected, ConnectError> {
    let settings = Settings::from_yaml(&new.settings)?;
    settings.check_shop(&new.shop)?;
    let brevo = tajo_brevo::Client::new(&target.brevo_api_url)?;
    let account = Account { brevo: &brevo, key: &new.brevo_api_key };
    let currency = new.currency.as_deref();
    let found = account.look(&settings).await?; //                                  calls Brevo
    let plan = plan(&found, &settings, currency)?; //                               pure
    let hook =
        target.webhook_url.as_deref().map(|url| brevo_webhook::address(url, &found.account)).transpose()?;
    let aws = Aws::new(target).await?;
    let keyring = aws.keyring(&target.keyring).await?; //                           calls AWS
    let mut resolved = settings.clone();
    resolved.resolve(&plan.lists, &plan.renamed);
    neighbours::refuse_shared_totals(&aws.table, &keyring, &new.store, &found.account, &resolved, currency)
        .await?;
    let set_up = account.carry_out(&found, plan, &settings, currency).await?; //    calls Brevo
    write(target, new, &set_up).await?; //                                          calls AWS
    let mut warnings = settings.warnings;
    warnings.extend(set_up.warnings);
    match hook {
        Some(hook) => {
            let (token, is_new) = brevo_webhook::token(&aws, &target.keyring, &set_up.account).await?;
            brevo_webhook::register(&hook, &account, &set_up.account, &token, is_new).await?
        } // calls both
        None => warnings.push(brevo_webhook::NO_URL.to_owned()),
    }
    Ok(Connected {
        store: new.store.clone(),
        attributes_created: set_up.attributes_created,
        lists_created: set_up.lists_created,
        warnings,
    })
}

/// The key of an account's tracker (`marketingAutomation.key`). Kept with the other keys, and shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct TrackerKey(String);

impl TrackerKey {
    fn secret(&self) -> SecretString {
        self.0.clone().into()
    }
}

impl std::fmt::Debug for TrackerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TrackerKey")
    }
}

/// A Brevo account that is ready for a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetUp {
    /// Names the account without naming it.
    pub account: String,
    /// Attributes that were made.
    pub attributes_created: Vec<String>,
    /// Lists that were made.
    pub lists_created: Vec<String>,
    /// What is stored with the store.
    pub found: BrevoSetUp,
    /// Opens the account's tracker; absent while marketing automation is off.
    pub tracker_key: Option<TrackerKey>,
    /// Things a person should know.
    pub warnings: Vec<String>,
}

/// Checks the key, then makes what the settings need and the account has not: attributes, lists, eCommerce. Safe to repeat:
/// an account that is ready is only looked at.
pub async fn set_up_brevo(
    base: &str,
    key: &SecretString,
    settings: &Settings,
    currency: Option<&str>,
) -> Result<SetUp, ConnectError> {
    let brevo = tajo_brevo::Client::new(base)?;
    set_up(&brevo, key, settings, currency).await
}

/// The same, with a client that is there already.
pub(crate) async fn set_up(
    brevo: &tajo_brevo::Client,
    key: &SecretString,
    settings: &Settings,
    currency: Option<&str>,
) -> Result<SetUp, ConnectError> {
    let account = Account { brevo, key };
    let found = account.look(settings).await?;
    let plan = plan(&found, settings, currency)?;
    account.carry_out(&found, plan, settings, currency).await
}

/// Writes secrets and store, the signing key last: webhooks are answered only when all else is in place.
pub async fn write(target: &Target, new: &NewStore, set_up: &SetUp) -> Result<(), ConnectError> {
    let aws = Aws::new(target).await?;
    let stored = aws.table.get_newest::<StoreRecord>(&Key::store(&new.store)).await?.record;
    if stored.as_ref().is_some_and(|stored| is_of_another(stored, &set_up.account)) {
        // Before its key is replaced.
        return Err(ConnectError::OtherAccount);
    }
    Secrets::new(aws.secrets.clone(), &target.store_secrets_prefix)
        .put_store(
            &new.store,
            &new.brevo_api_key,
            new.shopify_access_token.as_ref(),
            set_up.tracker_key.as_ref().map(TrackerKey::secret).as_ref(),
        )
        .await?;
    write_store(&aws.table, new, set_up).await?;
    let now = Timestamp::now();
    // Of a store that an older version connected, what was lost since then is found too.
    let since = stored.filter(|stored| !stored.status.has_left()).map_or(now, |stored| stored.connected_at);
    arm_reconcile(&aws.table, &set_up.account, &new.store, since, now).await?;
    write_keyring(&aws, &target.keyring, new).await
}

/// What of AWS a connection needs.
struct Aws {
    secrets: SecretsClient,
    table: Table,
}

impl Aws {
    async fn new(target: &Target) -> Result<Self, ConnectError> {
        let aws = tajo_state::sdk_config(target.endpoint.as_deref()).await?;
        let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), &target.table);
        Ok(Self { secrets: SecretsClient::new(&aws), table })
    }

    /// Which stores there are, and what signs their webhooks.
    async fn keyring(&self, name: &str) -> Result<Value, ConnectError> {
        let text = get_secret(&self.secrets, name).await?;
        serde_json::from_str(text.expose_secret()).map_err(|_| ConnectError::Keyring)
    }
}

/// Contacts that are known in one account are nobody in the other: they would come back blocked there.
fn is_of_another(stored: &StoreRecord, account: &str) -> bool {
    stored.account != account && stored.status != StoreStatus::Erased
}

async fn write_store(table: &Table, new: &NewStore, set_up: &SetUp) -> Result<(), ConnectError> {
    let key = Key::store(&new.store);
    let changed = table.change(&key, Attributes::none, |stored: Option<&StoreRecord>| {
        if stored.is_some_and(|stored| is_of_another(stored, &set_up.account)) {
            return (None, Err(ConnectError::OtherAccount));
        }
        let record = StoreRecord {
            platform: new.platform.as_str().to_owned(),
            shop: new.shop.clone(),
            country: new.country.clone(),
            live: new.live,
            account: set_up.account.clone(),
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
            currency: new.currency.clone().or_else(|| stored.and_then(|stored| stored.currency.clone())),
            set_up: set_up.found.clone(),
            asked: Asked::default(),
        };
        (Some(record), Ok(()))
    });
    changed.await?.1
}

/// Adds the store to the keyring. A secret that was there before stays as the second one: Shopify signs with the
/// oldest until it is revoked.
async fn write_keyring(aws: &Aws, name: &str, new: &NewStore) -> Result<(), ConnectError> {
    let mut keyring = aws.keyring(name).await?;
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
    put_secret(&aws.secrets, name, &keyring.to_string().into(), None).await?;
    Ok(())
}
