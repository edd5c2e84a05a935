//! The OpenAPI document, made of the table of operations and of the types that travel.

mod words;

use schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    AppConfig, AppCredentials, AuditPage, Connect, ConnectAnswer, Credentials, Disconnected, Fates,
    KeyCreated, KeyList, KeyRequest, KeyRolled, LogPage, OPERATIONS, Operation, ParkedPage, ParkedSelection,
    ParkedShown, Problem, Purge, Purged, RollRequest, RunPage, RunRecord, SettingsAnswer, SettingsDocument,
    StoreList, StoreStatus, SyncRequest, TestAnswer, TokenRotation, Trace, TraceRequest, WebhookAnswer,
    WebhookRequest, parameters,
};

/// What travels in the body.
enum Body {
    None,
    /// A type of ours, by its name.
    Of(Value),
    /// An OpenAPI document.
    Document,
}

/// The OpenAPI 3.1 document of the management API.
pub fn document() -> Value {
    let (mut sent, mut answered) = (schemas(Contract::Deserialize), schemas(Contract::Serialize));
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let described = describe(operation, &mut sent, &mut answered);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.to_lowercase()] = described;
    }
    answered.subschema_for::<Problem>();
    let mut types = answered.take_definitions(true);
    types.values_mut().for_each(close);
    // What is sent and answered alike is described once: as it is sent, which is what must be kept to.
    types.extend(sent.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tajo management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": words::ABOUT,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/", "description": "The stack's output ApiUrl" }],
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": types,
            "securitySchemes": { "key": {
                "type": "http", "scheme": "bearer", "bearerFormat": "tajo_<id>_<secret>",
                "description": "An API key. The first is made with `tajo keys bootstrap`, all others with `createKey`.",
            } },
        },
    })
}

fn schemas(contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.definitions_path = "/components/schemas".into();
        settings.contract = contract;
    });
    settings.into_generator()
}

