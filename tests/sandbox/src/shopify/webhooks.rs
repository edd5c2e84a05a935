//! The webhooks that an app has in a shop.

use serde_json::{Value, json};

use super::shop::Shop;

/// Which right a topic needs (`specs/shopify/webhook-topics-2026-07.json`), by how its name begins.
const SCOPES: &[(&str, &str)] = &[
    ("CUSTOMERS_MERGE", "read_customer_merge"),
    ("CUSTOMER", "read_customers"),
    ("ORDERS", "read_orders"),
    ("REFUNDS", "read_orders"),
    ("CARTS", "read_orders"),
    ("CHECKOUTS", "read_orders"),
    ("FULFILLMENTS", "read_fulfillments"),
    ("PRODUCTS", "read_products"),
    ("COLLECTIONS", "read_products"),
    ("VARIANTS", "read_products"),
    ("INVENTORY_LEVELS", "read_inventory"),
];

const KIND: &str = "WebhookSubscription";

/// Carries out one of the mutations about webhooks. `None`: it is none of them.
pub(super) fn mutate(
    shop: &mut Shop,
    name: &str,
    argument: &impl Fn(&str) -> Value,
    version: &str,
) -> Option<Value> {
    let outcome = match name {
        "webhookSubscriptionCreate" => {
            create(shop, &argument("topic"), &argument("webhookSubscription"), version)
        }
        "webhookSubscriptionUpdate" => update(shop, &argument("id"), &argument("webhookSubscription")),
        "webhookSubscriptionDelete" => delete(shop, &argument("id")),
        _ => return None,
    };
    Some(match outcome {
        Ok(payload) => payload,
        Err((field, message)) => json!({ "userErrors": [{ "field": field, "message": message }] }),
    })
}

type Refusal = (Vec<&'static str>, String);

fn create(shop: &mut Shop, topic: &Value, input: &Value, version: &str) -> Result<Value, Refusal> {
    let topic = topic.as_str().unwrap_or_default();
    let scope = SCOPES.iter().find(|(begin, _)| topic.starts_with(begin)).map(|(_, scope)| *scope);
    if scope.is_some_and(|scope| !shop.may(scope)) {
        let message = format!("You do not have permission to create or update webhooks with {topic} topic.");
        return Err((vec!["topic"], message));
    }
    let uri = good_uri(input)?;
    let is_same = |known: &Value| known["topic"] == topic && known["uri"] == uri;
    if all(shop).iter().any(is_same) {
        let message = "Address for this topic has already been taken".to_owned();
        return Err((vec!["webhookSubscription", "callbackUrl"], message));
    }
    let number = shop.next_number();
    let mut webhook = json!({ "id": format!("gid://shopify/{KIND}/{number}"), "topic": topic, "uri": uri,
        "format": "JSON", "filter": null, "includeFields": [], "metafieldNamespaces": [],
        "apiVersion": { "handle": version } });
    take(&mut webhook, input);
    shop.learn(webhook.clone());
    Ok(json!({ "webhookSubscription": webhook, "userErrors": [] }))
}

fn update(shop: &mut Shop, id: &Value, input: &Value) -> Result<Value, Refusal> {
    let mut webhook = find(shop, id)?;
    if !input["uri"].is_null() {
        webhook["uri"] = json!(good_uri(input)?);
    }
    take(&mut webhook, input);
    shop.learn(webhook.clone());
    Ok(json!({ "webhookSubscription": webhook, "userErrors": [] }))
}

fn delete(shop: &mut Shop, id: &Value) -> Result<Value, Refusal> {
    let webhook = find(shop, id)?;
    shop.forget(webhook["id"].as_str().unwrap_or_default());
    Ok(json!({ "deletedWebhookSubscriptionId": webhook["id"], "userErrors": [] }))
}

fn find(shop: &Shop, id: &Value) -> Result<Value, Refusal> {
    let webhook = shop.object(id.as_str().unwrap_or_default()).cloned();
    webhook.ok_or_else(|| (vec!["id"], "Webhook subscription does not exist".to_owned()))
}

fn good_uri(input: &Value) -> Result<String, Refusal> {
    let uri = input["uri"].as_str().unwrap_or_default();
    let is_good = uri.starts_with("https://") && !uri.contains("localhost") && !uri.contains("127.0.0.1");
    let refusal = || (vec!["webhookSubscription", "uri"], "Address is invalid".to_owned());
    is_good.then(|| uri.to_owned()).ok_or_else(refusal)
}

fn take(webhook: &mut Value, input: &Value) {
    for name in ["format", "includeFields", "metafieldNamespaces"] {
        if !input[name].is_null() {
            webhook[name] = input[name].clone();
        }
    }
    if let Some(filter) = input["filter"].as_str() {
        webhook["filter"] = if filter.is_empty() { Value::Null } else { json!(filter) };
    }
}

/// All of them.
pub(super) fn all(shop: &Shop) -> Vec<Value> {
    shop.all_of(KIND)
}
