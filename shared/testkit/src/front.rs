//! One worker's way to the world: AWS, Brevo and the shop behind one address, with a door that a test can hold.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tajo_app::Clock;
use tajo_sandbox::Ending;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::roles;
use crate::world::{Message, PEPPER, World};

/// Where a function calls AWS, before its role's name.
const AS: &str = "/as/";

/// A call at the door: before it leaves, or with its answer on the way back.
#[derive(Debug)]
pub struct Knock {
    /// What is called: `DynamoDB PutItem`, `Brevo POST /v3/events`, …
    pub call: String,
    /// What it is about: the partition key of an item, the path of a Brevo call (of a batch of events with their number),
    /// the name of a secret or queue.
    pub about: String,
    /// The answer is on its way back (the call has had its effect).
    pub answered: bool,
    /// The answer is a success: a write whose condition failed changed nothing.
    pub took: bool,
    /// Lets it through, or not. Dropping it refuses.
    pub verdict: oneshot::Sender<Verdict>,
}

/// What a test says to a knock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Let it through.
    Go,
    /// Break the connection.
    Break,
}

/// One worker's way to the world. Closes on drop.
pub struct Front {
    /// The address of AWS; Brevo is at `{url}/v3`.
    pub url: String,
    server: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Clone)]
struct Door {
    world: Arc<World>,
    clock: Clock,
    knocks: Option<mpsc::UnboundedSender<Knock>>,
}

impl Front {
    /// Opens a front. With `knocks`, every call is announced there twice and waits for its verdict.
    pub async fn open(world: Arc<World>, knocks: Option<mpsc::UnboundedSender<Knock>>) -> Self {
        let clock = world.clock.clone();
        Self::open_at(world, clock, knocks).await
    }

    /// The same, for a worker with a clock of its own.
    pub async fn open_at(
        world: Arc<World>,
        clock: Clock,
        knocks: Option<mpsc::UnboundedSender<Knock>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(call).with_state(Door { world, clock, knocks });
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, server }
    }

    /// The address of AWS for a function: its role in template.yaml decides what it may do in the table.
    pub fn of(&self, role: &str) -> String {
        format!("{}{AS}{role}", self.url)
    }

    /// The environment of a brevo-sync process that goes this way.
    pub fn sync_environment(&self, claim_seconds: u32) -> Vec<(&'static str, String)> {
        let config = crate::world::sync_config(self);
        vec![
            ("STATE_TABLE", config.table),
            ("LIVE_QUEUE_URL", config.live_queue_url),
            ("GATHER_QUEUE_URL", config.gather_queue_url),
            ("GATHER_ARN", config.gather_arn),
            ("DEAD_LETTERS_ARN", config.dead_letters_arn),
            ("STORE_SECRETS_PREFIX", config.store_secrets_prefix),
            ("PEPPER_SECRET", config.pepper_secret),
            ("BREVO_API_URL", config.brevo_api_url),
            ("BREVO_TRACKER_URL", config.brevo_tracker_url),
            ("SHOPIFY_API_URL", config.shopify_api_url.unwrap_or_default()),
            ("CLAIM_SECONDS", claim_seconds.to_string()),
            ("PUBLIC_URL", config.public_url),
            ("AWS_ENDPOINT_OVERRIDE", self.of("brevo-sync")),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }
}

