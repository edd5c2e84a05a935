//! A shop's products and collections, and the metafields of its customers, as its Admin API tells of them.

use serde_json::{Value, json};
use tajo_sandbox::shopify::nodes;
use tajo_sandbox::{Request, Sandbox, ShopSettings};

const TOKEN: &str = "shpat_one";

fn ask(settings: &Value, query: &str, variables: &Value) -> Value {
    let sandbox = Sandbox::new();
    let mut settings = settings.clone();
    settings["shop"] = json!("one.myshopify.com");
    settings["access_token"] = json!(TOKEN);
    sandbox.configure_shop(&serde_json::from_value::<ShopSettings>(settings).unwrap());
    let body = json!({ "query": query, "variables": variables });
    let mut request = Request::new("POST", "/admin/api/2026-10/graphql.json").key("").json(&body);
    request.headers.push(("x-shopify-access-token".to_owned(), TOKEN.to_owned()));
    let answer = sandbox.call(request);
    assert_eq!(answer.status, 200);
    answer.json()
}

#[test]
fn a_product_tells_its_collections() {
    let mut product = nodes::product(&json!({ "id": 5, "title": "Blanket", "tags": "wool, warm" }));
    product["collections"] = json!([nodes::collection(&json!({ "id": 7, "title": "Winter" }))]);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Product { title tags collections(first: 2) {
        pageInfo { hasNextPage } nodes { id title } } } } }";
    let ids = json!({ "ids": ["gid://shopify/Product/5", "gid://shopify/Product/6"] });
    let answer = ask(&json!({ "products": [product] }), query, &ids);
    let (blanket, missing) = (&answer["data"]["nodes"][0], &answer["data"]["nodes"][1]);
    assert_eq!((&blanket["tags"], missing), (&json!(["wool", "warm"]), &Value::Null));
    let collections = &blanket["collections"];
    assert_eq!(collections["nodes"], json!([{ "id": "gid://shopify/Collection/7", "title": "Winter" }]));
    assert_eq!(collections["pageInfo"]["hasNextPage"], false);
    assert_eq!(
        answer["extensions"]["cost"]["requestedQueryCost"], 6,
        "two products, each with two collections"
    );
}

#[test]
fn the_products_of_a_collection_come_by_id_whatever_the_merchant_sorts_them_by() {
    let mut collection = nodes::collection(&json!({ "id": 7, "title": "Winter" }));
    collection["products"] =
        [2, 10, 9].iter().map(|id| json!({ "id": format!("gid://shopify/Product/{id}") })).collect();
    let query = "query($id: ID!, $after: String) { collection(id: $id) {
        products(first: 2, after: $after, sortKey: ID, reverse: true) { pageInfo { hasNextPage endCursor } nodes { id } } } }";
    let shop = json!({ "collections": [collection] });
    let page = |after: &Value| {
        let variables = json!({ "id": "gid://shopify/Collection/7", "after": after });
        ask(&shop, query, &variables)["data"]["collection"]["products"].clone()
    };
    let first = page(&Value::Null);
    assert_eq!(
        first["nodes"],
        json!([{ "id": "gid://shopify/Product/10" }, { "id": "gid://shopify/Product/9" }])
    );
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = page(&first["pageInfo"]["endCursor"]);
    assert_eq!(second["nodes"], json!([{ "id": "gid://shopify/Product/2" }]));
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
}

#[test]
fn a_collection_needs_the_scope_of_products() {
    let shop = json!({ "scopes": ["read_orders"], "collections": [nodes::collection(&json!({ "id": 7 }))] });
    let answer = ask(&shop, "{ collection(id: \"gid://shopify/Collection/7\") { id } }", &json!({}));
    assert_eq!(answer["data"], json!({ "collection": null }));
    assert_eq!(answer["errors"][0]["extensions"]["requiredAccess"], "`read_products` access scope.");
}

#[test]
fn of_the_metafields_only_those_are_answered_that_are_named_and_there() {
    let metafields = json!([{ "namespace": "custom", "key": "tier", "value": "gold" }, { "namespace": "custom", "key": "size", "value": "L" }]);
    let shop = json!({ "customers": [{ "id": "gid://shopify/Customer/1", "metafields": metafields }] });
    let query = "query($keys: [String!]!) { customer(id: \"gid://shopify/Customer/1\") {
        metafields(first: 2, keys: $keys) { nodes { key value } } } }";
    let answer = ask(&shop, query, &json!({ "keys": ["custom.tier", "custom.other"] }));
    let expected = json!({ "nodes": [{ "key": "tier", "value": "gold" }] });
    assert_eq!(answer["data"]["customer"]["metafields"], expected);
}
