//! Secrets of a store, and `tajo connectors edit`.

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use tajo_api::{ConnectAnswer, Credentials};

use super::Platform;
use crate::api::{At, Call};
use crate::output::{Failure, say, say_json, warn};
use crate::secret;

/// A store's secrets. Each may be `-`: a line of stdin, or typed unseen.
#[derive(Args, Debug)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct Secrets {
    /// The app's client id. Left out: the app that `tajo shopify app set` stored.
    #[arg(long, env = "SHOPIFY_API_KEY", hide_env_values = true, value_name = "ID")]
    api_key: Option<String>,
    /// The app's client secret, which also signs its webhooks; `-`: stdin.
    #[arg(long, env = "SHOPIFY_API_SECRET", hide_env_values = true, value_name = "SECRET")]
    api_secret: Option<SecretString>,
    /// The Admin API access token of an old custom app; `-`: stdin.
    #[arg(long, env = "SHOPIFY_ACCESS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    access_token: Option<SecretString>,
    /// Brevo's API key; `-`: stdin.
    #[arg(long, env = "BREVO_API_KEY", hide_env_values = true, value_name = "KEY")]
    brevo_api_key: Option<SecretString>,
}

impl Secrets {
    /// The secrets as they were given; what belongs together and is missing is asked for.
    pub(crate) fn read(&self) -> Result<Credentials, Failure> {
        let api_key = self.api_key.as_deref().map(str::trim).filter(|key| !key.is_empty());
        let mut api_secret = secret::given(self.api_secret.as_ref(), "Shopify client secret")?;
        let access_token = secret::given(self.access_token.as_ref(), "Shopify access token")?;
        let brevo_api_key = secret::given(self.brevo_api_key.as_ref(), "Brevo API key")?;
        if api_key.is_some() && api_secret.is_none() {
            api_secret = Some(secret::asked("Shopify client secret").ok_or_else(|| {
                Failure::input("an app's client id is given, but not its secret")
                    .hint("give --api-secret, or SHOPIFY_API_SECRET".to_owned())
            })?);
        }
        let plain = |secret: Option<SecretString>| secret.map(|secret| secret.expose_secret().to_owned());
        Ok(Credentials {
            api_key: api_key.map(str::to_owned),
            api_secret: plain(api_secret),
            access_token: plain(access_token),
            brevo_api_key: plain(brevo_api_key),
        })
    }
}

/// Which store, and what is new.
#[derive(Args, Debug)]
pub(crate) struct Edit {
    #[arg(value_enum)]
    platform: Platform,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    at: At,
}

/// Runs `tajo connectors edit`.
pub(crate) async fn run(asked: &Edit) -> crate::Result {
    let Platform::Shopify = asked.platform;
    let credentials = asked.secrets.read()?;
    if credentials == Credentials::default() {
        return Err(Failure::input("nothing new is given")
            .hint("give --api-key and --api-secret, --access-token or --brevo-api-key".to_owned()));
    }
    let api = asked.at.reach.open()?;
    let answer: ConnectAnswer =
        api.ask(Call::at("editCredentials", asked.at.store()).body(&credentials)).await?;
    warn(&answer.warnings);
    if asked.at.reach.json {
        return say_json(&answer);
    }
    say(&format!("Store `{}` has its new credentials.", answer.store));
    Ok(())
}
