//! API Gateway's words in, API Gateway's words out.
//!
//! Only what is read is described here: whatever else an event holds, and however odd a header or a query is, the request is
//! answered. (A library that builds a whole HTTP request of it panics where one cannot be built.)

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tajo_app::manage::{Manage, Request, Response, answer};

/// An event of an HTTP API (payload format 2.0).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: Context,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct Context {
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

/// What API Gateway makes an answer of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    status_code: u16,
    headers: BTreeMap<&'static str, String>,
    body: String,
    is_base64_encoded: bool,
}

/// One request.
pub(crate) async fn handle(manage: &Manage, event: Event) -> Answer {
    let Response { status, headers, body } = answer(manage, &translate(event)).await;
    Answer { status_code: status, headers: headers.into_iter().collect(), body, is_base64_encoded: false }
}

fn translate(event: Event) -> Request {
    let header = |name: &str| {
        let found = event.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    let (authorization, content_type) = (header("authorization"), header("content-type"));
    let body = event.body.unwrap_or_default();
    Request {
        method: event.request_context.http.method,
        path: event.raw_path,
        query: event.raw_query_string,
        authorization,
        content_type,
        // What is no base64 after all is no JSON either.
        body: if event.is_base64_encoded {
            STANDARD.decode(body).unwrap_or_default()
        } else {
            body.into_bytes()
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ENVELOPE: &str = include_str!("../../../events/sam/management.json");

    fn read(envelope: Value) -> Request {
        translate(serde_json::from_value(envelope).unwrap())
    }

    #[test]
    fn the_sample_request_is_read_whole() {
        let request = read(serde_json::from_str(ENVELOPE).unwrap());
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/v1/openapi.json"));
    }

    #[test]
    fn a_body_in_base64_is_read_as_it_was_sent_and_odd_requests_are_requests_too() {
        let mut envelope: Value = serde_json::from_str(ENVELOPE).unwrap();
        envelope["body"] = json!(STANDARD.encode("{}"));
        envelope["isBase64Encoded"] = json!(true);
        envelope["headers"]["Authorization"] = json!("Bearer \u{7f}ä");
        envelope["headers"]["host"] = json!("not a host \u{0}");
        envelope["rawQueryString"] = json!("a b\u{1}\"<>");
        envelope["rawPath"] = json!("no path at all");
        let request = read(envelope);
        assert_eq!((request.body.as_slice(), request.path.as_str()), (&b"{}"[..], "no path at all"));
        assert_eq!(request.authorization.as_deref(), Some("Bearer \u{7f}ä"));
    }

    #[test]
    fn an_answer_is_what_api_gateway_takes() {
        let answer = Answer {
            status_code: 204,
            headers: BTreeMap::from([("allow", "GET".to_owned())]),
            body: String::new(),
            is_base64_encoded: false,
        };
        let made =
            json!({"statusCode": 204, "headers": {"allow": "GET"}, "body": "", "isBase64Encoded": false});
        assert_eq!(serde_json::to_value(answer).unwrap(), made);
    }
}
