//! An erasure reaches everything that is kept of a person besides contact, order and cart as they first came: custom
//! fields, tags, numbers, lone facts, carts that got their person late, accounts that were merged.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_domain::Demand;
use tajo_sandbox::shopify::nodes;
use tajo_state::read_export;

use crate::bodies::{LISTS, recent, sample, with};
use crate::privacy::{assert_gone, deliver_in_haste, demands, dump, life, past, redact, table, tell_all};
use crate::stage::{Stage, ending};

const GONE: u64 = 7_201_400_000_012;
const OTHER_ADDRESS: &str = "joanna@example.net";

/// What says something of Jo beyond her names: her tags, the merchant's note, her address, a refund of hers, her days.
const MORE: [&str; 5] =
    ["garden club", "in the morning", "freiburg im breisgau", "arrived broken", "1991-05-17"];

const MAPPED: &str = "field_mapping:
  email: EMAIL
  phone: SMS
  first_name: FIRSTNAME
  last_name: LASTNAME
  default_address.city: CITY
  note: NOTE
  metafields.custom.birthday: { attribute: BIRTHDAY, kind: date }
";

fn told_of_jo() -> Vec<(&'static str, Value)> {
    [
        // The cart is nobody's until its checkout comes; refund and shipment come before their order.
        ("carts/create", "carts-create"),
        ("carts/update", "carts-update"),
        ("refunds/create", "refunds-create"),
        ("fulfillments/create", "fulfillments-create"),
        ("customers/create", "customers-create"),
        ("customers/update", "customers-update.metafields"),
        ("customer.tags_added", "customer-tags_added"),
        ("customers/purchasing_summary", "customers-purchasing_summary"),
        ("customers_email_marketing_consent/update", "customers_email_marketing_consent-update"),
        ("customers_marketing_consent/update", "customers_marketing_consent-update"),
        ("customers_whats_app_marketing_consent/update", "customers_whats_app_marketing_consent-update"),
        ("checkouts/create", "checkouts-create"),
    ]
    .map(|(topic, file)| (topic, past(file)))
    .to_vec()
}

/// Jo's other account: another address, a cart and an order of its own.
fn other_account() -> Vec<(&'static str, Value)> {
    let own = json!({"id": GONE, "admin_graphql_api_id": null, "email": OTHER_ADDRESS, "phone": null});
    let mut checkout = past("checkouts-create");
    checkout["customer"] = with(checkout["customer"].clone(), own.clone());
    let tokens = json!({"token": "chk-other", "cart_token": "cart-other", "email": OTHER_ADDRESS});
    let mut order = past("orders-create.paid");
    order["customer"] = with(order["customer"].clone(), own.clone());
    let named = json!({"id": 61, "admin_graphql_api_id": null, "email": OTHER_ADDRESS, "contact_email": OTHER_ADDRESS,
        "cart_token": null, "checkout_token": null});
    vec![
        ("customers/create", with(past("customers-create"), own)),
        ("checkouts/create", with(checkout, tokens)),
        ("orders/create", with(order, named)),
    ]
}

fn merge() -> (&'static str, Value) {
    ("customers/merge", sample("customers-merge"))
}

async fn assert_told(stage: &Stage) {
    let held = dump(stage).await;
    for canary in MORE {
        assert!(held.contains(canary), "nothing is proved by what never was there: `{canary}`");
    }
}

async fn assert_all_gone(stage: &Stage, story: &str) {
    assert_gone(stage, story).await;
    let held = dump(stage).await;
    for canary in MORE.into_iter().chain([OTHER_ADDRESS]) {
        let line = held.lines().find(|line| line.contains(canary));
        assert!(line.is_none(), "{story}: the table still says `{canary}`: {}", line.unwrap_or_default());
    }
}

#[tokio::test]
async fn whatever_was_told_of_a_person_is_shown_and_then_gone() {
    let stage = Stage::new(MAPPED).await;
    tell_all(&stage, &told_of_jo()).await;
    tell_all(&stage, &other_account()).await;
    assert_told(&stage).await;
    tell_all(&stage, &[merge()]).await;

    stage.tell("customers/data_request", &sample("customers-data_request")).await;
    let record = demands(&stage).await.remove(0);
    let shown = json!(read_export(&table(&stage).await, &record).await.unwrap()).to_string().to_lowercase();
    for canary in MORE.into_iter().chain(["jo@example.com", "1711234567", "cart-3f6a1c9e", "cart-other"]) {
        assert!(shown.contains(canary), "`{canary}` is not shown: {shown}");
    }

    stage.tell("customers/redact", &redact()).await;
    assert_all_gone(&stage, "after the erasure").await;
    let erased = demands(&stage).await.into_iter().find(|record| record.demand == Demand::Erase).unwrap();
    assert_eq!((erased.counts["carts emptied"], erased.counts["orders emptied"]), (2, 2), "{erased:?}");

    // Whatever comes late finds nobody, and Brevo hears of nothing.
    let (contacts, events) = (stage.world.brevo()["contacts"].clone(), stage.events());
    let mut late = told_of_jo();
    late.extend(other_account());
    late.extend(life());
    late.push(("orders/delete", sample("orders-delete")));
    late.push(("checkouts/delete", sample("checkouts-delete")));
    late.push(merge());
    let ends = tell_all(&stage, &late).await;
    stage.pass(SignedDuration::from_hours(1)).await;
    assert_all_gone(&stage, "after late notices").await;
    assert_eq!((stage.world.brevo()["contacts"].clone(), stage.events()), (contacts, events));
    insta::assert_snapshot!(ends.join("\n"));
}

