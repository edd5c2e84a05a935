#![doc = include_str!("../README.md")]

pub mod brevo;
mod lenient;
pub mod notice;
pub mod shopify;
mod surrogates;
mod urgency;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tajo_domain::{Changes, Times, Unusable};

pub use notice::Notice;
pub use urgency::Urgency;

/// Where stores live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// shopify.com
    Shopify,
}

/// What becomes of a notice of some topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicKind {
    /// Its body becomes changes.
    Live,
    /// Its body becomes changes, whatever state the store is in (an erasure request, an uninstall).
    MustKeep,
    /// Nothing in it is for Brevo: skipped with a reason.
    Unknown,
}

/// What the store knows and a body does not say.
#[derive(Clone, Debug)]
pub struct Context {
    /// The platform's own name of the shop.
    pub shop_domain: String,
    /// Where the shop is (ISO 3166, two letters): phone numbers without a country are read as of there.
    pub shop_country: Option<String>,
    /// False where test orders count: on a development store, or where the settings say so.
    pub live: bool,
    /// For facts that carry no time of their own: [`Notice::time`].
    pub time: Timestamp,
    /// When the webhook was received, or its subject was fetched: no time in a body is later.
    pub received_at: Timestamp,
}

impl Context {
    /// What limits the times of a body.
    pub fn times(&self) -> Times {
        Times { received_at: self.received_at, triggered_at: self.time }
    }
}

impl Platform {
    /// The platform of this name, as in URLs and settings.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "shopify" => Some(Self::Shopify),
            _ => None,
        }
    }

    /// The name, as in URLs and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
        }
    }

    /// What becomes of a notice of this topic.
    pub fn topic_kind(self, topic: &str) -> TopicKind {
        match self {
            Self::Shopify => shopify::Topic::parse(topic).kind(),
        }
    }

    /// Whether a webhook of this topic takes something away: a deletion, a merge, a compliance request, the end of the app.
    pub fn takes_away(self, topic: &str) -> bool {
        match self {
            Self::Shopify => shopify::Topic::parse(topic).takes_away(),
        }
    }

    /// What a body means. Pure: the same body in the same context always means the same. No time in it is later than
    /// the receipt.
    pub fn changes(self, topic: &str, body: &[u8], context: &Context) -> Result<Changes, Unusable> {
        let mut changes = match self {
            Self::Shopify => {
                let body = surrogates::mended(body);
                shopify::change::changes(&shopify::Topic::parse(topic), &body, context)
            }
        }?;
        changes.believe(&context.times());
        Ok(changes)
    }
}
