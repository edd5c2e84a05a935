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
mod rotate;
pub(crate) mod set_up;
mod shop_address;
pub(crate) mod webhooks;

use secrecy::SecretString;
use tajo_mapping::{CONTACT_RULES, Settings};
use tajo_state::{BrevoSetUp, StoreRecord, StoreStatus};

use account::Account;
pub use apps::{app_config, purge, set_app};
pub use begin::begin;
pub use checks::test;
pub use disconnect::disconnect;
pub use edit::{ask_webhook_check, edit};
pub use environment::{ConnectConfig, ConnectEnv};
pub use error::ConnectError;
pub(crate) use keyrings::signers;
pub(crate) use neighbours::refuse_totals_shared_with;
use plan::plan;
pub use rotate::rotate_brevo_token;
pub(crate) use shop_address::shop_address;

/// Every attribute the connector can fill and Brevo's word for its type, except those every account has.
pub fn every_attribute() -> Vec<(&'static str, &'static str)> {
    CONTACT_RULES.iter().map(|rule| (rule.attribute, rule.kind.as_str())).collect()
}

/// For whom somebody speaks who gives credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// For the whole deployment: an admin key without a bound. A secret that it gives for an app signs for every store of that
    /// app.
    Deployment,
    /// For some stores: a bound key. A secret that it gives signs for its own store alone, unless Shopify took it in an exchange
    /// for that app; and the deployment's app is used only where it is named.
    Stores,
}

/// The key of an account's tracker (`marketingAutomation.key`). Kept with the other keys, and shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TrackerKey(String);

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
pub(crate) struct SetUp {
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

/// Contacts that are known in one account are nobody in the other: they would come back blocked there.
fn is_of_another(stored: &StoreRecord, account: &str) -> bool {
    stored.account != account && stored.status != StoreStatus::Erased
}
