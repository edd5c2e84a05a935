//! Why a store could not be connected.

use tajo_brevo::{Error, NextStep, limits};
use tajo_domain::StoreId;
use tajo_mapping::SharedTotal;
use tajo_state::{SecretError, TableError};

/// Why a store could not be connected. Whole sentences; no secret in them.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum ConnectError {
    #[error(transparent)]
    Settings(#[from] tajo_mapping::SettingsError),
    #[error(transparent)]
    Client(#[from] tajo_brevo::ClientError),
    #[error(transparent)]
    Aws(#[from] tajo_state::AwsError),
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
    #[error("this machine gives no random numbers for a token")]
    NoRandom,
}

impl ConnectError {
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
            _ => None,
        }
    }
}

fn attributes(shared: &[SharedTotal]) -> String {
    shared.iter().map(|total| total.attribute.as_str()).collect::<Vec<_>>().join(", ")
}
