//! Journeys in process: a body in, what Brevo knows out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::print_stdout)] // helpers of tests are tests too

mod bad_input;
mod bodies;
mod brevo_errors;
mod canary;
mod cart;
mod consent;
mod crash;
mod duplicates;
mod interleavings;
mod journey;
mod order_of_arrival;
mod picture;
mod privacy;
mod process;
mod stage;
