#![doc = include_str!("../README.md")]

mod batch;
mod bucket;
mod client;
mod error;
pub mod limits;
mod operation;
mod plan;
mod request;
mod ticket;
mod tracker;

pub use batch::{Fate, Item, Kind, Membership};
pub use bucket::{Bucket, Left, Rate};
pub use client::{Answer, Client, ClientError, Reply};
pub use error::{Error, NextStep, Refusals, classify};
pub use operation::{ContactWrite, Event, Identifier};
pub use plan::{Plan, Supply, Unit, can_batch, collapse, needs, plan};
pub use request::{
    Host, Method, Registration, Request, activate_ecommerce, create_attribute, create_contact, create_folder,
    create_list, create_webhook, delete_contact, delete_webhook, get_account, get_attributes,
    get_changed_contacts, get_contact, get_display_currency, get_events, get_folders, get_lists,
    get_marketing_webhooks, update_contact, update_webhook,
};
pub use ticket::Windows;
pub use tracker::{RESERVED_EVENTS, track};
