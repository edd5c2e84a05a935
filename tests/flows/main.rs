//! Journeys in process: a body in, what Brevo knows out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::print_stdout)] // helpers of tests are tests too

mod bad_input;
mod bodies;
mod brevo_errors;
mod canary;
mod cart;
mod consent;
mod crash;
mod customer_properties;
mod customers;
mod duplicates;
mod fetched;
mod interleavings;
mod journey;
mod lost_answers;
mod lookup;
mod order_of_arrival;
mod picture;
mod process;
mod skills;
mod settings;
mod stage;
