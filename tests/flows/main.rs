//! Journeys in process: a body in, what Brevo knows out.

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
mod process;
mod stage;
