//! Whether something that a webhook says is gone still exists.

use serde_json::json;

use super::{Answer, Query, gid};

/// What a webhook may say is gone, and can be asked for by its id. A cart or checkout cannot: the API knows neither by
/// its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are what they are called")]
pub enum Thing {
    Customer,
    Order,
    Product,
    Collection,
    InventoryItem,
}

impl Thing {
    /// In words.
    pub fn what(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Order => "order",
            Self::Product => "product",
            Self::Collection => "collection",
            Self::InventoryItem => "inventory item",
        }
    }

    fn type_name(self) -> &'static str {
        match self {
            Self::Customer => "Customer",
            Self::Order => "Order",
            Self::Product => "Product",
            Self::Collection => "Collection",
            Self::InventoryItem => "InventoryItem",
        }
    }
}

/// Asks for one thing by the id that webhooks carry. Needs the right to read its kind.
pub fn exists(thing: Thing, id: &str) -> Query {
    let variables = json!({ "ids": [gid(thing.type_name(), id)] });
    Query { document: include_str!("../queries/exists.graphql"), variables, points: 1 }
}

/// Reads the answer to [`exists`]: Shopify answers `null` for what it does not have.
pub fn is_there(answer: &Answer) -> bool {
    answer.data["nodes"][0].is_object()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_answer_is_gone() {
        let answer = |data| Answer { data, cost: None };
        assert!(is_there(&answer(json!({ "nodes": [{ "id": "gid://shopify/Order/7" }] }))));
        assert!(!is_there(&answer(json!({ "nodes": [null] }))));
        assert_eq!(exists(Thing::Order, "7").variables, json!({ "ids": ["gid://shopify/Order/7"] }));
    }
}
