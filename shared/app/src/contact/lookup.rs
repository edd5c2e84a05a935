//! What the platform records of a customer and its notices leave out: asked for once, before the contact is created,
//! so that the first write to Brevo carries the recorded consent.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use tajo_domain::{ConsentState, ContactRecord, PersonUpdate, Skipped, TagsDelta};
use tajo_platforms::shopify::api;

use crate::shopify::{Ask, CANNOT_BE_ASKED, NO_TOKEN, unanswered, without};
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// A customer is asked about again after this long at the earliest, and only if a notice hints at a consent.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What is missing where nobody answers: the contact is written blocked on every channel, and the next notice asks again.
const WHAT: &str = "consent, tags and totals of the customer";

/// What came of looking a customer up.
#[derive(Default)]
pub(crate) struct LookedUp {
    /// What is recorded, if the platform was asked.
    pub update: Option<PersonUpdate>,
    /// Why it was not, for the notice's report.
    pub step: Step,
}

/// Whether the platform is to be asked about the customer of a notice. Pure.
///
/// What was said while the app was not `installed` came to nobody, so it is asked for after that.
pub(crate) fn is_due(
    stored: Option<&ContactRecord>,
    update: &PersonUpdate,
    now: Timestamp,
    installed: Option<Timestamp>,
) -> bool {
    if update.identity.customer.is_none() || update.looked_up_at.is_some() {
        return false;
    }
    let Some(record) = stored else { return true };
    let opted_in =
        record.email_consent.as_ref().is_some_and(|consent| consent.state == ConsentState::OptedIn);
    match record.looked_up_at {
        _ if record.deleted_at.is_some() => record.is_disproved_by(update.updated_at.max(update.created_at)),
        None => true,
        Some(at) if installed.is_some_and(|installed| at < installed) => true,
        Some(at) => update.hints_at_consent && !opted_in && AGAIN_AFTER <= now.duration_since(at),
    }
}

/// Asks if it is due. Waiting for Shopify ends the journey for now, but only so often.
pub(super) async fn look_up(
    worker: &Worker<'_>,
    stored: Option<&ContactRecord>,
    update: &PersonUpdate,
) -> Result<LookedUp, Stop> {
    let left = stored.is_some_and(|record| record.deleted_at.is_some());
    // Whether tags came or went only the topic says, and it is not signed.
    let due = is_due(stored, update, worker.now(), worker.store.record.installed_at)
        || (update.tags_delta.is_some() && !left);
    let Some(id) = update.identity.customer.as_deref().filter(|_| due) else {
        return Ok(LookedUp::default());
    };
    let Some(shop) = worker.store.shop() else {
        let step = without(WHAT, format!("{CANNOT_BE_ASKED}{NO_TOKEN}"));
        return Ok(LookedUp { update: None, step });
    };
    worker.has_time()?;
    let ask = Ask::Customers(worker.store.metafields());
    match worker.env.shopify.node(shop, &ask, id, &worker.env.clock).await {
        Ok(node) => Ok(found(worker, node.as_ref())),
        Err(error) => Ok(LookedUp { update: None, step: unanswered(WHAT, &error, worker.attempts)? }),
    }
}

/// What a notice says of tags, as far as the shop does not say otherwise: the same body may come under the topic of tags
/// that were added and of tags that were removed. Without an answer, the topic is all there is.
pub(crate) fn check_tags<'a>(
    update: &'a PersonUpdate,
    looked_up: Option<&PersonUpdate>,
) -> (Cow<'a, PersonUpdate>, Option<Skipped>) {
    let present = looked_up.and_then(|looked_up| looked_up.tags.as_ref());
    let (Some(delta), Some(present)) = (&update.tags_delta, present) else {
        return (Cow::Borrowed(update), None);
    };
    let those = |tags: &[String], are_there: bool| -> Vec<String> {
        tags.iter().filter(|tag| present.value.contains(tag) == are_there).cloned().collect()
    };
    let checked =
        TagsDelta { at: delta.at, added: those(&delta.added, true), removed: those(&delta.removed, false) };
    if checked == *delta {
        return (Cow::Borrowed(update), None);
    }
    let is_empty = checked.added.is_empty() && checked.removed.is_empty();
    let tags_delta = (!is_empty).then_some(checked);
    let reason = "the shop says otherwise by now: what it says is taken";
    (Cow::Owned(PersonUpdate { tags_delta, ..update.clone() }), Some(Skipped::new("tags", reason)))
}

/// A customer that the shop does not have (any more) is not asked about again either.
fn found(worker: &Worker<'_>, node: Option<&serde_json::Value>) -> LookedUp {
    let now = worker.now();
    let context = worker.store.context(now, now);
    let read = node.and_then(|node| api::person(node, &worker.store.metafields(), &context).ok());
    let nothing = || PersonUpdate { looked_up_at: Some(context.time), ..PersonUpdate::default() };
    let step = Step { asked_platform: true, ..Step::default() };
    LookedUp { update: Some(read.unwrap_or_else(nothing)), step }
}
