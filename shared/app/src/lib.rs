#![doc = include_str!("../README.md")]

mod brevo_news;
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
pub mod privacy;
mod product;
mod queue;
mod shopify;
mod stop;
pub mod sweep;
pub mod sync;
pub mod telemetry;
mod trace;
mod worker;
mod write_back;

pub use clock::Clock;
pub use env::{Env, Store};
pub use queue::Queue;
