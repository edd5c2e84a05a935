//! `tajo connectors install`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use tajo_api::{Connect, ConnectAnswer, Next, State, StoreStatus};

use super::credentials::Secrets;
use super::{Platform, state};
use crate::api::{Api, Call, Reach};
use crate::commands::settings_file;
use crate::output::{Exit, Failure, progress, say, say_json, talk, warn};
use crate::secret;

/// A link to open holds ten minutes; then some time for webhooks and the Brevo account.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
const PAUSE: Duration = Duration::from_secs(2);

/// The store, its app and its Brevo account.
#[derive(Args, Debug)]
pub(crate) struct Install {
    #[arg(value_enum)]
    platform: Platform,
    /// The shop's permanent address, such as your-store.myshopify.com.
    #[arg(long)]
    shop_url: String,
    /// The store's name in URLs and logs. Left out: the first part of the address.
    #[arg(long)]
    store: Option<String>,
    /// Do not wait until the store is connected. `--json` does not wait either.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    secrets: Secrets,
    /// The settings document. Left out: the defaults, or what is stored.
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    /// When the first full sync begins. Webhooks are on in either case.
    #[arg(long, value_enum, default_value_t = FirstSync::Later, help_heading = "Settings")]
    sync: FirstSync,
    /// Two letters: phone numbers without a country are read as of there. Left out: the shop says it.
    #[arg(long, help_heading = "Settings")]
    country: Option<String>,
    /// Three letters, compared with the Brevo account's. Left out: the shop says it.
    #[arg(long, help_heading = "Settings")]
    currency: Option<String>,
    /// Real buyers shop there: test orders are skipped. Left out: the shop says it.
    #[arg(long, help_heading = "Settings")]
    live: bool,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FirstSync {
    Now,
    Later,
}

/// Runs the command.
pub(crate) async fn run(asked: &Install) -> crate::Result {
    let Platform::Shopify = asked.platform;
    let settings =
        asked.config.as_deref().map(|file| settings_file::of_shop(file, &asked.shop_url)).transpose()?;
    let mut secrets = asked.secrets.read()?;
    if secrets.brevo_api_key.is_none() {
        let typed = secret::asked("Brevo API key; Enter keeps the one that is stored");
        secrets.brevo_api_key = typed.map(|key| secrecy::ExposeSecret::expose_secret(&key).to_owned());
    }
    let api = asked.reach.open()?;
    let connect = Connect {
        platform: "shopify".to_owned(),
        shop_url: asked.shop_url.clone(),
        store: asked.store.clone(),
        api_key: secrets.api_key,
        api_secret: secrets.api_secret,
        access_token: secrets.access_token,
        brevo_api_key: secrets.brevo_api_key,
        settings,
        country: asked.country.clone(),
        currency: asked.currency.clone(),
        live: asked.live.then_some(true),
        first_sync: match asked.sync {
            FirstSync::Now => Next::Now,
            FirstSync::Later => Next::Later,
        },
    };
    let answer: ConnectAnswer = api.ask(Call::of("connect").body(&connect)).await?;
    warn(&answer.warnings);
    if asked.reach.json {
        return say_json(&answer);
    }
    if let Some(link) = &answer.open {
        say("Open this link in a browser, as somebody who may install apps in the shop:");
        say(&format!("  {link}"));
    }
    if asked.no_wait {
        say("`tajo connectors status shopify` tells when the store is connected.");
        return Ok(());
    }
    let store = wait(&api, &answer.store).await?;
    told(&store)
}

/// Looks until the store is connected, or somebody has to help.
async fn wait(api: &Api, store: &str) -> Result<StoreStatus, Failure> {
    let began = Instant::now();
    loop {
        let status: StoreStatus = api.ask(Call::at("status", store)).await?;
        if status.state != State::Connecting {
            progress("");
            return Ok(status);
        }
        if PATIENCE < began.elapsed() {
            progress("");
            return Err(Failure::new(Exit::NotWell, format!("store `{store}` is still not connected"))
                .hint("open the link, or run the same command again for a new one".to_owned()));
        }
        progress(&format!("waiting until the store is connected … {} s", began.elapsed().as_secs()));
        tokio::time::sleep(PAUSE).await;
    }
}

fn told(store: &StoreStatus) -> crate::Result {
    if store.state == State::Active {
        say(&format!("Store `{}` is connected: its webhooks flow.", store.store));
        talk("hint: `tajo connectors test shopify` checks every part of the connection");
        return Ok(());
    }
    let why = store.attention.as_deref().unwrap_or("it says no reason");
    let state = match store.state {
        State::NeedsAttention => "needs attention".to_owned(),
        state => format!("is {}", state::words(state)),
    };
    Err(Failure::new(Exit::NotWell, format!("store `{}` {state}: {why}", store.store))
        .hint("`tajo connectors test shopify` says what to do".to_owned()))
}
