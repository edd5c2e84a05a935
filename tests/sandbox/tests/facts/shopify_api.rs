//! A shop's Admin API. Here the clock stands still unless a test moves it.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_sandbox::shopify::nodes;
use tajo_sandbox::{Request, Response, Sandbox, ShopSettings};

const TOKEN: &str = "shpat_one";
const JO: &str = "gid://shopify/Customer/1";

struct Shop {
    sandbox: Sandbox,
    now: Cell<Timestamp>,
}

impl Shop {
    fn new(settings: Value) -> Self {
        let shop = Self { sandbox: Sandbox::new(), now: Cell::new("2026-11-21T09:00:00Z".parse().unwrap()) };
        let jo = nodes::customer(&json!({ "id": 1, "first_name": "Jo", "email": "jo@example.com" }));
        shop.configure(json!({ "access_token": TOKEN, "customers": [jo] }));
        shop.configure(settings);
        shop
    }

    fn configure(&self, mut settings: Value) {
        settings["shop"] = json!("one.myshopify.com");
        self.sandbox.configure_shop(&serde_json::from_value::<ShopSettings>(settings).unwrap());
    }

    fn wait(&self, seconds: i64) {
        self.now.set(self.now.get() + SignedDuration::from_secs(seconds));
    }

    fn send(&self, token: &str, version: &str, body: &Value) -> Response {
        let mut request =
            Request::new("POST", &format!("/admin/api/{version}/graphql.json")).key("").json(body);
        request.headers.push(("x-shopify-access-token".to_owned(), token.to_owned()));
        self.sandbox.call_at(request, self.now.get())
    }

    fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.send(TOKEN, "2026-10", &json!({ "query": query, "variables": variables }));
        assert_eq!(answer.status, 200);
        answer.json()
    }
}

#[track_caller]
fn refused(answer: &Value, code: &str) {
    assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
}

const ONE: &str = "query($id: ID!) { customer(id: $id) { id firstName } }";

#[test]
fn a_shop_answers_exactly_what_was_asked() {
    let shop = Shop::new(json!({}));
    let answer = shop
        .ask("{ who: customer(id: \"gid://shopify/Customer/1\") { __typename name: firstName } }", json!({}));
    assert_eq!(answer["data"], json!({ "who": { "__typename": "Customer", "name": "Jo" } }));
    let missing = shop.ask(ONE, json!({ "id": "gid://shopify/Customer/2" }));
    assert_eq!(missing["data"], json!({ "customer": null }));
}

#[test]
fn nodes_answers_in_order_with_null_for_what_is_not_there() {
    let shop = Shop::new(json!({}));
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ...who ... on Order { name } } } fragment who on Customer { firstName }";
    let answer = shop.ask(query, json!({ "ids": ["gid://shopify/Customer/2", JO] }));
    assert_eq!(answer["data"], json!({ "nodes": [null, { "firstName": "Jo" }] }));
    let many: Vec<String> = (0..251).map(|n| format!("gid://shopify/Customer/{n}")).collect();
    refused(
        &shop.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": many })),
        "MAX_INPUT_SIZE_EXCEEDED",
    );
}

#[test]
fn a_connection_is_read_in_pages() {
    let lines: Vec<Value> =
        (0..3).map(|n| json!({ "id": format!("gid://shopify/LineItem/{n}"), "title": n })).collect();
    let shop = Shop::new(json!({ "orders": [{ "id": "gid://shopify/Order/5", "lineItems": lines }] }));
    let query = "query($after: String) { order(id: \"gid://shopify/Order/5\") {
        lineItems(first: 2, after: $after) { pageInfo { hasNextPage endCursor } nodes { title } } } }";
    let first = shop.ask(query, json!({}))["data"]["order"]["lineItems"].clone();
    assert_eq!(
        (&first["nodes"], &first["pageInfo"]["hasNextPage"]),
        (&json!([{ "title": 0 }, { "title": 1 }]), &json!(true))
    );
    let second =
        shop.ask(query, json!({ "after": first["pageInfo"]["endCursor"] }))["data"]["order"]["lineItems"]
            .clone();
    assert_eq!(
        (&second["nodes"], &second["pageInfo"]["hasNextPage"]),
        (&json!([{ "title": 2 }]), &json!(false))
    );
}

#[test]
fn an_unknown_root_field_refuses_the_whole_query() {
    let shop = Shop::new(json!({}));
    let answer = shop.ask("{ customer(id: \"gid://shopify/Customer/1\") { id } moon { id } }", json!({}));
    refused(&answer, "undefinedField");
    assert!(answer.get("data").is_none());
}

#[test]
fn a_document_that_does_not_parse_is_an_error_with_status_200() {
    let shop = Shop::new(json!({}));
    refused(&shop.ask("{ customer(id: ", json!({})), "GRAPHQL_PARSE_FAILED");
    refused(&shop.ask("{ nodes(ids: []) { ...nobody } }", json!({})), "GRAPHQL_VALIDATION_FAILED");
    refused(&shop.ask(ONE, json!({})), "INVALID_VARIABLE");
    assert_eq!(shop.send(TOKEN, "2026-10", &json!({})).status, 400);
}

