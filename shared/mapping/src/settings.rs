//! A store's own choices, as YAML (`connectors.shopify`, `field_mapping`, `sync`).

mod changed;
mod contacts;
mod document;
mod error;
mod fields;
mod read;
mod schema;
mod stores;

use std::collections::BTreeMap;
use std::num::NonZeroU8;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tajo_domain::{ConsentSource, Email};

pub use changed::changed_settings;
pub use contacts::{ContactSettings, IdentityField};
pub use error::SettingsError;
pub(crate) use fields::{Fields, Target, TargetBlock};
pub use schema::settings_schema;
pub use stores::{StoreDocument, store_documents};

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
    /// How people become contacts.
    pub contacts: ContactSettings,
    /// Brevo lists that contacts join.
    pub lists: Lists,
    /// Those of them that are named instead: their ids are known once the store is connected ([`Settings::resolve`]).
    pub list_names: ListNames,
    /// Whether a store in another currency than the Brevo account's is refused.
    pub currency_check: bool,
    /// Fields of the default table that go elsewhere in this Brevo account. Found at set-up, never in a document.
    pub renamed: BTreeMap<String, String>,
    /// Which way consent goes, and whose word counts.
    pub consent: ConsentSettings,
    /// The road of the events that Brevo's commerce automations know by name.
    pub reserved_events: ReservedEvents,
    /// Whose totals a contact shows.
    pub totals: TotalsOf,
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
    /// How long an order is kept after it last changed.
    pub orders_kept: SignedDuration,
    /// What is logged.
    pub logging: Logging,
    /// Things a person should know about the document, such as an outdated API version.
    pub warnings: Vec<String>,
}

/// Months of 31 days: never shorter than the calendar's.
pub(super) fn months(count: NonZeroU8) -> SignedDuration {
    SignedDuration::from_hours(i64::from(count.get()) * 31 * 24)
}

/// Orders are kept for two years and a month after they last changed, unless a store says otherwise.
const ORDERS_KEPT: SignedDuration = SignedDuration::from_hours(25 * 31 * 24);

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

/// Which products are synced. By default the active ones: a draft is not for sale, and a campaign must not offer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductFilter {
    /// Only products of this status (`active`, `draft`, `archived` or `unlisted`, lower case); `None`: of any.
    pub status: Option<String>,
    /// Only products that are published to the online store.
    pub published: bool,
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

impl Default for ProductFilter {
    fn default() -> Self {
        Self { status: Some("active".to_owned()), published: false, exclude_tags: Vec::new() }
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

/// The road of the events that Brevo's commerce automations know by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReservedEvents {
    /// As all others: `POST /events`.
    #[default]
    EventsApi,
    /// Brevo's older tracker: one event of one address in a call, dated by its arrival.
    Tracker,
}

/// Whose totals a contact shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TotalsOf {
    /// This store's.
    #[default]
    Own,
    /// Those of all stores of the Brevo account that say so too.
    Summed,
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

/// Names of Brevo lists; `None`: no list, or one by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListNames {
    /// Joined by every contact.
    pub all_customers: Option<String>,
    /// Joined with the first order.
    pub buyers: Option<String>,
    /// Joined while a cart is abandoned.
    pub abandoned_cart: Option<String>,
    /// Where a list is made that does not exist; `None`: in a folder of our choice.
    pub folder: Option<String>,
}

impl ListNames {
    /// The lists that are named.
    pub fn lists(&self) -> impl Iterator<Item = &String> {
        [&self.all_customers, &self.buyers, &self.abandoned_cart].into_iter().flatten()
    }
}

impl Settings {
    /// Puts in what the set-up of the Brevo account found: the ids of named lists, and the attributes that fields of the
    /// default table go to instead. A name without an id stays without a list.
    pub fn resolve(&mut self, lists: &BTreeMap<String, u64>, renamed: &BTreeMap<String, String>) {
        let names = &self.list_names;
        let id = |name: &Option<String>| lists.get(name.as_ref()?).copied();
        self.lists.all_customers = self.lists.all_customers.or(id(&names.all_customers));
        self.lists.buyers = self.lists.buyers.or(id(&names.buyers));
        self.lists.abandoned_cart = self.lists.abandoned_cart.or(id(&names.abandoned_cart));
        self.renamed = renamed.clone();
    }
}

/// Half an hour of quiet, as the product promises.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// The API version the connector is written for.
pub const API_VERSION: &str = "2026-10";

impl Settings {
    /// Whether the document may be this shop's: it names it, or none. What one shop chose is nothing for another.
    pub fn check_shop(&self, shop: &str) -> Result<(), SettingsError> {
        let Some(named) = self.shop_url.as_deref().filter(|named| !is_same_shop(named, shop)) else {
            return Ok(());
        };
        Err(SettingsError {
            key: "connectors.shopify.shop_url".to_owned(),
            problem: format!("is `{}`, but the store to connect is `{shop}`", error::short(named)),
            hint: Some("give each store a document of its own, or leave `shop_url` out".to_owned()),
            ..SettingsError::default()
        })
    }
}

/// `https://Your-Store.myshopify.com/` is `your-store`.
pub(crate) fn is_same_shop(one: &str, other: &str) -> bool {
    let name = |text: &str| {
        let text = text.trim().to_lowercase();
        let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        host.strip_suffix(".myshopify.com").unwrap_or(host).to_owned()
    };
    name(one) == name(other)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            shop_url: None,
            sync: Sync { customers: true, orders: true, products: true, carts: true, inventory: false },
            contacts: ContactSettings::default(),
            lists: Lists::default(),
            list_names: ListNames::default(),
            currency_check: true,
            renamed: BTreeMap::new(),
            consent: ConsentSettings::default(),
            reserved_events: ReservedEvents::default(),
            totals: TotalsOf::default(),
            field_mapping: FieldMapping::default(),
            products: ProductSettings::default(),
            inventory: InventorySettings::default(),
            orders: OrderSettings::default(),
            abandoned_after: ABANDONED_AFTER,
            orders_kept: ORDERS_KEPT,
            logging: Logging::default(),
            warnings: Vec::new(),
        }
    }
}
