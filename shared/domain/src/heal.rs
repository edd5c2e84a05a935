//! Stored versions from the future, written before times were limited to their receipt ([`crate::Times`]).
//!
//! Left as they are they would refuse everything for years. So whoever accepts something reads them as older than
//! anything that arrives, and writes that down with the next change. Nothing is lost but an order of arrival: a late older
//! body may win once, until the newest comes again.

use jiff::{SignedDuration, Timestamp};

use crate::times::OLDER_THAN_ANYTHING;
use crate::{CartRecord, CategoryRecord, ContactRecord, OrderRecord, ProductRecord, Versioned};

/// The machine that received a webhook and the one that works on it have clocks of their own: what is only a little
/// later than now is no time from the future.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);

pub(crate) fn is_future(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) > CLOCKS_DIFFER
}

fn version(at: &mut Timestamp, now: Timestamp) {
    if is_future(*at, now) {
        *at = OLDER_THAN_ANYTHING;
    }
}

fn facet<T>(facet: &mut Option<Versioned<T>>, now: Timestamp) {
    facet.iter_mut().for_each(|facet| version(&mut facet.at, now));
}

/// A time that is no version: it may have been, at the latest, now.
fn until_now(at: &mut Option<Timestamp>, now: Timestamp) {
    *at = at.map(|at| if is_future(at, now) { now } else { at });
}

impl ContactRecord {
    /// Reads versions after `now` as older than anything. An opt-in counts as undated, an opt-out as said now.
    pub fn heal(&mut self, now: Timestamp) {
        facet(&mut self.profile, now);
        facet(&mut self.locale, now);
        facet(&mut self.tags, now);
        facet(&mut self.totals, now);
        self.tag_changes.heal(now);
        for added in &mut self.tags_to_tell {
            if is_future(added.at, now) {
                added.at = now;
            }
        }
        self.email_consent.iter_mut().for_each(|consent| consent.heal(now));
        for consent in [&mut self.sms_consent, &mut self.whatsapp_consent].into_iter().flatten() {
            consent.said.heal(now);
        }
        for value in self.custom.values_mut() {
            version(&mut value.at, now);
            value.edited_at.iter_mut().for_each(|at| version(at, now));
        }
        for out in [&mut self.email_out, &mut self.sms_out].into_iter().flatten() {
            if is_future(out.at, now) {
                out.at = now;
            }
        }
        for at in [
            &mut self.tags_forgotten,
            &mut self.last_order_at,
            &mut self.looked_up_at,
            &mut self.deleted_at,
            &mut self.erased_at,
        ] {
            until_now(at, now);
        }
    }
}

impl OrderRecord {
    /// Reads versions after `now` as older than anything.
    pub fn heal(&mut self, now: Timestamp) {
        version(&mut self.version, now);
        self.shipments.values_mut().for_each(|known| known.heal(now));
        until_now(&mut self.changed_at, now);
        until_now(&mut self.deleted_at, now);
        until_now(&mut self.imported_at, now);
    }
}

impl CartRecord {
    /// Reads a version after `now` as older than anything.
    pub fn heal(&mut self, now: Timestamp) {
        self.version.iter_mut().for_each(|at| version(at, now));
        until_now(&mut self.created_at, now);
    }
}

impl ProductRecord {
    /// Reads versions after `now` as older than anything, those of its stocks included.
    pub fn heal(&mut self, now: Timestamp) {
        self.version.iter_mut().for_each(|at| version(at, now));
        until_now(&mut self.deleted_at, now);
        for known in self.stock.values_mut() {
            known.stock.heal(now);
            known.state.iter_mut().for_each(|(_, since)| *since = (*since).min(now.as_millisecond()));
        }
    }
}

impl CategoryRecord {
    /// Reads a version after `now` as older than anything.
    pub fn heal(&mut self, now: Timestamp) {
        self.version.iter_mut().for_each(|at| version(at, now));
        until_now(&mut self.deleted_at, now);
    }
}
