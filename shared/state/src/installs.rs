//! What is on its way between a shop and us: links to open, visits of browsers, and which store a shop is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tajo_domain::StoreId;

use crate::Attributes;

/// Which store a shop is. One shop is one store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopOwner {
    /// The store.
    pub store: StoreId,
}

/// A link that was handed out: whoever has it may begin the installation in this shop, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallLink {
    /// The store.
    pub store: StoreId,
    /// Until when it is good, in seconds: DynamoDB deletes late.
    pub until: i64,
}

impl InstallLink {
    /// It expires by itself.
    pub fn attributes(&self) -> Attributes {
        Attributes { due: None, expires_at: Some(self.until) }
    }
}

/// A browser that was sent to its shop and is to come back. Kept under the hash of its `state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The store.
    pub store: StoreId,
    /// The shop it was sent to.
    pub shop: String,
    /// Hash of what its cookie holds.
    pub browser: String,
    /// Hash of the link that began it, if one did: it is used up at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Until when it is waited for, in seconds.
    pub until: i64,
}

impl Visit {
    /// It expires by itself.
    pub fn attributes(&self) -> Attributes {
        Attributes { due: None, expires_at: Some(self.until) }
    }
}

/// When a store's webhooks are looked through next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookCheck {
    /// In milliseconds.
    pub due_at: i64,
}

impl WebhookCheck {
    /// At this time.
    pub fn at(time: Timestamp) -> Self {
        Self { due_at: time.as_millisecond() }
    }

    /// It stands in the due index.
    pub fn attributes(&self) -> Attributes {
        Attributes { due: Some((crate::table::WEBHOOK_CHECKS.to_owned(), self.due_at)), expires_at: None }
    }
}
