//! SQS's words in, SQS's words out.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use tajo_app::Env;
use tajo_app::sync::{Outcome, Record, Source, sync};

/// One batch: every message is worked on, the ones to keep are named.
pub async fn handle(env: &Env, event: LambdaEvent<SqsEvent>) -> SqsBatchResponse {
    let records = event.payload.records.into_iter().map(|message| record(env, message)).collect();
    let deadline =
        i64::try_from(event.context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let deadline = deadline.unwrap_or(Timestamp::MAX);
    let reports = sync(env, records, &event.context.request_id, deadline).await;
    let mut response = SqsBatchResponse::default();
    let retried = reports.into_iter().filter(|report| report.outcome == Outcome::Retried);
    response.set_failures(retried.map(|report| report.message_id));
    response
}

fn record(env: &Env, message: SqsMessage) -> Record {
    let received = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    let source = match message.event_source_arn.as_deref() {
        Some(arn) if arn == env.dead_letters_arn => Source::DeadLetters,
        Some(arn) if arn == env.gather_arn => Source::Gather,
        _ => Source::Live,
    };
    Record {
        message_id: message.message_id.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        received: received.unwrap_or(1),
        source,
    }
}
