#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that meets something unexpected should stop there"
)]

mod events;
mod front;
mod meter;
pub mod openapi;
pub mod roles;
mod world;

pub use events::{body, deliver, notice, record};
pub use front::{Front, Knock, Verdict};
pub use meter::{Meter, Units};
pub use world::{ACCOUNT, BREVO_KEY, KEYRING, Message, PUBLIC_URL, SHOP, SHOPIFY_TOKEN, STORE, World};
