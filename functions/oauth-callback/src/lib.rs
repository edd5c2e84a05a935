#![doc = include_str!("../README.md")]

mod cookie;
mod handler;
mod page;

pub use handler::handle;
