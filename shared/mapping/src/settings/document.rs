//! The settings document as it is written: what keys there are, and what may stand behind them.
//!
//! The JSON Schema (`docs/tajo.schema.json`) is generated from these types: their comments are what an editor shows.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::num::{NonZeroU8, NonZeroU64};

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_saphyr::Spanned;
use tajo_domain::Email;

use super::contacts::ContactsBlock;
use super::fields::Fields;
use super::{LogLevel, ReservedEvents, TotalsOf};

/// Settings of a store.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "tajo.yaml")]
pub struct Document {
    /// The platforms that are connected, each with its own choices.
    pub connectors: Connectors,
    /// Which field of the shop fills which Brevo attribute. The same key under the connector wins.
    pub field_mapping: Fields,
    /// What is synced. The same key under the connector wins.
    pub sync: SyncBlock,
}

/// The platforms.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Connectors {
    /// The Shopify store, or a list of several, each with its `shop_url`.
    pub shopify: Stores,
}

/// The settings of one store, or of several in one document.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum Stores {
    /// One store.
    One(#[schemars(with = "Connector")] Box<Connector>),
    /// Several, each with its `shop_url`. `tajo config apply` sends each store its part.
    Many(#[schemars(with = "Vec<Connector>", length(min = 1))] Vec<Spanned<Connector>>),
}

impl Default for Stores {
    fn default() -> Self {
        Self::One(Box::default())
    }
}

/// By hand, as [`Switch`].
impl<'de> Deserialize<'de> for Stores {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct StoresVisitor;
        impl<'de> Visitor<'de> for StoresVisitor {
            type Value = Stores;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a block, or a list of blocks for several stores,")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Connector::deserialize(MapAccessDeserializer::new(map)).map(|own| Stores::One(Box::new(own)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Stores::Many)
            }
        }
        from.deserialize_any(StoresVisitor)
    }
}

/// One store.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Connector {
    /// Whether anything is synced at all. Left out: yes.
    pub enabled: Option<bool>,
    /// The permanent address, such as `your-store.myshopify.com`. A store is not connected with another one's settings.
    pub shop_url: Option<String>,
    /// Shopify's API version. Only `2026-10` is spoken: any other is accepted with a warning, and does nothing.
    pub api_version: Option<String>,
    /// What is synced.
    pub sync: SyncBlock,
    /// How people become contacts.
    pub contacts: ContactsBlock,
    /// Brevo lists that contacts join.
    pub lists: ListsBlock,
    /// Whether a store in another currency than the Brevo account's is refused: Brevo's orders have none of their own, so
    /// amounts would be added up as if they were the same. Left out: yes.
    pub currency_check: Option<bool>,
    /// Which way consent goes: `one_way` (from the store to Brevo) or `two_way` (opt-outs in Brevo are also written to
    /// the store), or a block that says more. Left out: `one_way`.
    pub consent: Option<Consent>,
    /// Whose word counts where store and Brevo disagree; the block's `source_of_truth` wins. Left out: `newest`.
    pub consent_source: Option<Truth>,
    /// The road of the events that Brevo's commerce automations know by name (`cart_updated`, `cart_deleted`,
    /// `order_completed`): `events_api` as for all others, or `tracker`, the older one, for accounts whose automations
    /// start by nothing else. Left out: `events_api`.
    pub reserved_events: Option<ReservedEvents>,
    /// What totals say (how many orders, how much money, when the last one): `own` (of this store) or `summed` (of all
    /// stores of the Brevo account that say so too, in one currency and into the same attributes). Left out: `own`.
    pub totals: Option<TotalsOf>,
    /// How long data is kept here.
    pub retention: RetentionBlock,
    /// Which field of the shop fills which Brevo attribute.
    pub field_mapping: Fields,
    /// Every call to Brevo is logged, with the names of the fields that were sent (never their values).
    pub debug: Option<bool>,
    /// How much is logged. Left out: `normal`.
    pub log_level: Option<LogLevel>,
    /// Every webhook is logged as it arrives, with its size and versions.
    pub log_webhooks: Option<bool>,
}

/// How long data is kept here. Brevo keeps its own.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionBlock {
    /// Months (of 31 days) for which an order is kept after it last changed, 1 to 255. What is older sends no events. Left
    /// out: 25.
    pub orders_months: Option<NonZeroU8>,
}

