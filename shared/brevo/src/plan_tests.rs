//! The planner's three rules, for anything there may be to send.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use tajo_domain::Email;

use super::*;
use crate::{Event, Identifier, limits};

fn event(who: u8, bytes: usize) -> Item {
    let identifier = Identifier::Email(Email::parse(&format!("buyer{who}@example.com")).unwrap());
    let mut event = Event::new("cart_updated", identifier, "2026-11-02T10:00:00Z".parse().unwrap());
    event.properties.insert("note".to_owned(), json!("x".repeat(bytes)));
    Item::Event(event, BTreeMap::new())
}

fn product(id: u8) -> Item {
    Item::Product(json!({"id": id.to_string(), "stock": 1}).as_object().cloned().unwrap())
}

fn order(id: u8, amount: u32) -> Item {
    Item::Order(json!({"id": id.to_string(), "amount": amount}))
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let events = prop::collection::vec((0u8..40, prop_oneof![4 => 0usize..300, 1 => 0usize..45_000]), 0..420)
        .prop_map(|all| all.into_iter().map(|(who, bytes)| event(who, bytes)).collect::<Vec<_>>());
    let orders = prop::collection::vec((0u8..200, 0u32..9), 0..300)
        .prop_map(|all| all.into_iter().map(|(id, amount)| order(id, amount)).collect::<Vec<_>>());
    let products = prop::collection::vec(0u8..255, 0..300)
        .prop_map(|all| all.into_iter().map(product).collect::<Vec<_>>());
    prop_oneof![events, orders, products]
}

fn supplies() -> impl Strategy<Value = Supply> {
    (0usize..60, 0usize..6).prop_map(|(alone, together)| Supply { alone, together })
}

proptest! {
    #[test]
    fn nothing_is_lost_nothing_is_twice_and_no_limit_is_exceeded(items in items(), supply in supplies()) {
        prop_assume!(!items.is_empty());
        let kind = items[0].kind();
        let units = collapse(&items);
        let plan = plan(kind, &units, supply);

        let calls = plan.alone.iter().chain(&plan.together).flatten();
        let mut seen: Vec<usize> = calls.chain(&plan.left).copied().collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..units.len()).collect::<Vec<_>>());

        prop_assert!(plan.alone.iter().map(Vec::len).sum::<usize>() <= supply.alone);
        prop_assert!(plan.together.len() <= supply.together);
        let (most, most_bytes) = kind.most();
        for batch in &plan.together {
            prop_assert!(batch.len() <= most);
            let body = Plan::batch(kind, &units, batch).body.unwrap();
            prop_assert!(body.to_string().len() <= most_bytes);
            let mut ids: Vec<&str> = batch.iter().filter_map(|unit| units[*unit].item.id()).collect();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), count, "an id twice in one batch");
        }
    }

    #[test]
    fn two_items_of_one_subject_never_change_places(items in items(), supply in supplies()) {
        prop_assume!(!items.is_empty());
        let units = collapse(&items);
        let plan = plan(items[0].kind(), &units, supply);
        // The order in which a subject's units are sent: its chain, or the batches one after another, then what waits.
        let mut sent: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
        let roads = [plan.alone.concat(), plan.together.concat(), plan.left.clone()];
        for (road, units_of_road) in roads.iter().enumerate() {
            for unit in units_of_road {
                sent.entry(units[*unit].item.subject()).or_default().push((road, *unit));
            }
        }
        for order in sent.values() {
            prop_assert!(order.windows(2).all(|pair| pair[0].1 < pair[1].1));
            let uses = |wanted: usize| order.iter().any(|(road, _)| *road == wanted);
            prop_assert!(!(uses(0) && uses(1)), "one subject on two roads");
        }
    }

    /// Whatever the sizes: a subject may need more batches than were granted, or an item fit into none.
    #[test]
    fn something_leaves_whenever_one_call_may_leave(
        sizes in prop::collection::vec((0u8..3, prop_oneof![30 => 0usize..60, 1 => 400_000usize..600_000]), 1..300),
        alone in 0usize..2,
        together in 0usize..2,
    ) {
        let items: Vec<Item> = sizes.iter().map(|(who, bytes)| event(*who, *bytes)).collect();
        let units = collapse(&items);
        let supply = Supply { alone, together: if can_batch(Kind::Events, &units) { together } else { 0 } };
        prop_assume!(supply != Supply::default());
        let planned = plan(Kind::Events, &units, supply);
        prop_assert!(planned.left.len() < units.len(), "{supply:?} of {} units", units.len());
    }

    /// Round by round with one call each, as on a fresh account, everything leaves in the order of each subject.
    #[test]
    fn one_call_after_another_sends_everything_in_order(items in items()) {
        prop_assume!(!items.is_empty());
        let kind = items[0].kind();
        let mut units = collapse(&items);
        let mut sent: Vec<Unit> = Vec::new();
        for round in 0.. {
            prop_assert!(round <= items.len(), "it never ends");
            let supply = if can_batch(kind, &units) {
                Supply { alone: 0, together: 1 }
            } else {
                Supply { alone: 1, together: 0 }
            };
            let planned = plan(kind, &units, supply);
            let calls = planned.alone.iter().chain(&planned.together).flatten();
            sent.extend(calls.map(|unit| units[*unit].clone()));
            units = planned.left.iter().map(|unit| units[*unit].clone()).collect();
            if units.is_empty() {
                break;
            }
        }
        let mut newest: HashMap<&str, usize> = HashMap::new();
        for unit in &sent {
            let place = newest.entry(unit.item.subject()).or_default();
            prop_assert!(*place <= unit.members[0], "one of a subject overtook another");
            *place = unit.members[0];
        }
    }

    #[test]
    fn with_enough_batches_everything_leaves_and_with_nothing_all_of_it_waits(items in items()) {
        prop_assume!(!items.is_empty());
        let kind = items[0].kind();
        let units = collapse(&items);
        let needs = needs(kind, &units);
        let everything = plan(kind, &units, Supply { alone: 0, together: needs.together });
        prop_assert!(everything.left.is_empty());
        prop_assert!(needs.together <= units.len());
        let nothing = plan(kind, &units, Supply::default());
        prop_assert_eq!(nothing.left.len(), units.len());
    }

    #[test]
    fn of_one_order_the_last_state_is_sent(states in prop::collection::vec((0u8..5, 0u32..100), 1..60)) {
        let items: Vec<Item> = states.iter().map(|(id, amount)| order(*id, *amount)).collect();
        for unit in collapse(&items) {
            let last = *unit.members.last().unwrap();
            prop_assert_eq!(&unit.item, &items[last]);
        }
    }
}

