//! A merchant's browser on its way to the shop and back.
//!
//! Going: the request must be signed by Shopify or carry a link of ours; the browser gets a cookie and a `state` that
//! belongs to it, to the shop and to this visit. Coming back: shop, signature, state and cookie, in this order, and only
//! then is the code exchanged, at that shop. No answer leads anywhere but to the shop.

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::shopify::oauth::{
    Denied, GrantKind, Refused, SignedQuery, TokenRequest, authorize_query, requested,
};
use tajo_state::{AppKeys, InstallLink, Key, ShopOwner, StoreRecord, StoreStatus, Visit};
use tracing::{info, warn};
use url::Url;

use super::finish::{Granted, finish, use_up_link};
use super::{ConnectEnv, ConnectError, keyrings};
use crate::random;
use crate::shopify::wants;

/// How long a browser may stay away.
pub const VISIT: SignedDuration = SignedDuration::from_mins(10);

/// Signatures computed whoever asks: an unknown shop takes as long as a wrong signature.
const ROUNDS: usize = 4;

/// What the browser gets.
#[derive(Debug)]
pub enum Answer {
    /// It is sent to its shop, with this word in its cookie.
    Go {
        /// The shop's page.
        to: Url,
        /// What the cookie holds.
        cookie: SecretString,
    },
    /// It is shown a page.
    Show(Page),
}

/// What a page tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// The shop is connected; the rest is on its way.
    Connected {
        /// The store.
        store: StoreId,
        /// The shop.
        shop: String,
        /// Rights that were asked for and not granted.
        missing: Vec<&'static str>,
        /// A first sync was asked for.
        first_sync: bool,
    },
    /// Shopify sent somebody from a shop that nobody here is connecting.
    NotBegun {
        /// The shop.
        shop: String,
    },
    /// The request is not what Shopify, or we, would send.
    Refused,
    /// The link, the visit or the code was used already, or is too old.
    UsedUp,
    /// It began in another browser.
    OtherBrowser,
    /// Shopify did not give a token.
    NoToken {
        /// It is the app's fault.
        is_app: bool,
    },
}

impl Page {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Connected { .. } => 200,
            Self::Refused => 400,
            Self::OtherBrowser => 403,
            Self::NotBegun { .. } => 404,
            Self::UsedUp => 410,
            Self::NoToken { .. } => 502,
        }
    }
}

/// `GET /oauth/shopify/install`: a merchant begins, from Shopify or with our link.
pub async fn install(env: &ConnectEnv, query: &str) -> Result<Answer, ConnectError> {
    let answer = match on_the_way(env, query).await? {
        Ok((store, to, cookie)) => {
            info!(store.id = %store, "A merchant of store `{store}` is sent to the shop");
            Answer::Go { to, cookie }
        }
        Err(page) => Answer::Show(told("install", page)),
    };
    Ok(answer)
}

/// `GET /oauth/shopify/callback`: the shop sends the merchant back.
pub async fn callback(
    env: &ConnectEnv,
    query: &str,
    cookie: Option<&SecretString>,
) -> Result<Page, ConnectError> {
    let page = back(env, query, cookie).await?.unwrap_or_else(|page| page);
    Ok(told("callback", page))
}

type Shown<T> = Result<T, Page>;

async fn on_the_way(
    env: &ConnectEnv,
    query: &str,
) -> Result<Shown<(StoreId, Url, SecretString)>, ConnectError> {
    let Ok((query, shop)) = read(query) else { return Ok(Err(Page::Refused)) };
    let owner = Owner::of(env, &shop).await?;
    let link = if query.is_signed() {
        // Shopify also sends merchants of shops that nobody here is connecting.
        let apps = keyrings::apps(&keyrings::read(env).await?);
        if let Err(page) = verify(env, &query, apps.iter().chain(owner.iter().map(|owner| &owner.app))) {
            return Ok(Err(page));
        }
        None
    } else {
        let Some(hash) = query.get("link").map(|word| random::hash(&word.to_owned().into())) else {
            return Ok(Err(Page::Refused));
        };
        let link = env.table.get_newest::<InstallLink>(&Key::install_link(&hash)).await?.record;
        let is_good = |link: &InstallLink| {
            env.clock.now().as_second() < link.until
                && owner.as_ref().is_some_and(|owner| owner.store == link.store)
        };
        if !link.as_ref().is_some_and(is_good) {
            return Ok(Err(Page::UsedUp));
        }
        Some(hash)
    };
    let Some(Owner { store, record, app }) = owner else { return Ok(Err(Page::NotBegun { shop })) };
    let (state, cookie) = (random::word()?, random::word()?);
    let until = env.clock.now().saturating_add(VISIT).unwrap_or(jiff::Timestamp::MAX).as_second();
    let visit =
        Visit { store: store.clone(), shop: shop.clone(), browser: random::hash(&cookie), link, until };
    let key = Key::visit(&random::hash(&state));
    env.table.change(&key, Visit::attributes, |_| (Some(visit.clone()), ())).await?;
    let scopes = requested(&wants(&Settings::from_stored(&record.settings)?));
    let there = format!("{}/oauth/shopify/callback", env.public_url);
    let query = authorize_query(&app.client_id, &scopes, &there, state.expose_secret());
    Ok(match env.shopify.authorize_page(&shop, &query) {
        Some(to) => Ok((store, to, cookie)),
        None => Err(Page::Refused),
    })
}

