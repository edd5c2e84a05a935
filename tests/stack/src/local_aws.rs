//! The local AWS, as tests need it: read what functions logged, wait for queues, invoke a function by hand.
//!
//! Plain HTTP instead of four more SDK crates: MiniStack reads service and region from the header and checks no signature.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, Result, Stack};

/// What a function answered.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Its answer, or the error it reported.
    pub payload: Value,
    /// Whether it failed.
    pub failed: bool,
}

/// One line that a function wrote to stdout or stderr, or one of Lambda's own (`START`, `END`, `REPORT`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LogLine {
    /// The log group: `/tajo/{stack}/{function}`.
    #[serde(default)]
    pub group: String,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The line.
    pub message: String,
}

/// How much is on a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Can be received now.
    pub waiting: u64,
    /// Received and not yet deleted: being worked on, or failed and hidden until the visibility timeout is over.
    pub in_flight: u64,
    /// Sent with a delay that is not over.
    pub delayed: u64,
}

impl Depth {
    /// Whether there is nothing left to do.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// Invokes a function by name and waits for its answer.
pub async fn invoke(stack: &Stack, function: &str, payload: &Value) -> Result<Invocation> {
    let url = format!("{}/2015-03-31/functions/{function}/invocations", stack.aws_endpoint_url);
    let answer = crate::http::client()?
        .post(url)
        .header("authorization", authorization(&stack.region, "lambda"))
        .body(payload.to_string())
        .send()
        .await
        .map_err(|error| Error::new(format!("`{function}` cannot be invoked: {error}")))?;
    let failed = !answer.status().is_success() || answer.headers().contains_key("x-amz-function-error");
    let text = answer.text().await.map_err(|error| Error::new(format!("`{function}` broke off: {error}")))?;
    Ok(Invocation { payload: serde_json::from_str(&text).unwrap_or(Value::String(text)), failed })
}

/// Runs cart-sweeper now, with the event that the scheduler would send: the schedule itself knows no less than a minute.
pub async fn sweep(stack: &Stack) -> Result<Invocation> {
    let event = json!({
        "version": "0", "id": "00000000-0000-0000-0000-000000000000", "detail-type": "Scheduled Event",
        "source": "aws.scheduler", "account": "000000000000", "time": "2026-01-01T00:00:00Z", "region": stack.region,
        "resources": [], "detail": {}
    });
    invoke(stack, &stack.functions.cart_sweeper, &event).await
}

/// Everything the functions have logged so far, oldest first within a function.
///
/// A line that a function writes after its answer belongs to its next invocation; without one it stays unread.
pub async fn logs(stack: &Stack) -> Result<Vec<LogLine>> {
    /// What one request can return.
    const PAGE: usize = 10_000;
    #[derive(Deserialize)]
    struct Page {
        events: Vec<LogLine>,
    }

    let mut lines = Vec::new();
    for group in stack.log_groups() {
        let mut start = 0;
        loop {
            let query = json!({"logGroupName": group, "startTime": start, "limit": PAGE});
            let answer = call(stack, "logs", "Logs_20140328.FilterLogEvents", &query).await?;
            let mut page: Page = serde_json::from_value(answer)
                .map_err(|error| Error::new(format!("the log of {group} cannot be read: {error}")))?;
            // MiniStack pages by time only: a full page ends within some millisecond, which the next one repeats.
            let last = page.events.last().map_or(0, |line| line.timestamp);
            let full = page.events.len() == PAGE && start < last;
            if full {
                page.events.retain(|line| line.timestamp < last);
                start = last;
            }
            lines.extend(page.events.into_iter().map(|line| LogLine { group: group.clone(), ..line }));
            if !full {
                break;
            }
        }
    }
    Ok(lines)
}

/// How much is on a queue.
pub async fn depth(stack: &Stack, queue_url: &str) -> Result<Depth> {
    let query = json!({"QueueUrl": queue_url, "AttributeNames": ["All"]});
    let answer = call(stack, "sqs", "AmazonSQS.GetQueueAttributes", &query).await?;
    let number =
        |name: &str| answer["Attributes"][name].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
    Ok(Depth {
        waiting: number("ApproximateNumberOfMessages"),
        in_flight: number("ApproximateNumberOfMessagesNotVisible"),
        delayed: number("ApproximateNumberOfMessagesDelayed"),
    })
}

/// Waits until all queues are empty and stay so for a moment.
pub async fn wait_until_drained(stack: &Stack, patience: Duration) -> Result<()> {
    let until = Instant::now() + patience;
    let mut quiet = 0;
    while quiet < 3 {
        let live = depth(stack, &stack.queues.live).await?;
        let gathered = depth(stack, &stack.queues.gather).await?;
        let dead = depth(stack, &stack.queues.dead_letters).await?;
        let empty = live.is_empty() && gathered.is_empty() && dead.is_empty();
        quiet = if empty { quiet + 1 } else { 0 };
        if until < Instant::now() {
            return Err(Error::new(format!(
                "the queues did not drain within {patience:?}: {live:?}, {gathered:?}, {dead:?}"
            ))
            .hint("`tajo-stack logs` shows what the functions said"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Lets failed messages come back after `seconds` instead of six minutes. Applies to messages received from now on.
pub async fn set_visibility(stack: &Stack, queue_url: &str, seconds: u32) -> Result<()> {
    let query = json!({"QueueUrl": queue_url, "Attributes": {"VisibilityTimeout": seconds.to_string()}});
    call(stack, "sqs", "AmazonSQS.SetQueueAttributes", &query).await.map(drop)
}

/// Puts a message on a queue, as ingress does; gives back its id.
pub async fn send(stack: &Stack, queue_url: &str, group: &str, body: &str) -> Result<String> {
    let query = json!({"QueueUrl": queue_url, "MessageGroupId": group, "MessageBody": body});
    let answer = call(stack, "sqs", "AmazonSQS.SendMessage", &query).await?;
    Ok(answer["MessageId"].as_str().unwrap_or_default().to_owned())
}

async fn call(stack: &Stack, service: &str, target: &str, body: &Value) -> Result<Value> {
    let version = if service == "logs" { "1.1" } else { "1.0" };
    let failed = |why: String| Error::new(format!("{target} failed: {why}"));
    let answer = crate::http::client()?
        .post(format!("{}/", stack.aws_endpoint_url))
        .header("authorization", authorization(&stack.region, service))
        .header("x-amz-target", target)
        .header("content-type", format!("application/x-amz-json-{version}"))
        .body(body.to_string())
        .send()
        .await
        .map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| failed(error.to_string()))?;
    if !status.is_success() {
        return Err(failed(format!("{status} {text}")));
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}

/// Looks like a signature and names service and region, which is all that MiniStack reads.
pub(crate) fn authorization(region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=none"
    )
}
