#![doc = include_str!("../README.md")]

mod client;
mod error;
pub mod limits;
mod operation;
mod request;

pub use client::{Answer, Client, ClientError};
pub use error::{Error, NextStep, classify};
pub use operation::{ContactWrite, Event, Identifier};
pub use request::{
    Method, Request, activate_ecommerce, create_attribute, create_contact, create_folder, create_list,
    delete_contact, event, get_account, get_attributes, get_contact, get_display_currency, get_events,
    get_folders, get_lists, update_contact, upsert_category, upsert_historical_order, upsert_order,
    upsert_product,
};
