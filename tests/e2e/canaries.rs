//! What must appear in no log: collected from everything that is sent, looked for at the end.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::Value;
use tajo_platforms::{Notice, Platform};

/// Fields of a body that say who somebody is or where they live.
const PERSONAL: [&str; 16] = [
    "address1",
    "address2",
    "browser_ip",
    "city",
    "company",
    "contact_email",
    "customer_email",
    "email",
    "first_name",
    "last_name",
    "name",
    "note",
    "phone",
    "sms_marketing_phone",
    "token",
    "zip",
];

/// Shorter ones stand in lines by chance.
const SHORTEST: usize = 5;

/// Bytes of a piece of a body.
const PIECE: usize = 32;

/// What must not be logged, and what it is.
#[derive(Default)]
pub struct Canaries(Mutex<BTreeMap<String, &'static str>>);

impl Canaries {
    /// A key, a secret, a signature.
    pub fn secret(&self, text: &str) {
        self.add(text, "a secret");
    }

    /// The people in a body, pieces of it, and pieces of it as it stands on the queue.
    pub fn body(&self, body: &[u8]) {
        if let Ok(json) = serde_json::from_slice::<Value>(body) {
            self.people(&json);
        }
        let text = String::from_utf8_lossy(body);
        for piece in pieces(&text) {
            self.add(&piece, "a piece of a body");
            // As it would stand inside a line of JSON.
            let quoted = Value::from(piece.as_str()).to_string();
            self.add(quoted.trim_matches('"'), "a piece of a body");
        }
        let notice = Notice::new(Platform::Shopify, "", "", "", Timestamp::now()).wrap(body).to_json();
        let notice: Value = serde_json::from_str(&notice).unwrap();
        for piece in pieces(notice["body"].as_str().unwrap_or_default()) {
            self.add(&piece, "a piece of a deflated body");
        }
    }

    /// Everything found in a log: what it is, and the line. Answers how much was looked for, too.
    pub fn found_in(&self, log: &str) -> (usize, Vec<String>) {
        let canaries = self.0.lock().unwrap();
        let mut found = Vec::new();
        for (canary, what) in canaries.iter().filter(|(canary, _)| log.contains(canary.as_str())) {
            let line = log.lines().find(|line| line.contains(canary.as_str())).unwrap_or_default();
            let line: String = line.chars().take(600).collect();
            found.push(format!("{what}, `{canary}`, in: {line}"));
        }
        (canaries.len(), found)
    }

    fn people(&self, json: &Value) {
        match json {
            Value::Array(values) => values.iter().for_each(|value| self.people(value)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value {
                        // `#1001` is the order's own name, for finding it again.
                        Value::String(text) if key == "name" && text.starts_with('#') => {}
                        Value::String(text) if PERSONAL.contains(&key.as_str()) => {
                            self.add(text, "personal data")
                        }
                        value => self.people(value),
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&self, text: &str, what: &'static str) {
        if text.chars().count() >= SHORTEST {
            self.0.lock().unwrap().insert(text.to_owned(), what);
        }
    }
}

/// A few pieces from all over a text.
fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let step = (chars.len() / 8).max(PIECE);
    chars
        .chunks(step)
        .filter(|chunk| chunk.len() >= PIECE)
        .map(|chunk| chunk[..PIECE].iter().collect())
        .collect()
}
