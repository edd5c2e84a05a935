#![doc = include_str!("../README.md")]

pub mod config;
pub mod connect;
mod clock;
mod contact;
mod delete;
mod cart;
mod effects;
mod env;
pub mod explain;
pub mod ingest;
pub mod keyring;
mod order;
mod queue;
mod stop;
pub mod sweep;
pub mod sync;
pub mod telemetry;
mod worker;

pub use clock::Clock;
pub use env::{Env, Store};
pub use queue::Queue;