#[tokio::test]
async fn whoever_was_merged_into_somebody_erased_is_erased_as_well() {
    for in_haste in [false, true] {
        let stage = Stage::new(LISTS).await;
        tell_all(&stage, &life()).await;
        tell_all(&stage, &other_account()).await;
        stage.tell("customers/redact", &redact()).await;
        assert!(!stage.contact(OTHER_ADDRESS).is_null(), "nobody knew yet that they are the same");

        let (topic, body) = merge();
        let notice = stage.notice(topic, &body);
        if in_haste {
            assert_eq!(deliver_in_haste(&stage, &notice).await.outcome, Outcome::Deferred);
            stage.drain().await;
        } else {
            assert_eq!(stage.deliver(&notice).await.outcome, Outcome::Applied);
        }
        assert_all_gone(&stage, "after the merge").await;
        assert_eq!(stage.world.brevo()["contacts"], json!([]));
        let records = demands(&stage).await;
        assert!(
            records.len() == 2 && records.iter().all(|record| record.finished_at.is_some()),
            "{records:?}"
        );
        // Again, and late.
        let end = ending(&stage.tell(topic, &body).await);
        assert!(end.contains("was erased"), "{end}");
        tell_all(&stage, &other_account()).await;
        assert_eq!(stage.world.brevo()["contacts"], json!([]));
    }
}

#[tokio::test]
async fn a_merge_that_names_an_erased_customer_as_gone_takes_nothing_from_them() {
    let stage = Stage::new(LISTS).await;
    tell_all(&stage, &other_account()).await;
    let own =
        json!({"customer": {"id": GONE, "email": OTHER_ADDRESS, "phone": null}, "orders_to_redact": []});
    stage.tell("customers/redact", &with(redact(), own)).await;
    let end = ending(&stage.tell("customers/merge", &sample("customers-merge")).await);
    assert!(end.contains("was erased"), "{end}");
    tell_all(&stage, &life()[..1]).await;
    let contacts = stage.world.brevo()["contacts"].clone();
    assert_eq!(contacts.as_array().unwrap().len(), 1, "the kept one is another person: {contacts}");
    assert!(stage.contact(OTHER_ADDRESS).is_null());
}

#[tokio::test]
async fn shopify_is_not_asked_about_whoever_was_erased_or_left() {
    for farewell in [("customers/redact", redact()), ("customers/delete", sample("customers-delete"))] {
        let stage = Stage::new(LISTS).await;
        tell_all(&stage, &[farewell]).await;
        stage.world.set_up_shop(json!({"customers": [nodes::customer(&sample("customers-create"))]}));
        // That the customer is gone was asked for, before they were.
        stage.world.sandbox.forget_calls();
        let mut late = told_of_jo();
        late.push(("customers/update", json!({"id": 7_201_400_000_011_i64})));
        tell_all(&stage, &late).await;
        assert_eq!(stage.calls("POST", "/admin/api/").len(), 0);
        assert_eq!(stage.world.brevo()["contacts"], json!([]));
    }
}

/// A notice without a time of its own, of an account nobody knows: Shopify says when it began.
#[tokio::test]
async fn an_account_that_began_after_the_erasure_is_somebody_new_whatever_tells_of_it_first() {
    for (hours, is_new) in [(1, true), (-24, false)] {
        let stage = Stage::new(LISTS).await;
        tell_all(&stage, &life()).await;
        stage.tell("customers/redact", &redact()).await;
        let born = stage.env.clock.now().saturating_add(SignedDuration::from_hours(hours)).unwrap();
        stage.world.advance(SignedDuration::from_hours(2));
        let account = with(
            sample("customers-create"),
            json!({"id": 72, "admin_graphql_api_id": "gid://shopify/Customer/72", "created_at": born.to_string()}),
        );
        stage.world.set_up_shop(json!({"customers": [nodes::customer(&account)]}));
        let tags = with(sample("customer-tags_added"), json!({"customerId": "gid://shopify/Customer/72"}));
        let end = ending(&stage.tell("customer.tags_added", &tags).await);
        assert_eq!(!stage.contact("jo@example.com").is_null(), is_new, "{end}");
        assert!(is_new || end.contains("erased"), "{end}");
    }
}

/// An order that the demand does not name, and that came to us only in parts without a name.
#[tokio::test]
async fn a_late_order_of_an_erased_person_takes_along_what_came_of_it_without_a_name() {
    let stage = Stage::new(LISTS).await;
    let of = json!({"order_id": 62});
    let refund = ("refunds/create", with(past("refunds-create"), of.clone()));
    let shipment = ("fulfillments/create", with(past("fulfillments-create"), of));
    tell_all(&stage, std::slice::from_ref(&refund)).await;
    stage.tell("customers/redact", &redact()).await;
    assert!(dump(&stage).await.contains("arrived broken"), "nobody can tell yet whose it is");
    let order = with(past("orders-create.paid"), json!({"id": 62, "admin_graphql_api_id": null}));
    let ends = tell_all(&stage, &[("orders/create", order), refund, shipment]).await;
    assert!(ends.iter().all(|end| end.contains("erased")), "{ends:?}");
    assert_all_gone(&stage, "after the late order").await;
    assert!(!dump(&stage).await.contains("tracking_number"));
}

#[tokio::test]
async fn nobody_who_left_is_reminded_of_a_cart() {
    for settings in [LISTS, ""] {
        let stage = Stage::new(settings).await;
        tell_all(&stage, &[("checkouts/create", recent(&sample("checkouts-create")))]).await;
        stage.tell("customers/delete", &sample("customers-delete")).await;
        let ends: Vec<String> = stage.pass(SignedDuration::from_hours(1)).await.iter().map(ending).collect();
        assert_eq!(stage.count("cart_abandoned"), 0, "{ends:?}");
        assert!(stage.pass(SignedDuration::from_hours(1)).await.is_empty(), "and nobody asks again");
    }
}
