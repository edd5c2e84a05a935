//! Holds every request to Brevo against the request schemas of Brevo's own OpenAPI document, which lies beside the project.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::Value;

const FILE: &str = "../../../shared/reference/specs/brevo/brevo-v3-mock.openapi.json";

/// Whether the document is there.
pub fn is_there() -> bool {
    spec().is_some()
}

/// What of a request is not as Brevo's document says; `None`: nothing, or the document is not there.
pub fn fault(method: &str, path: &str, body: &[u8]) -> Option<String> {
    let spec = spec()?;
    let path = path.trim_start_matches("/v3");
    let Some((template, operation)) = operation(spec, path, method) else {
        return Some(format!("{method} of a path that Brevo's document does not know"));
    };
    let declared = &operation["requestBody"];
    if body.is_empty() {
        let is_needed = declared["required"] == true;
        return is_needed.then(|| format!("{method} {template} without its body"));
    }
    let schema = &declared["content"]["application/json"]["schema"];
    if schema.is_null() {
        return Some(format!("{method} {template} with a body"));
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let faults = with_validator(&format!("{method} {template}"), spec, schema, |validator| {
        validator
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect::<Vec<_>>()
    });
    (!faults.is_empty()).then(|| format!("{method} {template}: {}", faults.join("; ")))
}

fn with_validator<T>(name: &str, spec: &Value, schema: &Value, read: impl FnOnce(&Validator) -> T) -> T {
    static VALIDATORS: Mutex<Option<HashMap<String, Validator>>> = Mutex::new(None);
    let mut validators = VALIDATORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let validator = validators.get_or_insert_default().entry(name.to_owned()).or_insert_with(|| {
        let mut schema = schema.clone();
        schema["components"] = spec["components"].clone();
        mend(&mut schema);
        jsonschema::draft4::options()
            .should_validate_formats(true)
            .build(&schema)
            .expect("Brevo's schema compiles")
    });
    read(validator)
}

/// Two things in which the document contradicts Brevo's own prose: the id of a category has the format of an address, and a
/// product needs its name with every upsert ("Create/Update a product": for its creation).
fn mend(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("example") == Some(&Value::from("CAT123")) {
                fields.remove("format");
            }
            if let Some(required) = fields.get_mut("required").and_then(Value::as_array_mut)
                && required == &vec![Value::from("id"), Value::from("name")]
            {
                required.pop();
            }
            fields.values_mut().for_each(mend);
        }
        Value::Array(values) => values.iter_mut().for_each(mend),
        _ => {}
    }
}

fn spec() -> Option<&'static Value> {
    static SPEC: OnceLock<Option<Value>> = OnceLock::new();
    let read = || {
        let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE)).ok()?;
        Some(serde_json::from_slice(&text).expect("the OpenAPI document is JSON"))
    };
    SPEC.get_or_init(read).as_ref()
}

/// The operation whose path fits with the fewest placeholders.
fn operation<'a>(spec: &'a Value, path: &str, method: &str) -> Option<(&'a str, &'a Value)> {
    let fits = |template: &str| {
        let (wanted, given): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        let same = |(wanted, given): (&&str, &&str)| wanted.starts_with('{') || wanted == given;
        wanted.len() == given.len() && wanted.iter().zip(&given).all(same)
    };
    let templates = spec["paths"].as_object()?.iter().filter(|(template, _)| fits(template));
    let (template, found) = templates.min_by_key(|(template, _)| template.matches('{').count())?;
    Some((template, found.get(method.to_lowercase())?))
}
