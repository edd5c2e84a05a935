//! `tajo connect`: a store meets a deployed stack. Works with your own AWS credentials; a merchant's way in (OAuth,
//! management API) comes later.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;
use tajo_app::connect::{NewStore, Target, connect};
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::Platform;

use super::settings_file;
use super::stack::Stack;
use crate::output::{Failure, say, say_json, talk};

/// The store and the stack.
#[derive(Args, Debug)]
pub(crate) struct Connect {
    #[command(flatten)]
    stack: Stack,
    /// The keyring secret (output `KeyringSecretName`).
    #[arg(long, env = "TAJO_KEYRING_SECRET")]
    keyring: String,
    /// How names of store secrets begin (output `StoreSecretsPrefix`).
    #[arg(long, env = "TAJO_STORE_SECRETS_PREFIX")]
    store_secrets_prefix: String,
    /// The shop's permanent address, such as your-store.myshopify.com.
    #[arg(long)]
    shop_url: String,
    /// The store's name in URLs and logs; left out: the first part of the address.
    #[arg(long)]
    store: Option<String>,
    /// Two letters of the shop's country: phone numbers without a country are read as of there.
    #[arg(long)]
    country: Option<String>,
    /// The currency the shop sells in, three letters: compared with the Brevo account's, whose orders have none.
    #[arg(long)]
    currency: Option<String>,
    /// Real buyers shop there: test orders are skipped.
    #[arg(long)]
    live: bool,
    /// The settings document; left out: the defaults.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The app's client secret, which signs its webhooks.
    #[arg(long, env = "SHOPIFY_API_SECRET", hide_env_values = true)]
    api_secret: String,
    /// The app's Admin API access token: what webhooks leave out (consent above all) is asked for with it. Left out:
    /// the one that was stored before stays.
    #[arg(long, env = "SHOPIFY_ACCESS_TOKEN", hide_env_values = true)]
    access_token: Option<String>,
    /// Brevo's API key.
    #[arg(long, env = "BREVO_API_KEY", hide_env_values = true)]
    brevo_api_key: String,
    /// Where Brevo is.
    #[arg(long, env = "BREVO_API_URL", default_value = "https://api.brevo.com/v3")]
    brevo_api_url: String,
    /// Where the stack is reached (output `WebhookUrl`): Brevo is told to send opt-outs there. Left out: it is not told.
    #[arg(long, env = "TAJO_WEBHOOK_URL")]
    webhook_url: Option<String>,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(asked: &Connect) -> crate::Result {
    let shop = shop_address(&asked.shop_url)?;
    let name = asked.store.clone().unwrap_or_else(|| shop.split('.').next().unwrap_or_default().to_owned());
    let store = StoreId::parse(&name).map_err(Failure::input)?;
    let config = asked.config.as_deref();
    let settings = settings_file::text(config)?;
    // Checked here as well: only here is the file's name known.
    Settings::from_yaml(&settings).map_err(|error| settings_file::failure(config, &error))?;
    let target = Target {
        table: asked.stack.table.clone(),
        keyring: asked.keyring.clone(),
        store_secrets_prefix: asked.store_secrets_prefix.clone(),
        brevo_api_url: asked.brevo_api_url.clone(),
        endpoint: asked.stack.endpoint.clone(),
        webhook_url: asked.webhook_url.clone().filter(|url| !url.is_empty()),
    };
    let new = NewStore {
        store,
        platform: Platform::Shopify,
        shop,
        country: asked.country.clone(),
        currency: asked.currency.as_deref().map(currency).transpose()?,
        live: asked.live,
        client_secret: SecretString::from(asked.api_secret.clone()),
        brevo_api_key: SecretString::from(asked.brevo_api_key.clone()),
        shopify_access_token: asked
            .access_token
            .clone()
            .filter(|token| !token.is_empty())
            .map(SecretString::from),
        settings,
    };
    let connected = connect(&target, &new).await.map_err(|error| {
        let hint = error.hint();
        Failure::outside(error).hint(hint)
    })?;
    for warning in &connected.warnings {
        talk(&format!("warning: {warning}"));
    }
    if asked.json {
        return say_json(&connected);
    }
    say(&format!("Store `{}` is connected: its webhooks are answered within a minute.", connected.store));
    if !connected.attributes_created.is_empty() {
        say(&format!("Attributes made in Brevo: {}", connected.attributes_created.join(", ")));
    }
    if !connected.lists_created.is_empty() {
        say(&format!("Lists made in Brevo: {}", connected.lists_created.join(", ")));
    }
    Ok(())
}

fn currency(text: &str) -> Result<String, Failure> {
    let code = text.trim().to_uppercase();
    if code.len() == 3 && code.bytes().all(|c| c.is_ascii_uppercase()) {
        return Ok(code);
    }
    Err(Failure::input(format!("`{text}` is no currency")).hint("three letters, such as EUR".to_owned()))
}

/// Only a permanent address: a custom domain can move, and would not match the webhooks' header.
fn shop_address(text: &str) -> Result<String, Failure> {
    let address = text.trim().trim_start_matches("https://").trim_end_matches('/').to_lowercase();
    let name = address.strip_suffix(".myshopify.com").unwrap_or_default();
    if StoreId::parse(name).is_ok() {
        return Ok(address);
    }
    let message = format!("`{text}` is not the permanent address of a Shopify store");
    Err(Failure::input(message)
        .hint("it ends with .myshopify.com; Shopify shows it under Settings → Domains".to_owned()))
}
