//! What a product's record becomes. Pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use tajo_domain::{
    Crossing, Membership, Product, ProductRecord, Skipped, Stock, StockNews, StockSaid, Version,
};
use tajo_mapping::{Content, Planned, contents, left_out, stock_event};

use super::count::{count, judge, unlinked};
use super::deliver::{due, forget};
use super::membership;
use crate::effects;
use crate::worker::Moment;

/// What was found out about a product besides its body.
#[derive(Default)]
pub(crate) struct Known {
    /// What the inventory items of its variants said before; an item that is in it leads to its variant by now.
    pub kept: BTreeMap<String, Stock>,
    /// The collections it is in.
    pub membership: Option<Membership>,
    /// Whether nobody is to be asked for them (again).
    pub asked: bool,
    /// Whether each of these collections knows that the product is in it.
    pub noted: bool,
}

/// What must be found out, or written down elsewhere, before anything is decided.
pub(crate) enum Missing {
    /// Inventory items that do not lead to their variant yet, with the variant.
    Links(Vec<(String, String)>),
    /// The collections that the product is in.
    Membership,
    /// Collections that do not know yet that the product is in them.
    Notes(Vec<String>),
}

/// What accepting found.
#[derive(Default)]
pub(crate) struct Accepted {
    /// Nothing was decided before this is done.
    pub missing: Option<Missing>,
    /// The product was fetched, and changed before it was read here.
    pub overtaken: bool,
    /// Collections that the product is in no more.
    pub left: Vec<String>,
    /// Something was written down.
    pub changed: bool,
    /// This worker is the one that sends, until then (milliseconds).
    pub sends_until: Option<i64>,
    /// Another worker sends, and this notice's content must wait for it.
    pub must_wait: bool,
    /// Events to send.
    pub claimed: Vec<Planned>,
    /// An event is held by a worker that may have ended: the message has to come later.
    pub is_held: bool,
    /// Stocks that crossed a threshold.
    pub crossed: Vec<Crossing>,
    /// What is left out, and why.
    pub skipped: Vec<Skipped>,
}

impl Accepted {
    fn waits_for(missing: Missing) -> Self {
        Self { missing: Some(missing), ..Self::default() }
    }

    fn nothing(what: &str, reason: impl Into<String>) -> Self {
        Self { skipped: vec![Skipped::new(what, reason)], ..Self::default() }
    }
}

type Decision = (Option<ProductRecord>, Accepted);

/// Accepts the full present product.
pub(crate) fn news(
    moment: &Moment<'_>,
    stored: Option<&ProductRecord>,
    product: &Product,
    known: &Known,
) -> Decision {
    let mut record = stored.cloned().unwrap_or_default();
    record.heal(moment.now);
    match record.deleted_at {
        Some(at) if product.updated_at <= at => {
            return (None, Accepted::nothing("product", "the product was deleted in the store"));
        }
        // Changed after its deletion: it was none.
        _ => record.deleted_at = None,
    }
    let sync = moment.facts.settings.sync;
    let is_news = is_news(&record, product);
    let mut accepted = Accepted::default();
    if !is_news && product.collections.is_some() {
        // An older content with newer collections: neither says what Brevo should have.
        return (None, Accepted { overtaken: true, ..Accepted::default() });
    }
    if is_news && sync.inventory {
        let links = unlinked(&record, product, &known.kept);
        if !links.is_empty() {
            return (None, Accepted::waits_for(Missing::Links(links)));
        }
    }
    let mut content_changed = false;
    let mut all = Vec::new();
    if is_news {
        record.name.clone_from(&product.name);
        let reason = left_out(product, moment.facts);
        record.left_out = reason.is_some();
        accepted.skipped.extend(reason.map(|reason| Skipped::new("product", reason)));
    }
    if is_news && sync.products && !record.left_out {
        if !known.asked && membership::is_due(&record, product, moment.facts) {
            return (None, Accepted::waits_for(Missing::Membership));
        }
        let taken = membership::take(&mut record, known);
        if !taken.joined.is_empty() && !known.noted {
            return (None, Accepted::waits_for(Missing::Notes(taken.joined)));
        }
        accepted.left = taken.left;
        accepted.skipped.extend(taken.skipped);
    }
    if sync.products && !record.left_out {
        all = contents(product, &record.collections, moment.facts);
    }
    if is_news && sync.products {
        content_changed = want(&mut record, product, &all, moment.facts.settings.products.include_variants);
    }
    if sync.inventory {
        count(moment, &mut record, product, &known.kept, is_news, &mut accepted);
    }
    // A sale changes nothing here: then not even the version is written, unless stock hangs on it.
    let is_tied = record.version == Some(product.updated_at);
    if is_news && (sync.inventory || is_tied || Some(&record) != stored) {
        (record.version, record.triggered_at) = (Some(product.updated_at), product.triggered_at);
        record.body = product.digest();
    }
    // The content at hand is the newest one whatever its version, if its digest says so.
    let is_newest = is_news || all.iter().any(|content| wants(&record, content));
    finish(moment, stored, record, accepted, &product.id, &all, content_changed, is_newest)
}

/// Whether the body is not older than the one that was accepted last. Of two with the same version and trigger the
/// greater digest holds: one rule for every order of arrival.
fn is_news(record: &ProductRecord, product: &Product) -> bool {
    let Some(at) = record.version else { return true };
    let known = Version { at, triggered_at: record.triggered_at };
    let shown = Version { at: product.updated_at, triggered_at: product.triggered_at };
    match shown.cmp(&known) {
        Ordering::Greater => true,
        Ordering::Less => false,
        // An item of a version before this one names no body.
        Ordering::Equal => record.body.is_empty() || record.body <= product.digest(),
    }
}

