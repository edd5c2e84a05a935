//! The log of a store.

use std::time::{Duration, Instant};

use tajo_api::{LogEntry, LogPage, LogType, Scope};
use tajo_platforms::notice::{BREVO_NEWS, BREVO_WEBHOOK, INTERNAL_TOPICS};
use tajo_state::{LogLine, LogQuery, log_page};

use super::call::Call;
use super::cursor;
use super::fault::Fault;
use super::named::named;
use super::stores::LOG_KEPT;
use super::wire::Reply;

/// How long a page is looked for: one that nothing fits may be short or empty, and says where it goes on.
const PATIENCE: Duration = Duration::from_secs(5);

/// `logs`
pub(super) async fn logs(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?.id;
    let (connect, query) = (&call.manage.connect, &call.query);
    let now = connect.clock.now();
    let kept_since = now.saturating_sub(LOG_KEPT).unwrap_or(now);
    let (topic, outcome) = (query.get("topic"), query.get("outcome"));
    let kind = match query.get("type") {
        Some("webhook") => Some(LogType::Webhook),
        Some("own") => Some(LogType::Own),
        Some("brevo") => Some(LogType::Brevo),
        _ => None,
    };
    let matches = |line: &LogLine| {
        kind.is_none_or(|kind| kind == kind_of(&line.topic))
            && topic.is_none_or(|topic| topic == line.topic)
            && outcome.is_none_or(|outcome| outcome == line.outcome)
    };
    let page = LogQuery {
        since: query.time("since", now)?.unwrap_or(kept_since).max(kept_since),
        from: query.get("cursor").map(cursor::line).transpose()?,
        limit: query.limit()?,
        matches: &matches,
        until: Instant::now() + PATIENCE,
    };
    let (lines, next) = log_page(&connect.table, store.as_str(), now, page).await?;
    Reply::ok(&LogPage {
        lines: lines.into_iter().map(|line| entry(line, call.key.scope)).collect(),
        next: next.as_ref().map(cursor::of_line),
    })
}

/// One line, as a key of this scope sees it: who only looks is not shown which lines are of the same person.
pub(super) fn entry(line: LogLine, scope: Scope) -> LogEntry {
    let LogLine { at, delivery, topic, outcome, reason, calls, person, order, order_name: _ } = line;
    let person = person.filter(|_| Scope::Operate <= scope);
    LogEntry { at, kind: kind_of(&topic), topic, delivery, outcome, reason, calls, person, order }
}

fn kind_of(topic: &str) -> LogType {
    match topic {
        BREVO_NEWS | BREVO_WEBHOOK => LogType::Brevo,
        topic if topic.starts_with(INTERNAL_TOPICS) => LogType::Own,
        _ => LogType::Webhook,
    }
}
