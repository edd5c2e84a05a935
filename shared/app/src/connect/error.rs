//! Why a store could not be connected.

use tajo_api::Code;
use tajo_brevo::{Error, NextStep, limits};
use tajo_domain::StoreId;
use tajo_mapping::SharedTotal;
use tajo_platforms::shopify::api;
use tajo_state::{SecretError, TableError};

use crate::random::NoRandom;

/// Why a store could not be connected. Whole sentences; no secret in them.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum ConnectError {
    #[error(transparent)]
    Settings(#[from] tajo_mapping::SettingsError),
    #[error("Brevo could not be set up: {0}")]
    Brevo(#[from] Error),
    #[error("Brevo could not be set up: its answer to {0} cannot be read")]
    Answer(&'static str),
    #[error(
        "the Brevo attribute {name} is of type `{found}`, and the connector fills it with `{wanted}`: Brevo would drop every value silently"
    )]
    AttributeKind { name: String, found: String, wanted: &'static str },
    #[error("`reserved_events: tracker` needs marketing automation, and it is off in the Brevo account")]
    NoTracker,
    #[error("Brevo has no list {0}")]
    NoSuchList(u64),
    #[error("Brevo has {count} lists named `{name}`")]
    SeveralLists { name: String, count: usize },
    #[error(
        "the Brevo account counts in {account} and the store sells in {store}: Brevo's orders have no currency of their own, so their amounts would be added up as if they were the same"
    )]
    Currency { account: String, store: String },
    #[error(
        "store `{other}` feeds the same Brevo account, and both fill {} with totals of their own: each would overwrite the other's",
        attributes(.shared)
    )]
    SharedTotals { other: StoreId, shared: Vec<SharedTotal> },
    #[error("store `{other}` sells in {their} and this one in {own}: `totals: summed` cannot add them up")]
    SummedCurrencies { other: StoreId, own: String, their: String },
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(
        "the store is connected with another Brevo account, and what is known of its people is about that one"
    )]
    OtherAccount,
    #[error("the keyring secret is not the JSON this version writes")]
    Keyring,
    #[error("`{0}` is no https address that Brevo could send to")]
    WebhookUrl(String),
    #[error("the Brevo account has {} webhooks already, and takes no more", limits::WEBHOOKS_PER_ACCOUNT)]
    WebhooksFull,
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    #[error("PUBLIC_URL is no address")]
    PublicUrl,
    #[error("stores of `{0}` cannot be connected")]
    Platform(String),
    #[error("`{0}` is no permanent shop address like your-store.myshopify.com")]
    ShopAddress(String),
    #[error("`{given}` is the shop {shop}: name it by that, its permanent address")]
    CustomDomain { given: String, shop: String },
    #[error("the shop {shop} is connected as store `{store}` already")]
    ShopIsLinked { shop: String, store: StoreId },
    #[error("the store `{store}` is the shop {shop}: a store stays with its shop")]
    StoreIsTaken { store: StoreId, shop: String },
    #[error("`{0}` is no name for a store: it has 1 to 63 characters from a-z, 0-9 and inner dashes")]
    StoreName(String),
    #[error("there is no store `{0}`")]
    NoSuchStore(StoreId),
    #[error("no Brevo API key is given or stored for this store")]
    NoBrevoKey,
    #[error("Brevo's webhooks have no token yet")]
    NoWebhookToken,
    #[error("no Shopify app is given or stored")]
    NoApp,
    #[error("a key that is bound to stores uses the deployment's app only if it is named")]
    AppNotNamed,
    #[error("no app with the client id `{0}` is stored")]
    NoSuchApp(String),
    #[error("{0} is given without {1}")]
    HalfAnApp(&'static str, &'static str),
    #[error("Shopify does not know the app, or its secret is wrong")]
    AppRefused,
    #[error("Shopify could not be asked: {0}")]
    Shopify(api::Error),
    #[error("Shopify could not be asked for a token: {0}")]
    Token(String),
    #[error("the work that follows could not be put on the queue: {0}")]
    Queue(#[from] crate::QueueError),
    #[error("the store is being changed by somebody else")]
    Busy,
}

impl ConnectError {
    /// What kind of problem it is, in the management API's words.
    pub fn code(&self) -> Code {
        match self {
            Self::Settings(_)
            | Self::AttributeKind { .. }
            | Self::NoSuchList(_)
            | Self::SeveralLists { .. }
            | Self::Currency { .. }
            | Self::SharedTotals { .. }
            | Self::NoTracker
            | Self::SummedCurrencies { .. }
            | Self::OtherAccount
            | Self::WebhookUrl(_)
            | Self::WebhooksFull
            | Self::Platform(_)
            | Self::ShopAddress(_)
            | Self::CustomDomain { .. }
            | Self::StoreName(_)
            | Self::NoBrevoKey
            | Self::NoWebhookToken
            | Self::NoApp
            | Self::AppNotNamed
            | Self::HalfAnApp(..)
            | Self::AppRefused => Code::Refused,
            Self::ShopIsLinked { .. } | Self::StoreIsTaken { .. } | Self::Busy => Code::Conflict,
            Self::NoSuchStore(_) | Self::NoSuchApp(_) => Code::NotFound,
            Self::Brevo(error) => match error.next_step() {
                NextStep::AskMerchant { .. } => Code::Refused,
                NextStep::Retry { .. } | NextStep::Wait { .. } | NextStep::Park => Code::Upstream,
            },
            Self::Shopify(error) => match error.next_step() {
                api::NextStep::AskMerchant { .. } => Code::Refused,
                api::NextStep::Retry { .. } | api::NextStep::Park => Code::Upstream,
            },
            Self::Answer(_) | Self::Token(_) => Code::Upstream,
            Self::Table(_)
            | Self::Secret(_)
            | Self::Keyring
            | Self::NoRandom(_)
            | Self::PublicUrl
            | Self::Queue(_) => Code::Internal,
        }
    }

