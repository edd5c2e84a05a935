//! When a cart counts as abandoned: decided on the stored state, right before the event is sent.

use jiff::{SignedDuration, Timestamp};
use tajo_domain::{CartRecord, CartState, TouchOutcome};
use tajo_mapping::{Planned, abandoned};
use tajo_platforms::notice::CartDue;
use tajo_state::Key;

use super::{attributes, finish};
use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};
use crate::{contact, effects};

/// A reminder is about what somebody looked at just now. If it could not be decided for a day (Brevo or the connector
/// was out of reach), it would come out of the blue.
const TOO_LATE: SignedDuration = SignedDuration::from_hours(24);

/// Nobody is to be reminded of carts: this one is not looked at again until somebody touches it.
pub(crate) async fn let_rest(
    worker: &Worker<'_>,
    notice: &CartDue,
    reason: &'static str,
) -> Result<Step, Stop> {
    let key = Key::cart(&worker.store.facts.store, &notice.token);
    let rest = |stored: Option<&CartRecord>| {
        let waiting = stored.filter(|record| record.due_at.is_some()).cloned();
        (waiting.map(|record| CartRecord { due_at: None, ..record }), ())
    };
    worker.env.table.change(&key, attributes, rest).await?;
    Ok(Step::skip("cart", reason))
}

/// The sweeper found a cart that may be abandoned by now: decided here, on the stored state, and claimed right
/// before the event is sent.
pub(crate) async fn due_now(worker: &Worker<'_>, notice: &CartDue) -> Result<Step, Stop> {
    let facts = &worker.store.facts;
    let key = Key::cart(&facts.store, &notice.token);
    let (stored, verdict) = worker
        .env
        .table
        .change(&key, attributes, |stored| judge(&worker.moment(), stored, worker.notice.received_at))
        .await?;
    let (planned, record) = match (verdict, &stored.record) {
        (Verdict::Abandoned(planned), Some(record)) => (planned, record.clone()),
        // That worker may be an earlier life of this very message.
        (Verdict::Busy, _) if worker.redelivered => return Err(effects::held()),
        (Verdict::Busy, _) => return Ok(Step::skip("cart", "another worker is sending this reminder")),
        (verdict, record) => {
            take_off_the_list(worker, record.as_ref(), &notice.token).await?;
            return Ok(Step::skip("cart", why_nobody(&verdict)));
        }
    };
    // The claim stands; whatever an order marked before this read counts.
    if is_ordered_elsewhere(worker, &record, &notice.token).await? {
        let release = effects::Sent::nothing(std::slice::from_ref(&planned));
        let settle = |newest: &mut CartRecord| {
            release.settle(&mut newest.effects);
            finish(newest);
        };
        let newest = worker.env.table.settle(&key, stored, attributes, settle).await?;
        take_off_the_list(worker, newest.record.as_ref(), &notice.token).await?;
        return Ok(Step::skip("cart", "the cart was ordered under another token"));
    }
    let mut sent = effects::Sent::nothing(std::slice::from_ref(&planned));
    let listed = match record.contact() {
        Some(contact) => contact::set_abandoned(worker, &contact, &notice.token, true).await,
        None => Ok(Step::default()),
    };
    let is_gone = listed.as_ref().is_ok_and(|step| step.deleted);
    let mut is_moved = false;
    match listed {
        // The person left, or was erased: nobody is reminded.
        Ok(_) if is_gone => {}
        // Putting them on the list took its time: an order may have come, or a touch.
        Ok(_) => match worker.env.table.get_newest::<CartRecord>(&key).await {
            Ok(newest) if rests(newest.record.as_ref(), &record) => {
                sent = effects::send(worker, vec![planned]).await;
            }
            Ok(_) => is_moved = true,
            Err(error) => sent.stop = Some(error.into()),
        },
        Err(stop) => sent.stop = Some(stop),
    }
    let settle = |newest: &mut CartRecord| {
        sent.settle(&mut newest.effects);
        if is_gone {
            newest.due_at = None;
        }
        if sent.any() && rests(Some(newest), &record) {
            newest.state = CartState::Abandoned;
            newest.due_at = None;
        }
    };
    let newest = worker.env.table.settle(&key, stored, attributes, settle).await?;
    // An order or a touch that came meanwhile found no abandoned cart to take off the list.
    let is_over = newest
        .record
        .is_some_and(|newest| newest.state != CartState::Abandoned && !rests(Some(&newest), &record));
    if let Some(contact) = record.contact().filter(|_| is_over && !is_gone) {
        contact::set_abandoned(worker, &contact, &notice.token, false).await?;
    }
    if let Some(stop) = sent.stop {
        return Err(stop);
    }
    if is_gone {
        return Ok(Step::skip("cart", "whose cart it is left the store, or is nobody whom Brevo has"));
    }
    if is_moved {
        return Ok(Step::skip("cart", "the cart was ordered or touched meanwhile"));
    }
    Ok(Step { applied: true, ..Step::default() })
}

