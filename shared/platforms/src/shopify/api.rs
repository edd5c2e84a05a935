//! What Shopify is asked for, and what its answers mean: queries of the Admin GraphQL API. Pure.
//!
//! An answer becomes the body that a webhook would have had ([`body`]), so that the change functions read both and
//! there is one meaning.

mod answer;
pub mod body;
mod error;
mod existence;
mod installation;
mod membership;
mod opt_out;
mod person;
mod wanted;

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};
use tajo_domain::{Money, parse_amount};

pub use answer::{Answer, Cost, read};
pub use error::{Error, NextStep};
pub use existence::{Thing, exists, is_there};
pub use installation::{
    First, ShopFacts, first, shop, shop_facts, webhook_create, webhook_delete, webhook_update, webhooks,
};
pub use membership::{membership, product_ids};
pub use opt_out::{email_opt_out, refusal, sms_opt_out, words_of_refusal};
pub use person::person;
pub use wanted::Wanted;

/// The version that every query is written for (`specs/shopify`, and the test that holds each document against it).
pub const VERSION: &str = "2026-10";

/// The header of the access token.
pub const TOKEN: &str = "x-shopify-access-token";

/// Points that one query may cost at most (shopify.dev, "GraphQL Admin API rate limits").
pub const POINTS_PER_QUERY: u32 = 1_000;

/// Customers in one query. Shopify takes 250 ids, but each of these customers may cost eight points.
pub const CUSTOMERS_PER_QUERY: usize = 100;

/// Lines of an order in one query: a line costs eleven points, and a page may have 250.
pub const LINES_PER_QUERY: usize = 80;

/// Collections of one product that are asked for (`collections.graphql`, `product.graphql`): more leave the rest out.
pub const COLLECTIONS_PER_PRODUCT: u32 = 50;

/// Products in one query for their collections: each may cost as many points as it may have collections, and one.
pub const PRODUCTS_PER_QUERY: usize = 15;

/// Products in one page of a collection (shopify.dev, "API limits": 250 at most). Each costs a point.
pub const MEMBERS_PER_QUERY: u32 = 250;

/// Bytes of an answer we read: an order's page of 80 lines is some 60 KB, and 100 customers are some 100 KB.
pub const ANSWER_BYTES: usize = 4_000_000;

/// One question, as a value.
#[derive(Clone, PartialEq)]
pub struct Query {
    /// The document, as it stands in `queries/`.
    pub document: &'static str,
    /// Its variables.
    pub variables: Value,
    /// Points it costs at most: objects cost 1 and connections as many as they may hold.
    pub points: u32,
}

// Variables name people.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("points", &self.points).finish_non_exhaustive()
    }
}

impl Query {
    /// Whether it changes something in the shop.
    pub fn is_mutation(&self) -> bool {
        self.document.starts_with("mutation")
    }

    /// The body of the request.
    pub fn to_json(&self) -> Value {
        json!({ "query": self.document, "variables": self.variables })
    }
}

/// Path of every query, below the shop's address.
pub fn path() -> String {
    format!("/admin/api/{VERSION}/graphql.json")
}

/// Up to [`customers_per_query`] customers, by the ids that webhooks carry, with these metafields (`namespace.key`).
pub fn customers(ids: &[String], metafields: &[String]) -> Query {
    let ids: Vec<String> = ids.iter().map(|id| gid("Customer", id)).collect();
    let points = customer_points(metafields) * u32::try_from(ids.len()).unwrap_or(u32::MAX / 1_000);
    if metafields.is_empty() {
        let variables = json!({ "ids": ids });
        return Query { document: include_str!("queries/customers.graphql"), variables, points };
    }
    let variables = json!({ "ids": ids, "first": metafields.len(), "keys": metafields });
    Query { document: include_str!("queries/customers_with_metafields.graphql"), variables, points }
}

/// Customers in one query that asks for these metafields: at most [`CUSTOMERS_PER_QUERY`], and at least one.
pub fn customers_per_query(metafields: &[String]) -> usize {
    let most = POINTS_PER_QUERY / customer_points(metafields);
    CUSTOMERS_PER_QUERY.min(most.max(1) as usize)
}

/// What one customer may cost: eight points, and one for each metafield. (Mappings of more than 200 metafields are not
/// meant; they are asked for one customer at a time.)
fn customer_points(metafields: &[String]) -> u32 {
    8 + u32::try_from(metafields.len()).unwrap_or(POINTS_PER_QUERY).min(POINTS_PER_QUERY - 8)
}