/// What is synced. Each may be `true`, `false`, or a block that says more.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SyncBlock {
    /// Customers become contacts. Left out: yes.
    pub customers: Option<Switch<CustomersBlock>>,
    /// Orders become events and Brevo orders. Left out: yes.
    pub orders: Option<Switch<OrdersBlock>>,
    /// Products fill Brevo's catalogue. Left out: yes.
    pub products: Option<Switch<ProductsBlock>>,
    /// Carts become events; abandoned ones are noticed. Left out: yes.
    pub carts: Option<Switch<CartsBlock>>,
    /// Stock levels and their events. Left out: no.
    pub inventory: Option<Switch<InventoryBlock>>,
}

/// Customers.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CustomersBlock {
    /// Whether they are synced.
    pub enabled: Option<bool>,
}

/// Orders.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrdersBlock {
    /// Whether they are synced.
    pub enabled: Option<bool>,
    /// Test orders of a live store count too. Left out: no.
    pub include_test_orders: Option<bool>,
    /// One event per ordered item besides `order_placed`. Left out: no.
    pub item_events: Option<bool>,
}

/// Products.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProductsBlock {
    /// Whether they are synced.
    pub enabled: Option<bool>,
    /// Each variant becomes a Brevo product of its own. Left out: yes.
    pub include_variants: Option<bool>,
    /// Pictures are linked. Left out: yes.
    pub include_images: Option<bool>,
    /// A product's tags become Brevo categories, as its type always does; so do collections. Left out: yes.
    pub categories_as_tags: Option<bool>,
    /// Which products are synced. Left out: the active ones.
    pub filter: Option<FilterBlock>,
}

/// Which products are synced.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FilterBlock {
    /// Only products of this status; `any`: whatever it is. Left out: `active`.
    pub status: Option<ProductStatus>,
    /// `online_store`: only products that are published to the online store, which have a page there. Left out: others too,
    /// without a link.
    pub published: Option<Published>,
    /// Products with one of these tags are left out. Left out: none is.
    pub exclude_tags: Option<Vec<String>>,
}

/// Shopify's statuses of a product.
#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProductStatus {
    #[serde(alias = "ACTIVE")]
    Active,
    #[serde(alias = "DRAFT")]
    Draft,
    #[serde(alias = "ARCHIVED")]
    Archived,
    #[serde(alias = "UNLISTED")]
    Unlisted,
    /// Whatever it is.
    #[serde(alias = "ANY")]
    Any,
}

/// Where a product must be published.
#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Published {
    /// In the online store.
    OnlineStore,
}

/// Carts and checkouts.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CartsBlock {
    /// Whether they are synced.
    pub enabled: Option<bool>,
    /// How long a cart rests before it counts as abandoned, such as `30m` or `1h 30m`. Left out: 30 minutes.
    pub abandoned_after: Option<Rest>,
}

/// Stock levels.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InventoryBlock {
    /// Whether they are synced.
    pub enabled: Option<bool>,
    /// `product_low_stock` is sent when the stock falls to this or below. Left out: never.
    pub low_stock_threshold: Option<u64>,
    /// `product_out_of_stock` and `product_back_in_stock` are sent. Left out: yes.
    pub out_of_stock_events: Option<bool>,
    /// The address of the Brevo contact that these events are sent to: a product has none of its own. Left out: no
    /// events, only the stock on the Brevo product.
    pub alert_email: Option<AlertEmail>,
}

/// A direction, or a block.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum Consent {
    /// Only the direction.
    Direction(Direction),
    /// More than that.
    Block(ConsentBlock),
}

/// Which way consent goes.
#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the store to Brevo.
    OneWay,
    /// Opt-outs in Brevo are also written to the store. Opt-ins never are.
    TwoWay,
}

/// Whose word counts where store and Brevo disagree.
#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// The store's: an opt-out in Brevo is written back only where the store records no opt-in. A newer opt-in of the
    /// store lifts the block in Brevo.
    Store,
    /// Brevo's: no opt-in of the store lifts a block that Brevo reported, and opt-outs are always written back.
    Brevo,
    /// Whoever spoke last.
    Newest,
}

