//! What a person's record becomes by what is said of them. Pure.

use jiff::Timestamp;
use tajo_domain::{
    Admission, ContactRecord, CustomerNews, KnownAs, PersonUpdate, Profile, Skipped, TagsDelta, Versioned,
};
use tajo_mapping::{Planned, customer_events, is_imported, note_tries, tags_events};

use crate::effects;
use crate::worker::Moment;

/// What accepting found.
#[derive(Default)]
pub(crate) struct Accepted {
    pub changed: bool,
    pub deleted: bool,
    /// When the person was erased; this is not about somebody who came afterwards.
    pub erased_at: Option<Timestamp>,
    /// The customer that this one was merged into.
    pub merged_into: Option<String>,
    /// What was said is kept until the store tells who the customer is.
    pub held: bool,
    /// The list of abandoned carts is as it should be.
    pub listed: bool,
    /// When the account began, where the platform was asked: a fact's time for a notice that has none of its own.
    pub born_at: Option<Timestamp>,
    pub claimed: Vec<Planned>,
    /// An event is held by a worker that may have ended: the message has to come later.
    pub must_wait: bool,
    /// Custom fields whose values do not fit their attribute.
    pub skipped: Vec<Skipped>,
}

/// What there is to accept.
pub(crate) struct Said<'a> {
    /// What the notice says.
    pub update: &'a PersonUpdate,
    /// What the platform was asked for because of it.
    pub looked_up: Option<&'a PersonUpdate>,
    /// Whether it is news about an account.
    pub news: Option<CustomerNews>,
}

/// What a person's record becomes, and what is to be done about it. Pure.
pub(crate) fn accept(
    moment: &Moment<'_>,
    stored: Option<&ContactRecord>,
    said: &Said<'_>,
) -> (Option<ContactRecord>, Accepted) {
    let Said { update, looked_up, news } = *said;
    let mut record = stored.cloned().unwrap_or_default();
    let was_healed = record.change(|record| record.heal(moment.now));
    match record.admits(moment.fact_at, update.updated_at, update.identity.customer.is_none()) {
        Admission::Known => {}
        Admission::Anew => {
            // Nothing of whoever was erased, or seemed to have left, is known of whoever comes, not even what they refused.
            let ContactRecord { accepted, erased_at, .. } = record;
            record = ContactRecord { accepted, erased_at, ..ContactRecord::default() };
        }
        Admission::Deleted => {
            let merged_into = record.merged_into;
            return (None, Accepted { deleted: true, merged_into, ..Accepted::default() });
        }
        Admission::Erased => {
            let erased_at = record.erased_at;
            return (None, Accepted { deleted: true, erased_at, ..Accepted::default() });
        }
    }
    let born_at = looked_up.and_then(|looked_up| looked_up.created_at);
    let before = record.profile.clone();
    // Only what the store maps is kept: items stay small.
    let mapping = &moment.facts.settings.field_mapping;
    let (update, mut skipped) = mapping.keep(update);
    let update = update.as_ref();
    let looked_up = looked_up.map(|looked_up| mapping.keep(looked_up));
    let (looked_up, more) = looked_up.map_or_else(Default::default, |(kept, skipped)| (Some(kept), skipped));
    skipped.extend(more);
    mapping.forget_unmapped(&mut record);
    let changed = record.accept_with(update, looked_up.as_deref()) || was_healed;
    if record.profile.as_ref().map(|now| (&now.value.email, &now.value.phone))
        != before.as_ref().map(|before| (&before.value.email, &before.value.phone))
    {
        // Brevo may have them by what is new.
        record.absent_at = None;
    }
    let has_new_profile = has_news(&mut record, before, update, news);
    if has_new_profile {
        record.effects.forget_done(UPDATED);
    }
    let added = update.tags_delta.as_ref().and_then(TagsDelta::additions);
    if let Some(added) = added.filter(|added| moment.facts.is_fresh(added.at)) {
        record.tell_tags(added);
    }
    if news.is_some() && is_held(&record) {
        let changed = stored != Some(&record);
        return (changed.then_some(record), Accepted { changed, held: true, ..Accepted::default() });
    }
    if news == Some(CustomerNews::Created) && is_imported(update, CustomerNews::Created) {
        // Nor is it news with an update that comes soon after.
        record.effects.done(CREATED);
    }
    let mut planned = news.map(|news| customer_events(update, news, moment.facts)).unwrap_or_default();
    planned.extend(tags_events(&record, moment.facts));
    let may_start = |key: &str| has_new_profile || !key.starts_with(UPDATED);
    let effects::Claimed { planned: claimed, is_held } =
        effects::claim(&mut record.effects, planned, may_start, moment);
    note_tries(&mut record, moment.facts, moment.now);
    let write = stored != Some(&record);
    let accepted = Accepted { changed, claimed, must_wait: is_held, skipped, born_at, ..Accepted::default() };
    (write.then_some(record), accepted)
}

/// Whether the profile is news to tell of. One that an order or cart told of first is, once the account's own notice
/// comes.
fn has_news(
    record: &mut ContactRecord,
    before: Option<Versioned<Profile>>,
    update: &PersonUpdate,
    news: Option<CustomerNews>,
) -> bool {
    let was_known = before.as_ref().is_some_and(|before| before.at != Timestamp::UNIX_EPOCH);
    let value = |profile: Option<Versioned<Profile>>| profile.map(|profile| profile.value);
    let is_new = value(before) != value(record.profile.clone());
    let is_account = update.identity.customer.is_some();
    match news {
        None => record.profile_untold |= is_new && is_account && was_known,
        Some(CustomerNews::Updated) if update.profile.is_some() && update.profile == record.profile => {
            return is_new | std::mem::take(&mut record.profile_untold);
        }
        Some(_) => {}
    }
    is_new
}

/// Whether Brevo must wait for the store to tell who this is: a contact that is known by our id alone would stand beside
/// the one that has their address already, and a number may be another person's as well. An order or a cart does not wait
/// for it: its events need a contact.
pub(crate) fn is_held(record: &ContactRecord) -> bool {
    record.is_nameless() && record.known_as == KnownAs::Unknown
}

/// The key of `customer_created` (`tajo_mapping::customer_events`).
const CREATED: &str = "created";

/// Keys of `customer_updated` begin like this (`tajo_mapping::customer_events`).
const UPDATED: &str = "updated:";
