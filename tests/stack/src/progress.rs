//! Progress for people: to stderr, with the seconds since the start.

use std::io::{self, Write};
use std::time::Instant;

/// Says how far we are. Data goes to stdout, so this goes to stderr.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    started: Instant,
}

impl Progress {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// One line.
    pub fn say(&self, line: &str) {
        // Nobody reading is no reason to stop.
        let _ = writeln!(io::stderr(), "[{:6.1} s] {line}", self.started.elapsed().as_secs_f64());
    }
}
