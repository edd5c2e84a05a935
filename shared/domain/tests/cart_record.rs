//! When a cart counts as abandoned.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use jiff::{SignedDuration, Timestamp};
use tajo_domain::{CartRecord, CartState, ContactKey, Identity, Ledger, TouchOutcome};

const QUIET: SignedDuration = SignedDuration::from_mins(30);

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

fn cart(state: CartState) -> CartRecord {
    CartRecord {
        version: Some(at(0)),
        triggered_at: None,
        state,
        touched_at: at(10),
        tokens: vec!["t".to_owned()],
        identity: Identity { customer: Some("7".to_owned()), ..Identity::default() },
        created_at: None,
        properties: String::new().into(),
        content: String::new(),
        effects: Ledger::default(),
        due_at: None,
        erased: false,
    }
}

#[test]
fn an_erased_cart_keeps_its_names_and_nothing_of_its_person() {
    let mut full = CartRecord { properties: r#"{"url": "…"}"#.to_owned().into(), ..cart(CartState::Open) };
    full.content = "a wool blanket".to_owned();
    full.effects.done("created");
    full.due_at = Some(1);
    full.erase();
    let left = CartRecord { identity: Identity::default(), erased: true, ..cart(CartState::Emptied) };
    assert_eq!(full, left);
    assert_eq!(full.at(at(400), QUIET), TouchOutcome::Over);
}

#[test]
fn an_open_cart_is_abandoned_when_it_has_rested_and_not_a_minute_before() {
    let open = cart(CartState::Open);
    assert_eq!(open.at(at(39), QUIET), TouchOutcome::Later(at(40)));
    assert_eq!(open.at(at(40), QUIET), TouchOutcome::Abandoned);
    assert_eq!(open.at(at(400), QUIET), TouchOutcome::Abandoned);
}

#[test]
fn a_cart_that_is_ordered_emptied_or_reminded_of_has_nothing_to_wait_for() {
    for state in [CartState::Ordered, CartState::Emptied, CartState::Abandoned] {
        assert_eq!(cart(state).at(at(400), QUIET), TouchOutcome::Over);
    }
    let nobody = CartRecord { identity: Identity::default(), ..cart(CartState::Open) };
    assert_eq!((nobody.at(at(400), QUIET), nobody.contact()), (TouchOutcome::Over, None));
}

#[test]
fn one_quiet_period_is_told_once_and_the_next_touch_begins_another() {
    let mut told = cart(CartState::Open);
    told.effects.done(&told.quiet_key());
    assert_eq!(told.at(at(400), QUIET), TouchOutcome::Over);
    told.touched_at = at(50);
    assert_eq!(told.quiet_key(), format!("quiet:{}", at(50).as_millisecond()));
    assert_eq!(told.at(at(400), QUIET), TouchOutcome::Abandoned);
    assert_eq!(told.contact(), Some(ContactKey::Customer("7".to_owned())));
}
