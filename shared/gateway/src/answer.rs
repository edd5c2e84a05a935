//! What API Gateway makes an HTTP answer of.

use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::http::{HeaderName, HeaderValue};
use serde::Serialize;

/// An answer (payload format 2.0).
#[derive(Clone, Serialize)]
pub struct Answer(ApiGatewayV2httpResponse);

impl Answer {
    /// A status and nothing else.
    pub fn empty(status: u16) -> Self {
        let mut response = ApiGatewayV2httpResponse::default();
        response.status_code = status.into();
        response.body = Some(Body::Text(String::new()));
        Self(response)
    }

    /// Adds a header. One that HTTP cannot carry makes the answer a 500: without it the answer would say something else.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value.into())) {
            (Ok(name), Ok(value)) => {
                self.0.headers.insert(name, value);
            }
            _ => self.0.status_code = 500,
        }
        self
    }

    /// Sets a cookie; each becomes a `set-cookie` of its own.
    #[must_use]
    pub fn cookie(mut self, cookie: String) -> Self {
        self.0.cookies.push(cookie);
        self
    }

    /// Answers with this text.
    #[must_use]
    pub fn body(mut self, body: String) -> Self {
        self.0.body = Some(Body::Text(body));
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_what_api_gateway_takes() {
        let plain = serde_json::to_value(Answer::empty(204).header("allow", "GET")).unwrap();
        assert_eq!((&plain["statusCode"], &plain["body"]), (&json!(204), &json!("")));
        assert_eq!((&plain["headers"], &plain["isBase64Encoded"]), (&json!({"allow": "GET"}), &json!(false)));
        let full = Answer::empty(200).cookie("a=1".to_owned()).body("text".to_owned());
        let full = serde_json::to_value(full).unwrap();
        assert_eq!((&full["cookies"], &full["body"]), (&json!(["a=1"]), &json!("text")));
    }

    #[test]
    fn a_header_that_http_cannot_carry_is_not_left_out_in_silence() {
        let answer = Answer::empty(302).header("location", "https://x.example/\r\nset-cookie: a=1");
        let answer = serde_json::to_value(answer).unwrap();
        assert_eq!((&answer["statusCode"], &answer["headers"]), (&json!(500), &json!({})));
    }
}
