//! Events of an order, each made from facts that never change again: whichever body arrives first, the event
//! is the same. Payment and edits have no time of their own: theirs is that of the body that first showed them.

mod shipment;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tajo_brevo::{Event, Identifier};
use tajo_domain::{
    Cancellation, Edit, Fulfilment, Ledger, Order, OrderFact, OrderHead, OrderRecord, Refund, Shipment,
};

use crate::properties::{address, amounts, object, own_item, put_items, reserved_item};
use crate::rules::number;
use crate::{Planned, StoreFacts};

/// An order as its events need it.
struct About<'a> {
    id: &'a str,
    head: OrderHead,
    identifier: Identifier,
    facts: &'a StoreFacts,
}

/// Every event that this state of the order calls for, old and new: the ledger knows which were sent.
/// Facts older than the connection are left out.
pub fn order_events(order: &Order, facts: &StoreFacts) -> Vec<Planned> {
    let shown = |fact: &Fulfilment| Shipment { fact: fact.clone(), is_newest: true };
    let shipments: Vec<Shipment> = order.fulfilments.iter().map(shown).collect();
    order_events_after(order, &shipments, &Ledger::default(), facts)
}

/// The same, with its shipments as they are known by now, and what the ledger knows of them.
pub fn order_events_after(
    order: &Order,
    shipments: &[Shipment],
    told: &Ledger,
    facts: &StoreFacts,
) -> Vec<Planned> {
    let Some(identifier) = facts.identifier(&order.identity) else { return Vec::new() };
    let about = About { id: &order.id, head: order.head(), identifier, facts };
    let mut planned = vec![about.placed(order), about.completed(order)];
    if facts.settings.orders.item_events {
        planned.extend(about.items(order));
    }
    // Neither has a time of its own, and an old order is touched for many reasons.
    if facts.is_fresh(order.created_at) && order.imported_at.is_none() {
        planned.extend(order.paid.then(|| about.paid(order)));
        planned.extend(order.edit.as_ref().map(|edit| about.edited(order, edit)));
    }
    planned.extend(order.cancelled.as_ref().map(|fact| about.cancelled(order, fact)));
    planned.extend(about.shipments(shipments, told));
    let settled = order.refunds.iter().filter(|refund| refund.is_final());
    planned.extend(settled.map(|refund| about.refunded(refund)));
    planned.retain(|planned| facts.is_fresh(planned.event.date) && order.happened_here(planned.event.date));
    planned
}

/// The events of what came without the order, once the order is known: kept facts, and its deletion.
pub fn lone_events<'a>(
    id: &str,
    record: &OrderRecord,
    lone: impl Iterator<Item = &'a OrderFact>,
    facts: &StoreFacts,
) -> Vec<Planned> {
    let Some(head) = record.head.clone() else { return Vec::new() };
    let Some(identifier) = facts.identifier(&head.identity) else { return Vec::new() };
    let about = About { id, head, identifier, facts };
    let mut planned: Vec<Planned> = lone
        .filter_map(|fact| match fact {
            // Its shipments are told by `shipment_events`.
            OrderFact::Fulfilment(_) => None,
            OrderFact::Refund { refund, .. } if !refund.is_final() => None,
            OrderFact::Refund { refund, .. } => {
                // In another currency: its amount comes with the order's next body.
                record.counted(fact)?;
                let is_full = refund.is_full.or(Some(record.is_paid_back()));
                Some(about.refunded(&Refund { is_full, ..refund.clone() }))
            }
        })
        .collect();
    planned.extend(record.deleted_at.map(|at| about.deleted(at)));
    planned.retain(|planned| is_to_tell(record, planned, facts));
    planned
}

/// The events of shipments that came without the order, once the order is known.
pub fn shipment_events(
    id: &str,
    record: &OrderRecord,
    shipments: &[Shipment],
    facts: &StoreFacts,
) -> Vec<Planned> {
    let Some(head) = record.head.clone() else { return Vec::new() };
    let Some(identifier) = facts.identifier(&head.identity) else { return Vec::new() };
    let mut planned = About { id, head, identifier, facts }.shipments(shipments, &record.effects);
    planned.retain(|planned| is_to_tell(record, planned, facts));
    planned
}

fn is_to_tell(record: &OrderRecord, planned: &Planned, facts: &StoreFacts) -> bool {
    facts.is_fresh(planned.event.date) && record.happened_here(planned.event.date)
}

