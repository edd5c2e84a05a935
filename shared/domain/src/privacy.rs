//! What the law, and the shop that leaves, ask of us.

use jiff::Timestamp;

use crate::Identity;

/// What is asked about the data of one person, or of a whole shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// The store owner is to be shown everything that is held about a person.
    Show,
    /// A person is to be erased.
    Erase,
    /// A shop is to be erased.
    EraseShop,
}

/// A demand of the platform in the name of a person or of the law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivacyDemand {
    /// What is asked.
    pub demand: Demand,
    /// The platform's id of the shop, where the body says it.
    pub shop: Option<String>,
    /// Whose data; empty for a whole shop. May be an address alone.
    pub person: Identity,
    /// The platform's ids of the orders it is about.
    pub orders: Vec<String>,
    /// The platform's id of the request, where it has one.
    pub request: Option<String>,
}

/// What happened between a shop and the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppNews {
    /// The shop removed the app.
    Uninstalled {
        /// The platform's id of the shop, where the body says it.
        shop: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The shop granted other rights than before.
    Scopes {
        /// All that are granted now.
        granted: Vec<String>,
        /// When.
        at: Timestamp,
    },
    /// A bulk operation came to its end.
    BulkFinished {
        /// The platform's id of it.
        operation: String,
        /// The platform's word for how: `completed`, `failed`, `canceled`, `expired`.
        status: String,
        /// The platform's word for why not.
        error: Option<String>,
        /// When.
        at: Timestamp,
    },
}
