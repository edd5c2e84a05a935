//! Products: the full snapshot a platform sends, what it says about stock and collections, and what we remember.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Ledger, Membership, Money, Stock, StockState, Version, short_hash};

/// What a platform tells of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductNews {
    /// The full present product.
    Now(Box<Product>),
    /// It was deleted. Ids are never used again, so this is final.
    Gone {
        /// The platform's id.
        product: String,
        /// When.
        at: Timestamp,
    },
}

impl Product {
    /// Whether buyers can open its page in the online store: drafts and archived products have none, nor has one that is
    /// sold elsewhere only. What a body does not say is taken for a yes.
    pub fn has_page(&self) -> bool {
        let is_hidden = matches!(self.status.as_deref(), Some("draft" | "archived"));
        !is_hidden && self.published != Some(false)
    }
}

impl ProductNews {
    /// The platform's id of the product.
    pub fn product(&self) -> &str {
        match self {
            Self::Now(product) => &product.id,
            Self::Gone { product, .. } => product,
        }
    }
}

/// The full present product as one body shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The platform's id.
    pub id: String,
    /// What the buyer reads.
    pub name: String,
    /// The last part of its address in the shop.
    pub handle: Option<String>,
    /// Who makes it.
    pub brand: Option<String>,
    /// The merchant's own word for what kind of thing it is.
    pub kind: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The platform's word (`active`, `draft`, …); absent in bodies from before it existed.
    pub status: Option<String>,
    /// Whether it is published to the online store; `None`: the body does not say.
    pub published: Option<bool>,
    /// Main image.
    pub image: Option<String>,
    /// Collections it is in; `None`: the body does not say (webhooks never do).
    pub collections: Option<Membership>,
    /// The version of this body.
    pub updated_at: Timestamp,
    /// When the webhook was triggered: orders bodies of the same version.
    pub triggered_at: Option<Timestamp>,
    /// What can be bought, in the shop's order.
    pub variants: Vec<Variant>,
    /// Variants that exist but are not told in full; `None`: there may be some, and nobody says which.
    pub other_variants: Option<Vec<String>>,
}

impl Product {
    /// Names what the body says, apart from when: the same for every delivery of it.
    pub fn digest(&self) -> String {
        let said = Self { collections: None, triggered_at: None, ..self.clone() };
        short_hash(&format!("{said:?}")).chars().take(8).collect()
    }
}

/// One thing that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The platform's id.
    pub id: String,
    /// What tells it from the others; `None` where there are no others.
    pub name: Option<String>,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// Price in the shop's currency.
    pub price: Option<Money>,
    /// Its own image.
    pub image: Option<String>,
    /// What its levels are told under.
    pub inventory_item: Option<String>,
    /// How many there are in the whole shop.
    pub quantity: Option<i64>,
    /// Whether the shop counts it, where the body says so.
    pub tracked: Option<bool>,
    /// As of when quantity is told.
    pub updated_at: Timestamp,
}

/// What a platform tells of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectionNews {
    /// The present collection.
    Now {
        /// The platform's id.
        id: String,
        /// What the buyer reads.
        name: String,
        /// The last part of its address in the shop.
        handle: Option<String>,
        /// The version of this body.
        updated_at: Timestamp,
        /// When the webhook was triggered: orders bodies of the same version.
        triggered_at: Option<Timestamp>,
    },
    /// It was deleted; final, like a product's deletion.
    Gone {
        /// The platform's id.
        id: String,
        /// When.
        at: Timestamp,
    },
}

impl CollectionNews {
    /// The platform's id of the collection.
    pub fn id(&self) -> &str {
        match self {
            Self::Now { id, .. } | Self::Gone { id, .. } => id,
        }
    }
}

/// A statement about the stock of one variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockNews {
    /// Of what.
    pub of: StockOf,
    /// What.
    pub said: StockSaid,
    /// As of when.
    pub at: Timestamp,
    /// When the webhook was triggered: orders statements of the same time.
    pub triggered_at: Option<Timestamp>,
}

/// How a platform names what a statement about stock is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockOf {
    /// By the inventory item, which names no product.
    Item(String),
    /// By product and variant.
    #[expect(missing_docs, reason = "the fields are what they are called")]
    Variant { product: String, variant: String },
}

/// What is said about a stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockSaid {
    /// How many there are at one location.
    #[expect(missing_docs, reason = "the fields are what they are called")]
    Level { location: String, available: i64 },
    /// How many there are in the whole shop.
    Total(i64),
    /// Whether the shop counts it.
    Tracked(bool),
}

impl StockNews {
    /// Tells a stock.
    pub fn tell(&self, stock: &mut Stock) {
        let version = Version { at: self.at, triggered_at: self.triggered_at };
        match &self.said {
            StockSaid::Level { location, available } => stock.say_level(location, version, *available),
            StockSaid::Total(quantity) => stock.say_total(version, *quantity),
            StockSaid::Tracked(tracked) => stock.say_tracked(version, *tracked),
        }
    }
}

