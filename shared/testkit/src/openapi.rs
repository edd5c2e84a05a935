//! Holds every request to Brevo against the request schemas of Brevo's own OpenAPI document, which lies beside the project.

use std::collections::HashMap;
use std::sync::Mutex;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use tajo_sandbox::openapi::{operation, spec};

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
        // Addresses are the sandbox's to refuse, with Brevo's own answer.
        let is_address = |error: &ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::Format { format } if format == "email");
        validator
            .iter_errors(&body)
            .filter(|error| !is_address(error))
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

/// What cannot be meant: the id of a category has the format of an address. (A product needs its name with every upsert,
/// although the prose says "for its creation": the document is what Brevo may hold us to.)
fn mend(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("example") == Some(&Value::from("CAT123")) {
                fields.remove("format");
            }
            fields.values_mut().for_each(mend);
        }
        Value::Array(values) => values.iter_mut().for_each(mend),
        _ => {}
    }
}
