//! Journeys in process: a body in, what Brevo knows out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::print_stdout)] // helpers of tests are tests too

mod amounts;
mod bad_input;
mod bodies;
mod brevo_door;
mod brevo_errors;
mod brevos_document;
mod canary;
mod cart;
mod carts;
mod chaos;
mod collections;
mod collections_trouble;
mod consent;
mod consent_from_brevo;
mod consent_lattice;
mod consent_to_shopify;
mod crash;
mod customer_properties;
mod customers;
mod duplicates;
mod emptied;
mod erased;
mod fetched;
mod interleavings;
mod journey;
mod lookup;
mod lost_answers;
mod money;
mod old_items;
mod order_of_arrival;
mod orders;
mod parked;
mod picture;
mod privacy;
mod process;
mod products;
mod readme;
mod ride;
mod set_up;
mod settings;
mod skills;
mod stage;
mod stock;
mod uncounted;