/// An order without its lines.
pub fn order(id: &str) -> Query {
    let variables = json!({ "id": gid("Order", id) });
    Query { document: include_str!("queries/order.graphql"), variables, points: 920 }
}

/// A page of an order's lines, after this cursor.
pub fn order_lines(id: &str, after: Option<&str>) -> Query {
    let variables = json!({ "id": gid("Order", id), "first": LINES_PER_QUERY, "after": after });
    Query { document: include_str!("queries/order_lines.graphql"), variables, points: 890 }
}

/// What was paid of an order less what went back.
pub fn order_payment(id: &str) -> Query {
    let variables = json!({ "id": gid("Order", id) });
    Query { document: include_str!("queries/order_payment.graphql"), variables, points: 10 }
}

/// The answer to [`order_payment`], in shop money. `None`: the shop has no such order (any more), or the order is another
/// now than in the body of this version.
pub fn net_payment(answer: &Answer, version: Timestamp) -> Option<Money> {
    let order = &answer.data["order"];
    let updated_at = order["updatedAt"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let amount = &order["netPaymentSet"]["shopMoney"]["amount"];
    amount.as_str().and_then(parse_amount).filter(|_| updated_at.is_none_or(|at| at <= version))
}

/// The collections of up to [`PRODUCTS_PER_QUERY`] products.
pub fn collections(ids: &[String]) -> Query {
    let ids: Vec<String> = ids.iter().map(|id| gid("Product", id)).collect();
    let points = (1 + COLLECTIONS_PER_PRODUCT).saturating_mul(u32::try_from(ids.len()).unwrap_or(u32::MAX));
    Query { document: include_str!("queries/collections.graphql"), variables: json!({ "ids": ids }), points }
}

/// A page of the products of a collection, after this cursor: the newest products first.
pub fn collection_products(id: &str, after: Option<&str>) -> Query {
    let variables = json!({ "id": gid("Collection", id), "first": MEMBERS_PER_QUERY, "after": after });
    let points = 1 + MEMBERS_PER_QUERY;
    Query { document: include_str!("queries/collection_products.graphql"), variables, points }
}

/// A product with its collections and its first 100 variants, as many as a webhook has.
pub fn product(id: &str) -> Query {
    let variables = json!({ "id": gid("Product", id) });
    Query { document: include_str!("queries/product.graphql"), variables, points: 600 }
}

/// Every document and its name: for the test that holds them against Shopify's schema.
pub const DOCUMENTS: &[(&str, &str)] = &[
    ("customers", include_str!("queries/customers.graphql")),
    ("customers_with_metafields", include_str!("queries/customers_with_metafields.graphql")),
    ("order", include_str!("queries/order.graphql")),
    ("order_lines", include_str!("queries/order_lines.graphql")),
    ("order_payment", include_str!("queries/order_payment.graphql")),
    ("product", include_str!("queries/product.graphql")),
    ("collections", include_str!("queries/collections.graphql")),
    ("collection_products", include_str!("queries/collection_products.graphql")),
    ("exists", include_str!("queries/exists.graphql")),
    ("email_opt_out", include_str!("queries/email_opt_out.graphql")),
    ("sms_opt_out", include_str!("queries/sms_opt_out.graphql")),
    ("shop", include_str!("queries/shop.graphql")),
    ("webhooks", include_str!("queries/webhooks.graphql")),
    ("webhook_create", include_str!("queries/webhook_create.graphql")),
    ("webhook_update", include_str!("queries/webhook_update.graphql")),
    ("webhook_delete", include_str!("queries/webhook_delete.graphql")),
    ("first_customers", include_str!("queries/first_customers.graphql")),
    ("first_orders", include_str!("queries/first_orders.graphql")),
    ("first_products", include_str!("queries/first_products.graphql")),
];

/// Shopify's global id of a thing.
fn gid(kind: &str, id: &str) -> String {
    format!("gid://shopify/{kind}/{id}")
}

/// The number in a global id, as webhooks write it.
pub fn id_in(gid: &str) -> Option<u64> {
    gid.rsplit('/').next()?.split('?').next()?.parse().ok()
}

#[cfg(test)]
#[path = "api_tests.rs"]
mod tests;
