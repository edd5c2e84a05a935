//! When a cart holds something else than before: cart and checkout tell of the same lines in other words.

use tajo_mapping::CartContent;

fn content(text: &str) -> CartContent {
    CartContent::stored(text)
}

#[test]
fn a_cart_differs_where_its_lines_do_or_what_one_source_says_it_costs() {
    let differs = |new: &str, old: &str| content(new).differs(&content(old));
    assert!(!differs("mugs|10|12", "mugs|10|12"), "the same");
    assert!(differs("mugs|10|12", "cups|10|12"), "other lines");
    assert!(differs("mugs|11|12", "mugs|10|12"), "the cart costs more");
    assert!(differs("mugs|10|13", "mugs|10|12"), "the checkout costs more");
    assert!(!differs("mugs|10|", "mugs||12"), "the first word of the cart about these lines");
    assert!(!differs("mugs||12", "mugs|10|"), "the first word of the checkout about these lines");
    assert!(!differs("mugs||", "mugs|10|12"), "silence");
}

#[test]
fn what_the_other_source_said_of_the_same_lines_is_kept() {
    let over = |new: &str, old: &str| content(new).over(&content(old)).text();
    assert_eq!(over("mugs|10|", "mugs||12"), "mugs|10|12");
    assert_eq!(over("mugs||13", "mugs|10|12"), "mugs|10|13");
    assert_eq!(over("cups|10|", "mugs||12"), "cups|10|", "the other one spoke of other lines");
}

#[test]
fn a_checkout_has_spoken_once_it_said_what_the_lines_cost() {
    assert!(content("mugs|10|12").has_checkout());
    assert!(!content("mugs|10|").has_checkout());
}