impl About<'_> {
    fn placed(&self, order: &Order) -> Planned {
        let mut properties = self.with_presentment(order);
        for (name, amount) in [
            ("total", Some(order.total)),
            ("subtotal", order.subtotal),
            ("discount", order.discount),
            ("tax", order.tax),
            ("shipping", order.shipping),
            ("fees", order.fees),
        ] {
            properties.extend(amount.and_then(number).map(|amount| (name.to_owned(), amount)));
        }
        properties
            .extend(order.taxes_included.map(|included| ("taxes_included".to_owned(), json!(included))));
        if !order.coupons.is_empty() {
            properties.insert("coupons".to_owned(), json!(order.coupons));
        }
        put_items(&mut properties, order.items.iter().map(own_item).collect());
        self.plan("placed".to_owned(), "order_placed", order.created_at, properties)
    }

    /// Brevo's reserved event: ends its built-in abandoned-cart automation.
    fn completed(&self, order: &Order) -> Planned {
        let text = |value: &Option<String>| value.as_deref().map(|text| json!(text));
        let mut properties = object(vec![
            ("cart_id", order.cart_tokens.first().map(|token| json!(format!("cart:{token}")))),
            ("id", Some(json!(order.name))),
            ("date", Some(json!(order.created_at.to_string()))),
            ("affiliation", Some(json!(self.facts.shop_name()))),
            ("currency", order.currency.as_ref().map(|currency| json!(currency.as_str()))),
            ("url", text(&order.url)),
            ("payment_method", text(&order.payment_method)),
            ("shipping_method", text(&order.shipping_method)),
            ("customer_note", text(&order.note)),
            ("discount_code", Some(json!(order.coupons))),
            ("shipping_address", order.delivery.as_ref().map(address)),
            ("billing_address", order.billing.as_ref().map(address)),
            ("taxes_included", order.taxes_included.map(|included| json!(included))),
        ]);
        amounts(
            &mut properties,
            &[
                ("revenue", Some(order.total)),
                ("total", Some(order.total)),
                ("total_before_tax", order.tax.map(|tax| order.total - tax)),
                ("subtotal", order.subtotal),
                ("discount", order.discount),
                ("tax", order.tax),
                ("shipping", order.shipping),
                ("fees", order.fees),
            ],
        );
        properties.extend(presentment(order));
        put_items(&mut properties, order.items.iter().map(reserved_item).collect());
        self.plan("completed".to_owned(), "order_completed", order.created_at, properties)
    }

    fn cancelled(&self, order: &Order, fact: &Cancellation) -> Planned {
        let mut properties = self.with_presentment(order);
        properties.extend(number(order.total).map(|total| ("total".to_owned(), total)));
        properties.extend(fact.reason.as_deref().map(|reason| ("reason".to_owned(), json!(reason))));
        put_items(&mut properties, order.items.iter().map(own_item).collect());
        self.plan("cancelled".to_owned(), "order_cancelled", fact.at, properties)
    }

    /// When the whole total has been paid.
    fn paid(&self, order: &Order) -> Planned {
        let mut properties = self.with_presentment(order);
        properties.extend(number(order.total).map(|total| ("total".to_owned(), total)));
        properties.extend(
            order.payment_method.as_deref().map(|method| ("payment_method".to_owned(), json!(method))),
        );
        put_items(&mut properties, order.items.iter().map(own_item).collect());
        self.plan("paid".to_owned(), "order_paid", order.updated_at, properties)
    }

    /// What was bought has become something else.
    fn edited(&self, order: &Order, edit: &Edit) -> Planned {
        let mut properties = self.with_presentment(order);
        properties.extend(number(edit.total).map(|total| ("total".to_owned(), total)));
        properties.extend(number(order.total).map(|total| ("total_before".to_owned(), total)));
        put_items(&mut properties, edit.items.iter().map(own_item).collect());
        self.plan(format!("edited:{}", edit.lines), "order_edited", order.updated_at, properties)
    }

    /// For flows about single products. A line without an id of its own could be told twice, and is not told.
    fn items(&self, order: &Order) -> Vec<Planned> {
        let lines = order.items.iter().filter_map(|item| Some((item.line.as_deref()?, item)));
        lines
            .map(|(line, item)| {
                let mut properties = self.with_presentment(order);
                if let Value::Object(item) = own_item(item) {
                    properties.extend(item);
                }
                self.plan(format!("item:{line}"), "order_item_placed", order.created_at, properties)
            })
            .collect()
    }

    fn deleted(&self, at: Timestamp) -> Planned {
        let mut properties = self.head();
        properties.extend(number(self.head.total).map(|total| ("total".to_owned(), total)));
        self.plan("deleted".to_owned(), "order_deleted", at, properties)
    }

    fn refunded(&self, fact: &Refund) -> Planned {
        let mut properties = self.head();
        properties.extend(object(vec![
            ("refund_id", Some(json!(fact.id))),
            ("amount", number(fact.amount)),
            ("refund_type", fact.is_full.map(|full| json!(if full { "full" } else { "partial" }))),
            ("reason", fact.reason.as_deref().map(|reason| json!(reason))),
        ]));
        put_items(&mut properties, fact.items.iter().map(own_item).collect());
        self.plan(format!("refunded:{}", fact.id), "order_refunded", fact.at, properties)
    }

    fn head(&self) -> Map<String, Value> {
        let head = &self.head;
        object(vec![
            ("order_id", Some(json!(self.id))),
            ("order_number", Some(json!(head.name))),
            ("shop", Some(json!(self.facts.shop_name()))),
            ("currency", head.currency.as_ref().map(|currency| json!(currency.as_str()))),
            ("order_url", head.url.as_deref().map(|url| json!(url))),
        ])
    }

    /// The head, and what the buyer saw where it is not the shop's currency.
    fn with_presentment(&self, order: &Order) -> Map<String, Value> {
        let mut properties = self.head();
        properties.extend(presentment(order));
        properties
    }

    fn plan(
        &self,
        key: String,
        name: &'static str,
        date: Timestamp,
        properties: Map<String, Value>,
    ) -> Planned {
        Planned { key, event: Event { name, identifier: self.identifier.clone(), date, properties } }
    }
}

fn presentment(order: &Order) -> Map<String, Value> {
    let Some(presentment) = &order.presentment else { return Map::new() };
    object(vec![
        ("presentment_currency", Some(json!(presentment.currency.as_str()))),
        ("presentment_total", presentment.total.and_then(number)),
    ])
}
