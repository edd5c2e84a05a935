//! What is asked of a shop to connect it: who it is, which rights it granted, which webhooks it has.

use serde_json::{Value, json};

use super::{Answer, Query};
use crate::shopify::subscriptions::Subscription;
use crate::shopify::webhook::shop_domain;

/// A mutation costs ten points (shopify.dev, "GraphQL Admin API rate limits").
const POINTS: u32 = 10;

/// What a shop says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShopFacts {
    /// Its permanent address.
    pub domain: Option<String>,
    /// The platform's id of it.
    pub id: Option<String>,
    /// Two letters.
    pub country: Option<String>,
    /// Three letters.
    pub currency: Option<String>,
    /// Nobody really buys there.
    pub is_development: bool,
    /// The rights that the token has.
    pub scopes: Vec<String>,
}

/// Who the shop is, and which rights the token has. Needs no right of its own.
pub fn shop() -> Query {
    Query { document: include_str!("../queries/shop.graphql"), variables: json!({}), points: 10 }
}

/// Reads the answer to [`shop`].
pub fn shop_facts(answer: &Answer) -> ShopFacts {
    let shop = &answer.data["shop"];
    let letters = |value: &Value, many: usize| {
        let text = value.as_str().filter(|text| text.len() == many && text.is_ascii());
        text.map(str::to_uppercase)
    };
    let scopes = answer.data["currentAppInstallation"]["accessScopes"].as_array();
    let handle = |scope: &Value| scope["handle"].as_str().map(str::to_owned);
    ShopFacts {
        domain: shop["myshopifyDomain"].as_str().and_then(shop_domain),
        id: shop["id"].as_str().and_then(super::id_in).map(|id| id.to_string()),
        country: letters(&shop["shopAddress"]["countryCodeV2"], 2),
        currency: letters(&shop["currencyCode"], 3),
        is_development: shop["plan"]["partnerDevelopment"] == true,
        scopes: scopes.into_iter().flatten().filter_map(handle).collect(),
    }
}

/// A page of the app's webhooks in the shop, after this cursor. Needs no right of its own.
pub fn webhooks(after: Option<&str>) -> Query {
    let variables = json!({ "after": after });
    // The version of each is an object, too.
    Query { document: include_str!("../queries/webhooks.graphql"), variables, points: 210 }
}

/// Makes a webhook. Its version is that of the address this is posted to.
pub fn webhook_create(webhook: &Subscription) -> Query {
    let variables = json!({ "topic": webhook.topic_in_api(), "webhook": webhook.input() });
    Query { document: include_str!("../queries/webhook_create.graphql"), variables, points: POINTS }
}

/// Changes a webhook.
pub fn webhook_update(id: &str, webhook: &Subscription) -> Query {
    let variables = json!({ "id": id, "webhook": webhook.input() });
    Query { document: include_str!("../queries/webhook_update.graphql"), variables, points: POINTS }
}

/// Removes a webhook.
pub fn webhook_delete(id: &str) -> Query {
    let variables = json!({ "id": id });
    Query { document: include_str!("../queries/webhook_delete.graphql"), variables, points: POINTS }
}

/// The first of the customers, orders or products: whether they can be read at all.
pub fn first(what: First) -> Query {
    let document = match what {
        First::Customers => include_str!("../queries/first_customers.graphql"),
        First::Orders => include_str!("../queries/first_orders.graphql"),
        First::Products => include_str!("../queries/first_products.graphql"),
    };
    Query { document, variables: json!({}), points: 10 }
}

/// What is looked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are what they are called")]
pub enum First {
    Customers,
    Orders,
    Products,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shop_says_about_itself_is_read_leniently() {
        let answer = |data: Value| Answer { data, cost: None };
        assert_eq!(shop_facts(&answer(json!({}))), ShopFacts::default());
        let facts = shop_facts(&answer(json!({
            "shop": { "id": "gid://shopify/Shop/7", "myshopifyDomain": "Demo.myshopify.com", "currencyCode": "EUR",
                "shopAddress": { "countryCodeV2": "DE" }, "plan": { "partnerDevelopment": true } },
            "currentAppInstallation": { "accessScopes": [{ "handle": "read_orders" }] },
        })));
        let wanted = ShopFacts {
            domain: Some("demo.myshopify.com".into()),
            id: Some("7".into()),
            country: Some("DE".into()),
            currency: Some("EUR".into()),
            is_development: true,
            scopes: vec!["read_orders".into()],
        };
        assert_eq!(facts, wanted);
    }
}
