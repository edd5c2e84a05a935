#![doc = include_str!("../README.md")]

mod cart;
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
mod order;
pub mod privacy;
mod queue;
mod stop;
pub mod sweep;
pub mod sync;
pub mod telemetry;
mod worker;

pub use clock::Clock;
pub use env::{Env, Store};
pub use queue::Queue;
