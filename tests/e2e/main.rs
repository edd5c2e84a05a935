//! Tests of the deployed stack that `TAJO_STACK` names. They run side by side, each with a store of its own; the one
//! that reads the logs comes last.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::panic)] // helpers of tests are tests too

mod attacks;
mod bodies;
mod canaries;
mod commands;
mod connect;
mod explain;
mod five_minutes;
mod front_door;
mod installed;
mod journey;
mod manage;
mod samples;
mod shop;
mod stage;
mod trouble;
mod what_was_logged;
