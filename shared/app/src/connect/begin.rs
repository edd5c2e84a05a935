//! Beginning to connect a store, new or again. Everything that can be refused is refused before anything is changed.

mod check;

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use tajo_api::{Connect, ConnectAnswer, Next};
use tajo_platforms::Platform;
use tajo_platforms::notice::SET_UP;
use tajo_platforms::shopify::oauth::{Denied, GrantKind, TokenRequest};
use tajo_state::{Asked, Attributes, InstallLink, Key, ShopOwner, StoreRecord, StoreStatus};
use url::Url;

use super::finish::{Granted, ask, finish};
use super::{Authority, ConnectEnv, ConnectError, is_of_another};
use crate::random;
use check::{Known, Ready, Wish};
pub(super) use check::{given, try_token};

/// How long a link may wait to be opened.
const LINK_IS_GOOD_FOR: SignedDuration = SignedDuration::from_hours(72);

/// Begins to connect a store, new or again.
///
/// With a token, or where the client-credentials grant gives one, the store is connected and its set-up is on the queue;
/// else the answer holds the link to open.
pub async fn begin(
    env: &ConnectEnv,
    authority: Authority,
    asked: &Connect,
) -> Result<ConnectAnswer, ConnectError> {
    let wish = Wish::read(asked)?; //                                             pure
    let known = Known::look(env, &wish).await?; //                                calls AWS
    let ready = Ready::check(env, authority, &wish, &known, asked).await?; //     calls Brevo, and Shopify with a given token
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

/// How the store comes to its token.
enum Road {
    Granted(Box<Granted>),
    /// A merchant must agree. With what should be known about it.
    Link(Option<&'static str>),
}

async fn choose(env: &ConnectEnv, wish: &Wish, ready: &Ready) -> Result<Road, ConnectError> {
    let asked_at = env.clock.now();
    if let Some(token) = &ready.token {
        return match &ready.app {
            // A token says nothing of the app's secret.
            Some(app) => Ok(Road::Granted(Box::new(Granted {
                kind: GrantKind::Token,
                grant: token.clone(),
                app: app.clone(),
                vouched: ready.vouched.clone(),
                asked_at,
            }))),
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
        Ok(exchanged) => {
            let granted = Granted::exchanged(GrantKind::ClientCredentials, app, exchanged, asked_at);
            Ok(Road::Granted(Box::new(granted)))
        }
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
        secret.brevo_tracker_key.clone_from(&ready.tracker_key);
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
