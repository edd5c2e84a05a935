//! Every request of every journey here is held against Brevo's OpenAPI document (`tajo_testkit::World`); this says so
//! where the document is not there, and that the check is one.

use std::io::Write;

use tajo_testkit::openapi;

#[test]
fn every_request_of_every_journey_fits_brevos_own_document() {
    if !openapi::is_there() {
        let line = "SKIPPED every_request_of_every_journey_fits_brevos_own_document: Brevo's OpenAPI document is not beside the project";
        if let Some(file) = std::env::var_os("TAJO_SKIP_FILE") {
            let mut file = std::fs::File::options().append(true).create(true).open(file).unwrap();
            writeln!(file, "{line}").unwrap();
        }
        assert_ne!(std::env::var("REQUIRE_ALL").as_deref(), Ok("1"), "REQUIRE_ALL=1 and a check was skipped");
        return;
    }
    let fault = |method: &str, path: &str, body: &str| openapi::fault(method, path, body.as_bytes());
    let event = r#"{"event_name": "x", "identifiers": {"email_id": "jo@example.com"}}"#;
    assert_eq!(fault("POST", "/v3/events", event), None);
    assert!(fault("POST", "/v3/events", r#"{"event_name": 7}"#).is_some());
    assert!(fault("POST", "/v3/nowhere", "{}").is_some());
    assert!(fault("POST", "/v3/contacts", r#"{"email": "jo@example.com", "listIds": "2"}"#).is_some());
}