async fn call(
    State(door): State<Door>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let name = match &target {
        Some(target) => {
            let (service, operation) = target.split_once('.').unwrap();
            format!("{} {operation}", service.split('_').next().unwrap())
        }
        None if uri.path().starts_with("/admin/") => format!("Shopify {method} {}", uri.path()),
        None => format!("Brevo {method} {}", uri.path()),
    };
    let about = about(&uri, &body);
    let on_its_way = door.clock.call();
    // A task of its own: a caller that dies does not take back a call that has left.
    let passing = tokio::spawn(async move {
        let _on_its_way = on_its_way;
        if !passes(&door, &name, &about, None).await {
            return broken();
        }
        let response = match &target {
            Some(target) if target.starts_with("DynamoDB") => {
                match denied(&door.world, &uri, target, &body) {
                    Some(denied) => denied,
                    None => dynamo(&door.world, target, &headers, body).await,
                }
            }
            Some(target) if target.starts_with("AmazonSQS") => sqs(&door.world, &body),
            Some(target) => secret(&door.world, target, &body),
            None => played(&door.world, &door.clock, &method, &uri, &headers, &body),
        };
        let took = response.status().is_success();
        if passes(&door, &name, &about, Some(took)).await { response } else { broken() }
    });
    passing.await.unwrap_or_else(|_| broken())
}

fn about(uri: &Uri, body: &[u8]) -> String {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(events) = request["events"].as_array() {
        return format!("{} of {}", uri.path(), events.len());
    }
    let values = &request["ExpressionAttributeValues"];
    let names = [
        &request["Item"]["pk"]["S"],
        &request["Key"]["pk"]["S"],
        &values[":pk"]["S"],
        &values[":shard"]["S"],
        &request["SecretId"],
        &request["QueueUrl"],
    ];
    names.into_iter().find_map(Value::as_str).map_or_else(|| uri.path().to_owned(), str::to_owned)
}

/// `took`: whether the answer that is on its way back is a success.
async fn passes(door: &Door, call: &str, about: &str, took: Option<bool>) -> bool {
    let Some(knocks) = &door.knocks else { return true };
    // Read once, when a process starts: before there is anything for a test to hold.
    if about == PEPPER {
        return true;
    }
    let (verdict, answer) = oneshot::channel();
    let (answered, took) = (took.is_some(), took.unwrap_or(false));
    let knock = Knock { call: call.to_owned(), about: about.to_owned(), answered, took, verdict };
    knocks.send(knock).is_ok() && answer.await == Ok(Verdict::Go)
}

/// A body that breaks off: the caller sees a broken connection, not an answer.
fn broken() -> Response {
    breaks_off(Vec::new())
}

fn breaks_off(sent: Vec<u8>) -> Response {
    let length = axum::http::HeaderValue::from(sent.len() + 10);
    let pieces = [Ok(Bytes::from(sent)), Err(std::io::Error::other("broken on purpose"))];
    let mut response = Response::new(Body::from_stream(futures::stream::iter(pieces)));
    response.headers_mut().insert("content-length", length);
    response
}

/// The answer to what the caller's role does not allow. Tests themselves call without a role, and may do everything.
fn denied(world: &World, uri: &Uri, target: &str, body: &[u8]) -> Option<Response> {
    let role = uri.path().strip_prefix(AS)?.trim_end_matches('/');
    let operation = target.rsplit('.').next().unwrap_or_default();
    let request: Value = serde_json::from_slice(body).unwrap();
    let asked = roles::asked(operation, &request).into_iter().find(|asked| !roles::allows(role, asked))?;
    let denied = format!("{role}: {asked:?}");
    eprintln!("template.yaml does not allow {denied}");
    world.denied.lock().unwrap().push(denied);
    let answer =
        json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "message": "by its role" });
    Some(json_response(400, &answer))
}

async fn dynamo(world: &World, target: &str, headers: &HeaderMap, body: Bytes) -> Response {
    let mut request: Value = serde_json::from_slice(&body).unwrap();
    if !target.ends_with("CreateTable") {
        request["ReturnConsumedCapacity"] = json!("INDEXES");
    }
    let mut forward = world.http.post(&world.dynamo).body(request.to_string());
    for (name, value) in headers {
        if name != "host" && name != "content-length" {
            forward = forward.header(name, value);
        }
    }
    let answer = forward.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    let bytes = answer.bytes().await.unwrap();
    let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    world.meter.lock().unwrap().dynamo(target, &request, status.as_u16(), &json);
    (status, [("content-type", "application/x-amz-json-1.0")], bytes).into_response()
}

