//! The AWS that webhook-ingress talks to: a queue that takes messages and a keyring. Counts what it is asked.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Error;
use crate::day::{shop_name, store_name};
use crate::ingress::CLIENT_SECRET;

/// Name of the keyring secret.
pub const KEYRING: &str = "bench/keyring-0";

/// What was asked since it was last taken.
#[derive(Debug, Default)]
pub struct Asked {
    /// Messages sent: the queue, the delay in seconds, the text.
    pub messages: Vec<(String, i64, String)>,
    /// Reads of the keyring.
    pub keyring_reads: u64,
}

/// A played AWS. Closes on drop.
pub struct LocalAws {
    /// Where it listens.
    pub url: String,
    asked: Arc<Mutex<Asked>>,
    server: JoinHandle<()>,
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl LocalAws {
    /// Starts on a free loopback port.
    pub async fn start(stores: usize) -> Result<Self, Error> {
        let asked = Arc::<Mutex<Asked>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new().fallback(call).with_state((asked.clone(), stores));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { url, asked, server })
    }

    /// What was asked since the last time.
    pub fn take(&self) -> Asked {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn call(
    State((asked, stores)): State<(Arc<Mutex<Asked>>, usize)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    match target {
        "AmazonSQS.SendMessage" => {
            let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
            let queue = text("QueueUrl").rsplit('/').next().unwrap_or_default().to_owned();
            asked.messages.push((queue, request["DelaySeconds"].as_i64().unwrap_or(0), text("MessageBody")));
            json!({ "MessageId": format!("message-{}", asked.messages.len()) }).to_string().into_response()
        }
        "secretsmanager.GetSecretValue" => {
            asked.keyring_reads += 1;
            let keys = |store: usize| {
                let keys =
                    json!({ "platform": "shopify", "shop": shop_name(store), "secrets": [CLIENT_SECRET] });
                (store_name(store), keys)
            };
            let stores: serde_json::Map<String, Value> = (0..stores).map(keys).collect();
            let keyring = json!({ "v": 1, "stores": stores, "apps": {} });
            json!({ "SecretString": keyring.to_string() }).to_string().into_response()
        }
        _ => (StatusCode::BAD_REQUEST, r#"{"__type":"UnknownOperation"}"#).into_response(),
    }
}
