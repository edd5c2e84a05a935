//! The main journey, with the demo store as `tajo connect` makes one: its own lists, Brevo's real limits, and 20
//! seconds of quiet until a cart is abandoned.

use std::time::{Duration, Instant};

use serde_json::Value;
use tajo_stack::local_aws;

use crate::bodies::{Person, about, bytes, person};
use crate::stage::{Stage, told};

#[test]
fn a_customer_a_checkout_and_an_order_reach_brevo() {
    told(async |stage| {
        let demo = stage.store("demo");
        let jo = person(stage.run, 3);
        for (topic, file) in [
            ("customers/create", "customers-create"),
            ("checkouts/create", "checkouts-create"),
            ("orders/create", "orders-create.paid"),
        ] {
            let line = stage.deliver(demo, topic, &bytes(&about(&jo, file))).await;
            assert_eq!(line.outcome, "applied", "{topic}: {:?}", line.reason);
        }
        let brevo = stage.brevo(demo).await;
        let contact = contact(&brevo, &jo);
        assert_eq!(contact["ext_id"], format!("shopify:{}:72014{}", demo.id, jo.n));
        assert_eq!(contact["emailBlacklisted"], true, "nobody asked for newsletters");
        assert_eq!(contact["smsBlacklisted"], true);
        assert_eq!(contact["attributes"]["FIRSTNAME"], format!("Zenobia{}", jo.n));
        assert_eq!(lists(&brevo, contact), ["All customers", "Buyers"]);

        let orders = brevo["orders"].as_array().unwrap();
        let order: Vec<_> = orders.iter().filter(|order| order["contact"] == contact["id"]).collect();
        assert_eq!(order.len(), 1);
        assert_eq!(order[0]["amount"], 107.5);
        assert_eq!(order[0]["triggersAutomations"], true, "it is news");

        let mut events = events(&brevo, contact);
        events.sort();
        assert_eq!(
            events,
            [
                "cart_created",
                "cart_updated",
                "customer_created",
                "order_completed",
                "order_paid",
                "order_placed"
            ]
        );
    });
}

#[test]
fn a_consent_that_no_webhook_carries_arrives_with_the_first_write() {
    told(async |stage| {
        let demo = stage.store("demo");
        let jo = person(stage.run, 7);
        let body = about(&jo, "customers-create");
        let mut node = tajo_sandbox::shopify::nodes::customer(&body);
        node["defaultEmailAddress"]["marketingState"] = "SUBSCRIBED".into();
        node["defaultEmailAddress"]["marketingUpdatedAt"] = body["created_at"].clone();
        stage
            .tell_sandbox("/shopify/shops", &serde_json::json!({"shop": demo.shop, "customers": [node]}))
            .await;
        let line = stage.deliver(demo, "customers/create", &bytes(&body)).await;
        assert_eq!((line.outcome.as_str(), line.reason), ("applied", None));
        let brevo = stage.brevo(demo).await;
        let contact = contact(&brevo, &jo);
        assert_eq!((&contact["emailBlacklisted"], &contact["smsBlacklisted"]), (&false.into(), &true.into()));
    });
}

#[test]
fn an_abandoned_cart_is_told_once_and_its_contact_is_on_the_list_until_the_order() {
    told(async |stage| {
        let demo = stage.store("demo");
        let jo = person(stage.run, 4);
        stage.deliver(demo, "checkouts/create", &bytes(&about(&jo, "checkouts-create"))).await;
        let touched = Instant::now();
        sweep(stage).await;
        assert_eq!(abandonments(&stage.brevo(demo).await, &jo), 0, "its quiet time is not over");

        let until = touched + Duration::from_secs(60);
        while abandonments(&stage.brevo(demo).await, &jo) == 0 {
            assert!(Instant::now() < until, "no reminder after a minute");
            tokio::time::sleep(Duration::from_secs(1)).await;
            sweep(stage).await;
        }
        assert!(touched.elapsed() >= Duration::from_secs(18), "reminded after {:?}", touched.elapsed());
        sweep(stage).await;
        let brevo = stage.brevo(demo).await;
        assert_eq!(abandonments(&brevo, &jo), 1);
        assert_eq!(lists(&brevo, contact(&brevo, &jo)), ["Abandoned cart", "All customers"]);

        stage.deliver(demo, "orders/create", &bytes(&about(&jo, "orders-create.paid"))).await;
        sweep(stage).await;
        let brevo = stage.brevo(demo).await;
        assert_eq!(lists(&brevo, contact(&brevo, &jo)), ["All customers", "Buyers"]);
        assert_eq!(abandonments(&brevo, &jo), 1);
    });
}

/// Looks for due carts and lets what was found be worked off.
async fn sweep(stage: &Stage) {
    let swept = local_aws::sweep(&stage.stack).await.unwrap();
    assert!(!swept.failed, "{}", swept.payload);
    // Notices are worked on within milliseconds; other tests keep the queue from ever being empty.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
}

fn contact<'a>(brevo: &'a Value, person: &Person) -> &'a Value {
    let all = brevo["contacts"].as_array().unwrap();
    all.iter().find(|contact| contact["email"] == person.email.as_str()).unwrap_or(&Value::Null)
}

fn abandonments(brevo: &Value, person: &Person) -> usize {
    events(brevo, contact(brevo, person)).iter().filter(|name| name.as_str() == "cart_abandoned").count()
}

/// Names of the events of a contact, in the order of their arrival.
fn events(brevo: &Value, contact: &Value) -> Vec<String> {
    let all = brevo["events"].as_array().unwrap();
    let mine = all.iter().filter(|event| event["contact"] == contact["id"]);
    mine.map(|event| event["event_name"].as_str().unwrap().to_owned()).collect()
}

/// Names of the lists a contact is in, sorted.
fn lists(brevo: &Value, contact: &Value) -> Vec<String> {
    let ids = contact["listIds"].as_array().unwrap();
    let all = brevo["lists"].as_array().unwrap().iter().filter(|list| ids.contains(&list["id"]));
    let mut names: Vec<String> = all.map(|list| list["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}
