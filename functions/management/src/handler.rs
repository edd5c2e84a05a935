//! API Gateway's words in, API Gateway's words out.

use tajo_app::manage::{Manage, Request, Response, answer};
use tajo_gateway::{Answer, Event};

/// One request. What is no request at all is answered 400.
pub(crate) async fn handle(manage: &Manage, event: Event) -> Answer {
    let Response { status, headers, body } = match event.request() {
        Ok(request) => answer(manage, &translate(request)).await,
        Err(_) => Response::unreadable(),
    };
    let empty = Answer::empty(status);
    headers.into_iter().fold(empty, |answer, (name, value)| answer.header(name, value)).body(body)
}

fn translate(request: tajo_gateway::Request) -> Request {
    Request {
        authorization: request.header("authorization").map(str::to_owned),
        content_type: request.header("content-type").map(str::to_owned),
        method: request.method,
        path: request.path,
        query: request.query,
        body: request.body,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;

    const ENVELOPE: &str = include_str!("../../../events/sam/management.json");

    fn read(envelope: Value) -> Request {
        translate(serde_json::from_value::<Event>(envelope).unwrap().request().unwrap())
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
    fn what_is_no_request_is_a_problem_and_no_failure() {
        let Response { status, headers, body } = Response::unreadable();
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (status, &problem["status"], &problem["code"]),
            (400, &json!(400), &json!("invalid_request"))
        );
        assert!(headers.contains(&("content-type", "application/problem+json".to_owned())));
    }
}
