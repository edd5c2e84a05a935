#![doc = include_str!("../README.md")]

mod handler;

use std::sync::Arc;
use std::time::Instant;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tajo_app::ingest::{Ingress, IngressConfig};
use tajo_app::telemetry;
use tajo_gateway::Event;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = IngressConfig::read(|name| std::env::var(name).ok())?;
    let ingress = Arc::new(Ingress::new(&config).await?);
    // Read before the first webhook waits for it. Should it fail, that webhook tries again and says so.
    let _ = ingress.keyring.get(Instant::now()).await;
    run(service_fn(move |event: LambdaEvent<Event>| {
        let ingress = ingress.clone();
        async move { Ok::<_, Error>(handler::handle(&ingress, event.payload).await) }
    }))
    .await
}
