//! What goes on later: tried again after a while, gathered with others, or carried on in another invocation.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tajo_platforms::{Notice, TopicKind};

use super::outcome::{Outcome, Record, Report, park_it, report, store_name};
use crate::ingest::until_they_meet;
use crate::queue::{LONGEST_DELAY, Message};
use crate::{Delivery, Env, Urgency};

/// Work that Brevo has not taken for this long is parked.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(24);

/// Waiting is not a failure: the notice is sent again with a delay and carries its own count.
pub(super) async fn put_off(
    env: &Env,
    record: &Record,
    notice: &Notice,
    after: Option<Duration>,
    reason: &str,
) -> Result<(Outcome, String), String> {
    let age = env.clock.now().duration_since(notice.received_at);
    // What the law asks waits for as long as it takes.
    let must_keep = notice.platform.topic_kind(&notice.topic) == TopicKind::MustKeep;
    if let (true, true, Some(store)) = (must_keep, TOO_OLD < age, &notice.store) {
        let _ = env.set_attention(store, Some(reason)).await;
    }
    if TOO_OLD < age && !must_keep {
        let reason = format!("not taken for {} hours; the last reason: {reason}", TOO_OLD.as_hours());
        park_it(env, record, notice, &reason, None).await?;
        return Ok((Outcome::Parked, reason));
    }
    let mut again = notice.clone();
    again.attempts += 1;
    again.redelivered = true;
    let delay = after.unwrap_or_default().max(backoff(&again));
    env.queue.send(&again, delay).await.map_err(|error| error.to_string())?;
    Ok((Outcome::Deferred, format!("{reason}; tried again in {} s", delay.min(LONGEST_DELAY).as_secs())))
}

/// Waiting for a rate limit is no failure: no try is counted. What waits meets others that wait, and leaves with them.
pub(super) async fn gather(
    env: &Env,
    record: &Record,
    notice: &Notice,
    after: Duration,
    reason: &str,
) -> Result<(Outcome, String), String> {
    let now = env.clock.now();
    if env.delivery == Delivery::OneByOne || TOO_OLD < now.duration_since(notice.received_at) {
        return put_off(env, record, notice, Some(after), reason).await;
    }
    let mut again = notice.clone();
    again.waited = true;
    again.redelivered |= record.received > 1;
    let delay = meeting(Urgency::of(&notice.topic), now, after);
    env.gather.send(&again, delay).await.map_err(|error| error.to_string())?;
    Ok((Outcome::Deferred, format!("{reason}; tried again in {} s", delay.as_secs())))
}

/// How long until work of this kind meets its like. The patient meet every ten seconds.
fn meeting(urgency: Urgency, now: Timestamp, after: Duration) -> Duration {
    let after = after.min(LONGEST_DELAY);
    match urgency {
        Urgency::Now | Urgency::Soon => after,
        Urgency::Patient => {
            let then = now.saturating_add(after).unwrap_or(now);
            (after + until_they_meet(then)).min(LONGEST_DELAY)
        }
    }
}

/// Passes on, unread, what could not be sent now anyway. The queue forgets how often it handed a message out, so one that
/// may have been worked on says so itself.
pub(super) async fn pass_on(env: &Env, records: Vec<(Record, Notice)>) -> Vec<Report> {
    let now = env.clock.now();
    let messages: Vec<Message> = records
        .iter()
        .map(|(record, notice)| Message {
            body: match record.received {
                0 | 1 => record.body.clone(),
                _ => {
                    let mut again = notice.clone();
                    again.redelivered = true;
                    again.to_json()
                }
            },
            group: store_name(notice),
            delay: meeting(Urgency::of(&notice.topic), now, Duration::ZERO),
        })
        .collect();
    let sent = env.gather.send_all(&messages).await;
    let reports = records.iter().zip(sent).map(|((record, notice), sent)| match sent {
        Ok(()) => Report { passed_on: true, ..report(env, record, notice, Outcome::Deferred, None) },
        Err(error) => report(env, record, notice, Outcome::Retried, Some(error.to_string())),
    });
    reports.collect()
}

/// A long work goes on in another invocation. That is no retry: nothing is counted.
pub(super) async fn go_on(
    env: &Env,
    notice: &Notice,
    resume: String,
    reason: String,
) -> Result<(Outcome, String), String> {
    let mut next = notice.clone();
    next.resume = Some(resume);
    env.queue.send(&next, Duration::ZERO).await.map_err(|error| error.to_string())?;
    Ok((Outcome::Deferred, reason))
}

/// 2 s, 4 s, 8 s … up to 15 minutes, plus up to half of it, by what is sent: retries of a crowd spread.
fn backoff(notice: &Notice) -> Duration {
    let base = 2u64.saturating_pow(notice.attempts.min(10)).min(LONGEST_DELAY.as_secs());
    let spread = notice
        .delivery
        .bytes()
        .fold(u64::from(notice.attempts), |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Duration::from_secs(base + spread % (base / 2 + 1))
}
