//! The program: clients once, then one request after another.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use oauth_callback::handle;
use tajo_app::connect::{ConnectConfig, ConnectEnv};
use tajo_app::telemetry;
use tajo_gateway::Event;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = ConnectConfig::read(|name| std::env::var(name).ok())?;
    let env = Arc::new(ConnectEnv::new(&config).await?);
    run(service_fn(move |event: LambdaEvent<Event>| {
        let env = env.clone();
        // Boxed: the compiler gives up on laying out the whole story within the runtime's own.
        async move { Ok::<_, Error>(Box::pin(handle(&env, event.payload)).await) }
    }))
    .await
}
