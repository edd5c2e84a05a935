//! One file per command.

pub(crate) mod audit;
pub(crate) mod brevo;
pub(crate) mod config;
pub(crate) mod connectors;
pub(crate) mod explain;
pub(crate) mod keys;
pub(crate) mod mapping;
pub(crate) mod parked;
pub(crate) mod privacy;
mod settings_file;
pub(crate) mod shell;
pub(crate) mod shopify;
mod stack;
pub(crate) mod trace;
