//! One file per command.

pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod explain;
pub(crate) mod mapping;
pub(crate) mod parked;
pub(crate) mod privacy;
mod settings_file;
mod stack;
