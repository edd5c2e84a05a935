#![doc = include_str!("../README.md")]

mod admin;
pub mod brevo;
pub mod faults;
pub mod http;
pub mod openapi;
mod page;
mod sandbox;
mod server;
pub mod shopify;

pub use brevo::{Account, AccountSettings, Happened, Happening, Post, State};
pub use faults::{Action, Fault};
pub use http::{Ending, Request, Response};
pub use sandbox::{Call, DEFAULT_KEY, Sandbox};
pub use server::{Running, wait_for_the_end};
pub use shopify::{Plan, ShopSettings};
