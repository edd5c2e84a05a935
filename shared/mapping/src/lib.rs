#![doc = include_str!("../README.md")]

mod cart_event;
mod contact;
mod custom_value;
mod customer_event;
mod example;
mod facts;
mod flag;
mod order;
mod order_event;
mod overrides;
mod product;
mod properties;
mod rules;
mod settings;
mod sms;
mod sources;
mod tags_event;
mod totals;
mod whatsapp;

pub use cart_event::{CartContent, abandoned, cart_properties, changed_cart, emptied_cart};
pub use contact::{
    adopt, clearing, created_by, creation, flags_due, id_of, identifier_of, identifiers, insist,
    is_identifier, is_said, may_ride, moved, moves, note_tries, refuse_attribute, relink, settle_creation,
    settle_update, update,
};
pub use customer_event::{customer_events, is_imported};
pub use example::{MappingRow, mapping_rows};
pub use facts::{Planned, StoreFacts, StoreKind};
pub use order::{is_historical, order_body, order_standing, sent_order};
pub use order_event::{lone_events, order_events, order_events_after, shipment_events};
pub use overrides::{FieldMapping, Mapped};
pub use product::{
    Category, Content, Shelf, categories, category_body, collection_id, contents, crossing_key, deletion,
    first_body, left_out, parse_crossing, shelf_of_all, stock_event, with_stock,
};
pub use rules::{CONTACT_RULES, Kind, Rule, Value, effective_rules};
pub use settings::{
    API_VERSION, ConsentSettings, ContactSettings, IdentityField, InventorySettings, ListNames, Lists,
    LogLevel, Logging, OrderSettings, ProductFilter, ProductSettings, ReservedEvents, Settings,
    SettingsError, StoreDocument, Sync, TotalsOf, changed_settings, settings_schema, store_documents,
};
pub use sms::{has_phone, without_phone};
pub use tags_event::tags_events;
pub(crate) use totals::is_summed;
pub use totals::{SharedTotal, TOTALS, shared_totals, summed};
pub use whatsapp::{has_whatsapp, without_whatsapp};