fn describe(operation: &Operation, sent: &mut SchemaGenerator, answered: &mut SchemaGenerator) -> Value {
    let (status, answer) = answer(operation.id, answered);
    let request = request(operation.id, sent);
    let mut responses = Map::new();
    responses.insert(status.to_string(), respond(status, answer));
    for status in problems(operation, matches!(request, Body::Of(_))) {
        responses.insert(status.to_string(), problem(status));
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": words::summary(operation.id),
        "parameters": all_parameters(operation),
        "responses": responses,
    });
    match operation.scope {
        Some(scope) => {
            described["description"] =
                format!("Needs a key that may `{}`.", json!(scope).as_str().unwrap_or_default()).into()
        }
        None => described["security"] = json!([]),
    }
    if let Body::Of(schema) = request {
        described["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    described
}

/// What is sent along.
fn request(id: &str, schemas: &mut SchemaGenerator) -> Body {
    Body::Of(
        match id {
            "connect" => schemas.subschema_for::<Connect>(),
            "editCredentials" => schemas.subschema_for::<Credentials>(),
            "putSettings" | "validateSettings" => schemas.subschema_for::<SettingsDocument>(),
            "sync" => schemas.subschema_for::<SyncRequest>(),
            "trace" => schemas.subschema_for::<TraceRequest>(),
            "handleWebhook" => schemas.subschema_for::<WebhookRequest>(),
            "retryParked" | "dropParked" => schemas.subschema_for::<ParkedSelection>(),
            "createKey" => schemas.subschema_for::<KeyRequest>(),
            "rollKey" => schemas.subschema_for::<RollRequest>(),
            "setShopifyApp" => schemas.subschema_for::<AppCredentials>(),
            "purgeSecrets" => schemas.subschema_for::<Purge>(),
            _ => return Body::None,
        }
        .to_value(),
    )
}

/// The status of success, and what comes with it.
fn answer(id: &str, schemas: &mut SchemaGenerator) -> (u16, Body) {
    let (status, schema) = match id {
        "openapi" => return (200, Body::Document),
        "revokeKey" | "setShopifyApp" => return (204, Body::None),
        "listStores" => (200, schemas.subschema_for::<StoreList>()),
        "connect" | "editCredentials" => (200, schemas.subschema_for::<ConnectAnswer>()),
        "disconnect" => (200, schemas.subschema_for::<Disconnected>()),
        "test" => (200, schemas.subschema_for::<TestAnswer>()),
        "getSettings" | "putSettings" | "validateSettings" => {
            (200, schemas.subschema_for::<SettingsAnswer>())
        }
        "sync" => (201, schemas.subschema_for::<RunRecord>()),
        "run" => (200, schemas.subschema_for::<RunRecord>()),
        "history" => (200, schemas.subschema_for::<RunPage>()),
        "logs" => (200, schemas.subschema_for::<LogPage>()),
        "trace" => (200, schemas.subschema_for::<Trace>()),
        "handleWebhook" => (202, schemas.subschema_for::<WebhookAnswer>()),
        "listParked" => (200, schemas.subschema_for::<ParkedPage>()),
        "showParked" => (200, schemas.subschema_for::<ParkedShown>()),
        "retryParked" | "dropParked" => (200, schemas.subschema_for::<Fates>()),
        "audit" => (200, schemas.subschema_for::<AuditPage>()),
        "rotateBrevoToken" => (200, schemas.subschema_for::<TokenRotation>()),
        "listKeys" => (200, schemas.subschema_for::<KeyList>()),
        "createKey" => (201, schemas.subschema_for::<KeyCreated>()),
        "rollKey" => (201, schemas.subschema_for::<KeyRolled>()),
        "purgeSecrets" => (200, schemas.subschema_for::<Purged>()),
        "shopifyAppConfig" => (200, schemas.subschema_for::<AppConfig>()),
        _ => (200, schemas.subschema_for::<StoreStatus>()),
    };
    (status, Body::Of(schema.to_value()))
}

/// Every status that a problem may have.
fn problems(operation: &Operation, has_body: bool) -> Vec<u16> {
    let Operation { id, method, path, scope } = *operation;
    let mut statuses = vec![400, 500];
    if scope.is_some() {
        statuses.extend([401, 403, 429]);
    }
    if path.contains('{') {
        statuses.push(404);
    }
    if path.contains("{store}") {
        statuses.push(409);
    }
    if has_body {
        statuses.extend([413, 415, 422]);
    }
    match id {
        // Several at the same time; the last key that may do everything; what asks Shopify or Brevo.
        "connect" => statuses.extend([404, 409, 502]),
        "revokeKey" | "rollKey" => statuses.push(409),
        "editCredentials" | "putSettings" => statuses.push(502),
        "disconnect" | "test" | "rotateBrevoToken" => statuses.extend([422, 502]),
        "setShopifyApp" => statuses.extend([409, 502]),
        "purgeSecrets" => statuses.extend([404, 409]),
        "shopifyAppConfig" => statuses.extend([409, 422, 502]),
        _ => {}
    }
    // A change of something somebody else changes too.
    if method != "GET" && !statuses.contains(&409) && path.starts_with("/v1/stores") {
        statuses.push(409);
    }
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

fn all_parameters(operation: &Operation) -> Vec<Value> {
    let names = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = names.map(|name| {
        let (meaning, pattern) = match name {
            "store" => ("The store; `_`: the only one there is.", "^(_|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$"),
            "run" => ("The run.", "^[0-9a-z-]{1,64}$"),
            "key" => ("The public half of the key.", "^[0-9a-z]{12}$"),
            _ => ("The piece of parked work.", "^[A-Za-z0-9_:.-]{1,100}$"),
        };
        json!({ "name": name, "in": "path", "required": true, "description": meaning,
            "schema": { "type": "string", "pattern": pattern } })
    });
    let in_query = parameters(operation.id).into_iter().map(|parameter| {
        json!({ "name": parameter.name, "in": "query", "required": false, "description": parameter.meaning,
            "schema": parameter.schema })
    });
    in_path.chain(in_query).collect()
}

fn respond(status: u16, body: Body) -> Value {
    let description = match status {
        201 => "Made.",
        202 => "Taken.",
        204 => "Done.",
        _ => "The answer.",
    };
    match body {
        Body::None => json!({ "description": description }),
        Body::Of(schema) => {
            json!({ "description": description, "content": { "application/json": { "schema": schema } } })
        }
        Body::Document => {
            let schema = json!({ "type": "object", "required": ["openapi", "info", "paths"], "properties": {
                "openapi": { "const": "3.1.0" }, "info": { "type": "object" }, "paths": { "type": "object" } } });
            json!({ "description": "This document.", "content": { "application/json": { "schema": schema } } })
        }
    }
}

fn problem(status: u16) -> Value {
    let meaning = words::meaning(status);
    let mut described = json!({ "description": meaning, "content": { "application/problem+json": {
        "schema": { "$ref": "#/components/schemas/Problem" } } } });
    if status == 429 {
        described["headers"] = json!({ "retry-after": { "description": "Seconds.", "required": true,
            "schema": { "type": "integer", "minimum": 1 } } });
    }
    if status == 401 {
        described["headers"] = json!({ "www-authenticate": { "description": "`Bearer`.", "required": true,
            "schema": { "type": "string" } } });
    }
    described
}

/// An answer holds nothing that is not described.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_in_the_document_with_its_own_words() {
        let document = document();
        let mut described = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                assert!(operation["responses"].get("default").is_none(), "{path}");
                described.push((
                    operation["operationId"].as_str().unwrap().to_owned(),
                    method.to_uppercase(),
                    path.clone(),
                ));
            }
        }
        let mut table: Vec<_> = OPERATIONS
            .iter()
            .map(|row| (row.id.to_owned(), row.method.to_owned(), row.path.to_owned()))
            .collect();
        described.sort();
        table.sort();
        assert_eq!(described, table);
        let summaries: std::collections::BTreeSet<_> =
            OPERATIONS.iter().map(|row| words::summary(row.id)).collect();
        assert_eq!(summaries.len(), OPERATIONS.len(), "each has a sentence of its own");
    }

    #[test]
    fn the_document_is_the_one_that_is_checked_in() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        let made = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
        if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let there = std::fs::read_to_string(path).unwrap();
        assert!(
            there == made,
            "docs/openapi.json is not what the types say: run this test with UPDATE_DOCUMENTS=1"
        );
    }

    #[test]
    fn nothing_in_it_is_free_form_but_what_is_json_by_nature() {
        let mut free = Vec::new();
        find_free("", &document()["components"]["schemas"], &mut free);
        assert_eq!(free, FREE, "a schema says nothing");
    }

    /// The body of parked work and Brevo's own order. (A webhook's payload is an object or its text, and says so.)
    const FREE: [&str; 2] = ["/ParkedShown/body", "/TracedOrder/sent"];

    fn find_free(at: &str, schema: &Value, free: &mut Vec<String>) {
        let Value::Object(fields) = schema else { return };
        for (name, inner) in fields {
            if name == "properties" {
                for (name, property) in inner.as_object().unwrap() {
                    let at = format!("{at}/{name}");
                    let says = ["type", "$ref", "anyOf", "oneOf", "const", "enum"];
                    let is_free = !says.iter().any(|word| property.get(word).is_some())
                        || property["additionalProperties"] == true
                        || property.to_string().contains("\"additionalProperties\":true");
                    if is_free {
                        free.push(at.clone());
                    }
                }
            } else if at.is_empty() {
                find_free(&format!("/{name}"), inner, free);
            }
        }
    }
}
