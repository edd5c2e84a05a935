//! The admin API under `/_sandbox`: look inside, order faults, set accounts up, send webhooks.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use axum::{Router, extract};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::brevo::{AccountSettings, Happening};
use crate::faults::{Action, Fault};
use crate::sandbox::Sandbox;
use crate::shopify;

/// `?account=` of the state and of the web page.
#[derive(Deserialize)]
pub(crate) struct Which {
    pub(crate) account: Option<String>,
}

type Reply = Result<Json<Value>, Problem>;

/// A refusal in a whole sentence.
struct Problem(StatusCode, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/state", get(state))
        .route("/calls", get(calls))
        .route("/reset", post(reset))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/accounts", get(accounts).post(configure))
        .route("/brevo/happen", post(happen))
        .route("/shopify/send", post(send))
        .route("/shopify/shops", get(shops).post(configure_shop))
        .layer(extract::DefaultBodyLimit::max(12 * 1024 * 1024))
}

/// The account named in the query, else the one whose key is in the `api-key` header, else the default one.
async fn state(State(sandbox): State<Sandbox>, Query(which): Query<Which>, headers: HeaderMap) -> Reply {
    let key = headers.get("api-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let state = match which.account.or(key) {
        Some(wanted) => sandbox.state_of(&wanted).ok_or_else(no_such_account)?,
        None => sandbox.state(),
    };
    Ok(Json(json!(state)))
}

async fn calls(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!(sandbox.calls()))
}

async fn reset(State(sandbox): State<Sandbox>) -> Json<Value> {
    sandbox.reset();
    Json(json!({"reset": true}))
}

async fn faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!(sandbox.faults()))
}

async fn add_fault(State(sandbox): State<Sandbox>, body: Bytes) -> Reply {
    let fault: Fault = read(&body)?;
    if fault.times == 0 {
        return Err(bad("`times` must be at least 1."));
    }
    if matches!(fault.action, Action::Status { status, .. } if !(200..=599).contains(&status)) {
        return Err(bad("`status` must be from 200 to 599."));
    }
    sandbox.add_fault(fault);
    Ok(Json(json!(sandbox.faults())))
}

async fn clear_faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    sandbox.clear_faults();
    Json(json!([]))
}

async fn accounts(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!(sandbox.account_names()))
}

async fn configure(State(sandbox): State<Sandbox>, body: Bytes) -> Reply {
    let settings: AccountSettings = read(&body)?;
    if settings.api_key.is_empty() {
        return Err(bad("`api_key` is missing."));
    }
    Ok(Json(json!({"account": sandbox.configure(&settings)})))
}

async fn happen(State(sandbox): State<Sandbox>, body: Bytes) -> Reply {
    let wanted: Happening = read(&body)?;
    Ok(Json(json!(sandbox.happen(&wanted, Timestamp::now()).map_err(bad)?)))
}

async fn shops(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!(sandbox.shops()))
}

async fn configure_shop(State(sandbox): State<Sandbox>, body: Bytes) -> Reply {
    let settings: shopify::ShopSettings = read(&body)?;
    if settings.shop.is_empty() {
        return Err(bad("`shop` is missing."));
    }
    sandbox.configure_shop(&settings);
    Ok(Json(json!(sandbox.shops())))
}

async fn send(State(sandbox): State<Sandbox>, body: Bytes) -> Reply {
    let wanted: shopify::Send = read(&body)?;
    if let Some(fields) = &wanted.knows {
        let customer = wanted.body.as_ref().filter(|_| wanted.topic.starts_with("customers/"));
        let customer = customer.ok_or_else(|| bad("`knows` needs the `body` of a `customers/...` topic."))?;
        let mut node = shopify::nodes::customer(customer);
        let (Some(node_fields), Some(fields)) = (node.as_object_mut(), fields.as_object()) else {
            return Err(bad("`knows` must be an object."));
        };
        node_fields.extend(fields.clone());
        sandbox.teach_shop(&wanted.shop, node);
    }
    let receipts = shopify::send(&wanted).await.map_err(bad)?;
    Ok(Json(json!(receipts)))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| bad(format!("The body does not fit: {error}.")))
}

fn bad(sentence: impl Into<String>) -> Problem {
    Problem(StatusCode::BAD_REQUEST, sentence.into())
}

fn no_such_account() -> Problem {
    Problem(StatusCode::NOT_FOUND, "There is no such account.".to_owned())
}
