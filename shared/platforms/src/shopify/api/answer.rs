//! Reading what Shopify answered to a query.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Error;

/// Waits after a 429 that does not say how long.
const WAIT_WHEN_UNKNOWN: Duration = Duration::from_secs(2);

/// The longest wait we take from an answer: the largest bucket is full again within it.
const WAIT_AT_MOST: Duration = Duration::from_secs(60);

/// What Shopify answered to a query that it carried out.
#[derive(Clone, PartialEq)]
pub struct Answer {
    /// `data`.
    pub data: Value,
    /// What it cost, where the answer says so.
    pub cost: Option<Cost>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// What a query cost, and what is left in the shop's bucket. All in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// What it may cost at most: this much must be in the bucket.
    pub requested: f64,
    /// The size of the bucket.
    pub maximum: f64,
    /// What is in it now.
    pub available: f64,
    /// What flows into it every second.
    pub restore_rate: f64,
}

impl Cost {
    /// How long until the bucket holds what the query asks for.
    pub fn wait(&self) -> Duration {
        let missing = (self.requested.min(self.maximum) - self.available).max(0.0);
        let seconds = if self.restore_rate > 0.0 { missing / self.restore_rate } else { f64::INFINITY };
        Duration::try_from_secs_f64(seconds).unwrap_or(WAIT_AT_MOST).min(WAIT_AT_MOST)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    data: Value,
    errors: Value,
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extensions {
    cost: Option<WrittenCost>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenCost {
    requested_query_cost: f64,
    throttle_status: ThrottleStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThrottleStatus {
    maximum_available: f64,
    currently_available: f64,
    restore_rate: f64,
}

/// Reads an answer. Errors stand in a body of status 200, too; one that has any is not used in part.
pub fn read(status: u16, retry_after: Option<Duration>, bytes: &[u8]) -> Result<Answer, Error> {
    match status {
        200 => {}
        401 => return Err(Error::TokenRefused),
        402 => return Err(Error::ShopFrozen),
        403 => return Err(Error::Forbidden),
        404 => return Err(Error::NoSuchShop),
        423 => return Err(Error::ShopLocked),
        429 => {
            return Err(Error::Throttled {
                after: retry_after.unwrap_or(WAIT_WHEN_UNKNOWN).min(WAIT_AT_MOST),
            });
        }
        500.. => return Err(Error::Server(status)),
        _ => return Err(Error::Refused { code: format!("status {status}") }),
    }
    let body: Body = serde_json::from_slice(bytes)
        .map_err(|_| Error::Unclear("an answer that is not JSON, or not GraphQL's".to_owned()))?;
    let cost = body.extensions.cost.map(|cost| Cost {
        requested: cost.requested_query_cost,
        maximum: cost.throttle_status.maximum_available,
        available: cost.throttle_status.currently_available,
        restore_rate: cost.throttle_status.restore_rate,
    });
    match body.errors {
        Value::Null => {}
        Value::Array(errors) if errors.is_empty() => {}
        errors => return Err(of_graphql(&errors, cost)),
    }
    if !body.data.is_object() {
        return Err(Error::Unclear("an answer without data".to_owned()));
    }
    Ok(Answer { data: body.data, cost })
}

/// The worst of the errors of a body. `errors` is a text where the request never got to GraphQL.
fn of_graphql(errors: &Value, cost: Option<Cost>) -> Error {
    let errors: &[Value] = errors.as_array().map_or(std::slice::from_ref(errors), Vec::as_slice);
    let code = |error: &Value| error["extensions"]["code"].as_str().map(str::to_owned);
    let find = |wanted: &str| errors.iter().find(|error| code(error).as_deref() == Some(wanted));
    if find("THROTTLED").is_some() {
        let after = cost.map_or(WAIT_WHEN_UNKNOWN, |cost| cost.wait()).max(Duration::from_secs(1));
        return Error::Throttled { after };
    }
    if let Some(denied) = find("ACCESS_DENIED") {
        return Error::AccessDenied { scopes: scopes_in(denied) };
    }
    if find("MAX_COST_EXCEEDED").is_some() {
        return Error::TooCostly;
    }
    if find("INTERNAL_SERVER_ERROR").is_some() {
        return Error::Unclear("an error of its own".to_owned());
    }
    // Messages quote what was asked; codes are words of a list.
    let is_word =
        |code: &String| code.len() < 60 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let code = errors.iter().find_map(code).filter(is_word);
    Error::Refused { code: code.unwrap_or_else(|| "an error without a code".to_owned()) }
}

/// The scopes that an ACCESS_DENIED names.
fn scopes_in(error: &Value) -> Vec<String> {
    let texts = [&error["extensions"]["requiredAccess"], &error["message"]];
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        words
            .filter(|word| word.starts_with("read_") || word.starts_with("write_"))
            .map(str::to_owned)
            .collect()
    };
    let mut scopes: Vec<String> = texts.into_iter().filter_map(Value::as_str).flat_map(words).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}