/// An earlier try of the notice may have put the contact on the list, and have been stopped before it could see that the
/// cart is none of an abandoner any more.
async fn take_off_the_list(
    worker: &Worker<'_>,
    record: Option<&CartRecord>,
    token: &str,
) -> Result<(), Stop> {
    let is_none = |record: &&CartRecord| record.state != CartState::Abandoned && !record.erased;
    let contact = record.filter(is_none).filter(|_| worker.redelivered).and_then(CartRecord::contact);
    if let Some(contact) = contact {
        contact::set_abandoned(worker, &contact, token, false).await?;
    }
    Ok(())
}

fn why_nobody(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Later => "somebody touched the cart meanwhile",
        Verdict::TooLate => "the cart was due for more than a day: a reminder would come too late",
        _ => "the cart was ordered, emptied, or reminded of already",
    }
}

/// Whether nothing happened to the cart since it was judged.
fn rests(newest: Option<&CartRecord>, judged: &CartRecord) -> bool {
    newest.is_some_and(|newest| {
        newest.state == CartState::Open && newest.touched_at == judged.touched_at && !newest.erased
    })
}

enum Verdict {
    Abandoned(Planned),
    Busy,
    Later,
    TooLate,
    Over,
}

/// `noticed_at`: when the sweeper found it. That is the event's time, however late or often it is sent.
fn judge(
    moment: &Moment<'_>,
    stored: Option<&CartRecord>,
    noticed_at: Timestamp,
) -> (Option<CartRecord>, Verdict) {
    let Moment { facts, now, .. } = *moment;
    let Some(mut record) = stored.cloned() else { return (None, Verdict::Over) };
    let verdict = match record.at(now, facts.settings.abandoned_after) {
        TouchOutcome::Over => {
            record.due_at = None;
            Verdict::Over
        }
        TouchOutcome::Later(at) => {
            record.due_at = Some(at.as_millisecond());
            Verdict::Later
        }
        TouchOutcome::Abandoned if is_too_late(&record, moment) => {
            record.due_at = None;
            Verdict::TooLate
        }
        TouchOutcome::Abandoned => match facts.identifier(&record.identity) {
            None => {
                record.due_at = None;
                Verdict::Over
            }
            Some(identifier) => {
                let due = record.touched_at.saturating_add(facts.settings.abandoned_after).unwrap_or(now);
                let date = noticed_at.max(due).min(now);
                let planned = vec![abandoned(&record, identifier, date)];
                match effects::claim(&mut record.effects, planned, |_| true, moment).planned.pop() {
                    Some(planned) => Verdict::Abandoned(planned),
                    None => Verdict::Busy,
                }
            }
        },
    };
    let write = stored != Some(&record);
    (write.then_some(record), verdict)
}

fn is_too_late(record: &CartRecord, moment: &Moment<'_>) -> bool {
    let due = record.touched_at.saturating_add(moment.facts.settings.abandoned_after);
    due.is_ok_and(|due| TOO_LATE < moment.now.duration_since(due))
}

/// A checkout may have been seen without the cart token that its order carries, or the other way round.
async fn is_ordered_elsewhere(worker: &Worker<'_>, record: &CartRecord, token: &str) -> Result<bool, Stop> {
    for other in record.tokens.iter().filter(|other| other.as_str() != token) {
        let key = Key::cart(&worker.store.facts.store, other);
        let other = worker.env.table.get_newest::<CartRecord>(&key).await?;
        if other.record.is_some_and(|record| record.state == CartState::Ordered) {
            return Ok(true);
        }
    }
    Ok(false)
}
