//! What API Gateway makes an HTTP answer of.

use std::collections::BTreeMap;

use serde::Serialize;

/// An answer (payload format 2.0).
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: BTreeMap<&'static str, String>,
    /// Each becomes a `set-cookie` of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

impl Answer {
    /// A status and nothing else.
    pub fn empty(status: u16) -> Self {
        Self {
            status_code: status,
            headers: BTreeMap::new(),
            cookies: Vec::new(),
            body: String::new(),
            is_base64_encoded: false,
        }
    }

    /// Adds a header; its name is in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// Sets a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// Answers with this text.
    #[must_use]
    pub fn body(self, body: String) -> Self {
        Self { body, ..self }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_what_api_gateway_takes() {
        let plain = Answer::empty(204).header("allow", "GET");
        let made =
            json!({"statusCode": 204, "headers": {"allow": "GET"}, "body": "", "isBase64Encoded": false});
        assert_eq!(serde_json::to_value(plain).unwrap(), made);
        let full = Answer::empty(200).cookie("a=1".to_owned()).body("text".to_owned());
        let full = serde_json::to_value(full).unwrap();
        assert_eq!((&full["cookies"], &full["body"]), (&json!(["a=1"]), &json!("text")));
    }
}
