//! A store's own choices, as YAML (`connectors.shopify`, `field_mapping`, `sync`).

mod document;
mod error;
mod fields;
mod read;
mod schema;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tajo_domain::{ConsentSource, Email};

pub use error::SettingsError;
pub(crate) use fields::{Fields, Target, TargetBlock};
pub use schema::settings_schema;

use crate::FieldMapping;

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
    /// Which way consent goes, and whose word counts.
    pub consent: ConsentSettings,
    /// Source field → Brevo attribute. Empty: the default table.
    pub field_mapping: FieldMapping,
    /// What of the catalogue is synced, and how.
    pub products: ProductSettings,
    /// What of the stock is told.
    pub inventory: InventorySettings,
    /// What of orders is told.
    pub orders: OrderSettings,
    /// How long a cart must rest before it counts as abandoned.
    pub abandoned_after: SignedDuration,
    /// The version of Shopify's API that the store is spoken to in.
    pub api_version: &'static str,
    /// What is logged.
    pub logging: Logging,
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

/// What is logged of a store's work. Never a person and never a value, whatever is chosen here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logging {
    /// How much.
    pub level: LogLevel,
    /// Calls to Brevo are logged with the names of the fields that were sent, whatever the level.
    pub debug: bool,
    /// One line per webhook as it arrives.
    pub webhooks: bool,
}

/// How much is logged of a store's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only notices that were put off, parked or given back.
    Quiet,
    /// One line per notice.
    #[default]
    Normal,
    /// Also one line per call to Brevo.
    Verbose,
}

/// Which way consent goes, and whose word counts. What Brevo reports holds in Brevo whatever is chosen here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsentSettings {
    /// Opt-outs in Brevo are written to the store. (An opt-in never is.)
    pub is_two_way: bool,
    /// Where store and Brevo disagree.
    pub source_of_truth: ConsentSource,
}

/// Ids of Brevo lists; `None`: no list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Joined by every contact.
    pub all_customers: Option<u64>,
    /// Joined with the first order.
    pub buyers: Option<u64>,
    /// Joined while a cart is abandoned.
    pub abandoned_cart: Option<u64>,
}

/// Half an hour of quiet, as the product promises.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// The API version the connector is written for.
pub const API_VERSION: &str = "2026-10";

/// The versions that Shopify serves in November 2026 (Shopify, "API versioning"). It answers a request for an older
/// one in the oldest of these.
pub const API_VERSIONS: [&str; 4] = ["2026-01", "2026-04", "2026-07", API_VERSION];

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            shop_url: None,
            sync: Sync { customers: true, orders: true, products: true, carts: true, inventory: false },
            lists: Lists::default(),
            consent: ConsentSettings::default(),
            field_mapping: FieldMapping::default(),
            products: ProductSettings::default(),
            inventory: InventorySettings::default(),
            orders: OrderSettings::default(),
            abandoned_after: ABANDONED_AFTER,
            api_version: API_VERSION,
            logging: Logging::default(),
            warnings: Vec::new(),
        }
    }
}
