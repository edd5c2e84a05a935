//! A client for the sandbox whose clock moves a second per call, so that rate limits stay out of the way.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tajo_sandbox::{AccountSettings, DEFAULT_KEY, Request, Response, Sandbox, State};

use crate::openapi;

pub struct Brevo {
    pub sandbox: Sandbox,
    now: Cell<Timestamp>,
}

impl Brevo {
    pub fn new() -> Self {
        let now = Cell::new("2026-11-21T09:00:00Z".parse().unwrap());
        Self { sandbox: Sandbox::new(), now }
    }

    /// With the eCommerce section activated.
    pub fn shop() -> Self {
        let brevo = Self::new();
        brevo.settings(|settings| settings.ecommerce_active = Some(true));
        brevo
    }

    pub fn settings(&self, change: impl FnOnce(&mut AccountSettings)) {
        let mut settings = AccountSettings { api_key: DEFAULT_KEY.to_owned(), ..AccountSettings::default() };
        change(&mut settings);
        self.sandbox.configure(&settings);
    }

    pub fn now(&self) -> Timestamp {
        self.now.get()
    }

    pub fn wait(&self, ms: i64) {
        self.now.set(self.now.get() + SignedDuration::from_millis(ms));
    }

    /// Sends a request without moving the clock. Every answer is held against Brevo's own schemas.
    pub fn send(&self, request: Request) -> Response {
        let response = self.sandbox.call_at(request.clone(), self.now());
        openapi::check(&request, &response);
        response
    }

    pub fn get(&self, path: &str) -> Response {
        self.wait(1_000);
        self.send(Request::new("GET", &format!("/v3/{path}")))
    }

    pub fn delete(&self, path: &str) -> Response {
        self.wait(1_000);
        self.send(Request::new("DELETE", &format!("/v3/{path}")))
    }

    pub fn post(&self, path: &str, body: Value) -> Response {
        self.wait(1_000);
        self.send(Request::new("POST", &format!("/v3/{path}")).json(&body))
    }

    pub fn put(&self, path: &str, body: Value) -> Response {
        self.wait(1_000);
        self.send(Request::new("PUT", &format!("/v3/{path}")).json(&body))
    }

    pub fn state(&self) -> State {
        self.sandbox.state_at(self.now())
    }

    /// Creates a contact and answers its id.
    pub fn contact(&self, body: Value) -> u64 {
        let response = self.post("contacts", body);
        assert_eq!(response.status, 201, "{}", response.json());
        response.json()["id"].as_u64().unwrap()
    }

    /// Creates a list and answers its id.
    pub fn list(&self, name: &str) -> u64 {
        let folder = self.post("contacts/folders", json!({"name": "Shops"})).json()["id"].clone();
        let response = self.post("contacts/lists", json!({"name": name, "folderId": folder}));
        response.json()["id"].as_u64().unwrap()
    }

    pub fn attribute(&self, name: &str, value_type: &str) {
        let response = self.post(&format!("contacts/attributes/normal/{name}"), json!({"type": value_type}));
        assert_eq!(response.status, 201);
    }
}

/// Asserts status and code of a refusal.
#[track_caller]
pub fn refused(response: &Response, status: u16, code: &str) {
    assert_eq!((response.status, &response.json()["code"]), (status, &json!(code)), "{}", response.json());
}

/// Asserts that nothing was kept.
#[track_caller]
pub fn is_empty(brevo: &Brevo) {
    assert_eq!(brevo.state().contacts, []);
}
