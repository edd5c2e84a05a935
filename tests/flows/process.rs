//! brevo-sync as the process it is, between a played Lambda runtime and a door that a test holds.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};
use tajo_platforms::Notice;
use tajo_testkit::{Front, Verdict, World};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{OnceCell, mpsc};
use tokio::task::JoinHandle;

/// When the process is killed: calls are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    Never,
    /// Before this call leaves.
    Before(usize),
    /// After this call had its effect, before its answer is seen.
    After(usize),
}

/// One outgoing call of the process.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    pub about: String,
    pub had_effect: bool,
}

/// How an invocation went.
#[derive(Debug)]
pub struct Invocation {
    pub killed: bool,
    pub calls: Vec<Call>,
    /// Messages that the queue must keep.
    pub failures: usize,
    /// Everything that the process wrote.
    pub output: String,
}

/// How long a claim is held in these processes, in seconds.
pub const CLAIM_SECONDS: u32 = 1;

/// Gives one notice to a fresh process, as a batch of one.
pub async fn invoke(world: &Arc<World>, notice: &Notice, received: u32, kill: Kill) -> Invocation {
    let (sender, mut knocks) = mpsc::unbounded_channel();
    let front = Front::open(world.clone(), Some(sender)).await;
    let (api, mut ends) = runtime_api(sqs_event(notice, received)).await;
    let mut child = start(&front, &api).await;
    let output = Output::collect(&mut child);
    let mut calls: Vec<Call> = Vec::new();
    let failures = loop {
        tokio::select! {
            Some(knock) = knocks.recv() => {
                match calls.last_mut().filter(|_| knock.answered) {
                    Some(call) => call.had_effect = knock.took,
                    None => calls.push(Call { name: knock.call, about: knock.about, had_effect: false }),
                }
                let now = if knock.answered { Kill::After(calls.len()) } else { Kill::Before(calls.len()) };
                if kill == now {
                    child.kill().await.unwrap();
                    break None;
                }
                knock.verdict.send(Verdict::Go).unwrap();
            }
            Some(end) = ends.recv() => break Some(end["batchItemFailures"].as_array().map_or(0, Vec::len)),
            status = child.wait() => panic!("brevo-sync ended by itself: {status:?} {}", output.text().await),
            () = tokio::time::sleep(Duration::from_secs(60)) => panic!("brevo-sync hangs after {calls:?}"),
        }
    };
    let _ = child.kill().await;
    let output = output.text().await;
    Invocation { killed: failures.is_none(), calls, failures: failures.unwrap_or(0), output }
}

async fn start(front: &Front, api: &str) -> Child {
    let lambda = [
        ("AWS_LAMBDA_RUNTIME_API", api),
        ("AWS_LAMBDA_FUNCTION_NAME", "brevo-sync"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/brevo-sync"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/02/[$LATEST]1"),
    ];
    Command::new(binary().await)
        .env_clear()
        .envs(lambda)
        .envs(front.sync_environment(CLAIM_SECONDS))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// What the process writes, read while it runs: a full pipe would hold it up.
struct Output(JoinHandle<String>, JoinHandle<String>);

impl Output {
    fn collect(child: &mut Child) -> Self {
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self(tokio::spawn(all_of(out)), tokio::spawn(all_of(err)))
    }

    async fn text(self) -> String {
        self.0.await.unwrap() + &self.1.await.unwrap()
    }
}

async fn all_of(mut pipe: impl AsyncRead + Unpin) -> String {
    let mut text = String::new();
    pipe.read_to_string(&mut text).await.unwrap();
    text
}

/// The function as it is deployed, built as this test was.
async fn binary() -> &'static PathBuf {
    static BINARY: OnceCell<PathBuf> = OnceCell::const_new();
    BINARY
        .get_or_init(|| async {
            let test = std::env::current_exe().unwrap();
            let profile = test.parent().unwrap().parent().unwrap();
            let above = profile.parent().unwrap().file_name().unwrap().to_str().unwrap();
            let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
            let mut build = Command::new(cargo);
            build.args(["build", "--quiet", "--package", "brevo-sync"]);
            // A test for an explicit target lies one folder deeper: target/x86_64-unknown-linux-gnu/debug/deps.
            if above.contains("-linux-") || above.contains("-apple-") {
                build.args(["--target", above]);
            }
            if profile.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().await.unwrap().success(), "brevo-sync cannot be built");
            profile.join("brevo-sync")
        })
        .await
}

fn sqs_event(notice: &Notice, received: u32) -> Value {
    json!({"Records": [{
        "messageId": format!("m-{}", notice.delivery),
        "receiptHandle": "handle",
        "body": notice.to_json(),
        "attributes": {"ApproximateReceiveCount": received.to_string()},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:live",
        "awsRegion": "us-east-1",
    }]})
}

struct Api {
    event: Value,
    is_given: AtomicBool,
    ends: mpsc::UnboundedSender<Value>,
}

/// The runtime API of Lambda for one invocation: hands it out, then waits for its answer.
async fn runtime_api(event: Value) -> (String, mpsc::UnboundedReceiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, ends) = mpsc::unbounded_channel();
    let api = Arc::new(Api { event, is_given: AtomicBool::new(false), ends: sender });
    let app = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
        .with_state(api);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, ends)
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    if api.is_given.swap(true, Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    let deadline = Timestamp::now().as_millisecond() + 60_000;
    let headers: HeaderMap = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:brevo-sync".to_owned(),
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
    .collect();
    (headers, api.event.to_string()).into_response()
}

async fn answered(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let _ = api.ends.send(serde_json::from_slice(&body).unwrap_or_default());
    StatusCode::ACCEPTED
}
