#![doc = include_str!("../README.md")]

mod brevo_news;
mod budget;
mod cart;
mod category;
mod clock;
pub mod config;
pub mod connect;
mod contact;
mod delete;
mod effects;
mod env;
pub mod explain;
pub mod ingest;
pub mod keyring;
mod lifecycle;
mod merge;
mod order;
mod outbox;
pub mod parked;
pub mod privacy;
mod product;
mod queue;
mod shopify;
mod stop;
pub mod sweep;
pub mod sync;
pub mod telemetry;
mod trace;
pub mod traffic;
mod worker;
mod write_back;

pub use budget::Budgets;
pub use clock::{Clock, OnItsWay};
pub use env::{Delivery, Env, Store};
pub use queue::{Queue, QueueError};
pub use tajo_platforms::Urgency;
