#![doc = include_str!("../README.md")]

mod cart_event;
mod contact;
mod customer_event;
mod facts;
mod order;
mod order_event;
mod product;
mod properties;
mod rules;
mod settings;

pub use cart_event::{abandoned, cart_content, cart_properties, changed_cart, emptied_cart};
pub use contact::{
    adopt, clearing, creation, identifier_of, is_ours, moved, note_creation, settle_creation, settle_update,
    update, without_phone,
};
pub use customer_event::customer_events;
pub use facts::{Planned, StoreFacts, StoreKind};
pub use order::{is_historical, order_body};
pub use order_event::order_events;
pub use product::{
    Category, Content, Shelf, categories, category_body, collection_id, contents, crossing_key, deletion,
    left_out, parse_crossing, shelf_of_all, stock_event, with_stock,
};
pub use rules::{CONTACT_RULES, Kind, Rule, Value, effective_rules};
pub use settings::{
    InventorySettings, Lists, OrderSettings, ProductFilter, ProductSettings, Settings, SettingsError, Sync,
};
