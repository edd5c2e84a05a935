//! The mutations that are played: what a customer wants to receive, and webhooks.

use apollo_compiler::ast::{Field, OperationDefinition, Selection};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::arguments::argument;
use super::execute::error;
use super::shop::Shop;
use super::webhooks;

/// What a mutation costs (shopify.dev, "Rate limits").
pub(super) const POINTS: u32 = 10;

/// Mutation, its part of the input, the part of the customer it writes.
const PLAYED: [(&str, &str, &str); 2] = [
    ("customerEmailMarketingConsentUpdate", "emailMarketingConsent", "defaultEmailAddress"),
    ("customerSmsMarketingConsentUpdate", "smsMarketingConsent", "defaultPhoneNumber"),
];

/// Each field with its payload.
pub(super) type Payloads<'a> = Vec<(&'a Field, Value)>;

/// Carries the mutations out, one after the other. Answers each field with its payload, or null and why not.
pub(super) fn run<'a>(
    shop: &mut Shop,
    operation: &'a OperationDefinition,
    variables: &Map<String, Value>,
    version: &str,
    now: Timestamp,
) -> Result<(Payloads<'a>, Vec<Value>), Value> {
    let (mut payloads, mut errors) = (Vec::new(), Vec::new());
    for selection in &operation.selection_set {
        let Selection::Field(field) = selection else {
            return Err(error("The sandbox plays no fragments on Mutation", "NOT_PLAYED"));
        };
        let name = field.name.as_str();
        let value = |name: &str| argument(field, name, variables).unwrap_or_default();
        if let Some(payload) = webhooks::mutate(shop, name, &value, version) {
            payloads.push((&**field, payload));
            continue;
        }
        let Some((_, input, part)) = PLAYED.iter().find(|(known, ..)| *known == name) else {
            return Err(error("The sandbox does not play this mutation", "NOT_PLAYED"));
        };
        if !shop.may("write_customers") {
            let required = "`write_customers` access scope.";
            errors.push(json!({
                "message": format!("Access denied for {name} field. Required access: {required}"),
                "extensions": { "code": "ACCESS_DENIED", "requiredAccess": required },
                "path": [name],
            }));
            payloads.push((&**field, Value::Null));
            continue;
        }
        let given = argument(field, "input", variables).unwrap_or_default();
        let id = given["customerId"].as_str().unwrap_or_default();
        let refused = write(shop, id, part, &given[*input], now).err();
        let errors: Vec<Value> = refused.into_iter().collect();
        let customer = shop.object(id).cloned().filter(|_| errors.is_empty());
        payloads.push((&**field, json!({ "customer": customer, "userErrors": errors })));
    }
    Ok((payloads, errors))
}

fn write(shop: &mut Shop, id: &str, part: &str, said: &Value, now: Timestamp) -> Result<(), Value> {
    let Some(mut customer) = shop.object(id).cloned() else {
        return Err(refusal(&["input", "customerId"], "Customer not found"));
    };
    if !customer[part].is_object() {
        return Err(refusal(
            &["input", "customerId"],
            "Customer must have an address or number for this consent",
        ));
    }
    let state = said["marketingState"].as_str().unwrap_or_default();
    if !["SUBSCRIBED", "UNSUBSCRIBED", "PENDING"].contains(&state) {
        return Err(refusal(&["input", "marketingState"], "Marketing state cannot be set"));
    }
    let at = said["consentUpdatedAt"].as_str().map(str::parse::<Timestamp>);
    let at = match at {
        Some(Ok(at)) if at <= now => at,
        None => now,
        _ => {
            return Err(refusal(
                &["input", "consentUpdatedAt"],
                "Consent updated at cannot be in the future",
            ));
        }
    };
    if part == "defaultEmailAddress" {
        customer[part]["marketingState"] = json!(state);
        customer[part]["marketingUpdatedAt"] = json!(at);
    } else {
        customer[part]["smsMarketingConsent"]["state"] = json!(state);
        customer[part]["smsMarketingConsent"]["updatedAt"] = json!(at);
    }
    shop.learn(customer);
    Ok(())
}

fn refusal(field: &[&str], message: &str) -> Value {
    json!({ "code": "INVALID", "field": field, "message": message })
}
