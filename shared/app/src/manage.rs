//! The management API: what `tajo`, the SDK and anybody's own programs ask. Start reading here.
//!
//! [`tajo_api::OPERATIONS`] is the table of it; one file here per topic. Why it is so: `docs/decisions/0026-management-api.md`.

mod audit;
mod call;
mod connection;
mod count;
mod cursor;
mod fault;
mod forward;
pub mod keys;
mod logs;
mod named;
mod parked;
mod query;
mod router;
pub(crate) mod runs;
mod settings;
mod stores;
mod trace;
mod wire;

use tajo_api::{Operation, Scope};
use tajo_state::{Pepper, get_secret};
use tracing::{error, info};

use crate::config::{ConfigError, number, required};
use crate::connect::{ConnectConfig, ConnectEnv};
use audit::Notes;
use call::Call;
use fault::Fault;
use router::Found;
use wire::Reply;
pub use wire::{Request, Response};

/// The OpenAPI document of this version, as it is served. A test compares it with what the types say.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

/// How many requests a key may make in a minute, unless the configuration says otherwise.
const REQUESTS_PER_MINUTE: u64 = 600;

/// What management reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManageConfig {
    /// What connecting reads.
    pub connect: ConnectConfig,
    /// The secret that goes into the hashes of people. From `PEPPER_SECRET`.
    pub pepper_secret: String,
    /// How many requests a key may make in a minute. From `KEY_REQUESTS_PER_MINUTE`; empty: 600.
    pub requests_per_minute: u64,
}

impl ManageConfig {
    /// Reads every variable through `lookup`.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            requests_per_minute: number("KEY_REQUESTS_PER_MINUTE", REQUESTS_PER_MINUTE, &lookup)?,
            pepper_secret: required("PEPPER_SECRET", &lookup)?,
            connect: ConnectConfig::read(lookup)?,
        })
    }
}

/// What the API works with.
pub struct Manage {
    /// State, secrets, queue, Brevo, Shopify, the clock.
    pub connect: ConnectEnv,
    /// How many requests a key may make in a minute.
    pub requests_per_minute: u64,
}

impl Manage {
    /// Clients for this configuration.
    pub async fn new(config: &ManageConfig) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut connect = ConnectEnv::new(&config.connect).await?;
        let pepper = Pepper::new(get_secret(&connect.keyrings, &config.pepper_secret).await?);
        connect.table = connect.table.with_pepper(pepper);
        Ok(Self { connect, requests_per_minute: config.requests_per_minute })
    }
}

/// Answers one request. Never fails: what goes wrong is a problem, in the caller's words.
pub async fn answer(manage: &Manage, request: &Request) -> Response {
    let found = router::find(&request.method, &request.path); // pure
    let operation = match &found {
        Found::Operation { operation, .. } => operation.id,
        Found::Methods(_) | Found::WrongMethod(_) | Found::Nothing => "",
    };
    let mut caller = String::new();
    let answered = journey(manage, request, found, &mut caller).await;
    let response = match answered {
        Ok(reply) => Response::of(reply),
        Err(fault) => {
            if let Some(cause) = &fault.cause {
                error!(operation, cause, "the management API could not answer");
            }
            Response::of_fault(fault)
        }
    };
    // No path and no query: what a stranger wrote is not repeated.
    info!(operation, key.id = caller, status = response.status, "management answered {}", response.status);
    if request.method == "HEAD" { response.without_body() } else { response }
}

async fn journey(
    manage: &Manage,
    request: &Request,
    found: Found,
    caller: &mut String,
) -> Result<Reply, Fault> {
    let (operation, parts) = match found {
        Found::Operation { operation, parts } => (operation, parts),
        Found::Methods(allowed) => return Ok(Reply::methods(&allowed)),
        Found::WrongMethod(allowed) => return Err(Fault::wrong_method(&allowed)),
        Found::Nothing => return Err(Fault::nothing_here()),
    };
    let Some(scope) = operation.scope else {
        query::read(operation.id, &request.query)?;
        return Ok(Reply::text(DOCUMENT));
    };
    let key = keys::admit(manage, request.authorization.as_deref()).await?; //  reads the key, counts its use
    caller.push_str(&key.id);
    if !operation.changes() {
        return permitted(manage, request, operation, scope, key, parts, &Notes::default()).await;
    }
    let notes = Notes::default();
    let record = audit::begin(manage, operation, &key, &parts, request).await?; // writes the record
    let answered = permitted(manage, request, operation, scope, key, parts, &notes).await;
    audit::end(manage, record, &notes, &answered).await; //                          and how it ended
    answered
}

/// Does what is asked for, if the key may.
async fn permitted(
    manage: &Manage,
    request: &Request,
    operation: &Operation,
    scope: Scope,
    key: keys::Caller,
    parts: Vec<String>,
    notes: &Notes,
) -> Result<Reply, Fault> {
    if key.scope < scope {
        return Err(keys::too_little(scope, "do this"));
    }
    let query = query::read(operation.id, &request.query)?; // pure
    perform(&Call { manage, key, operation: operation.id, parts, query, request, notes }).await
}

/// The operations and what does them. A test holds this against the table.
async fn perform(call: &Call<'_>) -> Result<Reply, Fault> {
    // Boxed: the journeys differ much in their depth, and the stack is no place for the deepest of them.
    match call.operation {
        "listStores" => Box::pin(stores::list(call)).await,
        "status" => Box::pin(stores::status(call)).await,
        "pause" => Box::pin(stores::pause(call)).await,
        "resume" => Box::pin(stores::resume(call)).await,
        "connect" => Box::pin(connection::connect(call)).await,
        "editCredentials" => Box::pin(connection::edit(call)).await,
        "disconnect" => Box::pin(connection::disconnect(call)).await,
        "test" => Box::pin(connection::test(call)).await,
        "setShopifyApp" => Box::pin(connection::set_app(call)).await,
        "purgeSecrets" => Box::pin(connection::purge(call)).await,
        "shopifyAppConfig" => Box::pin(connection::app_config(call)).await,
        "getSettings" => Box::pin(settings::get(call)).await,
        "putSettings" => Box::pin(settings::put(call)).await,
        "validateSettings" => Box::pin(settings::validate(call)).await,
        "sync" => Box::pin(runs::sync(call)).await,
        "history" => Box::pin(runs::history(call)).await,
        "run" => Box::pin(runs::run(call)).await,
        "logs" => Box::pin(logs::logs(call)).await,
        "trace" => Box::pin(trace::trace(call)).await,
        "handleWebhook" => Box::pin(forward::webhook(call)).await,
        "listParked" => Box::pin(parked::list(call)).await,
        "showParked" => Box::pin(parked::show(call)).await,
        "retryParked" => Box::pin(parked::retry(call)).await,
        "dropParked" => Box::pin(parked::drop(call)).await,
        "listKeys" => Box::pin(keys::list(call)).await,
        "createKey" => Box::pin(keys::create(call)).await,
        "rollKey" => Box::pin(keys::roll(call)).await,
        "revokeKey" => Box::pin(keys::revoke(call)).await,
        "rotateBrevoToken" => Box::pin(connection::rotate(call)).await,
        "audit" => Box::pin(audit::list(call)).await,
        // Of the table, but not here: a test would have said so.
        other => Err(Fault::internal(format!("nothing does `{other}`"))),
    }
}
