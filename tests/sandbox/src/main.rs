//! Starts a sandbox and says where it is.

use std::io::{self, Write};

use clap::Parser;
use tajo_sandbox::{Sandbox, wait_for_the_end};

/// Plays Brevo's API v3 and a Shopify shop on 127.0.0.1.
#[derive(Parser)]
struct Options {
    /// The port; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// It stops by itself after so many seconds.
    #[arg(long, default_value_t = 14_400)]
    max_seconds: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    let mut running = Sandbox::new().listen(options.port).await?;
    // The one line on stdout, for scripts.
    writeln!(io::stdout(), "{}", serde_json::json!({"url": running.url}))?;
    io::stdout().flush()?;
    wait_for_the_end(&mut running, options.max_seconds).await
}
