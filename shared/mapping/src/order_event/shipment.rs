//! Events of shipments: what left, what can be followed only later, and what did not arrive.

use serde_json::{Map, Value, json};
use tajo_domain::{Fulfilment, Ledger, Shipment, ShipmentState};

use super::About;
use crate::Planned;
use crate::properties::{object, own_item, put_items};

impl About<'_> {
    /// The events that shipments call for. `told`: what the ledger of the order knows.
    ///
    /// Only what left is told, once. A set of tracking numbers that `order_fulfilled` did not carry is told once that
    /// was sent, and so is a shipment that was cancelled or failed after it. What is not the newest that is known of a
    /// shipment only finishes what was begun.
    pub(super) fn shipments(&self, shipments: &[Shipment], told: &Ledger) -> Vec<Planned> {
        let mut planned = Vec::new();
        for Shipment { fact, is_newest } in shipments {
            let is_told = told.is_done(&fact.key());
            match fact.state {
                ShipmentState::Open => {}
                ShipmentState::Shipped if !is_newest && !told.knows(&fact.key()) => {}
                ShipmentState::Shipped => {
                    planned.push(self.fulfilled(fact));
                    planned.extend((fact.completes == Some(false)).then(|| self.partially_fulfilled(fact)));
                    let has_news = *is_newest && is_told && has_untold_tracking(fact, told);
                    planned.extend(has_news.then(|| self.tracking(fact)));
                }
                ShipmentState::Cancelled => {
                    let key = format!("shipment_cancelled:{}", fact.id);
                    planned.extend(
                        (*is_newest && is_told).then(|| self.ended(key, "order_shipment_cancelled", fact)),
                    );
                }
                ShipmentState::Failed => {
                    let key = format!("shipment_failed:{}", fact.id);
                    planned.extend(
                        (*is_newest && is_told).then(|| self.ended(key, "order_shipment_failed", fact)),
                    );
                }
            }
        }
        planned
    }

    /// Every shipment.
    fn fulfilled(&self, fact: &Fulfilment) -> Planned {
        self.plan(fact.key(), "order_fulfilled", fact.at, self.shipment(fact))
    }

    /// Besides, a shipment after which something is still to come.
    fn partially_fulfilled(&self, fact: &Fulfilment) -> Planned {
        let properties = self.shipment(fact);
        self.plan(format!("partly:{}", fact.id), "order_partially_fulfilled", fact.at, properties)
    }

    /// Tracking numbers that came after the shipment was told.
    fn tracking(&self, fact: &Fulfilment) -> Planned {
        self.plan(fact.tracking_key(), "order_shipment_updated", fact.told_at(), self.shipment(fact))
    }

    /// A shipment that was told and does not arrive.
    fn ended(&self, key: String, name: &'static str, fact: &Fulfilment) -> Planned {
        self.plan(key, name, fact.told_at(), self.shipment(fact))
    }

    fn shipment(&self, fact: &Fulfilment) -> Map<String, Value> {
        let first = |all: &[String]| all.first().map(|text| json!(text));
        let all = |all: &[String]| (!all.is_empty()).then(|| json!(all));
        let mut properties = self.head();
        properties.extend(object(vec![
            ("fulfillment_id", Some(json!(fact.id))),
            ("fulfilled_in_full", fact.completes.map(|full| json!(full))),
            ("tracking_company", fact.carrier.as_deref().map(|text| json!(text))),
            ("tracking_number", first(&fact.tracking_numbers)),
            ("tracking_url", first(&fact.tracking_urls)),
            ("tracking_numbers", all(&fact.tracking_numbers)),
            ("tracking_urls", all(&fact.tracking_urls)),
        ]));
        put_items(&mut properties, fact.items.iter().map(own_item).collect());
        properties
    }
}

/// Whether the numbers are others than those that were told. What a version before this one told is not in the ledger:
/// there, numbers that came with the shipment were told with it.
fn has_untold_tracking(fact: &Fulfilment, told: &Ledger) -> bool {
    let prefix = fact.tracking_prefix();
    let is_noted = told.entries().any(|(key, _)| key.starts_with(&prefix));
    fact.has_tracking() && !told.is_done(&fact.tracking_key()) && (is_noted || fact.at < fact.told_at())
}
