//! The sandbox that plays Brevo and Shopify: our own program, started as a process.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::process::{self, Running};
use crate::{Error, Result};

/// A started sandbox.
pub(crate) struct Sandbox {
    /// Its address; Brevo is under `/v3`.
    pub url: String,
    /// The process.
    pub process: Running,
}

/// The line that the sandbox prints once it listens.
#[derive(Deserialize)]
struct Ready {
    url: String,
}

/// Starts `program` and waits until it says where it listens.
pub(crate) async fn start(program: &Path, dir: &Path, lifetime: &str) -> Result<Sandbox> {
    let said = dir.join("logs/sandbox.out");
    let stdout = File::create(&said)
        .map_err(|error| Error::new(format!("cannot write {}: {error}", said.display())))?;
    let port = process::free_port()?;
    let mut command = Command::new(program);
    command.arg("--port").arg(port.to_string()).arg("--max-seconds").arg(seconds(lifetime)?.to_string());
    let mut process = process::start(dir, "sandbox", lifetime, &command, Some(stdout))?;
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        if let Some(ready) = text.lines().find_map(|line| serde_json::from_str::<Ready>(line).ok()) {
            return Ok(Sandbox { url: ready.url.trim_end_matches('/').to_owned(), process });
        }
        process.check()?;
        if patience < Instant::now() {
            return Err(crate::error::with_log("the sandbox does not say where it listens", &process.log));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// `90s`, `20m` or `4h` in seconds.
fn seconds(lifetime: &str) -> Result<u64> {
    let wrong = || Error::new(format!("`{lifetime}` is not a time")).hint("write it like 90s, 20m or 4h");
    let unit = lifetime.chars().last().ok_or_else(wrong)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = lifetime.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    Ok(number * factor)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!(seconds("4h").unwrap(), 14_400);
        assert_eq!(seconds("90s").unwrap(), 90);
        assert!(seconds("soon").is_err());
        assert!(seconds("").is_err());
    }
}
