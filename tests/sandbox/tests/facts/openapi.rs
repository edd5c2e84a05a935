//! Holds every answer against the response schemas of Brevo's own OpenAPI document, which lies beside the project.

use std::io::Write;

use serde_json::{Value, json};
use tajo_sandbox::openapi::{operation, spec};
use tajo_sandbox::{Request, Response};

use crate::support::Brevo;

/// Statuses that the document declares for an operation must have the declared body; all others the general error
/// body. Two answers are beyond it: 429 (its body is not documented) and 501 (the sandbox speaking for itself).
#[track_caller]
pub fn check(request: &Request, response: &Response) {
    let (Some(spec), false) = (spec(), [0, 429, 501].contains(&response.status)) else { return };
    let path = request.path.trim_start_matches("/v3");
    let declared = operation(spec, path, &request.method).map(|(_, operation)| &operation["responses"]);
    let declared = declared.and_then(|responses| responses.get(response.status.to_string()));
    let batch = path == "/events/batch" && response.json()["errors"].is_array();
    let schema = match declared {
        _ if batch => Some(json!({"$ref": "#/components/schemas/batchEventsResponse"})),
        // Brevo's answer to a batch it could not even read has the general form.
        _ if path == "/events/batch" && response.status == 400 => Some(error_model()),
        Some(declared) => {
            let declared = declared["$ref"].as_str().map_or(declared, |reference| resolve(spec, reference));
            declared["content"]["application/json"].get("schema").cloned()
        }
        None => Some(error_model()),
    };
    let named = format!("{} {} answered {}", request.method, path, response.status);
    let Some(mut schema) = schema else {
        if response.status != 200 || declared.is_none_or(|declared| declared.get("content").is_none()) {
            assert!(response.body.is_empty(), "{named} with a body");
        }
        return;
    };
    schema["components"] = spec["components"].clone();
    // The document knows only addresses and numbers as members of a list, yet `extIds` may name them.
    let formats = !String::from_utf8_lossy(&request.body).contains("extIds");
    let options = jsonschema::draft4::options().should_validate_formats(formats);
    let validator = options.build(&schema).expect("Brevo's schema compiles");
    let body = response.json();
    let faults: Vec<String> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{named}: {faults:?} in {body}");
}

fn error_model() -> Value {
    json!({"$ref": "#/components/schemas/errorModel"})
}

fn resolve<'a>(spec: &'a Value, reference: &str) -> &'a Value {
    spec.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere")
}

/// Every answer of every other test is checked too; this one goes once around all that is played.
#[test]
fn every_answer_fits_brevos_own_schemas() {
    if spec().is_none() {
        // Not `eprintln!`: the test harness would keep it to itself.
        let line = "SKIPPED every_answer_fits_brevos_own_schemas: Brevo's OpenAPI document is not beside the project";
        writeln!(std::io::stderr(), "{line}").unwrap();
        assert_ne!(std::env::var("REQUIRE_ALL").as_deref(), Ok("1"), "REQUIRE_ALL=1 and a check was skipped");
        return;
    }
    let brevo = Brevo::new();
    let jo =
        json!({"email": "jo@example.com", "ext_id": "shopify:jo:1", "attributes": {"SMS": "+33612345678"}});
    let order = json!({"id": "1001", "createdAt": "2026-11-21T09:00:00Z", "updatedAt": "2026-11-21T09:00:00Z",
        "status": "paid", "amount": 42.5, "products": [{"productId": "p1", "quantity": 1, "price": 42.5}],
        "identifiers": {"email_id": "jo@example.com"}});
    let event = json!({"event_name": "cart_updated", "identifiers": {"email_id": "jo@example.com"}});
    let tour: Vec<(&str, &str, Value, u16)> = vec![
        ("GET", "account", json!(null), 200),
        ("GET", "contacts/attributes", json!(null), 200),
        ("POST", "contacts/attributes/normal/ORDER_COUNT", json!({"type": "float"}), 201),
        ("POST", "contacts/folders", json!({"name": "Shops"}), 201),
        ("GET", "contacts/folders", json!(null), 200),
        ("POST", "contacts/lists", json!({"name": "Customers", "folderId": 1}), 201),
        ("GET", "contacts/lists", json!(null), 200),
        ("GET", "contacts/lists/2", json!(null), 200),
        ("GET", "contacts/lists/9", json!(null), 404),
        ("POST", "contacts", jo.clone(), 201),
        ("POST", "contacts", jo, 400),
        ("GET", "contacts?limit=1", json!(null), 200),
        ("GET", "contacts/jo%40example.com", json!(null), 200),
        ("PUT", "contacts/1", json!({"attributes": {"ORDER_COUNT": 1}}), 204),
        (
            "POST",
            "contacts/lists/2/contacts/add",
            json!({"emails": ["jo@example.com", "al@example.com"]}),
            201,
        ),
        ("POST", "contacts/lists/2/contacts/remove", json!({"extIds": ["shopify:jo:1"]}), 201),
        ("POST", "contacts/lists/2/contacts/remove", json!({"all": true}), 201),
        ("POST", "events", event.clone(), 204),
        ("GET", "events?contact_id=1", json!(null), 200),
        ("POST", "events/batch", json!({"events": [event]}), 202),
        ("POST", "events/batch", json!({"events": [event, {}]}), 207),
        ("POST", "events/batch", json!({"events": [{}]}), 400),
        ("POST", "events/batch", json!([event]), 400),
        ("POST", "orders/status", order.clone(), 403),
        ("POST", "ecommerce/activate", json!(null), 200),
        ("GET", "ecommerce/config/displayCurrency", json!(null), 200),
        ("POST", "ecommerce/config/displayCurrency", json!({"code": "EUR"}), 200),
        ("POST", "ecommerce/config/displayCurrency", json!({"code": "eur"}), 422),
        ("POST", "orders/status", order.clone(), 204),
        ("POST", "orders/status/batch", json!({"orders": [order], "historical": false}), 202),
        ("GET", "orders", json!(null), 200),
        ("POST", "products", json!({"id": "p1", "name": "Cup"}), 201),
        (
            "POST",
            "products/batch",
            json!({"products": [{"id": "p1", "name": "Cup"}], "updateEnabled": true}),
            201,
        ),
        ("POST", "categories", json!({"id": "c1", "name": "Cups"}), 201),
        ("POST", "categories/batch", json!({"categories": [{"id": "c2", "name": "Mugs"}]}), 201),
        (
            "POST",
            "webhooks",
            json!({"type": "marketing", "url": "https://x.example", "events": ["spam"]}),
            201,
        ),
        ("GET", "webhooks?type=marketing", json!(null), 200),
        ("GET", "webhooks/999", json!(null), 404),
        ("DELETE", "contacts/1", json!(null), 204),
        ("PATCH", "contacts/1", json!(null), 405),
        ("GET", "nowhere", json!(null), 404),
    ];
    for (method, path, body, status) in tour {
        brevo.wait(1_000);
        let mut request = Request::new(method, &format!("/v3/{path}"));
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = brevo.send(request);
        assert_eq!(response.status, status, "{method} {path}: {}", response.json());
    }
}
