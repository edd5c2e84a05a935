#![doc = include_str!("../README.md")]

mod aws;
mod due;
mod item;
mod log;
mod parked;
mod secrets;
mod stores;
mod table;

pub use aws::{AwsError, sdk_config};
pub use due::{DueCart, DuePage, due_carts, due_shard};
pub use item::{Attributes, Stored, Table, TableError};
pub use log::{LogLine, read_log, write_log};
pub use parked::{Parked, list_parked, park, read_parked};
pub use secrets::{SecretError, Secrets, StoreSecret, get_secret, put_secret};
pub use stores::{PersonFeed, StoreRecord, StoreStatus, feed_person, forget_person, stores_of_person};
pub use table::{DUE_SHARDS, Key};
