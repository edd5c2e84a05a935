//! What may stand behind the `?`, by operation: the router refuses what is not in this table, and the document lists it.

use serde_json::{Value, json};

/// The most that a page may hold.
pub const MOST: usize = 500;

/// No cursor is longer.
pub const CURSOR_LENGTH: usize = 400;

/// One parameter of the query. All are optional.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What it may be.
    pub schema: Value,
}

const LIMIT: &str = "limit";
const CURSOR: &str = "cursor";

/// The parameters of an operation's query.
pub fn parameters(operation: &str) -> Vec<Parameter> {
    let names: &[&'static str] = match operation {
        "history" => &[LIMIT, CURSOR],
        "logs" => &["type", "topic", "outcome", "since", LIMIT, CURSOR],
        "listParked" => &["topic", "reason", "since", "until", LIMIT, CURSOR],
        "showParked" => &["body"],
        "disconnect" => &["data"],
        "audit" => &["store", "since", LIMIT, CURSOR],
        _ => &[],
    };
    names.iter().map(|name| parameter(name)).collect()
}

fn parameter(name: &'static str) -> Parameter {
    let text = |most: usize| json!({ "type": "string", "minLength": 1, "maxLength": most });
    let (meaning, schema) = match name {
        LIMIT => {
            ("How many, at most.", json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": 50 }))
        }
        CURSOR => (
            "Where the page begins: the `next` of the page before.",
            json!({ "type": "string", "pattern": format!("^[A-Za-z0-9_-]{{1,{CURSOR_LENGTH}}}$") }),
        ),
        "type" => {
            ("Only this kind of work.", json!({ "type": "string", "enum": ["webhook", "own", "brevo"] }))
        }
        "outcome" => (
            "Only what ended like this.",
            json!({ "type": "string",
                "enum": ["applied", "unchanged", "skipped", "deferred", "parked", "held", "retried"] }),
        ),
        "topic" => ("Only this topic of the platform.", text(128)),
        "store" => (
            "Only what was about this store.",
            json!({ "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "maxLength": 63 }),
        ),
        "reason" => ("The reason holds this text, whatever the case.", text(200)),
        "since" => {
            ("Not before this: an age (`24h`, `90m`, `7d`), a day (`2026-11-20`) or a timestamp.", time())
        }
        "until" => ("Not after this, in the same words.", time()),
        "body" => (
            "With the body, which is personal data: only with a key that may operate.",
            json!({ "type": "boolean", "default": false }),
        ),
        _ => (
            "What becomes of what is held about the store.",
            json!({ "type": "string", "enum": ["keep", "erase"], "default": "keep" }),
        ),
    };
    Parameter { name, meaning, schema }
}

/// A time as people say it.
pub(crate) fn time() -> Value {
    json!({ "type": "string", "pattern": "^([0-9]{1,5}[dhms]|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+))?)$" })
}
