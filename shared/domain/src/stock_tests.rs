use super::*;

fn at(second: i64) -> Version {
    Timestamp::from_second(second).unwrap().into()
}

fn triggered(second: i64, trigger: i64) -> Version {
    Version { triggered_at: Timestamp::from_second(trigger).ok(), ..at(second) }
}

#[test]
fn of_two_numbers_of_one_second_the_later_triggered_holds_in_every_order() {
    let both = [(triggered(5, 6), 3), (triggered(5, 7), 9)];
    for order in [[0, 1, 0, 1], [1, 0, 0, 1]] {
        let mut stock = Stock::default();
        for index in order {
            let (version, quantity) = both[index];
            stock.say_total(version, quantity);
            stock.say_level("berlin", version, quantity);
        }
        assert_eq!((stock.quantity(), stock.levels["berlin"][0].value), (Some(9), 9));
    }
    // Nobody can tell which is later.
    for order in [[8, 3], [3, 8]] {
        let mut stock = Stock::default();
        order.iter().for_each(|quantity| stock.say_total(at(5), *quantity));
        assert_eq!(stock.quantity(), Some(3));
    }
}

#[test]
fn what_was_stored_without_triggers_is_read_and_yields_to_what_has_one() {
    let old = r#"{"t":[5000,3],"l":{"berlin":[[4000,7]]},"k":[1000,true],"c":true}"#;
    let mut stock: Stock = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&stock).unwrap(), old);
    stock.say_total(triggered(5, 6), 8);
    assert_eq!(stock.quantity(), Some(8));
    let again: Stock = serde_json::from_str(&serde_json::to_string(&stock).unwrap()).unwrap();
    assert_eq!(again, stock);
}

#[test]
fn a_location_changes_the_total_by_what_changed_there_since() {
    let mut stock = Stock::default();
    stock.say_level("berlin", at(1), 5);
    stock.say_total(at(2), 12);
    assert_eq!(stock.quantity(), Some(12));
    stock.say_level("berlin", at(3), 4);
    assert_eq!(stock.quantity(), Some(11), "seven lie somewhere else");
    stock.say_total(at(3), 11);
    assert_eq!(stock.quantity(), Some(11));
}

#[test]
fn a_location_seen_for_the_first_time_raises_no_alarm() {
    let mut stock = Stock::default();
    stock.say_total(at(2), 12);
    stock.say_level("berlin", at(3), 0);
    assert_eq!(stock.quantity(), Some(12), "the others are not known");
    stock.say_total(at(4), 7);
    stock.say_level("berlin", at(5), 3);
    assert_eq!(stock.quantity(), Some(10));
}

#[test]
fn an_older_level_is_no_news_whenever_it_comes() {
    let mut stock = Stock::default();
    stock.say_total(at(2), 12);
    stock.say_level("berlin", at(9), 3);
    stock.say_level("berlin", at(5), 8);
    stock.say_level("berlin", at(1), 12);
    assert_eq!(stock.quantity(), Some(3));
    assert_eq!(stock.newest(), at(9).at);
}

#[test]
fn a_zero_that_nobody_counts_is_no_stock() {
    let mut stock = Stock::default();
    stock.say_total(at(2), 0);
    assert_eq!(stock.quantity(), None);
    stock.say_total(at(1), 4);
    assert_eq!(stock.quantity(), Some(0), "it was counted before");
    stock.say_tracked(at(3), false);
    assert_eq!(stock.quantity(), None);
}

#[test]
fn the_levels_between_two_totals_are_bounded_and_the_answer_stays() {
    let mut stock = Stock::default();
    stock.say_level("berlin", at(1), 100);
    stock.say_total(at(2), 100);
    for second in 3..50 {
        stock.say_level("berlin", at(second), 100 - second);
    }
    assert_eq!(stock.quantity(), Some(51));
    for location in 0..100 {
        stock.say_level(&location.to_string(), at(100 + location), 1);
    }
    assert_eq!(stock.levels.len(), LOCATIONS_KEPT);
    assert!(stock.levels.values().all(|levels| levels.len() <= LEVELS_KEPT));
}

#[test]
fn a_crossing_has_a_name_only_where_somebody_wants_to_know() {
    use StockState::{In, Low, Out};
    assert_eq!(
        [11, 10, 1, 0, -3].map(|quantity| StockState::of(quantity, Some(10))),
        [In, Low, Low, Out, Out]
    );
    assert_eq!(StockState::of(1, None), In);
    let crossings = [(In, Low), (In, Out), (Low, Out), (Out, Low), (Out, In), (Low, In), (In, In)];
    let names: Vec<_> = crossings.iter().map(|(from, to)| from.crossing(*to).map(Crossing::event)).collect();
    let (low, out, back) =
        (Some("product_low_stock"), Some("product_out_of_stock"), Some("product_back_in_stock"));
    assert_eq!(names, [low, out, out, back, back, None, None]);
}
