//! One file per command.

pub(crate) mod connect;
pub(crate) mod explain;
pub(crate) mod parked;
pub(crate) mod privacy;
mod stack;