#[test]
fn a_token_that_is_missing_or_unknown_is_a_401_of_shopifys_own() {
    let shop = Shop::new(json!({}));
    for token in ["", "shpat_other"] {
        let answer = shop.send(token, "2026-10", &json!({ "query": ONE, "variables": { "id": JO } }));
        assert_eq!(answer.status, 401);
        assert!(answer.json()["errors"].as_str().unwrap().contains("Invalid API key or access token"));
    }
}

#[test]
fn shops_know_nothing_of_each_other() {
    let shop = Shop::new(json!({}));
    let other = json!({ "shop": "two.myshopify.com", "access_token": "shpat_two" });
    shop.sandbox.configure_shop(&serde_json::from_value::<ShopSettings>(other).unwrap());
    let answer = shop.send("shpat_two", "2026-10", &json!({ "query": ONE, "variables": { "id": JO } }));
    assert_eq!(answer.json()["data"], json!({ "customer": null }));
    assert_eq!(shop.sandbox.calls()[0].account.as_deref(), Some("two.myshopify.com"));
}

#[test]
fn a_missing_scope_is_access_denied_and_null() {
    let shop = Shop::new(json!({ "scopes": ["read_orders"] }));
    let answer = shop.ask(ONE, json!({ "id": JO }));
    refused(&answer, "ACCESS_DENIED");
    assert_eq!(answer["errors"][0]["extensions"]["requiredAccess"], "`read_customers` access scope.");
    assert_eq!(answer["data"], json!({ "customer": null }));
}

#[test]
fn the_customer_of_an_order_needs_a_scope_of_its_own() {
    let order = json!({ "id": "gid://shopify/Order/5", "name": "#5", "customer": { "id": JO } });
    let shop = Shop::new(json!({ "scopes": ["read_orders"], "orders": [order] }));
    let query = "{ order(id: \"gid://shopify/Order/5\") { name customer { id } } }";
    let answer = shop.ask(query, json!({}));
    refused(&answer, "ACCESS_DENIED");
    assert_eq!(answer["data"]["order"], json!({ "name": "#5", "customer": null }));
}

#[test]
fn an_old_version_falls_forward_to_the_oldest_that_is_served() {
    let shop = Shop::new(json!({}));
    let served = |version: &str| {
        let answer = shop.send(TOKEN, version, &json!({ "query": ONE, "variables": { "id": JO } }));
        (answer.status, answer.header("x-shopify-api-version").map(str::to_owned))
    };
    assert_eq!(served("2026-10"), (200, Some("2026-10".to_owned())));
    assert_eq!(served("2024-01"), (200, Some("2026-01".to_owned())));
    assert_eq!(served("2031-01"), (404, None));
}

#[test]
fn an_answer_says_what_it_cost_and_what_is_left() {
    let shop = Shop::new(json!({}));
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { id defaultEmailAddress { emailAddress } } } }";
    let answer = shop.ask(query, json!({ "ids": [JO, "gid://shopify/Customer/2"] }));
    let cost = &answer["extensions"]["cost"];
    assert_eq!(
        (&cost["requestedQueryCost"], &cost["actualQueryCost"]),
        (&json!(4), &json!(2)),
        "objects cost 1, scalars nothing"
    );
    let status = json!({ "maximumAvailable": 2000.0, "currentlyAvailable": 1998.0, "restoreRate": 100.0 });
    assert_eq!(cost["throttleStatus"], status);
}

#[test]
fn the_plan_decides_the_rate() {
    for (plan, rate) in [("standard", 100.0), ("advanced", 200.0), ("plus", 1000.0), ("enterprise", 2000.0)] {
        let answer = Shop::new(json!({ "plan": plan })).ask(ONE, json!({ "id": JO }));
        assert_eq!(answer["extensions"]["cost"]["throttleStatus"]["restoreRate"], rate);
    }
}

const DEAR: &str = "query($first: Int!) { order(id: \"gid://shopify/Order/5\") { lineItems(first: $first) { nodes { product { id } } } } }";

#[test]
fn one_query_may_cost_1000_points() {
    let shop = Shop::new(json!({}));
    let dearer = "{ order(id: \"gid://shopify/Order/5\") { lineItems(first: 250) { nodes {
        product { id } variant { id } originalUnitPriceSet { shopMoney { amount } } } } } }";
    refused(&shop.ask(dearer, json!({})), "MAX_COST_EXCEEDED");
}

#[test]
fn an_empty_bucket_is_throttled_with_status_200_until_enough_flowed_in() {
    let line = json!({ "id": "gid://shopify/LineItem/1", "product": { "id": "gid://shopify/Product/1" } });
    let lines = vec![line; 250];
    let shop = Shop::new(json!({ "orders": [{ "id": "gid://shopify/Order/5", "lineItems": lines }] }));
    for _ in 0..3 {
        assert!(shop.ask(DEAR, json!({ "first": 250 })).get("errors").is_none());
    }
    let throttled = shop.ask(DEAR, json!({ "first": 250 }));
    refused(&throttled, "THROTTLED");
    let cost = &throttled["extensions"]["cost"];
    assert_eq!((&cost["requestedQueryCost"], &cost["actualQueryCost"]), (&json!(501), &Value::Null));
    assert_eq!(cost["throttleStatus"]["currentlyAvailable"], 497.0);
    shop.wait(1);
    assert!(shop.ask(DEAR, json!({ "first": 250 })).get("errors").is_none());
}

