//! What a body says of the stock of its variants, and what that crosses. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tajo_domain::{Crossing, Product, ProductRecord, Skipped, Stock, StockState, VariantStock, Version};
use tajo_mapping::crossing_key;

use super::accept::Accepted;
use crate::worker::Moment;

/// Inventory items whose notices do not lead to their variant yet, with the variant.
pub(super) fn unlinked(
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

/// Tells every variant's stock what the body says of it.
pub(super) fn count(
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
        let version = Version { at: variant.updated_at, triggered_at: product.triggered_at };
        if let Some(tracked) = variant.tracked {
            known.stock.say_tracked(version, tracked);
        }
        if let Some(quantity) = variant.quantity {
            known.stock.say_total(version, quantity);
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
pub(super) fn judge(
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

/// The stock of one variant, unless nobody counts it.
pub(super) fn shelf(known: &VariantStock) -> Option<tajo_mapping::Shelf> {
    let quantity = known.stock.quantity()?;
    let (state, since) = known.state?;
    Some(tajo_mapping::Shelf { quantity, state, since: Timestamp::from_millisecond(since).ok()? })
}
