#![doc = include_str!("../README.md")]

mod handler;

use std::sync::Arc;

use lambda_runtime::{Error, run, service_fn};
use tajo_app::config::SyncConfig;
use tajo_app::{Env, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = SyncConfig::read(|name| std::env::var(name).ok())?;
    let env = Arc::new(Env::new(&config).await?);
    run(service_fn(move |event| {
        let env = env.clone();
        async move { Ok::<_, Error>(handler::handle(&env, event).await) }
    }))
    .await
}
