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

pub use batch::{Fate, Item, Kind};
pub use bucket::{Bucket, Left, Rate};
pub use client::{Answer, Client, ClientError, Reply};
pub use error::{Error, NextStep, Refusals, classify};
pub use operation::{ContactWrite, Event, Identifier};
pub use plan::{Plan, Supply, Unit, collapse, needs, plan};
pub use request::{
    Method, Request, activate_ecommerce, create_attribute, create_contact, create_folder, create_list,
    delete_contact, get_account, get_attributes, get_contact, get_display_currency, get_events, get_folders,
    get_lists, update_contact,
};
pub use ticket::Windows;
