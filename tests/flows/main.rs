//! Journeys in process: a body in, what Brevo knows out.

mod bodies;
mod consent;
mod duplicates;
mod journey;
mod order_of_arrival;
mod picture;
mod stage;
