//! One call of somebody who may make it: what the operations are handed.

use serde::de::DeserializeOwned;
use tajo_api::{Code, Scope};

use super::audit::Notes;
use super::fault::Fault;
use super::keys::Caller;
use super::query::Query;
use super::{Manage, Request};

/// No body is larger: settings and selections are a few kilobytes.
const LARGEST_BODY: usize = 256 * 1024;

/// A forwarded webhook; Lambda takes no more than 6 MB.
const LARGEST_WEBHOOK: usize = 5 * 1024 * 1024;

/// One call.
pub(super) struct Call<'a> {
    pub manage: &'a Manage,
    /// Who calls.
    pub key: Caller,
    pub operation: &'static str,
    /// What stands in the places of `{…}` in the path.
    pub parts: Vec<String>,
    pub query: Query,
    pub request: &'a Request,
    /// What belongs into the record of the change.
    pub notes: &'a Notes,
}

impl Call<'_> {
    /// A part of the path; the store is the first of most.
    pub(super) fn part(&self, index: usize) -> &str {
        self.parts.get(index).map_or("", String::as_str)
    }

    /// The body, as JSON of this shape.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let Request { content_type, body, .. } = self.request;
        let most = if self.operation == "handleWebhook" { LARGEST_WEBHOOK } else { LARGEST_BODY };
        if most < body.len() {
            return Err(Fault::new(Code::TooLarge, format!("the body is larger than {} KB", most / 1024)));
        }
        if !content_type.as_deref().is_some_and(is_json) {
            let fault = Fault::new(Code::UnsupportedMediaType, "the body must be JSON");
            return Err(fault.hint("send the header `content-type: application/json`"));
        }
        // Every body is one. (The reader of a structure would take a list of its fields, too.)
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(Fault::invalid("the body is no JSON object"));
        }
        let mut reader = serde_json::Deserializer::from_slice(body);
        let read = serde_path_to_error::deserialize(&mut reader);
        let read = read.map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { String::new() } else { format!(" at `{path}`") };
            Fault::invalid(format!("the body cannot be read{place}: {}", error.into_inner()))
        })?;
        reader.end().map_err(|error| Fault::invalid(format!("the body cannot be read: {error}")))?;
        Ok(read)
    }

    /// Refuses a key that may not do as much.
    pub(super) fn needs(&self, scope: Scope, what: &str) -> Result<(), Fault> {
        if scope <= self.key.scope { Ok(()) } else { Err(super::keys::too_little(scope, what)) }
    }
}

/// `application/json`, whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}
