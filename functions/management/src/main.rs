#![doc = include_str!("../README.md")]

mod handler;

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tajo_app::manage::{Manage, ManageConfig};
use tajo_app::telemetry;
use tajo_gateway::Event;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = ManageConfig::read(|name| std::env::var(name).ok())?;
    let manage = Arc::new(Manage::new(&config).await?);
    run(service_fn(move |event: LambdaEvent<Event>| {
        let manage = manage.clone();
        async move { Ok::<_, Error>(handler::handle(&manage, event.payload).await) }
    }))
    .await
}
