use super::*;
use crate::TopicKind;
use crate::shopify::Topic;

const URI: &str = "https://x.example/webhooks/shopify/demo";

fn wants() -> Wants {
    Wants { customers: true, orders: true, products: true, carts: true, ..Wants::default() }
}

fn all_scopes() -> Vec<String> {
    let scopes = ROWS.iter().filter_map(|(_, scope, _)| *scope);
    scopes.map(str::to_owned).collect()
}

fn node(id: &str, subscription: &Subscription) -> Value {
    json!({ "id": id, "topic": subscription.topic_in_api(), "uri": subscription.uri, "format": "JSON", "filter": null,
        "includeFields": [], "metafieldNamespaces": subscription.metafield_namespaces,
        "apiVersion": { "handle": VERSION } })
}

fn all_there() -> Vec<Value> {
    let wanted = wanted(&wants(), &all_scopes(), URI);
    wanted.iter().enumerate().map(|(n, one)| node(&format!("gid://{n}"), one)).collect()
}

fn plan_of(known: &[Value]) -> Plan {
    plan(known, wanted(&wants(), &all_scopes(), URI), "demo")
}

#[test]
fn every_webhook_is_one_that_is_worked_on() {
    for (topic, ..) in ROWS {
        assert_ne!(Topic::parse(topic).kind(), TopicKind::Unknown, "{topic}");
    }
}

#[test]
fn only_what_is_synced_and_granted_is_subscribed_to() {
    let topics = |wants: &Wants, granted: &[String]| -> Vec<&str> {
        wanted(wants, granted, URI).iter().map(|one| one.topic).collect()
    };
    let products = Wants { products: true, ..Wants::default() };
    let of_products = topics(&products, &all_scopes());
    assert!(
        of_products.contains(&"products/update")
            && !of_products.iter().any(|topic| topic.starts_with("customer"))
    );
    let own = ["app/uninstalled", "app/scopes_update", "bulk_operations/finish"];
    assert_eq!(topics(&wants(), &[]), own);
    assert!(!topics(&wants(), &all_scopes()).contains(&"inventory_levels/update"));
}

#[test]
fn what_is_right_stays_what_is_missing_is_made_and_others_are_left_alone() {
    let all = all_there();
    let done = plan_of(&all);
    assert!(done.is_done());
    assert_eq!(done.right, all.len());
    let other = json!({ "id": "gid://other", "topic": "ORDERS_CREATE", "uri": "https://else.example/hook" });
    let with_other: Vec<Value> = all.iter().skip(1).cloned().chain([other]).collect();
    let plan = plan_of(&with_other);
    assert_eq!((plan.create.len(), plan.update.len(), plan.delete.len()), (1, 0, 0));
    assert_eq!(plan.create[0].topic, "customers/create");
}

#[test]
fn what_is_stale_is_changed_made_anew_or_removed() {
    let mut all = all_there();
    all[0]["uri"] = json!("https://old.example/prod/webhooks/shopify/demo");
    all[1]["apiVersion"]["handle"] = json!("2026-01");
    all[2]["filter"] = json!("id:1");
    let unwanted = json!({ "id": "gid://late", "topic": "INVENTORY_LEVELS_UPDATE", "uri": URI });
    let doubled = Value::clone(&all[5]);
    all.extend([unwanted, doubled]);
    all.last_mut().unwrap()["id"] = json!("gid://doubled");
    let plan = plan_of(&all);
    assert_eq!(plan.create.iter().map(|one| one.topic).collect::<Vec<_>>(), ["customers/update"]);
    assert_eq!(plan.update.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["gid://0", "gid://2"]);
    assert_eq!(plan.delete, ["gid://1", "gid://late", "gid://doubled"]);
}

#[test]
fn mapped_metafields_ride_in_the_bodies_of_customers_alone() {
    let wants = Wants { metafield_namespaces: vec!["custom".to_owned()], ..wants() };
    let with: Vec<&str> = wanted(&wants, &all_scopes(), URI)
        .iter()
        .filter(|one| !one.metafield_namespaces.is_empty())
        .map(|one| one.topic)
        .collect();
    assert_eq!(with, WITH_METAFIELDS);
}

#[test]
fn topics_are_named_as_the_admin_api_does() {
    assert_eq!(topic_in_api("customer.tags_added"), "CUSTOMER_TAGS_ADDED");
    assert_eq!(
        topic_in_api("customers_whats_app_marketing_consent/update"),
        "CUSTOMERS_WHATS_APP_MARKETING_CONSENT_UPDATE"
    );
}
