//! Roads, calls and what their answers say of each item.

use super::*;

fn answer(status: u16, body: Value) -> Result<Answer, Error> {
    Ok(Answer { status, body })
}

fn taken(fate: Fate) -> Vec<bool> {
    match fate {
        Fate::Each(results) => results.iter().map(Result::is_ok).collect(),
        Fate::Split => panic!("split"),
    }
}

#[test]
fn a_partial_success_is_told_event_by_event() {
    let body = json!({"status": "partial_success", "errors": [{"eventIndex": [1, 3], "message": "no"}]});
    assert_eq!(taken(Fate::of_so_many(answer(207, body), 4)), [true, false, true, false]);
}

#[test]
fn an_answer_that_is_no_partial_success_takes_them_all_whatever_its_body_says() {
    let body = json!({"errors": [{"eventIndex": [0], "message": "no"}]});
    for body in [Value::Null, json!({"batch_id": 7}), body] {
        assert_eq!(taken(Fate::of_so_many(answer(202, body), 2)), [true, true]);
    }
}

#[test]
fn a_partial_success_that_names_nobody_leaves_all_of_them_open() {
    for index in [json!(null), json!([]), json!(1), json!(["1"]), json!([2])] {
        let body = json!({"errors": [{"eventIndex": index, "message": "no"}]});
        assert_eq!(taken(Fate::of_so_many(answer(207, body), 2)), [false, false], "{index}");
    }
    assert_eq!(taken(Fate::of_so_many(answer(207, Value::Null), 2)), [false, false]);
}

#[test]
fn a_batch_refused_as_a_whole_is_split_and_a_single_one_is_not() {
    let refused = || Err(Error::refused(400, "invalid_parameter", "x"));
    assert!(matches!(Fate::of_so_many(refused(), 2), Fate::Split));
    assert_eq!(taken(Fate::of_so_many(refused(), 1)), [false]);
}

#[test]
fn a_rate_limit_is_every_item_s_and_splits_nothing() {
    let limited = Err(Error::RateLimited { reset: std::time::Duration::from_secs(1) });
    assert_eq!(taken(Fate::of_so_many(limited, 3)), [false, false, false]);
}

#[test]
fn of_those_who_join_a_list_each_hears_whether_brevo_has_them_in_it() {
    let item = |email| Item::Member(Membership::Joins(4), Email::parse(email).unwrap());
    let items = [item("jo@example.com"), item("max@example.com")];
    let request = items[0].kind().batch(items.iter().map(Item::in_batch).collect());
    assert_eq!(request.path, "/contacts/lists/4/contacts/add");
    assert_eq!(request.body, Some(json!({"emails": ["jo@example.com", "max@example.com"]})));
    let body = json!({"contacts": {"success": ["Max@Example.com"], "failure": ["jo@example.com"]}});
    assert_eq!(taken(Fate::of(answer(201, body), items.iter())), [false, true]);
    let refused = Err(Error::refused(400, "invalid_parameter", "Contact already in list"));
    assert_eq!(taken(Fate::of(refused, items.iter())), [false, false]);
}

#[test]
fn every_kind_has_its_roads_and_only_batches_carry_old_orders_and_members() {
    let member = Kind::Members(Membership::Joins(4));
    for (kind, alone, together) in [
        (Kind::Events, Some(Bucket::Events), Bucket::EventsBatch),
        (Kind::Orders, Some(Bucket::Orders), Bucket::OrdersBatch),
        (Kind::HistoricalOrders, None, Bucket::OrdersBatch),
        (Kind::Categories, Some(Bucket::Categories), Bucket::CategoriesBatch),
        (Kind::Products, Some(Bucket::Products), Bucket::ProductsBatch),
        (member, None, Bucket::Contacts),
    ] {
        assert_eq!((kind.alone(), kind.together()), (alone, together), "{kind:?}");
    }
}

#[test]
fn a_thing_shows_its_kind_and_nobody() {
    let item = Item::Member(Membership::Leaves(4), Email::parse("jo@example.com").unwrap());
    assert_eq!(format!("{item:?}"), "Item(Members(Leaves(4)))");
}

#[test]
fn a_contact_s_events_and_a_product_with_its_variants_are_one_subject_each() {
    let fields = |json: Value| json.as_object().cloned().unwrap_or_default();
    let jo = crate::Identifier::ExtId("shopify:demo:1".to_owned());
    let event = Event::new("x", jo, "2026-11-02T10:00:00Z".parse().unwrap());
    assert_eq!(Item::Event(event, BTreeMap::new()).subject(), "shopify:demo:1");
    let product = Item::Product(fields(json!({"id": "1", "name": "Cup"})));
    let variant = Item::Product(fields(json!({"id": "11", "parentId": "1"})));
    assert_eq!((product.subject(), variant.subject()), ("1", "1"));
    assert_eq!(Item::Order(json!({"id": "7"})).subject(), "7");
    assert_eq!(Item::Category(fields(json!({"id": "c"}))).subject(), "c");
}

#[test]
fn what_only_the_older_state_of_a_product_says_stays() {
    let fields = |json: Value| json.as_object().cloned().unwrap_or_default();
    let older = Item::Product(fields(json!({"id": "1", "name": "Cup", "stock": 3})));
    let newer = Item::Product(fields(json!({"id": "1", "stock": 2})));
    assert_eq!(older.merged(&newer).in_batch(), json!({"id": "1", "name": "Cup", "stock": 2}));
}
