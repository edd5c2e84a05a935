//! Beginning to connect a store, new or again. Everything that can be refused is refused before anything is changed.

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tajo_api::{Connect, ConnectAnswer, Next};
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::Platform;
use tajo_platforms::notice::SET_UP;
use tajo_platforms::shopify::api;
use tajo_platforms::shopify::oauth::{Denied, Grant, GrantKind, TokenRequest};
use tajo_state::{
    AppKeys, Asked, Attributes, InstallLink, Key, ShopOwner, StoreRecord, StoreSecret, StoreStatus,
};
use url::Url;

use super::account::Account;
use super::finish::{Granted, ask, finish};
use super::plan::plan;
use super::shop_address::shop_address;
use super::{ConnectEnv, ConnectError, is_of_another, keyrings, neighbours};
use crate::random;

/// How long a link may wait to be opened.
const LINK_IS_GOOD_FOR: SignedDuration = SignedDuration::from_hours(72);

/// Begins to connect a store, new or again.
///
/// With a token, or where the client-credentials grant gives one, the store is connected and its set-up is on the queue;
/// else the answer holds the link to open.
pub async fn begin(env: &ConnectEnv, asked: &Connect) -> Result<ConnectAnswer, ConnectError> {
    let wish = Wish::read(asked)?; //                                             pure
    let known = Known::look(env, &wish).await?; //                                calls AWS
    let ready = Ready::check(env, &wish, &known, asked).await?; //                calls Brevo, and Shopify with a given token
    let road = choose(env, &wish, &ready).await?; //                              calls Shopify
    save(env, &wish, &ready, asked).await?; //                                    calls AWS
    let mut warnings = ready.warnings;
    let connected = match road {
        Road::Granted(granted) => {
            finish(env, &wish.store, *granted).await?; //                         calls AWS
            true
        }
        Road::Link(warning) => {
            warnings.extend(warning.map(str::to_owned));
            // A store that works has new settings now, whether or not its link is ever opened.
            if known.is_installed() {
                ask(env, SET_UP, &wish.store, &wish.shop).await?; //              calls AWS
            }
            false
        }
    };
    let open = if connected { None } else { Some(link(env, &wish).await?) }; //   calls AWS
    Ok(ConnectAnswer { store: wish.store.to_string(), connected, open, warnings })
}

/// What is wished for, as far as it can be understood alone.
struct Wish {
    store: StoreId,
    shop: String,
    /// The settings that are given.
    settings: Option<String>,
}

