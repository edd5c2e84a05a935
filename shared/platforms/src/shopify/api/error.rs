//! What went wrong with a query, and what happens next.

use std::time::Duration;

/// Why Shopify did not answer a query. No variant carries personal data. `Clone`: one query may answer several
/// notices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// THROTTLED, or 429: the shop's bucket of points is empty.
    #[error("Shopify's rate limit is reached for {} s", after.as_secs_f64().ceil())]
    Throttled {
        /// When it holds enough again.
        after: Duration,
    },
    /// No answer, or a broken one.
    #[error("Shopify gave no clear answer: {0}")]
    Unclear(String),
    /// 5xx.
    #[error("Shopify answered {0}")]
    Server(u16),
    /// 401: the token is revoked or expired, or the app was removed.
    #[error("Shopify does not know the access token (any more)")]
    TokenRefused,
    /// The refresh token is used up or too old, or the merchant took the grant back.
    #[error("the shop's permission for this app has ended")]
    GrantEnded,
    /// `invalid_client`: another secret than Shopify's, or the app was removed from the shop.
    #[error("Shopify does not know the app, or its secret is wrong")]
    AppRefused,
    /// The app lacks a scope.
    #[error("Shopify refuses it: the app lacks the scope {}", if scopes.is_empty() { "for it".to_owned() } else { scopes.join(", ") })]
    AccessDenied {
        /// Those it names.
        scopes: Vec<String>,
    },
    /// 403.
    #[error("Shopify refuses this app")]
    Forbidden,
    /// 402: the shop has not paid Shopify.
    #[error("the shop is frozen at Shopify")]
    ShopFrozen,
    /// 423.
    #[error("the shop is locked at Shopify")]
    ShopLocked,
    /// 404.
    #[error("Shopify has no shop at this address (any more)")]
    NoSuchShop,
    /// MAX_COST_EXCEEDED: the query costs more than one query may.
    #[error("the query costs more than Shopify lets one query cost")]
    TooCostly,
    /// More than we read.
    #[error("Shopify's answer is larger than {} MB", super::ANSWER_BYTES / 1_000_000)]
    TooLarge,
    /// Any other refusal.
    #[error("Shopify refused the query: {code}")]
    Refused {
        /// Shopify's code.
        code: String,
    },
}

/// What a caller does about an [`Error`]. The same three steps as for Brevo's; the two crates know nothing of each
/// other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Try again, not before this long.
    Retry {
        /// The wait; `None`: when convenient.
        after: Option<Duration>,
    },
    /// Only the merchant can help. The sentence says how.
    AskMerchant {
        /// What to do.
        hint: &'static str,
    },
    /// It can never work as it is.
    Park,
}

impl Error {
    /// What happens next. Every new error must choose.
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Throttled { after } => NextStep::Retry { after: Some(*after) },
            Self::Unclear(_) | Self::Server(_) => NextStep::Retry { after: None },
            Self::TokenRefused => NextStep::AskMerchant {
                hint: "install the app in the shop again if it was removed, and connect the store again",
            },
            Self::GrantEnded => {
                NextStep::AskMerchant { hint: "connect the store again and open the link that it answers" }
            }
            Self::AppRefused => NextStep::AskMerchant {
                hint: "store the app's present client id and secret (`tajo shopify app set`), and connect the store again",
            },
            Self::AccessDenied { .. } | Self::Forbidden => NextStep::AskMerchant {
                hint: "give the app this scope in Shopify, and connect the store again",
            },
            Self::ShopFrozen => NextStep::AskMerchant { hint: "settle the shop's bill with Shopify" },
            Self::ShopLocked => NextStep::AskMerchant { hint: "ask Shopify why the shop is locked" },
            Self::NoSuchShop => NextStep::AskMerchant {
                hint: "connect the store again with its permanent .myshopify.com address",
            },
            Self::TooCostly | Self::TooLarge | Self::Refused { .. } => NextStep::Park,
        }
    }
}
