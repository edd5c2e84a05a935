//! Counts the bytes of the log lines that the functions write, in their own format, instead of showing them.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_subscriber::EnvFilter;

static BYTES: AtomicU64 = AtomicU64::new(0);
static LINES: AtomicU64 = AtomicU64::new(0);

/// Log lines and their bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Logged {
    /// Lines.
    pub lines: u64,
    /// Bytes, without what CloudWatch adds.
    pub bytes: u64,
}

/// Added to every event for the price ("CloudWatch Logs quotas and pricing": 26 bytes of overhead).
const CLOUDWATCH_OVERHEAD: u64 = 26;

impl Logged {
    /// What has been logged so far.
    pub fn now() -> Self {
        Self { lines: LINES.load(Ordering::Relaxed), bytes: BYTES.load(Ordering::Relaxed) }
    }

    /// What was logged since then.
    pub fn since(before: Self) -> Self {
        let now = Self::now();
        Self { lines: now.lines - before.lines, bytes: now.bytes - before.bytes }
    }

    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.bytes += other.bytes;
    }

    /// As CloudWatch bills it.
    pub fn billed(self) -> u64 {
        self.bytes + self.lines * CLOUDWATCH_OVERHEAD
    }
}

/// Starts counting. The same filter and format as `tajo_app::telemetry::start`.
pub fn start() {
    let filter = EnvFilter::new("warn,tajo_app=info,tajo_brevo=info,tajo_state=info");
    let logs = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false);
    let _ = logs.with_env_filter(filter).with_writer(|| Counter).try_init();
}

struct Counter;

impl Write for Counter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let lines = line.iter().filter(|byte| **byte == b'\n').count();
        BYTES.fetch_add(u64::try_from(line.len() - lines).unwrap_or(0), Ordering::Relaxed);
        LINES.fetch_add(u64::try_from(lines).unwrap_or(0), Ordering::Relaxed);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
