//! The one road on which a store is connected, edited, tested and let go: what the management API calls.
#![expect(clippy::todo, unused_variables, reason = "the interface comes first; its bodies follow")]

use tajo_api::{AppCredentials, Connect, ConnectAnswer, Credentials, DataFate, Disconnected, TestAnswer};
use tajo_domain::StoreId;

use super::{ConnectEnv, ConnectError};

/// Begins to connect a store, new or again. Everything that can be refused is refused before anything is changed.
///
/// With a token, or where the client-credentials grant gives one, the store is connected and its set-up is on the queue;
/// else the answer holds the link to open.
pub async fn begin(env: &ConnectEnv, asked: &Connect) -> Result<ConnectAnswer, ConnectError> {
    todo!()
}

/// Gives a store new credentials. Answers what a person should know.
pub async fn edit(
    env: &ConnectEnv,
    store: &StoreId,
    news: &Credentials,
) -> Result<Vec<String>, ConnectError> {
    todo!()
}

/// Lets a store go: its webhooks in the shop, its keys, its secret, its work.
pub async fn disconnect(
    env: &ConnectEnv,
    store: &StoreId,
    data: DataFate,
) -> Result<Disconnected, ConnectError> {
    todo!()
}

/// Looks at everything that a store needs to work, and changes nothing.
pub async fn test(env: &ConnectEnv, store: &StoreId) -> Result<TestAnswer, ConnectError> {
    todo!()
}

/// Stores an app's client id and secret. The secret before stays good as the second.
pub async fn set_app(env: &ConnectEnv, app: &AppCredentials) -> Result<(), ConnectError> {
    todo!()
}

/// `shopify.app.toml` for this deployment.
pub async fn app_config(env: &ConnectEnv) -> Result<String, ConnectError> {
    todo!()
}

/// Has the webhooks of a store looked through soon: to be called when its settings changed.
pub async fn ask_webhook_check(env: &ConnectEnv, store: &StoreId) -> Result<(), ConnectError> {
    todo!()
}
