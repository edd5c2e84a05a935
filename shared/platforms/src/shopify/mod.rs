//! Shopify: is a webhook genuine, what is it about, what does its body mean, and what is asked for when it says too little.

pub mod api;
pub mod change;
pub mod oauth;
mod payload;
mod payload_order;
mod payload_product;
mod shape;
pub mod subscriptions;
mod topic;
pub mod webhook;

pub use topic::Topic;
