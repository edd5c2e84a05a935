//! `tajo shopify`: the app at Shopify that all stores share.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use tajo_api::{AppConfig, AppCredentials, Purge as Whose, Purged};

use crate::api::{Call, Reach};
use crate::output::{Failure, say, say_block, say_json, say_json_text, talk};
use crate::secret;

/// What to do with the app.
#[derive(Subcommand, Debug)]
pub(crate) enum Shopify {
    /// Its credentials.
    #[command(subcommand)]
    App(App),
    /// Print its `shopify.app.toml`, with this deployment's addresses.
    AppConfig(Print),
}

/// What to do with its credentials.
#[derive(Subcommand, Debug)]
pub(crate) enum App {
    /// Store the app's client id and secret. The secret before stays good as the second.
    Set(Set),
    /// Let earlier secrets sign nothing any more: once the old one is revoked at Shopify, or if one was never the app's.
    Purge(Purge),
}

/// The app.
#[derive(Args, Debug)]
pub(crate) struct Set {
    /// The client id.
    #[arg(long, env = "SHOPIFY_API_KEY", hide_env_values = true, value_name = "ID")]
    client_id: String,
    /// The client secret; `-`: stdin. Left out: it is asked for.
    #[arg(long, env = "SHOPIFY_API_SECRET", hide_env_values = true, value_name = "SECRET")]
    client_secret: Option<SecretString>,
    #[command(flatten)]
    reach: Reach,
}

/// Whose earlier secrets.
#[derive(Args, Debug)]
pub(crate) struct Purge {
    /// The client id of the app. Left out: the one that was stored last.
    #[arg(long, value_name = "ID", conflicts_with = "store")]
    client_id: Option<String>,
    /// One store: what signs for it alone.
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Where to.
#[derive(Args, Debug)]
pub(crate) struct Print {
    /// Where to write it. Left out: to the terminal.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// Runs the command.
pub(crate) async fn run(asked: &Shopify) -> crate::Result {
    match asked {
        Shopify::App(App::Set(asked)) => set(asked).await,
        Shopify::App(App::Purge(asked)) => purge(asked).await,
        Shopify::AppConfig(asked) => app_config(asked).await,
    }
}

async fn set(asked: &Set) -> crate::Result {
    let what = "Shopify client secret";
    let secret = secret::given(asked.client_secret.as_ref(), what)?.or_else(|| secret::asked(what));
    let secret = secret.ok_or_else(|| {
        Failure::input("no client secret is given")
            .hint("set SHOPIFY_API_SECRET, or pipe it to `-`".to_owned())
    })?;
    let app = AppCredentials {
        client_id: asked.client_id.clone(),
        client_secret: secret.expose_secret().to_owned(),
    };
    let answer = asked.reach.open()?.text(Call::of("setShopifyApp").body(&app)).await?;
    if asked.reach.json {
        return say_json_text(&answer);
    }
    say("The app is stored: stores can be connected with it.");
    talk("hint: `tajo shopify app-config` prints what the app must be set to at Shopify");
    Ok(())
}

async fn purge(asked: &Purge) -> crate::Result {
    let whose = Whose { client_id: asked.client_id.clone(), store: asked.store.clone() };
    let purged: Purged = asked.reach.open()?.ask(Call::of("purgeSecrets").body(&whose)).await?;
    if asked.reach.json {
        return say_json(&purged);
    }
    let Purged { secrets_removed, stores } = purged;
    let stores = if stores.is_empty() { "no store".to_owned() } else { stores.join(", ") };
    let count =
        if secrets_removed == 1 { "1 secret signs" } else { &format!("{secrets_removed} secrets sign") };
    say(&format!("{count} nothing any more (for {stores})."));
    talk("hint: the public function goes on with its copy for a minute");
    Ok(())
}

async fn app_config(asked: &Print) -> crate::Result {
    let config: AppConfig = asked.reach.open()?.ask(Call::of("shopifyAppConfig")).await?;
    if asked.reach.json {
        return say_json(&config);
    }
    let Some(path) = &asked.out else {
        say_block(config.toml.trim_end());
        return Ok(());
    };
    std::fs::write(path, config.toml)
        .map_err(|error| Failure::input(format!("{} cannot be written: {error}", path.display())))?;
    say(&format!("Written to {}. `shopify app deploy` gives it to Shopify.", path.display()));
    Ok(())
}