    /// What to do about it, where that is not plain from the sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Settings(error) => error.hint.clone(),
            // Most of the set-up shares a bucket of 100 calls an hour with everything else that is not about contacts.
            Self::Brevo(Error::RateLimited { reset }) => Some(format!(
                "connect again in {} min: what was done so far stays done",
                reset.as_secs().div_ceil(60)
            )),
            Self::Brevo(error) => match error.next_step() {
                NextStep::AskMerchant { hint } => Some(hint.to_owned()),
                NextStep::Retry { .. } | NextStep::Wait { .. } => {
                    Some("connect again: what was done so far is found".to_owned())
                }
                NextStep::Park => None,
            },
            Self::AttributeKind { name, .. } => Some(format!(
                "map the field to another attribute in `field_mapping`, or delete {name} in Brevo"
            )),
            Self::OtherAccount => Some(
                "remove the app from the shop and let its data be erased there first (`tajo privacy confirm`)"
                    .to_owned(),
            ),
            Self::NoSuchList(_) => Some(
                "use the ids that Brevo shows under Contacts → Lists, or a name: a list of that name is made if there is none"
                    .to_owned(),
            ),
            Self::SeveralLists { .. } => {
                Some("write the id of the one you mean; Brevo shows it under Contacts → Lists".to_owned())
            }
            Self::Currency { store, .. } => Some(format!(
                "take a Brevo account of its own for {store}, or set the display currency in Brevo's eCommerce settings; \
                 `currency_check: false` connects the store all the same"
            )),
            Self::SharedTotals { shared, .. } => shared.first().map(SharedTotal::way_out),
            Self::SummedCurrencies { .. } => {
                Some("leave `totals` out and give each store attributes of its own in `field_mapping`".to_owned())
            }
            Self::WebhookUrl(_) => Some("use the stack's output WebhookUrl".to_owned()),
            Self::WebhooksFull => Some(
                "delete one that nobody needs in Brevo (Settings → Webhooks), and connect again".to_owned(),
            ),
            Self::Secret(SecretError::Missing) => {
                Some("check the names against the stack's outputs".to_owned())
            }
            Self::Platform(_) => Some("the platform is `shopify`".to_owned()),
            Self::ShopAddress(_) => Some(
                "use the permanent address that ends in .myshopify.com; Shopify shows it under Settings → Domains, \
                 whatever other domain leads to the shop"
                    .to_owned(),
            ),
            Self::CustomDomain { shop, .. } => Some(format!("connect {shop}")),
            Self::ShopIsLinked { store, .. } => Some(format!(
                "name that store to connect it again, or disconnect it first (`tajo connectors uninstall shopify \
                 --store {store}`)"
            )),
            Self::StoreIsTaken { .. } => Some("choose another name with --store".to_owned()),
            Self::StoreName(_) => Some("choose a name with --store".to_owned()),
            Self::NoSuchStore(_) => Some("see which there are with `tajo connectors status shopify`".to_owned()),
            Self::NoBrevoKey => Some(
                "give one with --brevo-api-key or in BREVO_API_KEY; Brevo makes it under SMTP & API → API keys"
                    .to_owned(),
            ),
            Self::NoWebhookToken => Some("connect the store first: it gets one then".to_owned()),
            Self::NoApp => Some(
                "store the app's client id and secret (`tajo shopify app set`), or give them with --api-key and \
                 --api-secret"
                    .to_owned(),
            ),
            Self::AppNotNamed => Some(
                "give the app's client id (--api-key), or one of the store's own with its secret (--api-secret)".to_owned(),
            ),
            Self::NoSuchApp(_) => Some("store it first: `tajo shopify app set`".to_owned()),
            Self::HalfAnApp(_, missing) => Some(format!("give {missing}, too")),
            Self::Shopify(error) => match error.next_step() {
                api::NextStep::AskMerchant { hint } => Some(hint.to_owned()),
                api::NextStep::Retry { .. } => Some("try again in a minute".to_owned()),
                api::NextStep::Park => None,
            },
            Self::Token(_) | Self::Busy => Some("try again in a minute".to_owned()),
            _ => None,
        }
    }

    /// Whether it may be over by itself.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Brevo(error) => matches!(error.next_step(), NextStep::Retry { .. } | NextStep::Wait { .. }),
            Self::Shopify(error) => matches!(error.next_step(), api::NextStep::Retry { .. }),
            Self::Answer(_) | Self::Token(_) | Self::Busy => true,
            _ => false,
        }
    }
}

fn attributes(shared: &[SharedTotal]) -> String {
    shared.iter().map(|total| total.attribute.as_str()).collect::<Vec<_>>().join(", ")
}
