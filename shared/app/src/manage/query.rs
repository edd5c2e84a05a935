//! What stands behind the `?`: only what the operation knows, each once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tajo_api::{MOST, parameters};
use url::form_urlencoded;

use super::fault::Fault;
use crate::parked::point_in_time;

/// How many, unless somebody says so.
const PAGE: usize = 50;

/// What was said, by name.
#[derive(Debug, Default)]
pub(super) struct Query(BTreeMap<&'static str, String>);

/// Reads a query for an operation.
pub(super) fn read(operation: &str, text: &str) -> Result<Query, Fault> {
    let known = parameters(operation);
    let mut said = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
            let names: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
            let fault = Fault::invalid("the query has a parameter that is not known here");
            return Err(if names.is_empty() {
                fault.hint("this operation has none")
            } else {
                fault.hint(format!("known here: {}", names.join(", ")))
            });
        };
        let choices = parameter.schema["enum"].as_array();
        if let Some(choices) = choices
            && !choices.iter().any(|choice| *choice == *value)
        {
            let choices: Vec<&str> = choices.iter().filter_map(|choice| choice.as_str()).collect();
            return Err(Fault::invalid(format!(
                "the parameter `{name}` has another value than those it may have"
            ))
            .hint(format!("its values: {}", choices.join(", "))));
        }
        let most = parameter.schema["maxLength"].as_u64().unwrap_or(u64::MAX);
        let length = value.chars().count() as u64;
        if length == 0 || most < length {
            return Err(Fault::invalid(format!("the parameter `{name}` is empty or too long")));
        }
        if said.insert(parameter.name, value.into_owned()).is_some() {
            return Err(Fault::invalid(format!("the parameter `{name}` is said twice")));
        }
    }
    Ok(Query(said))
}

impl Query {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// How many, at most.
    pub(super) fn limit(&self) -> Result<usize, Fault> {
        let Some(text) = self.get("limit") else { return Ok(PAGE) };
        let is_number = text.chars().all(|c| c.is_ascii_digit());
        let limit = text.parse().ok().filter(|limit| is_number && (1..=MOST).contains(limit));
        limit.ok_or_else(|| {
            Fault::invalid(format!("the parameter `limit` must be a whole number from 1 to {MOST}"))
        })
    }

    /// A flag.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Fault::invalid(format!("the parameter `{name}` must be `true` or `false`"))),
        }
    }

    /// A time.
    pub(super) fn time(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        self.get(name).map(|text| time(name, text, now)).transpose()
    }
}

/// A time as people say it, from wherever it was said.
pub(super) fn time(name: &str, text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    point_in_time(text, now).map_err(|_| {
        Fault::invalid(format!("`{name}` is no time"))
            .hint("write `24h`, `2026-11-20` or `2026-11-20T08:30:00Z`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_operation_knows_is_taken_and_each_thing_once() {
        let limit = |text: &str| read("logs", text).and_then(|query| query.limit());
        assert_eq!(limit("").unwrap(), 50);
        assert_eq!(limit("limit=7&type=webhook").unwrap(), 7);
        for bad in [
            "limit=0",
            "limit=501",
            "limit=-1",
            "limit=%2B7",
            "limit=1e3",
            "limit=",
            "limit=99999999999999999999",
            "limt=1",
            "limit=1&limit=1",
            "type=all",
            "topic=",
            "data=keep",
        ] {
            assert!(limit(bad).is_err(), "{bad}");
        }
        assert!(read("status", "limit=1").is_err(), "not for this operation");
        assert!(read("logs", &format!("topic={}", "a".repeat(129))).is_err());
        assert!(read("showParked", "body=yes").unwrap().flag("body").is_err());
    }
}
