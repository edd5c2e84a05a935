//! What a product's record becomes. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tajo_domain::{
    Crossing, Piece, Product, ProductRecord, Skipped, Stock, StockNews, StockSaid, StockState, VariantStock,
};
use tajo_mapping::{Content, Planned, contents, crossing_key, left_out, stock_event};

use super::deliver::{due, forget};
use crate::effects;
use crate::worker::Moment;

/// What accepting found.
#[derive(Default)]
pub(crate) struct Accepted {
    /// Inventory items that do not lead to their variant yet: nothing was decided before they do.
    pub unlinked: Vec<(String, String)>,
    /// Something was written down.
    pub changed: bool,
    /// This worker is the one that sends, until then (milliseconds).
    pub sends_until: Option<i64>,
    /// Another worker sends, and this notice's content must wait for it.
    pub must_wait: bool,
    /// Events to send.
    pub claimed: Vec<Planned>,
    /// Stocks that crossed a threshold.
    pub crossed: Vec<Crossing>,
    /// What is left out, and why.
    pub skipped: Vec<Skipped>,
}

impl Accepted {
    fn nothing(what: &str, reason: impl Into<String>) -> Self {
        Self { skipped: vec![Skipped::new(what, reason)], ..Self::default() }
    }
}

type Decision = (Option<ProductRecord>, Accepted);

/// Accepts the full present product. `kept`: what the inventory items of its variants said before; an item that is in
/// it leads to its variant by now.
pub(crate) fn news(
    moment: &Moment<'_>,
    stored: Option<&ProductRecord>,
    product: &Product,
    kept: &BTreeMap<String, Stock>,
) -> Decision {
    let mut record = stored.cloned().unwrap_or_default();
    if record.deleted_at.is_some() {
        return (None, Accepted::nothing("product", "the product was deleted in the store"));
    }
    let sync = moment.facts.settings.sync;
    let is_news = record.version.is_none_or(|version| version <= product.updated_at);
    let mut accepted = Accepted::default();
    if is_news && sync.inventory {
        accepted.unlinked = unlinked(&record, product, kept);
        if !accepted.unlinked.is_empty() {
            return (None, accepted);
        }
    }
    let mut content_changed = false;
    let mut all = Vec::new();
    if is_news {
        record.name.clone_from(&product.name);
        if let Some(collections) = &product.collections {
            record.collections.clone_from(collections);
        }
        let reason = left_out(product, moment.facts);
        record.left_out = reason.is_some();
        accepted.skipped.extend(reason.map(|reason| Skipped::new("product", reason)));
    }
    if sync.products && !record.left_out {
        all = contents(product, &record.collections, moment.facts);
    }
    if is_news && sync.products {
        content_changed = want(&mut record, product, &all, moment.facts.settings.products.include_variants);
    }
    if sync.inventory {
        count(moment, &mut record, product, kept, is_news, &mut accepted);
    }
    // A sale changes nothing here: then not even the version is written, unless stock hangs on it.
    if is_news && (sync.inventory || Some(&record) != stored) {
        record.version = Some(product.updated_at);
    }
    // The content at hand is the newest one whatever its version, if its digest says so.
    let is_newest = is_news || all.iter().any(|content| wants(&record, content));
    finish(moment, stored, record, accepted, &product.id, &all, content_changed, is_newest)
}

