//! The functions as Lambda starts them: the runtime interface emulator, which comes with the SAM CLI, against a played
//! AWS and Brevo on loopback.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use tajo_platforms::shopify::webhook;
use tajo_platforms::{Notice, Platform};
use tajo_testkit::{SHOP, STORE, World};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::Error;
use crate::bodies::{Basket, Buyer, OrderStage};
use crate::ingress::CLIENT_SECRET;
use crate::local_aws::{KEYRING, LocalAws};
use crate::rng::Rng;

/// How it is measured, for the reader.
pub const METHOD: &str = "First answer: from the request to the emulator until its answer, so start of the process, \
    clients with their TLS set-up, and one event (an order of about 17 KB; for the sweeper an empty index): the median of \
    5 starts, on the machine that ran this, which may be busy. AWS and Brevo are played on loopback without TLS, by this program: their time is in it, most of all in brevo-sync's, and a debug build of it answers slowly. Peak: \
    VmHWM of the function's process, after the first event and after 30 more (for brevo-sync batches of 10 orders).";

const STARTS: usize = 5;
const LATER: i64 = 30;

/// One function's figures.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Milliseconds until the first answer.
    pub first_ms: f64,
    /// Bytes after it.
    pub first_peak: f64,
    /// Bytes after many more.
    pub later_peak: f64,
}

/// The emulator's program, in the SAM CLI of `.tools/` or where `LAMBDA_EMULATOR` says.
pub fn find(root: &Path) -> Result<PathBuf, Error> {
    if let Some(path) = std::env::var_os("LAMBDA_EMULATOR").map(PathBuf::from) {
        let missing = || format!("LAMBDA_EMULATOR is `{}`, and there is no such file", path.display());
        return if path.exists() { Ok(path) } else { Err(missing().into()) };
    }
    let suffix = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" };
    let file = format!("site-packages/samcli/local/rapid/aws-lambda-rie-{suffix}");
    let versions = std::fs::read_dir(root.join(".tools/sam/lib")).into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join(&file)).find(|path| path.exists());
    found.ok_or_else(|| "the emulator is not there; `make tools` brings it with the SAM CLI".into())
}

/// Measures webhook-ingress, brevo-sync and cart-sweeper, in this order.
pub async fn measure(emulator: &Path, programs: [&Path; 3]) -> Result<Vec<Measured>, Error> {
    let world = World::new(crate::day::SETTINGS).await;
    let front = world.front().await;
    let aws = LocalAws::start(1).await?;
    let ingress = vec![
        ("LIVE_QUEUE_URL", format!("{}/queue/live", aws.url)),
        ("GATHER_QUEUE_URL", format!("{}/queue/gather", aws.url)),
        ("GATHER_ARN", "arn:aws:sqs:us-east-1:000000000000:gather".to_owned()),
        ("KEYRING_SECRETS", KEYRING.to_owned()),
        ("AWS_ENDPOINT_OVERRIDE", aws.url.clone()),
    ];
    let worker = front.sync_environment(120);
    let [one, two, three] = programs;
    let first = function(emulator, one, &ingress, webhook_event).await?;
    let second =
        function(emulator, two, &worker, |turn| batch_event(turn, if turn < 0 { 1 } else { 10 })).await?;
    // Orders that were only parked would make the figure look good.
    let orders = world.brevo()["orders"].as_array().map_or(0, Vec::len);
    if orders != STARTS + usize::try_from(LATER * 10)? {
        return Err(format!("only {orders} of the orders sent to brevo-sync reached Brevo").into());
    }
    let third = function(emulator, three, &worker, |_| json!({ "source": "benchmark" })).await?;
    Ok(vec![first, second, third])
}

/// `event` is asked for negative turns at first starts, and for 0 to 29 afterwards.
async fn function(
    emulator: &Path,
    program: &Path,
    environment: &[(&str, String)],
    event: impl Fn(i64) -> Value,
) -> Result<Measured, Error> {
    let mut times = Vec::with_capacity(STARTS);
    let (mut first_peak, mut later_peak) = (0.0, 0.0);
    for start in 0..STARTS {
        let running = Running::start(emulator, program, environment).await?;
        let body = event(-1 - i64::try_from(start)?);
        let begin = Instant::now();
        running.invoke(&body).await?;
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
        let process = running.function(program)?;
        first_peak = peak(process)?;
        if start + 1 == STARTS {
            for turn in 0..LATER {
                running.invoke(&event(turn)).await?;
            }
            later_peak = peak(process)?;
        }
        running.stop(process).await;
    }
    times.sort_by(f64::total_cmp);
    Ok(Measured { first_ms: times[STARTS / 2], first_peak, later_peak })
}

