#![doc = include_str!("../README.md")]

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use tajo_app::config::SweeperConfig;
use tajo_app::sweep::{Sweeper, Swept, sweep};
use tajo_app::telemetry;

/// Left of the deadline for ending in order.
const RESERVE: SignedDuration = SignedDuration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = SweeperConfig::read(|name| std::env::var(name).ok())?;
    let sweeper = Arc::new(Sweeper::new(&config).await?);
    run(service_fn(move |event| {
        let sweeper = sweeper.clone();
        async move { handle(&sweeper, event).await }
    }))
    .await
}

/// The schedule's event says nothing that matters.
async fn handle(sweeper: &Sweeper, event: LambdaEvent<Value>) -> Result<Swept, Error> {
    let deadline =
        i64::try_from(event.context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let deadline = deadline.unwrap_or(Timestamp::MAX).saturating_sub(RESERVE)?;
    sweep(sweeper, deadline).await
}