#[test]
fn a_full_batch_holds_as_many_events_as_brevo_takes() {
    let items: Vec<Item> = (0..=200).map(|n| event(n, 1)).collect();
    let plan = plan(Kind::Events, &collapse(&items), Supply { alone: 0, together: 9 });
    let sizes: Vec<usize> = plan.together.iter().map(Vec::len).collect();
    assert_eq!(sizes, [limits::EVENTS_PER_BATCH, 1]);
}

#[test]
fn a_batch_is_cut_by_bytes_before_brevo_refuses_it() {
    let items: Vec<Item> = (0..20).map(|n| event(n, 40_000)).collect();
    let plan = plan(Kind::Events, &collapse(&items), Supply { alone: 0, together: 9 });
    assert_eq!(plan.together.iter().map(Vec::len).collect::<Vec<_>>(), [12, 8]);
}

#[test]
fn old_orders_know_only_the_road_that_starts_no_automation() {
    let items = [Item::HistoricalOrder(json!({"id": "1"}))];
    let units = collapse(&items);
    let waits = plan(Kind::HistoricalOrders, &units, Supply { alone: 5, together: 0 });
    assert_eq!(waits.left, [0]);
    let sent = plan(Kind::HistoricalOrders, &units, Supply { alone: 0, together: 1 });
    let body = Plan::batch(Kind::HistoricalOrders, &units, &sent.together[0]).body.unwrap();
    assert_eq!(body, json!({"orders": [{"id": "1"}], "historical": true}));
}

#[test]
fn live_orders_start_automations_in_a_batch_too() {
    let body = Plan::batch(Kind::Orders, &collapse(&[order(1, 5)]), &[0]).body.unwrap();
    assert_eq!(body["historical"], false);
}

/// An order that takes so many bytes of a batch, with the comma behind it.
fn order_of(id: &str, bytes: usize) -> Item {
    let padded = |padding: usize| Item::Order(serde_json::json!({"id": id, "note": "x".repeat(padding)}));
    padded(bytes - padded(0).in_batch().to_string().len() - 1)
}

