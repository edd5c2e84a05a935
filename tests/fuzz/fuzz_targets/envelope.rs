//! Any event that API Gateway could send, and any that it could not: a request or a refusal, never a panic. What a stranger wrote
//! into a query, a path, a header or a body arrives as it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use tajo_gateway::Event;
use tajo_platforms::shopify::oauth::SignedQuery;
use tajo_platforms::shopify::webhook::Headers;

fuzz_target!(|data: &[u8]| {
    // As an event: all that is JSON is received.
    let is_text = std::str::from_utf8(data).is_ok();
    let is_json = is_text && serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok();
    let event = serde_json::from_slice::<Event>(data);
    assert_eq!(event.is_ok(), is_json, "whatever is JSON must reach the function");
    if let Ok(Ok(request)) = event.map(Event::request) {
        let _ = (request.header("authorization"), request.path_parameter("store"), request.cookies().count());
        let _ = Headers::read(request.headers());
        let _ = SignedQuery::parse(&request.query);
        assert!(!format!("{request:?}").contains("authorization"));
    }
    // As what a stranger wrote.
    let text = String::from_utf8_lossy(data);
    let event = json!({ "rawPath": text, "rawQueryString": text, "headers": {"host": text, "x-odd": text}, "cookies": [text],
        "pathParameters": {"store": text}, "requestContext": {"http": {"method": text}}, "body": text });
    let request = serde_json::from_value::<Event>(event).expect("it is JSON").request().expect("it is a request");
    assert!(request.path == text && request.query == text && request.header("X-Odd") == Some(&text));
    assert_eq!(request.body, text.as_bytes());
});