async fn back(
    env: &ConnectEnv,
    query: &str,
    cookie: Option<&SecretString>,
) -> Result<Shown<Page>, ConnectError> {
    // 1. The shop. 2. The signature.
    let Ok((query, shop)) = read(query) else { return Ok(Err(Page::Refused)) };
    let owner = Owner::of(env, &shop).await?;
    if let Err(page) = verify(env, &query, owner.iter().map(|owner| &owner.app)) {
        return Ok(Err(page));
    }
    let (Some(owner), Some(state)) = (owner, query.get("state")) else { return Ok(Err(Page::Refused)) };
    // 3. The state: taken away, so that of all who bring it one gets further, and this one once.
    let key = Key::visit(&random::hash(&state.to_owned().into()));
    let Some(visit) = env.table.take::<Visit>(&key).await? else { return Ok(Err(Page::UsedUp)) };
    if visit.until <= env.clock.now().as_second() {
        return Ok(Err(Page::UsedUp));
    }
    if visit.shop != shop || visit.store != owner.store {
        return Ok(Err(Page::Refused));
    }
    // Hashes of random words: nothing is learned from how long their comparison takes.
    if cookie.map(random::hash).as_ref() != Some(&visit.browser) {
        return Ok(Err(Page::OtherBrowser));
    }
    // 4. The code, at that shop.
    let Some(code) = query.get("code").filter(|code| !code.is_empty()) else {
        return Ok(Err(Page::Refused));
    };
    let asked_at = env.clock.now();
    let exchanged = match env.shopify.grant(&shop, &owner.app, &TokenRequest::Code(code)).await {
        Ok(exchanged) => exchanged,
        Err(Denied::GrantEnded) => return Ok(Err(Page::UsedUp)),
        Err(denied) => {
            warn!(store.id = %owner.store, %denied, "Shopify gave no token for the code of a callback");
            return Ok(Err(Page::NoToken { is_app: denied == Denied::AppRefused }));
        }
    };
    // 5. Everything else.
    let first_sync = owner.record.asked.first_sync;
    let granted = Granted::exchanged(GrantKind::Code, &owner.app, exchanged, asked_at);
    let missing = finish(env, &owner.store, granted).await?;
    if let Some(link) = &visit.link {
        use_up_link(env, link).await?;
    }
    Ok(Ok(Page::Connected { store: owner.store, shop, missing, first_sync }))
}

/// A store that is being connected, or was.
struct Owner {
    store: StoreId,
    record: StoreRecord,
    app: AppKeys,
}

impl Owner {
    /// The store of a shop. `None`: nobody began to connect it, or no app is to speak for it.
    async fn of(env: &ConnectEnv, shop: &str) -> Result<Option<Self>, ConnectError> {
        let owner = env.table.get_newest::<ShopOwner>(&Key::shop(shop)).await?.record;
        let Some(ShopOwner { store }) = owner else { return Ok(None) };
        let record = env.table.get_newest::<StoreRecord>(&Key::store(&store)).await?.record;
        let is_it = |record: &StoreRecord| record.shop == shop && record.status != StoreStatus::Erased;
        let Some(record) = record.filter(is_it) else { return Ok(None) };
        let secret = env.secret(&store).await?;
        let app = secret.pending_app.or(secret.app).filter(|app| !app.client_id.is_empty());
        Ok(app.map(|app| Self { store, record, app }))
    }
}

fn read(query: &str) -> Result<(SignedQuery, String), Refused> {
    let query = SignedQuery::parse(query)?;
    let shop = query.shop()?;
    Ok((query, shop))
}

fn verify<'a>(env: &ConnectEnv, query: &SignedQuery, apps: impl Iterator<Item = &'a AppKeys>) -> Shown<()> {
    let secrets: Vec<&[u8]> =
        apps.flat_map(|app| &app.client_secrets).map(|secret| secret.expose_secret().as_bytes()).collect();
    match query.verify(&secrets, ROUNDS, env.clock.now().as_second()) {
        Ok(()) => Ok(()),
        // It was Shopify's, once.
        Err(Refused::Time) => Err(Page::UsedUp),
        Err(Refused::Malformed | Refused::Shop | Refused::Signature) => Err(Page::Refused),
    }
}

/// One line per page. What a stranger wrote is not repeated.
fn told(route: &str, page: Page) -> Page {
    let (store, outcome) = match &page {
        Page::Connected { store, .. } => (store.as_str(), "connected"),
        Page::NotBegun { .. } => ("", "no store of this shop is being connected"),
        Page::Refused => ("", "refused"),
        Page::UsedUp => ("", "used up or too old"),
        Page::OtherBrowser => ("", "another browser"),
        Page::NoToken { .. } => ("", "no token"),
    };
    info!(route, store.id = store, outcome, status = page.status(), "OAuth {route}: {outcome}");
    page
}
