//! Root fields that name no single thing: the shop, the app in it, and lists of everything.

use serde_json::{Value, json};

use super::shop::Shop;

/// Root connections, and the type of what they hold.
const LISTS: [(&str, &str); 4] = [
    ("customers", "Customer"),
    ("orders", "Order"),
    ("products", "Product"),
    ("webhookSubscriptions", "WebhookSubscription"),
];

/// The type that a root connection lists.
pub(super) fn list(name: &str) -> Option<&'static str> {
    LISTS.iter().find(|(list, _)| *list == name).map(|(_, kind)| *kind)
}

/// What a root object holds. `None`: it is none that is played.
pub(super) fn object(shop: &Shop, name: &str) -> Option<Value> {
    match name {
        "shop" => Some(about(shop)),
        "currentAppInstallation" => {
            let scopes = shop.scopes_now();
            let scopes: Vec<Value> = scopes.iter().map(|scope| json!({ "handle": scope })).collect();
            Some(json!({ "accessScopes": scopes }))
        }
        _ => None,
    }
}

fn about(shop: &Shop) -> Value {
    let mut about = json!({
        "id": "gid://shopify/Shop/91400000001", "name": shop.address, "myshopifyDomain": shop.address, "currencyCode": "USD",
        "shopAddress": { "countryCodeV2": "DE" }, "plan": { "partnerDevelopment": true },
    });
    if let (Some(about), Some(said)) = (about.as_object_mut(), shop.about.as_object()) {
        about.extend(said.clone());
    }
    about
}
