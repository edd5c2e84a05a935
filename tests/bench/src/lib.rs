//! The counted figures of the project: `make bench`. Counts and sizes, never seconds of this machine, except where
//! the Lambda runtime emulator is asked for a first answer. Nothing here fails because a figure is bad.

pub mod bodies;
pub mod ingress;
pub mod rng;

#[cfg(feature = "world")]
pub mod callgrind;
#[cfg(feature = "world")]
pub mod compare;
#[cfg(feature = "world")]
pub mod cost;
#[cfg(feature = "world")]
pub mod day;
#[cfg(feature = "world")]
pub mod days;
#[cfg(feature = "world")]
pub mod driver;
#[cfg(feature = "world")]
pub mod duplicates;
#[cfg(feature = "world")]
pub mod emulator;
#[cfg(feature = "world")]
pub mod figures;
#[cfg(feature = "world")]
pub mod flash;
#[cfg(feature = "world")]
pub mod functions;
#[cfg(feature = "world")]
pub mod local_aws;
#[cfg(feature = "world")]
pub mod logs;
#[cfg(feature = "world")]
pub mod queues;
#[cfg(feature = "world")]
pub mod table;
#[cfg(feature = "world")]
pub mod tally;

/// Whatever stops a section; told as a sentence.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