struct Running {
    emulator: Child,
    url: String,
    http: reqwest::Client,
}

impl Running {
    async fn start(emulator: &Path, program: &Path, environment: &[(&str, String)]) -> Result<Self, Error> {
        let (runtime, door) = (free_port().await?, free_port().await?);
        let emulator = Command::new(emulator)
            .args(["--runtime-api-address", &format!("127.0.0.1:{runtime}")])
            .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{door}")])
            .arg(program)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
            .env("AWS_REGION", "us-east-1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        let running = Self { emulator, url: format!("http://127.0.0.1:{door}"), http };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", door)).await.is_ok() {
                return Ok(running);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("the emulator did not start".into())
    }

    async fn invoke(&self, event: &Value) -> Result<(), Error> {
        let url = format!("{}/2015-03-31/functions/function/invocations", self.url);
        let answer = self.http.post(url).body(event.to_string()).send().await?.text().await?;
        // An error of the function is an answer like any other to the emulator.
        let is_well = |answer: &Value| {
            let failures =
                answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty());
            answer["errorType"].is_null()
                && answer["statusCode"].as_u64().is_none_or(|code| code == 200)
                && !failures
        };
        match serde_json::from_str(&answer) {
            Ok(value) if is_well(&value) => Ok(()),
            _ => Err(format!("the function answered `{answer}`").into()),
        }
    }

    /// The process that the emulator started.
    fn function(&self, program: &Path) -> Result<u32, Error> {
        let program = program.canonicalize()?;
        let processes = std::fs::read_dir("/proc")?.flatten();
        let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let parent = self.emulator.id();
        let is_it = |id: &u32| {
            let runs = std::fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|exe| exe == program);
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            runs && field(&status, "PPid:").and_then(|text| text.parse().ok()) == parent
        };
        ids.find(is_it).ok_or_else(|| "the function's process was not found".into())
    }

    /// Ends both, the function by its own id: the emulator leaves it behind.
    async fn stop(mut self, function: u32) {
        let _ = self.emulator.kill().await;
        let _ = Command::new("kill").args(["-9", &function.to_string()]).stderr(Stdio::null()).status().await;
    }
}

async fn free_port() -> Result<u16, Error> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}

/// The most memory that a process ever held, in bytes.
fn peak(process: u32) -> Result<f64, Error> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let kilobytes = field(&status, "VmHWM:").ok_or("the system does not tell a process's memory")?;
    Ok(kilobytes.trim_end_matches("kB").trim().parse::<f64>()? * 1024.0)
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

fn order(number: i64) -> Vec<u8> {
    let now = Timestamp::now();
    let buyer = Buyer::new(&mut Rng::new(1), number, now);
    Basket { number, buyer, lines: 6, at: now }.order(OrderStage::Placed, now, now)
}

/// A webhook as API Gateway hands it over.
fn webhook_event(turn: i64) -> Value {
    let body = order(turn + 100);
    let signature = webhook::sign(&body, CLIENT_SECRET.as_bytes());
    json!({
        "version": "2.0", "routeKey": "POST /webhooks/shopify", "rawPath": "/webhooks/shopify", "rawQueryString": "",
        "headers": {
            webhook::TOPIC: "orders/create", webhook::SHOP: SHOP, webhook::SIGNATURE: signature,
            webhook::DELIVERY: format!("delivery-{turn}"), "content-type": "application/json",
        },
        "requestContext": {
            "accountId": "123456789012", "apiId": "local", "domainName": "localhost", "domainPrefix": "local",
            "requestId": format!("request-{turn}"), "routeKey": "POST /webhooks/shopify", "stage": "$default",
            "time": "02/Nov/2026:08:00:13 +0000", "timeEpoch": 1_793_606_413_000_i64,
            "http": { "method": "POST", "path": "/webhooks/shopify", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                "userAgent": "Shopify-Captain-Hook" },
        },
        "body": String::from_utf8_lossy(&body), "isBase64Encoded": false,
    })
}

/// A batch as SQS's event source hands it over.
fn batch_event(turn: i64, size: i64) -> Value {
    let records = (0..size).map(|position| {
        let number = 1_000 + turn * 10 + position;
        let delivery = format!("delivery-{number}");
        let mut notice = Notice::new(Platform::Shopify, SHOP, "orders/create", delivery, Timestamp::now());
        notice.store = tajo_domain::StoreId::parse(STORE).ok();
        json!({
            "messageId": format!("message-{number}"), "receiptHandle": "local",
            "body": notice.wrap(&order(number)).to_json(), "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:live",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}
