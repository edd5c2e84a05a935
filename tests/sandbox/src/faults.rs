//! Faults on order: which of the next requests goes wrong, and how.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http::{Ending, Request, Response};

/// Makes matching requests fail. The first fault that matches and still has turns left is applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only this method; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only this path, exactly, with or without the leading `/v3`; with a final `*` every path that
    /// begins so. Any path of Brevo when absent; Shopify's begin with `/admin/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// So many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// So many matching requests fail then.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    pub action: Action,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Action {
    /// Another answer; the request is not applied.
    Status {
        /// The status to answer.
        status: u16,
        /// The JSON body; none when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Value>,
        /// Extra headers, values as strings or numbers.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        headers: Map<String, Value>,
    },
    /// The request is applied and its answer arrives late.
    Delay {
        /// How late.
        delay_ms: u64,
    },
    /// The request is applied; only half of the answer's body arrives.
    Truncate {
        /// Always true.
        truncate: bool,
    },
    /// The connection closes without an answer; the request is not applied.
    Drop {
        /// Always true.
        drop: bool,
    },
    /// The connection closes without an answer, but the request **is** applied.
    ApplyThenDrop {
        /// Always true.
        apply_then_drop: bool,
    },
    /// The request is applied; a conflict of identifiers is answered without saying which they are.
    Unnamed {
        /// Always true.
        unnamed_duplicate: bool,
    },
    /// The request is applied; the answer is a web page, as from a proxy in between.
    NotJson {
        /// Always true.
        not_json: bool,
    },
}

impl Action {
    /// The name under which the call log reports it.
    pub fn name(&self) -> String {
        match self {
            Self::Status { status, .. } => format!("status {status}"),
            Self::Delay { delay_ms } => format!("delay {delay_ms} ms"),
            Self::Truncate { .. } => "truncate".to_owned(),
            Self::Drop { .. } => "drop".to_owned(),
            Self::ApplyThenDrop { .. } => "apply_then_drop".to_owned(),
            Self::Unnamed { .. } => "unnamed_duplicate".to_owned(),
            Self::NotJson { .. } => "not_json".to_owned(),
        }
    }

    /// What the caller sees. `apply` carries the request out and is called at most once.
    pub fn answer(&self, apply: impl FnOnce() -> Response) -> Response {
        match self {
            Self::Status { status, body, headers } => {
                let mut response = match body {
                    Some(body) => Response::with_json(*status, body),
                    None => Response::empty(*status),
                };
                for (name, value) in headers {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    response.headers.push((name.to_ascii_lowercase(), value));
                }
                response
            }
            Self::Delay { delay_ms } => Response { delay: Duration::from_millis(*delay_ms), ..apply() },
            Self::Truncate { .. } => truncated(apply()),
            Self::Drop { .. } => Response::dropped(),
            Self::ApplyThenDrop { .. } => {
                apply();
                Response::dropped()
            }
            Self::Unnamed { .. } => without_metadata(apply()),
            Self::NotJson { .. } => web_page(apply()),
        }
    }
}

/// The first fault for this request, with its counters moved on. Spent faults are removed.
pub fn take(faults: &mut Vec<Fault>, request: &Request) -> Option<Action> {
    for index in 0..faults.len() {
        let fault = &mut faults[index];
        if !matches(fault, request) {
            continue;
        }
        if fault.skip > 0 {
            fault.skip -= 1;
            continue;
        }
        fault.times = fault.times.saturating_sub(1);
        let action = fault.action.clone();
        if fault.times == 0 {
            faults.remove(index);
        }
        return Some(action);
    }
    None
}

fn matches(fault: &Fault, request: &Request) -> bool {
    let method_fits = fault.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method));
    let is_brevo = !crate::shopify::admin_api::is_for_a_shop(request);
    method_fits && fault.path.as_ref().map_or(is_brevo, |path| path_fits(path, &request.path))
}

fn path_fits(wanted: &str, path: &str) -> bool {
    let wanted = wanted.strip_prefix("/v3").unwrap_or(wanted);
    let path = path.strip_prefix("/v3").unwrap_or(path);
    match wanted.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == wanted,
    }
}

/// An answer without a body has no half, so all of it is lost.
fn truncated(mut response: Response) -> Response {
    if response.body.is_empty() {
        return Response::dropped();
    }
    response.body.truncate(response.body.len() / 2);
    response.ending = Ending::Truncated;
    response
}

/// As Brevo answered conflicts until it told them by metadata; any other answer stays as it is.
fn without_metadata(mut response: Response) -> Response {
    let body = serde_json::from_slice(&response.body).ok();
    let Some(Value::Object(mut body)) = body.filter(|_| response.status == 400) else { return response };
    let has_named =
        body.remove("metadata").is_some_and(|metadata| metadata["duplicate_identifiers"].is_array());
    if has_named {
        body.insert("code".to_owned(), "duplicate_parameter".into());
        body.insert("message".to_owned(), "Contact already exist".into());
        response.body = Value::Object(body).to_string().into_bytes();
    }
    response
}

fn web_page(answer: Response) -> Response {
    let mut response = Response::empty(if answer.status == 204 { 200 } else { answer.status });
    response.headers.push(("content-type".to_owned(), "text/html".to_owned()));
    response.body = b"<html><body><h1>One moment, please</h1></body></html>".to_vec();
    response
}

fn once() -> u32 {
    1
}