#[test]
fn what_a_query_did_not_use_of_its_price_is_given_back() {
    let shop = Shop::new(json!({ "orders": [{ "id": "gid://shopify/Order/5", "lineItems": [] }] }));
    for _ in 0..10 {
        assert!(shop.ask(DEAR, json!({ "first": 250 })).get("errors").is_none());
    }
}

#[test]
fn faults_can_be_ordered_for_a_shop_alone() {
    let shop = Shop::new(json!({}));
    let fault =
        json!({ "path": "/admin/api/*", "action": { "status": 429, "headers": { "retry-after": "2.0" } } });
    shop.sandbox.add_fault(serde_json::from_value(fault).unwrap());
    assert_eq!(shop.sandbox.call(Request::new("GET", "/v3/account")).status, 200);
    let answer = shop.send(TOKEN, "2026-10", &json!({ "query": ONE, "variables": { "id": JO } }));
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("2.0")));
}

#[test]
fn a_shop_forgets_what_it_is_told_to() {
    let shop = Shop::new(json!({ "forget": [JO] }));
    assert_eq!(shop.ask(ONE, json!({ "id": JO }))["data"], json!({ "customer": null }));
}

const EMAIL_OPT_OUT: &str = "mutation($input: CustomerEmailMarketingConsentUpdateInput!) {
    customerEmailMarketingConsentUpdate(input: $input) { customer { id } userErrors { code field } } }";

fn opt_out(customer: &str, state: &str, at: &str) -> Value {
    json!({ "input": { "customerId": customer,
        "emailMarketingConsent": { "marketingState": state, "consentUpdatedAt": at } } })
}

#[test]
fn a_consent_is_written_with_its_own_time_and_costs_ten_points() {
    let shop = Shop::new(json!({}));
    let answer = shop.ask(EMAIL_OPT_OUT, opt_out(JO, "UNSUBSCRIBED", "2026-11-20T10:00:00Z"));
    let payload = &answer["data"]["customerEmailMarketingConsentUpdate"];
    assert_eq!(*payload, json!({ "customer": { "id": JO }, "userErrors": [] }));
    assert_eq!(answer["extensions"]["cost"]["actualQueryCost"], 10);
    let query =
        "query($id: ID!) { customer(id: $id) { defaultEmailAddress { marketingState marketingUpdatedAt } } }";
    let email = &shop.ask(query, json!({ "id": JO }))["data"]["customer"]["defaultEmailAddress"];
    assert_eq!(
        *email,
        json!({ "marketingState": "UNSUBSCRIBED", "marketingUpdatedAt": "2026-11-20T10:00:00Z" })
    );
}

#[test]
fn a_message_consent_needs_a_number() {
    let shop = Shop::new(json!({}));
    let al = nodes::customer(&json!({ "id": 2, "email": "al@example.com", "phone": "+33612345678" }));
    shop.configure(json!({ "customers": [al] }));
    let query = "mutation($input: CustomerSmsMarketingConsentUpdateInput!) {
        customerSmsMarketingConsentUpdate(input: $input) { userErrors { code } } }";
    for (id, refusals) in [(JO, json!([{ "code": "INVALID" }])), ("gid://shopify/Customer/2", json!([]))] {
        let input = json!({ "customerId": id, "smsMarketingConsent": { "marketingState": "UNSUBSCRIBED" } });
        let answer = shop.ask(query, json!({ "input": input }));
        assert_eq!(answer["data"]["customerSmsMarketingConsentUpdate"]["userErrors"], refusals);
    }
}

#[test]
fn what_a_consent_cannot_be_is_a_user_error_with_status_200() {
    let shop = Shop::new(json!({}));
    for (customer, state, at, field) in [
        ("gid://shopify/Customer/9", "UNSUBSCRIBED", "2026-11-20T10:00:00Z", "customerId"),
        (JO, "NOT_SUBSCRIBED", "2026-11-20T10:00:00Z", "marketingState"),
        (JO, "UNSUBSCRIBED", "2027-01-01T00:00:00Z", "consentUpdatedAt"),
    ] {
        let answer = shop.ask(EMAIL_OPT_OUT, opt_out(customer, state, at));
        let payload = &answer["data"]["customerEmailMarketingConsentUpdate"];
        assert_eq!(payload["userErrors"], json!([{ "code": "INVALID", "field": ["input", field] }]));
    }
}

#[test]
fn writing_a_consent_needs_write_customers() {
    let shop = Shop::new(json!({ "scopes": ["read_customers"] }));
    let answer = shop.ask(EMAIL_OPT_OUT, opt_out(JO, "UNSUBSCRIBED", "2026-11-20T10:00:00Z"));
    refused(&answer, "ACCESS_DENIED");
    assert_eq!(answer["data"]["customerEmailMarketingConsentUpdate"], Value::Null);
}