/// What we remember of a product. Not its content: a digest tells whether Brevo has it, and whoever brings another
/// content brings it whole. Small, because it is written with every sale where inventory is synced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductRecord {
    /// The version of the content last accepted; `None`: only stock is known so far.
    pub version: Option<Timestamp>,
    /// When the webhook of that version was triggered.
    #[serde(rename = "g", skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Timestamp>,
    /// Names the body of that version: decides between bodies whose version and trigger are the same.
    #[serde(rename = "y", skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Its name, for events.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// When it was deleted in the store: final.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The store's filter leaves it out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
    /// Collections it is in, as the platform answered when it was last asked: sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    /// When that was, in milliseconds; 0: it was never asked.
    #[serde(rename = "ca", skip_serializing_if = "is_zero")]
    pub collections_at: i64,
    /// Its Brevo products, by Brevo's id: itself and its variants.
    pub pieces: BTreeMap<String, Piece>,
    /// The stock of its variants, by variant id; empty where inventory is not synced.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stock: BTreeMap<String, VariantStock>,
    /// Until when a worker sends, in milliseconds; 0: nobody does. Only one at a time may, because it may be the only
    /// one that has the content.
    #[serde(skip_serializing_if = "is_zero")]
    pub sending_until: i64,
    /// Events of stock crossings, claimed and sent.
    #[serde(skip_serializing_if = "Ledger::is_empty")]
    pub effects: Ledger,
}

/// One Brevo product: what it should be and what Brevo certainly has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Piece {
    /// Digest of the content last accepted; [`Piece::DELETED`] where it is to go.
    #[serde(rename = "w")]
    pub want: String,
    /// Digest of the content that Brevo confirmed.
    #[serde(rename = "s", skip_serializing_if = "String::is_empty")]
    pub sent: String,
    /// The stock that Brevo confirmed.
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub stock: Option<(i64, StockState)>,
    /// What tells a variant that is to go from the others, where it was known: Brevo wants a name with every write.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl ProductRecord {
    /// What Brevo calls the product or one of its variants: every write has to have it.
    pub fn name_of(&self, product: &str, id: &str) -> String {
        let of_piece = || self.pieces.get(id)?.name.clone();
        let variant = self.stock.get(id).and_then(|known| known.name.clone()).or_else(of_piece);
        match variant.filter(|_| id != product) {
            // Nothing but the id is known of a product whose own notice never came.
            _ if self.name.is_empty() => id.to_owned(),
            Some(variant) => format!("{} / {variant}", self.name),
            None => self.name.clone(),
        }
    }

    /// One of its Brevo products is to go.
    pub fn discard(&mut self, id: &str) {
        let name = self.stock.get(id).and_then(|known| known.name.clone());
        if let Some(piece) = self.pieces.get_mut(id) {
            Piece::DELETED.clone_into(&mut piece.want);
            piece.name = name.or(piece.name.take());
        }
    }
}

impl Piece {
    /// What [`Piece::want`] says of a product that Brevo should mark as deleted.
    pub const DELETED: &'static str = "-";

    /// What [`Piece::sent`] says while another content is on its way: should nobody hear of its end, Brevo may have
    /// either.
    const UNSURE: &'static str = "?";

    /// Whether Brevo certainly has a product of this id that is not marked as deleted.
    pub fn is_there(&self) -> bool {
        !self.sent.is_empty() && self.sent != Self::DELETED && self.want != Self::DELETED
    }

    /// Something is about to be sent: nothing of it is certain until it is confirmed.
    pub fn forget(&mut self, content: bool) {
        if content && !self.sent.is_empty() {
            Self::UNSURE.clone_into(&mut self.sent);
        }
        self.stock = None;
    }
}

/// The stock of one variant, and what it meant when it last changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantStock {
    /// What was said.
    #[serde(rename = "q")]
    pub stock: Stock,
    /// The inventory item whose notices are led here.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The variant's name, for events.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the stock means, and since when, in milliseconds.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub state: Option<(StockState, i64)>,
}

/// Where an inventory item's notices belong; until that is known, what they said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemRecord {
    /// Product and variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<(String, String)>,
    /// What was said before the product came.
    pub stock: Stock,
}

/// What we remember of a category of Brevo: a collection, a product type or a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoryRecord {
    /// The version last accepted; types and tags have none.
    pub version: Option<Timestamp>,
    /// When the webhook of that version was triggered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Timestamp>,
    /// What the buyer reads.
    pub name: String,
    /// The last part of its address in the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// When it was deleted in the store: final.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Counts accepted changes.
    pub accepted: u64,
    /// Which of them Brevo certainly has; 0: none.
    pub sent: u64,
    /// When its products were last read, in milliseconds; 0: never.
    #[serde(skip_serializing_if = "is_zero")]
    pub members_at: i64,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}
