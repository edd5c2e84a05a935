//! Attacks by name on the deployed stack: what somebody with one key, one signed body or one app secret tries.
//!
//! Bounded and on loopback only. Each test says in its name what must hold; the in-process siblings with more variants are
//! in `tests/flows`.

mod envelopes;
mod replayed;
mod secrets;
mod shown;
mod topics;

use reqwest::Method;
use serde_json::{Value, json};

use crate::manage::ask;
use crate::stage::Stage;

/// A key of this scope for these stores.
async fn key(stage: &Stage, scope: &str, stores: &[&str]) -> String {
    let asked = json!({"name": "attacker", "scope": scope, "stores": stores});
    let (status, made) = ask(stage, &stage.stack.api_key, Method::POST, "/keys", Some(&asked)).await;
    assert_eq!(status, 201, "{made}");
    let key = made["secret"].as_str().unwrap().to_owned();
    stage.canaries.secret(&key);
    key
}

/// A contact by its address; null if there is none.
fn contact<'a>(brevo: &'a Value, email: &str) -> &'a Value {
    let contacts = brevo["contacts"].as_array().unwrap();
    contacts.iter().find(|contact| contact["email"] == email).unwrap_or(&Value::Null)
}

/// How often an event of this name arrived.
fn count(brevo: &Value, event: &str) -> usize {
    brevo["events"].as_array().unwrap().iter().filter(|one| one["event_name"] == event).count()
}