/// Consent.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentBlock {
    /// Which way it goes. Left out: `one_way`.
    pub direction: Option<Direction>,
    /// Whose word counts. Left out: `newest`.
    pub source_of_truth: Option<Truth>,
}

/// By hand, as [`Switch`].
impl<'de> Deserialize<'de> for Consent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ConsentVisitor;
        impl<'de> Visitor<'de> for ConsentVisitor {
            type Value = Consent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`one_way`, `two_way` or a block")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Direction::deserialize(text.into_deserializer()).map(Consent::Direction)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                ConsentBlock::deserialize(MapAccessDeserializer::new(map)).map(Consent::Block)
            }
        }
        from.deserialize_any(ConsentVisitor)
    }
}

/// Brevo lists, by the ids that Brevo shows under Contacts → Lists, or by their names: a list of a name that does not exist
/// is made when the store is connected. Left out: no list.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListsBlock {
    /// Joined by every contact.
    pub all_customers: Option<ListRef>,
    /// Joined with the first order.
    pub buyers: Option<ListRef>,
    /// Joined while a cart is abandoned.
    pub abandoned_cart: Option<ListRef>,
    /// The name of the folder in which lists are made; made itself if it does not exist. Left out: `Shop`.
    pub folder: Option<String>,
}

/// A Brevo list.
#[derive(Clone, JsonSchema)]
#[schemars(untagged)]
pub enum ListRef {
    /// Its id.
    Id(NonZeroU64),
    /// Its name.
    Name(#[schemars(regex(pattern = r"[^0-9\s]"))] String),
}

/// By hand, as with [`Switch`].
impl<'de> Deserialize<'de> for ListRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl Visitor<'_> for ListVisitor {
            type Value = ListRef;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a list (a whole number from 1) or its name")
            }
            fn visit_u64<E: Error>(self, id: u64) -> Result<Self::Value, E> {
                let id = NonZeroU64::new(id);
                id.map(ListRef::Id).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(0), &self))
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                match name.trim() {
                    "" => Err(E::custom("empty, but the id of a list or its name is wanted")),
                    // Surely the id: a list would be made under that name otherwise.
                    id if id.bytes().all(|c| c.is_ascii_digit()) => {
                        Err(E::custom("a number in quotes: write the id of a list without them"))
                    }
                    name => Ok(ListRef::Name(name.to_owned())),
                }
            }
        }
        from.deserialize_any(ListVisitor)
    }
}

/// `true`, `false`, or a block.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum Switch<T> {
    /// Yes or no.
    Plain(bool),
    /// More than that.
    Block(T),
}

impl<T> Switch<T> {
    /// The block, if it is one.
    pub fn block(&self) -> Option<&T> {
        match self {
            Self::Plain(_) => None,
            Self::Block(block) => Some(block),
        }
    }
}

/// By hand: serde's untagged enums forget where an error happened and which keys are known there.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct SwitchVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for SwitchVisitor<T> {
            type Value = Switch<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or a block")
            }
            fn visit_bool<E: Error>(self, on: bool) -> Result<Self::Value, E> {
                Ok(Switch::Plain(on))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Switch::Block)
            }
        }
        from.deserialize_any(SwitchVisitor(PhantomData))
    }
}

/// How long a cart rests: from a second to a week.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Rest(pub SignedDuration);

impl TryFrom<String> for Rest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let duration: SignedDuration =
            text.parse().map_err(|_| format!("`{text}`, which is no duration such as `30m` or `1h 30m`"))?;
        let (least, most) = (SignedDuration::from_secs(1), SignedDuration::from_hours(24 * 7));
        if duration < least || most < duration {
            return Err(format!("`{text}`: it must lie between a second and a week"));
        }
        Ok(Self(duration))
    }
}

impl JsonSchema for Rest {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9PT]", "examples": ["30m", "1h 30m", "2h"] })
    }
}

/// Whom to tell of stock.
#[derive(Clone, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct AlertEmail(pub Email);

impl TryFrom<String> for AlertEmail {
    type Error = &'static str;

    // The text stays out of the error: it may be somebody's address with a slip in it.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Email::parse(&text).map(Self).map_err(|_| "no email address")
    }
}

impl JsonSchema for AlertEmail {
    fn schema_name() -> Cow<'static, str> {
        "Email".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "email" })
    }
}
