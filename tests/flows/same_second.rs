//! Bodies of the same second: the platform stamps whole seconds, and the webhook's own trigger tells which is newer.
//! Every versioned thing, in every order of arrival, duplicates included.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_testkit::notice;

use crate::bodies::{LISTS, cast, each, recent, sample, with};
use crate::order_of_arrival::permutations;
use crate::stage::Stage;

const FIRST: u32 = 40_000_000;

/// Three bodies about one thing, all with the same time, and what Brevo shows once all have come.
struct Case {
    topic: &'static str,
    /// Delivered first, in this order.
    before: Vec<(&'static str, Value)>,
    bodies: [Value; 3],
    /// What of Brevo's state the bodies disagree about; the second argument names the n-th Jo's things.
    shows: fn(&Value, u32) -> Value,
    /// What it shows where the third body is the newest one.
    newest: Value,
}

/// When each of the bodies was triggered.
#[derive(Clone, Copy, Debug)]
enum Triggers {
    InOrder,
    Equal,
    Missing,
    SomeMissing,
}

impl Triggers {
    fn of(self, body: usize) -> Option<Timestamp> {
        let second: Timestamp = "2026-11-10T08:00:00Z".parse().unwrap();
        let after = |millis| second.saturating_add(SignedDuration::from_millis(millis)).ok();
        match self {
            Self::InOrder => after(100 + 300 * i64::try_from(body).unwrap()),
            Self::Equal => after(500),
            Self::Missing => None,
            Self::SomeMissing => after(500).filter(|_| body == 1),
        }
    }
}

fn of_nth(body: &Value, n: u32) -> Value {
    let text = cast(body, n).to_string().replace("9601400000001", &format!("96014{n}"));
    serde_json::from_str(&text).unwrap()
}

/// Delivers the bodies in this order, the first of them once more at the end, and answers nothing but success.
async fn deliver(stage: &Stage, case: &Case, n: u32, order: &[usize], triggers: Triggers) {
    for (topic, body) in &case.before {
        stage.tell(topic, &of_nth(body, n)).await;
    }
    for step in order.iter().chain(order.first()) {
        let body = of_nth(&case.bodies[*step], n).to_string();
        let mut notice = notice(case.topic, &format!("d-{n}-{step}"), body.as_bytes());
        notice.triggered_at = triggers.of(*step);
        let report = stage.deliver(&notice).await;
        let fine = matches!(report.outcome, Outcome::Applied | Outcome::Unchanged | Outcome::Skipped);
        assert!(fine, "{order:?}: {report:?}");
    }
}

async fn ends_alike(case: Case) {
    for triggers in [Triggers::InOrder, Triggers::Equal, Triggers::Missing, Triggers::SomeMissing] {
        let mut expected = matches!(triggers, Triggers::InOrder).then(|| case.newest.clone());
        for order in permutations(3) {
            // One thing in a world of its own: the fixed order of contents depends on ids, too.
            let stage = Stage::new(LISTS).await;
            deliver(&stage, &case, FIRST, &order, triggers).await;
            stage.pass(SignedDuration::from_hours(1)).await;
            let state = stage.world.brevo();
            let mut mine = each(&state).remove(&FIRST).unwrap_or_else(|| state.clone());
            mine["categories"] = state["categories"].clone();
            let end = (case.shows)(&mine, FIRST);
            assert_ne!(end, Value::Null, "{order:?}, {triggers:?}: {state:#}");
            assert_eq!(
                &end,
                expected.get_or_insert_with(|| end.clone()),
                "{} arrived as {order:?}, {triggers:?}",
                case.topic
            );
        }
    }
}

fn attribute(state: &Value, name: &str) -> Value {
    state["contacts"][0]["attributes"][name].clone()
}

#[tokio::test]
async fn of_two_order_bodies_of_one_second_the_later_triggered_holds() {
    let order = || sample("orders-create.paid");
    let same = json!({"updated_at": "2026-11-02T09:16:10+01:00"});
    let refunded = with(with(sample("orders-updated.refunded"), same.clone()), json!({"fulfillments": []}));
    let pending = with(with(order(), same.clone()), json!({"financial_status": "pending"}));
    ends_alike(Case {
        topic: "orders/updated",
        before: vec![],
        bodies: [pending, with(order(), same), refunded],
        shows: |state, _| json!([state["orders"][0]["status"], state["orders"][0]["amount"]]),
        newest: json!(["partially_refunded", 96.25]),
    })
    .await;
}

#[tokio::test]
async fn without_a_trigger_an_order_that_was_refunded_is_not_paid_again() {
    let stage = Stage::new("").await;
    let same = json!({"updated_at": "2026-11-02T09:16:10+01:00"});
    let paid = with(sample("orders-create.paid"), same.clone());
    let refunded = with(sample("orders-updated.refunded"), same);
    for (index, body) in [&refunded, &paid, &refunded, &paid].iter().enumerate() {
        let mut notice = stage.notice("orders/updated", body);
        notice.triggered_at = None;
        stage.deliver(&notice).await;
        let state = stage.world.brevo();
        assert_eq!(state["orders"][0]["status"], "partially_refunded", "after delivery {index}");
    }
}

#[tokio::test]
async fn of_two_profiles_of_one_second_the_later_triggered_holds() {
    let named = |name: &str| with(sample("customers-update"), json!({"first_name": name}));
    ends_alike(Case {
        topic: "customers/update",
        before: vec![],
        bodies: [named("Zoe"), named("Mia"), named("Ana")],
        shows: |state, _| attribute(state, "FIRSTNAME"),
        newest: json!("Ana"),
    })
    .await;
}

#[tokio::test]
async fn of_two_consents_of_one_second_the_opt_out_holds_whichever_was_triggered_later() {
    let said = |state: &str| {
        let mut body = sample("customers_email_marketing_consent-update");
        body["email_marketing_consent"]["state"] = json!(state);
        body
    };
    for bodies in
        [["subscribed", "unsubscribed", "subscribed"], ["unsubscribed", "subscribed", "unsubscribed"]]
    {
        ends_alike(Case {
            topic: "customers_email_marketing_consent/update",
            before: vec![("customers/create", sample("customers-create"))],
            bodies: bodies.map(said),
            shows: |state, _| state["contacts"][0]["emailBlacklisted"].clone(),
            newest: json!(true),
        })
        .await;
    }
}

#[tokio::test]
async fn of_two_full_sets_of_tags_of_one_second_the_later_triggered_holds() {
    let tagged = |tags: &str| with(sample("customers-update"), json!({"tags": tags}));
    ends_alike(Case {
        topic: "customers/update",
        before: vec![],
        bodies: [tagged("vip"), tagged("b2b"), tagged("club")],
        shows: |state, _| attribute(state, "TAGS"),
        newest: json!("club"),
    })
    .await;
}

#[tokio::test]
async fn a_tag_that_came_back_within_the_second_is_there() {
    let stage = Stage::new("").await;
    let stamped =
        |name: &str| with(sample(name), json!({"tags": ["vip"], "occurredAt": "2026-11-05T10:00:00Z"}));
    let story = [("added", 100), ("removed", 300), ("added", 500)];
    for (index, order) in permutations(3).iter().enumerate() {
        let n = FIRST + u32::try_from(index).unwrap();
        stage.tell("customers/create", &cast(&sample("customers-create"), n)).await;
        for step in order.iter().chain(order) {
            let (what, millis) = story[*step];
            let body = cast(&stamped(&format!("customer-tags_{what}")), n);
            let mut notice = notice(
                &format!("customer.tags_{what}"),
                &format!("d-{n}-{step}"),
                body.to_string().as_bytes(),
            );
            let second: Timestamp = "2026-11-05T10:00:00Z".parse().unwrap();
            notice.triggered_at = second.saturating_add(SignedDuration::from_millis(millis)).ok();
            stage.deliver(&notice).await;
        }
        let contact = stage.contact(&format!("jo{n}@example.com"));
        assert_eq!(contact["attributes"]["TAGS"], "vip", "arrived as {order:?}");
    }
}

#[tokio::test]
async fn of_two_summaries_of_one_second_the_later_triggered_holds() {
    let bought = |count: u32| with(sample("customers-purchasing_summary"), json!({"numberOfOrders": count}));
    ends_alike(Case {
        topic: "customers/purchasing_summary",
        before: vec![("customers/create", sample("customers-create"))],
        bodies: [bought(9), bought(4), bought(6)],
        shows: |state, _| attribute(state, "ORDER_COUNT"),
        newest: json!(6),
    })
    .await;
}

#[tokio::test]
async fn of_two_checkouts_of_one_second_the_reminder_tells_the_later_triggered() {
    let holding = |pieces: u32| {
        let mut body = recent(&sample("checkouts-update"));
        body["line_items"][0]["quantity"] = json!(pieces);
        body
    };
    ends_alike(Case {
        topic: "checkouts/update",
        before: vec![],
        bodies: [holding(7), holding(2), holding(4)],
        shows: |state, _| {
            let events = state["events"].as_array().unwrap();
            let reminder = events.iter().find(|event| event["event_name"] == "cart_abandoned");
            reminder
                .map(|event| event["event_properties"]["items"][0]["quantity"].clone())
                .unwrap_or_default()
        },
        newest: json!(4),
    })
    .await;
}

#[tokio::test]
async fn of_two_products_of_one_second_the_later_triggered_holds() {
    let named = |title: &str| with(sample("products-create"), json!({"title": title}));
    ends_alike(Case {
        topic: "products/update",
        before: vec![],
        bodies: [named("Zinc"), named("Moss"), named("Ash")],
        shows: |state, n| {
            let id = format!("91014{n}");
            let products = state["products"].as_array().unwrap();
            let mine =
                products.iter().find(|product| product["id"] == id || product["id"] == "9101400000001");
            mine.map(|product| product["name"].clone()).unwrap_or_default()
        },
        newest: json!("Ash"),
    })
    .await;
}

#[tokio::test]
async fn of_two_collections_of_one_second_the_later_triggered_holds() {
    let named = |title: &str| with(sample("collections-update"), json!({"title": title}));
    ends_alike(Case {
        topic: "collections/update",
        before: vec![],
        bodies: [named("Zest"), named("Moor"), named("Alps")],
        shows: |state, n| {
            let id = format!("96014{n}");
            let categories = state["categories"].as_array().unwrap();
            let mine = categories.iter().find(|category| category["id"].as_str().unwrap().ends_with(&id));
            mine.map(|category| category["name"].clone()).unwrap_or_default()
        },
        newest: json!("Alps"),
    })
    .await;
}

#[tokio::test]
async fn an_order_stored_before_triggers_were_kept_yields_to_a_body_of_its_second() {
    let stage = Stage::new("").await;
    let same = json!({"updated_at": "2026-11-02T09:16:10+01:00"});
    let refunded = with(sample("orders-updated.refunded"), same.clone());
    let paid = with(sample("orders-create.paid"), same);
    let mut first = stage.notice("orders/updated", &refunded);
    first.triggered_at = None;
    stage.deliver(&first).await;
    // Now with its trigger: as before, an equal version is accepted.
    let mut second = stage.notice("orders/updated", &paid);
    second.triggered_at = Some(second.received_at);
    stage.deliver(&second).await;
    assert_eq!(stage.world.brevo()["orders"][0]["status"], "paid");
}