/// Accepts that the product was deleted in the store.
pub(crate) fn gone(
    moment: &Moment<'_>,
    stored: Option<&ProductRecord>,
    product: &str,
    at: Timestamp,
) -> Decision {
    let mut record = stored.cloned().unwrap_or_default();
    let was_known = !record.pieces.is_empty();
    record.deleted_at.get_or_insert(at);
    record.pieces.values_mut().for_each(|piece| Piece::DELETED.clone_into(&mut piece.want));
    record.stock.clear();
    record.collections.clear();
    let accepted = if was_known || !moment.facts.settings.sync.products {
        Accepted::default()
    } else {
        Accepted::nothing("product", "Brevo does not have it (any more)")
    };
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

fn unlinked(
    record: &ProductRecord,
    product: &Product,
    kept: &BTreeMap<String, Stock>,
) -> Vec<(String, String)> {
    let leads_home = |variant: &str, item: &str| {
        let known = record.stock.get(variant).and_then(|known| known.item.as_deref());
        known == Some(item) || kept.contains_key(variant)
    };
    let items =
        product.variants.iter().filter_map(|variant| Some((variant.inventory_item.as_ref()?, &variant.id)));
    items
        .filter(|(item, variant)| !leads_home(variant, item))
        .map(|(item, variant)| (item.clone(), variant.clone()))
        .collect()
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
    for (id, piece) in &mut record.pieces {
        let is_told = all.iter().any(|content| content.id == *id);
        let is_elsewhere = !record.left_out && include_variants && may_exist(id);
        if !is_told && !is_elsewhere {
            Piece::DELETED.clone_into(&mut piece.want);
        }
    }
    record.pieces != before
}

/// Tells every variant's stock what the body says of it.
fn count(
    moment: &Moment<'_>,
    record: &mut ProductRecord,
    product: &Product,
    kept: &BTreeMap<String, Stock>,
    is_news: bool,
    accepted: &mut Accepted,
) {
    for variant in &product.variants {
        if !is_news && !record.stock.contains_key(&variant.id) {
            continue;
        }
        let known = record.stock.entry(variant.id.clone()).or_default();
        let before = known.stock.quantity();
        if is_news {
            known.name.clone_from(&variant.name);
            known.item.clone_from(&variant.inventory_item);
        }
        if let Some(said) = kept.get(&variant.id) {
            known.stock.absorb(said);
        }
        if let Some(tracked) = variant.tracked {
            known.stock.say_tracked(variant.updated_at, tracked);
        }
        if let Some(quantity) = variant.quantity {
            known.stock.say_total(variant.updated_at, quantity);
        }
        judge(moment, record, &variant.id, before, accepted);
    }
    if let Some(others) = product.other_variants.as_ref().filter(|_| is_news) {
        record.stock.retain(|id, _| {
            product.variants.iter().any(|variant| variant.id == *id) || others.iter().any(|other| other == id)
        });
    }
}

/// Compares what there was with what there is. The first count of a variant crosses nothing, and a crossing that the
/// store does not want to know of is none.
fn judge(
    moment: &Moment<'_>,
    record: &mut ProductRecord,
    variant: &str,
    before: Option<i64>,
    accepted: &mut Accepted,
) {
    let facts = moment.facts;
    let settings = &facts.settings.inventory;
    let is_left_out = record.left_out;
    let Some(known) = record.stock.get_mut(variant) else { return };
    let Some(after) = known.stock.quantity() else {
        known.state = None;
        return;
    };
    let of = |quantity| StockState::of(quantity, settings.low_stock_threshold);
    let at = known.stock.newest();
    if known.state.is_none_or(|(state, _)| state != of(after)) {
        known.state = Some((of(after), at.as_millisecond()));
    }
    let crossing = before.and_then(|before| of(before).crossing(of(after)));
    let is_wanted = |crossing: &Crossing| *crossing == Crossing::Low || settings.out_of_stock_events;
    let Some(crossing) = crossing.filter(is_wanted).filter(|_| !is_left_out && facts.is_fresh(at)) else {
        return;
    };
    accepted.crossed.push(crossing);
    if settings.alert_email.is_none() {
        let reason = "only the Brevo product says it: `sync.inventory.alert_email` names nobody to tell";
        accepted.skipped.push(Skipped::new(format!("event {}", crossing.event()), reason));
        return;
    }
    // Known to the ledger, and free for the one who finishes this decision.
    let key = crossing_key(variant, crossing, at, after);
    if !record.effects.is_done(&key) {
        record.effects.forget_done(&format!("{variant}:"));
        record.effects.claim(&key, moment.now, moment.now);
    }
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
    accepted.claimed = effects::claim(&mut record.effects, planned, |_| true, moment);
    accepted.changed = Some(&record) != stored;
    let due = due(&record, product, all, moment.facts);
    if !due.is_empty() {
        if record.sending_until <= moment.now.as_millisecond() {
            record.sending_until = moment.claim_until.as_millisecond();
            accepted.sends_until = Some(record.sending_until);
            due.iter().for_each(|due| forget(&mut record, due));
        } else {
            // A stock is in the record: whoever sends now sends it, too. A content is only in this notice.
            accepted.must_wait = is_newest && (content_changed || moment.redelivered);
        }
    }
    let write = stored != Some(&record);
    (write.then_some(record), accepted)
}

/// Whether the record wants just this content.
fn wants(record: &ProductRecord, content: &Content) -> bool {
    record.pieces.get(&content.id).is_some_and(|piece| piece.want == content.digest)
}

/// The stock of one variant, unless nobody counts it.
pub(super) fn shelf(known: &VariantStock) -> Option<tajo_mapping::Shelf> {
    let quantity = known.stock.quantity()?;
    let (state, since) = known.state?;
    Some(tajo_mapping::Shelf { quantity, state, since: Timestamp::from_millisecond(since).ok()? })
}
