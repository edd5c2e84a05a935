//! A store's own choices, as YAML (`connectors.shopify`, `field_mapping`, `sync`).

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A store's settings. Every field has the default of a store without any.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whether anything is synced at all.
    pub enabled: bool,
    /// The shop's address, where the document names it.
    pub shop_url: Option<String>,
    /// What is synced.
    pub sync: Sync,
    /// Brevo lists that contacts join.
    pub lists: Lists,
    /// Source field → Brevo attribute. Empty: the default table.
    pub field_mapping: BTreeMap<String, String>,
    /// How long a cart must rest before it counts as abandoned.
    pub abandoned_after: SignedDuration,
    /// Things a person should know about the document, such as an outdated API version.
    pub warnings: Vec<String>,
}

/// Which kinds of data are synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what they are called")]
pub struct Sync {
    pub customers: bool,
    pub orders: bool,
    pub products: bool,
    pub carts: bool,
    pub inventory: bool,
}

/// Ids of Brevo lists; `None`: no list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// Joined by every contact.
    #[serde(default)]
    pub all_customers: Option<u64>,
    /// Joined with the first order.
    #[serde(default)]
    pub buyers: Option<u64>,
    /// Joined while a cart is abandoned.
    #[serde(default)]
    pub abandoned_cart: Option<u64>,
}

/// Half an hour of quiet, as the product promises.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// The API version the connector is written for (Shopify, "API versioning").
const API_VERSION: &str = "2026-10";

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            shop_url: None,
            sync: Sync { customers: true, orders: true, products: true, carts: true, inventory: false },
            lists: Lists::default(),
            field_mapping: BTreeMap::new(),
            abandoned_after: ABANDONED_AFTER,
            warnings: Vec::new(),
        }
    }
}

/// The document cannot be used. The sentence names the place.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not YAML, a wrong type, or an unknown key.
    #[error("the settings cannot be read: {0}")]
    Yaml(String),
    /// A value that makes no sense.
    #[error("`{key}` is {problem}")]
    Value {
        /// Which key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    connectors: Connectors,
    field_mapping: BTreeMap<String, String>,
    sync: SyncBlock,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Connectors {
    shopify: Connector,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Connector {
    enabled: Option<bool>,
    shop_url: Option<String>,
    api_version: Option<String>,
    sync: SyncBlock,
    lists: Lists,
    field_mapping: BTreeMap<String, String>,
    // Accepted; takes effect with per-store logging.
    debug: Option<bool>,
    // Accepted; takes effect with per-store logging.
    log_level: Option<String>,
    // Accepted; takes effect with per-store logging.
    log_webhooks: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SyncBlock {
    customers: Option<Switch>,
    orders: Option<Switch>,
    products: Option<Switch>,
    carts: Option<Switch>,
    inventory: Option<Switch>,
}

/// `true`, or a block with its own `enabled`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Switch {
    Plain(bool),
    Block(Block),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Block {
    enabled: Option<bool>,
    abandoned_after: Option<String>,
    // Accepted; takes effect with the catalogue sync.
    include_variants: Option<bool>,
    // Accepted; takes effect with the catalogue sync.
    include_images: Option<bool>,
    // Accepted; takes effect with the catalogue sync.
    categories_as_tags: Option<bool>,
    // Accepted; takes effect with the catalogue sync.
    filter: Option<Filter>,
    // Accepted; takes effect with the inventory sync.
    low_stock_threshold: Option<u64>,
    // Accepted; takes effect with the inventory sync.
    out_of_stock_events: Option<bool>,
}

/// Accepted; takes effect with the catalogue sync.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is checked so far")]
struct Filter {
    status: Option<String>,
    #[serde(default)]
    exclude_tags: Vec<String>,
}

impl Switch {
    fn on(&self) -> Option<bool> {
        match self {
            Self::Plain(on) => Some(*on),
            Self::Block(block) => block.enabled,
        }
    }

    fn abandoned_after(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::Block(block) => block.abandoned_after.as_deref(),
        }
    }
}

impl Settings {
    /// Reads a document. `field_mapping` and `sync` may stand at the top level or under the connector;
    /// the connector's own keys win. An empty document gives the defaults.
    pub fn from_yaml(text: &str) -> Result<Self, SettingsError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let document: Document =
            serde_saphyr::from_str(text).map_err(|error| SettingsError::Yaml(error.to_string()))?;
        let own = document.connectors.shopify;
        let defaults = Self::default();
        let switch = |own: &Option<Switch>, shared: &Option<Switch>, default: bool| {
            own.as_ref().and_then(Switch::on).or(shared.as_ref().and_then(Switch::on)).unwrap_or(default)
        };
        let sync = Sync {
            customers: switch(&own.sync.customers, &document.sync.customers, defaults.sync.customers),
            orders: switch(&own.sync.orders, &document.sync.orders, defaults.sync.orders),
            products: switch(&own.sync.products, &document.sync.products, defaults.sync.products),
            carts: switch(&own.sync.carts, &document.sync.carts, defaults.sync.carts),
            inventory: switch(&own.sync.inventory, &document.sync.inventory, defaults.sync.inventory),
        };
        let rest =
            |block: &SyncBlock| block.carts.as_ref().and_then(Switch::abandoned_after).map(str::to_owned);
        let abandoned_after = match rest(&own.sync).or_else(|| rest(&document.sync)) {
            None => ABANDONED_AFTER,
            Some(text) => parse_duration(&text)?,
        };
        let mut field_mapping = document.field_mapping;
        field_mapping.extend(own.field_mapping);
        Ok(Self {
            enabled: own.enabled.unwrap_or(true),
            shop_url: own.shop_url,
            sync,
            lists: own.lists,
            field_mapping,
            abandoned_after,
            warnings: version_warning(own.api_version.as_deref()).into_iter().collect(),
        })
    }
}

fn version_warning(asked: Option<&str>) -> Option<String> {
    let asked = asked.filter(|version| *version != API_VERSION)?;
    Some(format!("`api_version: {asked}` is not what this connector speaks: {API_VERSION} is used instead"))
}

fn parse_duration(text: &str) -> Result<SignedDuration, SettingsError> {
    let problem = |problem: String| SettingsError::Value { key: "sync.carts.abandoned_after", problem };
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| problem(format!("`{text}`, which is no duration such as `30m` or `1h 30m`")))?;
    let (least, most) = (SignedDuration::from_secs(1), SignedDuration::from_hours(24 * 7));
    if duration < least || most < duration {
        return Err(problem(format!("`{text}`: it must lie between a second and a week")));
    }
    Ok(duration)
}
