//! Brevo's API v3 as a pure function of an account's state, a request and the time.
//!
//! [`Account::handle`] is the whole of it. Nothing in this folder reads a clock, opens a socket or rolls
//! a dice, so a test can enumerate orders of requests and compare where they end.

mod account;
mod attributes;
mod batch;
mod body;
mod catalog;
mod contact_write;
mod contacts;
mod ecommerce;
mod events;
mod identity;
mod lists;
mod orders;
mod rates;
mod routes;
mod state;
mod tracker;
mod webhooks;

pub use account::{Account, AccountSettings};
pub use attributes::{Attribute, AttributeOption};
pub use catalog::CatalogItem;
pub use contacts::Contact;
pub use events::Event;
pub use lists::{Folder, List};
pub use orders::{Order, OrderWrite};
pub use state::{Ecommerce, State};
pub(crate) use tracker::is_for_the_tracker;
pub use webhooks::{Happened, Happening, Post, Webhook};
