//! Reading request bodies the way Brevo's schemas do: a wrong JSON type is a 400.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::http::{Request, Response};

/// An answer: `Err` is a refusal, so that checks read as a list of `?`.
pub(super) type Answer = Result<Response, Response>;

/// 400 `invalid_parameter`.
pub(super) fn invalid(message: impl AsRef<str>) -> Response {
    Response::error(400, "invalid_parameter", message.as_ref())
}

/// 400 `missing_parameter`.
pub(super) fn missing(name: &str) -> Response {
    Response::error(400, "missing_parameter", &format!("{name} is missing"))
}

/// 404 `document_not_found`.
pub(super) fn not_found(message: &str) -> Response {
    Response::error(404, "document_not_found", message)
}

/// The JSON types that Brevo's schemas name.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Number,
    Bool,
    Time,
    Texts,
    Ids,
    Object,
    Objects,
    Meta,
}

/// The request's body as a JSON object.
pub(super) fn object(request: &Request) -> Result<Map<String, Value>, Response> {
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(other) => {
            Err(invalid(format!("json: cannot unmarshal {} into Go value of type object", type_name(&other))))
        }
        Err(_) => Err(Response::error(400, "bad_request", "Input must be a valid JSON object")),
    }
}

/// Refuses the first listed field whose JSON type is wrong. Fields that are not listed are ignored.
pub(super) fn check_types(body: &Map<String, Value>, fields: &[(&str, Kind)]) -> Result<(), Response> {
    for (name, kind) in fields {
        if body.get(*name).is_some_and(|value| !is(value, *kind)) {
            return Err(invalid(format!("{name} is not valid")));
        }
    }
    Ok(())
}

/// Refuses a body that lacks one of these fields.
pub(super) fn require(body: &Map<String, Value>, fields: &[&str]) -> Result<(), Response> {
    match fields.iter().find(|name| !body.contains_key(**name)) {
        Some(name) => Err(missing(name)),
        None => Ok(()),
    }
}

pub(super) fn flag(body: &Map<String, Value>, name: &str) -> bool {
    body.get(name).and_then(Value::as_bool).unwrap_or(false)
}

pub(super) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

pub(super) fn ids(body: &Map<String, Value>, name: &str) -> Vec<u64> {
    body.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// A whole number from the query, or its default. Above `most` Brevo answers `out_of_range`.
pub(super) fn query_number(
    request: &Request,
    name: &str,
    default: usize,
    most: usize,
) -> Result<usize, Response> {
    let Some(raw) = request.query_value(name) else { return Ok(default) };
    let number: usize = raw.parse().map_err(|_| invalid(format!("{name} is not valid")))?;
    if number > most {
        return Err(Response::error(400, "out_of_range", &format!("{name} must be at most {most}")));
    }
    Ok(number)
}

/// A point in time from the query.
pub(super) fn query_time(request: &Request, name: &str) -> Result<Option<Timestamp>, Response> {
    let Some(raw) = request.query_value(name) else { return Ok(None) };
    raw.parse().map(Some).map_err(|_| invalid(format!("{name} is not a valid date-time")))
}

/// One page of rows: newest first unless `sort=asc`, then `offset`, then `limit`.
pub(super) fn page<T>(
    request: &Request,
    mut oldest_first: Vec<T>,
    default: usize,
    most: usize,
) -> Result<Vec<T>, Response> {
    let limit = query_number(request, "limit", default, most)?;
    let offset = query_number(request, "offset", 0, usize::MAX)?;
    if request.query_value("sort").as_deref() != Some("asc") {
        oldest_first.reverse();
    }
    Ok(oldest_first.into_iter().skip(offset).take(limit).collect())
}

/// Times as Brevo writes them: UTC with milliseconds.
pub(super) fn wire_time(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn is(value: &Value, kind: Kind) -> bool {
    let list_of = |fits: fn(&Value) -> bool| value.as_array().is_some_and(|items| items.iter().all(fits));
    match kind {
        Kind::Text => value.is_string(),
        Kind::Number => value.is_number(),
        Kind::Bool => value.is_boolean(),
        Kind::Time => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
        Kind::Texts => list_of(Value::is_string),
        Kind::Ids => list_of(Value::is_u64),
        Kind::Object => value.is_object(),
        Kind::Objects => list_of(Value::is_object),
        Kind::Meta => is_meta_info(value),
    }
}

/// `metaInfo`: values are strings, integers or booleans; 20,000 characters in all.
fn is_meta_info(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    let simple = |value: &Value| value.is_string() || value.is_i64() || value.is_u64() || value.is_boolean();
    fields.values().all(simple) && value.to_string().chars().count() <= 20_000
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
