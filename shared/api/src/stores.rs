//! Stores: connecting, looking at, testing, settings, leaving.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A store to connect. Without an access token, and where the client-credentials grant is refused, the answer holds a link
/// that the merchant opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// `shopify`.
    pub platform: String,
    /// The shop's permanent address: `your-store.myshopify.com`.
    pub shop_url: String,
    /// The store's name in URLs and logs; absent: the first part of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The app's client id; absent: the app that `setShopifyApp` stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// The app's client secret, which also signs its webhooks; absent: as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_secret: Option<String>,
    /// The Admin API access token of an old custom app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Brevo's API key; absent: the one that was stored before, if the store was connected before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brevo_api_key: Option<String>,
    /// The settings document (YAML); absent: the defaults, or what is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// Two letters: phone numbers without a country are read as of there; absent: the shop says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Three letters, compared with the Brevo account's; absent: the shop says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Real buyers shop there: test orders are skipped. Absent: the shop says it (a development store is not live).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    /// When the first full sync begins.
    #[serde(default)]
    pub first_sync: Next,
}

/// When the first full sync begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Right after connecting.
    Now,
    /// When it is asked for. Webhooks are on all the same.
    #[default]
    Later,
}

/// What came of connecting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectAnswer {
    /// The store.
    pub store: String,
    /// Whether it is connected already. If not, the link has to be opened.
    pub connected: bool,
    /// The link to open in a browser, as somebody who may install apps in the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// Things a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// New credentials of a store. Nothing of its history is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The app's client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// The app's client secret. The one before stays good as the second, since Shopify signs with the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_secret: Option<String>,
    /// An Admin API access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Brevo's API key, of the same account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brevo_api_key: Option<String>,
}

/// How a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its link has not been opened yet, or its set-up is under way.
    Connecting,
    /// Its webhooks flow.
    Active,
    /// A person paused it: its notices are kept and go on when it is resumed.
    Paused,
    /// Something only a person can help; `attention` says what.
    NeedsAttention,
    /// The shop removed the app.
    Uninstalled,
    /// Everything of it was erased.
    Erased,
}

/// How a store is, with the figures that the SDK's `status` answers (camel case: they are its words).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreStatus {
    /// The store.
    pub store: String,
    /// `shopify`.
    pub platform: String,
    /// `your-store.myshopify.com`.
    pub shop: String,
    /// Whether its webhooks flow.
    pub connected: bool,
    /// How it is.
    pub state: State,
    /// Why it needs attention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<String>,
    /// When it was connected first.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub connected_at: Timestamp,
    /// When something of it last reached Brevo, or a run ended; absent: not in the two weeks that the log is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_sync: Option<Timestamp>,
    /// Customers that the connector knows, guests included.
    pub customers_count: u64,
    /// Orders that the connector knows.
    pub orders_count: u64,
    /// Products that the connector knows.
    pub products_count: u64,
    /// When these three were counted; absent: the first count is still under way, and they are at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub counted_at: Option<Timestamp>,
    /// Notices that wait for a person.
    pub parked_count: u64,
    /// Notices that are held while it is paused.
    #[serde(default)]
    pub held_count: u64,
    /// Names the Brevo account without naming it: stores with the same one share its limits.
    pub brevo_account: String,
}

/// All stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreList {
    /// Each of them.
    pub stores: Vec<StoreStatus>,
}

/// A settings document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsDocument {
    /// YAML, as `docs/tajo.example.yaml` shows it.
    #[schemars(length(max = 100_000))]
    pub yaml: String,
}

/// Settings as they are, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettingsAnswer {
    /// YAML, as it was applied; empty: the defaults.
    pub yaml: String,
    /// Things a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What to do with what is held about a store that leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataFate {
    /// Kept: connecting again goes on where it was.
    #[default]
    Keep,
    /// Erased, as `shop/redact` does it.
    Erase,
}

/// What was removed of a store that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disconnected {
    /// The store.
    pub store: String,
    /// Webhooks that were removed in the shop.
    pub webhooks_removed: u32,
    /// What could not be removed, and why. Everything else is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// ✓
    Ok,
    /// !: it works, but should be looked at.
    Warning,
    /// ✗
    Failed,
    /// -: it could not be checked, since an earlier one failed.
    NotChecked,
}

/// One check of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tick {
    /// What is checked, for programs: `api`, `webhooks`, `products`, `customers`, `orders`, `scopes`, `webhook_versions`,
    /// `brevo_key`, `brevo_attributes`, `brevo_lists`, `brevo_addresses`.
    pub check: String,
    /// How it went.
    pub verdict: Verdict,
    /// In words: `API connection successful`.
    pub text: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// All checks of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestAnswer {
    /// The store.
    pub store: String,
    /// Whether nothing failed.
    pub ok: bool,
    /// Each check, in the order in which it is shown.
    pub ticks: Vec<Tick>,
}

/// A Shopify app's client id and secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppCredentials {
    /// The client id.
    #[schemars(length(min = 1, max = 128))]
    pub client_id: String,
    /// The client secret. The one before stays good as the second.
    #[schemars(length(min = 1, max = 256))]
    pub client_secret: String,
}

/// Whose earlier secrets are to go: an app's (absent: the one that `setShopifyApp` stored), or one store's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// The app's client id. Its present secret stays; what its stores have for themselves goes too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub client_id: Option<String>,
    /// A store: what signs for it alone goes, but the present secret of one that has no app of the deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub store: Option<String>,
}

/// Which secrets went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Purged {
    /// How many sign nothing any more.
    pub secrets_removed: u32,
    /// The stores that they signed for.
    pub stores: Vec<String>,
}

/// The configuration of a Shopify app for this deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppConfig {
    /// The text of `shopify.app.toml`.
    pub toml: String,
}

/// How far the replacement of a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RotationState {
    /// A new token is good; Brevo gets it with the next call, after `wait_seconds`.
    Begun,
    /// Brevo has the new token.
    Done,
}

/// The replacement of the token that Brevo's webhooks carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenRotation {
    /// How far it is.
    pub state: RotationState,
    /// In how many seconds to call again; absent: it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u64>,
    /// Until when the old token is good; absent: until the replacement is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub old_accepted_until: Option<Timestamp>,
}