/// Accepts that the product was deleted in the store.
pub(crate) fn gone(
    moment: &Moment<'_>,
    stored: Option<&ProductRecord>,
    product: &str,
    at: Timestamp,
) -> Decision {
    let mut record = stored.cloned().unwrap_or_default();
    record.heal(moment.now);
    if record.deleted_at.is_none() && record.version.is_some_and(|version| at < version) {
        return (None, Accepted::nothing("product", "the store changed the product after this deletion"));
    }
    let was_known = !record.pieces.is_empty();
    // Of two deletions the later one counts: whatever is to show that there was none must be newer than both.
    record.deleted_at = record.deleted_at.max(Some(at));
    let pieces: Vec<String> = record.pieces.keys().cloned().collect();
    pieces.iter().for_each(|id| record.discard(id));
    record.stock.clear();
    let left = std::mem::take(&mut record.collections);
    let accepted = if was_known || !moment.facts.settings.sync.products {
        Accepted::default()
    } else {
        Accepted::nothing("product", "Brevo does not have it (any more)")
    };
    let accepted = Accepted { left, ..accepted };
    finish(moment, stored, record, accepted, product, &[], was_known, true)
}

/// Accepts a statement about the stock of one variant.
pub(crate) fn told(
    moment: &Moment<'_>,
    stored: Option<&ProductRecord>,
    product: &str,
    variant: &str,
    news: &StockNews,
) -> Decision {
    let mut record = stored.cloned().unwrap_or_default();
    if record.deleted_at.is_some() {
        return (None, Accepted::nothing("stock", "the product was deleted in the store"));
    }
    // Its item goes with a variant: that must not make it one that nobody counts.
    if record.version.is_some()
        && news.said == StockSaid::Tracked(false)
        && !record.stock.contains_key(variant)
    {
        return (None, Accepted::nothing("stock", "the product has no such variant (any more)"));
    }
    let mut accepted = Accepted::default();
    record.heal(moment.now);
    let before = record.stock.get(variant).and_then(|known| known.stock.quantity());
    news.tell(&mut record.stock.entry(variant.to_owned()).or_default().stock);
    judge(moment, &mut record, variant, before, &mut accepted);
    if record.version.is_none() {
        accepted
            .skipped
            .push(Skipped::new("stock", "its product has not been heard of yet: kept until it is"));
    }
    finish(moment, stored, record, accepted, product, &[], false, false)
}

/// Writes down what Brevo should have. What is there and not wanted any more is to be marked as deleted.
fn want(record: &mut ProductRecord, product: &Product, all: &[Content], include_variants: bool) -> bool {
    let before = record.pieces.clone();
    for content in all {
        record.pieces.entry(content.id.clone()).or_default().want.clone_from(&content.digest);
    }
    let may_exist = |id: &str| match &product.other_variants {
        Some(others) => others.iter().any(|other| other == id),
        None => id != product.id,
    };
    let is_elsewhere = |id: &str| !record.left_out && include_variants && may_exist(id);
    let is_told = |id: &str| all.iter().any(|content| content.id == id);
    let gone: Vec<String> =
        record.pieces.keys().filter(|id| !is_told(id) && !is_elsewhere(id)).cloned().collect();
    gone.iter().for_each(|id| record.discard(id));
    record.pieces != before
}

/// Claims the events, and the right to send where there is something to send.
#[expect(clippy::too_many_arguments, reason = "the end of each of the decisions above")]
fn finish(
    moment: &Moment<'_>,
    stored: Option<&ProductRecord>,
    mut record: ProductRecord,
    mut accepted: Accepted,
    product: &str,
    all: &[Content],
    content_changed: bool,
    is_newest: bool,
) -> Decision {
    let planned: Vec<Planned> = record
        .effects
        .unfinished()
        .filter_map(|key| stock_event(key, product, &record, moment.facts))
        .collect();
    let effects::Claimed { planned: claimed, is_held } =
        effects::claim(&mut record.effects, planned, |_| true, moment);
    (accepted.claimed, accepted.is_held) = (claimed, is_held);
    // When its webhook was triggered is no news to anybody.
    let as_before = |stored: &ProductRecord| {
        let (triggered_at, body) = (stored.triggered_at, stored.body.clone());
        ProductRecord { triggered_at, body, ..record.clone() } == *stored
    };
    accepted.changed = !stored.is_some_and(as_before);
    let due = due(&record, product, all, moment.facts);
    if !due.is_empty() {
        if record.sending_until <= moment.now.as_millisecond() {
            record.sending_until = moment.claim_until.as_millisecond();
            accepted.sends_until = Some(record.sending_until);
            due.iter().for_each(|due| forget(&mut record, due));
        } else {
            // A stock is in the record: whoever sends now sends it, too. A content is only in this notice; and one that
            // comes again may be the very one that has the right, and is all that answers for what is due.
            accepted.must_wait = moment.redelivered || (is_newest && content_changed);
        }
    }
    let write = stored != Some(&record);
    (write.then_some(record), accepted)
}

/// Whether the record wants just this content.
pub(super) fn wants(record: &ProductRecord, content: &Content) -> bool {
    record.pieces.get(&content.id).is_some_and(|piece| piece.want == content.digest)
}