impl Wish {
    fn read(asked: &Connect) -> Result<Self, ConnectError> {
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
struct Known {
    record: Option<StoreRecord>,
    secret: StoreSecret,
    keyring: Value,
}

impl Known {
    /// Whether the shop has let the app in, and it has not left.
    fn is_installed(&self) -> bool {
        let is_in = |record: &StoreRecord| record.installed_at.is_some() && !record.status.has_left();
        self.record.as_ref().is_some_and(is_in)
    }

    async fn look(env: &ConnectEnv, wish: &Wish) -> Result<Self, ConnectError> {
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
struct Ready {
    brevo_api_key: SecretString,
    /// The app that speaks for the store; `None`: nobody named one, and none is stored.
    app: Option<AppKeys>,
    /// A token that was given and opens this shop.
    token: Option<Grant>,
    account: String,
    settings: String,
    warnings: Vec<String>,
}

impl Ready {
    async fn check(
        env: &ConnectEnv,
        wish: &Wish,
        known: &Known,
        asked: &Connect,
    ) -> Result<Self, ConnectError> {
        let stored = known.record.as_ref().filter(|record| record.status != StoreStatus::Erased);
        let document = wish.settings.clone().or_else(|| stored.map(|stored| stored.settings.clone()));
        let document = document.unwrap_or_default();
        let settings = Settings::from_yaml(&document)?;
        settings.check_shop(&wish.shop)?;
        let app = app_of(asked, known)?;
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
        let (table, keyring) = (&env.table, &known.keyring);
        neighbours::refuse_shared_totals(table, keyring, &wish.store, &found.account, &resolved).await?;
        let token = match given(asked.access_token.as_deref()) {
            Some(token) => Some(try_token(env, &wish.shop, &token).await?),
            None => None,
        };
        let mut warnings = settings.warnings;
        warnings.extend(plan.warnings);
        Ok(Self { brevo_api_key, app, token, account: found.account, settings: document, warnings })
    }
}

/// A text that is not empty, as a secret.
pub(super) fn given(text: Option<&str>) -> Option<SecretString> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| text.to_owned().into())
}

fn brevo_key(secret: &StoreSecret) -> Option<SecretString> {
    Some(secret.brevo_api_key.clone()).filter(|key| !key.expose_secret().is_empty())
}

/// The app that is given, else the store's own, else the one that was stored for all.
fn app_of(asked: &Connect, known: &Known) -> Result<Option<AppKeys>, ConnectError> {
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
        (None, None, _) => Ok(stored.or_else(|| keyrings::default_app(&known.keyring))),
    }
}

/// Whether a token opens this shop and no other.
pub(super) async fn try_token(
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

/// How the store comes to its token.
enum Road {
    Granted(Box<Granted>),
    /// A merchant must agree. With what should be known about it.
    Link(Option<&'static str>),
}

async fn choose(env: &ConnectEnv, wish: &Wish, ready: &Ready) -> Result<Road, ConnectError> {
    let asked_at = env.clock.now();
    let granted = |grant: Grant, kind| Road::Granted(Box::new(Granted { kind, grant, asked_at }));
    if let Some(token) = &ready.token {
        return match &ready.app {
            Some(_) => Ok(granted(token.clone(), GrantKind::Token)),
            None => Err(ConnectError::HalfAnApp(
                "an access token",
                "the client secret of its app, which signs its webhooks",
            )),
        };
    }
    let app = ready.app.as_ref().ok_or(ConnectError::NoApp)?;
    if app.client_id.is_empty() {
        return Err(ConnectError::HalfAnApp("an app's client secret", "its client id"));
    }
    match env.shopify.grant(&wish.shop, app, &TokenRequest::ClientCredentials).await {
        Ok(grant) => Ok(granted(grant, GrantKind::ClientCredentials)),
        Err(Denied::AppRefused) => Ok(Road::Link(Some(
            "Shopify does not give this app a token by itself: open the link as somebody who may install apps in the shop \
             (if Shopify refuses the app there too, its client id or secret is wrong)",
        ))),
        Err(Denied::GrantEnded) => Ok(Road::Link(None)),
        Err(denied @ Denied::Unclear(_)) => Err(ConnectError::Token(denied.to_string())),
    }
}

/// Writes down what is wished for. A store whose shop had left stays so until the shop says otherwise.
async fn save(env: &ConnectEnv, wish: &Wish, ready: &Ready, asked: &Connect) -> Result<(), ConnectError> {
    let owner = |stored: Option<&ShopOwner>| {
        let is_free = stored.is_none_or(|owner| owner.store == wish.store);
        let mine = ShopOwner { store: wish.store.clone() };
        (stored.is_none().then_some(mine), is_free.then_some(()).ok_or_else(|| stored.cloned()))
    };
    let (_, is_mine) = env.table.change(&Key::shop(&wish.shop), Attributes::none, owner).await?;
    if let Err(Some(owner)) = is_mine {
        return Err(ConnectError::ShopIsLinked { shop: wish.shop.clone(), store: owner.store });
    }
    env.change_secret(&wish.store, |secret| {
        secret.brevo_api_key = ready.brevo_api_key.clone();
        // Not `app` yet: the token that is there was granted to that one, and lives on until the merchant agrees.
        secret.pending_app.clone_from(&ready.app);
        Ok(Some(()))
    })
    .await?;
    let decide = |stored: Option<&StoreRecord>| {
        if stored.is_some_and(|stored| is_of_another(stored, &ready.account)) {
            return (None, Err(ConnectError::OtherAccount));
        }
        (Some(record(env, wish, ready, asked, stored)), Ok(()))
    };
    env.table.change(&Key::store(&wish.store), Attributes::none, decide).await?.1
}

fn record(
    env: &ConnectEnv,
    wish: &Wish,
    ready: &Ready,
    asked: &Connect,
    stored: Option<&StoreRecord>,
) -> StoreRecord {
    let known = stored.filter(|stored| stored.status != StoreStatus::Erased);
    let upper = |text: &Option<String>| text.as_deref().map(str::to_uppercase);
    let asks = Asked {
        live_is_said: asked.live.is_some() || known.is_some_and(|known| known.asked.live_is_said),
        first_sync: asked.first_sync == Next::Now,
    };
    StoreRecord {
        platform: Platform::Shopify.as_str().to_owned(),
        shop: wish.shop.clone(),
        country: upper(&asked.country).or_else(|| known.and_then(|known| known.country.clone())),
        // Until the shop says it, nobody's test order is taken for a buyer's.
        live: asked.live.or(known.map(|known| known.live)).unwrap_or(true),
        account: ready.account.clone(),
        // Connecting again must not make old facts fire, nor forget what happened in between.
        connected_at: known.map_or_else(|| env.clock.now(), |known| known.connected_at),
        settings: ready.settings.clone(),
        status: known.map_or(StoreStatus::Connecting, |known| known.status),
        attention: known.and_then(|known| known.attention.clone()),
        installed_at: known.and_then(|known| known.installed_at),
        uninstalled_at: known.and_then(|known| known.uninstalled_at),
        shop_id: known.and_then(|known| known.shop_id.clone()),
        scopes: known.and_then(|known| known.scopes.clone()),
        currency: upper(&asked.currency).or_else(|| known.and_then(|known| known.currency.clone())),
        set_up: known.map(|known| known.set_up.clone()).unwrap_or_default(),
        asked: asks,
    }
}

/// The link to open. Its word is kept as a hash, is good for this shop alone, and only begins an installation there.
async fn link(env: &ConnectEnv, wish: &Wish) -> Result<String, ConnectError> {
    let word = random::word()?;
    let until = env.clock.now().saturating_add(LINK_IS_GOOD_FOR).unwrap_or(jiff::Timestamp::MAX).as_second();
    let link = InstallLink { store: wish.store.clone(), until };
    let decide = |_: Option<&InstallLink>| (Some(link.clone()), ());
    let key = Key::install_link(&random::hash(&word));
    env.table.change(&key, InstallLink::attributes, decide).await?;
    let base = format!("{}/oauth/shopify/install", env.public_url);
    let query = [("shop", wish.shop.as_str()), ("link", word.expose_secret())];
    let url = Url::parse_with_params(&base, query).map_err(|_| ConnectError::PublicUrl)?;
    Ok(url.into())
}
