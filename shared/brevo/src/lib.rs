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
    Method, Registration, Request, activate_ecommerce, create_attribute, create_contact, create_webhook,
    delete_contact, delete_webhook, event, get_account, get_attributes, get_contact, get_events, get_lists,
    get_marketing_webhooks, update_contact, update_webhook, upsert_category, upsert_historical_order,
    upsert_order, upsert_product,
};
