//! What is asked for, what is known of it, and whether both together can be right. Changes nothing.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tajo_api::Connect;
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::Platform;
use tajo_platforms::shopify::api;
use tajo_platforms::shopify::oauth::Grant;
use tajo_state::{AppKeys, Key, ShopOwner, StoreRecord, StoreSecret, StoreStatus};

use crate::connect::account::Account;
use crate::connect::plan::plan;
use crate::connect::shop_address::shop_address;
use crate::connect::{Authority, ConnectEnv, ConnectError, TrackerKey, is_of_another, keyrings, neighbours};

/// What is wished for, as far as it can be understood alone.
pub(super) struct Wish {
    pub store: StoreId,
    pub shop: String,
    /// The settings that are given.
    pub settings: Option<String>,
}

impl Wish {
    pub fn read(asked: &Connect) -> Result<Self, ConnectError> {
        match Platform::parse(&asked.platform) {
            Some(Platform::Shopify) => {}
            None => return Err(ConnectError::Platform(asked.platform.clone())),
        }
        let shop = shop_address(&asked.shop_url)?;
        let name = match &asked.store {
            Some(name) => name.clone(),
            None => shop.trim_end_matches(".myshopify.com").to_owned(),
        };
        let store = StoreId::parse(&name).map_err(|_| ConnectError::StoreName(name))?;
        Ok(Self { store, shop, settings: asked.settings.clone() })
    }
}

/// What is known of it already.
pub(super) struct Known {
    pub record: Option<StoreRecord>,
    pub secret: StoreSecret,
    pub keyring: Value,
}

impl Known {
    /// Whether the shop has let the app in, and it has not left.
    pub fn is_installed(&self) -> bool {
        let is_in = |record: &StoreRecord| record.installed_at.is_some() && !record.status.has_left();
        self.record.as_ref().is_some_and(is_in)
    }

    pub async fn look(env: &ConnectEnv, wish: &Wish) -> Result<Self, ConnectError> {
        let record = env.table.get_newest::<StoreRecord>(&Key::store(&wish.store)).await?.record;
        // What was erased is forgotten: its name is free.
        let others = record.as_ref().filter(|record| record.shop != wish.shop);
        if let Some(record) = others.filter(|record| record.status != StoreStatus::Erased) {
            return Err(ConnectError::StoreIsTaken { store: wish.store.clone(), shop: record.shop.clone() });
        }
        let keyring = keyrings::read(env).await?;
        let owner = env.table.get_newest::<ShopOwner>(&Key::shop(&wish.shop)).await?.record;
        let owner = owner.map(|owner| owner.store).or_else(|| keyrings::store_of(&keyring, &wish.shop));
        if let Some(store) = owner.filter(|store| *store != wish.store) {
            return Err(ConnectError::ShopIsLinked { shop: wish.shop.clone(), store });
        }
        let secret = env.secret(&wish.store).await?;
        Ok(Self { record, secret, keyring })
    }
}

/// Everything that was checked, and nothing changed yet.
pub(super) struct Ready {
    pub brevo_api_key: SecretString,
    /// Opens the account's tracker, while it has one.
    pub tracker_key: Option<SecretString>,
    /// The app that speaks for the store; `None`: nobody named one, and none is stored.
    pub app: Option<AppKeys>,
    /// The app's secret that may sign for all stores of the app: one that was given with the right to do so.
    pub vouched: Option<SecretString>,
    /// A token that was given and opens this shop.
    pub token: Option<Grant>,
    pub account: String,
    pub settings: String,
    pub warnings: Vec<String>,
}

