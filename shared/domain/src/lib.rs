#![doc = include_str!("../README.md")]

mod cart;
mod change;
mod consent;
mod contact;
mod custom;
mod email;
mod heal;
mod ids;
mod ledger;
mod link;
mod membership;
mod merge;
mod money;
mod opt_out;
mod order;
mod order_record;
mod packed;
mod person;
mod phone;
mod privacy;
mod product;
mod shipments;
mod stock;
mod tags;
mod times;
mod version;

pub use cart::{Cart, CartRecord, CartSource, CartState, TouchOutcome};
pub use change::{Change, Changes, CustomerNews, Skipped, Unusable};
pub use consent::{Channel, Consent, ConsentState, NumberConsent};
pub use contact::{Admission, Block, ContactKey, ContactRecord, Creation, KnownAs, LeftContact};
pub use custom::{CustomFact, CustomValue, NOTE, address_source, metafield_source, note_attribute_source};
pub use email::{Email, InvalidEmail};
pub use ids::{InvalidStoreId, StoreId, short_hash};
pub use ledger::{Claim, Ledger};
pub use link::link;
pub use membership::Membership;
pub use merge::Refusals;
pub use money::{Currency, Money, parse_amount};
pub use opt_out::{BrevoNews, BrevoOut, BrevoSaid, ConsentSource, OutReason};
pub use order::{Address, AskedAmount, Cancellation, Edit, Item, Order, Presentment, Refund, UnsureNet};
pub use order_record::{LoneFact, OrderFact, OrderHead, OrderRecord};
pub use packed::Packed;
pub use person::{FedTotals, Identity, PersonUpdate, Profile, Refused, Totals, Typed, Versioned};
pub use phone::{InvalidPhone, Phone};
pub use privacy::{AppNews, Demand, PrivacyDemand};
pub use product::{
    CategoryRecord, CollectionNews, ItemRecord, Piece, Product, ProductNews, ProductRecord, StockNews,
    StockOf, StockSaid, Variant, VariantStock,
};
pub use shipments::{Fulfilment, KnownShipment, Shipment, ShipmentState, happened_here};
pub use stock::{Crossing, Stock, StockState};
pub use tags::{TagChanges, TagsAdded, TagsDelta};
pub use times::Times;
pub use version::{Triggers, Version};
