//! What the sandbox promises: each fact about Brevo and Shopify is a test of that name.

// The helpers of tests are not tests to clippy.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod account;
mod attributes;
mod catalog;
mod consent;
mod contacts;
mod events;
mod faults;
mod lists;
mod openapi;
mod orders;
mod over_http;
mod rates;
mod readme;
mod shopify;
mod shopify_api;
mod shopify_catalogue;
mod shopify_oauth;
mod support;
mod tracker;
mod webhooks;
