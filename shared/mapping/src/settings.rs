//! A store's own choices, as YAML (`connectors.shopify`, `field_mapping`, `sync`).

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tajo_domain::Email;

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
    /// What of the catalogue is synced, and how.
    pub products: ProductSettings,
    /// What of the stock is told.
    pub inventory: InventorySettings,
    /// What of orders is told.
    pub orders: OrderSettings,
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

/// What of the catalogue is synced. Whether it is at all says [`Sync::products`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductSettings {
    /// Each variant becomes a Brevo product of its own, under its parent.
    pub include_variants: bool,
    /// Pictures are linked.
    pub include_images: bool,
    /// Collections, type and tags become Brevo categories.
    pub categories_as_tags: bool,
    /// Which products are synced.
    pub filter: ProductFilter,
}

/// Which products are synced. By default it is empty and lets every product through, whatever its status: what a
/// store did not ask to leave out must not vanish silently. The product's own example asks for `status: active`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Only products of this status (`active`, `draft`, `archived` or `unlisted`, lower case); `None`: of any.
    pub status: Option<String>,
    /// Products with one of these tags are left out. To be compared without regard to case, as Shopify does.
    pub exclude_tags: Vec<String>,
}

/// What of the stock is told. Whether anything is says [`Sync::inventory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventorySettings {
    /// `product_low_stock` is sent when the stock falls to this or below; `None`: never.
    pub low_stock_threshold: Option<u64>,
    /// `product_out_of_stock` and `product_back_in_stock` are sent.
    pub out_of_stock_events: bool,
    /// Who is told of them: Brevo knows no event without a contact. `None`: the stock on the Brevo product says it.
    pub alert_email: Option<Email>,
}

/// What of orders is told. Whether anything is says [`Sync::orders`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderSettings {
    /// Test orders of a live store count too. (On a development store they always do.)
    pub include_test_orders: bool,
    /// One event per ordered item is sent besides `order_placed`.
    pub item_events: bool,
}

impl Default for ProductSettings {
    fn default() -> Self {
        Self {
            include_variants: true,
            include_images: true,
            categories_as_tags: true,
            filter: ProductFilter::default(),
        }
    }
}

impl Default for InventorySettings {
    fn default() -> Self {
        Self { low_stock_threshold: None, out_of_stock_events: true, alert_email: None }
    }
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
            products: ProductSettings::default(),
            inventory: InventorySettings::default(),
            orders: OrderSettings::default(),
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
    include_variants: Option<bool>,
    include_images: Option<bool>,
    categories_as_tags: Option<bool>,
    filter: Option<Filter>,
    low_stock_threshold: Option<u64>,
    out_of_stock_events: Option<bool>,
    alert_email: Option<String>,
    include_test_orders: Option<bool>,
    item_events: Option<bool>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
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

    fn block(&self) -> Option<&Block> {
        match self {
            Self::Plain(_) => None,
            Self::Block(block) => Some(block),
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
        let layers = |kind: fn(&SyncBlock) -> Option<&Switch>| {
            [kind(&own.sync), kind(&document.sync)].map(|switch| switch.and_then(Switch::block))
        };
        let products = layers(|sync| sync.products.as_ref());
        let inventory = layers(|sync| sync.inventory.as_ref());
        let orders = layers(|sync| sync.orders.as_ref());
        let on = |layers: [Option<&Block>; 2], read: fn(&Block) -> Option<bool>, otherwise: bool| {
            layers.into_iter().flatten().find_map(read).unwrap_or(otherwise)
        };
        let filter = products.into_iter().flatten().find_map(|block| block.filter.clone());
        let (by_product, by_inventory, by_order) = (defaults.products, defaults.inventory, defaults.orders);
        let products = ProductSettings {
            include_variants: on(products, |block| block.include_variants, by_product.include_variants),
            include_images: on(products, |block| block.include_images, by_product.include_images),
            categories_as_tags: on(products, |block| block.categories_as_tags, by_product.categories_as_tags),
            filter: filter.map_or_else(ProductFilter::default, |filter| ProductFilter {
                status: filter.status.map(|status| status.to_lowercase()),
                exclude_tags: filter.exclude_tags,
            }),
        };
        let inventory = InventorySettings {
            low_stock_threshold: inventory.into_iter().flatten().find_map(|block| block.low_stock_threshold),
            out_of_stock_events: on(
                inventory,
                |block| block.out_of_stock_events,
                by_inventory.out_of_stock_events,
            ),
            alert_email: alert_email(inventory)?,
        };
        let orders = OrderSettings {
            include_test_orders: on(orders, |block| block.include_test_orders, by_order.include_test_orders),
            item_events: on(orders, |block| block.item_events, by_order.item_events),
        };
        let mut field_mapping = document.field_mapping;
        field_mapping.extend(own.field_mapping);
        Ok(Self {
            enabled: own.enabled.unwrap_or(true),
            shop_url: own.shop_url,
            sync,
            lists: own.lists,
            field_mapping,
            products,
            inventory,
            orders,
            abandoned_after,
            warnings: version_warning(own.api_version.as_deref()).into_iter().collect(),
        })
    }
}

fn alert_email(layers: [Option<&Block>; 2]) -> Result<Option<Email>, SettingsError> {
    let Some(text) = layers.into_iter().flatten().find_map(|block| block.alert_email.as_deref()) else {
        return Ok(None);
    };
    let problem = || "not an email address".to_owned();
    Email::parse(text)
        .map(Some)
        .map_err(|_| SettingsError::Value { key: "sync.inventory.alert_email", problem: problem() })
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
