#![doc = include_str!("../README.md")]

pub mod browser;
mod connect;
pub mod demo;
mod deploy;
mod error;
mod http;
pub mod local_aws;
mod ministack;
mod process;
mod progress;
mod sandbox;
mod stack;
mod up;
mod written;

pub use deploy::Build;
pub use error::{Error, Result};
pub use progress::Progress;
pub use stack::{DemoStore, Functions, Queues, Stack};
pub use up::{Options, down, up};
pub use written::{Written, write_down};
