//! Rate limits. Here the clock stands still unless a test moves it.

use serde_json::{Value, json};
use tajo_sandbox::{AccountSettings, Request, Response};

use crate::support::Brevo;

fn post(brevo: &Brevo, path: &str) -> Response {
    brevo.send(Request::new("POST", &format!("/v3/{path}")).json(&json!({})))
}

fn get(brevo: &Brevo, path: &str) -> Response {
    brevo.send(Request::new("GET", &format!("/v3/{path}")))
}

/// Limit, remaining and reset as the headers tell them.
fn headers(response: &Response) -> Value {
    let number =
        |name: &str| response.header(&format!("x-sib-ratelimit-{name}")).unwrap().parse::<i64>().unwrap();
    json!([number("limit"), number("remaining"), number("reset")])
}

#[test]
fn named_endpoints_have_a_limit_per_second() {
    for (path, limit) in [("events", 10), ("orders/status", 5), ("products", 2), ("contacts", 10)] {
        let brevo = Brevo::shop();
        for n in 1..=limit {
            let response = post(&brevo, path);
            assert_eq!(response.status, 400, "{path}");
            assert_eq!(headers(&response), json!([limit, limit - n, 1]));
        }
        assert_eq!(post(&brevo, path).status, 429, "{path}");
        brevo.wait(1_000);
        assert_eq!(post(&brevo, path).status, 400, "{path}");
    }
}

#[test]
fn a_429_says_when_in_its_own_headers_and_has_no_retry_after() {
    let brevo = Brevo::shop();
    post(&brevo, "products");
    post(&brevo, "products");
    let refused = post(&brevo, "products");
    assert_eq!((refused.status, refused.body.len()), (429, 0));
    assert_eq!(headers(&refused), json!([2, 0, 1]));
    assert_eq!(refused.header("retry-after"), None);
}

#[test]
fn everything_under_contacts_shares_one_limit() {
    let brevo = Brevo::new();
    for path in ["contacts", "contacts/lists", "contacts/attributes", "contacts/1", "contacts/folders"] {
        get(&brevo, path);
        get(&brevo, path);
    }
    assert_eq!(get(&brevo, "contacts/lists/1").status, 429);
    assert_eq!(get(&brevo, "account").status, 200);
}

#[test]
fn every_other_path_has_100_calls_an_hour_of_its_own() {
    let brevo = Brevo::shop();
    for _ in 0..100 {
        brevo.wait(1_000);
        assert_eq!(post(&brevo, "events/batch").status, 400);
    }
    assert_eq!(headers(&post(&brevo, "events/batch")), json!([100, 0, 3_600 - 99]));
    assert_eq!(post(&brevo, "orders/status/batch").status, 400);
    assert_eq!(headers(&get(&brevo, "account")), json!([100, 99, 3_600]));
    brevo.wait(3_600_000);
    assert_eq!(post(&brevo, "events/batch").status, 400);
}

#[test]
fn a_refused_request_is_not_applied_and_not_counted() {
    let brevo = Brevo::new();
    for _ in 0..20 {
        post(&brevo, "contacts");
    }
    let jo = Request::new("POST", "/v3/contacts").json(&json!({"email": "jo@example.com"}));
    assert_eq!(brevo.send(jo.clone()).status, 429);
    assert_eq!(brevo.state().contacts, []);
    brevo.wait(1_000);
    assert_eq!(headers(&brevo.send(jo)), json!([10, 9, 1]));
}

#[test]
fn limits_are_per_account_and_can_be_switched_off() {
    let brevo = Brevo::shop();
    let other = AccountSettings { api_key: "xkeysib-other".to_owned(), ..AccountSettings::default() };
    brevo.sandbox.configure(&other);
    for _ in 0..11 {
        get(&brevo, "contacts");
    }
    assert_eq!(get(&brevo, "contacts").status, 429);
    assert_eq!(brevo.send(Request::new("GET", "/v3/contacts").key("xkeysib-other")).status, 200);
    brevo.settings(|settings| settings.rate_limits = Some(false));
    let response = get(&brevo, "contacts");
    assert_eq!((response.status, response.header("x-sib-ratelimit-limit")), (200, None));
}
