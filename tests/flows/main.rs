//! Journeys in process: a body in, what Brevo knows out.

mod journey;
mod picture;
