//! An event that API Gateway sends, and the request in it.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An event as it came. Any JSON is one: what cannot be read is answered by the function, and not by its runtime with a 502.
/// `Debug` shows nothing of it.
pub struct Event(Box<RawValue>);

/// The event is no request of an HTTP API, or its body is not the base64 that it claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// A request. `Debug` shows neither query, headers nor body: they hold keys, codes and people.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, …; empty where the event does not say it.
    pub method: String,
    /// The path as it was asked for, still encoded.
    pub path: String,
    /// What stands behind the `?`, still encoded.
    pub query: String,
    /// The raw bytes, out of base64 where API Gateway put them in it.
    pub body: Vec<u8>,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    path_parameters: BTreeMap<String, String>,
}

/// An event of an HTTP API (payload format 2.0): what of it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    path_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    request_context: Context,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Default, Deserialize)]
struct Context {
    #[serde(default)]
    http: Http,
}

#[derive(Default, Deserialize)]
struct Http {
    #[serde(default)]
    method: String,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("bytes", &self.0.get().len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Event {
    /// The request in it. Pure, and total: any JSON ends in one of the two.
    ///
    /// # Errors
    /// If the event is no request of an HTTP API, or its body is not the base64 that it claims to be.
    pub fn request(self) -> Result<Request, Unreadable> {
        // A sequence would fill the fields by their position.
        let text = Some(self.0.get()).filter(|text| text.trim_start().starts_with('{')).ok_or(Unreadable)?;
        let envelope: Envelope = serde_json::from_str(text).map_err(|_| Unreadable)?;
        let body = envelope.body.unwrap_or_default();
        let body = if envelope.is_base64_encoded {
            STANDARD.decode(body).map_err(|_| Unreadable)?
        } else {
            body.into_bytes()
        };
        Ok(Request {
            method: envelope.request_context.http.method,
            path: envelope.raw_path,
            query: envelope.raw_query_string,
            body,
            headers: envelope.headers.unwrap_or_default(),
            cookies: envelope.cookies.unwrap_or_default(),
            path_parameters: envelope.path_parameters.unwrap_or_default(),
        })
    }
}

impl Request {
    /// A header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers. Several of one name are one here, separated by commas.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All cookies, as headers `cookie` say them: API Gateway takes them out of the headers, others leave them there.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(String::as_str).chain(self.header("cookie"))
    }

    /// A part of the path that the route names, decoded.
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(envelope: &Value) -> Result<Request, Unreadable> {
        serde_json::from_value::<Event>(envelope.clone()).unwrap().request()
    }

    #[test]
    fn a_request_is_read_whole() {
        let request = read(&json!({
            "rawPath": "/brevo/0a1b", "rawQueryString": "a=1&b", "headers": {"X-One": "1"}, "cookies": ["a=1", "b=2"],
            "pathParameters": {"account": "0a1b"}, "requestContext": {"http": {"method": "POST"}},
            "body": "eyJ9", "isBase64Encoded": true, "version": "2.0", "queryStringParameters": {"a": ["odd"]},
        }))
        .unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/brevo/0a1b"));
        assert_eq!((request.query.as_str(), request.body.as_slice()), ("a=1&b", &b"{\"}"[..]));
        assert_eq!((request.header("x-one"), request.header("x-two")), (Some("1"), None));
        assert_eq!(request.cookies().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(request.path_parameter("account"), Some("0a1b"));
        assert!(!format!("{request:?}").contains("0a1b"));
    }

    #[test]
    fn an_odd_request_is_a_request_too() {
        for query in ["a=\"", "a b\u{1}\"<>", "%", "%ff%00", "\u{7f}ä\u{202e}", &"x".repeat(100_000)] {
            assert_eq!(read(&json!({ "rawQueryString": query })).unwrap().query, query);
        }
        for host in ["", "not a host \u{0}", "[", "a:b:c", "\u{fffd}"] {
            let request = read(&json!({ "headers": {"host": host}, "rawPath": "no path at all" })).unwrap();
            assert_eq!((request.header("Host"), request.path.as_str()), (Some(host), "no path at all"));
        }
        let method = json!({"requestContext": {"http": {"method": "G ET\n"}}});
        assert_eq!(read(&method).unwrap().method, "G ET\n");
        assert_eq!(
            read(&json!({"headers": null, "cookies": null, "pathParameters": null})).unwrap(),
            Request::default()
        );
    }

    #[test]
    fn what_is_no_request_is_unreadable_and_never_a_panic() {
        for odd in [
            json!(null),
            json!(7),
            json!("text"),
            json!([]),
            json!(["/", "", {}, [], {}, {"http": {"method": "GET"}}, "", false]),
            json!({"rawPath": 7}),
            json!({"headers": ["x"]}),
            json!({"headers": {"x": 1}}),
            json!({"requestContext": null}),
            json!({"requestContext": {"http": {"method": {}}}}),
            json!({"body": {}}),
            json!({"body": "not base64!", "isBase64Encoded": true}),
            json!({"body": "eyJ9", "isBase64Encoded": "yes"}),
        ] {
            assert_eq!(read(&odd), Err(Unreadable), "{odd}");
        }
        // As text, since these are no values: half a surrogate, a field twice, and more depth than a parser may go down.
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let path = format!("{{\"rawPath\": {deep}}}");
        for text in [r#"{"rawPath": "\ud800"}"#, r#"{"rawPath": "a", "rawPath": "b"}"#, &deep, &path] {
            let event: Event = serde_json::from_str(text).unwrap();
            assert_eq!(event.request(), Err(Unreadable), "{}", &text[..20]);
        }
        let ignored = format!("{{\"rawPath\": \"/a\", \"odd\": {deep}}}");
        let event: Event = serde_json::from_str(&ignored).unwrap();
        assert_eq!(event.request().unwrap().path, "/a");
    }
}
