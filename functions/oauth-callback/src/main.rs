//! The program: clients once, then one request after another.

use std::sync::Arc;

use lambda_http::{Error, run, service_fn};
use oauth_callback::handle;
use tajo_app::connect::{ConnectConfig, ConnectEnv};
use tajo_app::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = ConnectConfig::read(|name| std::env::var(name).ok())?;
    let env = Arc::new(ConnectEnv::new(&config).await?);
    run(service_fn(move |request| {
        let env = env.clone();
        async move { handle(&env, request).await }
    }))
    .await
}
