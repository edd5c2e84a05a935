//! Notices that name a thing and do not carry it.

use serde::Deserialize;

use crate::TopicKind;
use crate::lenient::{Id, Object};
use crate::notice::IdOnly;
use crate::shopify::Topic;
use crate::surrogates::mended;

/// What has to be fetched before a notice means anything, by the id that webhooks carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A customer.
    Customer(String),
    /// An order.
    Order(String),
    /// A product.
    Product(String),
}

/// Makes what is wanted of an id.
type Whole = fn(String) -> Wanted;

/// Topics whose body is the whole thing. Deletions carry no more than an id; carts and checkouts cannot be fetched
/// (the API knows neither by its token).
#[rustfmt::skip]
const WHOLE: &[(&str, Whole)] = &[
    ("customers/create", Wanted::Customer),
    ("customers/update", Wanted::Customer),
    ("customers/enable", Wanted::Customer),
    ("customers/disable", Wanted::Customer),
    ("orders/create", Wanted::Order),
    ("orders/updated", Wanted::Order),
    ("orders/paid", Wanted::Order),
    ("orders/cancelled", Wanted::Order),
    ("orders/fulfilled", Wanted::Order),
    ("orders/partially_fulfilled", Wanted::Order),
    ("products/create", Wanted::Product),
    ("products/update", Wanted::Product),
];

/// A body that is no more than this may be only an id: `{"id": …, "admin_graphql_api_id": "gid://…"}`.
const LONGEST_ID: usize = 256;

impl Wanted {
    /// What must be fetched because the body did not fit into its notice. `None`: it has no id, cannot be fetched, or
    /// its topic is not worked on.
    pub fn of_too_large(topic: &str, named: &IdOnly) -> Option<Self> {
        Self::of(topic, named.id.clone()?)
    }

    /// What must be fetched because this body is only an id. `None`: it is what it is about, or as above.
    pub fn instead_of(topic: &str, body: &[u8]) -> Option<Self> {
        if body.len() > LONGEST_ID {
            return None;
        }
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct OnlyId {
            id: Id,
            #[serde(rename = "admin_graphql_api_id")]
            _gid: serde::de::IgnoredAny,
        }
        let only = serde_json::from_slice::<Object<OnlyId>>(&mended(body)).ok()?.0?;
        Self::of(topic, only.id.0?)
    }

    fn of(topic: &str, id: String) -> Option<Self> {
        // It goes into a global id.
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let is_handled = Topic::parse(topic).kind() == TopicKind::Live;
        let (_, wanted) = WHOLE.iter().find(|(name, _)| is_number && is_handled && *name == topic)?;
        Some(wanted(id))
    }

    /// In words, without the id.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Order(_) => "order",
            Self::Product(_) => "product",
        }
    }

    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::Customer(id) | Self::Order(id) | Self::Product(id) => id,
        }
    }
}