impl Ready {
    pub async fn check(
        env: &ConnectEnv,
        authority: Authority,
        wish: &Wish,
        known: &Known,
        asked: &Connect,
    ) -> Result<Self, ConnectError> {
        let stored = known.record.as_ref().filter(|record| record.status != StoreStatus::Erased);
        let document = wish.settings.clone().or_else(|| stored.map(|stored| stored.settings.clone()));
        let document = document.unwrap_or_default();
        let settings = Settings::from_yaml(&document)?;
        settings.check_shop(&wish.shop)?;
        let app = app_of(authority, asked, known)?;
        // Only what is given now: what is stored with the store may have come from a key that was bound.
        let vouched = given(asked.api_secret.as_deref()).filter(|_| authority == Authority::Deployment);
        let brevo_api_key = given(asked.brevo_api_key.as_deref()).or_else(|| brevo_key(&known.secret));
        let brevo_api_key = brevo_api_key.ok_or(ConnectError::NoBrevoKey)?;
        let account = Account { brevo: &env.brevo, key: &brevo_api_key };
        let found = account.look(&settings).await?;
        if known.record.as_ref().is_some_and(|stored| is_of_another(stored, &found.account)) {
            return Err(ConnectError::OtherAccount);
        }
        let currency = asked.currency.clone().or_else(|| stored.and_then(|stored| stored.currency.clone()));
        let plan = plan(&found, &settings, currency.as_deref())?;
        let mut resolved = settings.clone();
        resolved.resolve(&plan.lists, &plan.renamed);
        let (table, keyring, account) = (&env.table, &known.keyring, &found.account);
        let currency = currency.as_deref();
        neighbours::refuse_shared_totals(table, keyring, &wish.store, account, &resolved, currency).await?;
        let token = match given(asked.access_token.as_deref()) {
            Some(token) => Some(try_token(env, &wish.shop, &token).await?),
            None => None,
        };
        let mut warnings = settings.warnings;
        warnings.extend(plan.warnings);
        let tracker_key = found.tracker_key.as_ref().map(TrackerKey::secret);
        let account = found.account;
        Ok(Self { brevo_api_key, tracker_key, app, vouched, token, account, settings: document, warnings })
    }
}

/// A text that is not empty, as a secret.
pub(in crate::connect) fn given(text: Option<&str>) -> Option<SecretString> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| text.to_owned().into())
}

fn brevo_key(secret: &StoreSecret) -> Option<SecretString> {
    Some(secret.brevo_api_key.clone()).filter(|key| !key.expose_secret().is_empty())
}

/// The app that is given, else the store's own, else the one that was stored for all (which a bound key must name).
fn app_of(authority: Authority, asked: &Connect, known: &Known) -> Result<Option<AppKeys>, ConnectError> {
    let id = asked.api_key.as_deref().map(str::trim).filter(|id| !id.is_empty());
    let secret = given(asked.api_secret.as_deref());
    let stored = known.secret.app.clone();
    match (id, secret, &asked.access_token) {
        (Some(id), Some(secret), _) => {
            let before = stored.filter(|app| app.client_id == id).map(|app| app.client_secrets);
            Ok(Some(AppKeys::with(id, &secret, &before.unwrap_or_default())))
        }
        (Some(id), None, _) => keyrings::app(&known.keyring, id)
            .or(stored.filter(|app| app.client_id == id))
            .map(Some)
            .ok_or(ConnectError::HalfAnApp("an app's client id", "its client secret")),
        // An old custom app: its secret signs its webhooks, and nobody asks for its id.
        (None, Some(secret), Some(_)) => {
            let before = stored.filter(|app| app.client_id.is_empty()).map(|app| app.client_secrets);
            Ok(Some(AppKeys::with("", &secret, &before.unwrap_or_default())))
        }
        (None, Some(_), None) => Err(ConnectError::HalfAnApp("an app's client secret", "its client id")),
        (None, None, _) => match (stored, keyrings::default_app(&known.keyring), authority) {
            (Some(own), _, _) => Ok(Some(own)),
            (None, Some(_), Authority::Stores) => Err(ConnectError::AppNotNamed),
            (None, default, _) => Ok(default),
        },
    }
}

/// Whether a token opens this shop and no other.
pub(in crate::connect) async fn try_token(
    env: &ConnectEnv,
    shop: &str,
    token: &SecretString,
) -> Result<Grant, ConnectError> {
    let answer = env.shopify.try_token(shop, token, &api::shop()).await.map_err(ConnectError::Shopify)?;
    let facts = api::shop_facts(&answer);
    match facts.domain {
        Some(domain) if domain == shop => Ok(Grant::of_token(token.expose_secret(), &facts.scopes)),
        Some(domain) => Err(ConnectError::CustomDomain { given: shop.to_owned(), shop: domain }),
        None => Err(ConnectError::Shopify(api::Error::Unclear("an answer without the shop".to_owned()))),
    }
}