/// How many batches carry orders of these sizes, and how many are left.
fn orders(sizes: &[usize]) -> (Vec<usize>, usize) {
    let items: Vec<Item> =
        sizes.iter().enumerate().map(|(n, size)| order_of(&format!("order-{n}"), *size)).collect();
    let planned = plan(Kind::Orders, &collapse(&items), Supply { alone: 0, together: 9 });
    (planned.together.iter().map(Vec::len).collect(), planned.left.len())
}

#[test]
fn a_batch_is_filled_to_its_last_byte_and_not_beyond() {
    let room = limits::BATCH_BYTES - ENVELOPE_BYTES;
    assert_eq!(orders(&[room]), (vec![1], 0));
    assert_eq!(orders(&[room + 1]), (vec![], 1), "no batch holds it");
    assert_eq!(orders(&[room - 500, 500]), (vec![2], 0));
    assert_eq!(orders(&[room - 500, 501]), (vec![1, 1], 0));
}

#[test]
fn one_contact_s_events_fill_a_batch_and_begin_the_next() {
    let event = Event {
        name: "order_placed",
        identifier: Identifier::ExtId("shopify:demo:1".to_owned()),
        date: jiff::Timestamp::UNIX_EPOCH,
        properties: serde_json::Map::new(),
    };
    let items = vec![Item::Event(event, BTreeMap::new()); limits::EVENTS_PER_BATCH + 1];
    let planned = plan(Kind::Events, &collapse(&items), Supply { alone: 0, together: 2 });
    assert_eq!(planned.together.iter().map(Vec::len).collect::<Vec<_>>(), [200, 1]);
}

#[test]
fn a_subject_larger_than_the_granted_batch_leaves_its_first_part() {
    let piece = |n: usize| {
        let fields = json!({"id": n.to_string(), "parentId": "0", "stock": 1});
        Item::Product(fields.as_object().cloned().unwrap())
    };
    for count in [100, 101, 260] {
        let items: Vec<Item> = std::iter::once(product(0)).chain((1..=count).map(piece)).collect();
        let planned = plan(Kind::Products, &collapse(&items), Supply { alone: 3, together: 1 });
        let first: Vec<usize> = (0..limits::CATALOGUE_PER_BATCH).collect();
        assert_eq!(planned.together, [first], "{count} variants");
        assert_eq!(planned.left.len(), count + 1 - limits::CATALOGUE_PER_BATCH);
        assert!(planned.alone.is_empty(), "a variant could overtake the batch with its product");
    }
}

#[test]
fn an_item_beyond_a_batch_s_bytes_waits_behind_the_others_of_its_subject() {
    let items: Vec<Item> = [10, 600_000, 10].into_iter().map(|bytes| event(1, bytes)).collect();
    let first = plan(Kind::Events, &collapse(&items), Supply { alone: 1, together: 1 });
    assert_eq!((first.together, first.alone, first.left), (vec![vec![0]], vec![], vec![1, 2]));
    let units = collapse(&items[1..]);
    assert!(!can_batch(Kind::Events, &units));
    let then = plan(Kind::Events, &units, Supply { alone: 1, together: 0 });
    assert_eq!((then.alone, then.left), (vec![vec![0]], vec![1]));
}

#[test]
fn an_old_order_beyond_a_batch_s_bytes_is_a_batch_of_its_own() {
    let old = |id: &str, bytes: usize| Item::HistoricalOrder(json!({"id": id, "note": "x".repeat(bytes)}));
    let units = collapse(&[old("1", 10), old("2", limits::BATCH_BYTES), old("3", 10)]);
    assert!(can_batch(Kind::HistoricalOrders, &units));
    let planned = plan(Kind::HistoricalOrders, &units, Supply { alone: 0, together: 3 });
    assert_eq!(planned.together, [vec![0], vec![1], vec![2]]);
}

#[test]
fn what_no_batch_can_hold_is_counted_among_the_calls_that_are_needed() {
    let items = [order_of("small", 100), order_of("large", limits::BATCH_BYTES)];
    assert_eq!(needs(Kind::Orders, &collapse(&items)), Supply { alone: 2, together: 2 });
}
