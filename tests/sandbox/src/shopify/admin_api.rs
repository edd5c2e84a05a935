//! `POST /admin/api/{version}/graphql.json` of a played shop.

use apollo_compiler::ast::OperationType;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::arguments::variables;
use super::execute::{Document, Done, Execution};
use super::mutations;
use super::points::{MOST, requested};
use super::shop::Shop;
use crate::http::{Request, Response};

/// Versions that are served in November 2026, oldest first, and the release candidate.
const VERSIONS: [&str; 5] = ["2026-01", "2026-04", "2026-07", "2026-10", "2027-01"];

/// The header of the token.
const TOKEN: &str = "x-shopify-access-token";

/// Whether a request is meant for a shop and not for Brevo.
pub(crate) fn is_for_a_shop(request: &Request) -> bool {
    request.path.starts_with("/admin/")
}

/// Whose token the request carries.
pub(crate) fn shop_of<'a>(shops: &'a mut [Shop], request: &Request) -> Option<&'a mut Shop> {
    let token = request.header(TOKEN).filter(|token| !token.is_empty())?;
    shops.iter_mut().find(|shop| shop.knows(token))
}

/// Answers a request to the Admin API. The shop is told by the token: a local stack has one address for all.
pub(crate) fn answer(shops: &mut [Shop], request: &Request, now: Timestamp) -> Response {
    let Some(asked) = version(&request.path) else {
        return Response::with_json(404, &json!({ "errors": "Not Found" }));
    };
    let token = request.header(TOKEN).unwrap_or_default().to_owned();
    let shop = shop_of(shops, request).and_then(|shop| shop.opens(&token, now).then_some(shop));
    let Some(shop) = shop else {
        let text = "[API] Invalid API key or access token (unrecognized login or wrong password)";
        return Response::with_json(401, &json!({ "errors": text }));
    };
    if request.method != "POST" {
        return Response::with_json(406, &json!({ "errors": "Not Acceptable" }));
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(text) = body["query"].as_str() else {
        let errors = json!({ "query": "Required parameter missing or invalid" });
        return Response::with_json(400, &json!({ "errors": errors }));
    };
    let answer =
        carry_out(shop, text, &body, asked, now).unwrap_or_else(|error| json!({ "errors": [error] }));
    let mut response = Response::with_json(200, &answer);
    response.headers.push(("x-shopify-api-version".to_owned(), asked.to_owned()));
    response
}

/// The version that serves a path: a version that is gone falls forward to the oldest one that is not.
fn version(path: &str) -> Option<&'static str> {
    let asked = path.strip_prefix("/admin/api/")?.strip_suffix("/graphql.json")?;
    let is_version = asked.len() == 7 && asked.as_bytes()[4] == b'-';
    let known = VERSIONS.into_iter().find(|known| *known == asked);
    known.or_else(|| VERSIONS.first().copied().filter(|oldest| is_version && asked < *oldest))
}

fn carry_out(
    shop: &mut Shop,
    text: &str,
    body: &Value,
    version: &str,
    now: Timestamp,
) -> Result<Value, Value> {
    let document = Document::parse(text)?;
    let operation = document.operation(body["operationName"].as_str())?;
    let variables = variables(operation, &body["variables"])?;
    let is_mutation = operation.operation_type == OperationType::Mutation;
    let cost = match is_mutation {
        true => mutations::POINTS,
        false => requested(&document, &operation.selection_set, &variables),
    };
    if cost > MOST {
        let message =
            format!("Query cost is {cost}, which exceeds the single query max cost limit ({MOST}).");
        return Err(json!({ "message": message,
            "extensions": { "code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST } }));
    }
    if let Some(bucket) = shop.bucket(now)
        && !bucket.holds(cost)
    {
        return Ok(json!({
            "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED",
                "documentation": "https://shopify.dev/api/usage/rate-limits" } }],
            "extensions": { "cost": { "requestedQueryCost": cost, "actualQueryCost": null,
                "throttleStatus": bucket.status() } },
        }));
    }
    let done = if is_mutation {
        let (payloads, errors) = mutations::run(shop, operation, &variables, version, now)?;
        let done = Done { errors, ..Done::default() };
        let execution = Execution { shop, document: &document, variables: &variables, done };
        Done { cost, ..execution.of_payloads(&payloads) }
    } else {
        Execution { shop, document: &document, variables: &variables, done: Done::default() }
            .run(operation)?
    };
    let mut answer = json!({ "data": done.data });
    if !done.errors.is_empty() {
        answer["errors"] = Value::Array(done.errors);
    }
    if let Some(bucket) = shop.bucket(now) {
        bucket.take(done.cost);
        answer["extensions"] = json!({ "cost": { "requestedQueryCost": cost, "actualQueryCost": done.cost,
            "throttleStatus": bucket.status() } });
    }
    Ok(answer)
}