fn sqs(world: &World, body: &[u8]) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap();
    let name = request["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap().to_owned();
    world.meter.lock().unwrap().sqs_sends += 1;
    let mut queue = world.queue.lock().unwrap();
    let mut put = |message: &Value| {
        queue.push(Message {
            queue: name.clone(),
            body: message["MessageBody"].as_str().unwrap().to_owned(),
            delay: message["DelaySeconds"].as_u64().unwrap_or(0),
        });
        format!("deferred-{}", queue.len())
    };
    let Some(entries) = request["Entries"].as_array() else {
        return json_response(200, &json!({ "MessageId": put(&request) }));
    };
    let taken: Vec<Value> = entries
        .iter()
        .map(|entry| json!({ "Id": entry["Id"], "MessageId": put(entry), "MD5OfMessageBody": "" }))
        .collect();
    json_response(200, &json!({ "Successful": taken, "Failed": [] }))
}

fn secret(world: &World, target: &str, body: &[u8]) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap();
    let name = request["SecretId"].as_str().or(request["Name"].as_str()).unwrap();
    let mut secrets = world.secrets.lock().unwrap();
    if target.ends_with("DeleteSecret") {
        let gone = json!({ "__type": "ResourceNotFoundException" });
        return secrets
            .remove(name)
            .map_or_else(|| json_response(400, &gone), |_| json_response(200, &json!({ "Name": name })));
    }
    if let (Some(text), true) =
        (request["SecretString"].as_str(), may_put(target, secrets.contains_key(name)))
    {
        secrets.insert(name.to_owned(), text.to_owned());
        if let Some(key) = request["KmsKeyId"].as_str() {
            world.kms_keys.lock().unwrap().insert(name.to_owned(), key.to_owned());
        }
    }
    match secrets.get(name) {
        Some(text) => json_response(200, &json!({ "SecretString": text })),
        None => json_response(400, &json!({ "__type": "ResourceNotFoundException" })),
    }
}

/// Only what is there is put, only what is not is created.
fn may_put(target: &str, is_there: bool) -> bool {
    target.ends_with(if is_there { "PutSecretValue" } else { "CreateSecret" })
}

/// Brevo or the shop, as the sandbox plays them.
fn played(
    world: &World,
    clock: &Clock,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let target = uri.path_and_query().unwrap().as_str();
    let mut request = tajo_sandbox::Request::new(method.as_str(), target);
    request.headers.clear();
    for name in ["api-key", "ma-key", "x-shopify-access-token"] {
        if let Some(key) = headers.get(name) {
            request.headers.push((name.to_owned(), key.to_str().unwrap().to_owned()));
        }
    }
    request.body = body.to_vec();
    // Of the tracker Brevo has no document.
    if uri.path().starts_with("/v3/")
        && let Some(fault) = crate::openapi::fault(method.as_str(), uri.path(), body)
    {
        // Whoever sent it ends in another state than the test expects, with this as the reason.
        let message = format!("not as Brevo's OpenAPI document says: {fault}");
        // No status of a value that Brevo refuses: the connector would leave it out, and nobody would notice.
        return json_response(406, &json!({ "code": "not_acceptable", "message": message }));
    }
    let answer = world.sandbox.call_at(request, clock.now());
    if uri.path().starts_with("/admin/") {
        world.meter.lock().unwrap().shopify_calls += 1;
    } else {
        world.meter.lock().unwrap().brevo(method.as_str(), uri.path(), answer.status);
    }
    let mut response = match answer.ending {
        Ending::Whole => Response::new(Body::from(answer.body.clone())),
        Ending::Truncated => breaks_off(answer.body.clone()),
        Ending::Dropped => return broken(),
    };
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    for (name, value) in &answer.headers {
        let name: axum::http::HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn json_response(status: u16, body: &Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}
